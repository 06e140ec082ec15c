//! Reading the whole schema from the system catalogs: one snapshot, a fixed number of queries, however many objects.
//!
//! The search path is `pg_catalog` alone, so every user's name comes back qualified, whatever the session's settings.
//! What belongs to an extension is left out; the extension itself stands for it. So is what a partition has only
//! because its parent has it (attached indexes, inherited constraints, cloned triggers).

mod build;
mod columns;
mod constraints;
mod dependencies;
mod indexes;
mod namespaces;
mod others;
mod owners;
mod privileges;
mod remarks;
mod routines;
mod sequences;
mod settings;
mod tables;
mod text;
mod triggers;
mod types;
mod unmodelled;
mod views;

use super::wire::run;
use crate::Result;
use crate::engine::ServerInfo;
use crate::schema::Schema;
use build::Build;
use sqlx::postgres::PgConnection;

/// Reads the schema.
///
/// # Errors
/// `LockTimeout` when somebody holds a table so that its definition cannot be read; `Permission` when a catalog may
/// not be read; `ConnectionLost`.
pub(super) async fn inspect(connection: &mut PgConnection, info: &ServerInfo) -> Result<Schema> {
    run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let read = read(connection, info).await;
    // The end of a transaction that only reads cannot fail but by losing the connection, which `read` has then told.
    let _ = run(connection, "ROLLBACK").await;
    read
}

async fn read(connection: &mut PgConnection, info: &ServerInfo) -> Result<Schema> {
    run(connection, "SET LOCAL search_path = pg_catalog").await?;
    let version = info.version_number / 10_000;
    let mut build = Build::new(version, &info.version);
    namespaces::read(connection, &mut build).await?;
    types::read(connection, &mut build).await?;
    sequences::read(connection, &mut build).await?;
    tables::read(connection, &mut build).await?;
    views::read(connection, &mut build).await?;
    columns::read(connection, &mut build).await?;
    constraints::read(connection, &mut build).await?;
    indexes::read(connection, &mut build).await?;
    routines::read(connection, &mut build).await?;
    triggers::read(connection, &mut build).await?;
    others::read(connection, &mut build).await?;
    settings::read(connection, &mut build).await?;
    remarks::read(connection, &mut build).await?;
    owners::read(connection, &mut build).await?;
    privileges::read(connection, &mut build).await?;
    unmodelled::read(connection, &mut build).await?;
    dependencies::read(connection, &mut build).await?;
    Ok(build.finish())
}
