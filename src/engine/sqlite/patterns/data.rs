//! Rows: filling a column in batches, and keeping what is overwritten or dropped.

use super::evolve::row_key;
use super::rebuild::{Rebuild, kept_name, session};
use crate::engine::sqlite::render::{ident, relation, render};
use crate::plan::{Backfill, Phase, PlanOptions, Rollback, Step, StepKind};
use crate::schema::{Change, QName, Schema, Table};

/// Keeps the values of the column that the step drops, and brings them back when it is taken back.
pub(super) fn keep_column(step: &mut Step, back: &Rebuild<'_>, column: &str) {
    step.rollback = match (back.keep_dropped(), back.keeps()) {
        (Some(keep), Some(name)) => {
            step.sql.insert(0, keep);
            let how = format!("the values of {column} come back from {name}, which is then dropped");
            Rollback::restores(back.back(), how)
        }
        _ => Rollback::exact(back.back()),
    };
    step.rollback.session = session();
}

/// A batched backfill; where it overwrites values that were there before the plan, a step before it keeps them.
pub(super) fn backfill(
    table: &QName,
    column: &str,
    value: &str,
    only_where: Option<&str>,
    schema: &Schema,
    group: &[Change],
    options: &PlanOptions,
) -> Vec<Step> {
    let Some(found) = schema.tables.get(table) else { return Vec::new() };
    let key = row_key(found);
    let change = Change::Backfill {
        table: table.clone(),
        column: column.to_owned(),
        value: value.to_owned(),
        only_where: only_where.map(str::to_owned),
    };
    let mut fill = Step::ddl(format!("Fill {}.{column} in batches", table.short()), Phase::Migrate, Vec::new());
    fill.kind = StepKind::Backfill;
    fill.sql = render(&change, schema);
    fill.changes = vec![change];
    fill.backfill = Some(Backfill {
        table: table.clone(),
        key: key.clone(),
        set: vec![(column.to_owned(), value.to_owned())],
        only_where: only_where.map(str::to_owned),
        batch_rows: options.batch_rows,
    });
    let is_new = group.iter().any(|c| matches!(c, Change::AddColumn { column: new, .. } if new.name == column));
    if is_new {
        fill.rollback = Rollback::exact(Vec::new());
        fill.rollback.note = Some("taking the new column back takes its values back".to_owned());
        return vec![fill];
    }
    let keep = keep_values(found, column, value, &key, only_where);
    fill.rollback = keep.1;
    vec![keep.0, fill]
}

fn keep_values(table: &Table, column: &str, value: &str, key: &[String], only_where: Option<&str>) -> (Step, Rollback) {
    let mut marked = table.clone();
    marked.columns.retain(|c| c.name != column);
    marked.comment = Some(value.to_owned());
    let kept = ident(&kept_name(table, &marked));
    let (from, column) = (relation(&table.name), ident(column));
    let keys: Vec<String> = (1..).zip(key).map(|(n, key)| format!("{} AS lockstep_key_{n}", ident(key))).collect();
    let condition = only_where.map(|w| format!(" WHERE {w}")).unwrap_or_default();
    let copy = format!("CREATE TABLE {kept} AS SELECT {}, {column} FROM {from}{condition}", keys.join(", "));
    let mut step = Step::ddl(format!("Keep the values of {}.{column}", table.name.short()), Phase::Expand, vec![copy]);
    step.rollback = Rollback::exact(vec![format!("DROP TABLE {kept}")]);
    let same: Vec<String> =
        (1..).zip(key).map(|(n, key)| format!("{kept}.lockstep_key_{n} = {from}.{}", ident(key))).collect();
    let restore = format!("UPDATE {from} SET {column} = {kept}.{column} FROM {kept} WHERE {}", same.join(" AND "));
    let back = Rollback::restores(vec![restore], format!("the values before come back from {kept}"));
    (step, back)
}
