//! Live figures, in the form that `watch -f json` prints. What an engine cannot tell is `None` (`null`), never zero.

use crate::plan::LockMode;
use serde::Serialize;

/// One reading of all gauges.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// When it was read (RFC 3339, UTC).
    pub at: String,
    pub locks: Locks,
    pub latency: Latency,
    pub activity: Option<Activity>,
    pub throughput: Option<Throughput>,
    pub replication: Option<Vec<Replica>>,
    pub wal_bytes_per_s: Option<f64>,
    pub progress: Vec<Progress>,
    /// Bytes of the database, its log and what else the engine can say, by name.
    pub size: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Locks {
    /// By the session in focus.
    pub held: Option<Vec<HeldLock>>,
    /// All waiting sessions.
    pub waiting: Option<Vec<WaitingLock>>,
    /// Sessions that wait for ours, directly or behind one that does; for everybody when no session is in focus.
    pub blocked_sessions: Option<u64>,
    pub longest_wait_ms: Option<f64>,
    /// Who the session in focus waits for.
    pub blockers: Vec<Blocker>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldLock {
    pub relation: String,
    pub mode: LockMode,
    pub granted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitingLock {
    pub backend: i64,
    pub relation: Option<String>,
    pub mode: Option<LockMode>,
    pub wait_ms: Option<f64>,
    pub blocked_by: Vec<i64>,
    pub query: Option<String>,
}

/// A session that stands in the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocker {
    pub backend: i64,
    pub user: Option<String>,
    pub application: Option<String>,
    pub state: Option<String>,
    /// Age of its transaction.
    pub transaction_ms: Option<f64>,
    /// What it holds on which of our relations.
    pub relation: Option<String>,
    pub mode: Option<LockMode>,
    /// The start of its query, as far as the role may see it.
    pub query: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How long the probe query took in this reading.
    pub probe_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// How many readings the percentiles rest on.
    pub samples: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Activity {
    pub active: u64,
    pub idle_in_transaction: u64,
    pub oldest_xact_ms: Option<f64>,
    /// Age of the oldest statement that is running.
    pub oldest_query_ms: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Throughput {
    pub commits_per_s: Option<f64>,
    pub rollbacks_per_s: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replica {
    pub name: String,
    pub state: Option<String>,
    pub lag_bytes: Option<i64>,
    pub lag_ms: Option<f64>,
}

/// Work of which the engine says how far it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    pub what: String,
    pub relation: Option<String>,
    pub phase: Option<String>,
    pub done: Option<u64>,
    pub total: Option<u64>,
}

/// Whether a step should start now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Go,
    /// It can start but will wait or slow somebody down.
    Caution,
    /// It would queue behind somebody slow, and everybody else behind it.
    NoGo,
    /// It cannot be told.
    Unknown,
}

/// The go/no-go before a step, with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    pub verdict: Verdict,
    /// Holders of locks that conflict with the step's.
    pub holders: Vec<Blocker>,
    /// The longest transactions, whatever they hold.
    pub longest: Vec<Blocker>,
    pub replication: Option<Vec<Replica>>,
    /// One sentence each: why not, or what to mind.
    pub reasons: Vec<String>,
}
