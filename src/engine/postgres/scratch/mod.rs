//! The schema that some SQL makes: run in a database made for the purpose, read, and removed again.
//!
//! The database is made on the server that we are connected to; where the role may not make one, on a private server
//! of the same version, started from the binaries on this machine.

mod bounds;
mod database;
mod failure;
mod load;
mod work;

use super::connect::{Route, observer_settings};
use super::wire::{Cells, literal, quoted, rows, run};
use super::{catalog, private_server, server};
use crate::engine::tidy::to_the_end;
use crate::engine::{ConnectOptions, Made, ServerInfo};
use crate::sql::SqlFile;
use crate::{Error, ErrorCode, Result};
use database::ScratchDatabase;
use load::{Ground, Loader};
use sqlx::postgres::PgConnection;
use tokio_util::sync::CancellationToken;
use work::Work;

/// Why there is no schema.
enum Refused {
    /// No scratch database can be made here.
    NoDatabase(Error),
    /// The SQL cannot be loaded.
    Sql(Error),
}

pub(super) async fn schema_of(route: &Route, info: &ServerInfo, files: &[SqlFile]) -> Result<Made> {
    let (route, info, files) = (route.clone(), info.clone(), files.to_vec());
    to_the_end(|given_up| async move {
        match made(&route, &info, &files, Ground::Somebodys, &given_up).await {
            Ok(made) => Ok(made),
            Err(Refused::NoDatabase(why)) => privately(&route, &info, &files, why, &given_up).await,
            // What the role may not do on the target it may on a server of its own.
            Err(Refused::Sql(why)) if why.engine_code.as_deref() == Some("42501") => {
                match privately(&route, &info, &files, why.clone(), &given_up).await {
                    Ok(made) => Ok(made),
                    Err(_) => Err(why),
                }
            }
            Err(Refused::Sql(why)) => Err(why),
        }
    })
    .await
}

/// Makes the database at `route`, and removes it whatever happens.
async fn made(
    route: &Route,
    info: &ServerInfo,
    files: &[SqlFile],
    ground: Ground,
    given_up: &CancellationToken,
) -> Result<Made, Refused> {
    let scratch = ScratchDatabase::make(route, info).await.map_err(Refused::NoDatabase)?;
    let inside = scratch.route();
    let built = tokio::select! {
        built = build(&inside, info, files, ground) => built,
        () = given_up.cancelled() => Err(Error::new(ErrorCode::Cancelled, "loading the SQL was given up")),
    };
    let removed = scratch.remove().await;
    let made = built.map_err(Refused::Sql)?;
    removed.map(|()| made).map_err(Refused::Sql)
}

async fn build(route: &Route, info: &ServerInfo, files: &[SqlFile], ground: Ground) -> Result<Made> {
    let work = Work::of(files);
    let mut connection = route.open("lockstep-scratch", &[]).await?;
    let told = Loader::new(&mut connection, files, &work, ground, &info.host).await?.load().await?;
    // What the script has set for its session must not reach the reading.
    drop(connection);
    let mut reader = route.open("lockstep-scratch", &observer_settings(info.version_number, "5s", "5min")).await?;
    let schema = catalog::inspect(&mut reader, info).await?;
    Ok(Made { schema, notes: work.notes.iter().cloned().chain(told).collect() })
}

/// The same on a server of our own. `why` says why it cannot be the other one, and is the error when there is none.
async fn privately(
    route: &Route,
    info: &ServerInfo,
    files: &[SqlFile],
    why: Error,
    given_up: &CancellationToken,
) -> Result<Made> {
    let major = info.version_number / 10_000;
    let private = tokio::select! {
        started = private_server::start(Some(major)) => match started {
            Ok(private) => private,
            Err(missing) if missing.code == ErrorCode::NotFound => return Err(why),
            Err(failed) => return Err(failed),
        },
        () = given_up.cancelled() => return Err(Error::new(ErrorCode::Cancelled, "loading the SQL was given up")),
    };
    let own = Route::new(&private.target, &ConnectOptions::default())?;
    let mut superuser = own.open("lockstep-scratch", &[]).await?;
    let own_info = server::info(&mut superuser, &own, &private.target).await?;
    copy_roles(route, &mut superuser).await?;
    drop(superuser);
    let own = own.to_user(route.user());
    let made = match made(&own, &own_info, files, Ground::Ours, given_up).await {
        Ok(mut made) => {
            made.notes.push(format!(
                "the SQL was loaded into a private server (PostgreSQL {}), since at {}: {}",
                own_info.version, info.host, why.message
            ));
            Ok(made)
        }
        Err(Refused::NoDatabase(why) | Refused::Sql(why)) => Err(why),
    };
    // Ending the server takes a moment, in which other tasks go on.
    let _ = tokio::task::spawn_blocking(move || drop(private)).await;
    made
}

/// Makes the roles of the server at `from` by name, ours as a superuser with the same password as the one that made
/// the private server.
async fn copy_roles(from: &Route, to: &mut PgConnection) -> Result<()> {
    let mut there = from.to_database(from.database()).open("lockstep-scratch", &[]).await?;
    let sql = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'lockstep'";
    let mut names: Vec<String> = Vec::new();
    for row in &rows(&mut there, sql).await? {
        names.push(Cells::new(row).take()?);
    }
    for name in &names {
        run(to, &format!("CREATE ROLE {}", quoted(name))).await?;
    }
    if from.user() != "lockstep" {
        let sql = "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = 'lockstep'";
        let answer = rows(to, sql).await?;
        let password: Option<String> = answer.first().map_or(Ok(None), |row| Cells::new(row).take())?;
        let user = quoted(from.user());
        if !names.iter().any(|name| name == from.user()) {
            run(to, &format!("CREATE ROLE {user}")).await?;
        }
        let password = password.map_or_else(String::new, |hash| format!(" PASSWORD {}", literal(&hash)));
        run(to, &format!("ALTER ROLE {user} SUPERUSER LOGIN{password}")).await?;
    }
    Ok(())
}
