//! Runs a plan, one confirmed step at a time.

use super::consent::Consent;
use super::drive::Run;
use super::prepare::prepare;
use crate::engine::{Blocker, Database, Gate};
use crate::plan::{Plan, Step};
use crate::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What the user says to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Confirm(Consent),
    /// Go on without the step. It stays undone in the journal.
    Skip(String),
    /// Look at the go/no-go again.
    RefreshGate,
    Pause,
    Resume,
    /// Stop what runs now, on the server too. The step is rolled back as far as it is a transaction.
    Cancel,
    /// End the run before the next step.
    Stop,
    /// Cancel a session that stands in the way (`terminate` ends it).
    Signal {
        backend: i64,
        terminate: bool,
    },
}

/// What a run tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The run is in the journal.
    Started {
        run: String,
        executor: Option<i64>,
    },
    /// The next step waits for [`Command::Confirm`].
    Asks {
        step: Box<Step>,
        gate: Box<Gate>,
    },
    /// Confirmed and begun.
    StepStarted {
        step: String,
    },
    /// Waiting outside the lock queue for holders of conflicting locks.
    Waiting {
        step: String,
        holders: Vec<Blocker>,
        waited: Duration,
    },
    /// An attempt did not get its lock in time; the next one is after `pause`.
    Retrying {
        step: String,
        attempt: u32,
        pause: Duration,
        why: String,
    },
    /// Of a backfill.
    Progress {
        step: String,
        walked: u64,
        total: Option<u64>,
        changed: u64,
        batch_rows: u64,
        paused: bool,
    },
    /// The cancel was asked for and the server has not answered yet.
    Cancelling {
        step: String,
    },
    StepDone {
        step: String,
        took: Duration,
    },
    StepSkipped {
        step: String,
    },
    /// It failed or was cancelled; a transaction left nothing behind, else `left` says what.
    StepFailed {
        step: String,
        error: Error,
        left: Option<String>,
    },
    /// Something to know that is neither an end nor a failure: a confirmation that did not count and why, a cleaned
    /// up leftover, a schema that is not quite what was expected.
    Note {
        text: String,
    },
    Ended {
        run: String,
        outcome: Outcome,
    },
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Stopped,
    Failed,
    Cancelled,
}

/// How the executor goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Who runs it, for the journal.
    pub operator: String,
    /// First time in the lock queue.
    pub lock_wait: Duration,
    /// No attempt queues longer than this.
    pub max_lock_wait: Duration,
    /// Holders older than this are waited for outside the queue.
    pub patience: Duration,
    /// Give up after this many attempts.
    pub max_attempts: u32,
    /// Give up waiting for locks after this long.
    pub max_wait: Duration,
    /// Cancel a step that keeps others waiting this long.
    pub max_blocking: Duration,
    /// Aim of a backfill's batch.
    pub batch_target: Duration,
    /// What this run does: a plan forward or back.
    pub direction: super::Direction,
    /// The run that this one takes back, or goes on with.
    pub of_run: Option<String>,
    /// The schema that the plan was made for, where the front end still has it: tells exactly what has changed since
    /// when the plan is refused.
    pub base_schema: Option<Arc<crate::schema::Schema>>,
    /// The organisation's policy, and what there is to show for it.
    pub mandate: super::Mandate,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            operator: String::new(),
            lock_wait: Duration::from_millis(50),
            max_lock_wait: Duration::from_millis(500),
            patience: Duration::from_millis(200),
            max_attempts: 60,
            max_wait: Duration::from_mins(10),
            max_blocking: Duration::from_secs(1),
            batch_target: Duration::from_millis(40),
            direction: super::Direction::Forward,
            of_run: None,
            base_schema: None,
            mandate: super::Mandate::default(),
        }
    }
}

/// The two ends of a running plan. Dropping it stops the run after cancelling what is under way.
#[derive(Debug)]
pub struct RunHandle {
    pub commands: mpsc::Sender<Command>,
    pub events: mpsc::Receiver<Event>,
}

/// An answer to [`Event::Asks`], for front ends that decide by a function.
pub type Answer = Command;

/// Commands that may wait for the run, and events that may wait for the front end.
const COMMANDS: usize = 32;
const EVENTS: usize = 256;

/// Begins a run. Nothing is executed before a step is confirmed.
///
/// # Errors
/// `BaseChanged` when the schema is not the plan's base any more, with what changed; `Refused` when somebody else is
/// running a plan, or the policy does not let it run; whatever opening the sessions and the journal gives.
pub async fn start(database: Arc<dyn Database>, mut plan: Plan, options: RunOptions) -> Result<RunHandle> {
    super::policy::allows(&plan, &options, jiff::Timestamp::now())?;
    plan.notes.extend(super::policy::notes(&options));
    let prepared = prepare(&database, &plan, &options).await?;
    let (commands, given) = mpsc::channel(COMMANDS);
    let (told, events) = mpsc::channel(EVENTS);
    tokio::spawn(Run::new(database, plan, options, prepared, given, told).carry_out());
    Ok(RunHandle { commands, events })
}
