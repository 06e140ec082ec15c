//! Rules for statements that change rows or maintain tables.

use super::{Case, risk};
use crate::plan::Risk;

pub(super) fn find(case: &Case<'_>, out: &mut Vec<Risk>) {
    let statement = case.statement;
    let class = statement.class.to_uppercase();
    let words = words(&statement.text);
    let has = |word: &str| words.iter().any(|w| w == word);
    let written = statement.reading.writes.first().map(|write| &write.table);
    let target = written.or(statement.reading.relations.first());
    let on_target = |rule: &str, message: &str| match target {
        Some(table) => case.on_table(rule, table, message.replace("{}", &table.short())),
        None => Some(risk(rule, message.replace("{}", "the table"))),
    };
    match class.split(' ').next().unwrap_or_default() {
        "UPDATE" if !has("WHERE") => {
            out.extend(on_target("update-without-where", "every row of {} is updated at once"));
        }
        "DELETE" if !has("WHERE") => out.extend(on_target("delete-without-where", "every row of {} is deleted")),
        "TRUNCATE" => out.extend(on_target("truncate", "every row of {} is removed")),
        "LOCK" => out.extend(on_target("explicit-lock", "{} is locked until the transaction ends")),
        "CLUSTER" => out.extend(on_target("vacuum-full-or-cluster", "{} is written anew while nobody can use it")),
        "VACUUM" if case.online_ways && has("FULL") => {
            out.extend(on_target("vacuum-full-or-cluster", "{} is written anew while nobody can use it"));
        }
        _ => {}
    }
    if statement.reading.outside_transaction {
        out.push(risk("not-in-transaction", format!("{} cannot run inside a transaction", statement.class)));
    }
}

/// The statement's words in capitals, without comments and quoted texts.
fn words(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '\'' | '"' | '`' => closing(rest, 1, &c.to_string()),
            '-' if rest.starts_with("--") => closing(rest, 2, "\n"),
            '/' if rest.starts_with("/*") => closing(rest, 2, "*/"),
            _ => 0,
        };
        plain.push(if skipped > 0 { ' ' } else { c });
        rest = rest.get(skipped.max(c.len_utf8())..).unwrap_or_default();
    }
    plain.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).map(str::to_uppercase).collect()
}

/// Bytes up to and with `end`, looked for after the first `from` bytes; all of them when it does not end.
fn closing(text: &str, from: usize, end: &str) -> usize {
    let inside = text.get(from..).unwrap_or_default();
    inside.find(end).map_or(text.len(), |at| from + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_in_quotes_and_comments_do_not_count() {
        assert_eq!(
            words("update t set a = 'where' -- where\n/* where */, b = 1"),
            ["UPDATE", "T", "SET", "A", "B", "1"]
        );
        assert_eq!(words("delete from \"where\" x"), ["DELETE", "FROM", "X"]);
    }
}
