//! Rules for what is taken away from running code, with or without data.

use super::{Case, risk};
use crate::plan::{LockMode, Risk, Severity};
use crate::risk::size::Size;
use crate::schema::{Change, ObjectKind, ObjectRef, QName};

pub(super) fn find(case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    dependants(case, change, out);
    let found = match change {
        Change::DropTable { name } => loses(
            case,
            "drop-table",
            name,
            &match case.table(name).and_then(|t| t.stats.rows) {
                Some(rows) if rows > 0 => format!("about {rows} rows of {} are gone", name.short()),
                _ => format!("{} is gone, with its rows", name.short()),
            },
        ),
        Change::DropColumn { table, column } | Change::RenameColumn { table, from: column, .. }
            if case.is_new_column(table, column) =>
        {
            None
        }
        Change::DropColumn { table, column } => {
            loses(case, "drop-column", table, &format!("{}.{column} is gone, with its values", table.short()))
        }
        Change::DropIndex { table, name } if case.statement.reading.outside_transaction => {
            index_gone(case, table, name)
        }
        Change::DropIndex { table, name } if case.online_ways && !case.statement.reading.outside_transaction => {
            let partitioned = case.table(table).is_some_and(|t| t.partition_by.is_some());
            let strong = case.lock(table).is_none_or(LockMode::blocks_reads) && !partitioned;
            let message = format!("everybody who uses {} waits while the index {name} is dropped", table.short());
            if strong { case.on_table("drop-index-not-concurrent", table, message) } else { None }
        }
        Change::RenameTable { from, to } => {
            breaks(case, "rename-table", from, format!("running code that uses {} fails; it is {to} now", from.short()))
        }
        Change::RenameColumn { table, from, to } => {
            let message = format!("running code that uses {}.{from} fails; it is {to} now", table.short());
            breaks(case, "rename-column", table, message)
        }
        Change::DropTrigger { table, name } => {
            let again = case.end.tables.get(table).is_some_and(|t| t.triggers.contains_key(name));
            let message = format!("the trigger {name} of {} is gone", table.short());
            if again { None } else { case.on_table("drop-other", table, message) }
        }
        Change::DropView { name, .. } => gone(case, "view", name),
        Change::DropSequence { name } => gone(case, "sequence", name),
        Change::DropType { name } => gone(case, "type", name),
        Change::DropRoutine { key, .. } => gone(case, "function", key),
        Change::DropSchema { name } => Some(risk("drop-other", format!("the schema {name} is gone"))),
        Change::DropExtension { name } => Some(risk("drop-other", format!("the extension {name} is gone"))),
        _ => None,
    };
    out.extend(found);
}

/// Views and policies that make the statement fail, as the database has them.
fn dependants(case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let schema = case.context.schema;
    if !schema.tracked {
        return;
    }
    let object = match change {
        Change::DropTable { name } => ObjectRef::new(ObjectKind::Table, name.clone()),
        Change::DropColumn { table, column } | Change::AlterColumnType { table, column, .. } => {
            ObjectRef::part(ObjectKind::Column, table.clone(), column)
        }
        _ => return,
    };
    let goes = |view: &QName| {
        case.statement.reading.changes.iter().any(|c| matches!(c, Change::DropView { name, .. } if name == view))
    };
    let is_there = |on: &&ObjectRef| match on.kind {
        ObjectKind::View | ObjectKind::MaterializedView => schema.views.contains_key(&on.name) && !goes(&on.name),
        ObjectKind::Policy => schema.others.iter().any(|other| other.id == **on),
        _ => false,
    };
    let in_the_way: Vec<String> = schema.dependants(&object).filter(is_there).map(ToString::to_string).collect();
    if !in_the_way.is_empty() {
        let message = format!("the statement fails: the {} needs the {object}", in_the_way.join(", the "));
        out.push(risk("breaks-dependants", message));
    }
}

/// Data goes: graver than nothing even where the table is empty, because code may name it.
fn loses(case: &Case<'_>, rule: &str, table: &QName, message: &str) -> Option<Risk> {
    match case.size(table) {
        Size::New => None,
        Size::Empty => Some(Risk { severity: Severity::Low, ..risk(rule, message) }),
        _ => Some(risk(rule, message)),
    }
}

/// Running code fails, however small the table is.
fn breaks(case: &Case<'_>, rule: &str, table: &QName, message: String) -> Option<Risk> {
    (case.size(table) != Size::New).then(|| risk(rule, message))
}

/// Objects that are there again at the end (dropped to be made anew) are missed by nobody for long.
fn gone(case: &Case<'_>, what: &str, name: &QName) -> Option<Risk> {
    let end = case.end;
    let again = end.views.contains_key(name)
        || end.sequences.contains_key(name)
        || end.types.contains_key(name)
        || end.routines.contains_key(name);
    let severity = if again { Severity::Low } else { Severity::Medium };
    let new = case.context.made_here.contains(name);
    (!new).then(|| Risk { severity, ..risk("drop-other", format!("the {what} {} is gone", name.short())) })
}

/// An index that is dropped the online way is missed by queries all the same, unless it was of no use.
fn index_gone(case: &Case<'_>, table: &QName, name: &str) -> Option<Risk> {
    let valid = case.table(table).and_then(|t| t.indexes.get(name)).is_none_or(|index| index.valid);
    // Without figures it is not known to matter to anybody.
    if case.size(table) == Size::Unknown {
        return None;
    }
    let message = format!("queries on {} that use {name} read the whole table from now on", table.short());
    if valid { case.on_table("drop-index", table, message) } else { None }
}
