//! What sort of change a change is.

use super::{Change, ObjectKind, ObjectRef, QName};

impl Change {
    /// The object, or part of one, that the change takes away by itself; but for tables, which go with all their parts.
    pub fn taken(&self) -> Option<ObjectRef> {
        use ObjectKind::{Column, Constraint, Default, Extension, Index, Routine, Sequence, Trigger, Type};
        Some(match self {
            Self::DropView { name, materialized } => ObjectRef::new(ObjectKind::of_view(*materialized), name.clone()),
            Self::DropType { name } => ObjectRef::new(Type, name.clone()),
            Self::DropSequence { name } => ObjectRef::new(Sequence, name.clone()),
            Self::DropRoutine { key, .. } => ObjectRef::new(Routine, key.clone()),
            Self::DropExtension { name } => ObjectRef::new(Extension, QName::new("", name)),
            Self::DropOther { object } => object.id.clone(),
            Self::DropColumn { table, column } => ObjectRef::part(Column, table.clone(), column),
            Self::SetDefault { table, column, default: None } => ObjectRef::part(Default, table.clone(), column),
            Self::DropConstraint { table, name } => ObjectRef::part(Constraint, table.clone(), name),
            Self::DropIndex { table, name } => ObjectRef::part(Index, table.clone(), name),
            Self::DropTrigger { table, name } => ObjectRef::part(Trigger, table.clone(), name),
            _ => return None,
        })
    }

    /// Whether it makes a whole object.
    pub fn makes_object(&self) -> bool {
        matches!(
            self,
            Self::CreateSchema { .. }
                | Self::CreateExtension { .. }
                | Self::CreateTable { .. }
                | Self::CreateView { .. }
                | Self::CreateSequence { .. }
                | Self::CreateType { .. }
                | Self::CreateRoutine { .. }
                | Self::CreateOther { .. }
                | Self::CreateIndex { .. }
                | Self::CreateTrigger { .. }
        )
    }

    /// Whether it removes a whole object.
    pub fn takes_object(&self) -> bool {
        matches!(
            self,
            Self::DropSchema { .. }
                | Self::DropExtension { .. }
                | Self::DropTable { .. }
                | Self::DropView { .. }
                | Self::DropSequence { .. }
                | Self::DropType { .. }
                | Self::DropRoutine { .. }
                | Self::DropOther { .. }
                | Self::DropIndex { .. }
                | Self::DropTrigger { .. }
        )
    }
}
