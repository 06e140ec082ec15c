//! Changes laid out as a plan.

use super::{Patterns, Plan, PlanOptions, Step, order::order};
use crate::schema::{ApplyError, Change, Dependency, Parts, Schema};
use crate::{Error, ErrorCode};
use std::collections::BTreeSet;

/// The error for a change that names what is not there, or makes what is.
pub(super) fn does_not_fit(why: &ApplyError) -> Error {
    Error::new(ErrorCode::NotFound, format!("the change does not fit the schema: {why}"))
        .hint("Look at the schema as it is now, and ask again.")
}

/// Orders `changes`, lays them out and numbers the steps. Nothing is judged yet.
///
/// # Errors
/// When the changes do not fit `before` or the engine cannot make one of them.
pub fn from_changes(
    title: &str,
    changes: &[Change],
    before: &Schema,
    patterns: &dyn Patterns,
    options: &PlanOptions,
) -> crate::Result<Plan> {
    lay(title, &order(changes, before, None)?, before, patterns, options)
}

/// As [`from_changes`], for changes that make `before` into `after`: what `after` says of its dependencies orders what
/// is made.
///
/// # Errors
/// When the changes do not fit `before` or the engine cannot make one of them.
pub fn toward(
    title: &str,
    changes: &[Change],
    before: &Schema,
    after: &Schema,
    patterns: &dyn Patterns,
    options: &PlanOptions,
) -> crate::Result<Plan> {
    let ordered = order(changes, before, Some(after))?;
    if !after.tracked {
        return lay(title, &ordered, before, patterns, options);
    }
    // What stands on something only until it is replaced or made anew has been seen to by the order.
    let stays: BTreeSet<&Dependency> = after.dependencies.iter().collect();
    let mut ground = before.clone();
    let both = before.dependencies.iter().filter(|d| stays.contains(d)).cloned();
    ground.dependencies = both.collect::<Vec<_>>().into();
    lay(title, &ordered, &ground, patterns, options)
}

fn lay(
    title: &str,
    ordered: &[Change],
    before: &Schema,
    patterns: &dyn Patterns,
    options: &PlanOptions,
) -> crate::Result<Plan> {
    let mut wanted = before.clone();
    for change in ordered {
        wanted.apply(change).map_err(|why| does_not_fit(&why))?;
    }
    let steps = patterns.steps(ordered, before, options)?;
    Ok(assemble(title, before, steps, Vec::new(), true))
}

/// Numbers the steps and works out where they lead. `known` says that the steps' changes are all that they do.
pub(super) fn assemble(
    title: &str,
    before: &Schema,
    mut steps: Vec<Step>,
    mut notes: Vec<String>,
    known: bool,
) -> Plan {
    for (number, step) in (1..).zip(&mut steps) {
        step.id = format!("{number}");
    }
    let target = if known { target(before, &steps, &mut notes) } else { None };
    let mut plan = Plan {
        version: 1,
        engine: before.engine,
        title: title.to_owned(),
        base: None,
        base_parts: Parts::new(),
        target,
        steps,
        notes,
    };
    plan.starts_from(before);
    plan
}

/// The fingerprint after all steps, or a note why it cannot be known.
fn target(before: &Schema, steps: &[Step], notes: &mut Vec<String>) -> Option<String> {
    let mut schema = before.clone();
    for step in steps {
        for change in &step.changes {
            if let Err(why) = schema.apply(change) {
                notes.push(format!("Where the plan leads is not known exactly: in step {}, {why}.", step.id));
                return None;
            }
        }
    }
    Some(schema.fingerprint())
}
