//! What a database is made of: the model, the changes to it, its canonical form and its fingerprint.
//!
//! The model is engine-neutral; expressions, types and definitions are text in the engine's own words. Maps are
//! sorted and vectors keep the engine's order, so serialising a schema is canonical as it stands.

mod adopt;
mod apply;
mod apply_rights;
mod change;
mod change_kind;
mod dependencies;
mod fingerprint;
mod lookup;
mod name;
mod object;
mod options;
mod other;
mod partition;
mod parts;
mod rights;
mod shared;
mod table;
mod tables;

pub use apply::ApplyError;
pub(crate) use apply_rights::{rights_of_other, rights_of_relation};
pub use change::{Change, Place, Transform};
pub use fingerprint::hex;
pub use name::{ObjectKind, ObjectRef, QName};
pub use object::{
    Attribute, Dependency, DomainCheck, Extension, Namespace, OutlineEntry, Routine, Sequence, TypeDef, TypeKind, View,
};
pub use options::Options;
pub use other::{Other, ROW_TYPE, Setting};
pub use partition::Part as IndexPart;
pub use parts::{Part, Parts};
pub use rights::{ALL, Grant, Grantee, Owned, Rights, Roles, default_privileges};
pub use shared::Shared;
pub use table::{
    Action, Column, Constraint, ConstraintKind, Deferrable, Foreign, ForeignKey, Generated, Identity, Index, IndexKey,
    IndexTarget, KeptText, Named, PartitionOf, RowSecurity, Table, TableStats, Trigger,
};
pub use tables::Tables;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    Postgres,
    Mysql,
    Mariadb,
    Sqlite,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::Sqlite => "SQLite",
        })
    }
}

/// Everything defined in one database at one moment. Lockstep's own tables are never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub engine: EngineKind,
    /// As the server says it; not part of the fingerprint.
    pub server_version: String,
    #[serde(default)]
    pub namespaces: BTreeMap<String, Namespace>,
    #[serde(default)]
    pub extensions: BTreeMap<String, Extension>,
    #[serde(default)]
    pub types: BTreeMap<QName, TypeDef>,
    #[serde(default)]
    pub sequences: BTreeMap<QName, Sequence>,
    #[serde(default)]
    pub tables: Tables,
    #[serde(default)]
    pub views: BTreeMap<QName, View>,
    /// By [`Routine::key`].
    #[serde(default)]
    pub routines: BTreeMap<QName, Routine>,
    #[serde(default)]
    pub others: Vec<Other>,
    /// Owners that are not the usual ones.
    #[serde(default = "rights::by_object::empty", skip_serializing_if = "rights::by_object::is_empty")]
    #[serde(with = "rights::by_object")]
    pub owners: Shared<BTreeMap<ObjectRef, Owned>>,
    /// Rights that objects do not have by themselves, and default privileges.
    #[serde(default = "rights::by_object::empty", skip_serializing_if = "rights::by_object::is_empty")]
    #[serde(with = "rights::by_object")]
    pub rights: Shared<BTreeMap<ObjectRef, Rights>>,
    /// Not part of the fingerprint.
    #[serde(default, skip_serializing_if = "Roles::are_unknown")]
    pub roles: Roles,
    /// What is there but not modelled, so that nothing is silently missing.
    #[serde(default)]
    pub unmodelled: Vec<ObjectRef>,
    /// What cannot be without what; not part of the fingerprint. Copies of a schema share it.
    #[serde(default)]
    pub dependencies: Shared<Vec<Dependency>>,
    /// Whether `dependencies` is all that a server keeps of them, so that no text has to be searched for names.
    #[serde(default)]
    pub tracked: bool,
}

impl Schema {
    pub fn empty(engine: EngineKind) -> Self {
        Self {
            engine,
            server_version: String::new(),
            namespaces: BTreeMap::new(),
            extensions: BTreeMap::new(),
            types: BTreeMap::new(),
            sequences: BTreeMap::new(),
            tables: Tables::default(),
            views: BTreeMap::new(),
            routines: BTreeMap::new(),
            others: Vec::new(),
            owners: BTreeMap::new().into(),
            rights: BTreeMap::new().into(),
            roles: Roles::default(),
            unmodelled: Vec::new(),
            dependencies: Shared::default(),
            tracked: false,
        }
    }

    /// What stops existing or working without `object`, directly.
    pub fn dependants<'a>(&'a self, object: &'a ObjectRef) -> impl Iterator<Item = &'a ObjectRef> + 'a {
        self.dependencies.iter().filter(move |d| d.on == *object).map(|d| &d.from)
    }

    /// Foreign keys of other tables that point at `table`, with the table that has each.
    pub fn references_to<'a>(&'a self, table: &'a QName) -> impl Iterator<Item = (&'a Table, &'a Constraint)> + 'a {
        self.tables.referring_to(table).flat_map(move |t| {
            t.constraints
                .values()
                .filter(move |c| matches!(&c.kind, ConstraintKind::ForeignKey(fk) if fk.references == *table))
                .map(move |c| (&**t, c))
        })
    }
}
