//! One typed difference or intent. Words, SQL and schema comparison all end here; plans begin here.

use super::{
    Column, Constraint, ConstraintKind, Extension, Generated, Identity, Index, ObjectRef, Options, Other, Owned,
    PartitionOf, QName, Rights, Routine, RowSecurity, Sequence, Table, Trigger, TypeDef, View,
};
use serde::{Deserialize, Serialize};

/// Where a new enum value goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Last,
    Before(String),
    After(String),
}

/// How the values of a new column come from existing ones (split and merge).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transform {
    pub column: Column,
    /// SQL expression over the table's columns.
    pub expression: String,
}

/// A change to a schema. Names in it are those before the change unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    CreateSchema {
        name: String,
    },
    DropSchema {
        name: String,
    },
    CreateExtension {
        extension: Extension,
    },
    DropExtension {
        name: String,
    },
    /// To another version or another schema.
    AlterExtension {
        extension: Extension,
    },

    CreateTable {
        table: Box<Table>,
    },
    DropTable {
        name: QName,
    },
    RenameTable {
        from: QName,
        to: String,
    },
    /// Moves a table to another schema.
    SetTableSchema {
        name: QName,
        schema: String,
    },
    SetTableOptions {
        name: QName,
        set: Options,
        reset: Vec<String>,
    },
    /// Attaches the table to a parent, moves its bound, or (`None`) detaches it.
    SetPartition {
        table: QName,
        partition: Option<PartitionOf>,
    },
    /// The tables that it inherits from.
    SetInherits {
        table: QName,
        inherits: Vec<QName>,
    },
    SetRowSecurity {
        table: QName,
        security: RowSecurity,
    },
    SetUnlogged {
        table: QName,
        unlogged: bool,
    },

    AddColumn {
        table: QName,
        column: Column,
    },
    DropColumn {
        table: QName,
        column: String,
    },
    RenameColumn {
        table: QName,
        from: String,
        to: String,
    },
    AlterColumnType {
        table: QName,
        column: String,
        data_type: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collation: Option<String>,
        /// How to convert, when a plain cast does not do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        using: Option<String>,
    },
    /// `None` drops the default.
    SetDefault {
        table: QName,
        column: String,
        default: Option<String>,
    },
    /// `fill` is the expression for rows that are NULL now; without it they make the change fail.
    SetNotNull {
        table: QName,
        column: String,
        fill: Option<String>,
    },
    DropNotNull {
        table: QName,
        column: String,
    },
    SetIdentity {
        table: QName,
        column: String,
        identity: Option<Identity>,
    },
    SetGenerated {
        table: QName,
        column: String,
        generated: Option<Generated>,
    },
    SetColumnOptions {
        table: QName,
        column: String,
        set: Options,
        reset: Vec<String>,
    },
    /// Gives existing rows a value; `only_where` narrows them.
    Backfill {
        table: QName,
        column: String,
        value: String,
        only_where: Option<String>,
    },
    /// One column becomes several, or several become one; the old ones are dropped in the contract phase.
    Reshape {
        table: QName,
        from: Vec<String>,
        into: Vec<Transform>,
    },

    AddConstraint {
        table: QName,
        constraint: Constraint,
    },
    DropConstraint {
        table: QName,
        name: String,
    },
    RenameConstraint {
        table: QName,
        from: String,
        to: String,
    },
    ValidateConstraint {
        table: QName,
        name: String,
    },

    CreateIndex {
        table: QName,
        index: Index,
    },
    DropIndex {
        table: QName,
        name: String,
    },
    /// Makes an index of a partition, or the one behind its constraint of that name, a part of the parent's index.
    AttachIndex {
        table: QName,
        name: String,
        parent: QName,
    },
    RenameIndex {
        table: QName,
        from: String,
        to: String,
    },

    CreateView {
        view: Box<View>,
    },
    /// Replaces the view of the same name.
    ReplaceView {
        view: Box<View>,
    },
    DropView {
        name: QName,
        materialized: bool,
    },
    RenameView {
        from: QName,
        to: String,
        materialized: bool,
    },

    CreateSequence {
        sequence: Sequence,
    },
    AlterSequence {
        sequence: Sequence,
    },
    DropSequence {
        name: QName,
    },
    RenameSequence {
        from: QName,
        to: String,
    },

    CreateType {
        definition: TypeDef,
    },
    DropType {
        name: QName,
    },
    RenameType {
        from: QName,
        to: String,
    },
    AddEnumValue {
        name: QName,
        value: String,
        place: Place,
    },
    RenameEnumValue {
        name: QName,
        from: String,
        to: String,
    },
    /// Any other alteration of a type: becomes what it is in `definition`.
    AlterType {
        definition: TypeDef,
    },

    CreateRoutine {
        routine: Box<Routine>,
    },
    ReplaceRoutine {
        routine: Box<Routine>,
    },
    /// By [`Routine::key`].
    DropRoutine {
        key: QName,
        procedure: bool,
    },

    CreateTrigger {
        table: QName,
        trigger: Trigger,
    },
    DropTrigger {
        table: QName,
        name: String,
    },

    SetComment {
        object: ObjectRef,
        comment: Option<String>,
    },

    /// `None` gives it to its usual owner.
    SetOwner {
        object: ObjectRef,
        owner: Option<Owned>,
    },
    /// Who may do what with an object from now on; `None` leaves it what it has by itself.
    SetRights {
        on: ObjectRef,
        rights: Option<Box<Rights>>,
    },

    CreateOther {
        object: Box<Other>,
    },
    DropOther {
        object: Box<Other>,
    },
    /// Changes the settings of an object that stays.
    AlterOther {
        from: Box<Other>,
        to: Box<Other>,
    },
}

impl Change {
    /// The table that the change is about, when it is about one.
    pub fn table(&self) -> Option<&QName> {
        match self {
            Self::CreateTable { table } => Some(&table.name),
            Self::DropTable { name }
            | Self::RenameTable { from: name, .. }
            | Self::SetTableSchema { name, .. }
            | Self::SetTableOptions { name, .. } => Some(name),
            Self::SetPartition { table, .. }
            | Self::SetInherits { table, .. }
            | Self::SetRowSecurity { table, .. }
            | Self::SetUnlogged { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::AlterColumnType { table, .. }
            | Self::SetDefault { table, .. }
            | Self::SetNotNull { table, .. }
            | Self::DropNotNull { table, .. }
            | Self::SetIdentity { table, .. }
            | Self::SetGenerated { table, .. }
            | Self::SetColumnOptions { table, .. }
            | Self::Backfill { table, .. }
            | Self::Reshape { table, .. }
            | Self::AddConstraint { table, .. }
            | Self::DropConstraint { table, .. }
            | Self::RenameConstraint { table, .. }
            | Self::ValidateConstraint { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::AttachIndex { table, .. }
            | Self::RenameIndex { table, .. }
            | Self::CreateTrigger { table, .. }
            | Self::DropTrigger { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Whether partitions and children get it too when it is made on their parent (PostgreSQL manual, ALTER TABLE:
    /// without ONLY these recurse). Checks do as well, but for those that say otherwise.
    pub fn hands_down(&self) -> bool {
        match self {
            Self::AddColumn { .. }
            | Self::DropColumn { .. }
            | Self::RenameColumn { .. }
            | Self::AlterColumnType { .. }
            | Self::SetDefault { .. }
            | Self::SetNotNull { .. }
            | Self::DropNotNull { .. }
            | Self::SetGenerated { .. } => true,
            Self::AddConstraint { constraint, .. } => {
                matches!(constraint.kind, ConstraintKind::Check { no_inherit: false, .. })
            }
            _ => false,
        }
    }
}
