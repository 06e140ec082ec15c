//! Runs, their commands, and the gauges.

use super::super::message::{FromRun, Message};
use super::super::state::Errand;
use super::{Runner, Slot, lock};
use crate::engine::{Database, Focus};
use crate::plan::Plan;
use crate::project::Project;
use crate::run::{self, Command, Direction, Journal, Mandate, RunHandle, RunOptions, RunRecord, StepState};
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a run may take to end after the screen has gone.
const LAST_WORD: Duration = Duration::from_secs(4);

/// How often the gauges are read.
const GAUGES_EVERY: Duration = Duration::from_millis(200);

impl Runner {
    pub(super) fn start_run(&mut self, plan: Plan, errand: Errand) {
        let (database, messages, commands) = (self.database(), self.messages.clone(), Arc::clone(&self.commands));
        self.run = Some(tokio::spawn(async move {
            match database {
                Ok(database) => follow(database, plan, errand, &messages, &commands).await,
                Err(error) => begun(&messages, Err(error)).await,
            }
        }));
    }

    pub(super) fn take_back(&mut self, run: Option<String>, to: Option<String>) {
        self.start_prepared(move |database| async move { way_back(&database, run, to).await });
    }

    pub(super) fn resume(&mut self, run: String) {
        self.start_prepared(move |database| async move { way_on(&database, &run).await });
    }

    /// Starts a run whose plan comes from the journal.
    fn start_prepared<F>(&mut self, prepare: impl FnOnce(Arc<dyn Database>) -> F + Send + 'static)
    where
        F: Future<Output = Result<(Plan, Errand)>> + Send + 'static,
    {
        let (database, messages, commands) = (self.database(), self.messages.clone(), Arc::clone(&self.commands));
        self.run = Some(tokio::spawn(async move {
            let prepared = match database {
                Ok(database) => prepare(Arc::clone(&database)).await.map(|(plan, errand)| (database, plan, errand)),
                Err(error) => Err(error),
            };
            match prepared {
                Ok((database, plan, errand)) => follow(database, plan, errand, &messages, &commands).await,
                Err(error) => begun(&messages, Err(error)).await,
            }
        }));
    }

    pub(super) fn tell(&self, command: Command) {
        let Some(commands) = lock(&self.commands).clone() else { return };
        tokio::spawn(async move {
            // A run that has just ended does not listen any more.
            let _ = commands.send(command).await;
        });
    }

    pub(super) fn watch(&mut self, focus: Option<Focus>) {
        let Some(focus) = focus else {
            self.gauges = None;
            return;
        };
        if let Some(gauges) = self.gauges.as_ref().filter(|g| !g.is_closed()) {
            gauges.send_replace(focus);
            return;
        }
        let Ok(database) = self.database() else { return };
        let (sender, mut foci) = watch::channel(focus);
        foci.mark_changed();
        self.gauges = Some(sender);
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let mut watch = crate::watch::watch(database, GAUGES_EVERY);
            loop {
                tokio::select! {
                    changed = foci.changed() => match changed {
                        Ok(()) => watch.focus(foci.borrow_and_update().clone()),
                        Err(_) => return,
                    },
                    reading = watch.readings.recv() => match reading {
                        Some(reading) => if messages.send(Message::Reading(reading)).await.is_err() { return },
                        None => return,
                    },
                }
            }
        });
    }
}

async fn begun(messages: &mpsc::Sender<Message>, result: Result<(Plan, Direction)>) {
    let _ = messages.send(Message::Run(FromRun::Begun(Box::new(result)))).await;
}

/// Starts a run and passes on what it tells until it ends.
async fn follow(
    database: Arc<dyn Database>,
    plan: Plan,
    errand: Errand,
    messages: &mpsc::Sender<Message>,
    commands: &Slot<mpsc::Sender<Command>>,
) {
    let operator = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|key| std::env::var(key).ok()).unwrap_or_default();
    let direction = errand.direction;
    let policy = match Project::here() {
        Ok(project) => project.policy,
        Err(error) => return begun(messages, Err(error)).await,
    };
    let options = RunOptions {
        operator,
        mandate: Mandate { policy, ..Mandate::default() },
        direction,
        of_run: errand.of_run,
        base_schema: errand.made_for,
        ..RunOptions::default()
    };
    let mut handle = match run::start(database, plan.clone(), options).await {
        Ok(handle) => handle,
        Err(error) => return begun(messages, Err(error)).await,
    };
    *lock(commands) = Some(handle.commands.clone());
    begun(messages, Ok((plan, direction))).await;
    while let Some(event) = handle.events.recv().await {
        if messages.send(Message::Run(FromRun::Event(Box::new(event)))).await.is_err() {
            return leave(handle).await;
        }
    }
    *lock(commands) = None;
    let _ = messages.send(Message::Run(FromRun::Gone)).await;
}

/// The screen is gone: what runs is cancelled, and gets a moment to have its last word in the journal.
async fn leave(mut handle: RunHandle) {
    // A run that is over does not listen any more.
    let _ = handle.commands.try_send(Command::Cancel);
    let _ = handle.commands.try_send(Command::Stop);
    let rest = async { while handle.events.recv().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_WORD, rest).await;
}

/// The plan that takes a run back: the one asked for, or the newest that did something.
async fn way_back(database: &Arc<dyn Database>, run: Option<String>, to: Option<String>) -> Result<(Plan, Errand)> {
    let did_something = |r: &&RunRecord| {
        r.direction == Direction::Forward
            && r.steps
                .iter()
                .any(|s| s.state == StepState::Done || (s.cursor.is_some() && s.state != StepState::RolledBack))
    };
    let runs = Journal::runs(database).await?;
    let record = match &run {
        Some(id) => runs.iter().find(|r| r.id == *id),
        None => runs.iter().find(did_something),
    };
    let record = record.ok_or_else(|| {
        Error::new(ErrorCode::NotFound, "the journal has no run to take back")
            .hint("5 shows the runs that the journal has.")
    })?;
    let id = record.id.clone();
    let plan = run::way_back(database, record.clone(), to.as_deref()).await?;
    Ok((plan, Errand { direction: Direction::Back, of_run: Some(id), made_for: None }))
}

/// The plan of what a run has not done.
async fn way_on(database: &Arc<dyn Database>, run: &str) -> Result<(Plan, Errand)> {
    let record = Journal::run(database, run).await?;
    let id = record.id.clone();
    let plan = run::way_on(database, record).await?;
    Ok((plan, Errand { direction: Direction::Forward, of_run: Some(id), made_for: None }))
}
