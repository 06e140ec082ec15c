//! The journal: what ran, what did not and what is unknown, kept in the database itself.

use super::reader;
use crate::engine::{Database, Session, SessionRole};
use crate::plan::{Plan, Step};
use crate::{Error, ErrorCode, Result};
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
    pub async fn runs(database: &Arc<dyn Database>) -> Result<Vec<RunRecord>> {
        let mut session = database.session(SessionRole::Reader).await?;
        if !reader::is_there(session.as_mut()).await? {
            return Ok(Vec::new());
        }
        let mut runs = reader::runs(session.as_mut(), true).await?;
        if runs.iter().any(|run| run.alive) && !is_taken(session.as_mut()).await {
            for run in &mut runs {
                run.alive = false;
            }
        }
        Ok(runs)
    }

    /// One run by its id, or by the start of it when that names only one.
    ///
    /// # Errors
    /// `NotFound` when there is no such run; `Usage` when several are meant.
    pub async fn run(database: &Arc<dyn Database>, id: &str) -> Result<RunRecord> {
        let mut found: Vec<RunRecord> =
            Self::runs(database).await?.into_iter().filter(|r| r.id.starts_with(id)).collect();
        if let Some(exact) = found.iter().position(|run| run.id == id) {
            return Ok(found.swap_remove(exact));
        }
        match (found.pop(), found.is_empty()) {
            (Some(run), true) => Ok(run),
            (Some(_), false) => {
                Err(Error::usage(format!("several runs begin with {id}")).hint("Write more of its id."))
            }
            (None, _) => {
                Err(Error::new(ErrorCode::NotFound, format!("there is no run {id} in this database's journal"))
                    .hint("`lockstep status` lists the runs."))
            }
        }
    }
}

/// Whether somebody is running a plan now. When that cannot be told, somebody is: nobody is then disturbed.
async fn is_taken(session: &mut dyn Session) -> bool {
    match session.try_exclusive().await {
        Ok(true) => {
            let _ = session.release_exclusive().await;
            false
        }
        Ok(false) | Err(_) => true,
    }
}
