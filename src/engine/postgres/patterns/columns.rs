//! New columns, required columns and filling them.

use super::planner::Planner;
use super::{constraints, expression, names, titles};
use crate::Result;
use crate::engine::postgres::render::{self, ident, is_null, relation};
use crate::plan::{Backfill, Phase, Rollback, Step, StepKind};
use crate::schema::{Change, Column, Constraint, ConstraintKind, Identity, QName};

/// `serial` is not a type but a way of speaking: an integer that numbers itself.
pub(super) fn numbered(column: &Column) -> Column {
    let data_type = match column.data_type.to_ascii_lowercase().as_str() {
        "smallserial" | "serial2" => "smallint",
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        _ => return column.clone(),
    };
    let identity = Identity { always: false, options: crate::schema::Options::new() };
    Column { data_type: data_type.into(), nullable: false, identity: Some(identity), ..column.clone() }
}

pub(super) fn add(planner: &mut Planner<'_>, table: &QName, column: &Column, later: &[Change]) -> Result<()> {
    let column = numbered(column);
    let change = Change::AddColumn { table: table.clone(), column: column.clone() };
    if !planner.is_busy(table) {
        return planner.direct(&change);
    }
    let computed = column.generated.as_ref().is_some_and(|g| g.stored) || column.identity.is_some();
    if computed {
        return noted(
            planner,
            change,
            "PostgreSQL computes the value of every existing row at once and writes the table anew, under the lock; \
             there is no way around it.",
        );
    }
    if let Some(default) = &column.default
        && expression::is_volatile(default)
    {
        return volatile(planner, table, &column, default);
    }
    if column.nullable || column.default.is_some() {
        return noted(planner, change, "Quick at any size: existing rows are not touched.");
    }
    let filled =
        |c: &Change| matches!(c, Change::Backfill { table: t, column: c, .. } if t == table && *c == column.name);
    if later.iter().any(filled) {
        planner.required_later.insert((table.clone(), column.name.clone()));
        let optional = Column { nullable: true, ..column };
        let change = Change::AddColumn { table: table.clone(), column: optional };
        return noted(planner, change, "Added without a value first; it becomes required once every row has one.");
    }
    noted(
        planner,
        change,
        "Required and without a value for existing rows: it fails as soon as the table has a row. Give it a default, \
         or a value to fill it with.",
    )
}

fn noted(planner: &mut Planner<'_>, change: Change, note: &str) -> Result<()> {
    let mut step = planner.step_of(titles::title(&change), titles::phase(&change), vec![change])?;
    step.note = Some(note.into());
    planner.push(step)
}

/// A default that differs from row to row: first the column, then the default for new rows, then the old rows in
/// batches.
fn volatile(planner: &mut Planner<'_>, table: &QName, column: &Column, default: &str) -> Result<()> {
    let bare = Column { nullable: true, default: None, ..column.clone() };
    let changes = vec![
        Change::AddColumn { table: table.clone(), column: bare },
        Change::SetDefault { table: table.clone(), column: column.name.clone(), default: Some(default.into()) },
    ];
    let title = format!("Add column {} to {}", column.name, table.short());
    let mut step = planner.step_of(title, Phase::Expand, changes)?;
    step.note = Some("The default is set apart from the column, so that existing rows are not written at once.".into());
    planner.push(step)?;
    fill(planner, table, &[(column.name.clone(), default.to_owned())], Some(is_null(&column.name)), true)?;
    if column.nullable { Ok(()) } else { set_not_null(planner, table, &column.name, None) }
}

/// Gives rows a value in batches, or at once where the table has no key to walk. `new` says that the columns are
/// this plan's own, so that nothing is lost.
pub(super) fn fill(
    planner: &mut Planner<'_>,
    table: &QName,
    set: &[(String, String)],
    only_where: Option<String>,
    new: bool,
) -> Result<()> {
    let names: Vec<&str> = set.iter().map(|(c, _)| c.as_str()).collect();
    let assignments: Vec<String> = set.iter().map(|(c, value)| format!("{} = {value}", ident(c))).collect();
    let condition = only_where.as_ref().map(|c| format!(" WHERE {c}")).unwrap_or_default();
    let sql = format!("UPDATE {} SET {}{condition}", relation(table), assignments.join(", "));
    let mut step = Step::ddl(format!("Fill {}.{}", table.short(), names.join(", ")), Phase::Migrate, vec![sql]);
    if new {
        step.rollback = Rollback::exact(Vec::new());
        step.rollback.note = Some("Nothing to do: the column itself goes with an earlier step.".into());
    } else {
        step.rollback = Rollback::lossy(Vec::new(), "Nothing is undone: the rows keep the value that they were given.");
    }
    step.changes = set
        .iter()
        .map(|(column, value)| Change::Backfill {
            table: table.clone(),
            column: column.clone(),
            value: value.clone(),
            only_where: only_where.clone(),
        })
        .collect();
    match planner.key(table) {
        Some(key) => {
            step.kind = StepKind::Backfill;
            step.transactional = false;
            step.backfill = Some(Backfill {
                table: table.clone(),
                key,
                set: set.to_vec(),
                only_where,
                batch_rows: planner.options.batch_rows,
            });
            step.note = Some("In batches along the key, each committed, so that no row stays locked for long.".into());
        }
        None => {
            step.note = Some(
                "The table has no key to walk, so all rows are written at once; their locks last until the end.".into(),
            );
        }
    }
    planner.push(step)
}

/// A value for an existing column: the old values are kept first, so that they can come back.
pub(super) fn backfill(
    planner: &mut Planner<'_>,
    table: &QName,
    column: &str,
    value: &str,
    only_where: Option<&str>,
) -> Result<()> {
    let entry = (table.clone(), column.to_owned());
    let set = [(column.to_owned(), value.to_owned())];
    if planner.required_later.remove(&entry) {
        let condition = only_where.map_or_else(|| is_null(column), str::to_owned);
        fill(planner, table, &set, Some(condition), true)?;
        return set_not_null(planner, table, column, None);
    }
    fill(planner, table, &set, only_where.map(str::to_owned), false)
}

/// A check that is validated while the application goes on, which then spares SET NOT NULL its scan (since
/// PostgreSQL 12; manual, ALTER TABLE, "SET/DROP NOT NULL").
pub(super) fn set_not_null(planner: &mut Planner<'_>, table: &QName, column: &str, value: Option<&str>) -> Result<()> {
    if let Some(value) = value {
        fill(planner, table, &[(column.to_owned(), value.to_owned())], Some(is_null(column)), false)?;
    }
    let expression = format!("{} IS NOT NULL", ident(column));
    let taken = |name: &str| planner.now.tables.get(table).is_some_and(|t| t.constraints.contains_key(name));
    let name = names::free(&format!("lockstep_{column}"), "_not_null", taken);
    let check = Constraint::new(name.clone(), ConstraintKind::Check { expression, no_inherit: false });
    constraints::not_valid(planner, table, &check)?;
    let changes = vec![
        Change::SetNotNull { table: table.clone(), column: column.to_owned(), fill: None },
        Change::DropConstraint { table: table.clone(), name },
    ];
    let mut step = planner.step_of(format!("Make {}.{column} required", table.short()), Phase::Contract, changes)?;
    step.note = Some("The validated check proves that no row is empty, so nothing is read under the lock.".into());
    planner.push(step)
}

/// A new identity goes on after the highest value that there is.
pub(super) fn set_identity(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let mut step = planner.step_of(titles::title(change), titles::phase(change), vec![change.clone()])?;
    if let Change::SetIdentity { table, column, identity: Some(_) } = change
        && planner.table(table)?.column(column).is_some_and(|c| c.identity.is_none())
    {
        step.sql.push(format!(
            "SELECT setval(pg_get_serial_sequence({}, {}), coalesce((SELECT max({}) FROM {}), 0) + 1, false)",
            render::literal(&relation(table)),
            render::literal(column),
            ident(column),
            relation(table)
        ));
    }
    planner.push(step)
}
