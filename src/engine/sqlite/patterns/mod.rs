//! The safe ways of SQLite: what ALTER TABLE can do is done by it, everything else by one rebuild of the table for all
//! its changes that stand together. What is destroyed is kept apart until somebody drops the copy.

mod data;
mod direct;
mod edit;
mod evolve;
mod object;
mod rebuild;
pub(super) mod rows;
mod title;

pub(super) use edit::{kept_text, text_under_its_name};

use crate::plan::{PlanOptions, Rollback, Step};
use crate::schema::{Change, QName, Schema};
use crate::{Error, ErrorCode, Result};
use evolve::evolve;
use rebuild::Rebuild;
pub(super) use rebuild::undo_setting;
use title::{phase, title};

/// The statements of a change of a table, by ALTER TABLE or by a rebuild; none when it does not fit.
pub(super) fn table_change(change: &Change, schema: &Schema) -> Vec<String> {
    let changes = std::slice::from_ref(change);
    if let Some((sql, _)) = direct::alter(changes, schema) {
        return vec![sql];
    }
    if !is_of_table(change) {
        return Vec::new();
    }
    let mut after = schema.clone();
    if evolve(&mut after, change).is_err() {
        return Vec::new();
    }
    let tables = change.table().and_then(|name| Some((schema.tables.get(name)?, after.tables.get(name)?)));
    tables.map_or_else(Vec::new, |(before, after)| Rebuild { before, after, changes, schema }.forward())
}

pub(super) fn steps(changes: &[Change], before: &Schema, options: &PlanOptions) -> Result<Vec<Step>> {
    let mut schema = before.clone();
    let mut steps = Vec::new();
    let explicit = with_implied(changes, before);
    let mut rest = explicit.as_slice();
    while let Some(first) = rest.first() {
        let group = group(rest);
        let (now, later) = rest.split_at(group.max(1));
        rest = later;
        if is_of_table(first) {
            steps.extend(of_table(now, &mut schema, options)?);
        } else {
            steps.extend(object::step(first, &schema, options)?);
            evolve(&mut schema, first)?;
        }
    }
    Ok(steps)
}

/// A dropped column takes along the checks and the indexes that mention it in an expression: they are shown as
/// changes of their own.
fn with_implied(changes: &[Change], before: &Schema) -> Vec<Change> {
    let mut schema = before.clone();
    let mut out = Vec::new();
    for change in changes {
        let columns = match change {
            Change::DropColumn { column, .. } => std::slice::from_ref(column),
            Change::Reshape { from, .. } => from.as_slice(),
            _ => &[],
        };
        if let Some(table) = change.table().and_then(|name| schema.tables.get(name)) {
            out.extend(columns.iter().flat_map(|column| evolve::implied_drops(table, column)));
        }
        // What does not fit is told when its step is made.
        let _ = evolve(&mut schema, change);
        out.push(change.clone());
    }
    out
}

/// Changes of what stands in a CREATE TABLE, which a rebuild makes all at once.
fn is_of_table(change: &Change) -> bool {
    matches!(
        change,
        Change::AddColumn { .. }
            | Change::DropColumn { .. }
            | Change::AlterColumnType { .. }
            | Change::SetDefault { .. }
            | Change::SetNotNull { .. }
            | Change::DropNotNull { .. }
            | Change::SetIdentity { .. }
            | Change::SetGenerated { .. }
            | Change::Backfill { .. }
            | Change::Reshape { .. }
            | Change::AddConstraint { .. }
            | Change::DropConstraint { .. }
            | Change::RenameConstraint { .. }
            | Change::SetTableOptions { .. }
    )
}

/// How many changes at the head belong to one table.
fn group(changes: &[Change]) -> usize {
    let table = changes.first().and_then(Change::table);
    changes.iter().take_while(|c| is_of_table(c) && c.table() == table).count()
}

/// The changes of one table: each by itself where ALTER TABLE can do them all, else one rebuild.
fn of_table(changes: &[Change], schema: &mut Schema, options: &PlanOptions) -> Result<Vec<Step>> {
    let mut trial = schema.clone();
    let mut steps = Vec::new();
    let mut rest = changes;
    while let Some(first) = rest.first() {
        let table = first.table().cloned().unwrap_or_else(|| QName::new("main", ""));
        let done = if let Change::Backfill { column, value, only_where, .. } = first {
            steps.extend(data::backfill(&table, column, value, only_where.as_deref(), &trial, changes, options));
            1
        } else if let Some((sql, done)) = direct::alter(rest, &trial) {
            let (now, _) = rest.split_at(done);
            steps.push(alter_step(sql, now, &trial)?);
            done
        } else {
            return rebuild_step(changes, schema).map(|step| vec![step]);
        };
        let (now, later) = rest.split_at(done);
        for change in now {
            evolve(&mut trial, change)?;
        }
        rest = later;
    }
    *schema = trial;
    Ok(steps)
}

fn alter_step(sql: String, changes: &[Change], schema: &Schema) -> Result<Step> {
    let mut after = schema.clone();
    for change in changes {
        evolve(&mut after, change)?;
    }
    let Some(first) = changes.first() else { return Err(Error::internal("a step without a change")) };
    let Some((before, after_table)) =
        first.table().and_then(|name| Some((schema.tables.get(name)?, after.tables.get(name)?)))
    else {
        return Err(not_there(first));
    };
    let back = Rebuild { before, after: after_table, changes, schema };
    let mut step = Step::ddl(title(first), phase(changes), vec![sql]);
    step.changes = changes.to_vec();
    match first {
        Change::DropColumn { table, column } => {
            step.destroys.push(format!("{}.{column}", table.short()));
            data::keep_column(&mut step, &back, column);
        }
        Change::AddColumn { table, column } => {
            let undo = Change::DropColumn { table: table.clone(), column: column.name.clone() };
            match direct::alter(&[undo], &after) {
                Some((sql, _)) => step.rollback = Rollback::exact(vec![sql]),
                None => step.rollback = Rollback { session: rebuild::session(), ..Rollback::exact(back.back()) },
            }
        }
        _ => {}
    }
    Ok(step)
}

fn rebuild_step(changes: &[Change], schema: &mut Schema) -> Result<Step> {
    let mut after = schema.clone();
    for change in changes {
        supported(change)?;
        evolve(&mut after, change)?;
    }
    let Some(first) = changes.first() else { return Err(Error::internal("a step without a change")) };
    let Some((before, new)) = first.table().and_then(|name| Some((schema.tables.get(name)?, after.tables.get(name)?)))
    else {
        return Err(not_there(first));
    };
    if before.options.contains_key("virtual") {
        return Err(Error::new(ErrorCode::Unsupported, format!("{} is a virtual table", before.name.short()))
            .hint("Drop it and create it again; its module decides what it is."));
    }
    let rebuild = Rebuild { before, after: new, changes, schema: &after };
    let mut step = Step::ddl(rebuild_title(changes), phase(changes), rebuild.forward());
    step.session = rebuild::session();
    step.changes = changes.to_vec();
    step.note = Some(rebuild_note(before, new));
    let back = rebuild.back();
    step.rollback = match rebuild.keeps() {
        Some(kept) => Rollback::restores(back, format!("the values come back from {kept}, which is then dropped")),
        None => Rollback::exact(back),
    };
    step.rollback.session = rebuild::session();
    for column in before.columns.iter().filter(|c| new.column(&c.name).is_none()) {
        step.destroys.push(format!("{}.{}", before.name.short(), column.name));
    }
    *schema = after;
    Ok(step)
}

fn rebuild_title(changes: &[Change]) -> String {
    let titles: Vec<String> = changes.iter().map(title).collect();
    match titles.as_slice() {
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more in one rebuild", rest.len()),
        [] => String::new(),
    }
}

fn rebuild_note(before: &crate::schema::Table, after: &crate::schema::Table) -> String {
    let mut note = "SQLite cannot do this with ALTER TABLE: the table is made anew, its rows are copied, and its \
                    indexes and triggers are made again."
        .to_owned();
    for column in before.columns.iter().filter(|c| after.column(&c.name).is_none()) {
        let in_triggers = before
            .triggers
            .values()
            .filter(|t| super::reader::lex::mentions(&t.definition, &column.name))
            .map(|t| t.name.as_str());
        for trigger in in_triggers {
            note.push_str(&format!(" The trigger {trigger} mentions {}; look whether it still works.", column.name));
        }
    }
    note
}

/// Refuses what SQLite has no form for.
fn supported(change: &Change) -> Result<()> {
    if let Change::AddConstraint { constraint, .. } = change
        && let crate::schema::ConstraintKind::Other { .. } = constraint.kind
    {
        return Err(Error::new(ErrorCode::Unsupported, "SQLite has no constraint of this kind")
            .hint("It knows primary key, unique, check and foreign key."));
    }
    Ok(())
}

fn not_there(change: &Change) -> Error {
    let name = change.table().map(QName::short).unwrap_or_default();
    Error::new(ErrorCode::NotFound, format!("there is no table {name}"))
        .hint("Look at the schema again; it may have changed since.")
}
