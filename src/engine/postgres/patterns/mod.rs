//! The safe ways of PostgreSQL: each change as the steps that keep an application running meanwhile.

mod again;
mod columns;
mod constraints;
mod conversion;
mod converts;
mod drops;
mod enums;
mod erased;
mod expression;
mod extensions;
mod indexes;
mod moved;
mod names;
mod others;
mod planner;
mod renames;
mod reshape;
mod retype;
mod reverse;
mod rights;
mod routines;
mod rows;
mod sync;
mod tables;
mod takeover;
#[cfg(test)]
mod tests;
mod titles;

use crate::Result;
use crate::plan::{KeptRows, PlanOptions, Step, Style};
use crate::schema::{Change, Schema};
use crate::sql::Statement;
use planner::Planner;

pub(super) fn steps(changes: &[Change], before: &Schema, options: &PlanOptions) -> Result<Vec<Step>> {
    let mut planner = Planner::new(before, options);
    let whole_after = moved::whole_after(changes);
    let mut at = 0;
    while let Some(change) = changes.get(at) {
        let rest = changes.get(at..).unwrap_or_default();
        let about_rights = rest.iter().take_while(|c| matches!(c, Change::SetRights { .. })).count();
        if about_rights > 0 {
            rights::set(&mut planner, rest.get(..about_rights).unwrap_or_default())?;
            at += about_rights;
        } else {
            one(&mut planner, change, rest.get(1..).unwrap_or_default())?;
            for table in whole_after.get(&at).into_iter().flatten() {
                moved::move_rows(&mut planner, table)?;
            }
            at += 1;
        }
    }
    planner.finish()
}

/// A statement that changes rows or converts values, run so that they can be brought back.
pub(super) fn keeping_rows(statement: &Statement, now: &Schema) -> Option<KeptRows> {
    if statement.reading.rows_only { rows::keeping(statement, now) } else { converts::keeping(statement, now) }
}

/// One change by its pattern; what has none is done directly.
fn one(planner: &mut Planner<'_>, change: &Change, later: &[Change]) -> Result<()> {
    let careful = change.table().is_some_and(|table| planner.is_busy(table));
    match change {
        Change::CreateTable { table } => tables::create(planner, table),
        Change::DropTable { name } if careful => drops::table(planner, name),
        Change::DropSequence { name } if planner.options.style == Style::Safe => drops::sequence(planner, name),
        Change::RenameTable { from, to } if careful => renames::table(planner, from, to),
        Change::AddColumn { table, column } => columns::add(planner, table, column, later),
        Change::DropColumn { table, column } => drops::column(planner, table, column),
        Change::RenameColumn { table, from, to } if careful => renames::column(planner, table, from, to),
        Change::AlterColumnType { .. } => retype::alter(planner, change),
        Change::SetNotNull { table, column, fill } if careful => {
            columns::set_not_null(planner, table, column, fill.as_deref())
        }
        Change::Backfill { table, column, value, only_where } if careful => {
            columns::backfill(planner, table, column, value, only_where.as_deref())
        }
        Change::Reshape { table, from, into } if careful => reshape::reshape(planner, table, from, into),
        Change::AddConstraint { table, constraint } => constraints::add(planner, table, constraint, later),
        Change::CreateIndex { table, index } => indexes::create(planner, table, index, later),
        Change::AttachIndex { table, name, parent } => indexes::attach(planner, table, name, parent),
        Change::DropIndex { table, name } if careful => indexes::drop(planner, table, name),
        Change::AddEnumValue { .. } => tables::add_enum_value(planner, change),
        Change::ReplaceView { view } => tables::replace_view(planner, view),
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => {
            routines::make(planner, change, routine, later)
        }
        Change::AlterType { definition } => tables::alter_type(planner, definition),
        Change::SetIdentity { .. } => columns::set_identity(planner, change),
        Change::AlterExtension { extension } => extensions::alter(planner, extension),
        Change::CreateOther { object } => others::create(planner, object),
        Change::AlterOther { from, to } => others::alter(planner, from, to),
        other => planner.direct(other),
    }
}
