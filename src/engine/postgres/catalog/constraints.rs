//! Constraints of tables (`pg_constraint`).

use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, each_row};
use super::build::Build;
use super::indexes::{attached, attached_to};
use super::text::bare;
use crate::Result;
use crate::schema::{Action, Constraint, ConstraintKind, Deferrable, ForeignKey, QName};
use sqlx::postgres::{PgConnection, PgRow};

/// A name's longest; PostgreSQL shortens the names that it makes itself to fit.
const LONGEST_NAME: usize = 63;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT k.conrelid::int8, k.conname::text, k.contype::text, k.condeferrable, k.condeferred, \
         k.convalidated, {}, k.connoinherit, k.conkey, k.confrelid::int8, k.confkey, k.confupdtype::text, \
         k.confdeltype::text, k.confmatchtype::text, i.indnkeyatts, array_to_string(i.indkey::int2[], ','), {}, \
         CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END, \
         CASE WHEN k.contype = 'x' OR i.indnkeyatts <> i.indnatts OR {} OR {} \
              THEN pg_get_constraintdef(k.oid) END, \
         obj_description(k.oid, 'pg_constraint'), CASE WHEN ic.relispartition THEN {} END \
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x') \
         LEFT JOIN pg_class ic ON ic.oid = i.indexrelid \
         WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n') AND (k.conparentid = 0 OR k.contype <> 'f') \
         AND (k.contype NOT IN ('c', 'n') OR CASE WHEN c.relispartition THEN k.coninhcount = 0 ELSE k.conislocal END) \
         AND {NAMESPACE}",
        build.since(18, "k.conenforced", "true"),
        build.since(15, "coalesce(i.indnullsnotdistinct, false)", "false"),
        build.since(15, "k.confdelsetcols IS NOT NULL", "false"),
        build.since(18, "k.conperiod", "false"),
        attached_to("ic.oid"),
    );
    each_row(connection, &sql, |row| constraint(row, build)).await
}

fn constraint(row: &PgRow, build: &mut Build) -> Result<()> {
    let mut cells = Cells::new(row);
    let table: i64 = cells.take()?;
    let name: String = cells.take()?;
    let kind: String = cells.take()?;
    let deferrable = deferrable(cells.take()?, cells.take()?);
    let (validated, enforced, no_inherit): (bool, bool, bool) = (cells.take()?, cells.take()?, cells.take()?);
    let key: Vec<i16> = cells.take::<Option<Vec<i16>>>()?.unwrap_or_default();
    let other_table: i64 = cells.take()?;
    let other_key: Vec<i16> = cells.take::<Option<Vec<i16>>>()?.unwrap_or_default();
    let actions: (String, String, String) = (cells.take()?, cells.take()?, cells.take()?);
    let key_count: Option<i16> = cells.take()?;
    let index_columns = numbers(cells.take()?);
    let nulls_not_distinct: bool = cells.take()?;
    let expression: Option<String> = cells.take()?;
    let definition: Option<String> = cells.take()?;
    let comment: Option<String> = cells.take()?;
    let attached_to = attached(cells.take()?);
    let columns = build.column_names(table, &key);
    let include: Vec<i16> =
        index_columns.into_iter().skip(key_count.and_then(|n| usize::try_from(n).ok()).unwrap_or(0)).collect();
    let kind = match kind.as_str() {
        "u" if definition.as_ref().is_none_or(|d| !d.contains(" WITHOUT OVERLAPS")) => {
            ConstraintKind::Unique { columns, nulls_not_distinct, include: build.column_names(table, &include) }
        }
        _ if definition.is_some() => {
            ConstraintKind::Other { definition: plain(definition.as_deref().unwrap_or_default()) }
        }
        "p" => ConstraintKind::PrimaryKey { columns },
        "f" => {
            let Some(references) = build.relation(other_table).cloned() else { return Ok(()) };
            foreign_key(columns, references, build.column_names(other_table, &other_key), &actions)
        }
        "c" => {
            ConstraintKind::Check { expression: bare(expression.as_deref().unwrap_or_default()).to_owned(), no_inherit }
        }
        _ => {
            let Some(column) = columns.into_iter().next() else { return Ok(()) };
            let is_usual = build.tables.get(&table).is_some_and(|t| usual_not_null(&t.name, &column) == name);
            let long = build.tables.get(&table).is_some_and(|t| usual_not_null(&t.name, &column).len() > LONGEST_NAME);
            if (is_usual || long) && validated && !no_inherit {
                return Ok(());
            }
            ConstraintKind::NotNull { column, no_inherit }
        }
    };
    let Some(table) = build.tables.get_mut(&table) else { return Ok(()) };
    if let (ConstraintKind::NotNull { column, .. }, false) = (&kind, validated)
        && let Some(column) = table.column_mut(&column.clone())
    {
        // The catalog says NOT NULL from the start, but existing rows may have nulls until it is validated.
        column.nullable = true;
    }
    let constraint =
        Constraint { name: name.clone(), kind, deferrable, validated, enforced, named: true, attached_to, comment };
    table.constraints.insert(name, constraint);
    Ok(())
}

/// The numbers of an `int2vector`, whose lower bound is not the one of arrays.
pub(super) fn numbers(listed: Option<String>) -> Vec<i16> {
    listed.unwrap_or_default().split(',').filter_map(|n| n.parse().ok()).collect()
}

/// A definition without what the constraint's own fields say.
fn plain(definition: &str) -> String {
    let mut text = definition.trim();
    for ending in [" NOT VALID", " NOT ENFORCED", " INITIALLY DEFERRED", " DEFERRABLE"] {
        text = text.strip_suffix(ending).unwrap_or(text);
    }
    text.to_owned()
}

fn deferrable(can: bool, deferred: bool) -> Deferrable {
    match (can, deferred) {
        (false, _) => Deferrable::No,
        (true, false) => Deferrable::InitiallyImmediate,
        (true, true) => Deferrable::InitiallyDeferred,
    }
}

/// The name that PostgreSQL 18 gives a not-null constraint by itself.
fn usual_not_null(table: &QName, column: &str) -> String {
    format!("{}_{column}_not_null", table.name)
}

fn foreign_key(
    columns: Vec<String>,
    references: QName,
    referenced_columns: Vec<String>,
    (update, delete, matched): &(String, String, String),
) -> ConstraintKind {
    ConstraintKind::ForeignKey(ForeignKey {
        columns,
        references,
        referenced_columns,
        on_update: action(update),
        on_delete: action(delete),
        match_full: matched == "f",
    })
}

fn action(letter: &str) -> Action {
    match letter {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_keeps_only_what_the_fields_do_not_say() {
        assert_eq!(
            plain("EXCLUDE USING gist (a WITH =) DEFERRABLE INITIALLY DEFERRED"),
            "EXCLUDE USING gist (a WITH =)"
        );
        assert_eq!(numbers(Some("1,0,3".into())), [1, 0, 3]);
    }
}
