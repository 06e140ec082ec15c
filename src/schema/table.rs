//! Tables and what hangs on them: columns, constraints, indexes, triggers.

use super::name::QName;
use super::options::Options;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// Parts of a table by name, in the names' order: sorted in one block of memory, because a table has few of each and a
/// schema has many tables.
pub type Named<T> = LiteMap<String, T>;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A table. Expressions are in the text that the engine itself gives back for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: QName,
    /// In the table's own order.
    pub columns: Vec<Column>,
    #[serde(default)]
    pub constraints: Named<Constraint>,
    /// Indexes by bare name; those that a constraint made are not here.
    #[serde(default)]
    pub indexes: Named<Index>,
    #[serde(default)]
    pub triggers: Named<Trigger>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// The partition key as text (`RANGE (sold_at)`), for a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QName>,
    /// The server that has its rows, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
    /// Storage parameters; of a foreign table its wrapper's options; on SQLite `strict` and `without_rowid`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    #[serde(default, skip_serializing_if = "is_default")]
    pub row_security: RowSecurity,
    /// The CREATE statement as the engine keeps it, where it keeps one (SQLite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Live figures; not part of the schema's identity.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stats: TableStats,
}

impl Table {
    pub fn new(name: QName) -> Self {
        Self {
            name,
            columns: Vec::new(),
            constraints: Named::new(),
            indexes: Named::new(),
            triggers: Named::new(),
            comment: None,
            unlogged: false,
            partition_by: None,
            partition_of: None,
            inherits: Vec::new(),
            foreign: None,
            options: Options::new(),
            row_security: RowSecurity::default(),
            sql: None,
            stats: TableStats::default(),
        }
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    pub fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|c| c.name == name)
    }

    /// The primary key's columns, empty when there is none.
    pub fn primary_key(&self) -> &[String] {
        self.constraints
            .values()
            .find_map(|c| match &c.kind {
                ConstraintKind::PrimaryKey { columns } => Some(columns.as_slice()),
                _ => None,
            })
            .unwrap_or_default()
    }
}

/// Live figures of a table: estimates, never counted by scanning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStats {
    /// Estimated rows; `None` when the engine has no estimate yet.
    pub rows: Option<u64>,
    /// Bytes of the table itself.
    pub bytes: Option<u64>,
    /// Bytes of all its indexes.
    pub index_bytes: Option<u64>,
    /// Scans begun a second, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_per_s: Option<u64>,
    /// Rows written a second, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes_per_s: Option<u64>,
}

/// Where a foreign table's rows are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    pub server: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionOf {
    pub parent: QName,
    /// `FOR VALUES FROM (0) TO (100)` or `DEFAULT`.
    pub bound: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSecurity {
    pub enabled: bool,
    pub forced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// The type in the engine's canonical words, with modifiers: `character varying(20)`.
    pub data_type: String,
    pub nullable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Only when it is not the type's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Storage, compression, statistics target and the like, where they are not the default; `fdw.` and its name for
    /// an option of a foreign table's wrapper.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    /// Had only from the tables that this one inherits from, and not declared by itself as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub inherited: bool,
}

impl Column {
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            data_type: data_type.into(),
            nullable: true,
            default: None,
            generated: None,
            identity: None,
            collation: None,
            comment: None,
            options: Options::new(),
            inherited: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    pub expression: String,
    pub stored: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `GENERATED ALWAYS`, else `BY DEFAULT`.
    pub always: bool,
    /// Sequence options that are not the default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// For SQLite's unnamed constraints a name made from the content, with `named` false.
    pub name: String,
    #[serde(flatten)]
    pub kind: ConstraintKind,
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: Deferrable,
    /// False for `NOT VALID`.
    pub validated: bool,
    /// False for `NOT ENFORCED` (PostgreSQL 18).
    pub enforced: bool,
    /// Whether the name stands in the database.
    pub named: bool,
    /// The index of the parent that this constraint's is a part of, for a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<QName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Constraint {
    /// A named, valid, enforced, immediate constraint.
    pub fn new(name: impl Into<String>, kind: ConstraintKind) -> Self {
        Self {
            name: name.into(),
            kind,
            deferrable: Deferrable::No,
            validated: true,
            enforced: true,
            named: true,
            attached_to: None,
            comment: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConstraintKind {
    PrimaryKey {
        columns: Vec<String>,
    },
    Unique {
        columns: Vec<String>,
        #[serde(default, skip_serializing_if = "is_default")]
        nulls_not_distinct: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        include: Vec<String>,
    },
    ForeignKey(ForeignKey),
    Check {
        /// Without the outer parentheses.
        expression: String,
        #[serde(default, skip_serializing_if = "is_default")]
        no_inherit: bool,
    },
    /// A named not-null constraint, where the engine keeps them apart and the name is not the usual one.
    NotNull {
        column: String,
        #[serde(default, skip_serializing_if = "is_default")]
        no_inherit: bool,
    },
    /// Exclusion constraints, and whatever has no closer form: the definition after the name, as text.
    Other {
        definition: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    pub references: QName,
    /// Empty means the referenced table's primary key (SQLite).
    pub referenced_columns: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_update: Action,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_delete: Action,
    #[serde(default, skip_serializing_if = "is_default")]
    pub match_full: bool,
}

/// What happens to the referencing rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl Action {
    /// The SQL words.
    pub fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    #[default]
    No,
    InitiallyImmediate,
    InitiallyDeferred,
}

/// The engine's own text of an object. Two objects that differ in nothing else are the same, so all are equal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptText(pub Option<String>);

impl KeptText {
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl PartialEq for KeptText {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for KeptText {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The bare name; an index is in its table's schema.
    pub name: String,
    /// `btree` unless said otherwise.
    pub method: String,
    pub keys: Vec<IndexKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    pub unique: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub nulls_not_distinct: bool,
    /// The WHERE clause, without the word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    /// False when an earlier concurrent build failed; of a partitioned table's, while a partition has no part of it.
    pub valid: bool,
    /// The index of the parent that this one is a part of, for a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<QName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The CREATE statement as the engine keeps it, where it keeps one (SQLite).
    #[serde(default, skip_serializing_if = "KeptText::is_none")]
    pub sql: KeptText,
}

impl Index {
    /// The columns of an index that a foreign key can point at.
    pub fn unique_columns(&self) -> Option<Vec<&String>> {
        if !self.unique || self.predicate.is_some() {
            return None;
        }
        let columns = self.keys.iter().map(|key| match &key.on {
            IndexTarget::Column(name) => Some(name),
            IndexTarget::Expression(_) => None,
        });
        columns.collect()
    }

    /// A plain index on columns, in their order.
    pub fn on_columns(name: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            name: name.into(),
            method: "btree".into(),
            keys: columns.iter().map(|c| IndexKey::column(*c)).collect(),
            include: Vec::new(),
            unique: false,
            nulls_not_distinct: false,
            predicate: None,
            options: Options::new(),
            valid: true,
            attached_to: None,
            comment: None,
            sql: KeptText::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexKey {
    #[serde(flatten)]
    pub on: IndexTarget,
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
    /// Only where it is not the order's own default (ascending: last, descending: first).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls_first: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Operator class with its parameters, where it is not the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opclass: Option<String>,
}

impl IndexKey {
    pub fn column(name: impl Into<String>) -> Self {
        Self {
            on: IndexTarget::Column(name.into()),
            descending: false,
            nulls_first: None,
            collation: None,
            opclass: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexTarget {
    Column(String),
    /// Without outer parentheses.
    Expression(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub name: String,
    /// The whole CREATE statement.
    pub definition: String,
    /// `always`, `replica` or `disabled`, when not simply enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The trigger's function, where it is a thing apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<QName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}
