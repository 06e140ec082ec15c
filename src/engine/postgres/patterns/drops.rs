//! Taking away columns and tables, with a copy of what they hold.

use super::moved::{self, KeptTable};
use super::planner::Planner;
use super::tables::views_on;
use super::{again, expression, names, titles};
use crate::engine::postgres::render::column::set_not_null;
use crate::engine::postgres::render::{ident, ident_list, relation};
use crate::plan::{Phase, Rollback, RollbackKind, Step};
use crate::schema::{Change, Column, ConstraintKind, IndexTarget, ObjectKind, ObjectRef, QName, Table};
use crate::{Error, ErrorCode, Result};

/// From here on a copy takes long enough to be spoken of.
const MANY_ROWS: u64 = 1_000_000;

/// Makes the schema for our own things where it is missing.
pub(super) fn own_schema() -> String {
    format!("CREATE SCHEMA IF NOT EXISTS {}", names::OWN_SCHEMA)
}

/// Indexes and checks that fall with a column without naming it as a key: expressions, conditions.
fn falling_with(table: &Table, column: &str) -> Vec<Change> {
    let name = || table.name.clone();
    let by_expression = |i: &&crate::schema::Index| {
        let in_keys = i.keys.iter().any(|k| match &k.on {
            IndexTarget::Expression(text) => expression::mentions(text, column),
            IndexTarget::Column(_) => false,
        });
        !i.names_column(column)
            && (in_keys || i.predicate.as_ref().is_some_and(|text| expression::mentions(text, column)))
    };
    let checks = table.constraints.values().filter(|c| match &c.kind {
        ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
            expression::mentions(text, column)
        }
        _ => false,
    });
    let indexes = table.indexes.values().filter(by_expression);
    checks
        .map(|c| Change::DropConstraint { table: name(), name: c.name.clone() })
        .chain(indexes.map(|i| Change::DropIndex { table: name(), name: i.name.clone() }))
        .collect()
}

/// Refuses while views stand on it: PostgreSQL would, and dropping them unasked is not ours to do.
fn refuse_views(planner: &Planner<'_>, object: &ObjectRef) -> Result<()> {
    let views = views_on(&planner.now, std::slice::from_ref(object));
    if views.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = views.iter().map(|v| v.name.short()).collect();
    Err(Error::new(ErrorCode::Refused, format!("{object} is needed by {}", list.join(", ")))
        .hint("Drop or change those views first, in the same plan."))
}

pub(super) fn column(planner: &mut Planner<'_>, table: &QName, column: &str) -> Result<()> {
    refuse_views(planner, &ObjectRef::part(ObjectKind::Column, table.clone(), column))?;
    let found = planner.table(table)?;
    let mut changes = falling_with(found, column);
    changes.push(Change::DropColumn { table: table.clone(), column: column.to_owned() });
    let key = planner.key(table).filter(|key| !key.iter().any(|k| k == column));
    let title = format!("Drop column {column} of {}", table.short());
    let mut step = planner.step_of(title, Phase::Contract, changes)?;
    step.destroys = vec![format!("{}.{column}", table.short())];
    let computed = planner.table(table)?.column(column).is_some_and(|c| c.generated.is_some());
    if planner.is_busy(table) && !computed {
        let (copy, update) = keep_column(planner, table, column, key)?;
        fill_first(&mut step.rollback, planner.table(table)?, column, Some(update));
        step.rollback.kind = RollbackKind::Restores;
        step.rollback.note = Some(format!(
            "The column comes back with the values kept in {copy}; rows written since the copy have none."
        ));
    } else if !computed {
        fill_first(&mut step.rollback, planner.table(table)?, column, None);
        step.rollback.note = Some(
            "The column comes back without its values, so it is required again only if the table is empty: no copy of \
             them is kept when a column is dropped directly."
                .into(),
        );
    } else {
        step.rollback.kind = RollbackKind::Exact;
        step.rollback.note = Some("The column computes its values anew.".into());
    }
    planner.push(step)
}

/// A step that keeps the values of a column; gives the copy, and the statement that puts them back into the rows.
///
/// Rows are told apart by the key. Without one they are by all their other columns: rows that are equal in those may
/// have each other's values, which is the same table.
pub(super) fn keep_column(
    planner: &mut Planner<'_>,
    table: &QName,
    column: &str,
    key: Option<Vec<String>>,
) -> Result<(QName, String)> {
    let found = planner.table(table)?;
    let (rows, value, back) = (found.stats.rows, kept_as(found, column), put_back(found, column, "kept."));
    let (name, to) = (relation(table), ident(column));
    if let Some(key) = key {
        let same: Vec<String> = key.iter().map(|k| same_key(found, k)).collect();
        let select = format!("SELECT {}, {value}", list(&key, |k| kept_as(found, k)));
        let copy = keep(planner, table, column, &select, rows)?;
        let update = format!(
            "UPDATE {name} AS t SET {to} = {back} FROM {} AS kept WHERE {}",
            relation(&copy),
            same.join(" AND ")
        );
        return Ok((copy, update));
    }
    let others: Vec<String> =
        found.columns.iter().filter(|c| c.name != column && c.generated.is_none()).map(|c| ident(&c.name)).collect();
    let row = format!("ROW({})::text", others.join(", "));
    let number = format!("row_number() OVER (PARTITION BY {row})");
    let select = format!("SELECT {row} AS lockstep_row, {number} AS lockstep_number, {value}");
    let copy = keep(planner, table, column, &select, rows)?;
    let update = format!(
        "UPDATE {name} AS t SET {to} = {back} FROM {} AS kept JOIN (SELECT tableoid AS lockstep_table, ctid AS \
         lockstep_place, {row} AS lockstep_row, {number} AS lockstep_number FROM {name}) AS now USING (lockstep_row, \
         lockstep_number) WHERE t.tableoid = now.lockstep_table AND t.ctid = now.lockstep_place",
        relation(&copy)
    );
    Ok((copy, update))
}

/// Values come before the indexes and constraints that are built on them. A required column without a default can
/// only come back as an optional one, which is filled and then required; without a copy it stays optional where there are rows.
fn fill_first(rollback: &mut Rollback, table: &Table, column: &str, update: Option<String>) {
    let Some(at) = rollback.sql.iter().position(|s| s.contains(" ADD COLUMN ")) else { return };
    let computed = |c: &Column| c.generated.is_some();
    if table.column(column).is_none_or(computed) {
        return;
    }
    let kept = update.is_some();
    rollback.sql.splice((at + 1)..=at, update);
    let bare = |c: &Column| !c.nullable && c.default.is_none() && c.identity.is_none();
    if table.column(column).is_some_and(bare) {
        if let Some(add) = rollback.sql.get_mut(at) {
            *add = add.trim_end_matches(" NOT NULL").to_owned();
        }
        let required = set_not_null(&table.name, column);
        if kept {
            rollback.sql.insert(at + 2, required);
        } else {
            rollback.sql.insert(at + 1, if_empty(&table.name, &required));
        }
    }
}

/// The statement, made only where no row stands against it.
fn if_empty(table: &QName, statement: &str) -> String {
    format!(
        "DO $lockstep$ BEGIN IF NOT EXISTS (SELECT FROM {}) THEN {statement}; END IF; END $lockstep$",
        relation(table)
    )
}

/// The type of a column that is not the server's own. A copy in that type would keep it from being dropped, so such
/// values are kept as text, which every type can be read from again.
pub(super) fn own_type<'a>(table: &'a Table, column: &str) -> Option<&'a str> {
    table.column(column).map(|c| c.data_type.as_str()).filter(|data_type| data_type.contains('.'))
}

pub(super) fn list(columns: &[String], each: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| each(column)).collect::<Vec<_>>().join(", ")
}

pub(super) fn kept_as(table: &Table, column: &str) -> String {
    match own_type(table, column) {
        Some(_) => format!("{0}::text AS {0}", ident(column)),
        None => ident(column),
    }
}

/// The kept value; `of` is the prefix of the copy's columns.
pub(super) fn put_back(table: &Table, column: &str, of: &str) -> String {
    let value = format!("{of}{}", ident(column));
    own_type(table, column).map_or_else(|| value.clone(), |data_type| format!("{value}::{data_type}"))
}

pub(super) fn same_key(table: &Table, column: &str) -> String {
    let cast = own_type(table, column).map_or("", |_| "::text");
    format!("kept.{0} = t.{0}{cast}", ident(column))
}

/// A step that copies rows into our own schema.
fn keep(planner: &mut Planner<'_>, table: &QName, column: &str, select: &str, rows: Option<u64>) -> Result<QName> {
    let copy = names::own("keep", table, column);
    let what = if column.is_empty() { table.short() } else { format!("{}.{column}", table.short()) };
    // The rows of tables that inherit from it are copied with those, but a column goes from them as well.
    let has_heirs = planner.now.tables.children(table).any(|t| t.partition_of.is_none());
    let only = if column.is_empty() && has_heirs { "ONLY " } else { "" };
    let create = format!("CREATE TABLE {} AS {select} FROM {only}{}", relation(&copy), relation(table));
    let sql = vec![own_schema(), create];
    let mut step = Step::ddl(format!("Keep a copy of {what}"), Phase::Contract, sql);
    step.rollback = Rollback::exact(vec![format!("DROP TABLE {}", relation(&copy))]);
    let size = match rows {
        Some(rows) if rows > MANY_ROWS => format!(" With about {rows} rows this takes a while and needs the space."),
        _ => String::new(),
    };
    step.note = Some(format!("Lets a rollback bring the data back. Drop {copy} when it is no longer wanted.{size}"));
    planner.push(step)?;
    Ok(copy)
}

pub(super) fn table(planner: &mut Planner<'_>, name: &QName) -> Result<()> {
    refuse_views(planner, &ObjectRef::new(ObjectKind::Table, name.clone()))?;
    let found = planner.table(name)?;
    let change = Change::DropTable { name: name.clone() };
    let (rows, partitioned) = (found.stats.rows, found.partition_by.is_some());
    // What is computed cannot be put back by hand; it computes itself again.
    let columns: Vec<String> = found.columns.iter().filter(|c| c.generated.is_none()).map(|c| c.name.clone()).collect();
    let overriding = if found.columns.iter().any(|c| c.identity.is_some()) { " OVERRIDING SYSTEM VALUE" } else { "" };
    let identities: Vec<String> =
        found.columns.iter().filter(|c| c.identity.is_some()).map(|c| c.name.clone()).collect();
    let select = format!("SELECT {}", list(&columns, |c| kept_as(found, c)));
    let values = list(&columns, |c| put_back(found, c, ""));
    let again = again::table(&planner.now, name);
    let mut step = planner.step_of(titles::title(&change), Phase::Contract, vec![change])?;
    step.destroys = vec![name.short()];
    if partitioned || columns.is_empty() {
        step.rollback.note = Some("The table comes back empty: a partitioned table is not copied.".into());
        return planner.push(step);
    }
    let (root, table) = (moved::root(&planner.now, name), Table::clone(planner.table(name)?));
    let numbered = if root == *name { Vec::new() } else { moved::numbered(&planner.now, &root) };
    let copy = keep(planner, name, "", &select, rows)?;
    planner.kept.push(KeptTable { root: root.clone(), copy: copy.clone(), table });
    let into = ident_list(&columns);
    let insert =
        format!("INSERT INTO {} ({into}){overriding} SELECT {values} FROM {}", relation(name), relation(&copy));
    // Before indexes are built and before triggers could fire.
    let made = step.rollback.sql.iter().position(|s| s.starts_with("CREATE ") && s.contains("TABLE "));
    step.rollback.sql.insert(made.map_or(0, |at| at + 1), insert);
    step.rollback.sql.extend(identities.iter().map(|column| next_after(name, column)));
    step.rollback.sql.extend(numbered.iter().map(|column| next_after(&root, column)));
    for sequence in again.iter().filter_map(|c| match c {
        Change::AlterSequence { sequence } => sequence.owned_by.as_ref(),
        _ => None,
    }) {
        step.rollback.sql.push(next_after(name, &sequence.1));
    }
    step.rollback.kind = RollbackKind::Restores;
    step.rollback.note = Some(format!("The table comes back with the rows kept in {copy}."));
    planner.push(step)
}

/// A sequence with its place kept, so that it goes on from there when it comes back.
pub(super) fn sequence(planner: &mut Planner<'_>, name: &QName) -> Result<()> {
    let change = Change::DropSequence { name: name.clone() };
    let mut step = planner.step_of(titles::title(&change), Phase::Contract, vec![change])?;
    let copy = keep(planner, name, "", "SELECT last_value, is_called", None)?;
    let sequence = crate::engine::postgres::render::literal(&relation(name));
    step.rollback.sql.push(format!("SELECT setval({sequence}, last_value, is_called) FROM {}", relation(&copy)));
    step.rollback.kind = RollbackKind::Restores;
    step.rollback.note = Some(format!("The sequence goes on from where it was when {copy} was made."));
    planner.push(step)
}

/// Sets a column's sequence to go on after the highest value.
pub(super) fn next_after(table: &QName, column: &str) -> String {
    use crate::engine::postgres::render::literal;
    format!(
        "SELECT setval(pg_get_serial_sequence({}, {}), coalesce((SELECT max({}) FROM {}), 0) + 1, false)",
        literal(&relation(table)),
        literal(column),
        ident(column),
        relation(table)
    )
}
