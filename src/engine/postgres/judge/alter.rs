//! `ALTER TABLE`: one lock level for the whole statement (`AlterTableGetLockLevel` of PostgreSQL's table commands), then
//! what each action does to the rows and to other tables.

use super::columns;
use super::constraints;
use super::work::Work;
use crate::engine::postgres::reader::tree::{Action, Alter, Body, ConstraintDef};
use crate::plan::LockMode::{self, AccessExclusive, RowShare, ShareRowExclusive, ShareUpdateExclusive};
use crate::schema::{ConstraintKind, Options, QName};

pub(super) fn alter(work: &mut Work<'_>, tree: &Alter) {
    if tree.kind == "index" {
        // Only the index itself is locked, whose table goes on.
        let set = tree.actions.iter().any(|action| matches!(action, Action::Options { .. }));
        if let Some(table) = work.index_table(&tree.name).filter(|_| set) {
            work.lock_index(table.sibling(&tree.name.name), ShareUpdateExclusive);
        }
        return;
    }
    if tree.kind == "sequence" {
        let sequence = work.relation(&tree.name);
        work.lock(&sequence, AccessExclusive);
        return;
    }
    let name = work.relation(&tree.name);
    let levels = tree.actions.iter().map(|action| level(action, work.version));
    let level = levels.max().unwrap_or(AccessExclusive);
    work.lock(&name, level);
    for action in &tree.actions {
        if recurses(action, work.version) && !tree.only {
            work.lock_all(&name, level);
        }
        effects(work, &name, action, level, tree);
    }
}

/// The lock that an action needs on the table.
fn level(action: &Action, version: u32) -> LockMode {
    match action {
        Action::AddConstraint(definition) if constraints::is_foreign_key(definition) => ShareRowExclusive,
        Action::TriggerState { .. } => ShareRowExclusive,
        Action::Validate { .. }
        | Action::SetStatistics { .. }
        | Action::ColumnOptions { .. }
        | Action::Cluster
        | Action::Attach { .. } => ShareUpdateExclusive,
        Action::Detach { concurrently: true, .. } if version >= 14 => ShareUpdateExclusive,
        Action::Options { set, reset } => options_level(set, reset),
        _ => AccessExclusive,
    }
}

fn options_level(set: &Options, reset: &[String]) -> LockMode {
    let mut names = set.keys().chain(reset);
    if names.any(|name| name == "user_catalog_table" || name.starts_with("security_") || name == "check_option") {
        AccessExclusive
    } else {
        ShareUpdateExclusive
    }
}

/// Whether the action goes down to partitions and inheriting tables.
fn recurses(action: &Action, version: u32) -> bool {
    if let Action::AddConstraint(ConstraintDef { body: Body::Check { no_inherit: true, .. }, .. }) = action {
        // Since 18 the children are locked before it is seen that they get nothing.
        return version >= 18;
    }
    matches!(
        action,
        Action::AddColumn { .. }
            | Action::DropColumn { .. }
            | Action::SetType { .. }
            | Action::SetDefault { .. }
            | Action::SetNotNull { .. }
            | Action::DropNotNull { .. }
            | Action::SetExpression { .. }
            | Action::DropExpression { .. }
            | Action::SetStatistics { .. }
            | Action::SetStorage { .. }
            | Action::AddConstraint(_)
            | Action::Validate { .. }
            | Action::AlterConstraint { .. }
            | Action::DropConstraint { .. }
            | Action::TriggerState { .. }
            | Action::RenameColumn { .. }
            | Action::RenameConstraint { .. }
    )
}

fn effects(work: &mut Work<'_>, name: &QName, action: &Action, level: LockMode, tree: &Alter) {
    match action {
        Action::AddColumn { column, if_not_exists } => columns::add(work, name, column, *if_not_exists),
        Action::DropColumn { column, cascade, .. } => {
            drop_keys(work, name, column);
            if *cascade {
                super::tables::gone_along(work, name);
            }
        }
        Action::SetType { column, data_type, collation, using } => {
            columns::set_type(work, name, column, data_type, collation.as_deref(), using.as_deref());
        }
        Action::SetNotNull { column } => constraints::set_not_null(work, name, column),
        Action::SetExpression { column, .. } => {
            let stored = work.table(name).and_then(|t| t.column(column)).and_then(|c| c.generated.as_ref());
            if stored.is_none_or(|g| g.stored) {
                work.rewrite(name);
            }
        }
        Action::SetAccessMethod { .. } => work.rewrite(name),
        Action::SetLogged { logged } if work.table(name).is_none_or(|t| t.unlogged == *logged) => work.rewrite(name),
        Action::AddConstraint(definition) => constraints::add(work, name, definition, tree.only),
        Action::Validate { name: constraint } => validate(work, name, constraint),
        Action::DropConstraint { name: constraint, cascade, .. } => {
            constraints::dropped(work, name, constraint, *cascade);
        }
        Action::AlterConstraint { name: constraint, enforced, .. } => {
            constraints::altered(work, name, constraint, *enforced);
        }
        Action::Inherit { parent, join } => {
            let parent = work.relation(parent);
            work.lock(&parent, if *join { ShareUpdateExclusive } else { LockMode::AccessShare });
        }
        Action::Attach { partition, bound } => {
            let partition = work.relation(partition);
            super::partitions::attach(work, name, &partition, bound);
        }
        Action::Detach { partition, concurrently } => {
            let partition = work.relation(partition);
            super::partitions::detach(work, name, &partition, *concurrently, level);
        }
        _ => {}
    }
}

/// Foreign keys that go with a dropped column take their triggers off the other table.
fn drop_keys(work: &mut Work<'_>, name: &QName, column: &str) {
    let own = work.table(name).map(|t| &t.constraints).into_iter().flatten();
    let own: Vec<String> =
        own.filter(|(_, c)| c.kind.columns().iter().any(|n| n == column)).map(|(n, _)| n.clone()).collect();
    for constraint in own {
        constraints::dropped(work, name, &constraint, false);
    }
}

fn validate(work: &mut Work<'_>, name: &QName, constraint: &str) {
    let known = work.table(name).and_then(|t| t.constraints.get(constraint));
    if known.is_some_and(|c| c.validated) {
        return;
    }
    if let Some(ConstraintKind::ForeignKey(key)) = known.map(|c| &c.kind) {
        let references = key.references.clone();
        work.lock_all(&references, RowShare);
    }
    work.scan(name);
}
