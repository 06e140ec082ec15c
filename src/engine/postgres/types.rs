//! The types that people mean.

use super::render::relation;
use crate::schema::{QName, Schema};

/// Words of other databases, programs and everyday speech, with the type that they mean here; and PostgreSQL's own
/// names with the words that `format_type` writes for them. `true` where numbers in parentheses may follow.
///
/// Where people mean several things, the choice is the one that is hardest to regret: `string` is `text` (a limit can
/// be added as a check), `timestamp` and `datetime` have a time zone (a moment, whatever the session's zone),
/// `money` is an exact `numeric(12,2)` (PostgreSQL's own `money` depends on the locale), `json` is `jsonb`.
const WORDS: &[(&str, &str, bool)] = &[
    ("string", "text", false),
    ("str", "text", false),
    ("text", "text", false),
    ("longtext", "text", false),
    ("mediumtext", "text", false),
    ("tinytext", "text", false),
    ("clob", "text", false),
    ("email", "text", false),
    ("url", "text", false),
    ("varchar", "character varying", true),
    ("nvarchar", "character varying", true),
    ("character varying", "character varying", true),
    ("char varying", "character varying", true),
    ("char", "character", true),
    ("nchar", "character", true),
    ("character", "character", true),
    ("bpchar", "bpchar", true),
    ("name", "name", false),
    ("citext", "citext", false),
    ("smallint", "smallint", false),
    ("int2", "smallint", false),
    ("short", "smallint", false),
    ("tinyint", "smallint", false),
    ("int", "integer", false),
    ("integer", "integer", false),
    ("int4", "integer", false),
    ("whole number", "integer", false),
    ("bigint", "bigint", false),
    ("int8", "bigint", false),
    ("long", "bigint", false),
    ("number", "numeric", true),
    ("numeric", "numeric", true),
    ("decimal", "numeric", true),
    ("dec", "numeric", true),
    ("money", "numeric(12,2)", false),
    ("currency", "numeric(12,2)", false),
    ("price", "numeric(12,2)", false),
    ("real", "real", false),
    ("float4", "real", false),
    ("float", "double precision", false),
    ("double", "double precision", false),
    ("float8", "double precision", false),
    ("double precision", "double precision", false),
    ("bool", "boolean", false),
    ("boolean", "boolean", false),
    ("flag", "boolean", false),
    ("yes/no", "boolean", false),
    ("date", "date", false),
    ("day", "date", false),
    ("time", "time without time zone", true),
    ("time without time zone", "time without time zone", true),
    ("timetz", "time with time zone", true),
    ("time with time zone", "time with time zone", true),
    ("timestamp", "timestamp with time zone", true),
    ("datetime", "timestamp with time zone", true),
    ("timestamptz", "timestamp with time zone", true),
    ("timestamp with time zone", "timestamp with time zone", true),
    ("timestamp without time zone", "timestamp without time zone", true),
    ("interval", "interval", false),
    ("duration", "interval", false),
    ("json", "jsonb", false),
    ("jsonb", "jsonb", false),
    ("object", "jsonb", false),
    ("uuid", "uuid", false),
    ("guid", "uuid", false),
    ("bytea", "bytea", false),
    ("bytes", "bytea", false),
    ("binary", "bytea", false),
    ("blob", "bytea", false),
    ("ip", "inet", false),
    ("ip address", "inet", false),
    ("inet", "inet", false),
    ("cidr", "cidr", false),
    ("macaddr", "macaddr", false),
    ("macaddr8", "macaddr8", false),
    ("mac address", "macaddr", false),
    ("bit", "bit", true),
    ("varbit", "bit varying", true),
    ("bit varying", "bit varying", true),
    ("xml", "xml", false),
    ("point", "point", false),
    ("line", "line", false),
    ("lseg", "lseg", false),
    ("box", "box", false),
    ("path", "path", false),
    ("polygon", "polygon", false),
    ("circle", "circle", false),
    ("tsvector", "tsvector", false),
    ("tsquery", "tsquery", false),
    ("int4range", "int4range", false),
    ("int8range", "int8range", false),
    ("numrange", "numrange", false),
    ("daterange", "daterange", false),
    ("tsrange", "tsrange", false),
    ("tstzrange", "tstzrange", false),
    ("oid", "oid", false),
    ("regclass", "regclass", false),
    ("pg_lsn", "pg_lsn", false),
    ("hstore", "hstore", false),
    ("ltree", "ltree", false),
    // Not types but ways of speaking; a plan turns them into identity columns.
    ("smallserial", "smallserial", false),
    ("serial", "serial", false),
    ("bigserial", "bigserial", false),
    ("autoincrement", "bigserial", false),
    ("auto increment", "bigserial", false),
];

/// The type that `words` mean, as `format_type` writes it, or `None` when no such type is known.
pub(super) fn data_type(words: &str, schema: &Schema) -> Option<String> {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((element, dimensions)) = array(&words) {
        return Some(format!("{}{dimensions}", data_type(element, schema)?));
    }
    own(&words, schema).or_else(|| built_in(&words.to_lowercase(), schema))
}

/// `text[]`, `text array`, `array of text` → the element and the brackets.
fn array(words: &str) -> Option<(&str, String)> {
    let lower = words.to_lowercase();
    let cut = |length: usize| words.get(..words.len().saturating_sub(length)).map(str::trim_end);
    if lower.ends_with(']') {
        let (element, _) = words.rsplit_once('[')?;
        Some((element.trim_end(), "[]".to_owned()))
            .filter(|(element, _)| !element.is_empty())
            .map(|(element, one)| (element.trim_end_matches("[]"), one))
    } else if lower.ends_with(" array") {
        Some((cut(" array".len())?, "[]".to_owned()))
    } else if lower.starts_with("array of ") {
        Some((words.get("array of ".len()..)?, "[]".to_owned()))
    } else {
        None
    }
}

fn built_in(words: &str, schema: &Schema) -> Option<String> {
    let (name, numbers, tail) = match words.split_once('(') {
        Some((name, rest)) => {
            let (numbers, tail) = rest.split_once(')')?;
            (format!("{}{}", name.trim_end(), prefixed(tail)), Some(numbers_of(numbers)?), tail)
        }
        None => (words.to_owned(), None, ""),
    };
    // `int(11)` and the like: a width for display in other databases, which says nothing here.
    let (_, canonical, sized) = WORDS.iter().find(|(word, _, _)| *word == name)?;
    // A type of an extension lives in the extension's schema.
    if let Some(extension) = schema.extensions.get(*canonical) {
        return Some(format!("{}.{canonical}", super::render::ident(&extension.schema)));
    }
    if matches!(*canonical, "citext" | "hstore" | "ltree") {
        return None;
    }
    Some(match numbers {
        Some(numbers) if *sized => with_numbers(canonical, &numbers),
        Some(_) if tail.is_empty() && canonical.contains("int") => (*canonical).to_owned(),
        Some(_) => return None,
        None if *canonical == "character" => "character(1)".to_owned(),
        None if *canonical == "bit" => "bit(1)".to_owned(),
        None => (*canonical).to_owned(),
    })
}

fn prefixed(tail: &str) -> String {
    let tail = tail.trim();
    if tail.is_empty() { String::new() } else { format!(" {tail}") }
}

/// `10, 2` → `10,2`; `None` when they are not one or two whole numbers.
fn numbers_of(text: &str) -> Option<String> {
    let numbers: Option<Vec<String>> =
        text.split(',').map(|n| n.trim().parse::<i32>().ok().map(|n| n.to_string())).collect();
    numbers.filter(|n| n.len() <= 2).map(|n| n.join(","))
}

/// Sizes stand behind the first word of times, behind the whole name of others; a scale of zero is said.
fn with_numbers(canonical: &str, numbers: &str) -> String {
    match canonical.split_once(' ') {
        Some((first @ ("time" | "timestamp"), rest)) => format!("{first}({numbers}) {rest}"),
        _ if canonical == "numeric" && !numbers.contains(',') => format!("numeric({numbers},0)"),
        _ => format!("{canonical}({numbers})"),
    }
}

/// A type of the user's: `mood`, `shop.mood`; without a schema it is looked for in `public` first, and found
/// elsewhere only where one schema alone has it.
fn own(words: &str, schema: &Schema) -> Option<String> {
    if let Ok(name) = words.parse::<QName>()
        && schema.types.contains_key(&name)
    {
        return Some(relation(&name));
    }
    let bare = words.trim_matches('"');
    let public = QName::new("public", bare);
    if schema.types.contains_key(&public) {
        return Some(relation(&public));
    }
    let mut found = schema.types.keys().filter(|name| name.name == bare || name.name == bare.to_lowercase());
    match (found.next(), found.next()) {
        (Some(name), None) => Some(relation(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{EngineKind, TypeDef, TypeKind};

    fn schema() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let name = QName::new("shop", "mood");
        let kind = TypeKind::Enum { values: vec!["ok".into()] };
        schema.types.insert(name.clone(), TypeDef { name, kind, comment: None });
        schema
    }

    #[test]
    fn words_become_the_types_that_format_type_writes() {
        let schema = schema();
        for (words, meant) in [
            ("string", "text"),
            ("Int", "integer"),
            ("decimal(10, 2)", "numeric(10,2)"),
            ("decimal(10)", "numeric(10,0)"),
            ("money", "numeric(12,2)"),
            ("timestamp", "timestamp with time zone"),
            ("timestamp(3) without time zone", "timestamp(3) without time zone"),
            ("timestamptz(0)", "timestamp(0) with time zone"),
            ("varchar(20)", "character varying(20)"),
            ("character varying", "character varying"),
            ("char(3)", "character(3)"),
            ("char", "character(1)"),
            ("text[]", "text[]"),
            ("array of int", "integer[]"),
            ("varchar(5) array", "character varying(5)[]"),
            ("int(11)", "integer"),
            ("mood", "shop.mood"),
            ("shop.mood[]", "shop.mood[]"),
            ("blob", "bytea"),
            ("ip", "inet"),
            ("json", "jsonb"),
        ] {
            assert_eq!(data_type(words, &schema).as_deref(), Some(meant), "{words}");
        }
    }

    #[test]
    fn what_is_no_type_is_none() {
        for words in ["", "colour", "text(3)", "varchar(x)", "numeric(1,2,3)", "citext", "[]"] {
            assert_eq!(data_type(words, &schema()), None, "{words}");
        }
    }
}
