//! `CREATE TABLE`, `CREATE INDEX` and `DROP`.

use super::constraints;
use super::partitions;
use super::work::Work;
use crate::engine::postgres::reader::tree::{Body, CreateIndex, CreateTable, Drop};
use crate::plan::LockMode::{self, AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive};
use crate::schema::{Change, ConstraintKind, QName};

pub(super) fn create_table(work: &mut Work<'_>, tree: &CreateTable) {
    if tree.if_not_exists && work.reading.changes.is_empty() && !tree.temporary && tree.query.is_none() {
        return;
    }
    let all = tree.columns.iter().flat_map(|c| &c.constraints).chain(&tree.constraints);
    for definition in all {
        if let Body::ForeignKey(key) = &definition.body {
            let references = work.relation(&key.table);
            work.lock_all(&references, ShareRowExclusive);
        }
    }
    for parent in &tree.inherits {
        let parent = work.relation(parent);
        work.lock(&parent, ShareUpdateExclusive);
    }
    for source in &tree.like {
        let source = work.relation(source);
        work.lock(&source, AccessShare);
    }
    if let Some((parent, bound)) = &tree.partition_of {
        let parent = work.relation(parent);
        partitions::create(work, &parent, bound);
    }
    if tree.query.is_some() {
        lock_named(work, AccessShare);
    }
}

/// Locks every existing relation that the statement names.
pub(super) fn lock_named(work: &mut Work<'_>, mode: LockMode) {
    for relation in &work.reading.relations {
        work.lock(relation, mode);
    }
}

pub(super) fn create_index(work: &mut Work<'_>, tree: &CreateIndex) {
    let table = work.relation(&tree.table);
    let mode = if tree.concurrently { ShareUpdateExclusive } else { Share };
    if tree.only {
        work.lock(&table, mode);
    } else {
        work.lock_all(&table, mode);
    }
    let exists = tree.if_not_exists && work.reading.changes.is_empty();
    let is_parent = work.table(&table).is_some_and(|t| t.partition_by.is_some());
    if !(exists || tree.only && is_parent) {
        work.build(&table);
    }
}

pub(super) fn drop_objects(work: &mut Work<'_>, tree: &Drop) {
    let index = if tree.concurrently { ShareUpdateExclusive } else { AccessExclusive };
    // The reader has found what exists and what goes along.
    for change in &work.reading.changes {
        match change {
            Change::DropTable { name } => drop_table(work, name),
            Change::DropView { name, .. } => work.lock(name, AccessExclusive),
            Change::DropIndex { table, name } => {
                work.lock_all(table, index);
                work.lock_index(table.sibling(name), index);
            }
            Change::DropConstraint { table, name } => {
                work.lock_all(table, AccessExclusive);
                constraints::dropped(work, table, name, tree.cascade);
            }
            Change::DropColumn { table, .. } => work.lock_all(table, AccessExclusive),
            Change::DropTrigger { table, .. } => work.lock_all(table, AccessExclusive),
            _ => {}
        }
    }
    for item in &tree.items {
        if let Some(on) = &item.on {
            let table = work.relation(on);
            work.lock(&table, AccessExclusive);
        }
        if tree.kind == "foreign table" {
            let name = work.relation(&item.name);
            work.lock(&name, AccessExclusive);
        }
    }
}

fn drop_table(work: &mut Work<'_>, name: &QName) {
    work.lock_all(name, AccessExclusive);
    work.lock_indexes(name, AccessExclusive);
    let Some(table) = work.table(name) else { return };
    if let Some(partition) = &table.partition_of {
        work.lock(&partition.parent, AccessExclusive);
        if let Some(default) = work.default_partition(&partition.parent) {
            work.lock(&default, AccessExclusive);
        }
    }
    for constraint in table.constraints.values() {
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            work.lock_all(&key.references, AccessExclusive);
        }
    }
}

/// What goes with a column that other things need: views, and constraints and triggers of other tables.
pub(super) fn gone_along(work: &mut Work<'_>, table: &QName) {
    for change in &work.reading.changes {
        match change {
            Change::DropView { name, .. } => work.lock(name, AccessExclusive),
            Change::DropConstraint { table: other, name } if other != table => {
                work.lock_all(other, AccessExclusive);
                constraints::dropped(work, other, name, true);
            }
            Change::DropTrigger { table: other, .. } if other != table => work.lock_all(other, AccessExclusive),
            _ => {}
        }
    }
}
