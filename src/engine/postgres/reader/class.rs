//! The kind of a statement, from its leading words.

use super::cursor::Cursor;

/// Objects with names of several words, longest first.
const OBJECTS: &[&str] = &[
    "text search configuration",
    "text search dictionary",
    "text search parser",
    "text search template",
    "foreign data wrapper",
    "materialized view",
    "default privileges",
    "access method",
    "event trigger",
    "foreign table",
    "large object",
    "operator class",
    "operator family",
    "user mapping",
    "aggregate",
    "cast",
    "collation",
    "column",
    "constraint",
    "conversion",
    "database",
    "domain",
    "extension",
    "function",
    "group",
    "index",
    "language",
    "operator",
    "owned",
    "policy",
    "procedure",
    "publication",
    "role",
    "routine",
    "rule",
    "schema",
    "sequence",
    "server",
    "statistics",
    "subscription",
    "system",
    "table",
    "tablespace",
    "transform",
    "trigger",
    "type",
    "user",
    "view",
];

const FILLERS: &[&str] = &[
    "or replace",
    "unique",
    "global",
    "local",
    "temporary",
    "temp",
    "unlogged",
    "recursive",
    "constraint",
    "trusted",
    "procedural",
    "default",
];

const SINGLE: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "merge",
    "truncate",
    "copy",
    "do",
    "call",
    "grant",
    "revoke",
    "vacuum",
    "analyze",
    "reindex",
    "cluster",
    "lock",
    "explain",
    "show",
    "set",
    "reset",
    "discard",
    "notify",
    "listen",
    "unlisten",
    "prepare",
    "execute",
    "deallocate",
    "declare",
    "fetch",
    "move",
    "close",
    "checkpoint",
    "load",
    "table",
    "values",
    "import foreign schema",
    "refresh materialized view",
    "security label",
    "reassign owned",
];

/// `CREATE INDEX`, `UPDATE`, `DO`, in upper case; `unknown` when the words begin no statement.
pub(in crate::engine::postgres) fn class(text: &str) -> String {
    /// More words than any kind of statement begins with; only what follows WITH is looked for further on.
    const WORDS: usize = 12;
    let mut cursor = Cursor::leading(text, WORDS);
    while cursor.take_sign('(') {}
    if cursor.at_end() || cursor.sees("with") {
        cursor = Cursor::new(text);
    }
    class_of(&mut cursor).unwrap_or_else(|| "unknown".to_owned())
}

fn class_of(cursor: &mut Cursor<'_>) -> Option<String> {
    while cursor.take_sign('(') {}
    if let Some(verb) = cursor.take_any(&["create", "alter", "drop", "comment on"]) {
        if verb == "comment on" {
            return Some("COMMENT".to_owned());
        }
        let object = object(cursor)?;
        let verb = verb.to_ascii_uppercase();
        let object = object.to_ascii_uppercase();
        return Some(format!("{verb} {object}"));
    }
    if cursor.sees("with") {
        return with_main(cursor);
    }
    SINGLE.iter().find(|word| cursor.sees(word)).map(|word| match *word {
        "table" | "values" => "SELECT".to_owned(),
        word => word.to_ascii_uppercase(),
    })
}

fn object<'w>(cursor: &mut Cursor<'_>) -> Option<&'w str> {
    loop {
        let found = OBJECTS.iter().copied().find(|o| cursor.sees(o));
        // `CREATE CONSTRAINT TRIGGER` and `ALTER DEFAULT PRIVILEGES` begin with a word that is also a filler.
        if let Some(found) = found.filter(|o| *o != "constraint") {
            return Some(found);
        }
        cursor.take_any(FILLERS)?;
    }
}

/// What the statement after the common table expressions is.
fn with_main(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.step();
    cursor.take("recursive");
    while !cursor.at_end() {
        if cursor.sees_sign('(') {
            cursor.parenthesised()?;
        } else if let Some(verb) = cursor.take_any(&["select", "insert", "update", "delete", "merge", "values"]) {
            return Some(if verb == "values" { "SELECT".to_owned() } else { verb.to_ascii_uppercase() });
        } else {
            cursor.step();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn leading_words_make_the_class() {
        let cases = [
            ("create unique index concurrently i on t (a)", "CREATE INDEX"),
            ("create or replace function f() returns int", "CREATE FUNCTION"),
            ("create constraint trigger x", "CREATE TRIGGER"),
            ("alter default privileges grant", "ALTER DEFAULT PRIVILEGES"),
            ("with a as (delete from t returning *) insert into u select * from a", "INSERT"),
            ("/* x */ Update t set a = 1", "UPDATE"),
            ("create temp table t ()", "CREATE TABLE"),
            ("drop materialized view v", "DROP MATERIALIZED VIEW"),
            ("comment on table t is 'x'", "COMMENT"),
            ("(select 1)", "SELECT"),
            ("frobnicate", "unknown"),
        ];
        for (text, want) in cases {
            assert_eq!(class(text), want, "{text}");
        }
    }
}
