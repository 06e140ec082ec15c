//! Running the work in the scratch database, so that it makes what `psql` would make of the same files.

use super::super::usual;
use super::super::wire::{Cells, literal, rows, run, run_raw};
use super::bounds::Bounds;
use super::failure::{Failure, is_duplicate, stuck};
use super::work::{Item, Unit, Work, place, shortened};
use crate::sql::{Agenda, SqlFile, makes};
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;
use std::collections::HashMap;

/// Everything that statements could change outside of the database, but for passwords.
pub(in crate::engine::postgres) const SERVER_WIDE: &str = "SELECT pg_catalog.md5(pg_catalog.concat( \
     (SELECT pg_catalog.string_agg(r::text, ',' ORDER BY r.oid) FROM pg_catalog.pg_roles r), \
     (SELECT pg_catalog.string_agg(m::text, ',' ORDER BY m::text) FROM pg_catalog.pg_auth_members m), \
     (SELECT pg_catalog.string_agg(s::text, ',' ORDER BY s::text) FROM pg_catalog.pg_db_role_setting s), \
     (SELECT pg_catalog.string_agg(t::text, ',' ORDER BY t.oid) FROM pg_catalog.pg_tablespace t), \
     (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', d.datname, d.datdba, d.datacl), ',' ORDER BY d.oid) \
      FROM pg_catalog.pg_database d)))";

/// Whose server the scratch database is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Ground {
    Somebodys,
    /// Started for this alone: roles may be made on it.
    Ours,
}

pub(super) struct Loader<'a> {
    connection: &'a mut PgConnection,
    files: &'a [SqlFile],
    work: &'a Work,
    ground: Ground,
    /// Where the server is, in words.
    server: &'a str,
    /// What the session is set to where no file says otherwise.
    base: Vec<String>,
    /// The session whose settings hold, and how many of them.
    now: Option<(usize, usize)>,
    unchecked: bool,
    /// Routines that were made before what their bodies name.
    to_check: Vec<Unit>,
    notes: Vec<String>,
}

impl<'a> Loader<'a> {
    pub(super) async fn new(
        connection: &'a mut PgConnection,
        files: &'a [SqlFile],
        work: &'a Work,
        ground: Ground,
        server: &'a str,
    ) -> Result<Self> {
        let mut base = vec!["SET synchronous_commit = off".to_owned(), "SET statement_timeout = '5min'".to_owned()];
        base.extend(usual::settings(connection).await?);
        let (to_check, notes) = (Vec::new(), Vec::new());
        Ok(Self { connection, files, work, ground, server, base, now: None, unchecked: false, to_check, notes })
    }

    /// Runs everything.
    ///
    /// # Errors
    /// `Statement` with the place of the statement that cannot be run, whatever runs before it.
    pub(super) async fn load(mut self) -> Result<Vec<String>> {
        let mut left = self.round(self.work.units.clone(), false).await?;
        if left.iter().any(|unit| unit.transaction || is_routine(unit)) {
            left = left.into_iter().flat_map(Unit::apart).collect();
            self.unchecked = true;
            self.now = None;
            left = self.round(left, true).await?;
            self.unchecked = false;
            self.now = None;
            for unit in std::mem::take(&mut self.to_check) {
                let checked = Unit { items: unit.items.iter().map(replacing).collect(), ..unit };
                self.attempt(&checked).await.map_err(|failure| failure.error)?;
            }
        }
        debug_assert!(left.is_empty(), "a last round either empties the list or fails");
        Ok(self.notes)
    }

    /// Runs units in an order that can be run; what is left, or an error when this is the `last` round or nothing
    /// that is left could be run in another way.
    async fn round(&mut self, units: Vec<Unit>, last: bool) -> Result<Vec<Unit>> {
        let mut agenda = Agenda::new(units.iter().map(Unit::task).collect());
        let mut failures: HashMap<usize, Failure> = HashMap::new();
        while let Some(task) = agenda.next_task() {
            let Some(unit) = units.get(task) else { break };
            match self.attempt(unit).await {
                Ok(()) => agenda.done(),
                Err(failure) if failure.may_pass => {
                    failures.insert(task, failure);
                    agenda.failed();
                }
                Err(failure) => return Err(self.twice(failure, task, &units, &agenda)),
            }
        }
        let left = agenda.left();
        let another_way = |task: &usize| units.get(*task).is_some_and(|unit| unit.transaction || is_routine(unit));
        if left.is_empty() || !last && left.iter().any(another_way) {
            return Ok(left.into_iter().filter_map(|task| units.get(task).cloned()).collect());
        }
        let told =
            left.iter().filter_map(|task| Some((*task, units.get(*task)?.items.last()?, failures.remove(task)?)));
        Err(stuck(told.collect(), &agenda, self.files))
    }

    /// Names the other place where something is made that is made twice.
    fn twice(&self, failure: Failure, task: usize, units: &[Unit], agenda: &Agenda) -> Error {
        let mut error = failure.error;
        if error.engine_code.as_deref().is_some_and(is_duplicate)
            && let Some(first) = agenda.made_before(task).and_then(|other| units.get(other)?.items.first())
        {
            error.message = format!("{}; {} makes it too", error.message, place(first, self.files));
        }
        error
    }

    /// Runs one unit, wholly or not at all.
    async fn attempt(&mut self, unit: &Unit) -> Result<(), Failure> {
        self.settle(unit).await?;
        let watched = self.ground == Ground::Somebodys && unit.items.iter().any(|i| i.bounds == Bounds::Watched);
        if !unit.transaction && !watched {
            for item in &unit.items {
                self.run(item).await?;
            }
        } else {
            let done = self.transaction(unit, watched).await;
            if done.is_err() {
                self.raw("ROLLBACK", unit).await?;
                return done;
            }
            self.now = Some((unit.session, unit.settings + unit.makes_settings));
        }
        if self.unchecked && is_routine(unit) {
            self.to_check.push(unit.clone());
        }
        Ok(())
    }

    async fn transaction(&mut self, unit: &Unit, watched: bool) -> Result<(), Failure> {
        // What other sessions do to the server meanwhile is not the unit's doing.
        self.raw(if watched { "BEGIN ISOLATION LEVEL REPEATABLE READ" } else { "BEGIN" }, unit).await?;
        let before = if watched { self.server_wide(unit).await? } else { String::new() };
        for item in &unit.items {
            self.run(item).await?;
        }
        if watched && self.server_wide(unit).await? != before {
            let error = Error::new(
                ErrorCode::Unsupported,
                format!("it would change roles, databases or settings of the whole server at {}", self.server),
            );
            let hint = "Make the role on the server first, or take the statement out of the files.";
            return Err(self.ours(error.hint(hint), unit));
        }
        self.raw("COMMIT", unit).await
    }

    async fn server_wide(&mut self, unit: &Unit) -> Result<String, Failure> {
        let answer = rows(self.connection, SERVER_WIDE).await.map_err(|why| self.ours(why, unit))?;
        let told = answer.first().map_or(Ok(None), |row| Cells::new(row).take::<Option<String>>());
        Ok(told.map_err(|why| self.ours(why, unit))?.unwrap_or_default())
    }

    fn ours(&self, error: Error, unit: &Unit) -> Failure {
        match unit.items.last() {
            Some(item) => Failure::ours(error, item, self.files),
            None => Failure { error, may_pass: false },
        }
    }

    /// Runs what belongs to a unit but is none of its statements.
    async fn raw(&mut self, sql: &str, unit: &Unit) -> Result<(), Failure> {
        match (run_raw(self.connection, sql).await, unit.items.last()) {
            (Err(why), Some(item)) => Err(Failure::of(why, item, self.files, self.server)),
            _ => Ok(()),
        }
    }

    async fn run(&mut self, item: &Item) -> Result<(), Failure> {
        match &item.bounds {
            Bounds::Both(what) => {
                let error = Error::new(ErrorCode::Unsupported, format!("this reaches beyond the database, to {what}"));
                let hint = "Take the statement out of the files, or compare with a database where it has been run.";
                return Err(Failure::ours(error.hint(hint), item, self.files));
            }
            Bounds::Role(name) if self.has_role(name).await.map_err(|why| Failure::ours(why, item, self.files))? => {
                let place = place(item, self.files);
                self.notes.push(format!("{place}: the role {name} is there already, and was left as it is"));
                return Ok(());
            }
            Bounds::Role(name) if self.ground == Ground::Somebodys => {
                let error = Error::new(ErrorCode::NotFound, format!("there is no role {name} at {}", self.server));
                let hint = "Roles are the whole server's, so none is made for a comparison: make it there yourself, \
                            or name a server that has it with --shadow.";
                return Err(Failure::ours(error.hint(hint), item, self.files));
            }
            _ => {}
        }
        let Err(why) = run_raw(self.connection, &item.text).await else { return Ok(()) };
        let failure = Failure::of(why, item, self.files, self.server);
        if is_there_from_the_start(item, &failure) {
            self.notes.push(format!(
                "{}: left out, since it is there: {}",
                place(item, self.files),
                shortened(&item.text)
            ));
            return Ok(());
        }
        Err(failure)
    }

    async fn has_role(&mut self, name: &str) -> Result<bool> {
        let sql = format!("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = {}", literal(name));
        Ok(!rows(self.connection, &sql).await?.is_empty())
    }

    /// Sets the session to what holds before a unit.
    async fn settle(&mut self, unit: &Unit) -> Result<(), Failure> {
        let settings = self.work.sessions.get(unit.session).map(Vec::as_slice).unwrap_or_default();
        let from = match self.now {
            Some((session, count)) if session == unit.session && count <= unit.settings => count,
            _ => {
                let mut anew =
                    vec!["RESET SESSION AUTHORIZATION".to_owned(), "RESET ROLE".to_owned(), "RESET ALL".to_owned()];
                anew.extend(self.base.iter().cloned());
                if self.unchecked {
                    anew.push("SET check_function_bodies = off".to_owned());
                }
                for sql in &anew {
                    run(self.connection, sql).await.map_err(|why| self.ours(why, unit))?;
                }
                0
            }
        };
        self.now = None;
        for item in settings.get(from..unit.settings).unwrap_or_default() {
            let Err(why) = run_raw(self.connection, &item.text).await else { continue };
            let failure = Failure::of(why, item, self.files, self.server);
            // A dump of a newer version sets what older servers do not know; psql goes on without it.
            let unknown =
                failure.error.engine_code.as_deref() == Some("42704") && !failure.error.message.starts_with("role ");
            if !unknown {
                return Err(Failure { may_pass: false, ..failure });
            }
            let note = format!(
                "{}: left out, since the server does not know it: {}",
                place(item, self.files),
                shortened(&item.text)
            );
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.now = Some((unit.session, unit.settings));
        Ok(())
    }
}

/// Whether the body of what it makes may name what is not there yet.
fn is_routine(unit: &Unit) -> bool {
    unit.items.iter().any(|item| matches!(item.class.as_str(), "CREATE FUNCTION" | "CREATE PROCEDURE"))
}

/// A routine's statement so that it may be run again.
fn replacing(item: &Item) -> Item {
    let mut cursor = super::super::reader::cursor::Cursor::new(&item.text);
    let mut again = item.clone();
    if is_routine_class(&item.class) && cursor.take("create") && !cursor.sees("or replace") {
        let at = cursor.byte();
        let rest = item.text.get(at..).unwrap_or_default();
        again.text = format!("create or replace {rest}");
    }
    again
}

fn is_routine_class(class: &str) -> bool {
    matches!(class, "CREATE FUNCTION" | "CREATE PROCEDURE")
}

/// What every new database has, and dumps make all the same.
fn is_there_from_the_start(item: &Item, failure: &Failure) -> bool {
    let name = makes(&item.text).unwrap_or_default();
    let state = failure.error.engine_code.as_deref().unwrap_or_default();
    match item.class.as_str() {
        "CREATE SCHEMA" => name == "public" && is_duplicate(state),
        "CREATE EXTENSION" => name == "plpgsql" && is_duplicate(state),
        "COMMENT" => state == "42501" && item.text.to_ascii_lowercase().contains("extension plpgsql"),
        _ => false,
    }
}
