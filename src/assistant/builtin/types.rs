//! Which type a column should have: as said, as its value says, as the schema does elsewhere, or by convention.

use super::draft::{Draft, Flow, Stop};
use super::names;
use super::tokens::{Kind, Token};
use crate::schema::QName;

/// What people say, and the type that is meant; the engine finds its own words for it.
const SAID: &[(&str, &str)] = &[
    ("string", "text"),
    ("strings", "text"),
    ("characters", "text"),
    ("free text", "text"),
    ("long text", "text"),
    ("whole number", "integer"),
    ("number", "numeric"),
    ("counter", "integer"),
    ("big number", "bigint"),
    ("long", "bigint"),
    ("decimal number", "numeric"),
    ("money", "numeric(12,2)"),
    ("currency", "numeric(12,2)"),
    ("amount", "numeric(12,2)"),
    ("percentage", "numeric(5,2)"),
    ("percent", "numeric(5,2)"),
    ("yes/no", "boolean"),
    ("flag", "boolean"),
    ("bool", "boolean"),
    ("datetime", "timestamp with time zone"),
    ("date and time", "timestamp with time zone"),
    ("moment", "timestamp with time zone"),
    ("timestamp", "timestamp with time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("json", "jsonb"),
];

/// Conventions for names, the first that fits. A leading `*` stands for anything before, a closing one for anything
/// after.
const CONVENTIONS: &[(&str, &str)] = &[
    ("*_at", "timestamp with time zone"),
    ("*_until", "timestamp with time zone"),
    ("timestamp", "timestamp with time zone"),
    ("*_timestamp", "timestamp with time zone"),
    ("*_on", "date"),
    ("*_date", "date"),
    ("date", "date"),
    ("*_day", "date"),
    ("birthday", "date"),
    ("dob", "date"),
    ("is_*", "boolean"),
    ("has_*", "boolean"),
    ("can_*", "boolean"),
    ("*_enabled", "boolean"),
    ("enabled", "boolean"),
    ("disabled", "boolean"),
    ("active", "boolean"),
    ("archived", "boolean"),
    ("deleted", "boolean"),
    ("verified", "boolean"),
    ("*_verified", "boolean"),
    ("published", "boolean"),
    ("featured", "boolean"),
    ("*count", "integer"),
    ("qty", "integer"),
    ("*quantity", "integer"),
    ("*_qty", "integer"),
    ("stock", "integer"),
    ("position", "integer"),
    ("priority", "integer"),
    ("rank", "integer"),
    ("age", "integer"),
    ("year", "integer"),
    ("version", "integer"),
    ("points", "integer"),
    ("*_number_of*", "integer"),
    ("*price", "numeric(12,2)"),
    ("*amount", "numeric(12,2)"),
    ("*cost", "numeric(12,2)"),
    ("total", "numeric(12,2)"),
    ("*_total", "numeric(12,2)"),
    ("subtotal", "numeric(12,2)"),
    ("*balance", "numeric(12,2)"),
    ("*fee", "numeric(12,2)"),
    ("tax", "numeric(12,2)"),
    ("*discount", "numeric(12,2)"),
    ("salary", "numeric(12,2)"),
    ("*_rate", "numeric"),
    ("weight", "numeric"),
    ("latitude", "double precision"),
    ("longitude", "double precision"),
    ("uuid", "uuid"),
    ("*_uuid", "uuid"),
    ("metadata*", "jsonb"),
    ("settings", "jsonb"),
    ("preferences", "jsonb"),
    ("payload", "jsonb"),
    ("*_json", "jsonb"),
    ("*email", "text"),
    ("*name", "text"),
    ("*code", "text"),
    ("*title", "text"),
    ("*description", "text"),
    ("note*", "text"),
    ("*_note", "text"),
    ("*_notes", "text"),
    ("comment*", "text"),
    ("*status", "text"),
    ("*type", "text"),
    ("*kind", "text"),
    ("category", "text"),
    ("*url", "text"),
    ("*slug", "text"),
    ("*phone", "text"),
    ("*phone_number", "text"),
    ("*address", "text"),
    ("city", "text"),
    ("*country", "text"),
    ("region", "text"),
    ("state", "text"),
    ("language", "text"),
    ("locale", "text"),
    ("currency", "text"),
    ("*color", "text"),
    ("*token", "text"),
    ("*hash", "text"),
    ("*key", "text"),
    ("*sku", "text"),
    ("reference", "text"),
    ("label", "text"),
    ("body", "text"),
    ("content", "text"),
    ("summary", "text"),
    ("*reason", "text"),
    ("*agent", "text"),
    ("role", "text"),
    ("gender", "text"),
    ("username", "text"),
    ("password*", "text"),
    ("avatar", "text"),
];

fn fits(convention: &str, name: &str) -> bool {
    match (convention.strip_prefix('*'), convention.strip_suffix('*')) {
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (Some(middle), Some(_)) => name.contains(middle.trim_end_matches('*')),
        (None, None) => name == convention,
    }
}

/// Words that are types, but far more often the last word of a name (`phone number`).
const RATHER_NAMES: &[&str] =
    &["number", "name", "time", "amount", "money", "currency", "characters", "percentage", "flag", "counter", "long"];

impl Draft<'_> {
    /// The type that is said by all of `tokens`, in the engine's words.
    pub fn said_type(&self, tokens: &[Token]) -> Option<String> {
        if tokens.is_empty() || tokens.len() > 10 || tokens.iter().any(|t| t.kind == Kind::Text) {
            return None;
        }
        let words = type_words(tokens);
        let meant = SAID.iter().find(|(said, _)| *said == words).map(|(_, meant)| *meant);
        let direct = || self.syntax.data_type(&words, self.schema);
        match meant {
            Some(meant) => self.syntax.data_type(meant, self.schema).or_else(direct),
            None => direct(),
        }
    }

    /// As [`Self::said_type`], but not for a word that is rather the end of a name.
    pub fn trailing_type(&self, tokens: &[Token]) -> Option<String> {
        let rather_name = matches!(tokens, [only] if only.is_any(RATHER_NAMES));
        if rather_name { None } else { self.said_type(tokens) }
    }

    /// The type for a new column of which none was said: by its default, the key it points at, the schema's own
    /// practice, or convention; a question when nothing of these says.
    pub fn guessed_type(&mut self, table: &QName, name: &str, default: Option<&[Token]>) -> Flow<String> {
        if let Some(found) = self.practice(name) {
            self.note(format!("{}.{name} is {found}, as in the rest of the schema.", table.short()));
            return Ok(found);
        }
        if let Some(found) = self.key_type(name) {
            self.note(format!("{}.{name} is {found}, the type of the key that it names.", table.short()));
            return Ok(found);
        }
        let by_name = || CONVENTIONS.iter().find(|(convention, _)| fits(convention, &name.to_lowercase()));
        let (words, why) = match (default.and_then(type_of_value), by_name()) {
            (Some(words), _) if !default.is_some_and(|d| d.iter().all(|t| t.kind == Kind::Number)) => {
                (words, "its default")
            }
            (_, Some((_, words))) => (*words, "its name"),
            (Some(words), None) => (words, "its default"),
            (None, None) => return self.asked_type(table, name),
        };
        let found =
            self.syntax.data_type(words, self.schema).ok_or(Stop::No).or_else(|_| self.asked_type(table, name))?;
        self.note(format!("No type was said for {}.{name}; {found} is a guess from {why}.", table.short()));
        Ok(found)
    }

    fn asked_type(&mut self, table: &QName, name: &str) -> Flow<String> {
        let usual = ["text", "integer", "bigint", "numeric", "boolean", "date", "timestamp with time zone", "uuid"];
        let choices: Vec<String> = usual.iter().filter_map(|t| self.syntax.data_type(t, self.schema)).collect();
        let text = format!("What type should {}.{name} have?", table.short());
        let answer = self.ask(format!("type:{}.{name}", table.name), text, choices)?;
        let tokens = super::tokens::tokens(&answer);
        self.said_type(&tokens).ok_or_else(|| Stop::Cannot(format!("{answer} is not a type that is known here")))
    }

    /// What the schema does elsewhere for columns of this very name, or of this ending for moments, when it always
    /// does the same.
    fn practice(&self, name: &str) -> Option<String> {
        let columns = || self.schema.tables.values().flat_map(|t| &t.columns);
        let exact: Vec<&str> = columns().filter(|c| c.name == name).map(|c| c.data_type.as_str()).collect();
        if let Some(same) = all_same(&exact) {
            return Some(same.to_owned());
        }
        let moments: Vec<&str> = columns()
            .filter(|c| name.ends_with("_at") && c.name.ends_with("_at"))
            .map(|c| c.data_type.as_str())
            .collect();
        all_same(&moments).map(str::to_owned)
    }

    /// The type of the key that `customer_id` names, where there is such a table with a key of one column.
    fn key_type(&self, name: &str) -> Option<String> {
        let stem = name.strip_suffix("_id").or_else(|| name.strip_suffix("Id"))?;
        let found = names::tables(stem, self.schema, self.syntax.default_schema());
        let [table] = found.as_slice() else { return None };
        let table = self.schema.tables.get(table)?;
        let [key] = table.primary_key() else { return None };
        Some(referencing_type(&table.column(key)?.data_type))
    }
}

/// The type of a column that refers to a key of `data_type`: a serial key's own type is no type for the other side.
pub(super) fn referencing_type(data_type: &str) -> String {
    match data_type {
        "serial" => "integer".into(),
        "bigserial" => "bigint".into(),
        "smallserial" => "smallint".into(),
        other => other.to_owned(),
    }
}

fn all_same<'a>(types: &[&'a str]) -> Option<&'a str> {
    let (first, rest) = types.split_first()?;
    rest.iter().all(|t| t == first).then_some(*first)
}

/// `varchar ( 20 )` as `varchar(20)`.
fn type_words(tokens: &[Token]) -> String {
    let mut out = String::new();
    for token in tokens {
        let tight =
            token.is_any(&["(", ")", ",", "[", "]", "/"]) || out.is_empty() || out.ends_with(['(', ',', '[', '/']);
        if !tight {
            out.push(' ');
        }
        out.push_str(if token.kind == Kind::Quoted { &token.text } else { &token.lower });
    }
    out
}

/// The type that a value has by itself.
fn type_of_value(value: &[Token]) -> Option<&'static str> {
    match value {
        [only] if only.kind == Kind::Number => Some(if only.text.contains('.') { "numeric" } else { "integer" }),
        [only] if only.is_any(&["true", "false", "yes", "no"]) => Some("boolean"),
        [only] if matches!(only.kind, Kind::Text | Kind::Quoted) => Some("text"),
        [first, ..] if first.is_any(&["now", "current_timestamp"]) => Some("timestamp with time zone"),
        [first, ..] if first.is_any(&["today", "current_date"]) => Some("date"),
        [first, ..] if first.is_any(&["gen_random_uuid", "uuid_generate_v4", "uuidv7"]) => Some("uuid"),
        [only] if only.kind == Kind::Word && !only.is("null") => Some("text"),
        _ => None,
    }
}
