//! Columns added, and changed in type.

use super::constraints;
use super::types::{Effect, domain, effect};
use super::volatile::is_volatile;
use super::work::Work;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::reader::lower_table::named_columns;
use crate::engine::postgres::reader::tree::{Body, ColumnDef};
use crate::engine::postgres::reader::types::{TypeName, read_type};
use crate::plan::LockMode::{AccessExclusive, ShareRowExclusive};
use crate::plan::Severity;
use crate::schema::{Change, ConstraintKind, IndexTarget, QName, Table};

/// `ADD COLUMN`. With IF NOT EXISTS and a column that is there, the lock is all.
pub(super) fn add(work: &mut Work<'_>, table: &QName, column: &ColumnDef, if_not_exists: bool) {
    if if_not_exists && work.table(table).is_some_and(|t| t.column(&column.name).is_some()) {
        return;
    }
    let data_type = work.reading.changes.iter().find_map(|change| match change {
        Change::AddColumn { column: added, .. } if added.name == column.name => Some(added.data_type.clone()),
        _ => None,
    });
    let own_domain = data_type.and_then(|t| domain(&t, work.context.schema));
    let stored = column.generated.as_ref().is_some_and(|(_, stored)| *stored);
    let volatile = column.default.as_ref().is_some_and(|d| is_volatile(d, work.context.schema));
    let checked_domain = own_domain.is_some_and(|(_, constrained)| constrained);
    let rewrites = stored || volatile || column.identity.is_some() || column.data_type.serial || checked_domain;
    if rewrites {
        work.rewrite(table);
    }
    let has_default = column.default.as_ref().is_some_and(|d| !d.eq_ignore_ascii_case("null"));
    if column.not_null && !has_default && !rewrites {
        work.scan(table);
    }
    for definition in &column.constraints {
        match &definition.body {
            // A new column without a default holds NULLs only, which no foreign key needs to look at. The server looks at
            // whether a default is written, be it NULL.
            Body::ForeignKey(key) if column.default.is_none() => {
                let references = work.relation(&key.table);
                work.lock_all(&references, ShareRowExclusive);
            }
            Body::PrimaryKey { .. } => work.build(table),
            _ => constraints::add(work, table, definition, false),
        }
    }
}

/// `ALTER COLUMN … TYPE`.
pub(super) fn set_type(
    work: &mut Work<'_>,
    table: &QName,
    column: &str,
    written: &TypeName,
    collation: Option<&str>,
    using: Option<&str>,
) {
    let new = work.reading.changes.iter().find_map(|change| match change {
        Change::AlterColumnType { column: of, data_type, .. } if of == column => Some(data_type.clone()),
        _ => None,
    });
    let new = new.unwrap_or_else(|| written.words.clone());
    let Some(known) = work.table(table).and_then(|t| t.column(column).map(|c| (t, c))) else {
        // The old type is not known: the worst is to be expected.
        work.rewrite(table);
        return;
    };
    let (model, old) = known;
    let plain = using.is_none_or(|using| is_plain_cast(using, column, written));
    let effect = if plain { effect(&old.data_type, &new, work.context.schema) } else { Effect::Rewrite };
    let effect = match (effect, work.server.in_utc) {
        (Effect::FreeInUtc, Some(true)) => Effect::Free,
        (Effect::FreeInUtc, Some(false)) => Effect::Rewrite,
        (effect, _) => effect,
    };
    match effect {
        Effect::Free => {}
        Effect::Rewrite => work.rewrite(table),
        Effect::FreeInUtc => {
            work.rewrite(table);
            work.risk(
                "session-timezone-rewrite",
                Severity::Medium,
                format!(
                    "changing {}.{column} to {new} reads the values in the session's time zone, and rewrites the table \
                     unless that is UTC",
                    table.short()
                ),
                "if the stored values mean another zone than the session's, say USING column AT TIME ZONE 'Zone/City'; if \
                 they mean UTC, run SET timezone = 'UTC' before it",
            );
        }
    }
    for constraint in model.constraints.values() {
        let ConstraintKind::Check { expression, .. } = &constraint.kind else { continue };
        if effect == Effect::Free
            && constraint.validated
            && named_columns(model, expression).iter().any(|c| c == column)
        {
            work.scan(table);
        }
    }
    if collation.is_some_and(|c| old.collation.as_deref() != Some(c)) && is_indexed(work, table, column) {
        work.build(table);
    }
    if work.table(table).is_some_and(|t| has_index_on_expression(t, column)) {
        work.build(table);
    }
    rebuild_keys(work, table, column, effect != Effect::Free);
}

/// Whether an index computes something from the column: such an index is never taken over as it is
/// (`CheckIndexCompatible` in PostgreSQL's sources).
fn has_index_on_expression(table: &Table, column: &str) -> bool {
    let names = |text: &str| named_columns(table, text).iter().any(|name| name == column);
    table.indexes.values().any(|index| {
        let computed = index.keys.iter().any(|key| matches!(&key.on, IndexTarget::Expression(text) if names(text)));
        computed || index.predicate.as_deref().is_some_and(names)
    })
}

fn is_indexed(work: &Work<'_>, table: &QName, column: &str) -> bool {
    work.table(table).is_some_and(|t| {
        let by_constraint = t.constraints.values().any(|c| {
            !matches!(c.kind, ConstraintKind::ForeignKey(_)) && c.kind.columns().iter().any(|name| name == column)
        });
        by_constraint || t.indexes.values().any(|index| index.names_column(column))
    })
}

/// Foreign keys over the column are made anew, under the strongest lock on the other table as well; their rows are
/// checked again when the values may have changed.
fn rebuild_keys(work: &mut Work<'_>, table: &QName, column: &str, checks_rows: bool) {
    let own = work.table(table).map(|t| &t.constraints).into_iter().flatten().filter_map(|(_, c)| match &c.kind {
        ConstraintKind::ForeignKey(key) if key.columns.iter().any(|c| c == column) => Some(key.references.clone()),
        _ => None,
    });
    let own: Vec<QName> = own.collect();
    for references in own {
        work.lock_all(&references, AccessExclusive);
    }
    for (other, referenced) in constraints::referencing(work, table) {
        if referenced.iter().any(|c| c == column) {
            work.lock_all(&other, AccessExclusive);
            if checks_rows {
                work.scan(&other);
            }
        }
    }
}

/// Whether a USING expression is the column itself or its cast to the new type.
fn is_plain_cast(using: &str, column: &str, written: &TypeName) -> bool {
    let mut cursor = Cursor::new(using);
    let wrapped = cursor.take("cast") && cursor.take_sign('(');
    if cursor.ident().as_deref() != Some(column) {
        return false;
    }
    if !wrapped && cursor.at_end() {
        return true;
    }
    let cast = if wrapped { cursor.take("as") } else { cursor.take_sign(':') && cursor.take_sign(':') };
    let same = cast && read_type(&mut cursor).is_some_and(|t| t == *written);
    same && (!wrapped || cursor.take_sign(')')) && cursor.at_end()
}
