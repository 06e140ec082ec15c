//! Constraints in two moves: a short lock to declare, then a check of the rows that keeps nobody out.

use super::planner::{Planner, with_parent};
use super::{columns, indexes, titles};
use crate::Result;
use crate::engine::postgres::render::{constraint as sql, ident, relation};
use crate::plan::{Phase, Rollback, Step};
use crate::schema::{Change, Constraint, ConstraintKind, Deferrable, Index, IndexPart, QName};

pub(super) fn add(planner: &mut Planner<'_>, table: &QName, constraint: &Constraint, later: &[Change]) -> Result<()> {
    let change = Change::AddConstraint { table: table.clone(), constraint: constraint.clone() };
    let has_partitions = planner.now.tables.children(table).next().is_some_and(|t| t.partition_of.is_some());
    if has_partitions && constraint.kind.has_index() {
        return indexes::partitioned(planner, table, IndexPart::Key(constraint), later);
    }
    if !planner.is_busy(table) {
        return planner.direct(&change);
    }
    let partitioned = planner.table(table)?.partition_by.is_some();
    if !constraint.enforced || !constraint.validated {
        return planner.direct(&change);
    }
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } if !partitioned => {
            let columns = columns.clone();
            unique(planner, table, constraint, &columns)
        }
        ConstraintKind::Check { .. } => not_valid(planner, table, constraint),
        ConstraintKind::ForeignKey(_) if !partitioned => not_valid(planner, table, constraint),
        _ => planner.direct(&change),
    }
}

/// NOT VALID, then VALIDATE. New rows are checked from the first step on.
pub(super) fn not_valid(planner: &mut Planner<'_>, table: &QName, constraint: &Constraint) -> Result<()> {
    let unchecked = Constraint { validated: false, ..constraint.clone() };
    let change = Change::AddConstraint { table: table.clone(), constraint: unchecked };
    let mut step = planner.step_of(titles::title(&change), Phase::Expand, vec![change])?;
    step.note = Some("Declared NOT VALID: it holds for new rows at once, and nothing is read under the lock.".into());
    planner.push(step)?;
    validate(planner, table, &constraint.name)
}

/// Reads every row under a lock that lets reads and writes go on.
pub(super) fn validate(planner: &mut Planner<'_>, table: &QName, name: &str) -> Result<()> {
    let change = Change::ValidateConstraint { table: table.clone(), name: name.to_owned() };
    let mut step = planner.step_of(titles::title(&change), Phase::Migrate, vec![change])?;
    step.note = Some("Checks the existing rows while the application goes on.".into());
    planner.push(step)
}

/// The index first, concurrently; then the constraint takes it over.
fn unique(planner: &mut Planner<'_>, table: &QName, constraint: &Constraint, columns: &[String]) -> Result<()> {
    let primary = matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
    if primary {
        for column in columns {
            if planner.table(table)?.column(column).is_some_and(|c| c.nullable) {
                columns::set_not_null(planner, table, column, None)?;
            }
        }
    }
    let index = backing_index(constraint);
    let mut build = indexes::concurrently(table, &index);
    // Once the constraint has taken the index over, dropping the constraint has dropped it.
    let name = relation(&table.sibling(&index.name));
    build.rollback.sql = vec![format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")];
    let goes_with_parent = constraint.attached_to.as_ref().is_some_and(|parent| planner.makes(parent));
    if goes_with_parent {
        build.rollback = with_parent();
    }
    planner.push(build)?;

    let change = Change::AddConstraint { table: table.clone(), constraint: constraint.clone() };
    let mut statements = vec![using_index(table, constraint, &index.name)];
    statements.extend(sql::comment(table, constraint));
    let mut step = Step::ddl(titles::title(&change), Phase::Expand, statements);
    step.rollback = Rollback::exact(vec![sql::drop(table, &constraint.name)]);
    step.changes = vec![Change::DropIndex { table: table.clone(), name: index.name }, unattached(change)];
    step.note = Some("Takes over the index that was built before, so the lock is short.".into());
    if let Some(parent) = constraint.attached_to.as_ref().filter(|_| goes_with_parent) {
        // What a plan that broke off has not attached yet is still there then.
        step.rollback = with_parent();
        let drop = format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", relation(table), ident(&constraint.name));
        planner.keep_part(parent, vec![drop, format!("DROP INDEX IF EXISTS {name}")]);
    }
    planner.push(step)?;
    let parent =
        constraint.attached_to.clone().filter(|_| planner.table(table).is_ok_and(|t| t.partition_of.is_some()));
    let Some(parent) = parent else { return Ok(()) };
    planner.direct(&Change::AttachIndex { table: table.clone(), name: constraint.name.clone(), parent })
}

/// A part of a parent's index becomes one in a step of its own.
fn unattached(change: Change) -> Change {
    match change {
        Change::AddConstraint { table, constraint } => {
            Change::AddConstraint { table, constraint: Constraint { attached_to: None, ..constraint } }
        }
        other => other,
    }
}

/// The index that a unique constraint rests on, under the constraint's name.
pub(super) fn backing_index(constraint: &Constraint) -> Index {
    let columns: Vec<&str> = constraint.kind.columns().iter().map(String::as_str).collect();
    let mut index = Index { unique: true, ..Index::on_columns(&constraint.name, &columns) };
    if let ConstraintKind::Unique { nulls_not_distinct, include, .. } = &constraint.kind {
        index.nulls_not_distinct = *nulls_not_distinct;
        index.include.clone_from(include);
    }
    index
}

/// `ADD CONSTRAINT … USING INDEX`; the index gets the constraint's name.
pub(super) fn using_index(table: &QName, constraint: &Constraint, index: &str) -> String {
    let kind = if matches!(constraint.kind, ConstraintKind::PrimaryKey { .. }) { "PRIMARY KEY" } else { "UNIQUE" };
    let deferrable = match constraint.deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    };
    format!(
        "ALTER TABLE {} ADD CONSTRAINT {} {kind} USING INDEX {}{deferrable}",
        relation(table),
        ident(&constraint.name),
        ident(index)
    )
}
