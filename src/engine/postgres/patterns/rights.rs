//! Rights that are set together: GRANT and REVOKE wait for nobody, so one step does for many objects.

use super::planner::Planner;
use super::titles;
use crate::Result;
use crate::engine::postgres::render::render;
use crate::plan::Phase;
use crate::schema::Change;

/// How many objects a title names.
const NAMED: usize = 3;

/// One step for all changes that have something to say: what default privileges gave already is not said again.
pub(super) fn set(planner: &mut Planner<'_>, changes: &[Change]) -> Result<()> {
    let said: Vec<Change> = changes.iter().filter(|c| !render(c, &planner.now).is_empty()).cloned().collect();
    let title = match said.as_slice() {
        [] => return Ok(()),
        [one] => titles::title(one),
        many => {
            let names: Vec<String> = many.iter().take(NAMED).filter_map(object).collect();
            let more = many.len().saturating_sub(NAMED);
            let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("Set who may use {}{and_more}", names.join(", "))
        }
    };
    let step = planner.step_of(title, Phase::Expand, said)?;
    planner.push(step)
}

fn object(change: &Change) -> Option<String> {
    match change {
        Change::SetRights { on, .. } => Some(titles::on(on)),
        _ => None,
    }
}
