//! Names: of relations (`schema.name`), of routines (with their argument types), and of anything at all.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// A name qualified by its schema. SQLite's one schema is called `main`.
///
/// Its text form is `schema.name`, each part in double quotes where it is not a plain lower-case identifier; that
/// form is read back exactly, so it serves as a JSON key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QName {
    pub schema: String,
    pub name: String,
}

impl QName {
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// The same schema with another name.
    #[must_use]
    pub fn sibling(&self, name: impl Into<String>) -> Self {
        Self { schema: self.schema.clone(), name: name.into() }
    }

    /// The name as people write it: without the schema when that is a database's usual one, or when it is in none.
    pub fn short(&self) -> String {
        if matches!(self.schema.as_str(), "public" | "main" | "") { self.name.clone() } else { self.to_string() }
    }
}

/// Whether a part needs no quotes: `[a-z_][a-z0-9_$]*`.
fn is_plain(part: &str) -> bool {
    let mut chars = part.chars();
    matches!(chars.next(), Some('a'..='z' | '_')) && chars.all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_' | '$'))
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &str) -> fmt::Result {
    if is_plain(part) { f.write_str(part) } else { write!(f, "\"{}\"", part.replace('"', "\"\"")) }
}

impl fmt::Display for QName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_part(f, &self.schema)?;
        f.write_str(".")?;
        write_part(f, &self.name)
    }
}

impl FromStr for QName {
    type Err = String;

    /// Reads `schema.name` with optional double quotes around each part.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut part = String::new();
        let mut chars = text.chars().peekable();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    part.push('"');
                }
                '"' => quoted = !quoted,
                '.' if !quoted => parts.push(std::mem::take(&mut part)),
                c => part.push(c),
            }
        }
        parts.push(part);
        match <[String; 2]>::try_from(parts) {
            Ok([schema, name]) if !quoted => Ok(Self { schema, name }),
            _ => Err(format!("{text:?} is not a name of the form schema.name")),
        }
    }
}

impl Serialize for QName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The kinds of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    Schema,
    Extension,
    Type,
    Sequence,
    Table,
    Column,
    /// What a column is filled with when nothing is said.
    Default,
    Constraint,
    Index,
    View,
    MaterializedView,
    Routine,
    Trigger,
    Policy,
    Rule,
    Aggregate,
    Operator,
    OperatorClass,
    OperatorFamily,
    Cast,
    Collation,
    TextSearchConfiguration,
    TextSearchDictionary,
    TextSearchParser,
    TextSearchTemplate,
    Statistics,
    EventTrigger,
    Publication,
    Subscription,
    ForeignServer,
    ForeignDataWrapper,
    ForeignTable,
    UserMapping,
    DefaultPrivileges,
    Language,
    AccessMethod,
    Conversion,
    Transform,
    /// What a role may do with an object; the part says which object's and which role's.
    Privileges,
    /// What a table has to say besides its definition: replica identity, clustering.
    TableSetting,
    /// Who owns an object, where that is not the database's owner.
    Owner,
    /// What a security module has to say about an object; the part says which module and which object.
    SecurityLabel,
}

impl ObjectKind {
    pub fn of_view(materialized: bool) -> Self {
        if materialized { Self::MaterializedView } else { Self::View }
    }

    /// The kind in words, in the singular: `materialized view`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::Default => "default",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Routine => "function",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::OperatorClass => "operator class",
            Self::OperatorFamily => "operator family",
            Self::Cast => "cast",
            Self::Collation => "collation",
            Self::TextSearchConfiguration => "text search configuration",
            Self::TextSearchDictionary => "text search dictionary",
            Self::TextSearchParser => "text search parser",
            Self::TextSearchTemplate => "text search template",
            Self::Statistics => "statistics object",
            Self::EventTrigger => "event trigger",
            Self::Publication => "publication",
            Self::Subscription => "subscription",
            Self::ForeignServer => "foreign server",
            Self::ForeignDataWrapper => "foreign-data wrapper",
            Self::ForeignTable => "foreign table",
            Self::UserMapping => "user mapping",
            Self::DefaultPrivileges => "default privileges",
            Self::Language => "language",
            Self::AccessMethod => "access method",
            Self::Conversion => "conversion",
            Self::Transform => "transform",
            Self::Privileges => "privileges",
            Self::TableSetting => "table setting",
            Self::Owner => "owner",
            Self::SecurityLabel => "security label",
        }
    }
}

/// Names any object: its kind, its name (or its table's), and for parts of a table the part's own name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    pub kind: ObjectKind,
    /// For a column, constraint, trigger, policy or rule: the table's name.
    pub name: QName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl ObjectRef {
    pub fn new(kind: ObjectKind, name: QName) -> Self {
        Self { kind, name, part: None }
    }

    pub fn part(kind: ObjectKind, table: QName, part: impl Into<String>) -> Self {
        Self { kind, name: table, part: Some(part.into()) }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name.short())?;
        match &self.part {
            Some(part) => write!(f, ".{part}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_are_written_bare_and_others_quoted() {
        assert_eq!(QName::new("public", "orders").to_string(), "public.orders");
        assert_eq!(QName::new("public", "Order \"x\".y").to_string(), r#"public."Order ""x"".y""#);
    }

    #[test]
    fn what_is_in_no_schema_is_called_by_its_name_alone() {
        assert_eq!(QName::new("", "s").short(), "s");
        assert_eq!(QName::new("shop", "s").short(), "shop.s");
    }

    proptest! {
        #[test]
        fn any_name_reads_back(schema in ".{1,12}", name in ".{1,20}") {
            let q = QName::new(schema, name);
            prop_assert_eq!(q.to_string().parse::<QName>().unwrap(), q);
        }
    }
}
