//! The task that carries a plan out: asks, runs, journals, tells.

use super::control::{Control, Halt};
use super::foreseen::unforeseen;
use super::ledger::{Entry, Ledger, is_back};
use super::policy::refused_now;
use super::prepare::{Prepared, take_lock};
use super::{Command, Event, Outcome, RunOptions, RunState, StepState, reader};
use crate::engine::{Database, Session, SessionRole};
use crate::plan::{Plan, Step, StepKind};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A run while it is going on.
pub(super) struct Run {
    pub database: Arc<dyn Database>,
    pub plan: Plan,
    pub options: RunOptions,
    pub executor: Box<dyn Session>,
    pub journal: Box<dyn Session>,
    pub ledger: Ledger,
    pub control: Control,
    pub cursors: BTreeMap<String, String>,
    pub rows: BTreeMap<String, u64>,
    /// The schema before the first step, where the plan names one.
    base: Option<crate::schema::Schema>,
}

/// Why a step did not get done.
#[derive(Debug)]
pub(super) struct Broken {
    pub error: Error,
    pub attempts: u32,
    /// What is left of it in the database.
    pub left: Option<String>,
    /// It cannot be told whether it took effect: the journal keeps it as running.
    pub unknown: bool,
}

impl Broken {
    pub fn new(error: Error, attempts: u32) -> Self {
        Self { error, attempts, left: None, unknown: false }
    }
}

/// How the asking for one step ended.
pub(super) enum Answered {
    Confirmed,
    Skipped,
    Stopped,
}

impl Run {
    pub fn new(
        database: Arc<dyn Database>,
        plan: Plan,
        options: RunOptions,
        prepared: Prepared,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let Prepared { executor, journal, ledger, cursors, rows, base } = prepared;
        let control = Control::new(
            Arc::clone(&database),
            commands,
            events,
            executor.canceller(),
            executor.backend(),
            options.max_blocking,
        );
        Self { database, plan, options, executor, journal, ledger, control, cursors, rows, base }
    }

    /// All of it, from the first question to the end in the journal.
    pub async fn carry_out(mut self) {
        let started = Event::Started { run: self.ledger.run.clone(), executor: self.executor.backend() };
        self.control.tell(started).await;
        let outcome = self.steps().await;
        if let Err(why) = self.close(outcome).await {
            self.control.note(format!("The end of the run could not be journalled: {why}")).await;
        }
        // The lock goes with the session in any case; this is sooner.
        let _ = self.executor.release_exclusive().await;
        self.control.tell(Event::Ended { run: self.ledger.run.clone(), outcome }).await;
    }

    async fn steps(&mut self) -> Outcome {
        let steps = self.plan.steps.clone();
        for (at, step) in steps.iter().enumerate() {
            if self.control.stopping || self.control.abandoned() {
                return Outcome::Stopped;
            }
            match self.ask(step).await {
                Answered::Stopped => return Outcome::Stopped,
                Answered::Skipped => {
                    if let Err(why) = self.record(at, step, StepState::Skipped, 0, None).await {
                        return self.journal_failed(step, why).await;
                    }
                    self.control.tell(Event::StepSkipped { step: step.id.clone() }).await;
                }
                Answered::Confirmed => {
                    if let Some(error) = refused_now(step, &self.options, jiff::Timestamp::now()) {
                        return self.broken(at, step, Broken::new(error, 0)).await;
                    }
                    if let Some(outcome) = self.step(at, step).await {
                        return outcome;
                    }
                }
            }
        }
        Outcome::Done
    }

    /// One confirmed step; tells how the run ends if it ends with it.
    async fn step(&mut self, at: usize, step: &Step) -> Option<Outcome> {
        let begun = Instant::now();
        self.control.tell(Event::StepStarted { step: step.id.clone() }).await;
        if let Err(why) = self.ledger.running(at).write(self.journal.as_mut()).await {
            return Some(self.journal_failed(step, why).await);
        }
        let before = match self.before_derived(step).await {
            Ok(before) => before,
            Err(broken) => return Some(self.broken(at, step, broken).await),
        };
        self.control.enter(step, self.executor.backend());
        let result = match step.kind {
            StepKind::Wait => self.in_journal(at, step).await,
            StepKind::Check => self.check(at, step).await,
            StepKind::Backfill if step.backfill.is_some() => self.fill(at, step).await,
            StepKind::Backfill | StepKind::Ddl if step.transactional => self.transact(at, step).await,
            StepKind::Backfill | StepKind::Ddl => self.alone(at, step).await,
        };
        self.control.leave();
        self.reset().await;
        match result {
            Ok(()) => {
                if let Some(before) = before {
                    self.derive_rollback(at, step, &before).await;
                }
                self.control.tell(Event::StepDone { step: step.id.clone(), took: begun.elapsed() }).await;
                self.after_done().await
            }
            Err(broken) => Some(self.broken(at, step, broken).await),
        }
    }

    /// A cancel that came too late to stop the step still ends the run.
    async fn after_done(&mut self) -> Option<Outcome> {
        match self.control.calm()? {
            Halt::Asked => {
                self.control.note("The cancel came too late: the step is done. The run ends here.").await;
                Some(Outcome::Cancelled)
            }
            Halt::Hurts(_) => None,
            Halt::Abandoned => Some(Outcome::Stopped),
        }
    }

    /// Journals and tells a failure.
    async fn broken(&mut self, at: usize, step: &Step, broken: Broken) -> Outcome {
        let halt = self.control.calm();
        let cancelled = matches!(halt, Some(Halt::Asked | Halt::Abandoned));
        let state = if cancelled { StepState::Cancelled } else { StepState::Failed };
        let Broken { error, attempts, mut left, unknown } = broken;
        if unknown {
            let unknown = "It is unknown whether the step took effect; `lockstep status` looks again.";
            left.get_or_insert_with(|| unknown.to_owned());
        } else if let Err(why) = self.record(at, step, state, attempts, Some(&error.message)).await {
            self.control.note(format!("The failure could not be journalled: {why}")).await;
        }
        self.control.tell(Event::StepFailed { step: step.id.clone(), error, left }).await;
        if cancelled { Outcome::Cancelled } else { Outcome::Failed }
    }

    async fn journal_failed(&mut self, step: &Step, why: Error) -> Outcome {
        let error = Error { message: format!("the journal cannot be written: {}", why.message), ..why };
        self.control.tell(Event::StepFailed { step: step.id.clone(), error, left: None }).await;
        Outcome::Failed
    }

    /// A step with nothing to run here: people have done it.
    async fn in_journal(&mut self, at: usize, step: &Step) -> Result<(), Broken> {
        self.record(at, step, StepState::Done, 1, None).await.map_err(|why| Broken::new(why, 1))
    }

    async fn check(&mut self, at: usize, step: &Step) -> Result<(), Broken> {
        let Some(check) = &step.check else {
            return Err(Broken::new(Error::internal(format!("step {} is a check without a query", step.id)), 1));
        };
        let found = self.control.guard(self.executor.query(&check.query, &[])).await;
        let failed = match found {
            Ok(rows) if rows.is_empty() => return self.in_journal(at, step).await,
            Ok(rows) => Error::new(ErrorCode::Refused, check.message.clone()).hint(format!(
                "The query found {} rows where it must find none: {}",
                rows.len(),
                check.query
            )),
            Err(why) => self.control.halt().map_or(why, Halt::error),
        };
        Err(Broken::new(failed, 1))
    }

    /// Puts the step's end into the journal on the journal's own session.
    pub async fn record(
        &mut self,
        at: usize,
        step: &Step,
        state: StepState,
        attempts: u32,
        error: Option<&str>,
    ) -> Result<()> {
        let entries = self.ledger.ended(at, step, state, attempts, error);
        write_all(&entries, self.journal.as_mut()).await
    }

    /// Puts the executor's session back as it was opened.
    async fn reset(&mut self) {
        for statement in self.executor.reset() {
            if let Err(why) = self.executor.execute(&statement).await {
                tracing::warn!("the session could not be reset: {why}");
                return;
            }
        }
    }

    /// New connections for lost ones, with the lock. That we have the lock proves that the lost session has ended,
    /// so that what it did is decided by now.
    pub async fn reconnect(&mut self) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(15);
        let end = Instant::now() + PATIENCE;
        self.control.note("The connection was lost; a new one is tried for 15 seconds.").await;
        loop {
            match self.connect_again().await {
                Err(why) if Instant::now() < end && passing(&why) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(why) => return Err(why),
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn connect_again(&mut self) -> Result<()> {
        let mut executor = self.database.session(SessionRole::Executor).await?;
        self.journal = self.database.session(SessionRole::Journal).await?;
        take_lock(executor.as_mut(), Duration::from_secs(10)).await?;
        self.control.reconnected(executor.canceller());
        self.executor = executor;
        Ok(())
    }

    /// Whether the journal has the step as done.
    pub async fn journalled_as_done(&mut self, at: usize) -> Result<bool> {
        let Entry { sql, parameters } = self.ledger.state_of(at);
        let rows = self.journal.query(&sql, &parameters).await?;
        Ok(reader::first_text(&rows).as_deref() == Some("done"))
    }

    /// The run's end: in the journal, and on the run that it takes back; the schema is held against what it should be.
    async fn close(&mut self, outcome: Outcome) -> Result<()> {
        let state = match outcome {
            Outcome::Done => RunState::Done,
            Outcome::Stopped => RunState::Stopped,
            Outcome::Failed => RunState::Failed,
            Outcome::Cancelled => RunState::Cancelled,
        };
        if !self.unknown_left().await? {
            let run = self.ledger.run.clone();
            self.ledger.run_is(&run, state).write(self.journal.as_mut()).await?;
        }
        if outcome != Outcome::Done {
            return Ok(());
        }
        let whole = match self.ledger.undoing().map(str::to_owned) {
            Some(of) => self.taken_back(&of).await?,
            None => !is_back(&self.options),
        };
        if whole {
            self.compare_with_target().await;
        }
        Ok(())
    }

    /// Whether a step of this run is still journalled as running: the run then stays so, to be settled.
    async fn unknown_left(&mut self) -> Result<bool> {
        let steps = reader::steps(self.journal.as_mut(), &self.ledger.run).await?;
        Ok(steps.iter().any(|step| step.state == StepState::Running))
    }

    /// Marks `of` as rolled back when none of its steps is left to take back.
    async fn taken_back(&mut self, of: &str) -> Result<bool> {
        let steps = reader::steps(self.journal.as_mut(), of).await?;
        if steps.iter().any(super::undo::is_left) {
            return Ok(false);
        }
        for (at, _) in steps.iter().enumerate().filter(|(_, step)| step.state == StepState::Done) {
            let at = i64::try_from(at).unwrap_or(i64::MAX);
            self.ledger.step_is(of, at, StepState::RolledBack, None).write(self.journal.as_mut()).await?;
        }
        self.ledger.run_is(of, RunState::RolledBack).write(self.journal.as_mut()).await?;
        Ok(true)
    }

    async fn compare_with_target(&mut self) {
        let Some(target) = self.plan.target.clone() else { return };
        let said = match self.database.inspect().await {
            Ok(schema) if schema.fingerprint() == target => return,
            Ok(_) if is_back(&self.options) => {
                "All steps were taken back, but the schema is not quite the one from before the run. \
                 Compare it with a snapshot from then."
                    .to_owned()
            }
            Ok(schema) => {
                let differs = match &self.base {
                    Some(base) => unforeseen(base, &self.plan, &schema),
                    None => return,
                };
                if differs.is_empty() {
                    return;
                }
                format!("All steps are done, but the schema is not quite what the plan foresaw. {}", differs.join(" "))
            }
            Err(why) => format!("All steps are done, but the schema could not be read again: {why}"),
        };
        self.control.note(said).await;
    }
}

/// Whether a failure to connect may be over in a moment.
fn passing(why: &Error) -> bool {
    matches!(why.code, ErrorCode::Connection | ErrorCode::ConnectionLost)
}

pub(super) async fn write_all(entries: &[Entry], session: &mut dyn Session) -> Result<()> {
    for entry in entries {
        entry.write(session).await?;
    }
    Ok(())
}
