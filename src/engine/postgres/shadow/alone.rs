//! A statement outside a transaction, watched from other sessions. On empty tables it would be over before anybody can
//! look, so it is held up: by a session with an old snapshot, for which concurrent builds wait, and by sessions that
//! hold a lock on each table that it is about. They are let go one after the other, each time that it waits.

use super::super::connect::Route;
use super::super::reader::class_of;
use super::super::wire::{Cells, quoted, rows, run};
use super::PostgresShadow;
use super::notices::listening;
use super::relations::{Turned, told};
use crate::engine::{Observed, Seen, Trial};
use crate::plan::LockMode;
use crate::schema::{ObjectKind, QName};
use crate::{Error, Result};
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at the session.
const LOOK: Duration = Duration::from_millis(2);
/// How many tables are held for one statement; the rest are seen only if the statement waits for them anyway.
const HELD: usize = 4;

impl PostgresShadow {
    pub(super) async fn outside_transaction(&mut self, trial: &Trial<'_>) -> Result<Observed> {
        self.reaches(trial.sql)?;
        for setting in trial.session {
            run(&mut self.runner, setting).await?;
        }
        let mut statements = Vec::new();
        let mut failed = None;
        for sql in trial.sql {
            match self.held_up(sql, trial).await {
                Ok(seen) => statements.push(seen),
                Err(why) => {
                    failed = Some(why);
                    break;
                }
            }
        }
        self.runner_as_opened().await?;
        let renamed = self.relations.settle();
        failed.map_or(Ok(Observed { statements, renamed }), Err)
    }

    async fn held_up(&mut self, sql: &str, trial: &Trial<'_>) -> Result<Seen> {
        run(&mut self.runner, "SET client_min_messages = debug1").await?;
        let mut holders = holders(self.inside.clone(), self.expected(trial)).await?;
        let mut held: BTreeMap<i64, LockMode> = BTreeMap::new();
        let (backend, began) = (self.backend, Instant::now());
        let mut turned = Turned::default();
        let (ran, said) = {
            let work = listening(run(&mut self.runner, sql));
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    ended = &mut work => break ended,
                    () = tokio::time::sleep(LOOK) => {
                        for (number, mode) in self.relations.locked(&mut self.observer, backend, &mut turned).await? {
                            let strongest = held.entry(number).or_insert(mode);
                            *strongest = mode.max(*strongest);
                        }
                        let blocking = blocking(&mut self.observer, backend).await?;
                        if let Some(at) = holders.iter().rposition(|holder| blocking.contains(&holder.backend)) {
                            // Closing the connection ends its transaction.
                            holders.remove(at);
                        }
                    }
                }
            }
        };
        let took = began.elapsed();
        drop(holders);
        run(&mut self.runner, "SET client_min_messages = notice").await?;
        ran?;
        let locks = told(&held, &self.relations, false);
        let after = self.relations.read(&mut self.runner).await?;
        let work = self.understood(&said, &held).await?;
        let mut seen = Seen { sql: sql.to_owned(), said: work.said.clone(), took, ..Seen::default() };
        let names = |set: Vec<QName>| {
            let mut names: Vec<String> = set.iter().map(QName::to_string).collect();
            names.sort();
            names.dedup();
            names
        };
        let class = class_of(sql);
        let rewritten = work.rewrites.into_iter().chain(turned.rewritten).chain(after.rewritten);
        seen.rewrites = Some(names(rewritten.collect()));
        seen.index_builds = names(work.builds.into_iter().chain(turned.indexed).chain(after.indexed).collect());
        let scans = work.verifies.into_iter().chain(work.validates);
        seen.scans = class.starts_with("ALTER").then(|| names(scans.collect()));
        seen.locks = Some(locks);
        Ok(seen)
    }

    /// The relations that a step is foreseen to lock, as SQL, and whether each is a table.
    fn expected(&self, trial: &Trial<'_>) -> Vec<(String, bool)> {
        let about = trial.expected.iter().filter_map(|lock| {
            let name: QName = lock.relation.parse().ok()?;
            let can_be_held = |kind| matches!(kind, ObjectKind::Table | ObjectKind::MaterializedView);
            self.relations.iter().find(|relation| relation.name == name && can_be_held(relation.kind))
        });
        about
            .take(HELD)
            .map(|relation| {
                let name = format!("{}.{}", quoted(&relation.name.schema), quoted(&relation.name.name));
                (name, relation.kind == ObjectKind::Table)
            })
            .collect()
    }
}

/// A session that holds a statement up for as long as it is there.
struct Holder {
    backend: i32,
    _session: PgConnection,
}

impl Holder {
    async fn begin(inside: &Route, sql: &str) -> Result<Self> {
        let mut session = inside.open("lockstep-rehearsal", &[]).await?;
        run(&mut session, sql).await?;
        let answer = rows(&mut session, "SELECT pg_catalog.pg_backend_pid()").await?;
        let row = answer.first().ok_or_else(|| Error::internal("the server does not say which session this is"))?;
        Ok(Self { backend: Cells::new(row).take()?, _session: session })
    }
}

/// The holders, those that are to be let go first at the end.
async fn holders(inside: Route, about: Vec<(String, bool)>) -> Result<Vec<Holder>> {
    let mut holders = vec![Holder::begin(&inside, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await?];
    for (name, _) in &about {
        holders.push(Holder::begin(&inside, &format!("BEGIN; SELECT 1 FROM {name} LIMIT 0")).await?);
    }
    for (name, _) in about.iter().filter(|(_, table)| *table) {
        let sql = format!("BEGIN; LOCK TABLE ONLY {name} IN SHARE UPDATE EXCLUSIVE MODE");
        holders.push(Holder::begin(&inside, &sql).await?);
    }
    Ok(holders)
}

/// The sessions that the session waits for.
async fn blocking(observer: &mut PgConnection, backend: i32) -> Result<Vec<i32>> {
    let sql = format!("SELECT p.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids({backend})) AS p(pid)");
    rows(observer, &sql).await?.iter().map(|row| Cells::new(row).take()).collect()
}
