//! Statements about rows, and maintenance.

use super::tables::lock_named;
use super::work::Work;
use crate::engine::postgres::reader::cursor::{Cursor, Name};
use crate::plan::LockMode::{
    self, AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareUpdateExclusive,
};
use crate::schema::{Action, ConstraintKind, QName};

pub(super) fn select(work: &mut Work<'_>, cursor: &Cursor<'_>) {
    let locking = ["for update", "for no key update", "for share", "for key share"];
    let locks = locking.iter().any(|words| cursor.has(words));
    let mode = if locks { RowShare } else { AccessShare };
    for relation in &work.reading.relations {
        work.lock_all(relation, mode);
        if locks {
            work.lock_indexes(relation, mode);
        }
    }
}

/// Every table that is written by a query of a WITH clause.
pub(super) fn written(work: &mut Work<'_>, mut cursor: Cursor<'_>) {
    if !cursor.sees("with") {
        return;
    }
    while !cursor.at_end() {
        let inserts = cursor.take_any(&["insert into", "delete from", "merge into"]).is_some();
        // FOR UPDATE and DO UPDATE are followed by something else than a table that is set.
        let updates = !inserts && cursor.take("update");
        if !inserts && !updates {
            cursor.step();
            continue;
        }
        cursor.take("only");
        let Some(name) = cursor.name() else { continue };
        if cursor.take("as") || updates && !cursor.sees("set") {
            cursor.ident();
        }
        if inserts || cursor.sees("set") {
            let table = work.relation(&name);
            work.lock_all(&table, RowExclusive);
            work.lock_indexes(&table, RowExclusive);
        }
    }
}

/// INSERT, UPDATE, DELETE and MERGE: the target is written, what else is named is read.
pub(super) fn write(work: &mut Work<'_>, mut cursor: Cursor<'_>, class: &str) {
    lock_named(work, AccessShare);
    let words: &[&str] = match class {
        "INSERT" => &["insert into"],
        "UPDATE" => &["update"],
        "DELETE" => &["delete from"],
        _ => &["merge into"],
    };
    while !cursor.at_end() && cursor.take_any(words).is_none() {
        cursor.step();
    }
    cursor.take("only");
    let Some(target) = cursor.name() else { return };
    let target = work.relation(&target);
    if class == "INSERT" {
        work.lock(&target, RowExclusive);
        work.lock_indexes(&target, RowExclusive);
        if !inserts_nothing(work, &cursor, &target) {
            referenced(work, &target);
        }
        return;
    }
    work.lock_all(&target, RowExclusive);
    for table in work.with_children(&target) {
        work.lock_indexes(&table, RowExclusive);
    }
    if !cursor.has("where") && class != "MERGE" {
        work.scan(&target);
    }
    if class == "DELETE" && !work.is_empty(&target) {
        referencing(work, &target);
    }
}

/// Whether the rows come from tables that have none.
fn inserts_nothing(work: &Work<'_>, cursor: &Cursor<'_>, target: &QName) -> bool {
    let mut sources = work.reading.relations.iter().filter(|relation| *relation != target).peekable();
    !cursor.has("values") && sources.peek().is_some() && sources.all(|source| work.is_empty(source))
}

/// New rows look for the rows that they point at.
fn referenced(work: &mut Work<'_>, table: &QName) {
    let keys = work.table(table).map(|t| &t.constraints).into_iter().flatten();
    for (_, constraint) in keys {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            work.lock(&key.references, RowShare);
        }
    }
}

/// Deleted rows look for the rows that point at them, and may change or delete those.
fn referencing(work: &mut Work<'_>, table: &QName) {
    let keys = work.context.schema.references_to(table);
    for (other, constraint) in keys {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            let writes = !matches!(key.on_delete, Action::NoAction | Action::Restrict);
            work.lock(&other.name, if writes { RowExclusive } else { RowShare });
        }
    }
}

/// TRUNCATE; CASCADE takes the tables that point at it along.
pub(super) fn truncate(work: &mut Work<'_>, cursor: &Cursor<'_>) {
    let mut open = work.reading.relations.clone();
    let mut next = 0;
    while let Some(table) = open.get(next).cloned() {
        next += 1;
        work.lock_all(&table, AccessExclusive);
        if cursor.has("cascade") {
            for (other, _) in super::constraints::referencing(work, &table) {
                if !open.contains(&other) {
                    open.push(other);
                }
            }
        }
    }
}

pub(super) fn copy(work: &mut Work<'_>, mut cursor: Cursor<'_>) {
    cursor.take("copy");
    let target = cursor.name();
    let writes = cursor.has("from") && target.is_some();
    lock_named(work, AccessShare);
    if let Some(target) = target.filter(|_| writes) {
        let target = work.relation(&target);
        work.lock(&target, RowExclusive);
    }
}

pub(super) fn lock_table(work: &mut Work<'_>, cursor: &Cursor<'_>) {
    let named = LockMode::ALL.into_iter().filter(|mode| cursor.has(&format!("in {} mode", mode.sql()).to_lowercase()));
    let mode = named.max().unwrap_or(AccessExclusive);
    for relation in &work.reading.relations {
        work.lock_all(relation, mode);
    }
}

pub(super) fn refresh(work: &mut Work<'_>, cursor: &Cursor<'_>) {
    let concurrently = cursor.has("concurrently");
    let Some(view) = work.reading.relations.first().cloned() else { return };
    work.lock(&view, if concurrently { Exclusive } else { AccessExclusive });
    if !concurrently {
        work.rewrite(&view);
    }
}

/// VACUUM, ANALYZE and CLUSTER. Without names they go through all tables, one after the other.
pub(super) fn maintain(work: &mut Work<'_>, cursor: &Cursor<'_>, class: &str) {
    let rewrites = class == "CLUSTER" || class == "VACUUM" && cursor.has("full");
    let mode = if rewrites { AccessExclusive } else { ShareUpdateExclusive };
    for relation in &work.reading.relations {
        work.lock(relation, mode);
        if rewrites {
            work.rewrite(relation);
        }
    }
}

pub(super) fn reindex(work: &mut Work<'_>, mut cursor: Cursor<'_>) {
    cursor.take("reindex");
    cursor.parenthesised();
    let mode = if cursor.has("concurrently") { ShareUpdateExclusive } else { Share };
    let Some(what) = cursor.take_any(&["index", "table", "schema", "database", "system"]) else { return };
    cursor.take("concurrently");
    let own = if mode == Share { AccessExclusive } else { mode };
    let tables: Vec<QName> = match (what, cursor.name()) {
        ("index", Some(index)) => {
            let table = work.index_table(&index);
            if let Some(table) = &table {
                work.lock_index(table.sibling(&index.name), own);
                work.lock(table, mode);
                work.build(table);
            }
            return;
        }
        ("table", Some(table)) => vec![work.relation(&table)],
        ("schema", Some(schema)) => in_schema(work, &schema),
        _ => work.context.schema.tables.keys().cloned().collect(),
    };
    for table in tables {
        work.lock(&table, mode);
        work.lock_indexes(&table, own);
        work.build(&table);
    }
}

fn in_schema(work: &Work<'_>, schema: &Name) -> Vec<QName> {
    work.context.schema.tables.keys().filter(|t| t.schema == schema.name).cloned().collect()
}
