//! Names that can be there or not.

use crate::schema::{ConstraintKind, Index, ObjectKind, ObjectRef, QName, Table};
use std::fmt;

/// A name that changes make, remove and need.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Schema(String),
    Extension(String),
    /// Tables, views, sequences and indexes share their names.
    Relation(QName),
    Type(QName),
    Routine(QName),
    Column(QName, String),
    /// What hangs on something else, by its own kind: a constraint, trigger or policy of a table, the rights on it.
    Part(ObjectKind, QName, String),
    /// Any other object.
    Object(ObjectKind, QName),
    /// That the columns of a table, sorted, have a key that a foreign key can point at.
    Unique(QName, Vec<String>),
}

impl Key {
    /// What `object` is known by here.
    pub(super) fn of(object: &ObjectRef) -> Self {
        use ObjectKind::{Aggregate, Column, Extension, ForeignTable, Index, MaterializedView, Routine, Schema};
        let name = object.name.clone();
        match (object.kind, &object.part) {
            (Column, Some(column)) => Self::Column(name, column.clone()),
            (Index, Some(index)) => Self::Relation(name.sibling(index)),
            (kind, Some(part)) => Self::Part(kind, name, part.clone()),
            (
                ObjectKind::Table | ObjectKind::View | MaterializedView | ObjectKind::Sequence | ForeignTable | Index,
                None,
            ) => Self::Relation(name),
            (ObjectKind::Type, None) => Self::Type(name),
            (Routine | Aggregate, None) => Self::Routine(name),
            (Schema, None) => Self::Schema(name.name),
            (Extension, None) => Self::Extension(name.name),
            (kind, None) => Self::Object(kind, name),
        }
    }

    pub(super) fn unique<'a>(table: &QName, columns: impl IntoIterator<Item = &'a String>) -> Self {
        let mut columns: Vec<String> = columns.into_iter().cloned().collect();
        columns.sort();
        Self::Unique(table.clone(), columns)
    }

    /// A function's schema and name, which others may have with other arguments.
    pub(super) fn without_arguments(&self) -> Option<(&str, &str)> {
        match self {
            Self::Routine(key) => {
                Some((&key.schema, key.name.split_once('(').map_or(key.name.as_str(), |(name, _)| name)))
            }
            _ => None,
        }
    }

    /// The name as SQL text mentions it, without its schema.
    pub(super) fn word(&self) -> Option<&str> {
        use ObjectKind::{
            Collation, Operator, OperatorClass, OperatorFamily, TextSearchConfiguration, TextSearchDictionary,
            TextSearchParser, TextSearchTemplate,
        };
        match self {
            Self::Relation(name) | Self::Type(name) => Some(&name.name),
            // SQL names a class or a family without the access method that tells it from its namesakes.
            Self::Object(OperatorClass | OperatorFamily, name) => name.name.split(" USING ").next(),
            Self::Object(
                Collation
                | Operator
                | TextSearchConfiguration
                | TextSearchDictionary
                | TextSearchParser
                | TextSearchTemplate,
                name,
            ) => Some(&name.name),
            Self::Routine(key) => key.name.split('(').next(),
            Self::Column(_, column) => Some(column),
            _ => None,
        }
    }

    /// The schema and the bare name of what stands in a schema under a name of its own.
    pub(super) fn qualified(&self) -> Option<(&str, &str)> {
        match self {
            Self::Relation(name) | Self::Type(name) | Self::Routine(name) | Self::Object(_, name) => {
                Some((&name.schema, self.word()?))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(name) => write!(f, "schema {name}"),
            Self::Extension(name) => write!(f, "extension {name}"),
            Self::Relation(name) => f.write_str(&name.short()),
            Self::Type(name) => write!(f, "type {}", name.short()),
            Self::Routine(name) => write!(f, "function {}", name.short()),
            Self::Column(table, part) => write!(f, "{}.{part}", table.short()),
            Self::Part(kind, name, part) => write!(f, "{} {part} of {}", kind.word(), name.short()),
            Self::Object(kind, name) => write!(f, "{} {}", kind.word(), name.short()),
            Self::Unique(table, columns) => write!(f, "the key of {} on {}", table.short(), columns.join(", ")),
        }
    }
}

/// The columns of a constraint that a foreign key can point at.
pub(super) fn key_columns(kind: &ConstraintKind) -> Option<&[String]> {
    match kind {
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => Some(columns),
        _ => None,
    }
}

/// Every key that foreign keys can point at in a table.
pub(super) fn unique_keys(table: &Table) -> impl Iterator<Item = Key> + '_ {
    let constraints = table.constraints.values().filter_map(|c| key_columns(&c.kind));
    let indexes = table.indexes.values().filter_map(Index::unique_columns);
    constraints.map(|columns| Key::unique(&table.name, columns)).chain(indexes.map(|c| Key::unique(&table.name, c)))
}
