//! The settings by which a session reads and writes values and finds names, to be made on another server too (manual,
//! "Client Connection Defaults").

use super::connect::Route;
use super::usual;
use super::wire::{Cells, literal, rows, run};
use crate::Result;

const MATTER: [&str; 14] = [
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "search_path",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "check_function_bodies",
    "default_table_access_method",
    "default_toast_compression",
    "extra_float_digits",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// Statements that set a session as a step's session is set at `route`.
pub(super) async fn of(route: &Route, version: u32) -> Result<Vec<String>> {
    let settings = super::connect::settings(crate::engine::SessionRole::Reader, version, true);
    let mut session = route.open("lockstep-reader", &settings).await?;
    for setting in usual::settings(&mut session).await? {
        run(&mut session, &setting).await?;
    }
    let names: Vec<String> = MATTER.iter().map(|name| literal(name)).collect();
    let sql = format!(
        "SELECT name::text, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings WHERE name IN ({})",
        names.join(", ")
    );
    let mut out = Vec::new();
    for row in &rows(&mut session, &sql).await? {
        let mut cells = Cells::new(row);
        let (name, value): (String, String) = (cells.take()?, cells.take()?);
        out.push(format!("SELECT pg_catalog.set_config({}, {}, false)", literal(&name), literal(&value)));
    }
    Ok(out)
}
