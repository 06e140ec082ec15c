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
use crate::engine::tidy::{afterwards, to_the_end};
use crate::engine::{ConnectOptions, Made, Private, ServerInfo};
use crate::schema::Schema;
use crate::sql::SqlFile;
use crate::{Error, ErrorCode, Result};
use database::ScratchDatabase;
use load::Loader;
use sqlx::postgres::PgConnection;
use std::future::Future;
use tokio_util::sync::CancellationToken;
use work::Work;

pub(super) use bounds::{Bounds, bounds};
pub(super) use load::{Ground, SERVER_WIDE};

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

/// Makes the database at `route`, reads it, and removes it whatever happens.
async fn made(
    route: &Route,
    info: &ServerInfo,
    files: &[SqlFile],
    ground: Ground,
    given_up: &CancellationToken,
) -> Result<Made, Refused> {
    let mut standing = Standing::make(route, info, files, ground, given_up).await?;
    let schema = tokio::select! {
        schema = read(standing.route(), info) => schema,
        () = given_up.cancelled() => Err(abandoned()),
    };
    let notes = std::mem::take(&mut standing.notes);
    let removed = standing.remove().await;
    let schema = schema.map_err(Refused::Sql)?;
    removed.map(|()| Made { schema, notes }).map_err(Refused::Sql)
}

async fn read(route: Option<Route>, info: &ServerInfo) -> Result<Schema> {
    let route = route.ok_or_else(|| Error::internal("the scratch database is gone"))?;
    let mut reader = route.open("lockstep-scratch", &observer_settings(info.version_number, "5s", "5min")).await?;
    catalog::inspect(&mut reader, info).await
}

fn abandoned() -> Error {
    Error::new(ErrorCode::Cancelled, "loading the SQL was given up")
}

/// The same on a server of our own. `why` says why it cannot be the other one, and is the error when there is none.
async fn privately(
    route: &Route,
    info: &ServerInfo,
    files: &[SqlFile],
    why: Error,
    given_up: &CancellationToken,
) -> Result<Made> {
    let own = OwnServer::start(route, info, why.clone(), given_up).await?;
    let made = match made(&own.route, &own.info, files, Ground::Ours, given_up).await {
        Ok(mut made) => {
            made.notes.push(own.note(&info.host, &why));
            Ok(made)
        }
        Err(Refused::NoDatabase(why) | Refused::Sql(why)) => Err(why),
    };
    own.end().await;
    made
}

/// A server started for this alone, with the roles of the other one by name.
struct OwnServer {
    private: Private,
    route: Route,
    info: ServerInfo,
}

impl OwnServer {
    async fn start(route: &Route, info: &ServerInfo, why: Error, given_up: &CancellationToken) -> Result<Self> {
        let major = info.version_number / 10_000;
        let private = tokio::select! {
            started = private_server::start(Some(major)) => match started {
                Ok(private) => private,
                Err(missing) if missing.code == ErrorCode::NotFound => return Err(why),
                Err(failed) => return Err(failed),
            },
            () = given_up.cancelled() => return Err(abandoned()),
        };
        let own = Route::new(&private.target, &ConnectOptions::default())?;
        let mut superuser = own.open("lockstep-scratch", &[]).await?;
        let info = server::info(&mut superuser, &own, &private.target).await?;
        copy_roles(route, &mut superuser).await?;
        Ok(Self { route: own.to_user(route.user()), private, info })
    }

    fn note(&self, host: &str, why: &Error) -> String {
        format!(
            "the SQL was loaded into a private server (PostgreSQL {}), since at {host}: {}",
            self.info.version, why.message
        )
    }

    /// Ending the server takes a moment, in which other tasks go on.
    async fn end(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self.private)).await;
    }
}

/// A scratch database that some SQL was run in. It goes when this is dropped.
pub(super) struct Standing {
    scratch: Option<ScratchDatabase>,
    own: Option<OwnServer>,
    info: ServerInfo,
    ground: Ground,
    notes: Vec<String>,
}

impl Standing {
    async fn make(
        route: &Route,
        info: &ServerInfo,
        files: &[SqlFile],
        ground: Ground,
        given_up: &CancellationToken,
    ) -> Result<Self, Refused> {
        let scratch = ScratchDatabase::make(route, info).await.map_err(Refused::NoDatabase)?;
        let inside = scratch.route();
        let mut standing = Self { scratch: Some(scratch), own: None, info: info.clone(), ground, notes: Vec::new() };
        let loaded = tokio::select! {
            loaded = load(&inside, info, files, ground) => loaded,
            () = given_up.cancelled() => Err(abandoned()),
        };
        match loaded {
            Ok(notes) => {
                standing.notes = notes;
                Ok(standing)
            }
            Err(why) => {
                // What cannot be removed now is swept at the next start.
                let _ = standing.remove().await;
                Err(Refused::Sql(why))
            }
        }
    }

    /// Where the database is.
    pub(super) fn route(&self) -> Option<Route> {
        self.scratch.as_ref().map(ScratchDatabase::route)
    }

    pub(super) fn info(&self) -> &ServerInfo {
        &self.info
    }

    pub(super) fn ground(&self) -> Ground {
        self.ground
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) async fn remove(mut self) -> Result<()> {
        self.removal().await
    }

    fn removal(&mut self) -> impl Future<Output = Result<()>> + Send + use<> {
        let (scratch, own) = (self.scratch.take(), self.own.take());
        async move {
            let removed = match scratch {
                Some(scratch) => scratch.remove().await,
                None => Ok(()),
            };
            match own {
                // Its databases go with the server.
                Some(own) => {
                    own.end().await;
                    Ok(())
                }
                None => removed,
            }
        }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if self.scratch.is_some() {
            afterwards(self.removal());
        }
    }
}

async fn load(route: &Route, info: &ServerInfo, files: &[SqlFile], ground: Ground) -> Result<Vec<String>> {
    let work = Work::of(files);
    let mut connection = route.open("lockstep-scratch", &[]).await?;
    let told = Loader::new(&mut connection, files, &work, ground, &info.host).await?.load().await?;
    // The connection ends here: what the script has set for its session must not reach the reading.
    Ok(work.notes.iter().cloned().chain(told).collect())
}

/// A scratch database that `files` were run in, to stay until it is dropped.
///
/// # Errors
/// As [`schema_of`].
pub(super) async fn standing(route: &Route, info: &ServerInfo, files: &[SqlFile]) -> Result<Standing> {
    let (route, info, files) = (route.clone(), info.clone(), files.to_vec());
    to_the_end(|given_up| async move {
        let why = match Standing::make(&route, &info, &files, Ground::Somebodys, &given_up).await {
            Ok(standing) => return Ok(standing),
            Err(Refused::NoDatabase(why)) => why,
            Err(Refused::Sql(why)) if why.engine_code.as_deref() == Some("42501") => why,
            Err(Refused::Sql(why)) => return Err(why),
        };
        let own = OwnServer::start(&route, &info, why.clone(), &given_up).await?;
        match Standing::make(&own.route, &own.info, &files, Ground::Ours, &given_up).await {
            Ok(mut standing) => {
                standing.notes.push(own.note(&info.host, &why));
                standing.own = Some(own);
                Ok(standing)
            }
            Err(Refused::NoDatabase(why) | Refused::Sql(why)) => {
                own.end().await;
                Err(why)
            }
        }
    })
    .await
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
