//! Partitions made, attached and detached.

use super::constraints::conjuncts;
use super::work::Work;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::plan::LockMode::{self, AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
use crate::schema::{ConstraintKind, QName, Table};

/// `CREATE TABLE … PARTITION OF parent`.
pub(super) fn create(work: &mut Work<'_>, parent: &QName, bound: &str) {
    work.lock(parent, AccessExclusive);
    default_partition(work, parent, bound);
    keys_of(work, parent);
}

pub(super) fn attach(work: &mut Work<'_>, parent: &QName, partition: &QName, bound: &str) {
    work.lock_all(partition, AccessExclusive);
    default_partition(work, parent, bound);
    keys_of(work, parent);
    let implied = match (work.table(parent), work.table(partition)) {
        (Some(parent), Some(partition)) => is_implied(parent, partition, bound),
        _ => false,
    };
    if !implied {
        work.scan(partition);
    }
    let missing_index = work.table(parent).is_some_and(|t| !t.indexes.is_empty())
        && work.table(partition).is_some_and(|t| t.indexes.is_empty());
    if missing_index {
        work.build(partition);
    }
}

/// The default partition is searched for rows that now belong elsewhere.
fn default_partition(work: &mut Work<'_>, parent: &QName, bound: &str) {
    if let Some(default) = work.default_partition(parent).filter(|_| !bound.eq_ignore_ascii_case("default")) {
        work.lock_all(&default, AccessExclusive);
        work.scan(&default);
    }
}

/// The parent's foreign keys become the partition's too.
fn keys_of(work: &mut Work<'_>, parent: &QName) {
    let keys = work.table(parent).map(|t| &t.constraints).into_iter().flatten().filter_map(|(_, c)| match &c.kind {
        ConstraintKind::ForeignKey(key) => Some(key.references.clone()),
        _ => None,
    });
    let keys: Vec<QName> = keys.collect();
    for references in keys {
        work.lock_all(&references, ShareRowExclusive);
    }
}

pub(super) fn detach(work: &mut Work<'_>, parent: &QName, partition: &QName, concurrently: bool, level: LockMode) {
    // Up to 13 the partition's own lock was weaker; concurrently, the second transaction takes the strong one.
    let mode = if work.version >= 14 || concurrently { AccessExclusive } else { ShareUpdateExclusive };
    work.lock_all(partition, mode);
    if level == AccessExclusive
        && let Some(default) = work.default_partition(parent).filter(|d| d != partition)
    {
        work.lock(&default, AccessExclusive);
    }
}

/// Whether the partition's valid checks say what a range of one column asks: not null, at least, less than.
fn is_implied(parent: &Table, partition: &Table, bound: &str) -> bool {
    let Some(key) = parent.partition_by.as_deref().and_then(|by| by.strip_prefix("RANGE (")) else { return false };
    let key = key.trim_end_matches(')');
    let Some((from, to)) = range(bound) else { return false };
    let checks = partition.constraints.values().filter(|c| c.validated && c.enforced).filter_map(|c| match &c.kind {
        ConstraintKind::Check { expression, .. } => Some(conjuncts(expression)),
        _ => None,
    });
    let said: Vec<String> = checks.flatten().map(|part| plain(&part)).collect();
    let says = |what: String| said.contains(&plain(&what));
    let not_null = partition.column(key).is_some_and(|c| !c.nullable) || says(format!("{key} is not null"));
    let least = from.eq_ignore_ascii_case("minvalue") || says(format!("{key} >= {from}"));
    let below = to.eq_ignore_ascii_case("maxvalue") || says(format!("{key} < {to}"));
    not_null && least && below
}

/// The ends of `FOR VALUES FROM (a) TO (b)`.
fn range(bound: &str) -> Option<(String, String)> {
    let mut cursor = Cursor::new(bound);
    cursor.take("for values from").then_some(())?;
    let from = cursor.parenthesised()?.to_owned();
    cursor.take("to").then_some(())?;
    Some((from, cursor.parenthesised()?.to_owned()))
}

/// Without blanks, parentheses and casts, in lower case.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() {
        if cursor.raw(0) == ":" && cursor.raw(1) == ":" {
            cursor.step();
            cursor.step();
            crate::engine::postgres::reader::types::read_type(&mut cursor);
            continue;
        }
        let raw = cursor.raw(0);
        if !matches!(raw, "(" | ")") {
            out.push_str(&raw.to_ascii_lowercase());
            out.push(' ');
        }
        cursor.step();
    }
    out
}
