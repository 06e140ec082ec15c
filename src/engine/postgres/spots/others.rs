//! Statements that have no tree, by their kind.

use super::{Spots, maintenance, rights, routines, rows};
use crate::schema::Change;

pub(super) fn of_class(spots: &mut Spots<'_>) {
    let class = spots.statement.class.as_str();
    match class {
        "REINDEX" => maintenance::reindex(spots),
        "VACUUM" | "CLUSTER" => maintenance::whole_database(spots),
        "REFRESH MATERIALIZED VIEW" => maintenance::refresh(spots),
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "SELECT" => rows::of_statement(spots),
        "TRUNCATE" => rows::truncate(spots),
        "COPY" => rows::copy(spots),
        // What is not known at all is told as such.
        "DO" if spots.judgement.known => {
            spots.tell("hidden-code", "its statements are taken as if all of them were run, whatever its code decides");
        }
        "CREATE TRIGGER" => trigger(spots),
        "CREATE VIEW" | "CREATE MATERIALIZED VIEW" if rows::selects_star(&spots.cursor()) => {
            spots.tell("select-star", "the view keeps the columns of this moment");
        }
        "CREATE FUNCTION" | "CREATE PROCEDURE" => routines::create(spots),
        "ALTER DOMAIN" => domain(spots),
        "GRANT" | "REVOKE" | "ALTER DEFAULT PRIVILEGES" => rights::grants(spots),
        "CREATE POLICY" | "ALTER POLICY" => rights::policy(spots),
        "CREATE ROLE" | "CREATE USER" | "ALTER ROLE" | "ALTER USER" => rights::role(spots),
        "SET" => rights::set(spots),
        "ALTER SYSTEM" => {
            spots.tell("setting-of-server-or-role", "the whole server gets it at the next reload or restart");
        }
        "ALTER DATABASE" if spots.cursor().has("set") => {
            spots.tell("setting-of-server-or-role", "every new session of the database gets it");
        }
        "ALTER EXTENSION" => spots.tell("extension-changed", "the extension's own script runs"),
        "CREATE EXTENSION" if !spots.cursor().has("version") => {
            spots.tell("extension-not-pinned", "the version is whatever the server has");
        }
        "CREATE LANGUAGE" => spots.tell("untrusted-language", "code of the language may run on the server"),
        "ALTER SCHEMA" | "ALTER FUNCTION" | "ALTER PROCEDURE" | "ALTER ROUTINE" | "ALTER AGGREGATE"
        | "ALTER DATABASE" | "ALTER POLICY " => renamed(spots),
        "ALTER TYPE" => alter_type(spots),
        "DROP DATABASE" => spots.tell("drop-database", "everything in the database is gone"),
        "DROP ROLE" | "DROP USER" => spots.tell("revoke", "connections that use the role fail"),
        "REASSIGN OWNED" => spots.tell("owner-changed", "everything that the role owns belongs to another one"),
        _ => {}
    }
}

/// A sequence that goes on with other numbers.
pub(super) fn sequence(spots: &mut Spots<'_>) {
    let mut cursor = spots.cursor();
    cursor.take("alter sequence");
    cursor.take("if exists");
    let Some(name) = cursor.name() else { return };
    let name = spots.relation(&name);
    let numbers = ["restart", "increment", "minvalue", "maxvalue", "cycle", "as"];
    if numbers.iter().any(|word| cursor.has(word)) && !spots.is_new(&name) {
        spots.tell("sequence-changed", format!("{} goes on with other numbers", name.short()));
    }
}

/// What has only a new name, schema or owner.
fn renamed(spots: &mut Spots<'_>) {
    let (cursor, class) = (spots.cursor(), spots.statement.class.to_lowercase());
    let what = class.trim_start_matches("alter ").to_owned();
    if cursor.has("rename to") {
        spots.tell("rename-other", format!("running code that uses the {what} by its old name fails"));
    } else if cursor.has("set schema") {
        spots.tell("set-schema", format!("the {what} is in another schema from now on"));
    } else if cursor.has("owner to") {
        spots.tell("owner-changed", format!("the {what} belongs to somebody else from now on"));
    }
}

fn alter_type(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    if cursor.has("set schema") {
        spots.tell("set-schema", "the type is in another schema from now on");
    } else if cursor.has("owner to") {
        spots.tell("owner-changed", "the type belongs to somebody else from now on");
    }
}

fn trigger(spots: &mut Spots<'_>) {
    let on = spots.statement.reading.changes.iter().find_map(|change| match change {
        Change::CreateTrigger { table, .. } => Some(table.clone()),
        _ => None,
    });
    let Some(table) = on.or_else(|| spots.statement.reading.relations.first().cloned()) else { return };
    if !spots.is_new(&table) {
        let message = format!("writers of {} wait until the transaction ends", table.short());
        spots.tell_of("trigger-ddl-locks-table", &table, message);
    }
}

/// A constraint that is checked in every table that uses the domain.
fn domain(spots: &mut Spots<'_>) {
    let tables: Vec<String> = spots.judgement.scans.clone();
    for table in tables.iter().filter_map(|name| name.parse().ok()) {
        let table: crate::schema::QName = table;
        let message = format!("every row of {} is checked while writers wait", table.short());
        spots.tell_of("domain-constraint-scan", &table, message);
    }
    renamed(spots);
}
