//! Roles, privileges and policies.

use super::Spots;
use crate::engine::postgres::judge::named;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::risk::Granted;
use crate::schema::{QName, Schema};
use crate::sql::Statement;

/// GRANT, REVOKE, and ALTER DEFAULT PRIVILEGES.
pub(super) fn grants(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    let takes = cursor.has("revoke");
    let what: Vec<String> = spots.statement.reading.relations.iter().map(QName::short).collect();
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
fn always_true(cursor: &Cursor<'_>) -> bool {
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
fn password(cursor: &Cursor<'_>) -> bool {
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

/// Who may read what from now on, by a GRANT of SELECT or ALL on tables or views.
pub(in crate::engine::postgres) fn granted(statement: &Statement, schema: &Schema) -> Option<Granted> {
    if statement.class != "GRANT" {
        return None;
    }
    let mut cursor = Cursor::new(&statement.text);
    cursor.take("grant");
    let mut granted = Granted::default();
    let mut reads = false;
    while !cursor.at_end() && !cursor.take("on") {
        let reading = cursor.take_any(&["select", "all privileges", "all"]).is_some();
        reads |= reading;
        if reading && let Some(columns) = cursor.name_list() {
            granted.columns.extend(columns);
        } else if !reading {
            cursor.step();
        }
    }
    if !reads {
        return None;
    }
    if cursor.take("all tables in schema") {
        let in_schema = cursor.ident()?;
        granted.on = schema.tables.keys().filter(|table| table.schema == in_schema).cloned().collect();
        while !cursor.at_end() && !cursor.sees("to") {
            cursor.step();
        }
    } else {
        cursor.take("table");
        while let Some(name) = cursor.name() {
            granted.on.push(named(&statement.reading, &name));
            if !cursor.take_sign(',') {
                break;
            }
        }
    }
    cursor.take("to").then_some(())?;
    while !cursor.at_end() {
        cursor.take("group");
        if cursor.take("public") {
            granted.to_public = true;
        } else if let Some(role) = cursor.ident() {
            granted.to.push(role);
        }
        if !cursor.take_sign(',') {
            break;
        }
    }
    Some(granted)
}
