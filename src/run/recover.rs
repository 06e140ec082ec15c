//! After a crash: what an interrupted run has done, found out and written down.

use super::ledger::Ledger;
use super::prepare::take_lock;
use super::undo::happens_whole;
use super::{Journal, RunRecord, RunState, StepRecord, StepState, reader};
use crate::Result;
use crate::engine::{Database, Session, SessionRole};
use crate::plan::Step;
use crate::schema::Schema;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// What became of a step that was going on when its run was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It took effect.
    Happened,
    /// It did not: its transaction was rolled back by the server, or nothing of it can be seen.
    DidNotHappen,
    /// A backfill that stopped in the middle; it can go on from there.
    Partly,
    /// It cannot be told from the schema: somebody has to look.
    Unknown,
}

/// One step that was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    pub step: String,
    pub verdict: Verdict,
    /// Statements that remove what it left behind. They are shown, not run: nobody has consented to them yet.
    pub clean_up: Vec<String>,
    /// The same for people.
    pub sentence: String,
}

/// Settles an interrupted run: finds out what its unfinished steps came to and ends the run in the journal, so that
/// it can be taken back or gone on with. Nothing but the journal is changed. The run comes back as it is journalled
/// then; a run that is not interrupted comes back as it was.
///
/// # Errors
/// `Refused` when the run is still going on; whatever reading the database gives.
pub async fn recover(database: &Arc<dyn Database>, run: RunRecord) -> Result<RunRecord> {
    if run.state != RunState::Running {
        return Ok(run);
    }
    let mut session = database.session(SessionRole::Journal).await?;
    // An orphaned session still has the lock until the server has noticed: what it does is decided only then.
    take_lock(session.as_mut(), Duration::from_secs(5)).await?;
    let settled = settle(database, session.as_mut(), &run.id).await;
    // The lock goes with the session in any case.
    let _ = session.release_exclusive().await;
    settled?;
    Journal::run(database, &run.id).await
}

/// What the steps came to that were going on when `run` was interrupted. Changes nothing.
///
/// # Errors
/// Whatever reading the database gives.
pub async fn look(database: &Arc<dyn Database>, run: &RunRecord) -> Result<Vec<Settled>> {
    let mut session = database.session(SessionRole::Reader).await?;
    let mut found = Vec::new();
    for record in run.steps.iter().filter(|record| record.state == StepState::Running) {
        found.push(look_at(database, session.as_mut(), record).await?);
    }
    Ok(found)
}

/// Settles `run`, which is known to be interrupted. `session` writes the journal and is read anew: the orphan may have
/// ended its step in the meantime.
pub(super) async fn settle(database: &Arc<dyn Database>, session: &mut dyn Session, run: &str) -> Result<()> {
    let ledger = Ledger::new(run, session);
    let mut steps = reader::steps(session, run).await?;
    for (record, position) in steps.iter_mut().zip(0..) {
        if record.state != StepState::Running {
            continue;
        }
        let found = look_at(database, session, record).await?;
        let (state, error) = match found.verdict {
            Verdict::Happened => (StepState::Done, None),
            Verdict::DidNotHappen | Verdict::Partly | Verdict::Unknown => (StepState::Failed, Some(&*found.sentence)),
        };
        ledger.step_is(run, position, state, error).write(session).await?;
        record.state = state;
    }
    let whole = steps.iter().all(|record| matches!(record.state, StepState::Done | StepState::Skipped));
    ledger.run_is(run, if whole { RunState::Done } else { RunState::Failed }).write(session).await
}

async fn look_at(database: &Arc<dyn Database>, session: &mut dyn Session, record: &StepRecord) -> Result<Settled> {
    let step = &record.step;
    let (verdict, clean_up) = if step.backfill.is_some() {
        (if record.cursor.is_some() { Verdict::Partly } else { Verdict::DidNotHappen }, Vec::new())
    } else if happens_whole(step) {
        (Verdict::DidNotHappen, Vec::new())
    } else {
        let left = session.leftovers(step).await?;
        let verdict = if left.is_empty() { by_schema(&database.inspect().await?, step) } else { Verdict::DidNotHappen };
        (verdict, left)
    };
    Ok(Settled { step: step.id.clone(), verdict, sentence: sentence(step, verdict, &clean_up), clean_up })
}

/// Whether a step took effect, as far as the schema can tell: its changes still fit, or are there already.
fn by_schema(now: &Schema, step: &Step) -> Verdict {
    let fits = step.changes.iter().filter(|change| now.clone().apply(change).is_ok()).count();
    if step.changes.is_empty() {
        Verdict::Unknown
    } else if fits == step.changes.len() {
        Verdict::DidNotHappen
    } else if fits == 0 {
        Verdict::Happened
    } else {
        Verdict::Unknown
    }
}

fn sentence(step: &Step, verdict: Verdict, clean_up: &[String]) -> String {
    let id = &step.id;
    let mut said = match verdict {
        Verdict::Happened => format!("Step {id} was interrupted, and took effect."),
        Verdict::DidNotHappen => format!("Step {id} was interrupted, and did not take effect."),
        Verdict::Partly => format!("Step {id} was interrupted in the middle; it can go on from there."),
        Verdict::Unknown => {
            format!("Step {id} was interrupted, and it cannot be told whether it took effect: look at it.")
        }
    };
    if !clean_up.is_empty() {
        said.push_str(&format!(
            " It left something behind; to remove it: {}",
            crate::sql::one_line(&clean_up.join("; "))
        ));
    }
    said
}
