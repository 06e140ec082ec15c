//! What the statements about tables, indexes and dropped things say, before names are resolved.

use super::cursor::Name;
use super::types::TypeName;
use crate::schema::{Action as KeyAction, Deferrable, Identity, Options};

/// One of the statements that both the reader and the judge take apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Tree {
    CreateTable(CreateTable),
    Alter(Alter),
    CreateIndex(CreateIndex),
    Drop(Drop),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct CreateTable {
    pub name: Name,
    pub temporary: bool,
    pub unlogged: bool,
    pub if_not_exists: bool,
    pub columns: Vec<ColumnDef>,
    pub constraints: Vec<ConstraintDef>,
    pub partition_of: Option<(Name, String)>,
    pub partition_by: Option<String>,
    pub inherits: Vec<Name>,
    pub like: Vec<Name>,
    pub options: Options,
    /// `AS query`.
    pub query: Option<String>,
    /// Something that is not in the fields above.
    pub more: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct ColumnDef {
    pub name: String,
    pub data_type: TypeName,
    pub collation: Option<String>,
    pub not_null: bool,
    pub default: Option<String>,
    /// Expression and whether it is stored.
    pub generated: Option<(String, bool)>,
    pub identity: Option<Identity>,
    pub constraints: Vec<ConstraintDef>,
    pub options: Options,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct ConstraintDef {
    pub name: Option<String>,
    pub body: Body,
    pub deferrable: Deferrable,
    pub not_valid: bool,
    pub not_enforced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Body {
    PrimaryKey {
        columns: Vec<String>,
        include: Vec<String>,
    },
    Unique {
        columns: Vec<String>,
        nulls_not_distinct: bool,
        include: Vec<String>,
    },
    UsingIndex {
        primary: bool,
        index: String,
    },
    Check {
        expression: String,
        no_inherit: bool,
    },
    ForeignKey(Reference),
    NotNull {
        column: String,
        no_inherit: bool,
    },
    /// `EXCLUDE …` as written, and names of its columns.
    Exclude {
        definition: String,
        columns: Vec<String>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Reference {
    pub columns: Vec<String>,
    pub table: Name,
    pub referenced: Vec<String>,
    pub on_update: KeyAction,
    pub on_delete: KeyAction,
    pub match_full: bool,
    /// `SET NULL (columns)` or `PERIOD`, which have no model.
    pub more: bool,
}

/// `ALTER TABLE` and its like for the other relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Alter {
    /// `table`, `index`, `view`, `materialized view`, `foreign table`.
    pub kind: &'static str,
    pub name: Name,
    pub if_exists: bool,
    pub only: bool,
    pub actions: Vec<Action>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Action {
    AddColumn {
        column: Box<ColumnDef>,
        if_not_exists: bool,
    },
    DropColumn {
        column: String,
        if_exists: bool,
        cascade: bool,
    },
    SetType {
        column: String,
        data_type: TypeName,
        collation: Option<String>,
        using: Option<String>,
    },
    SetDefault {
        column: String,
        default: Option<String>,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    SetExpression {
        column: String,
        expression: String,
    },
    DropExpression {
        column: String,
        if_exists: bool,
    },
    AddIdentity {
        column: String,
        identity: Identity,
    },
    /// `SET GENERATED …`, `SET INCREMENT …`, `RESTART`.
    ChangeIdentity {
        column: String,
    },
    DropIdentity {
        column: String,
        if_exists: bool,
    },
    SetStatistics {
        column: String,
        value: String,
    },
    ColumnOptions {
        column: String,
        set: Options,
        reset: Vec<String>,
    },
    SetStorage {
        column: String,
        value: String,
    },
    SetCompression {
        column: String,
        value: String,
    },
    AddConstraint(ConstraintDef),
    AlterConstraint {
        name: String,
        enforced: Option<bool>,
        deferrable: Option<Deferrable>,
    },
    Validate {
        name: String,
    },
    DropConstraint {
        name: String,
        if_exists: bool,
        cascade: bool,
    },
    /// `enabled`, `disabled`, `always` or `replica`; the trigger may be `all` or `user`.
    TriggerState {
        trigger: String,
        state: &'static str,
    },
    RowSecurity {
        enabled: Option<bool>,
        forced: Option<bool>,
    },
    Cluster,
    SetTablespace,
    SetAccessMethod {
        method: String,
    },
    SetLogged {
        logged: bool,
    },
    Options {
        set: Options,
        reset: Vec<String>,
    },
    Inherit {
        parent: Name,
        join: bool,
    },
    Attach {
        partition: Name,
        bound: String,
    },
    Detach {
        partition: Name,
        concurrently: bool,
    },
    /// An index's partition.
    AttachIndex {
        index: Name,
    },
    RenameTo {
        name: String,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    SetSchema {
        schema: String,
    },
    /// OWNER TO, REPLICA IDENTITY, RULE, OF, foreign-table options.
    Other,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct CreateIndex {
    pub name: Option<String>,
    pub table: Name,
    pub unique: bool,
    pub concurrently: bool,
    pub if_not_exists: bool,
    pub only: bool,
    pub method: Option<String>,
    pub keys: Vec<crate::schema::IndexKey>,
    pub include: Vec<String>,
    pub nulls_not_distinct: bool,
    pub options: Options,
    pub predicate: Option<String>,
    pub tablespace: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Drop {
    /// `table`, `index`, `view`, `function` … in lower case.
    pub kind: &'static str,
    pub concurrently: bool,
    pub if_exists: bool,
    pub cascade: bool,
    pub items: Vec<Dropped>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Dropped {
    pub name: Name,
    /// Of a trigger, policy or rule.
    pub on: Option<Name>,
    /// Of a routine, as written.
    pub arguments: Option<String>,
}
