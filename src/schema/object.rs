//! Everything in a schema that is not a table.

use super::name::{ObjectKind, ObjectRef, QName};
use super::options::Options;
use super::table::{Index, Named, Trigger};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    pub name: String,
    pub schema: String,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: QName,
    pub data_type: String,
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cache: i64,
    pub cycle: bool,
    /// The table and column that owns it (`serial`). Identity sequences are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<(QName, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeDef {
    pub name: QName,
    #[serde(flatten)]
    pub kind: TypeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl TypeDef {
    /// A domain without its checks and its default; any other type as it is.
    #[must_use]
    pub fn without_body(&self) -> Self {
        let mut bare = self.clone();
        if let TypeKind::Domain { checks, default, .. } = &mut bare.kind {
            checks.clear();
            *default = None;
        }
        bare
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TypeKind {
    Enum {
        values: Vec<String>,
    },
    Domain {
        base: String,
        not_null: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collation: Option<String>,
        /// By constraint name.
        checks: BTreeMap<String, DomainCheck>,
        /// The name of the not-null constraint, where the engine keeps one and it is not the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_null_name: Option<String>,
    },
    Composite {
        /// In order.
        attributes: Vec<Attribute>,
    },
    /// Range types and whatever has no closer form: the text after `CREATE TYPE name`.
    Other {
        definition: String,
    },
}

fn yes() -> bool {
    true
}

/// For leaving out what is usual.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_so(value: &bool) -> bool {
    *value
}

/// A check that values of a domain pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainCheck {
    /// Without outer parentheses.
    pub expression: String,
    /// False for `NOT VALID`.
    pub validated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl DomainCheck {
    /// A valid check.
    pub fn new(expression: impl Into<String>) -> Self {
        Self { expression: expression.into(), validated: true, comment: None }
    }
}

/// One part of a composite type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    pub data_type: String,
    /// Only when it is not the type's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Attribute {
    pub fn new(name: impl Into<String>, data_type: impl Into<String>) -> Self {
        Self { name: name.into(), data_type: data_type.into(), collation: None, comment: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub name: QName,
    pub materialized: bool,
    /// Output columns with their types, in order.
    #[serde(default)]
    pub columns: Vec<(String, String)>,
    /// The SELECT, without a closing semicolon.
    pub query: String,
    /// False for a materialised view that holds nothing yet (`WITH NO DATA`).
    #[serde(default = "yes", skip_serializing_if = "is_so")]
    pub populated: bool,
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Of a materialised view.
    #[serde(default, skip_serializing_if = "LiteMap::is_empty")]
    pub indexes: Named<Index>,
    #[serde(default, skip_serializing_if = "LiteMap::is_empty")]
    pub triggers: Named<Trigger>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The CREATE statement as the engine keeps it, where it keeps one (SQLite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

impl View {
    /// A plain view of which nothing else is known yet.
    pub fn new(name: QName, query: impl Into<String>) -> Self {
        Self {
            name,
            materialized: false,
            columns: Vec::new(),
            query: query.into(),
            populated: true,
            options: Options::default(),
            indexes: Named::new(),
            triggers: Named::new(),
            comment: None,
            sql: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routine {
    /// The bare name; the schema's map key has the identity arguments too.
    pub name: QName,
    /// Identity arguments: `integer, text`.
    pub arguments: String,
    pub procedure: bool,
    pub language: String,
    /// The whole `CREATE OR REPLACE …`.
    pub definition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Routine {
    /// The key in [`super::Schema::routines`]: schema, and `name(arguments)`.
    pub fn key(&self) -> QName {
        QName::new(self.name.schema.clone(), format!("{}({})", self.name.name, self.arguments))
    }
}

/// That `from` cannot be without `on`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dependency {
    pub from: ObjectRef,
    pub on: ObjectRef,
}

/// A name in the browser, before any details are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineEntry {
    pub kind: ObjectKind,
    pub name: QName,
    /// Estimated rows, for tables.
    pub rows: Option<u64>,
    /// Total bytes, where cheaply known.
    pub bytes: Option<u64>,
}
