//! Reading the whole schema from the system catalogs: one snapshot, a fixed number of queries, however many objects.
//!
//! The search path is `pg_catalog` alone, so every user's name comes back qualified, whatever the session's settings.
//! What belongs to an extension is left out; the extension itself stands for it. So is what a partition has only
//! because its parent has it (attached indexes, inherited constraints, cloned triggers).

mod aggregates;
mod base_types;
mod build;
mod casts;
mod collations;
mod columns;
mod constraints;
mod dependencies;
mod foreign;
mod indexes;
mod labels;
mod namespaces;
mod operators;
mod others;
mod owners;
mod policies;
mod privileges;
mod publications;
mod remarks;
mod routines;
mod secrets;
mod sequences;
mod settings;
mod statistics;
mod steady;
mod subscriptions;
mod table_settings;
mod tables;
mod text;
mod text_search;
mod triggers;
mod types;
mod views;

use super::wire::run;
use crate::engine::ServerInfo;
use crate::schema::Schema;
use crate::{Error, ErrorCode, Result};
use build::Build;
use sqlx::postgres::PgConnection;
use steady::Mark;

/// How often the schema is read while somebody changes it, and from which time on the tables are locked.
const TRIES: usize = 8;
const TRIES_WITHOUT_LOCKS: usize = 3;

/// Reads the schema.
///
/// # Errors
/// `LockTimeout` when somebody holds a table so that its definition cannot be read, or changes the schema faster than
/// it can be read; `Permission` when a catalog may not be read; `ConnectionLost`.
pub(super) async fn inspect(connection: &mut PgConnection, info: &ServerInfo) -> Result<Schema> {
    for attempt in 0..TRIES {
        let held = attempt >= TRIES_WITHOUT_LOCKS;
        let read = once(connection, info, held).await;
        // The end of a transaction that only reads cannot fail but by losing the connection, which `read` has then told.
        let _ = run(connection, "ROLLBACK").await;
        match read {
            Ok(Some(schema)) => return Ok(schema),
            Ok(None) => {}
            Err(why) if attempt + 1 < TRIES && steady::may_pass(&why) => {}
            Err(why) if !held && why.code == ErrorCode::LockTimeout => {}
            Err(why) => return Err(why),
        }
    }
    Err(Error::new(ErrorCode::LockTimeout, "the schema is being changed faster than it can be read")
        .hint("Wait until the migration or the load that changes it has ended, and try again."))
}

/// One reading; none when somebody changed the schema meanwhile.
async fn once(connection: &mut PgConnection, info: &ServerInfo, held: bool) -> Result<Option<Schema>> {
    if held {
        steady::hold(connection).await?;
        let (schema, mark) = read(connection, info).await?;
        return Ok(steady::is_undisturbed(connection, &mark, true).await?.then_some(schema));
    }
    run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    // What was decompiled stays locked against changes. Somebody who waits for that, and has what is wanted next, would
    // be the one whom the server ends for the deadlock (after `deadlock_timeout`, 1 s): this side gives way before.
    run(connection, "SET LOCAL lock_timeout = '100ms'").await?;
    let (schema, mark) = read(connection, info).await?;
    // Within the transaction nothing new can be seen.
    run(connection, "ROLLBACK").await?;
    Ok(steady::is_undisturbed(connection, &mark, false).await?.then_some(schema))
}

async fn read(connection: &mut PgConnection, info: &ServerInfo) -> Result<(Schema, Mark)> {
    run(connection, "SET LOCAL search_path = pg_catalog").await?;
    let mark = steady::mark(connection).await?;
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
    base_types::read(connection, &mut build).await?;
    routines::read(connection, &mut build).await?;
    triggers::read(connection, &mut build).await?;
    others::read(connection, &mut build).await?;
    settings::read(connection, &mut build).await?;
    foreign::read(connection, &mut build).await?;
    subscriptions::read(connection, &mut build).await?;
    labels::read(connection, &mut build).await?;
    remarks::read(connection, &mut build).await?;
    owners::read(connection, &mut build).await?;
    privileges::read(connection, &mut build).await?;
    dependencies::read(connection, &mut build).await?;
    Ok((build.finish(), mark))
}
