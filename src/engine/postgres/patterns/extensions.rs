//! Extensions that get another version or schema.

use super::planner::Planner;
use super::titles;
use crate::Result;
use crate::plan::Phase;
use crate::schema::{Change, Extension, ObjectKind, Schema};
use std::cmp::Ordering;

/// By the extension's own way from version to version. To an older one there is hardly ever a way, so that it is
/// installed anew where nothing stands on it.
pub(super) fn alter(planner: &mut Planner<'_>, extension: &Extension) -> Result<()> {
    let change = Change::AlterExtension { extension: extension.clone() };
    let Some(was) = planner.now.extensions.get(&extension.name).cloned() else { return planner.direct(&change) };
    let is_older = by_numbers(&extension.version).cmp(&by_numbers(&was.version)) == Ordering::Less;
    let changes = if is_older && !is_used(&planner.now, &was.name) { anew(extension) } else { vec![change.clone()] };
    let mut step = planner.step_of(titles::title(&change), Phase::Migrate, changes)?;
    step.note = Some(if is_older {
        format!("The server must have version {} of it; data that the extension keeps goes.", extension.version)
    } else {
        format!("It fails, and changes nothing, where the server has no way from {} to there.", was.version)
    });
    planner.push(step)
}

pub(super) fn anew(extension: &Extension) -> Vec<Change> {
    vec![
        Change::DropExtension { name: extension.name.clone() },
        Change::CreateExtension { extension: extension.clone() },
    ]
}

pub(super) fn is_used(schema: &Schema, name: &str) -> bool {
    schema.dependencies.iter().any(|d| d.on.kind == ObjectKind::Extension && d.on.name.name == name)
}

/// `1.10` as 1 and 10: versions have no order of their own (manual, Extension Updates), but most are numbers.
fn by_numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}
