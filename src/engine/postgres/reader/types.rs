//! Types as PostgreSQL writes them back (`format_type`).

use super::cursor::{Cursor, Name};
use super::tokens::Kind;

/// A type as written, half resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct TypeName {
    /// The canonical words with modifiers for a built-in type; the modifiers alone for a user's.
    pub words: String,
    /// A type that is not built in.
    pub user: Option<Name>,
    pub array: bool,
    /// The integer type behind `serial`.
    pub serial: bool,
}

/// Names that stand for themselves or for a longer name.
const BUILT_IN: &[(&str, &str)] = &[
    ("int", "integer"),
    ("int4", "integer"),
    ("integer", "integer"),
    ("int8", "bigint"),
    ("bigint", "bigint"),
    ("int2", "smallint"),
    ("smallint", "smallint"),
    ("float4", "real"),
    ("real", "real"),
    ("float8", "double precision"),
    ("decimal", "numeric"),
    ("dec", "numeric"),
    ("numeric", "numeric"),
    ("bool", "boolean"),
    ("boolean", "boolean"),
    ("varchar", "character varying"),
    ("bpchar", "bpchar"),
    ("varbit", "bit varying"),
    ("timestamptz", "timestamp with time zone"),
    ("timetz", "time with time zone"),
];

/// Other built-in types, which are written back as they are.
const PLAIN: &[&str] = &[
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anyelement",
    "anyenum",
    "anynonarray",
    "anyrange",
    "box",
    "bytea",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "gtsvector",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "internal",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "table_am_handler",
    "text",
    "tid",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "void",
    "xid",
    "xid8",
    "xml",
];

const SERIAL: &[(&str, &str)] = &[
    ("serial", "integer"),
    ("serial4", "integer"),
    ("bigserial", "bigint"),
    ("serial8", "bigint"),
    ("smallserial", "smallint"),
    ("serial2", "smallint"),
];

/// Reads a type. `None` when there is none, or a form that is not known here (`%TYPE`).
pub(in crate::engine::postgres) fn read_type(cursor: &mut Cursor<'_>) -> Option<TypeName> {
    cursor.take("setof");
    let mut found = base(cursor)?;
    if cursor.sees_sign('%') {
        return None;
    }
    if cursor.take("array") {
        found.array = true;
        if cursor.take_sign('[') {
            cursor.integer();
            cursor.take_sign(']');
        }
    }
    while cursor.take_sign('[') {
        cursor.integer();
        cursor.take_sign(']');
        found.array = true;
    }
    if found.array && found.user.is_none() {
        found.words.push_str("[]");
    }
    Some(found)
}

fn base(cursor: &mut Cursor<'_>) -> Option<TypeName> {
    if cursor.kind() == Some(Kind::Word) {
        if cursor.sees("pg_catalog") {
            cursor.step();
            cursor.take_sign('.');
        }
        if let Some(words) = several_words(cursor) {
            return Some(TypeName { words, ..TypeName::default() });
        }
        if !cursor.sees_dot_next() {
            let word = cursor.raw(0).to_ascii_lowercase();
            if let Some((_, words)) = BUILT_IN.iter().find(|(name, _)| *name == word) {
                cursor.step();
                let words = with_modifiers(words, modifiers(cursor));
                return Some(TypeName { words, ..TypeName::default() });
            }
            if let Some((_, words)) = SERIAL.iter().find(|(name, _)| *name == word) {
                cursor.step();
                return Some(TypeName { words: (*words).to_owned(), serial: true, ..TypeName::default() });
            }
            if PLAIN.contains(&word.as_str()) {
                cursor.step();
                return Some(TypeName { words: word, ..TypeName::default() });
            }
        }
    } else if cursor.raw(0) == "\"char\"" {
        cursor.step();
        return Some(TypeName { words: "\"char\"".to_owned(), ..TypeName::default() });
    }
    let user = cursor.name()?;
    let words = modifiers(cursor).map(|m| format!("({m})")).unwrap_or_default();
    Some(TypeName { words, user: Some(user), ..TypeName::default() })
}

/// Types whose names have several words or fields.
fn several_words(cursor: &mut Cursor<'_>) -> Option<String> {
    if cursor.take("double precision") {
        return Some("double precision".to_owned());
    }
    if cursor.take("float") {
        let bits: u32 = modifiers(cursor).and_then(|m| m.parse().ok()).unwrap_or(53);
        return Some(if bits <= 24 { "real" } else { "double precision" }.to_owned());
    }
    for word in ["timestamp", "time"] {
        if cursor.sees(word) && !cursor.sees_dot_next() {
            cursor.step();
            let precision = modifiers(cursor).map(|m| format!("({m})")).unwrap_or_default();
            let zone = if cursor.take("with time zone") {
                "with"
            } else {
                cursor.take("without time zone");
                "without"
            };
            return Some(format!("{word}{precision} {zone} time zone"));
        }
    }
    for word in ["national character", "national char", "nchar", "character", "char"] {
        if cursor.sees(word) && !cursor.sees_dot_next() {
            cursor.take(word);
            let varying = cursor.take("varying");
            let length = modifiers(cursor);
            return Some(match (varying, length) {
                (true, length) => with_modifiers("character varying", length),
                (false, length) => format!("character({})", length.unwrap_or_else(|| "1".to_owned())),
            });
        }
    }
    if cursor.sees("bit") && !cursor.sees_dot_next() {
        cursor.step();
        let varying = cursor.take("varying");
        let length = modifiers(cursor);
        return Some(match (varying, length) {
            (true, length) => with_modifiers("bit varying", length),
            (false, length) => format!("bit({})", length.unwrap_or_else(|| "1".to_owned())),
        });
    }
    cursor.take("interval").then(|| interval(cursor))
}

fn interval(cursor: &mut Cursor<'_>) -> String {
    let mut out = String::from("interval");
    if let Some(precision) = modifiers(cursor) {
        return format!("{out}({precision})");
    }
    let unit = |cursor: &mut Cursor<'_>| cursor.take_any(&["year", "month", "day", "hour", "minute", "second"]);
    if let Some(from) = unit(cursor) {
        out.push_str(&format!(" {from}"));
        if cursor.take("to")
            && let Some(to) = unit(cursor)
        {
            out.push_str(&format!(" to {to}"));
        }
        if let Some(precision) = modifiers(cursor) {
            out.push_str(&format!("({precision})"));
        }
    }
    out
}

/// `10, 2` in parentheses, as `10,2`.
fn modifiers(cursor: &mut Cursor<'_>) -> Option<String> {
    let inside = cursor.parenthesised()?;
    Some(inside.split(',').map(str::trim).collect::<Vec<_>>().join(","))
}

fn with_modifiers(words: &str, modifiers: Option<String>) -> String {
    match modifiers {
        None => words.to_owned(),
        Some(m) if words == "numeric" && !m.contains(',') => format!("numeric({m},0)"),
        Some(m) if words == "bpchar" => format!("character({m})"),
        Some(m) => match words.split_once(' ') {
            // The precision of a time comes after its first word.
            Some((first, rest)) if first.starts_with("time") => format!("{first}({m}) {rest}"),
            _ => format!("{words}({m})"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_the_way_the_server_does() {
        let cases = [
            ("int", "integer"),
            ("varchar(20)", "character varying(20)"),
            ("timestamptz(3)", "timestamp(3) with time zone"),
            ("timestamp", "timestamp without time zone"),
            ("time (2) with time zone", "time(2) with time zone"),
            ("decimal(10, 2)", "numeric(10,2)"),
            ("numeric(10)", "numeric(10,0)"),
            ("char", "character(1)"),
            ("\"char\"", "\"char\""),
            ("float(24)", "real"),
            ("pg_catalog.int8[]", "bigint[]"),
            ("text ARRAY[3]", "text[]"),
            ("interval day to second(3)", "interval day to second(3)"),
            ("varbit(8)", "bit varying(8)"),
            ("bit", "bit(1)"),
        ];
        for (written, want) in cases {
            let found = read_type(&mut Cursor::new(written)).unwrap();
            assert_eq!((found.words.as_str(), &found.user), (want, &None), "{written}");
        }
    }

    #[test]
    fn other_names_are_the_users_types() {
        let found = read_type(&mut Cursor::new("app.mood[]")).unwrap();
        assert_eq!(found.user.unwrap().schema.as_deref(), Some("app"));
        assert!(found.array);
    }
}
