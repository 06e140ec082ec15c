//! What answered: version, role, rights, and what stands in between.

use super::connect::Route;
use super::wire::{Cells, rows};
use crate::engine::{ServerInfo, Target};
use crate::schema::EngineKind;
use crate::sql::visible;
use crate::{Error, Result};
use sqlx::postgres::PgConnection;

const ASK: &str = "SELECT pg_catalog.current_setting('server_version'),
    pg_catalog.current_setting('server_version_num')::int4,
    pg_catalog.current_database()::text, current_user::text, pg_catalog.pg_is_in_recovery(),
    pg_catalog.pg_has_role(current_user, 'pg_monitor', 'USAGE'), pg_catalog.pg_backend_pid(),
    pg_catalog.current_setting('transaction_read_only') = 'on'";

/// Asks the server who it is.
pub(super) async fn info(connection: &mut PgConnection, route: &Route, target: &Target) -> Result<ServerInfo> {
    let answer = rows(connection, ASK).await?;
    let Some(row) = answer.first() else {
        return Err(Error::internal("the server does not say its version"));
    };
    let mut cells = Cells::new(row);
    let version: String = cells.take()?;
    let number: i32 = cells.take()?;
    let version_number = u32::try_from(number).unwrap_or_default();
    let database: String = cells.take()?;
    let user: String = cells.take()?;
    let standby: bool = cells.take()?;
    let sees_all: bool = cells.take()?;
    let backend: i32 = cells.take()?;
    let read_only: bool = cells.take()?;
    let mut warnings = Vec::new();
    if !(13..=18).contains(&(version_number / 10_000)) {
        warnings.push(format!("Lockstep knows PostgreSQL 13 to 18; this is {}.", visible(&version)));
    }
    if !sees_all {
        warnings.push(format!(
            "The role {} is no member of pg_monitor, so what other users' sessions do cannot be seen.",
            visible(&user)
        ));
    }
    if pooled(connection, backend).await? {
        warnings.push(
            "A connection pooler changes the server's session between statements: connect to the server itself \
             before running a plan."
                .to_owned(),
        );
    }
    if standby {
        warnings.push("This is a standby: it can be looked at, but nothing can be changed on it.".to_owned());
    }
    if std::env::var_os("PGSERVICE").is_some() || target.url.expose().contains("service=") {
        warnings
            .push("Connection service files (PGSERVICE) are not read; put host and database in the URL.".to_owned());
    }
    Ok(ServerInfo {
        engine: EngineKind::Postgres,
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        version_number,
        database,
        host: route.place(),
        user: Some(user),
        shown: target.shown.clone(),
        read_only: route.read_only() || read_only,
        standby,
        production: target.production,
        warnings,
    })
}

/// Whether another backend answers than before, or one that calls itself a pooler's.
async fn pooled(connection: &mut PgConnection, first: i32) -> Result<bool> {
    for _ in 0..3 {
        let answer = rows(connection, "SELECT pg_catalog.pg_backend_pid()").await?;
        let Some(row) = answer.first() else { return Ok(false) };
        if Cells::new(row).take::<i32>()? != first {
            return Ok(true);
        }
    }
    Ok(false)
}
