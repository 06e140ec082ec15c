//! The way back from a run, and the way on from one that did not get to its end.

use super::{Direction, RunRecord, RunState, StepRecord, StepState};
use crate::plan::{Plan, Rollback, RollbackKind, Step, StepKind};
use crate::schema::Parts;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;

/// What taking one step back comes to.
enum Way {
    Step(Box<Step>),
    /// Nothing to run; a note if the reader should know.
    Nothing(Option<String>),
}

/// The plan that takes `run` back: the rollbacks of its done steps, last first, down to (and with) step `to`, or all.
///
/// Its steps keep the ids of the steps that they take back. It has no base: a run that was broken off leaves a schema
/// that no plan foresaw.
///
/// # Errors
/// When a step to be taken back has no rollback; the message names it and says why. When it is unknown whether a step
/// took effect: [`recover`](super::recover()) finds that out.
pub fn rollback_plan(run: &RunRecord, to: Option<&str>) -> Result<Plan> {
    rollback_plan_with(run, to, &Left::new())
}

/// Statements that remove what a broken step left behind, by the step's id.
pub(super) type Left = BTreeMap<String, Vec<String>>;

/// As [`rollback_plan`], removing what broken steps left behind too.
pub(super) fn rollback_plan_with(run: &RunRecord, to: Option<&str>, left: &Left) -> Result<Plan> {
    if run.direction == Direction::Back {
        return Err(Error::new(ErrorCode::Refused, format!("run {} took another one back", run.id))
            .hint("To have its changes again, run the first plan again."));
    }
    if run.alive {
        return Err(Error::new(ErrorCode::Refused, format!("run {} is still going on", run.id))
            .hint("Cancel it or wait for its end first."));
    }
    let first = first_position(run, to)?;
    let mut plan = Plan {
        version: 1,
        engine: run.plan.engine,
        title: format!("Take back: {}", run.title),
        base: None,
        base_parts: Parts::new(),
        target: if first == 0 { run.base.clone() } else { None },
        steps: Vec::new(),
        notes: Vec::new(),
    };
    let mut done = run.steps.is_empty();
    for record in run.steps.iter().skip(first).rev() {
        done |= record.state == StepState::Done;
        if !may_have_effect(record)? {
            plan.steps.extend(left.get(&record.step.id).map(|sql| removal(&record.step, sql)));
            continue;
        }
        match way_back(&record.step)? {
            Way::Step(step) => plan.steps.push(*step),
            Way::Nothing(note) => plan.notes.extend(note),
        }
    }
    if plan.steps.is_empty() && !done {
        return Err(Error::new(ErrorCode::Refused, format!("run {} has no step that could be taken back", run.id)));
    }
    Ok(plan)
}

/// Removes what a broken step left behind. Such a statement runs outside a transaction as the step did.
fn removal(step: &Step, sql: &[String]) -> Step {
    Step {
        id: step.id.clone(),
        transactional: false,
        rollback: Rollback::none("what is removed was of no use"),
        ..Step::ddl(format!("Remove what is left of: {}", step.title), step.phase, sql.to_vec())
    }
}

fn first_position(run: &RunRecord, to: Option<&str>) -> Result<usize> {
    let Some(to) = to else { return Ok(0) };
    run.steps.iter().position(|record| record.step.id == to).ok_or_else(|| {
        let ids: Vec<&str> = run.steps.iter().map(|record| record.step.id.as_str()).collect();
        Error::usage(format!("run {} has no step {}", run.id, one_line(to)))
            .hint(format!("Its steps are {}.", ids.join(", ")))
    })
}

/// Whether a step has changed anything that is still there.
fn may_have_effect(record: &StepRecord) -> Result<bool> {
    let begun = record.cursor.is_some();
    match record.state {
        StepState::Done => Ok(true),
        StepState::Planned | StepState::Skipped | StepState::RolledBack => Ok(false),
        // A backfill commits as it goes.
        StepState::Failed | StepState::Cancelled => Ok(begun),
        StepState::Running if record.step.backfill.is_some() => Ok(begun),
        // Its end is journalled in its own transaction: no end, no effect.
        StepState::Running if happens_whole(&record.step) => Ok(false),
        StepState::Running => Err(Error::new(
            ErrorCode::Refused,
            format!("it is unknown whether step {} ({}) took effect", record.step.id, one_line(&record.step.title)),
        )
        .hint("`lockstep status` looks at the database and settles it.")),
    }
}

/// Whether the step's end is journalled in the transaction that is the step.
pub(super) fn happens_whole(step: &Step) -> bool {
    match step.kind {
        StepKind::Wait | StepKind::Check => true,
        StepKind::Ddl | StepKind::Backfill => step.transactional && step.backfill.is_none(),
    }
}

fn way_back(step: &Step) -> Result<Way> {
    let rollback = &step.rollback;
    let title = one_line(&step.title);
    if step.derives_rollback {
        return Err(Error::new(
            ErrorCode::Refused,
            format!(
                "step {} ({title}) cannot be taken back: the run broke off before its way back was derived",
                step.id
            ),
        )
        .hint(
            "Compare the schema with a snapshot from before the run, and plan the way back with `lockstep plan --to`.",
        ));
    }
    match (step.kind, rollback.kind) {
        (StepKind::Wait, _) => Ok(Way::Nothing(Some(format!(
            "Step {} ({title}) was done by people: take it back with the code that needs it.",
            step.id
        )))),
        (StepKind::Check, _) => Ok(Way::Nothing(None)),
        (_, RollbackKind::Exact) if rollback.sql.is_empty() => Ok(Way::Nothing(rollback.note.clone())),
        (StepKind::Backfill, RollbackKind::None) => {
            Ok(Way::Nothing(Some(format!("Values written by step {} ({title}) stay: {}", step.id, why(rollback)))))
        }
        (_, RollbackKind::None) => Err(Error::new(
            ErrorCode::Refused,
            format!("step {} ({title}) cannot be taken back: {}", step.id, why(rollback)),
        )
        .hint(format!("Take back only what came after it: rollback with --to the step after {}.", step.id))),
        _ if rollback.sql.is_empty() => Ok(Way::Nothing(rollback.note.clone())),
        _ => Ok(Way::Step(Box::new(back(step)))),
    }
}

fn why(rollback: &Rollback) -> String {
    one_line(rollback.note.as_deref().unwrap_or("no way back is known"))
}

fn back(step: &Step) -> Step {
    let rollback = &step.rollback;
    let forward_again = if step.backfill.is_none() && step.transactional && step.destroys.is_empty() {
        Rollback { session: step.session.clone(), ..Rollback::exact(step.sql.clone()) }
    } else {
        Rollback::none("this takes a step back; to go forward again, run the plan again")
    };
    Step {
        id: step.id.clone(),
        transactional: rollback.transactional,
        session: rollback.session.clone(),
        rollback: forward_again,
        note: rollback.note.clone(),
        verbatim: step.verbatim,
        ..Step::ddl(format!("Take back: {}", step.title), step.phase, rollback.sql.clone())
    }
}

/// Whether a step of a run is still to be taken back.
pub(super) fn is_left(record: &StepRecord) -> bool {
    may_have_effect(record).unwrap_or(true) && !matches!(way_back(&record.step), Ok(Way::Nothing(_)))
}

/// The plan of what `run` has not done: its steps that are planned, failed, cancelled or broken off. Run it with
/// `of_run`: the same run then goes on in the journal, and backfills from where they are.
///
/// # Errors
/// When the run goes on, was taken back, or has nothing left; when it is unknown whether a step took effect.
pub fn resume_plan(run: &RunRecord) -> Result<Plan> {
    resume_plan_with(run, &Left::new())
}

/// As [`resume_plan`]; a step that left something behind removes it first.
pub(super) fn resume_plan_with(run: &RunRecord, left: &Left) -> Result<Plan> {
    if let (Direction::Back, Some(of)) = (run.direction, &run.of_run) {
        return Err(Error::new(ErrorCode::Refused, format!("run {} was taking run {of} back", run.id))
            .hint(format!("`lockstep rollback {of}` goes on with that.")));
    }
    if run.alive {
        return Err(Error::new(ErrorCode::Refused, format!("run {} is still going on", run.id)));
    }
    if run.state == RunState::RolledBack {
        return Err(
            Error::new(ErrorCode::Refused, format!("run {} was taken back", run.id)).hint("Run its plan again.")
        );
    }
    let mut steps = Vec::new();
    for record in &run.steps {
        match record.state {
            StepState::Done | StepState::Skipped => {}
            StepState::RolledBack => {
                return Err(Error::new(ErrorCode::Refused, format!("run {} was taken back in part", run.id))
                    .hint("Plan again on the schema as it is now."));
            }
            StepState::Planned | StepState::Failed | StepState::Cancelled | StepState::Running => {
                may_have_effect(record)?;
                let mut step = record.step.clone();
                step.sql.splice(0..0, left.get(&step.id).into_iter().flatten().cloned());
                steps.push(step);
            }
        }
    }
    if steps.is_empty() {
        return Err(Error::new(ErrorCode::Refused, format!("run {} has nothing left to do", run.id)));
    }
    // What is left behind is no change that somebody else has made.
    let complete = steps.len() == run.steps.len() && left.is_empty();
    Ok(Plan {
        base: if complete { run.base.clone() } else { None },
        title: run.title.clone(),
        steps,
        ..run.plan.clone()
    })
}
