//! Roles, privileges and policies.

use super::Spots;

/// GRANT, REVOKE, and ALTER DEFAULT PRIVILEGES.
pub(super) fn grants(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    let takes = cursor.has("revoke");
    let what: Vec<String> = spots.statement.reading.relations.iter().map(crate::schema::QName::short).collect();
    let what = if what.is_empty() { "it".to_owned() } else { what.join(", ") };
    if takes {
        // What everybody has by itself is taken from them for good reasons.
        if !cursor.has("from public") {
            spots.tell("revoke", format!("code that uses {what} with this privilege fails"));
        }
        return;
    }
    if cursor.has("to public") {
        spots.tell("grant-to-public", format!("every role may use {what}"));
    }
    if cursor.has("grant all") {
        spots.tell("grant-all", format!("every privilege on {what} is given"));
    }
}

pub(super) fn policy(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    if spots.statement.class == "ALTER POLICY" {
        spots.tell("policy-changed", "roles may see or write other rows from now on");
    }
    let restrictive = cursor.has("as restrictive");
    let for_all = !cursor.has("to") || cursor.has("to public");
    if !restrictive && for_all && always_true(&cursor) {
        spots.tell("policy-allows-all", "its condition is true for every row, and it is for every role");
    }
}

/// `USING (true)`.
fn always_true(cursor: &crate::engine::postgres::reader::cursor::Cursor<'_>) -> bool {
    let mut cursor = cursor.clone();
    while !cursor.at_end() {
        if cursor.take("using") {
            return cursor.parenthesised().is_some_and(|inside| inside.eq_ignore_ascii_case("true"));
        }
        cursor.step();
    }
    false
}

pub(super) fn role(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    for power in ["superuser", "bypassrls", "createrole", "replication"] {
        if cursor.has(power) {
            spots.tell("role-with-power", format!("the role gets {}", power.to_uppercase()));
        }
    }
    if password(&cursor) {
        spots.tell("password-in-text", "the password stands in the text");
    }
    if spots.statement.class.starts_with("ALTER") && (cursor.has("set") || cursor.has("reset")) {
        spots.tell("setting-of-server-or-role", "every new session of the role gets it");
    }
    if cursor.has("rename to") {
        spots.tell("rename-other", "connections that use the role by its old name fail");
    }
}

/// A password that is not a verifier already.
fn password(cursor: &crate::engine::postgres::reader::cursor::Cursor<'_>) -> bool {
    let mut cursor = cursor.clone();
    while !cursor.at_end() {
        if cursor.take("password") {
            let is_verifier = |text: &String| text.starts_with("SCRAM-SHA-256$") || text.starts_with("md5");
            return cursor.string().is_some_and(|text| !text.is_empty() && !is_verifier(&text));
        }
        cursor.step();
    }
    false
}

/// `SET ROLE` and `SET SESSION AUTHORIZATION`.
pub(super) fn set(spots: &mut Spots<'_>) {
    let mut cursor = spots.cursor();
    cursor.take("set");
    cursor.take("session");
    let local = cursor.take("local");
    if !local && (cursor.sees("role") || cursor.sees("authorization")) && !cursor.has("none") && !cursor.has("default")
    {
        spots.tell("set-role", "what follows runs as another role, until it is reset");
    }
}
