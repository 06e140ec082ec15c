//! Rules for how a schema is best made, where changes tell all that is to be known.

use super::{Case, risk};
use crate::plan::Risk;
use crate::schema::{Action, Change, Constraint, ConstraintKind, Index, QName, Table};

/// Columns of an index beyond which it rarely narrows a search.
const WIDE: usize = 3;

pub(super) fn find(case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    match change {
        Change::CreateTable { table } => create_table(case, table, out),
        Change::AddConstraint { table, constraint } => foreign_key(table, constraint, out),
        Change::CreateIndex { table, index } => create_index(case, table, index, out),
        _ => {}
    }
}

fn create_table(case: &Case<'_>, table: &Table, out: &mut Vec<Risk>) {
    let short = table.name.short();
    let at_end = case.end.tables.get(&table.name).map_or(table, |t| &**t);
    if at_end.primary_key().is_empty() && at_end.partition_of.is_none() && at_end.inherits.is_empty() {
        out.push(risk("primary-key-missing", format!("{short} has no primary key")));
    }
    if at_end.comment.is_none() && at_end.partition_of.is_none() {
        out.push(risk("comment-missing", format!("nothing says what {short} is for")));
    }
    if table.unlogged {
        out.push(risk("unlogged-table", format!("a crash empties {short}")));
    }
    for constraint in table.constraints.values() {
        foreign_key(&table.name, constraint, out);
    }
}

fn foreign_key(table: &QName, constraint: &Constraint, out: &mut Vec<Risk>) {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return };
    match key.on_delete {
        Action::NoAction => out.push(risk(
            "on-delete-not-said",
            format!(
                "{} of {} does not say what happens when a row of {} is deleted",
                constraint.name,
                table.short(),
                key.references.short()
            ),
        )),
        Action::Cascade => out.push(risk(
            "on-delete-cascade",
            format!("deleting a row of {} deletes rows of {}", key.references.short(), table.short()),
        )),
        _ => {}
    }
}

fn create_index(case: &Case<'_>, table: &QName, index: &Index, out: &mut Vec<Risk>) {
    if index.keys.len() > WIDE && index.method == "btree" {
        out.push(risk("wide-index", format!("{} has {} columns", index.name, index.keys.len())));
    }
    let Some(known) = case.table(table) else { return };
    let alike = |other: &&Index| {
        other.name != index.name
            && other.method == index.method
            && other.predicate == index.predicate
            && other.valid
            && begins_with(other, index)
    };
    if let Some(other) = known.indexes.values().find(alike).filter(|_| !index.unique) {
        let message = format!("{} of {} begins with the columns of {}", other.name, table.short(), index.name);
        out.push(risk("duplicate-index", message));
    } else if let Some(name) = key_like(known, index) {
        out.push(risk("duplicate-index", format!("{name} of {} has an index on the same columns", table.short())));
    }
}

/// Whether an index's keys are those of `short`, and perhaps more.
fn begins_with(long: &Index, short: &Index) -> bool {
    long.keys.len() >= short.keys.len() && long.keys.iter().zip(&short.keys).all(|(a, b)| a == b)
}

/// A key whose own index has exactly the index's columns.
fn key_like<'a>(table: &'a Table, index: &Index) -> Option<&'a String> {
    if index.method != "btree" || index.predicate.is_some() || !index.include.is_empty() {
        return None;
    }
    let columns: Option<Vec<&String>> = index
        .keys
        .iter()
        .map(|key| match &key.on {
            crate::schema::IndexTarget::Column(name) if key.opclass.is_none() && key.collation.is_none() => Some(name),
            _ => None,
        })
        .collect();
    let columns = columns?;
    table.constraints.iter().find_map(|(name, constraint)| match &constraint.kind {
        ConstraintKind::PrimaryKey { columns: key } | ConstraintKind::Unique { columns: key, .. } => {
            (key.iter().collect::<Vec<_>>() == columns).then_some(name)
        }
        _ => None,
    })
}
