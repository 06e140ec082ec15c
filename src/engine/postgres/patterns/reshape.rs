//! One column into several, or several into one.

use super::columns;
use super::drops::{self, own_schema};
use super::planner::Planner;
use super::renames::wait;
use super::sync::Sync;
use crate::Result;
use crate::engine::postgres::render::{ident, is_null};
use crate::plan::Phase;
use crate::schema::{Change, Column, QName, Transform};

/// New columns beside the old, kept up by a trigger, filled in batches; the old ones go when no code uses them.
pub(super) fn reshape(planner: &mut Planner<'_>, table: &QName, from: &[String], into: &[Transform]) -> Result<()> {
    let Some(first) = into.first() else {
        return Err(crate::Error::usage("a column can be turned only into at least one other"));
    };
    let names: Vec<String> = into.iter().map(|t| t.column.name.clone()).collect();
    let set: Vec<(String, String)> = into.iter().map(|t| (t.column.name.clone(), t.expression.clone())).collect();
    let sync = Sync::computed(table, &first.column.name, from, &set);

    let mut changes: Vec<Change> = into
        .iter()
        .map(|t| {
            let optional = Column { nullable: true, default: None, ..t.column.clone() };
            Change::AddColumn { table: table.clone(), column: optional }
        })
        .collect();
    // Code that writes the new columns alone must get through.
    let required = from.iter().filter(|name| planner.table(table).is_ok_and(|t| is_required(t, name)));
    changes.extend(
        required.map(|name| Change::DropNotNull { table: table.clone(), column: name.clone() }).collect::<Vec<_>>(),
    );
    changes.push(sync.created());
    let title = format!("Add {} beside {} on {}", names.join(", "), from.join(", "), table.short());
    let mut step = planner.step_of(title, Phase::Expand, changes)?;
    step.sql.insert(0, own_schema());
    step.sql.insert(1, sync.create_function());
    step.rollback.sql.push(sync.drop_function());
    step.note = Some(format!(
        "A trigger fills {} from what is written to {}; code that writes only the new ones is left alone.",
        names.join(", "),
        from.join(", ")
    ));
    planner.push(step)?;

    let empty: Vec<String> = names.iter().map(|name| is_null(name)).collect();
    let filled: Vec<String> = from.iter().map(|name| format!("{} IS NOT NULL", ident(name))).collect();
    let pending = format!("{} AND ({})", empty.join(" AND "), filled.join(" OR "));
    columns::fill(planner, table, &set, Some(pending), true)?;
    for Transform { column, .. } in into.iter().filter(|t| !t.column.nullable) {
        columns::set_not_null(planner, table, &column.name, None)?;
    }
    planner.push(wait(
        format!("Deploy code that uses {}", names.join(", ")),
        format!("Go on when no running code reads or writes {} of {} any more.", from.join(", "), table.short()),
    ))?;

    let mut changes = vec![sync.dropped()];
    changes.extend(into.iter().filter(|t| t.column.default.is_some()).map(|t| Change::SetDefault {
        table: table.clone(),
        column: t.column.name.clone(),
        default: t.column.default.clone(),
    }));
    let title = format!("Stop filling {} from {}", names.join(", "), from.join(", "));
    let mut step = planner.step_of(title, Phase::Contract, changes)?;
    step.sql.insert(1, sync.drop_function());
    step.rollback.sql.insert(step.rollback.sql.len().saturating_sub(1), sync.create_function());
    planner.push(step)?;
    for name in from {
        drops::column(planner, table, name)?;
    }
    Ok(())
}

fn is_required(table: &crate::schema::Table, column: &str) -> bool {
    let in_key = table.primary_key().iter().any(|c| c == column);
    table.column(column).is_some_and(|c| !c.nullable && c.identity.is_none()) && !in_key
}
