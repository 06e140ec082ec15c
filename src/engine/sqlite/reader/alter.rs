//! ALTER TABLE, in the four forms that SQLite has.

use super::create_table;
use super::lex::Cursor;
use crate::schema::{Change, QName};

/// The changes of an ALTER TABLE; `None` for a form that SQLite does not have.
pub(super) fn read(text: &str) -> Option<Vec<Change>> {
    let mut c = Cursor::new(text);
    if !c.take(&["ALTER", "TABLE"]) {
        return None;
    }
    let (schema, name) = c.qualified()?;
    if schema.is_some_and(|s| !s.eq_ignore_ascii_case("main")) {
        return None;
    }
    let table = QName::new("main", name);
    if c.take(&["RENAME", "TO"]) {
        let to = c.name()?;
        return c.done().then(|| vec![Change::RenameTable { from: table, to }]);
    }
    if c.take(&["RENAME"]) {
        c.take(&["COLUMN"]);
        let from = c.name()?;
        let to = if c.take(&["TO"]) { c.name()? } else { return None };
        return c.done().then(|| vec![Change::RenameColumn { table, from, to }]);
    }
    if c.take(&["DROP"]) {
        c.take(&["COLUMN"]);
        let column = c.name()?;
        return c.done().then(|| vec![Change::DropColumn { table, column }]);
    }
    if c.take(&["ADD"]) {
        c.take(&["COLUMN"]);
        let definition = text.get(c.start()..)?;
        return add_column(&table, definition);
    }
    None
}

/// A column is read as the only one of a table.
fn add_column(table: &QName, definition: &str) -> Option<Vec<Change>> {
    let read = create_table::parse(&format!("CREATE TABLE t ({definition}\n)"))?;
    let [only] = read.columns.as_slice() else { return None };
    let mut changes = vec![Change::AddColumn { table: table.clone(), column: only.column.clone() }];
    let constraints = read.constraints.into_iter().map(|c| c.constraint);
    changes.extend(constraints.map(|constraint| Change::AddConstraint { table: table.clone(), constraint }));
    Some(changes)
}
