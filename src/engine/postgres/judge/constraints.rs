//! Constraints made, checked, altered and dropped.

use super::work::Work;
use crate::engine::postgres::reader::tree::{Body, ConstraintDef};
use crate::plan::LockMode::{AccessExclusive, ShareRowExclusive};
use crate::schema::{ConstraintKind, IndexTarget, QName, Table};

pub(super) fn is_foreign_key(definition: &ConstraintDef) -> bool {
    matches!(definition.body, Body::ForeignKey(_))
}

/// `ADD CONSTRAINT` on a table that is locked already.
pub(super) fn add(work: &mut Work<'_>, table: &QName, definition: &ConstraintDef, only: bool) {
    let checks_rows = !definition.not_valid && !definition.not_enforced;
    match &definition.body {
        Body::Check { .. } => {
            if checks_rows && !only {
                work.scan(table);
            }
        }
        Body::NotNull { column, .. } => {
            if checks_rows {
                set_not_null(work, table, column);
            }
        }
        Body::ForeignKey(key) => {
            let references = work.relation(&key.table);
            work.lock_all(&references, ShareRowExclusive);
            if checks_rows {
                work.scan(table);
            }
        }
        Body::PrimaryKey { columns, .. } => {
            for column in columns {
                set_not_null(work, table, column);
            }
            work.build(table);
        }
        Body::UsingIndex { primary, index } => {
            if *primary {
                for column in index_columns(work.table(table), index) {
                    set_not_null(work, table, &column);
                }
            }
        }
        Body::Unique { .. } | Body::Exclude { .. } => work.build(table),
    }
}

fn index_columns(table: Option<&Table>, index: &str) -> Vec<String> {
    let keys = table.and_then(|t| t.indexes.get(index)).map(|i| i.keys.as_slice()).unwrap_or_default();
    let columns = keys.iter().filter_map(|key| match &key.on {
        IndexTarget::Column(name) => Some(name.clone()),
        IndexTarget::Expression(_) => None,
    });
    columns.collect()
}

/// The scan that looks for NULLs, where nothing proves that there are none.
pub(super) fn set_not_null(work: &mut Work<'_>, table: &QName, column: &str) {
    let proven = work.table(table).is_some_and(|t| {
        let already = t.column(column).is_some_and(|c| !c.nullable) && !has_unchecked_not_null(t, column);
        already || t.constraints.values().any(|c| c.validated && c.enforced && proves_not_null(&c.kind, column))
    });
    if !proven {
        work.scan(table);
    }
}

/// A not-null constraint that was added NOT VALID (PostgreSQL 18).
fn has_unchecked_not_null(table: &Table, column: &str) -> bool {
    table
        .constraints
        .values()
        .any(|c| !c.validated && matches!(&c.kind, ConstraintKind::NotNull { column: of, .. } if of == column))
}

/// Whether a valid constraint says `column IS NOT NULL`, alone or joined to others by AND.
fn proves_not_null(kind: &ConstraintKind, column: &str) -> bool {
    match kind {
        ConstraintKind::NotNull { column: of, .. } => of == column,
        ConstraintKind::Check { expression, .. } => conjuncts(expression).iter().any(|part| {
            let mut cursor = crate::engine::postgres::reader::cursor::Cursor::new(part);
            cursor.ident().is_some_and(|name| name == column) && cursor.take("is not null") && cursor.at_end()
        }),
        _ => false,
    }
}

/// The parts of an expression that AND joins, without parentheses around them.
pub(super) fn conjuncts(expression: &str) -> Vec<String> {
    use crate::engine::postgres::reader::{cursor::Cursor, parse::bare};
    let expression = bare(expression);
    let mut cursor = Cursor::new(expression);
    let mut parts = Vec::new();
    while !cursor.at_end() {
        let part = cursor.until(&["and"]);
        if cursor.take_sign(',') || cursor.take_sign(')') || part.is_empty() || cursor_has_or(part) {
            return vec![expression.to_owned()];
        }
        parts.push(part.to_owned());
        cursor.take("and");
    }
    if let [only] = parts.as_slice() {
        return vec![bare(only).to_owned()];
    }
    parts.iter().flat_map(|part| conjuncts(part)).collect()
}

/// OR and BETWEEN outside of parentheses, beside which AND means something else.
fn cursor_has_or(part: &str) -> bool {
    let mut cursor = crate::engine::postgres::reader::cursor::Cursor::new(part);
    while !cursor.at_end() {
        if cursor.sees("or") || cursor.sees("between") || cursor.sees("case") {
            return true;
        }
        if cursor.parenthesised().is_none() {
            cursor.step();
        }
    }
    false
}

/// A constraint that goes away: a foreign key takes its triggers off the other table, and a key the foreign keys
/// that need it.
pub(super) fn dropped(work: &mut Work<'_>, table: &QName, name: &str, cascade: bool) {
    let Some(constraint) = work.table(table).and_then(|t| t.constraints.get(name)) else { return };
    if constraint.kind.has_index() {
        work.lock_index(table.sibling(name), AccessExclusive);
    }
    match &constraint.kind {
        ConstraintKind::ForeignKey(key) => work.lock_all(&key.references.clone(), AccessExclusive),
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
            for (other, referenced) in referencing(work, table) {
                if same_columns(&referenced, columns) && (cascade || work.reading.changes.len() > 1) {
                    work.lock_all(&other, AccessExclusive);
                }
            }
        }
        _ => {}
    }
}

fn same_columns(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|column| b.contains(column))
}

/// Tables with foreign keys to `table`, and the columns that those point at.
pub(super) fn referencing(work: &Work<'_>, table: &QName) -> Vec<(QName, Vec<String>)> {
    let keys = work.context.schema.references_to(table).filter_map(|(other, constraint)| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some((other.name.clone(), key.referenced_columns.clone())),
        _ => None,
    });
    keys.collect()
}

/// `ALTER CONSTRAINT`; since 18 it can turn enforcement on, which checks every row.
pub(super) fn altered(work: &mut Work<'_>, table: &QName, name: &str, enforced: Option<bool>) {
    let Some(constraint) = work.table(table).and_then(|t| t.constraints.get(name)) else { return };
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return };
    let references = key.references.clone();
    match enforced {
        Some(true) if !constraint.enforced => {
            work.lock_all(&references, ShareRowExclusive);
            work.scan(table);
        }
        Some(false) if constraint.enforced => work.lock_all(&references, AccessExclusive),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_proves_not_null_only_where_and_joins_it() {
        let check = |text: &str| {
            let kind = ConstraintKind::Check { expression: text.into(), no_inherit: false };
            proves_not_null(&kind, "a")
        };
        assert!(check("a IS NOT NULL"));
        assert!(check("((a is not null) AND (b > 1))"));
        assert!(!check("a is not null or b > 1"));
        assert!(!check("(a is not null or b > 1) and c > 2"));
        assert!(!check("b is not null"));
        assert!(!check("not (a is not null)"));
    }
}
