//! After a crash: what an interrupted run has done, found out and written down.

use super::ledger::Ledger;
use super::prepare::take_lock;
use super::undo::happens_whole;
use super::{Journal, RunRecord, RunState, StepRecord, StepState};
use crate::engine::{Database, Session, SessionRole};
use crate::plan::Step;
use crate::schema::Schema;
use crate::{Error, ErrorCode, Result};
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
/// it can be taken back or gone on with. Nothing but the journal is changed.
///
/// # Errors
/// `Refused` when the run is still going on; `NotFound` when there is no such run.
pub async fn recover(database: &Arc<dyn Database>, run: &str) -> Result<Vec<Settled>> {
    let mut session = database.session(SessionRole::Journal).await?;
    // An orphaned session still has the lock until the server has noticed: what it does is decided only then.
    take_lock(session.as_mut(), Duration::from_secs(5)).await?;
    let settled = settle_by_id(database, session.as_mut(), run).await;
    // The lock goes with the session in any case.
    let _ = session.release_exclusive().await;
    settled
}

async fn settle_by_id(database: &Arc<dyn Database>, session: &mut dyn Session, run: &str) -> Result<Vec<Settled>> {
    let record = Journal::run(database, run).await?;
    if record.state != RunState::Running {
        return Ok(Vec::new());
    }
    settle(database, session, &record).await
}

/// Settles `run`, which is known to be interrupted. `session` writes the journal.
pub(super) async fn settle(
    database: &Arc<dyn Database>,
    session: &mut dyn Session,
    run: &RunRecord,
) -> Result<Vec<Settled>> {
    let ledger = Ledger::new(&*run.id, session);
    let mut settled = Vec::new();
    for (at, record) in run.steps.iter().enumerate().filter(|(_, record)| record.state == StepState::Running) {
        let found = look(database, session, record).await?;
        let (state, error) = match found.verdict {
            Verdict::Happened => (StepState::Done, None),
            Verdict::DidNotHappen | Verdict::Partly | Verdict::Unknown => (StepState::Failed, Some(&*found.sentence)),
        };
        let position = i64::try_from(at).unwrap_or(i64::MAX);
        ledger.step_is(&run.id, position, state, error).write(session).await?;
        settled.push(found);
    }
    let whole = run.steps.iter().all(|record| matches!(record.state, StepState::Done | StepState::Skipped));
    let state = if whole { RunState::Done } else { RunState::Failed };
    ledger.run_is(&run.id, state).write(session).await?;
    Ok(settled)
}

async fn look(database: &Arc<dyn Database>, session: &mut dyn Session, record: &StepRecord) -> Result<Settled> {
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

impl Settled {
    /// As an error, for a front end that has to stop at an unknown.
    pub fn error(&self) -> Option<Error> {
        (self.verdict == Verdict::Unknown).then(|| Error::new(ErrorCode::Refused, self.sentence.clone()))
    }
}
