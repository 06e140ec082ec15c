//! Statements that change rows, with a copy of what they change: the rollback brings the rows back from it. Nobody else
//! writes meanwhile, so the copy is exact.

use super::evolve::row_key;
use super::rebuild::session;
use crate::engine::sqlite::reader::rows::{RowStatement, Verb, parse};
use crate::engine::sqlite::render::{ident, idents, is_on, relation};
use crate::plan::{KeptRows, Rollback};
use crate::schema::{Action, Change, ConstraintKind, QName, Schema, Table};
use crate::sql::Statement;

/// `None` where no copy can be kept, or none is needed.
pub(in crate::engine::sqlite) fn keeping(statement: &Statement, now: &Schema) -> Option<KeptRows> {
    if let [Change::RenameTable { from, to }] = statement.reading.changes.as_slice() {
        return renamed_into_place(statement, from, to, now);
    }
    let found = parse(&statement.text)?;
    let table = now.tables.get(&statement.reading.writes.first()?.table)?;
    // Triggers would do their part a second time when the rows are put back.
    if !table.triggers.is_empty() || table.options.contains_key("virtual") || found.replaces {
        return None;
    }
    let kept = Kept { table, name: ident(&name(statement, table)), key: row_key(table) };
    if kept.key == ["rowid"] && is_on(table, "without_rowid") {
        return None;
    }
    match found.verb {
        Verb::Insert => Some(kept.inserted(statement)),
        Verb::Update => kept.updated(statement, &found),
        Verb::Delete => kept.deleted(statement, &found, now),
    }
}

/// The last step of a rebuild by hand: references to the name that is taken wait for it, and must not go along when
/// the table gives the name back.
fn renamed_into_place(statement: &Statement, from: &QName, to: &str, now: &Schema) -> Option<KeptRows> {
    let to = from.sibling(to);
    let waiting = now.references_to(&to).any(|(table, _)| table.name != *from);
    if !waiting || now.references_to(from).any(|(table, _)| table.name != *from) {
        return None;
    }
    let back = format!("ALTER TABLE {} RENAME TO {}", relation(&to), ident(&from.name));
    let rollback = Rollback { session: session(), ..Rollback::exact(vec![back]) };
    Some(KeptRows { sql: vec![statement.text.clone()], rollback })
}

fn name(statement: &Statement, table: &Table) -> String {
    let bytes = statement.text.bytes().chain(statement.span.start.to_le_bytes());
    let mark = bytes.fold(0x811c_9dc5_u32, |h, byte| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("lockstep_keep_{}_{mark:08x}", table.name.name)
}

struct Kept<'a> {
    table: &'a Table,
    /// Of the copy, as SQL.
    name: String,
    key: Vec<String>,
}

impl Kept<'_> {
    fn keys(&self) -> String {
        let keys = (1..).zip(&self.key).map(|(n, key)| format!("{} AS lockstep_key_{n}", ident(key)));
        keys.collect::<Vec<_>>().join(", ")
    }

    fn same_key(&self, other: &str) -> String {
        let of = relation(&self.table.name);
        let same = (1..).zip(&self.key).map(|(n, key)| format!("{other}.lockstep_key_{n} = {of}.{}", ident(key)));
        same.collect::<Vec<_>>().join(" AND ")
    }

    fn stored(&self) -> Vec<String> {
        self.table.columns.iter().filter(|c| c.generated.is_none()).map(|c| c.name.clone()).collect()
    }

    fn with(&self, sql: Vec<String>, back: String) -> KeptRows {
        let note = format!("the rows come back from {}, which is then dropped", self.name);
        KeptRows { sql, rollback: Rollback::restores(vec![back, format!("DROP TABLE {}", self.name)], note) }
    }

    /// Before the statement the copy has the keys that were there, after it those that came.
    fn inserted(&self, statement: &Statement) -> KeptRows {
        let (of, keys) = (relation(&self.table.name), self.keys());
        let before = ident(&format!("{}_before", self.name.trim_matches('"')));
        let sql = vec![
            format!("CREATE TABLE {before} AS SELECT {keys} FROM {of}"),
            statement.text.clone(),
            format!("CREATE TABLE {} AS SELECT {keys} FROM {of} EXCEPT SELECT * FROM {before}", self.name),
            format!("DROP TABLE {before}"),
        ];
        let delete = format!(
            "DELETE FROM {of} WHERE EXISTS (SELECT 1 FROM {0} WHERE {1})",
            self.name,
            self.same_key(&self.name)
        );
        self.with(sql, delete)
    }

    fn updated(&self, statement: &Statement, found: &RowStatement) -> Option<KeptRows> {
        let is = |a: &str, b: &String| a.eq_ignore_ascii_case(b);
        let columns: Vec<String> = self
            .stored()
            .into_iter()
            .filter(|c| found.sets.is_empty() || found.sets.iter().any(|s| is(s, c)))
            .filter(|c| !self.key.contains(c))
            .collect();
        let moves = found.sets.iter().any(|s| self.key.iter().any(|key| is(s, key)) || self.is_rowid(s));
        if columns.is_empty() || moves || found.sets.is_empty() {
            return None;
        }
        let of = relation(&self.table.name);
        let condition = found.condition.as_deref().unwrap_or_default();
        let copy =
            format!("CREATE TABLE {} AS SELECT {}, {} FROM {of} {condition}", self.name, self.keys(), idents(&columns));
        let set: Vec<String> = columns.iter().map(|c| format!("{0} = {1}.{0}", ident(c), self.name)).collect();
        let back = format!("UPDATE {of} SET {} FROM {} WHERE {}", set.join(", "), self.name, self.same_key(&self.name));
        Some(self.with(vec![copy.trim_end().to_owned(), statement.text.clone()], back))
    }

    /// Whether the column is another name of the rowid.
    fn is_rowid(&self, column: &str) -> bool {
        let key = self.table.primary_key();
        matches!(key, [one] if one.eq_ignore_ascii_case(column))
            || ["rowid", "oid", "_rowid_"].iter().any(|name| name.eq_ignore_ascii_case(column))
    }

    fn deleted(&self, statement: &Statement, found: &RowStatement, now: &Schema) -> Option<KeptRows> {
        let follows = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey(key) => !matches!(key.on_delete, Action::NoAction | Action::Restrict),
            _ => false,
        };
        // Rows of other tables would go along, and a condition that is not told may take any.
        if now.references_to(&self.table.name).any(|(_, c)| follows(&c.kind)) || found.condition.is_none() {
            return None;
        }
        let (of, columns) = (relation(&self.table.name), idents(&self.stored()));
        let condition = found.condition.as_deref().unwrap_or_default();
        let copy = format!("CREATE TABLE {} AS SELECT {columns} FROM {of} {condition}", self.name);
        let back = format!("INSERT INTO {of} ({columns}) SELECT {columns} FROM {}", self.name);
        Some(self.with(vec![copy.trim_end().to_owned(), statement.text.clone()], back))
    }
}
