//! One connection to the file, used by one task.

use super::backfill;
use super::errors::from_sqlx;
use super::exclusive::FileLock;
use crate::engine::{BatchResult, Canceller, Row, Session, SessionRole, Value};
use crate::plan::{Backfill, Step};
use crate::{ErrorCode, Result};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, TypeInfo, ValueRef};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Virtual-machine instructions between two looks at the flag of the canceller: well under a millisecond.
const LOOK_EVERY: i32 = 1_000;

/// How long a session waits for somebody else's lock when nothing else was said.
const BUSY_TIMEOUT_MS: u32 = 5_000;

pub(super) struct SqliteSession {
    connection: SqliteConnection,
    path: PathBuf,
    cancel: Arc<AtomicBool>,
    exclusive: Option<FileLock>,
}

impl SqliteSession {
    pub(super) async fn open(
        mut connection: SqliteConnection,
        path: PathBuf,
        role: SessionRole,
        read_only: bool,
    ) -> Result<Self> {
        let cancel = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancel);
        let mut handle = connection.lock_handle().await.map_err(|e| from_sqlx(&e))?;
        handle.set_progress_handler(LOOK_EVERY, move || !flag.load(Ordering::Relaxed));
        drop(handle);
        let mut session = Self { connection, path, cancel, exclusive: None };
        if read_only || role == SessionRole::Reader {
            session.execute("PRAGMA query_only = ON").await?;
        }
        Ok(session)
    }
}

#[async_trait]
impl Session for SqliteSession {
    fn backend(&self) -> Option<i64> {
        None
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        self.cancel.store(false, Ordering::Relaxed);
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await;
        match done.map_err(|e| from_sqlx(&e)) {
            Ok(done) => Ok(done.rows_affected()),
            // SQLite rolls back by itself when a write is interrupted or the disk is full.
            Err(error) if is_rollback(sql) && error.message.contains("no transaction is active") => Ok(0),
            Err(error) => Err(error),
        }
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.cancel.store(false, Ordering::Relaxed);
        query(&mut self.connection, sql, parameters).await
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(Flag(Arc::clone(&self.cancel)))
    }

    fn begin(&self, lock_wait: Duration) -> Vec<String> {
        vec![format!("PRAGMA busy_timeout = {}", lock_wait.as_millis()), "BEGIN IMMEDIATE".to_owned()]
    }

    fn alone(&self, lock_wait: Duration) -> Vec<String> {
        vec![format!("PRAGMA busy_timeout = {}", lock_wait.as_millis())]
    }

    fn reset(&self) -> Vec<String> {
        vec![
            format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}"),
            "PRAGMA legacy_alter_table = OFF".to_owned(),
            "PRAGMA foreign_keys = ON".to_owned(),
        ]
    }

    fn journal_tables(&self) -> Vec<String> {
        vec![
            "CREATE TABLE IF NOT EXISTS lockstep_run (id TEXT PRIMARY KEY, title TEXT, direction TEXT, state TEXT, \
             operator TEXT, host TEXT, version TEXT, started_at TEXT, ended_at TEXT, of_run TEXT, base TEXT, \
             target TEXT, plan TEXT)"
                .to_owned(),
            "CREATE TABLE IF NOT EXISTS lockstep_step (run TEXT, position INTEGER, step TEXT, state TEXT, \
             started_at TEXT, ended_at TEXT, attempts INTEGER, error TEXT, cursor TEXT, xid TEXT, \
             PRIMARY KEY (run, position))"
                .to_owned(),
        ]
    }

    fn journal_table(&self, name: &str) -> String {
        format!("lockstep_{name}")
    }

    async fn try_exclusive(&mut self) -> Result<bool> {
        if self.exclusive.is_none() {
            self.exclusive = FileLock::take(&self.path)?;
        }
        Ok(self.exclusive.is_some())
    }

    async fn release_exclusive(&mut self) -> Result<()> {
        self.exclusive = None;
        Ok(())
    }

    async fn backfill_batch(
        &mut self,
        backfill: &Backfill,
        cursor: Option<&[Value]>,
        rows: u64,
    ) -> Result<BatchResult> {
        self.cancel.store(false, Ordering::Relaxed);
        backfill::batch(&mut self.connection, backfill, cursor, rows).await
    }

    /// Nothing: SQLite's statements are all or nothing, those outside a transaction too.
    async fn leftovers(&mut self, _step: &Step) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn is_rollback(sql: &str) -> bool {
    sql.trim_start().get(..8).is_some_and(|word| word.eq_ignore_ascii_case("rollback"))
}

/// Makes the progress handler stop what runs.
struct Flag(Arc<AtomicBool>);

#[async_trait]
impl Canceller for Flag {
    async fn cancel(&self) -> Result<()> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Runs one statement with parameters and reads all its rows.
pub(super) async fn query(connection: &mut SqliteConnection, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
    let mut statement = sqlx::query_with(AssertSqlSafe(sql.to_owned()), SqliteArguments::default()).persistent(false);
    for value in parameters {
        statement = match value {
            Value::Null => statement.bind(None::<i64>),
            Value::Bool(value) => statement.bind(*value),
            Value::Int(value) => statement.bind(*value),
            Value::Real(value) => statement.bind(*value),
            Value::Text(value) => statement.bind(value.clone()),
        };
    }
    let rows = statement.fetch_all(connection).await.map_err(|e| from_sqlx(&e))?;
    rows.iter().map(|row| (0..row.len()).map(|at| value(row, at)).collect()).collect()
}

/// The one value of a query, as text.
pub(super) async fn text(connection: &mut SqliteConnection, sql: &str) -> Result<Option<String>> {
    let first = query(connection, sql, &[]).await?.into_iter().next().and_then(|row| row.into_iter().next());
    Ok(match first {
        None | Some(Value::Null) => None,
        Some(Value::Text(text)) => Some(text),
        Some(Value::Int(n)) => Some(n.to_string()),
        Some(Value::Real(n)) => Some(n.to_string()),
        Some(Value::Bool(b)) => Some(i64::from(b).to_string()),
    })
}

/// The one value of a query, as a number.
pub(super) async fn number(connection: &mut SqliteConnection, sql: &str) -> Result<Option<i64>> {
    Ok(text(connection, sql).await?.and_then(|text| text.parse().ok()))
}

/// A value by what is stored, which in SQLite need not be what the column's type says. A blob is written as SQLite's
/// literal, `x'00'`.
fn value(row: &SqliteRow, at: usize) -> Result<Value> {
    let read = || {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let stored = raw.type_info().name().to_owned();
        Ok(match stored.as_str() {
            "BOOLEAN" | "INTEGER" => Value::Int(row.try_get_unchecked(at)?),
            "REAL" => Value::Real(row.try_get_unchecked(at)?),
            "BLOB" => {
                let bytes: Vec<u8> = row.try_get_unchecked(at)?;
                let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
                Value::Text(format!("x'{}'", hex.concat()))
            }
            _ => {
                let bytes: Vec<u8> = row.try_get_unchecked(at)?;
                Value::Text(String::from_utf8_lossy(&bytes).into_owned())
            }
        })
    };
    read().map_err(|e: sqlx::Error| crate::Error { code: ErrorCode::Statement, ..from_sqlx(&e) })
}
