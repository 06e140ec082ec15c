//! The usual place of each kind of change, where nothing else decides.
//!
//! Dependants go down first (views, triggers, foreign keys, other constraints, indexes), then things are made from
//! the ground up (schemas, extensions, types, sequences, tables, columns, routines, keys, checks, indexes, foreign
//! keys, views, triggers, policies, comments), and what holds data is dropped last.

use crate::schema::{Change, Constraint, ConstraintKind, ObjectKind, ObjectRef, QName, Schema, TypeKind};

fn is_foreign_key(schema: &Schema, table: &QName, name: &str) -> bool {
    let found = schema.tables.get(table).and_then(|t| t.constraints.get(name));
    found.is_some_and(|c| matches!(c.kind, ConstraintKind::ForeignKey(_)))
}

/// Objects that tables and columns may be made of.
fn is_ground(object: &ObjectRef) -> bool {
    use ObjectKind::{
        AccessMethod, Collation, ForeignDataWrapper, ForeignServer, Language, TextSearchConfiguration,
        TextSearchDictionary, TextSearchParser, TextSearchTemplate,
    };
    matches!(
        object.kind,
        AccessMethod
            | Collation
            | ForeignDataWrapper
            | ForeignServer
            | Language
            | TextSearchConfiguration
            | TextSearchDictionary
            | TextSearchParser
            | TextSearchTemplate
    )
}

/// Objects that are made of routines.
fn is_of_routines(object: &ObjectRef) -> bool {
    use ObjectKind::{Aggregate, Cast, Conversion, Operator, OperatorClass, OperatorFamily, Transform};
    matches!(object.kind, Aggregate | Cast | Conversion | Operator | OperatorClass | OperatorFamily | Transform)
}

fn given(object: &ObjectRef) -> u8 {
    match object.kind {
        // It may forbid what the plan does before.
        ObjectKind::EventTrigger => 99,
        _ => 52,
    }
}

/// Whether an index or constraint is a part of the parent's, or not there before.
fn is_of_parent(schema: &Schema, table: &QName, name: &str) -> bool {
    let Some(table) = schema.tables.get(table) else { return false };
    match table.part(name) {
        Some(part) => part.attached_to().is_some(),
        None => !table.constraints.contains_key(name),
    }
}

fn only_leaves(schema: &Schema, table: &QName, parents: &[QName]) -> bool {
    schema.tables.get(table).is_some_and(|t| parents.iter().all(|p| t.inherits.contains(p)))
}

fn added(constraint: &Constraint) -> u8 {
    match constraint.kind {
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => 42,
        ConstraintKind::ForeignKey(_) => 47,
        _ => 43,
    }
}

/// Lower goes first. `before` tells what a dropped constraint is.
pub(super) fn rank(change: &Change, before: &Schema) -> u8 {
    match change {
        // It may forbid what the plan does afterwards.
        Change::DropOther { object } if object.id.kind == ObjectKind::EventTrigger => 0,
        // What is made from here on shall not get rights by default that it must be taken from again.
        Change::SetRights { on, rights: None } if on.kind == ObjectKind::DefaultPrivileges => 0,
        Change::SetRights { on, .. } if on.kind == ObjectKind::DefaultPrivileges => 99,
        Change::DropView { .. } => 1,
        Change::DropTrigger { .. } => 2,
        Change::DropConstraint { table, name } if is_foreign_key(before, table, name) => 3,
        Change::DropOther { object } if is_ground(&object.id) => 96,
        Change::DropOther { object } if is_of_routines(&object.id) => 5,
        Change::DropOther { .. } => 4,
        // What a partition has of its parent's is its own only when it is detached.
        Change::DropConstraint { table, name } | Change::DropIndex { table, name }
            if is_of_parent(before, table, name) =>
        {
            9
        }
        Change::DropConstraint { .. } => 6,
        Change::DropIndex { .. } => 7,
        Change::SetPartition { partition: None, .. } => 8,
        Change::SetInherits { table, inherits } if only_leaves(before, table, inherits) => 8,

        Change::CreateSchema { .. } => 10,
        Change::CreateExtension { .. } | Change::AlterExtension { .. } => 11,
        Change::CreateOther { object } if is_ground(&object.id) => 12,
        // Values that go may be in columns and defaults that go as well.
        Change::AlterType { definition } if matches!(definition.kind, TypeKind::Enum { .. }) => 93,
        Change::CreateType { .. }
        | Change::AlterType { .. }
        | Change::AddEnumValue { .. }
        | Change::RenameEnumValue { .. } => 13,
        Change::CreateSequence { .. } => 14,
        Change::CreateTable { .. } => 20,
        Change::AddColumn { .. } => 30,
        Change::AlterColumnType { .. }
        | Change::SetDefault { .. }
        | Change::SetNotNull { .. }
        | Change::DropNotNull { .. }
        | Change::SetIdentity { .. }
        | Change::SetGenerated { .. }
        | Change::SetColumnOptions { .. }
        | Change::Backfill { .. }
        | Change::Reshape { .. }
        | Change::SetTableOptions { .. }
        | Change::SetUnlogged { .. }
        | Change::SetRowSecurity { .. } => 31,
        Change::AlterSequence { .. } => 32,
        Change::CreateRoutine { .. } | Change::ReplaceRoutine { .. } => 40,
        Change::CreateOther { object } if is_of_routines(&object.id) => 41,
        Change::AddConstraint { constraint, .. } => added(constraint),
        Change::SetInherits { .. } => 44,
        Change::CreateIndex { .. } => 45,
        Change::SetPartition { .. } | Change::AttachIndex { .. } => 46,
        Change::ValidateConstraint { .. } => 48,
        Change::CreateView { .. } | Change::ReplaceView { .. } => 50,
        Change::CreateTrigger { .. } => 51,
        Change::CreateOther { object } | Change::AlterOther { to: object, .. } => given(&object.id),
        Change::SetComment { .. } => 53,
        Change::SetOwner { object, .. } if object.kind == ObjectKind::EventTrigger => 100,
        // The owner is who grants.
        Change::SetOwner { .. } => 54,
        Change::SetRights { .. } => 55,

        Change::DropColumn { .. } => 90,
        Change::DropTable { .. } => 91,
        Change::DropSequence { .. } => 92,
        Change::DropRoutine { .. } => 94,
        Change::DropType { .. } => 95,
        Change::DropExtension { .. } => 97,
        Change::DropSchema { .. } => 98,

        Change::RenameTable { .. }
        | Change::SetTableSchema { .. }
        | Change::RenameColumn { .. }
        | Change::RenameConstraint { .. }
        | Change::RenameIndex { .. }
        | Change::RenameView { .. }
        | Change::RenameSequence { .. }
        | Change::RenameType { .. } => 0,
    }
}
