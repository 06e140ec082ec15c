//! New functions, and functions with another body.

use super::planner::Planner;
use super::titles;
use crate::Result;
use crate::plan::words;
use crate::schema::{Change, Routine};
use std::collections::HashSet;

/// Lets a function be made whose body names what is not there yet: a body is only text until it runs.
pub(super) const UNCHECKED: &str = "SET check_function_bodies = off";

/// The body is checked when the function is made, but where it names what `later` changes make.
pub(super) fn make(planner: &mut Planner<'_>, change: &Change, routine: &Routine, later: &[Change]) -> Result<()> {
    let mut step = planner.step_of(titles::title(change), titles::phase(change), vec![change.clone()])?;
    let words: HashSet<String> = words(&routine.definition).map(str::to_lowercase).collect();
    if later.iter().filter_map(made).any(|name| words.contains(&name.to_lowercase())) {
        step.session.push(UNCHECKED.to_owned());
        step.note = Some("Its body is not checked yet, because it names what a later step makes.".to_owned());
    }
    planner.push(step)
}

/// The bare name of what a change makes.
fn made(change: &Change) -> Option<&str> {
    Some(match change {
        Change::CreateTable { table } => &table.name.name,
        Change::CreateView { view } | Change::ReplaceView { view } => &view.name.name,
        Change::CreateType { definition } => &definition.name.name,
        Change::CreateSequence { sequence } => &sequence.name.name,
        Change::CreateRoutine { routine } => &routine.name.name,
        Change::AddColumn { column, .. } => &column.name,
        _ => return None,
    })
}
