//! The way back from a run and the way on, when the database has been looked at: an interrupted run is settled first,
//! and what broken steps left behind is removed on the way.

use super::undo::{Left, resume_plan_with, rollback_plan_with};
use super::{RunRecord, StepState, recover};
use crate::Result;
use crate::engine::{Database, SessionRole};
use crate::plan::Plan;
use std::sync::Arc;

/// The plan that takes `run` back, down to (and with) step `to`, or all of it. To be run in the direction
/// [`Back`](super::Direction::Back) with `of_run`.
///
/// # Errors
/// As [`rollback_plan`](super::rollback_plan) and [`recover()`].
pub async fn way_back(database: &Arc<dyn Database>, run: RunRecord, to: Option<&str>) -> Result<Plan> {
    let (run, left) = settled(database, run).await?;
    let mut plan = rollback_plan_with(&run, to, &left)?;
    crate::risk::annotate(&mut plan, &database.inspect().await?, &*database.dialect(), true);
    Ok(plan)
}

/// The plan of what `run` has not done. To be run forward with `of_run`: the run goes on in its journal.
///
/// # Errors
/// As [`resume_plan`](super::resume_plan) and [`recover()`].
pub async fn way_on(database: &Arc<dyn Database>, run: RunRecord) -> Result<Plan> {
    let (run, left) = settled(database, run).await?;
    let mut plan = resume_plan_with(&run, &left)?;
    crate::risk::annotate(&mut plan, &database.inspect().await?, &*database.dialect(), true);
    Ok(plan)
}

async fn settled(database: &Arc<dyn Database>, run: RunRecord) -> Result<(RunRecord, Left)> {
    let run = if run.alive { run } else { recover(database, run).await? };
    let mut session = database.session(SessionRole::Reader).await?;
    let mut left = Left::new();
    for record in &run.steps {
        if matches!(record.state, StepState::Failed | StepState::Cancelled) && !record.step.transactional {
            let found = session.leftovers(&record.step).await?;
            if !found.is_empty() {
                left.insert(record.step.id.clone(), found);
            }
        }
    }
    Ok((run, left))
}
