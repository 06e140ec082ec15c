//! A step in a transaction on the shadow, watched from inside: its locks stay until the end, so that they can be read
//! after each statement.

use super::super::backfill;
use super::super::reader::class_of;
use super::super::session::values;
use super::super::wire::{Cells, literal, rows, run};
use super::PostgresShadow;
use super::notices::{Said, listening, understand};
use super::relations::{Turned, reads, told};
use crate::engine::{Observed, Seen, Trial};
use crate::plan::LockMode;
use crate::schema::{ObjectKind, QName};
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Says which tables are rewritten and why (manual, "Event Triggers"); goes with the step's transaction.
const REWRITES: [&str; 2] = [
    "CREATE FUNCTION pg_temp.lockstep_tells_rewrite() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
     RAISE DEBUG 'table_rewrite %: %', pg_catalog.pg_event_trigger_table_rewrite_oid()::pg_catalog.regclass, \
     CASE pg_catalog.pg_event_trigger_table_rewrite_reason() WHEN 1 THEN 'it becomes logged or unlogged' \
     WHEN 2 THEN 'every row gets a value' WHEN 4 THEN 'a column is stored in another way' \
     WHEN 8 THEN 'its access method changes' ELSE 'for several reasons' END; END $$",
    "CREATE EVENT TRIGGER lockstep_tells_rewrite ON table_rewrite EXECUTE FUNCTION pg_temp.lockstep_tells_rewrite()",
];
const NO_REWRITES: &str = "DROP EVENT TRIGGER lockstep_tells_rewrite; DROP FUNCTION pg_temp.lockstep_tells_rewrite()";

/// How often the session has read each table so far.
type Reads = BTreeMap<i64, i64>;

impl PostgresShadow {
    pub(super) async fn in_transaction(&mut self, trial: &Trial<'_>) -> Result<Observed> {
        for setting in trial.session {
            run(&mut self.runner, setting).await?;
        }
        run(&mut self.runner, "BEGIN").await?;
        let done = self.statements(trial).await;
        let ended = match &done {
            Ok(_) => run(&mut self.runner, "COMMIT").await,
            Err(_) => run(&mut self.runner, "ROLLBACK").await,
        };
        self.runner_as_opened().await?;
        if done.is_err() || ended.is_err() {
            self.relations.read(&mut self.runner).await?;
            self.relations.settle();
        }
        let statements = done?;
        ended?;
        Ok(Observed { statements, renamed: self.relations.settle() })
    }

    async fn statements(&mut self, trial: &Trial<'_>) -> Result<Vec<Seen>> {
        for setting in trial.session {
            run(&mut self.runner, setting).await?;
        }
        let reaching = self.reaches(trial.sql)?;
        let before = if reaching { self.server_wide().await? } else { String::new() };
        if self.superuser {
            for sql in REWRITES {
                run(&mut self.runner, sql).await?;
            }
        }
        let mut seen = Vec::new();
        let mut so_far = reads(&mut self.runner, None).await?;
        if let Some(walked) = trial.backfill {
            let sql = backfill::batch(walked, None, walked.batch_rows)?;
            seen.push(self.watched(&sql, &mut so_far).await?);
        } else {
            for sql in trial.sql {
                seen.push(self.watched(sql, &mut so_far).await?);
            }
        }
        if let Some(check) = trial.check
            && let Some(row) = rows(&mut self.runner, &check.query).await?.first()
        {
            values(row)?;
            return Err(Error::new(ErrorCode::Refused, check.message.clone()));
        }
        if self.superuser {
            run(&mut self.runner, NO_REWRITES).await?;
        }
        if reaching && self.server_wide().await? != before {
            return Err(Error::new(
                ErrorCode::Unsupported,
                "it would change roles, databases or settings of the whole server",
            )
            .hint("Name a server that may be changed with --shadow, or leave the statement out of the plan."));
        }
        Ok(seen)
    }

    /// Runs one statement and looks at what it did.
    async fn watched(&mut self, sql: &str, so_far: &mut Reads) -> Result<Seen> {
        run(&mut self.runner, "SET LOCAL client_min_messages = debug1").await?;
        let began = Instant::now();
        let (ran, said) = listening(run(&mut self.runner, sql)).await;
        let took = began.elapsed();
        ran?;
        run(&mut self.runner, "SET LOCAL client_min_messages = notice").await?;
        let mut turned = Turned::default();
        let held = self.relations.locked(&mut self.runner, self.backend, &mut turned).await?;
        let class = class_of(sql);
        let mut work = self.understood(&said, &held).await?;
        work.builds.extend(turned.indexed);
        if class != "TRUNCATE" {
            work.rewrites.extend(turned.rewritten);
        }
        let counts = self.counted(&held).await?;
        let changes_definitions = matches!(class.split(' ').next(), Some("ALTER" | "CREATE" | "DROP"));
        if changes_definitions && work.validates.is_empty() {
            let read_more =
                counts.iter().filter(|(table, count)| so_far.get(*table).copied().unwrap_or_default() < **count);
            let read_more = read_more.filter_map(|(table, _)| Some(self.relations.get(*table)?.name.clone()));
            work.verifies.extend(read_more.filter(|t| !work.builds.contains(t)));
        }
        so_far.extend(counts);
        work.verifies.extend(std::mem::take(&mut work.validates));
        work.verifies.retain(|table| !work.rewrites.contains(table));
        let names = |set: BTreeSet<QName>| set.iter().map(QName::to_string).collect();
        Ok(Seen {
            sql: sql.to_owned(),
            locks: Some(told(&held, &self.relations, true)),
            rewrites: Some(names(work.rewrites)),
            // Without rows the planner reads tables whole that it would not otherwise.
            scans: changes_definitions.then(|| names(work.verifies)),
            index_builds: names(work.builds),
            said: work.said,
            took,
        })
    }

    /// How often each locked table was read from end to end.
    async fn counted(&mut self, held: &BTreeMap<i64, LockMode>) -> Result<Reads> {
        let tables: Vec<i64> = held
            .keys()
            .filter(|number| self.relations.get(**number).is_some_and(|r| r.has_rows() && !r.made_here))
            .copied()
            .collect();
        reads(&mut self.runner, Some(&tables)).await
    }

    /// What the server's lines say of tables that were there before.
    pub(super) async fn understood(&mut self, lines: &[String], held: &BTreeMap<i64, LockMode>) -> Result<Work> {
        let mut work = Work::default();
        let mut keys = Vec::new();
        for line in lines {
            let Some(said) = understand(line) else {
                if line.starts_with("table_rewrite ") {
                    work.said.push(line.clone());
                }
                continue;
            };
            if line.contains("\"pg_toast_") {
                continue;
            }
            work.said.push(line.clone());
            match said {
                Said::Rewrites(table) => work.rewrites.extend(self.locked_table(&table, held)),
                Said::Verifies(table) => work.verifies.extend(self.locked_table(&table, held)),
                Said::Builds(table) => work.builds.extend(self.locked_table(&table, held)),
                Said::Validates(constraint) => keys.push(literal(&constraint)),
                Said::Proven => {}
            }
        }
        if !keys.is_empty() {
            let sql = format!(
                "SELECT DISTINCT conrelid::int8 FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conname IN ({})",
                keys.join(", ")
            );
            for row in &rows(&mut self.runner, &sql).await? {
                let number: i64 = Cells::new(row).take()?;
                let table =
                    self.relations.get(number).filter(|r| held.contains_key(&number) && !r.made_here && r.has_rows());
                work.validates.extend(table.map(|t| t.name.clone()));
            }
        }
        Ok(work)
    }

    /// The server names tables without their schemas: the one that is locked is meant.
    fn locked_table(&self, name: &str, held: &BTreeMap<i64, LockMode>) -> Option<QName> {
        held.keys()
            .filter_map(|number| self.relations.get(*number))
            .filter(|relation| relation.kind != ObjectKind::Index && !relation.made_here)
            .find(|relation| relation.is_called(name))
            .map(|relation| relation.name.clone())
    }
}

/// What is understood of a statement's work.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub rewrites: BTreeSet<QName>,
    pub verifies: BTreeSet<QName>,
    /// Tables whose foreign keys are looked up.
    pub validates: BTreeSet<QName>,
    pub builds: BTreeSet<QName>,
    pub said: Vec<String>,
}
