//! Copies of rows that a statement deletes, with the rows of other tables that go or change with them.

use super::rows::{Copies, Which, stored};
use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::render::{ident, relation};
use crate::schema::{Action, ConstraintKind, ForeignKey, QName, Table};
use crate::sql::Statement;

/// Keeps the rows that a DELETE takes, and what its foreign keys take along.
pub(super) fn delete(copies: &mut Copies<'_>, table: &Table, rows: &Which) {
    taken(copies, table, rows, &mut Vec::new());
}

fn taken(copies: &mut Copies<'_>, table: &Table, rows: &Which, above: &mut Vec<QName>) {
    let columns: Vec<String> = stored(table).collect();
    let copy = copies.copy(table, &columns, rows);
    copies.rows_again(table, &columns, &copy);
    above.push(table.name.clone());
    for (child, key) in followers(copies, table) {
        let condition = format!("EXISTS (SELECT FROM {} AS kept WHERE {})", relation(&copy), points_at(table, &key));
        let rows = Which::of(&child.name, Some(&condition));
        if above.contains(&child.name) {
            copies.lost.push(format!("rows of {} that go by their own foreign keys", child.name.short()));
        } else if key.on_delete == Action::Cascade {
            taken(copies, child, &rows, above);
        } else if let Some(found) = copies.key(child) {
            copies.values(child, &found, &key.columns, &rows);
        } else {
            copies.lost.push(format!("{} of {}", key.columns.join(", "), child.name.short()));
        }
    }
    above.pop();
}

/// Tables whose rows go or change with the rows of `table`, and by which key. A partition's key is its parent's.
fn followers<'a>(copies: &Copies<'a>, table: &Table) -> Vec<(&'a Table, ForeignKey)> {
    let follows = |key: &ForeignKey| !matches!(key.on_delete, Action::NoAction | Action::Restrict);
    let tables = copies.now.tables.values().filter(|t| t.partition_of.is_none());
    let keys = tables.flat_map(|child| child.constraints.values().map(move |c| (&**child, c)));
    keys.filter_map(|(child, constraint)| match &constraint.kind {
        ConstraintKind::ForeignKey(key) if key.references == table.name && follows(key) => Some((child, key.clone())),
        _ => None,
    })
    .collect()
}

/// That a row `t` points at a kept row.
fn points_at(table: &Table, key: &ForeignKey) -> String {
    let pairs = key.referenced_columns.iter().zip(&key.columns);
    let same = pairs.map(|(referenced, column)| {
        let cast = super::drops::own_type(table, referenced).map_or("", |_| "::text");
        format!("kept.{} = t.{}{cast}", ident(referenced), ident(column))
    });
    same.collect::<Vec<_>>().join(" AND ")
}

/// Keeps all rows of the tables that a TRUNCATE empties.
pub(super) fn truncate(copies: &mut Copies<'_>, statement: &Statement) -> Option<()> {
    let cursor = Cursor::new(&statement.text);
    let mut names: Vec<QName> = statement.reading.writes.iter().map(|w| w.table.clone()).collect();
    if cursor.has("cascade") {
        let mut next = 0;
        while let Some(name) = names.get(next).cloned() {
            next += 1;
            let more = copies.now.references_to(&name).map(|(t, _)| t.name.clone()).collect::<Vec<_>>();
            names.extend(more.into_iter().filter(|n| *n != name));
            let mut seen = std::collections::BTreeSet::new();
            names.retain(|n| seen.insert(n.clone()));
        }
    }
    let tables: Option<Vec<&Table>> = names.iter().map(|n| copies.now.tables.get(n).map(|t| &**t)).collect();
    let mut tables = tables.filter(|t| !t.is_empty())?;
    if tables.iter().any(|t| copies.has_other_rows_below(t, false)) {
        return None;
    }
    if cursor.has("restart identity") {
        copies.lost.push("where the sequences stood".to_owned());
    }
    // Rows come back before those that point at them.
    while !tables.is_empty() {
        let waits = |t: &&Table| {
            t.constraints.values().any(|c| match &c.kind {
                ConstraintKind::ForeignKey(key) => {
                    key.references != t.name && tables.iter().any(|other| other.name == key.references)
                }
                _ => false,
            })
        };
        let ready = tables.iter().position(|t| !waits(t)).unwrap_or_default();
        let table = tables.remove(ready);
        let columns: Vec<String> = stored(table).collect();
        let name = relation(&table.name);
        // The lock that emptying the table takes in any case.
        copies.sql.push(format!("LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"));
        let copy = copies.copy(table, &columns, &Which::of(&table.name, None));
        copies.rows_again(table, &columns, &copy);
    }
    Some(())
}
