//! The journal: what ran, what did not and what is unknown, kept in the database itself.

use crate::Result;
use crate::engine::Database;
use crate::plan::{Plan, Step};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether a run carries a plan out or takes one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Forward,
    Back,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Its process is there, or was killed.
    Running,
    Done,
    Stopped,
    Failed,
    Cancelled,
    /// All of its steps were taken back.
    RolledBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Planned,
    /// Begun, and no end is recorded: whether it took effect is unknown until looked at.
    Running,
    Done,
    Skipped,
    Failed,
    Cancelled,
    RolledBack,
}

/// One run, as journalled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub id: String,
    pub title: String,
    pub direction: Direction,
    pub state: RunState,
    pub operator: String,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub of_run: Option<String>,
    pub base: Option<String>,
    /// The whole plan.
    pub plan: Plan,
    pub steps: Vec<StepRecord>,
    /// Whether the process that ran it still holds its lock (a `running` run without is an interrupted one).
    pub alive: bool,
}

/// One step of a run, as journalled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    pub step: Step,
    pub state: StepState,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub attempts: u32,
    pub error: Option<String>,
    /// How far a backfill is.
    pub cursor: Option<String>,
}

/// Reads the journal of a database.
#[derive(Clone, Copy, Debug)]
pub struct Journal;

impl Journal {
    /// Runs, newest first; empty when there is no journal yet.
    ///
    /// # Errors
    /// When the journal is there and cannot be read.
    pub async fn runs(_database: &Arc<dyn Database>) -> Result<Vec<RunRecord>> {
        Ok(Vec::new())
    }
}

/// The plan that takes `run` back: the rollbacks of its done steps, last first, down to (and with) step `to`, or all.
///
/// # Errors
/// When a step to be taken back has no rollback; the message names it and says why.
pub fn rollback_plan(_run: &RunRecord, _to: Option<&str>) -> Result<Plan> {
    Err(crate::Error::internal("not built"))
}
