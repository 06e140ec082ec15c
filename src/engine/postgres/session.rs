//! One connection that runs statements.

use super::backfill;
use super::cancel::PostgresCanceller;
use super::connect::{Line, Route, application, settings};
use super::leftovers;
use super::usual;
use super::wire::{Cells, literal, quoted, rows, run};
use crate::engine::{BatchResult, Canceller, Row, Session, SessionRole, Value};
use crate::plan::{Backfill, Step};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
use std::sync::Arc;
use std::time::Duration;

/// The schema that the journal's tables are in.
pub(super) const JOURNAL_SCHEMA: &str = "lockstep";

/// The key of the advisory lock that the one who runs plans holds; such locks are the database's own.
const EXCLUSIVE: &str = "pg_catalog.hashtextextended('lockstep:' || pg_catalog.current_database(), 0)";

pub(super) struct PostgresSession {
    connection: PgConnection,
    backend: i32,
    settings: Vec<String>,
    control: Arc<Line>,
    /// Queries with parameters so far; makes each one's name.
    prepared: u64,
}

impl PostgresSession {
    pub(super) async fn open(route: &Route, role: SessionRole, version: u32, control: Arc<Line>) -> Result<Self> {
        let mut settings = settings(role, version, route.read_only());
        let mut connection = route.open(application(role), &settings).await?;
        if role == SessionRole::Executor {
            let usual = usual::settings(&mut connection).await?;
            for setting in &usual {
                run(&mut connection, setting).await?;
            }
            settings.extend(usual);
        }
        let answer = rows(&mut connection, "SELECT pg_catalog.pg_backend_pid()").await?;
        let backend = match answer.first() {
            Some(row) => Cells::new(row).take()?,
            None => return Err(Error::internal("the server does not say which session this is")),
        };
        // A cancel must not have to wait for a connection when every connection is taken.
        control.lease().await?.done();
        Ok(Self { connection, backend, settings, control, prepared: 0 })
    }

    async fn truth(&mut self, sql: &str) -> Result<bool> {
        let answer = rows(&mut self.connection, sql).await?;
        match answer.first() {
            Some(row) => Cells::new(row).take(),
            None => Ok(false),
        }
    }
}

#[async_trait]
impl Session for PostgresSession {
    fn backend(&self) -> Option<i64> {
        Some(i64::from(self.backend))
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        run(&mut self.connection, sql).await
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        let answer = if parameters.is_empty() {
            rows(&mut self.connection, sql).await?
        } else {
            self.prepared += 1;
            let name = format!("lockstep_query_{}", self.prepared);
            with_parameters(&mut self.connection, &name, sql, parameters).await?
        };
        answer.iter().map(values).collect()
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(PostgresCanceller { control: Arc::clone(&self.control), backend: self.backend })
    }

    fn begin(&self, lock_wait: Duration) -> Vec<String> {
        vec!["BEGIN".to_owned(), format!("SET LOCAL lock_timeout = '{}ms'", lock_wait.as_millis().max(1))]
    }

    fn alone(&self, _lock_wait: Duration) -> Vec<String> {
        // A concurrent build that runs into a timeout leaves an invalid index behind.
        vec!["SET lock_timeout = 0".to_owned(), "SET statement_timeout = 0".to_owned()]
    }

    fn reset(&self) -> Vec<String> {
        let mut out = vec!["RESET ROLE".to_owned(), "RESET ALL".to_owned(), "DEALLOCATE ALL".to_owned()];
        out.extend(self.settings.iter().cloned());
        out
    }

    fn journal_tables(&self) -> Vec<String> {
        journal_tables()
    }

    fn journal_table(&self, name: &str) -> String {
        format!("{JOURNAL_SCHEMA}.{}", quoted(name))
    }

    async fn try_exclusive(&mut self) -> Result<bool> {
        self.truth(&format!("SELECT pg_catalog.pg_try_advisory_lock({EXCLUSIVE})")).await
    }

    async fn release_exclusive(&mut self) -> Result<()> {
        self.truth(&format!("SELECT pg_catalog.pg_advisory_unlock({EXCLUSIVE})")).await.map(|_| ())
    }

    async fn backfill_batch(
        &mut self,
        backfill: &Backfill,
        cursor: Option<&[Value]>,
        count: u64,
    ) -> Result<BatchResult> {
        let sql = backfill::batch(backfill, cursor, count)?;
        let answer = rows(&mut self.connection, &sql).await?;
        let Some(row) = answer.first() else {
            return Err(Error::internal("a batch of the backfill gave no answer"));
        };
        backfill::result(values(row)?, count)
    }

    async fn missing_roles(&mut self, steps: &[Step]) -> Result<Vec<String>> {
        super::roles::missing(&mut self.connection, steps).await
    }

    async fn leftovers(&mut self, step: &Step) -> Result<Vec<String>> {
        let Some(sql) = leftovers::query(step) else { return Ok(Vec::new()) };
        let answer = rows(&mut self.connection, &sql).await?;
        answer.iter().map(|row| Cells::new(row).take::<String>()).collect()
    }
}

/// IF NOT EXISTS asks for the right to create even where nothing is missing, so it is looked first: a role that may
/// write the tables that somebody else has made needs no more.
fn journal_tables() -> Vec<String> {
    let table = |name: &str, columns: &str| {
        let name = format!("{JOURNAL_SCHEMA}.{name}");
        let create = format!("CREATE TABLE IF NOT EXISTS {name} ({columns})");
        own_object(&format!("pg_catalog.to_regclass('{name}')"), &create, ("pg_class", "rel"), &format!("TABLE {name}"))
    };
    vec![
        own_object(
            &format!("pg_catalog.to_regnamespace('{JOURNAL_SCHEMA}')"),
            &format!("CREATE SCHEMA IF NOT EXISTS {JOURNAL_SCHEMA}"),
            ("pg_namespace", "nsp"),
            &format!("SCHEMA {JOURNAL_SCHEMA}"),
        ),
        table(
            "run",
            "id text PRIMARY KEY, title text, direction text, state text, operator text, host text, version text, \
             started_at text, ended_at text, of_run text, base text, target text, plan text",
        ),
        table(
            "step",
            "run text, position bigint, step text, state text, started_at text, ended_at text, attempts bigint, \
             error text, cursor text, xid text, PRIMARY KEY (run, position)",
        ),
    ]
}

/// Makes an object of ours where `number` finds none, for its owner alone: default privileges would let others read what
/// plans say. An event trigger that forbids it is about the users' schema; it stands aside where the role may say so.
fn own_object(number: &str, create: &str, (catalog, prefix): (&str, &str), called: &str) -> String {
    format!(
        "DO $$DECLARE given text; guard text := CASE WHEN pg_catalog.current_setting('event_triggers', true) IS NULL \
             THEN 'session_replication_role' ELSE 'event_triggers' END; \
             was text := pg_catalog.current_setting(guard); \
         BEGIN IF {number} IS NULL THEN \
             BEGIN {create}; EXCEPTION WHEN OTHERS THEN \
                 IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_event_trigger WHERE evtevent LIKE 'ddl_command%' \
                     AND evtenabled <> 'D') THEN RAISE; END IF; \
                 IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN \
                     RAISE EXCEPTION 'an event trigger may forbid it, and stands aside for a superuser only: %', SQLERRM \
                         USING ERRCODE = SQLSTATE; \
                 END IF; \
                 PERFORM pg_catalog.set_config(guard, \
                     CASE guard WHEN 'event_triggers' THEN 'off' ELSE 'replica' END, true); \
                 {create}; PERFORM pg_catalog.set_config(guard, was, true); \
             END; \
             FOR given IN SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' \
                     ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END \
                 FROM pg_catalog.{catalog} o CROSS JOIN LATERAL pg_catalog.aclexplode(o.{prefix}acl) x \
                 WHERE o.oid = {number} AND x.grantee <> o.{prefix}owner LOOP \
                 EXECUTE 'REVOKE ALL ON {called} FROM ' || given; \
             END LOOP; \
         END IF; END$$"
    )
}

/// Runs a statement with parameters by the server's own PREPARE and EXECUTE, which find the parameters' types as a
/// prepared statement of the protocol would, and give the answer as text.
async fn with_parameters(
    connection: &mut PgConnection,
    name: &str,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<PgRow>> {
    let written: Vec<String> = parameters.iter().map(parameter).collect::<Result<_>>()?;
    run(connection, &format!("PREPARE {name} AS {sql}")).await?;
    let answer = rows(connection, &format!("EXECUTE {name}({})", written.join(", "))).await;
    // A transaction that failed takes no DEALLOCATE; the name is not used again, and `reset` removes what is left.
    let removed = run(connection, &format!("DEALLOCATE {name}")).await;
    let answer = answer?;
    removed.map(|_| answer)
}

pub(super) fn parameter(value: &Value) -> Result<String> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(yes) => format!("'{yes}'"),
        Value::Int(number) => format!("'{number}'"),
        Value::Real(number) => format!("'{number}'"),
        Value::Text(text) if text.contains('\0') => {
            return Err(Error::new(ErrorCode::Statement, "a text with a NUL character cannot be kept in PostgreSQL"));
        }
        Value::Text(text) => literal(text),
    })
}

/// A row's values by their types; what is neither number nor boolean is text.
pub(super) fn values(row: &PgRow) -> Result<Row> {
    (0..row.len()).map(|at| value(row, at)).collect()
}

fn value(row: &PgRow, at: usize) -> Result<Value> {
    let raw = row.try_get_raw(at).map_err(super::errors::explain)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    let text = raw.as_str().map_err(|why| Error::internal(format!("a value is not text: {why}")))?;
    Ok(match kind.as_str() {
        "BOOL" => Value::Bool(text == "t"),
        "INT2" | "INT4" | "INT8" | "OID" => text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int),
        "FLOAT4" | "FLOAT8" => text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Real),
        _ => Value::Text(text.to_owned()),
    })
}
