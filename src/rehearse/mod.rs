//! What happens when it is tried: a plan and its rollbacks, run on a shadow database and watched.
//!
//! What was seen there takes the place of what was foreseen; where the two differ, that is told. Nothing of it touches
//! the target beyond reading its catalog.

mod compare;
mod forward;
mod queries;
mod report;
mod sample;

pub use compare::{About, Disagreement};
pub use queries::{Broken, Queries, Slower};
pub use report::{Ending, Measured, Rehearsal, State, StepRehearsal};

use queries::Watched;

use crate::diff;
use crate::engine::{Database, Shadow};
use crate::plan::Plan;
use crate::schema::Schema;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;

/// How a rehearsal goes about.
#[derive(Clone, Default)]
pub struct Options {
    /// The server to make the shadow on; without one, the target's own.
    pub on: Option<Arc<dyn Database>>,
    /// Rows to copy of each table, so that failures that depend on data show.
    pub sample: Option<u64>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on = self.on.as_ref().map(|database| &database.info().shown);
        f.debug_struct("Options").field("on", &on).field("sample", &self.sample).finish()
    }
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The schema is read and the shadow made.
    Copying,
    Sampling,
    /// So many of the application's statements are prepared.
    Preparing {
        statements: usize,
    },
    /// The step at this place (from 0) of this many is tried.
    Step {
        at: usize,
        of: usize,
        title: String,
    },
    Back {
        at: usize,
        of: usize,
        title: String,
    },
    Comparing,
}

/// The application's statements that are tried, at most: those called most.
const MOST_STATEMENTS: usize = 1_000;
/// Sentences on differences, at most.
const MOST: usize = 8;

/// Tries the plan on a shadow of the database and takes it back again.
///
/// # Errors
/// When there can be no shadow, or it cannot be read; `BaseChanged` when the plan is for another schema. A step that
/// fails is no error: the report tells of it.
pub async fn rehearse(
    database: &Arc<dyn Database>,
    plan: &Plan,
    options: &Options,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Rehearsal> {
    tell(Progress::Copying);
    let schema = database.inspect().await?;
    is_for(plan, &schema)?;
    let manners = database.manners().await?;
    let place = options.on.as_ref().unwrap_or(database);
    if place.info().engine != plan.engine {
        return Err(Error::usage(format!("the plan is for {}, the shadow is {}", plan.engine, place.info().engine)));
    }
    let mut shadow = place.shadow(&schema, &manners).await?;
    let tried = on_shadow(database, shadow.as_mut(), &schema, plan, options, tell).await;
    let removed = shadow.remove().await;
    let mut rehearsal = tried?;
    rehearsal.notes.extend(other_version(database, place));
    if let Err(why) = removed {
        rehearsal.notes.push(format!("the shadow could not be removed, and is at the next start: {}", why.message));
    }
    Ok(rehearsal)
}

async fn on_shadow(
    database: &Arc<dyn Database>,
    shadow: &mut dyn Shadow,
    schema: &Schema,
    plan: &Plan,
    options: &Options,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Rehearsal> {
    let mut notes = shadow.notes().to_vec();
    let sampled_rows = match options.sample {
        Some(rows) => {
            tell(Progress::Sampling);
            Some(sample::copy(database, shadow, schema, plan, rows).await?)
        }
        None => None,
    };
    let start = shadow.inspect().await?;
    let unlike = differences(schema, &start);
    let faithful = unlike.is_empty();
    notes.extend(unlike.into_iter().map(|what| format!("the shadow is not quite like the database: {what}")));
    let statements = database.statements(MOST_STATEMENTS).await?;
    notes.extend(statements.note);
    let mut trial = forward::Tried::new(shadow, tell);
    if !statements.counted.is_empty() {
        tell(Progress::Preparing { statements: statements.counted.len() });
        trial.queries = Some(Watched::before(trial.shadow, statements.counted).await?);
    }
    trial.forward(plan).await?;
    tell(Progress::Comparing);
    let end = trial.shadow.inspect().await?;
    if let Some(queries) = &mut trial.queries {
        queries.after(trial.shadow).await?;
    }
    let arrived = trial.done == plan.steps.len();
    let forward = arrived.then(|| reached(plan, &end, faithful));
    trial.back(plan).await?;
    tell(Progress::Comparing);
    let back = if trial.stuck.is_none() {
        let now = trial.shadow.inspect().await?;
        let differences = differences(&start, &now);
        Some(Ending { exact: now.fingerprint() == start.fingerprint(), differences })
    } else {
        None
    };
    // Of another server it would tell nothing about this one.
    let pace = if options.on.is_none() { trial.shadow.pace().await.unwrap_or_default() } else { None };
    let (steps, stuck) = (trial.steps, trial.stuck);
    let queries = trial.queries.map(|watched| watched.found);
    let passed =
        steps.iter().all(|s| s.state == State::Passed && s.rollback.as_ref().is_none_or(|r| r.error.is_none()))
            && back.as_ref().is_none_or(|ending| ending.exact);
    Ok(Rehearsal {
        passed,
        place: shadow.place().to_owned(),
        sampled_rows,
        notes,
        steps,
        forward,
        back,
        stuck,
        queries,
        pace,
    })
}

/// Whether the plan starts from this schema.
fn is_for(plan: &Plan, schema: &Schema) -> Result<()> {
    let Some(base) = &plan.base else { return Ok(()) };
    if *base == schema.fingerprint() {
        return Ok(());
    }
    let said = schema.changed_since(&plan.base_parts);
    let what = if said.is_empty() { String::new() } else { format!(": {}", said.join(" ")) };
    Err(Error::new(ErrorCode::BaseChanged, format!("the schema has changed since the plan was made{what}"))
        .hint("Plan again on the schema as it is now."))
}

/// Whether the plan leads where it says. A shadow that is unlike the original from the start cannot tell.
fn reached(plan: &Plan, end: &Schema, faithful: bool) -> Ending {
    let exact = match &plan.target {
        Some(target) if faithful => *target == end.fingerprint(),
        _ => true,
    };
    let differences = if exact {
        Vec::new()
    } else {
        vec!["The schema afterwards is not the one that the plan foresees.".to_owned()]
    };
    Ending { exact, differences }
}

fn differences(before: &Schema, after: &Schema) -> Vec<String> {
    if before.fingerprint() == after.fingerprint() {
        return Vec::new();
    }
    let changes = diff::compare(before, after, &[]);
    let mut said: Vec<String> =
        changes.iter().map(diff::sentence).filter(|s| !s.is_empty()).map(|s| one_line(&s)).collect();
    if said.len() > MOST {
        let more = said.len() - MOST;
        said.truncate(MOST);
        said.push(format!("And {more} more."));
    }
    said
}

fn other_version(target: &Arc<dyn Database>, place: &Arc<dyn Database>) -> Option<String> {
    let (there, here) = (target.info().version_number / 10_000, place.info().version_number / 10_000);
    (there != here).then(|| {
        format!(
            "the shadow's server has version {}, the database's {}: what the versions do differently was not seen",
            place.info().version,
            target.info().version
        )
    })
}
