//! The traits that stand between a database and the rest of the house.

use super::gauges::{Gate, Sample};
use super::private::Private;
use super::shadow::{Shadow, Statements};
use super::target::{ConnectOptions, ServerInfo, Target};
use crate::Result;
use crate::plan::{Backfill, Lock, Patterns, Step};
use crate::risk::Judge;
use crate::schema::{EngineKind, OutlineEntry, QName, Schema};
use crate::sql::SqlFile;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

/// Everything that is text and thought about one engine: reading, writing, planning and judging SQL.
pub trait Dialect: Patterns + Judge {
    fn kind(&self) -> EngineKind;
}

/// A kind of database that connections can be made to.
#[async_trait]
pub trait Engine: Send + Sync {
    fn kind(&self) -> EngineKind;

    /// The dialect of the newest version known, for work without a server.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// The dialect of a major version; `None` for a version that is not known, and where versions make no difference.
    fn dialect_of(&self, _version: u32) -> Option<Arc<dyn Dialect>> {
        None
    }

    /// # Errors
    /// When the server, file, user or password is not right; the hint says what to do.
    async fn connect(&self, target: &Target, options: &ConnectOptions) -> Result<Arc<dyn Database>>;

    /// Makes an empty throw-away database: a file of its own, or a private server from binaries on this machine.
    async fn private(&self) -> Result<Private>;

    /// SQL that fills an empty database with the sample shop, the same every time.
    fn sample_shop(&self) -> &'static str;
}

/// A database that we are connected to. Sessions are opened from it as they are needed.
#[async_trait]
pub trait Database: Send + Sync {
    fn info(&self) -> &ServerInfo;

    /// The dialect as this server's version has it.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// All names, quickly, for the browser. Takes no locks on user tables beyond catalog reads.
    async fn outline(&self) -> Result<Vec<OutlineEntry>>;

    /// The whole schema, in one consistent snapshot, by a fixed number of queries.
    async fn inspect(&self) -> Result<Schema>;

    /// A connection of its own.
    async fn session(&self, role: SessionRole) -> Result<Box<dyn Session>>;

    /// A sampler on a connection of its own, that never touches a relation which a step may hold.
    async fn sampler(&self) -> Result<Box<dyn Sampler>>;

    /// The go/no-go for a step: who holds conflicting locks, how old the longest transactions are, replication lag.
    async fn gate(&self, step: &Step) -> Result<Gate>;

    /// The schema that results from running `files` on an empty database of the same kind, made for the purpose and
    /// removed again. The files and their statements may stand in any order that can be resolved.
    ///
    /// # Errors
    /// `Permission` when no scratch database may be made; `Statement` when the SQL fails, with its place.
    async fn schema_of(&self, files: &[SqlFile]) -> Result<Made>;

    /// What the application runs, where the server counts it.
    async fn statements(&self, _at_most: usize) -> Result<Statements> {
        Ok(Statements::default())
    }

    /// Statements that make a session elsewhere read and write values as a step's session does here.
    async fn manners(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// An empty copy of `schema` on a database of its own, on this server or, where none can be made on it, on a private
    /// one of the same version. `manners` are those of the database that the schema is from.
    ///
    /// # Errors
    /// As [`Database::schema_of`].
    async fn shadow(&self, schema: &Schema, manners: &[String]) -> Result<Box<dyn Shadow>>;

    /// The number that a read-only query gives, within a time and without waiting for any lock; `None` where this kind
    /// of database has no way to bound it.
    ///
    /// # Errors
    /// When the time is over, a lock is in the way, or the query fails; the message says which.
    async fn count(&self, _sql: &str, _within: Duration) -> Result<Option<u64>> {
        Ok(None)
    }

    /// How much tables are used, on the average since the server counts; empty where that is not known.
    async fn table_use(&self) -> Result<Vec<(QName, TableUse)>> {
        Ok(Vec::new())
    }

    /// Tells a cancelled or a terminated session of another user: cancels (or, with `terminate`, ends) a backend.
    async fn signal(&self, backend: i64, terminate: bool) -> Result<()>;
}

/// The schema that some SQL makes.
#[derive(Clone, Debug)]
pub struct Made {
    pub schema: Schema,
    /// What was left out or done in another way, one sentence each.
    pub notes: Vec<String>,
}

/// How much a table is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// Scans begun on it or its indexes, a second.
    pub reads_per_s: u64,
    /// Rows inserted, updated and deleted, a second.
    pub writes_per_s: u64,
}

/// Puts what is known of the use of tables beside their sizes.
pub fn note_use(schema: &mut Schema, figures: &[(QName, TableUse)]) {
    for (name, used) in figures {
        if let Some(table) = schema.tables.get_mut(name) {
            table.stats.reads_per_s = Some(used.reads_per_s);
            table.stats.writes_per_s = Some(used.writes_per_s);
        }
    }
}

/// What a session is for; decides its settings and its name on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRole {
    /// Runs steps.
    Executor,
    /// Reads for the user, read-only.
    Reader,
    /// Keeps the journal, so that it survives a step's rollback.
    Journal,
    /// The sample application's load (demo only).
    Load,
}

/// A value of a row or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
}

/// A row, column by column.
pub type Row = Vec<Value>;

/// One connection, used by one task.
#[async_trait]
pub trait Session: Send {
    /// The server's number for this connection, where there is one.
    fn backend(&self) -> Option<i64>;

    /// Runs one statement as it stands; rows affected come back.
    async fn execute(&mut self, sql: &str) -> Result<u64>;

    /// Runs one statement with parameters `$1`, `$2` … and reads all its rows.
    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>>;

    /// Cancels what this session is running, from outside of it.
    fn canceller(&self) -> Arc<dyn Canceller>;

    /// Statements to begin a step's transaction with, queueing for a lock no longer than `lock_wait`.
    fn begin(&self, lock_wait: Duration) -> Vec<String>;

    /// The same guards for a statement that runs outside a transaction. A concurrent build is given no lock timeout
    /// (it would leave an invalid index behind), so `lock_wait` may be disregarded.
    fn alone(&self, lock_wait: Duration) -> Vec<String>;

    /// Statements that put the session back as it was opened, after a step.
    fn reset(&self) -> Vec<String>;

    /// Statements that make the journal's tables where they are missing.
    fn journal_tables(&self) -> Vec<String>;

    /// The name of one of the journal's tables as SQL (`lockstep.run`, `lockstep_run`).
    fn journal_table(&self, name: &str) -> String;

    /// Tries to become the only one who runs plans here; false when someone else is.
    async fn try_exclusive(&mut self) -> Result<bool>;

    async fn release_exclusive(&mut self) -> Result<()>;

    /// One batch of a backfill after `cursor` (the key's values; `None` at the start), at most `rows` rows: how many
    /// keys were walked, how many rows changed, and the last key, `None` when the end was reached. Runs in the transaction that is open.
    async fn backfill_batch(&mut self, backfill: &Backfill, cursor: Option<&[Value]>, rows: u64)
    -> Result<BatchResult>;

    /// What a non-transactional step that broke off has left behind, as statements that clean it up
    /// (`DROP INDEX CONCURRENTLY …` for an invalid index). Empty when nothing is left.
    async fn leftovers(&mut self, step: &Step) -> Result<Vec<String>>;

    /// The roles that the steps name and the server does not have.
    async fn missing_roles(&mut self, _steps: &[Step]) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// What one batch did.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchResult {
    pub walked: u64,
    pub changed: u64,
    pub last: Option<Row>,
}

#[async_trait]
pub trait Canceller: Send + Sync {
    /// Asks the server to stop what the session is doing. Success says the request was delivered, not that it took.
    async fn cancel(&self) -> Result<()>;
}

/// What the gauges should look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    /// The session that runs the step.
    pub backend: Option<i64>,
    /// The locks that the step is expected to take.
    pub locks: Vec<Lock>,
    /// The table for the latency probe.
    pub probe: Option<QName>,
}

/// Reads the gauges on a connection of its own.
#[async_trait]
pub trait Sampler: Send {
    /// One reading. What the engine cannot tell is `None`. Errors are for a lost connection only.
    async fn sample(&mut self, focus: &Focus) -> Result<Sample>;
}
