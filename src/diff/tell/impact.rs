//! What changes mean to a running application.

use super::Impact;
use crate::schema::{Change, ConstraintKind, ObjectKind};

/// What one change means by itself.
pub(super) fn impact(change: &Change) -> Impact {
    match change {
        Change::DropTable { .. } | Change::DropColumn { .. } | Change::Reshape { .. } => Impact::Destructive,
        // What rests on statistics or on where a table lies is its speed.
        Change::DropOther { object } if matches!(object.id.kind, ObjectKind::TableSetting | ObjectKind::Statistics) => {
            Impact::Additive
        }
        Change::DropSchema { .. }
        | Change::DropExtension { .. }
        | Change::DropView { .. }
        | Change::DropSequence { .. }
        | Change::DropType { .. }
        | Change::DropRoutine { .. }
        | Change::DropTrigger { .. }
        | Change::DropOther { .. }
        | Change::RenameTable { .. }
        | Change::SetTableSchema { .. }
        | Change::RenameColumn { .. }
        | Change::RenameView { .. }
        | Change::RenameSequence { .. }
        | Change::RenameType { .. }
        | Change::RenameEnumValue { .. }
        | Change::AlterType { .. }
        | Change::AlterColumnType { .. }
        | Change::SetNotNull { .. }
        | Change::DropNotNull { .. }
        | Change::SetGenerated { .. }
        | Change::SetPartition { .. }
        | Change::SetInherits { .. }
        | Change::SetDefault { default: None, .. } => Impact::Breaking,
        Change::SetRowSecurity { security, .. } if security.enabled => Impact::Breaking,
        // Whom something was taken from cannot be seen here; that somebody lost it can.
        Change::SetOwner { .. } | Change::SetRights { rights: None, .. } => Impact::Breaking,
        Change::AddColumn { column, .. } => {
            let given = column.default.is_some() || column.generated.is_some() || column.identity.is_some();
            if column.nullable || given { Impact::Additive } else { Impact::Breaking }
        }
        Change::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::PrimaryKey { .. } if !constraint.enforced => Impact::Additive,
            _ => Impact::Breaking,
        },
        Change::CreateIndex { index, .. } if index.unique => Impact::Breaking,
        _ => Impact::Additive,
    }
}
