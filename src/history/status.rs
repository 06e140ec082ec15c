//! What `lockstep status` tells: the runs of a database, and what is unfinished.

use crate::Result;
use crate::engine::Database;
use crate::run::{self, Direction, Journal, RunRecord, RunState, Settled, StepRecord, StepState};
use crate::sql::one_line;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The runs of a database, newest first, and those that somebody should deal with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    pub runs: Vec<RunSummary>,
    pub unfinished: Vec<Unfinished>,
}

/// A run without the SQL of its steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    pub id: String,
    pub title: String,
    pub direction: Direction,
    pub state: RunState,
    /// Its process is gone and no end is recorded.
    pub interrupted: bool,
    pub operator: String,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub of_run: Option<String>,
    pub steps: Vec<StepSummary>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepSummary {
    pub id: String,
    pub title: String,
    pub state: StepState,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    pub attempts: u32,
    pub error: Option<String>,
}

/// A run that did not get to its end, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unfinished {
    pub run: String,
    /// What is unfinished, in a sentence.
    pub sentence: String,
    /// What its interrupted steps came to, as far as the database can tell now.
    pub steps: Vec<Settled>,
    /// What can be done next, in a sentence each.
    pub next: Vec<String>,
}

/// Reads the journal, and looks at the database where the journal does not know. Changes nothing.
///
/// # Errors
/// When the journal cannot be read.
pub async fn status(database: &Arc<dyn Database>) -> Result<Status> {
    let runs = Journal::runs(database).await?;
    let mut unfinished = Vec::new();
    for run in &runs {
        if is_interrupted(run) {
            unfinished.push(interrupted(run, run::look(database, run).await?));
        } else if let Some(part) = half_done(run) {
            unfinished.push(part);
        }
    }
    Ok(Status { runs: runs.iter().map(RunSummary::of).collect(), unfinished })
}

fn is_interrupted(run: &RunRecord) -> bool {
    run.state == RunState::Running && !run.alive
}

fn interrupted(run: &RunRecord, steps: Vec<Settled>) -> Unfinished {
    let done = count(run, StepState::Done);
    let what = match run.direction {
        Direction::Forward => "was interrupted",
        Direction::Back => "was taking another run back when it was interrupted",
    };
    let mut next = Vec::new();
    let subject = if run.direction == Direction::Back { run.of_run.as_deref().unwrap_or(&run.id) } else { &run.id };
    if done > 0 || run.direction == Direction::Back || steps.iter().any(|s| s.verdict != run::Verdict::DidNotHappen) {
        next.push(take_back(subject));
    }
    if run.direction == Direction::Forward {
        next.push(go_on(&run.id));
    }
    next.extend(steps.iter().flat_map(|s| &s.clean_up).map(|sql| format!("Remove what is left: {}", one_line(sql))));
    Unfinished {
        run: run.id.clone(),
        sentence: format!("Run {} {what}; {done} of its {} are done.", run.id, steps_of(run)),
        steps,
        next,
    }
}

/// A forward run that ended before its end with some of its steps done.
fn half_done(run: &RunRecord) -> Option<Unfinished> {
    let ended = match run.state {
        RunState::Stopped => "was stopped",
        RunState::Failed => "failed",
        RunState::Cancelled => "was cancelled",
        RunState::Running | RunState::Done | RunState::RolledBack => return None,
    };
    let done = count(run, StepState::Done);
    if run.direction == Direction::Back || done == 0 {
        return None;
    }
    Some(Unfinished {
        run: run.id.clone(),
        sentence: format!("Run {} {ended} with {done} of its {} done.", run.id, steps_of(run)),
        steps: Vec::new(),
        next: vec![take_back(&run.id), go_on(&run.id)],
    })
}

fn take_back(run: &str) -> String {
    format!("Take it back: lockstep rollback {run} --db URL")
}

fn go_on(run: &str) -> String {
    format!("Go on with the rest: lockstep apply --resume {run} --db URL")
}

fn count(run: &RunRecord, state: StepState) -> usize {
    run.steps.iter().filter(|record| record.state == state).count()
}

fn steps_of(run: &RunRecord) -> String {
    match run.steps.len() {
        1 => "1 step".to_owned(),
        n => format!("{n} steps"),
    }
}

impl RunSummary {
    fn of(run: &RunRecord) -> Self {
        Self {
            id: run.id.clone(),
            title: run.title.clone(),
            direction: run.direction,
            state: run.state,
            interrupted: is_interrupted(run),
            operator: run.operator.clone(),
            started_at: run.started_at.clone(),
            ended_at: run.ended_at.clone(),
            of_run: run.of_run.clone(),
            steps: run.steps.iter().map(StepSummary::of).collect(),
        }
    }

    fn state_in_words(&self) -> &'static str {
        match self.state {
            RunState::Running if self.interrupted => "interrupted",
            RunState::Running => "running",
            RunState::Done => "done",
            RunState::Stopped => "stopped",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::RolledBack => "rolled back",
        }
    }
}

impl StepSummary {
    fn of(record: &StepRecord) -> Self {
        Self {
            id: record.step.id.clone(),
            title: record.step.title.clone(),
            state: record.state,
            started_at: record.started_at.clone(),
            ended_at: record.ended_at.clone(),
            attempts: record.attempts,
            error: record.error.clone(),
        }
    }

    fn state_in_words(&self, interrupted: bool) -> &'static str {
        match self.state {
            StepState::Planned => "not run",
            StepState::Running if interrupted => "interrupted",
            StepState::Running => "running",
            StepState::Done => "done",
            StepState::Skipped => "skipped",
            StepState::Failed => "failed",
            StepState::Cancelled => "cancelled",
            StepState::RolledBack => "rolled back",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runs.is_empty() {
            return writeln!(f, "Nothing has been run here with Lockstep.");
        }
        for part in &self.unfinished {
            write!(f, "{part}")?;
        }
        if !self.unfinished.is_empty() {
            writeln!(f)?;
        }
        for run in &self.runs {
            write!(f, "{run}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "UNFINISHED  {}", self.sentence)?;
        for step in &self.steps {
            writeln!(f, "            {}", one_line(&step.sentence))?;
        }
        for next in &self.next {
            writeln!(f, "         -> {next}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.operator.is_empty() { String::new() } else { format!(" by {}", one_line(&self.operator)) };
        let (id, state, title) = (one_line(&self.id), self.state_in_words(), one_line(&self.title));
        writeln!(f, "{id}  {state}  {title}  ({}{by})", one_line(&self.started_at))?;
        for step in &self.steps {
            let state = step.state_in_words(self.interrupted);
            writeln!(f, "  {:>3}. {state:<11} {}", one_line(&step.id), one_line(&step.title))?;
            if let Some(error) = &step.error {
                writeln!(f, "       {}", one_line(error))?;
            }
        }
        Ok(())
    }
}
