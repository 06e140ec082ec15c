//! Queries that are run for what their functions do.

use super::cursor::Cursor;
use super::tokens::Kind;
use crate::schema::Schema;

/// The server's own functions that change something and are called in migrations (manual, "Sequence Manipulation
/// Functions", "System Administration Functions", "Large Objects").
const ACTING: &[&str] = &[
    "lo_create",
    "lo_export",
    "lo_import",
    "lo_put",
    "lo_unlink",
    "nextval",
    "pg_extension_config_dump",
    "pg_import_system_collations",
    "setval",
];

/// What a query without a table may call and still only be looking.
const LOOKING: &[&str] = &[
    "array",
    "cast",
    "coalesce",
    "concat",
    "current_database",
    "current_schema",
    "current_setting",
    "exists",
    "format",
    "now",
    "set_config",
    "version",
];

/// Whether the query calls a function that may change something: one that the schema defines, one of an extension, as
/// far as its name tells, or one of the server's that does.
pub(super) fn acts(text: &str, schema: &Schema) -> bool {
    let mut cursor = Cursor::new(text);
    let bare = !cursor.has("from");
    while !cursor.at_end() {
        if !matches!(cursor.kind(), Some(Kind::Word | Kind::Quoted)) {
            cursor.step();
            continue;
        }
        let start = cursor.position();
        let Some(name) = cursor.name() else {
            cursor.step();
            continue;
        };
        if !cursor.sees_sign('(') {
            // A name and the words after it may be read as one: go on with the next word.
            cursor.go_to((start + 1).max(cursor.position()));
            continue;
        }
        let own = schema.routines.values().any(|routine| routine.name.name == name.name);
        let of_server = matches!(name.schema.as_deref(), None | Some("pg_catalog" | "information_schema"));
        let acting = ACTING.contains(&name.name.as_str());
        let looking = LOOKING.contains(&name.name.as_str()) || name.name.starts_with("pg_") || is_word(&name.name);
        if own || acting || !of_server || (bare && !looking) {
            return true;
        }
    }
    false
}

/// Words of the grammar that a parenthesis may follow.
fn is_word(name: &str) -> bool {
    matches!(name, "select" | "as" | "in" | "and" | "or" | "not" | "where" | "when" | "then" | "else" | "values" | "on")
}

#[cfg(test)]
mod tests {
    use super::acts;
    use crate::schema::{EngineKind, QName, Routine, Schema};

    #[test]
    fn a_call_that_may_change_something_is_told_from_one_that_looks() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let routine = Routine {
            name: QName::new("public", "tidy_up"),
            arguments: String::new(),
            procedure: false,
            language: "sql".into(),
            definition: String::new(),
            comment: None,
        };
        schema.routines.insert(routine.key(), routine);
        for text in [
            "select setval('s', 5)",
            "select setval('s', max(id)) from t",
            "select tidy_up() from t",
            "select create_hypertable('t', 'at')",
            "select cron.schedule('x') from t",
        ] {
            assert!(acts(text, &schema), "{text}");
        }
        for text in [
            "select 1",
            "select count(*), max(id) from t where (a in (1, 2))",
            "select pg_catalog.set_config('search_path', '', false)",
            "select now()",
        ] {
            assert!(!acts(text, &schema), "{text}");
        }
    }
}
