//! The shadow: a scratch database with the schema of another, and sessions that run statements on it and watch.

mod alone;
mod notices;
mod pace;
mod relations;
mod sample;
mod trial;

use super::connect::{Route, observer_settings, settings};
use super::dialect::PostgresDialect;
use super::scratch::{Bounds, Ground, SERVER_WIDE, Standing, bounds};
use super::session::values;
use super::wire::{Cells, rows, run};
use super::{catalog, reader, statements};
use crate::engine::{Dialect, Observed, Reach, Row, ServerInfo, SessionRole, Shadow, Trial};
use crate::risk::Pace;
use crate::schema::{QName, Schema};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use relations::Relations;
use sqlx::postgres::PgConnection;
use std::sync::Arc;

pub(super) struct PostgresShadow {
    standing: Standing,
    info: ServerInfo,
    inside: Route,
    ground: Ground,
    place: String,
    /// Runs the statements.
    runner: PgConnection,
    backend: i32,
    superuser: bool,
    /// What the runner's session is set to.
    manners: Vec<String>,
    /// Watches from outside, and reads the schema.
    observer: PgConnection,
    relations: Relations,
}

impl PostgresShadow {
    /// Opens the sessions on a database that stands already.
    pub(super) async fn open(standing: Standing, manners: &[String]) -> Result<Self> {
        let info = standing.info().clone();
        let inside = standing.route().ok_or_else(|| Error::internal("the scratch database is gone"))?;
        let ground = standing.ground();
        let version = info.version_number;
        let mut all = settings(SessionRole::Executor, version, false);
        // It waits for nobody, but for those whom it is held up by.
        all.push("SET idle_in_transaction_session_timeout = 0".to_owned());
        all.push("SET statement_timeout = '5min'".to_owned());
        all.push("SET lock_timeout = 0".to_owned());
        let mut runner = inside.open("lockstep-rehearsal", &all).await?;
        for setting in manners {
            // A setting that this server does not know cannot matter to it.
            if run(&mut runner, setting).await.is_ok() {
                all.push(setting.clone());
            }
        }
        let answer = rows(
            &mut runner,
            "SELECT pg_catalog.pg_backend_pid(), (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
        )
        .await?;
        let row = answer.first().ok_or_else(|| Error::internal("the server does not say which session this is"))?;
        let mut cells = Cells::new(row);
        let (backend, superuser): (i32, bool) = (cells.take()?, cells.take()?);
        if superuser {
            // The lines that say what is rewritten are read in English.
            run(&mut runner, "SET lc_messages = 'C'").await?;
            all.push("SET lc_messages = 'C'".to_owned());
        }
        let observer = inside.open("lockstep-rehearsal", &observer_settings(version, "5s", "5min")).await?;
        let mut relations = Relations::default();
        relations.read(&mut runner).await?;
        let what = if ground == Ground::Ours { "a private server" } else { "a scratch database" };
        let place = format!("{what} at {} (PostgreSQL {})", info.host, info.version);
        Ok(Self {
            standing,
            info,
            inside,
            ground,
            place,
            runner,
            backend,
            superuser,
            manners: all,
            observer,
            relations,
        })
    }

    /// Puts the session back as it was opened: what one step sets must not reach the next.
    async fn runner_as_opened(&mut self) -> Result<()> {
        let again = format!("RESET ROLE; RESET ALL; {}", self.manners.join("; "));
        run(&mut self.runner, &again).await.map(drop)
    }

    /// Whether the statements may reach beyond the database by what they call.
    ///
    /// # Errors
    /// `Unsupported` where they do by their own words, and the server is somebody's.
    fn reaches(&self, sql: &[String]) -> Result<bool> {
        if self.ground == Ground::Ours {
            return Ok(false);
        }
        let mut watched = false;
        for statement in sql {
            match bounds(&reader::class_of(statement), statement) {
                Bounds::Inside | Bounds::Nothing => {}
                Bounds::Watched => watched = true,
                Bounds::Role(name) => {
                    return Err(beyond(&format!("it makes the role {name}, which is the whole server's")));
                }
                Bounds::Server(why) => return Err(beyond(why)),
                Bounds::Both(what) => return Err(beyond(&format!("it reaches {what}"))),
            }
        }
        Ok(watched)
    }

    /// A digest of what is the whole server's.
    async fn server_wide(&mut self) -> Result<String> {
        let answer = rows(&mut self.runner, SERVER_WIDE).await?;
        let told = answer.first().map_or(Ok(None), |row| Cells::new(row).take::<Option<String>>())?;
        Ok(told.unwrap_or_default())
    }
}

fn beyond(why: &str) -> Error {
    Error::new(ErrorCode::Unsupported, format!("this cannot be tried on a shadow of the same server: {why}"))
        .hint("Name another server with --shadow, which may be changed.")
}

#[async_trait]
impl Shadow for PostgresShadow {
    fn place(&self) -> &str {
        &self.place
    }

    fn notes(&self) -> &[String] {
        self.standing.notes()
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(PostgresDialect::of_server(self.info.version_number, None))
    }

    async fn inspect(&mut self) -> Result<Schema> {
        catalog::inspect(&mut self.observer, &self.info).await
    }

    async fn attempt(&mut self, trial: &Trial<'_>) -> Result<Observed> {
        if trial.transactional || trial.backfill.is_some() {
            self.in_transaction(trial).await
        } else {
            self.outside_transaction(trial).await
        }
    }

    async fn receive(&mut self, table: &QName, columns: &[String], rows: &[Row]) -> Result<u64> {
        self.insert(table, columns, rows).await
    }

    async fn reach(&mut self, sql: &str) -> Result<Reach> {
        statements::reach(&mut self.runner, sql).await
    }

    async fn pace(&mut self) -> Result<Option<Pace>> {
        if self.ground == Ground::Ours {
            return Ok(None);
        }
        pace::measure(&mut self.runner).await
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>> {
        rows(&mut self.observer, sql).await?.iter().map(values).collect()
    }

    async fn remove(self: Box<Self>) -> Result<()> {
        let Self { standing, runner, observer, .. } = *self;
        drop((runner, observer));
        standing.remove().await
    }
}
