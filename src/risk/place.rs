//! Where in a statement a finding is: at the words that it is about.

use super::Finding;
use crate::plan::Risk;
use std::collections::BTreeSet;
use std::ops::Range;

/// Rules with the words that their findings are about, in upper case. Of several places the one counts whose action
/// names what the message names.
const LEADS: &[(&[&str], &[&str])] = &[
    (&["unique-constraint-builds-index", "fails-on-duplicates"], &["UNIQUE", "PRIMARY KEY"]),
    (&["primary-key-builds-index", "primary-key-on-nullable-scan"], &["PRIMARY KEY"]),
    (&["exclusion-constraint-builds-index"], &["EXCLUDE"]),
    (&["constraint-not-valid-missing"], &["FOREIGN KEY", "REFERENCES", "CHECK"]),
    (&["fails-on-orphans"], &["FOREIGN KEY", "REFERENCES", "VALIDATE CONSTRAINT"]),
    (&["fails-on-check", "volatile-check"], &["CHECK", "VALIDATE CONSTRAINT"]),
    (&["validation-reads-table", "validate-in-same-transaction"], &["VALIDATE CONSTRAINT"]),
    (&["set-not-null-scan", "fails-on-nulls"], &["SET NOT NULL", "NOT NULL"]),
    (&["required-column-without-default"], &["NOT NULL"]),
    (&["volatile-default-rewrite"], &["DEFAULT", "GENERATED", "SERIAL", "BIGSERIAL", "SMALLSERIAL"]),
    (&["serial-type"], &["SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8", "SERIAL2"]),
    (
        &[
            "type-change-rewrite",
            "type-change-rechecks",
            "type-change-breaks-code",
            "type-narrowing",
            "session-timezone-rewrite",
            "fails-on-values",
        ],
        &["TYPE"],
    ),
    (&["drop-column"], &["DROP"]),
    (&["drop-constraint", "drop-primary-key"], &["DROP CONSTRAINT"]),
    (&["drop-not-null"], &["DROP NOT NULL"]),
    (&["drop-default"], &["DROP DEFAULT"]),
    (&["default-changed"], &["SET DEFAULT"]),
    (&["rename-column", "rename-table", "rename-other", "rename-enum-value"], &["RENAME"]),
    (&["set-schema"], &["SET SCHEMA"]),
    (&["owner-changed"], &["OWNER TO"]),
    (&["drop-cascade", "truncate-cascade"], &["CASCADE"]),
    (&["set-logged-rewrite"], &["SET LOGGED", "SET UNLOGGED"]),
    (&["set-tablespace-copy"], &["SET TABLESPACE"]),
    (&["access-method-rewrite"], &["SET ACCESS METHOD"]),
    (&["generated-expression-rewrite"], &["SET EXPRESSION"]),
    (&["attach-partition-scan"], &["ATTACH PARTITION"]),
    (&["detach-partition-not-concurrent"], &["DETACH PARTITION"]),
    (&["constraint-not-enforced"], &["NOT ENFORCED"]),
    (&["foreign-key-enforced"], &["ENFORCED"]),
    (&["trigger-disabled"], &["DISABLE TRIGGER"]),
    (&["security-definer-search-path"], &["SECURITY DEFINER"]),
    (&["grant-to-public"], &["TO PUBLIC"]),
    (&["length-limit"], &["VARCHAR", "CHARACTER VARYING"]),
    (&["padded-text"], &["CHAR", "CHARACTER", "BPCHAR"]),
    (&["time-without-zone"], &["TIMESTAMP", "TIME"]),
    (&["money-type"], &["MONEY"]),
    (&["json-type"], &["JSON"]),
    (&["fk-without-index", "on-delete-not-said"], &["REFERENCES"]),
    (&["on-delete-cascade"], &["ON DELETE CASCADE"]),
];

/// The byte of the statement's text at which a finding is. `words` are the bytes of its words and names.
pub fn place(risk: &Risk, finding: &Finding, words: &[Range<usize>]) -> usize {
    let statement = Words::new(&finding.sql, words);
    let leads =
        LEADS.iter().find(|(rules, _)| rules.contains(&risk.rule.as_str())).map_or(&[][..], |(_, leads)| *leads);
    let named: BTreeSet<String> = risk.message.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(upper).collect();
    let columns = columns(&risk.message);
    for lead in leads {
        if let Some(at) = statement.lead(lead, &columns, &named) {
            return at;
        }
    }
    statement.first(&columns).unwrap_or_default()
}

/// The columns that a message names with their tables: `sales.region`.
fn columns(message: &str) -> BTreeSet<String> {
    let dotted = message.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
    let columns = dotted.filter_map(|word| word.trim_matches('.').rsplit_once('.')).map(|(_, column)| upper(column));
    columns.filter(|column| !column.is_empty()).collect()
}

fn upper(word: &str) -> String {
    word.trim_matches('"').to_uppercase()
}

struct Words {
    /// Each word in upper case, its first byte, and the number of its action: of the part between two commas.
    all: Vec<(String, usize, usize)>,
}

impl Words {
    fn new(sql: &str, spans: &[Range<usize>]) -> Self {
        let (mut at, mut depth, mut action) = (0, 0_usize, 0);
        let mut all = Vec::with_capacity(spans.len());
        for span in spans {
            for c in sql.get(at..span.start).unwrap_or_default().chars() {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    ',' if depth == 0 => action += 1,
                    _ => {}
                }
            }
            all.push((upper(sql.get(span.clone()).unwrap_or_default()), span.start, action));
            at = span.end;
        }
        Self { all }
    }

    /// Where the words stand in a row, in the action that has most of the columns, or of what else is named.
    fn lead(&self, lead: &str, columns: &BTreeSet<String>, named: &BTreeSet<String>) -> Option<usize> {
        let lead: Vec<&str> = lead.split(' ').collect();
        let fits = |window: &&[(String, usize, usize)]| window.iter().map(|(word, ..)| word).eq(&lead);
        let count = |action: usize, names: &BTreeSet<String>| {
            self.all.iter().filter(|(word, _, of)| *of == action && names.contains(word)).count()
        };
        let found = self.all.windows(lead.len()).filter(fits).filter_map(|window| window.first());
        let best = found.max_by_key(|(_, start, action)| {
            (count(*action, columns), count(*action, named), std::cmp::Reverse(*start))
        });
        best.map(|(_, start, _)| *start)
    }

    /// Where the first of the columns stands.
    fn first(&self, columns: &BTreeSet<String>) -> Option<usize> {
        self.all.iter().find(|(word, ..)| columns.contains(word)).map(|(_, start, _)| *start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::plan::{Evidence, Severity};
    use crate::schema::EngineKind;

    fn at(sql: &str, rule: &str, message: &str) -> String {
        let dialect = engine::dialect(EngineKind::Postgres).unwrap();
        let (severity, evidence) = (Severity::High, Evidence::Predicted);
        let risk = Risk { rule: rule.into(), severity, message: message.into(), suggestion: None, evidence };
        let finding = Finding { sql: sql.into(), ..Finding::default() };
        sql[place(&risk, &finding, &dialect.words(sql))..].to_owned()
    }

    #[test]
    fn a_finding_is_at_the_action_that_it_is_about() {
        let sql = "ALTER TABLE t ALTER a TYPE bigint, ADD COLUMN \"type\" text, ALTER COLUMN b TYPE bigint";
        assert_eq!(at(sql, "type-change-rewrite", "t.b changes its type"), "TYPE bigint");
        assert!(at(sql, "type-change-rewrite", "t.a changes its type").starts_with("TYPE bigint, ADD"));
        let sql = "alter table t drop a, drop column b cascade, alter c set not null";
        assert!(at(sql, "drop-column", "t.a is gone").starts_with("drop a,"));
        assert!(at(sql, "drop-column", "t.b is gone").starts_with("drop column b"));
        assert_eq!(at(sql, "set-not-null-scan", "t.c is looked at"), "set not null");
        assert_eq!(at(sql, "drop-cascade", "what depends on t.b goes too"), "cascade, alter c set not null");
    }

    #[test]
    fn otherwise_it_is_at_the_column_or_at_the_beginning() {
        let sql = "create table t (id int, Note text /* note */)";
        assert_eq!(at(sql, "some-rule", "t.note is long"), "Note text /* note */)");
        assert_eq!(at(sql, "some-rule", "t is large."), sql);
        assert_eq!(at("", "set-not-null-scan", "t.c"), "");
    }
}
