//! The schema while it is put together, by the catalogs' own numbers.

use crate::schema::{EngineKind, ObjectKind, ObjectRef, QName, Schema, Table, View};
use std::collections::HashMap;

/// A system catalog whose objects depend on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Catalog {
    Relation,
    Routine,
    Type,
    Rewrite,
    Trigger,
    Policy,
    /// Defaults, and the expressions of generated columns.
    Default,
    Constraint,
    Statistics,
    EventTrigger,
    Publication,
    PublishedTable,
    PublishedSchema,
    Collation,
    Extension,
    Operator,
    OperatorClass,
    OperatorFamily,
    OperatorOfFamily,
    RoutineOfFamily,
    Cast,
    Conversion,
    Transform,
    Language,
    AccessMethod,
    SearchConfiguration,
    SearchDictionary,
    SearchParser,
    SearchTemplate,
    DataWrapper,
    ForeignServer,
    UserMapping,
}

impl Catalog {
    /// The catalog by its own number, which is the same in every database (`pg_class.dat` and its neighbours).
    pub(super) fn of_number(number: i64) -> Option<Self> {
        Some(match number {
            1247 => Self::Type,
            1255 => Self::Routine,
            1259 => Self::Relation,
            1417 => Self::ForeignServer,
            1418 => Self::UserMapping,
            2328 => Self::DataWrapper,
            2601 => Self::AccessMethod,
            2602 => Self::OperatorOfFamily,
            2603 => Self::RoutineOfFamily,
            2604 => Self::Default,
            2605 => Self::Cast,
            2606 => Self::Constraint,
            2607 => Self::Conversion,
            2612 => Self::Language,
            2616 => Self::OperatorClass,
            2617 => Self::Operator,
            2618 => Self::Rewrite,
            2620 => Self::Trigger,
            2753 => Self::OperatorFamily,
            3079 => Self::Extension,
            3256 => Self::Policy,
            3381 => Self::Statistics,
            3456 => Self::Collation,
            3466 => Self::EventTrigger,
            3576 => Self::Transform,
            3600 => Self::SearchDictionary,
            3601 => Self::SearchParser,
            3602 => Self::SearchConfiguration,
            3764 => Self::SearchTemplate,
            6104 => Self::Publication,
            6106 => Self::PublishedTable,
            6237 => Self::PublishedSchema,
            _ => return None,
        })
    }
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
