//! Making connections: the URL with what the environment adds, and what each kind of session is set to.

use super::errors::refused;
use super::wire::{literal, run};
use crate::engine::{ConnectOptions, SessionRole, Target};
use crate::{Error, ErrorCode, Result};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::str::FromStr;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// How to reach one database, again and again.
#[derive(Clone)]
pub(super) struct Route {
    options: PgConnectOptions,
    timeout: Duration,
    read_only: bool,
}

impl Route {
    /// Reads the URL; what it lacks comes from `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE`
    /// and `~/.pgpass`.
    pub(super) fn new(target: &Target, options: &ConnectOptions) -> Result<Self> {
        let parsed = PgConnectOptions::from_str(target.url.expose()).map_err(|why| match why {
            // The text of a URL's error may repeat the URL, and with it the password.
            sqlx::Error::Configuration(_) => Error::new(ErrorCode::Usage, "the database URL cannot be used")
                .hint("Write postgres://user@host:5432/database?sslmode=prefer."),
            other => refused(other, "the server", "", ""),
        })?;
        let parsed = parsed.statement_cache_capacity(0).disable_statement_logging();
        Ok(Self { options: parsed, timeout: options.timeout, read_only: options.read_only })
    }

    pub(super) fn read_only(&self) -> bool {
        self.read_only
    }

    pub(super) fn user(&self) -> &str {
        self.options.get_username()
    }

    /// The database's name; a server takes the user's name when none is given.
    pub(super) fn database(&self) -> &str {
        self.options.get_database().unwrap_or_else(|| self.options.get_username())
    }

    /// Host and port, or the socket's folder and port.
    pub(super) fn place(&self) -> String {
        let port = self.options.get_port();
        match self.options.get_socket() {
            Some(folder) => format!("{}:{port}", folder.display()),
            None => format!("{}:{port}", self.options.get_host()),
        }
    }

    /// The same server and user, another database, and free to write.
    pub(super) fn to_database(&self, name: &str) -> Self {
        Self { options: self.options.clone().database(name), timeout: self.timeout, read_only: false }
    }

    /// The same server and password, another user.
    pub(super) fn to_user(&self, name: &str) -> Self {
        Self { options: self.options.clone().username(name), timeout: self.timeout, read_only: self.read_only }
    }

    /// Opens a connection under a name that others see in `pg_stat_activity`, and makes its settings.
    pub(super) async fn open(&self, application: &str, settings: &[String]) -> Result<PgConnection> {
        let options = self.options.clone().application_name(application);
        let mut connection = match tokio::time::timeout(self.timeout, options.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(why)) => return Err(refused(why, &self.place(), self.user(), self.database())),
            Err(_) => return Err(self.too_slow()),
        };
        if !settings.is_empty() {
            run(&mut connection, &settings.join(";\n")).await?;
        }
        Ok(connection)
    }

    fn too_slow(&self) -> Error {
        let seconds = self.timeout.as_secs_f32();
        Error::new(ErrorCode::Connection, format!("{} did not answer within {seconds} s", self.place()))
            .hint("Check host and port; a firewall may be swallowing the connection.")
    }
}

/// The name on the server by what the session is for.
pub(super) fn application(role: SessionRole) -> &'static str {
    match role {
        SessionRole::Executor => "lockstep",
        SessionRole::Reader => "lockstep-reader",
        SessionRole::Journal => "lockstep-journal",
        SessionRole::Load => "lockstep-load",
    }
}

/// The settings of a session, as statements; also what puts it back to them after `RESET ALL`.
pub(super) fn settings(role: SessionRole, version: u32, read_only: bool) -> Vec<String> {
    let mut out = vec!["SET standard_conforming_strings = on".to_owned()];
    if read_only || role == SessionRole::Reader {
        out.push("SET default_transaction_read_only = on".to_owned());
    }
    if role == SessionRole::Executor {
        // Without it a server goes on with a statement whose client was killed.
        if version >= 140_000 {
            out.push("SET client_connection_check_interval = '500ms'".to_owned());
        }
        out.push("SET idle_in_transaction_session_timeout = '30s'".to_owned());
    }
    out
}

/// The settings of a connection that reads catalogs and gauges.
pub(super) fn observer_settings(version: u32, lock: &str, statement: &str) -> Vec<String> {
    let mut out = vec![
        "SET standard_conforming_strings = on".to_owned(),
        "SET default_transaction_read_only = on".to_owned(),
        "SET jit = off".to_owned(),
        format!("SET lock_timeout = {}", literal(lock)),
        format!("SET statement_timeout = {}", literal(statement)),
    ];
    if version >= 150_000 {
        out.push("SET stats_fetch_consistency = none".to_owned());
    }
    out
}

/// A connection that is kept for one purpose, and made again when it was lost.
pub(super) struct Line {
    route: Route,
    application: &'static str,
    settings: Vec<String>,
    slot: Mutex<Option<PgConnection>>,
}

/// A [`Line`] in use. Unless it is given back with [`Leased::done`] its connection is closed, so a future that was
/// dropped in the middle leaves no half-read answer to the next user.
pub(super) struct Leased<'l> {
    slot: MutexGuard<'l, Option<PgConnection>>,
    connection: PgConnection,
}

impl Line {
    pub(super) fn new(route: Route, application: &'static str, settings: Vec<String>) -> Self {
        Self { route, application, settings, slot: Mutex::new(None) }
    }

    /// The connection, for one user at a time.
    pub(super) async fn lease(&self) -> Result<Leased<'_>> {
        let mut slot = self.slot.lock().await;
        if let Some(mut connection) = slot.take()
            && matches!(tokio::time::timeout(self.route.timeout, run(&mut connection, "")).await, Ok(Ok(_)))
        {
            return Ok(Leased { slot, connection });
        }
        let connection = self.route.open(self.application, &self.settings).await?;
        Ok(Leased { slot, connection })
    }
}

impl Leased<'_> {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives the connection back for the next user.
    pub(super) fn done(mut self) {
        *self.slot = Some(self.connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_executor_gives_up_when_its_client_is_gone() {
        let executor = settings(SessionRole::Executor, 150_000, false);
        assert!(executor.iter().any(|s| s.contains("client_connection_check_interval")));
        assert!(!settings(SessionRole::Executor, 130_000, false).iter().any(|s| s.contains("connection_check")));
        assert!(!settings(SessionRole::Journal, 150_000, false).iter().any(|s| s.contains("connection_check")));
    }

    #[test]
    fn read_only_is_set_on_every_session() {
        for role in [SessionRole::Executor, SessionRole::Journal, SessionRole::Reader, SessionRole::Load] {
            assert!(settings(role, 180_000, true).iter().any(|s| s.contains("read_only")), "{role:?}");
        }
    }

    #[test]
    fn the_route_of_a_socket_names_its_folder() {
        let target = Target::parse("postgres://me@localhost:5433/shop?host=/run/pg").unwrap();
        let route = Route::new(&target, &ConnectOptions::default()).unwrap();
        assert_eq!(route.place(), "/run/pg:5433");
        assert_eq!(route.database(), "shop");
    }
}
