//! A run as the screen follows it: what the executor told, in the order told.

use crate::Error;
use crate::engine::{Blocker, Gate};
use crate::plan::{Plan, Step};
use crate::run::{Direction, Event, Outcome};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepNow {
    Todo,
    Asked,
    Running,
    Done(Duration),
    Skipped,
    Failed,
}

/// How far a backfill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    pub walked: u64,
    pub total: Option<u64>,
    pub changed: u64,
    pub batch_rows: u64,
    pub paused: bool,
}

/// What keeps the step from its lock.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    Waiting { holders: Vec<Blocker>, waited: Duration },
    Retrying { attempt: u32, pause: Duration, why: String },
}

/// What failed, and what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub step: String,
    pub error: Error,
    pub left: Option<String>,
}

/// The run that is under way, or the last one.
#[derive(Clone, Debug)]
pub struct RunView {
    pub plan: Plan,
    pub direction: Direction,
    pub id: Option<String>,
    pub executor: Option<i64>,
    states: BTreeMap<String, StepNow>,
    /// The step that waits for consent, with its go/no-go.
    pub asked: Option<(Step, Gate)>,
    /// The step that runs, and since when.
    pub current: Option<(String, Instant)>,
    pub held: Option<Held>,
    pub filled: Option<Filled>,
    pub cancelling: bool,
    pub failure: Option<Failure>,
    /// What the executor had to say besides, newest last.
    pub notes: Vec<String>,
    pub outcome: Option<Outcome>,
}

impl RunView {
    pub fn new(plan: Plan, direction: Direction) -> Self {
        Self {
            plan,
            direction,
            id: None,
            executor: None,
            states: BTreeMap::new(),
            asked: None,
            current: None,
            held: None,
            filled: None,
            cancelling: false,
            failure: None,
            notes: Vec::new(),
            outcome: None,
        }
    }

    pub fn active(&self) -> bool {
        self.outcome.is_none()
    }

    pub fn state(&self, step: &str) -> StepNow {
        self.states.get(step).copied().unwrap_or(StepNow::Todo)
    }

    pub fn step(&self, id: &str) -> Option<&Step> {
        self.plan.steps.iter().find(|s| s.id == id)
    }

    /// The number of steps that are done.
    pub fn done(&self) -> usize {
        self.states.values().filter(|s| matches!(s, StepNow::Done(_))).count()
    }

    /// The session that the running step waits for, as told by the run.
    pub fn blocker(&self) -> Option<&Blocker> {
        match &self.held {
            Some(Held::Waiting { holders, .. }) => holders.first(),
            _ => None,
        }
    }

    /// Takes in what the executor told.
    pub fn take(&mut self, event: Event, now: Instant) {
        match event {
            Event::Started { run, executor } => {
                self.id = Some(run);
                self.executor = executor;
            }
            Event::Asks { step, gate } => {
                self.states.insert(step.id.clone(), StepNow::Asked);
                self.asked = Some((*step, *gate));
            }
            Event::StepStarted { step } => {
                self.states.insert(step.clone(), StepNow::Running);
                self.asked = None;
                self.current = Some((step, now));
            }
            Event::Waiting { holders, waited, .. } => self.held = Some(Held::Waiting { holders, waited }),
            Event::Retrying { attempt, pause, why, .. } => self.held = Some(Held::Retrying { attempt, pause, why }),
            Event::Progress { walked, total, changed, batch_rows, paused, .. } => {
                self.held = None;
                self.filled = Some(Filled { walked, total, changed, batch_rows, paused });
            }
            Event::Cancelling { .. } => self.cancelling = true,
            Event::StepDone { step, took } => self.end_step(step, StepNow::Done(took)),
            Event::StepSkipped { step } => self.end_step(step, StepNow::Skipped),
            Event::StepFailed { step, error, left } => {
                self.end_step(step.clone(), StepNow::Failed);
                self.failure = Some(Failure { step, error, left });
            }
            Event::Note { text } => self.notes.push(text),
            Event::Ended { outcome, .. } => {
                self.asked = None;
                self.current = None;
                self.held = None;
                self.cancelling = false;
                self.outcome = Some(outcome);
            }
        }
    }

    fn end_step(&mut self, step: String, state: StepNow) {
        self.states.insert(step, state);
        self.asked = None;
        self.current = None;
        self.held = None;
        self.filled = None;
        self.cancelling = false;
    }
}

impl RunView {
    /// A run as the journal has it, for looking at.
    pub fn of_record(record: &crate::run::RunRecord) -> Self {
        use crate::run::{RunState, StepState};
        let mut view = Self::new(record.plan.clone(), record.direction);
        view.id = Some(record.id.clone());
        for step in &record.steps {
            let state = match step.state {
                StepState::Done => StepNow::Done(Duration::ZERO),
                StepState::Running => StepNow::Running,
                StepState::Skipped => StepNow::Skipped,
                StepState::Failed | StepState::Cancelled => StepNow::Failed,
                StepState::Planned | StepState::RolledBack => StepNow::Todo,
            };
            view.states.insert(step.step.id.clone(), state);
        }
        view.outcome = Some(match record.state {
            RunState::Done | RunState::RolledBack => Outcome::Done,
            RunState::Failed => Outcome::Failed,
            RunState::Cancelled => Outcome::Cancelled,
            RunState::Running | RunState::Stopped => Outcome::Stopped,
        });
        view
    }
}
