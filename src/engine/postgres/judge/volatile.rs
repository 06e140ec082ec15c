//! Whether an expression may give each row another value.

use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::reader::tokens::Kind;
use crate::schema::Schema;

/// Volatile functions that are used as defaults: PostgreSQL's own (`provolatile = 'v'`), and those of uuid-ossp,
/// pgcrypto and the extensions for sortable identifiers.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "gen_ulid",
    "generate_ulid",
    "ksuid",
    "lastval",
    "nanoid",
    "nextval",
    "pg_backend_random",
    "random",
    "random_normal",
    "setseed",
    "setval",
    "timeofday",
    "typeid_generate",
    "ulid",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuid_generate_v7",
    "uuid_v7",
    "uuidv4",
    "uuidv7",
];

/// Whether the expression calls a volatile function. A function of the schema is what its definition says; one
/// that is not known is taken for one of the server's own, of which few are volatile.
pub(in crate::engine::postgres) fn is_volatile(expression: &str, schema: &Schema) -> bool {
    let mut cursor = Cursor::new(expression);
    while !cursor.at_end() {
        if !matches!(cursor.kind(), Some(Kind::Word | Kind::Quoted)) {
            cursor.step();
            continue;
        }
        let Some(name) = cursor.name() else {
            cursor.step();
            continue;
        };
        if cursor.sees_sign('(') && function_is_volatile(&name.name, schema) {
            return true;
        }
    }
    false
}

fn function_is_volatile(name: &str, schema: &Schema) -> bool {
    let mut own = schema.routines.values().filter(|r| r.name.name == name).peekable();
    if own.peek().is_none() {
        return VOLATILE.contains(&name);
    }
    own.any(|routine| {
        let definition = Cursor::new(&routine.definition);
        !definition.has("immutable") && !definition.has("stable")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{EngineKind, QName, Routine};

    #[test]
    fn functions_are_volatile_by_name_or_by_their_definition() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for (name, words) in [("f", ""), ("g", "stable")] {
            let routine = Routine {
                name: QName::new("public", name),
                arguments: String::new(),
                procedure: false,
                language: "sql".into(),
                definition: format!("create function {name}() returns int language sql {words} as 'select 1'"),
                comment: None,
            };
            schema.routines.insert(routine.key(), routine);
        }
        for (expression, want) in [
            ("now()", false),
            ("pg_catalog.random() * 2", true),
            ("'random()'", false),
            ("f()", true),
            ("public.g() + 1", false),
            ("current_timestamp", false),
        ] {
            assert_eq!(is_volatile(expression, &schema), want, "{expression}");
        }
    }
}
