//! The schema while it is put together, by the catalogs' own numbers.

use crate::schema::{EngineKind, ObjectKind, ObjectRef, QName, Schema, Table, View};
use std::collections::HashMap;

/// A system catalog whose objects depend on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Catalog {
    Relation,
    Routine,
    Rewrite,
    Trigger,
    Policy,
    /// The expression of a generated column.
    Default,
}

pub(super) struct Build {
    /// Major version.
    pub(super) version: u32,
    pub(super) schema: Schema,
    pub(super) tables: HashMap<i64, Table>,
    pub(super) views: HashMap<i64, View>,
    /// Column names by relation and number.
    pub(super) columns: HashMap<(i64, i16), String>,
    /// The collation of each column, by relation and number.
    pub(super) collations: HashMap<(i64, i16), i64>,
    /// What an object of a catalog is called.
    pub(super) names: HashMap<(Catalog, i64), ObjectRef>,
}

impl Build {
    pub(super) fn new(version: u32, server_version: &str) -> Self {
        let mut schema = Schema::empty(EngineKind::Postgres);
        server_version.clone_into(&mut schema.server_version);
        Self {
            version,
            schema,
            tables: HashMap::new(),
            views: HashMap::new(),
            columns: HashMap::new(),
            collations: HashMap::new(),
            names: HashMap::new(),
        }
    }

    /// `yes` on servers from `version` on, else `no`: for columns that older catalogs lack.
    pub(super) fn since<'t>(&self, version: u32, yes: &'t str, no: &'t str) -> &'t str {
        if self.version >= version { yes } else { no }
    }

    pub(super) fn relation(&self, oid: i64) -> Option<&QName> {
        self.names.get(&(Catalog::Relation, oid)).map(|r| &r.name)
    }

    pub(super) fn column(&self, relation: i64, number: i16) -> Option<String> {
        self.columns.get(&(relation, number)).cloned()
    }

    /// Names of columns by their numbers; what is not a column is left out.
    pub(super) fn column_names(&self, relation: i64, numbers: &[i16]) -> Vec<String> {
        numbers.iter().filter_map(|n| self.column(relation, *n)).collect()
    }

    pub(super) fn name(&mut self, catalog: Catalog, oid: i64, object: ObjectRef) {
        self.names.insert((catalog, oid), object);
    }

    pub(super) fn name_relation(&mut self, oid: i64, kind: ObjectKind, name: &QName) {
        self.name(Catalog::Relation, oid, ObjectRef::new(kind, name.clone()));
    }

    /// The schema with its tables and views in place.
    pub(super) fn finish(mut self) -> Schema {
        self.schema.tables = self.tables.into_values().map(|t| (t.name.clone(), t.into())).collect();
        self.schema.views = self.views.into_values().map(|v| (v.name.clone(), v)).collect();
        self.schema.others.sort_by(|a, b| a.id.cmp(&b.id));
        self.schema.unmodelled.sort();
        self.schema.unmodelled.dedup();
        self.schema.dependencies.sort();
        self.schema.dependencies.dedup();
        self.schema
    }
}
