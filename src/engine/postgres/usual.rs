//! What a session is set to for everybody else. The driver opens every session with `TimeZone` UTC and `DateStyle`
//! "ISO, MDY", above what role, database and server say; a step's literals are to be read as `psql` would read them.

use super::wire::{Cells, literal, rows};
use crate::Result;
use sqlx::postgres::PgConnection;

/// The settings that the driver takes over, with the variables by which libpq lets a user set them.
const TAKEN: [(&str, &str); 2] = [("TimeZone", "PGTZ"), ("DateStyle", "PGDATESTYLE")];

/// Statements that set the session to what it would be without the driver. Nothing for a setting of which this cannot
/// be told: the configuration files are for the server's administrators only (`pg_file_settings`).
pub(super) async fn settings(connection: &mut PgConnection) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for (name, variable) in TAKEN {
        let asked = std::env::var(variable).ok().filter(|value| !value.is_empty());
        let value = match asked {
            Some(value) => Some(value),
            None => of_server(connection, name).await?,
        };
        out.extend(value.map(|value| statement(name, &value)));
    }
    Ok(out)
}

/// The time zone that a step's session has, where it can be told.
pub(super) async fn time_zone(connection: &mut PgConnection) -> Result<Option<String>> {
    match std::env::var("PGTZ").ok().filter(|value| !value.is_empty()) {
        Some(zone) => Ok(Some(zone)),
        None => of_server(connection, "TimeZone").await,
    }
}

/// Whether a zone is the one in which timestamps with and without it are stored alike: no offset, at any time
/// (`TimestampTimestampTzRequiresRewrite` in PostgreSQL's sources).
pub(super) fn is_utc(zone: &str) -> bool {
    let zone = zone.to_ascii_lowercase();
    let name = zone.strip_prefix("etc/").unwrap_or(&zone);
    matches!(name, "utc" | "uct" | "gmt" | "gmt0" | "gmt+0" | "gmt-0" | "zulu" | "universal" | "greenwich" | "0")
}

/// A date style is a list of words, which is one text in the catalog.
fn statement(name: &str, value: &str) -> String {
    format!("SELECT pg_catalog.set_config({}, {}, false)", literal(name), literal(value))
}

/// In the order in which the server looks: role in this database, role, database, everybody, configuration files,
/// and what it was built with.
async fn of_server(connection: &mut PgConnection, name: &str) -> Result<Option<String>> {
    let name = literal(&name.to_lowercase());
    let catalog = format!(
        "SELECT substring(c FROM '=(.*)$') FROM pg_catalog.pg_db_role_setting s \
         CROSS JOIN LATERAL unnest(s.setconfig) AS c \
         WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) \
         AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user)) \
         AND lower(split_part(c, '=', 1)) = {name} \
         ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1"
    );
    if let Some(found) = first(connection, &catalog).await? {
        return Ok(Some(found));
    }
    let allowed = "SELECT 'yes'::text WHERE has_table_privilege('pg_catalog.pg_file_settings', 'select') \
                   AND has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'execute')";
    if first(connection, allowed).await?.is_none() {
        return Ok(None);
    }
    let files = format!(
        "SELECT coalesce((SELECT setting FROM pg_catalog.pg_file_settings WHERE lower(name) = {name} AND applied \
         ORDER BY seqno DESC LIMIT 1), (SELECT boot_val FROM pg_catalog.pg_settings WHERE lower(name) = {name}))"
    );
    first(connection, &files).await
}

async fn first(connection: &mut PgConnection, sql: &str) -> Result<Option<String>> {
    match rows(connection, sql).await?.first() {
        Some(row) => Cells::new(row).take(),
        None => Ok(None),
    }
}
