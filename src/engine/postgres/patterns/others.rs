//! Objects without a model of their own: what is not known here, or not ours to do, is left to people in a step of its
//! own.

use super::planner::Planner;
use super::titles;
use crate::Result;
use crate::plan::{Rollback, Step, StepKind};
use crate::schema::{Change, Other};

pub(super) fn create(planner: &mut Planner<'_>, object: &Other) -> Result<()> {
    let change = Change::CreateOther { object: Box::new(object.clone()) };
    if object.statements().is_empty() {
        let mut step = wait(object, &object.by_hand().join(" "));
        step.changes = vec![change];
        return planner.push(step);
    }
    planner.direct(&change)?;
    match object.by_hand().as_slice() {
        [] => Ok(()),
        by_hand => planner.push(wait(object, &by_hand.join(" "))),
    }
}

pub(super) fn alter(planner: &mut Planner<'_>, from: &Other, to: &Other) -> Result<()> {
    let change = Change::AlterOther { from: Box::new(from.clone()), to: Box::new(to.clone()) };
    let by_hand = from.by_hand_to(to).join(" ");
    if by_hand.is_empty() {
        return planner.direct(&change);
    }
    let mut step = wait(to, &by_hand);
    if from.alteration(to).is_empty() {
        step.changes = vec![change];
    } else {
        planner.direct(&change)?;
    }
    planner.push(step)
}

/// Nothing to run, and nothing to take back.
fn wait(object: &Other, by_hand: &str) -> Step {
    let change = Change::CreateOther { object: Box::new(object.clone()) };
    let mut step =
        Step::ddl(format!("Complete {} by hand", titles::named(&object.id)), titles::phase(&change), Vec::new());
    step.kind = StepKind::Wait;
    step.note = Some(by_hand.to_owned());
    step.rollback = Rollback::lossy(Vec::new(), format!("What was done by hand stays: {by_hand}"));
    step
}
