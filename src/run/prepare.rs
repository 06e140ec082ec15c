//! Everything that must hold before the first step: sessions, the lock, the journal, the plan's base.

use super::ledger::{Ledger, is_back, make_tables, new_id};
use super::recover::settle;
use super::{RunOptions, RunState, reader};
use crate::diff;
use crate::engine::{Database, Session, SessionRole};
use crate::plan::{Plan, Step};
use crate::schema::Schema;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What a run starts with.
pub(super) struct Prepared {
    pub executor: Box<dyn Session>,
    pub journal: Box<dyn Session>,
    pub ledger: Ledger,
    /// Where backfills of the run that this one goes on with have got to, by step id.
    pub cursors: BTreeMap<String, String>,
    /// Estimated rows by table, for the progress of backfills.
    pub rows: BTreeMap<String, u64>,
    /// The schema that the plan starts from, where the plan names one.
    pub base: Option<Schema>,
}

pub(super) async fn prepare(database: &Arc<dyn Database>, plan: &Plan, options: &RunOptions) -> Result<Prepared> {
    sensible(plan, database.as_ref())?;
    let mut executor = database.session(SessionRole::Executor).await?;
    let mut journal = database.session(SessionRole::Journal).await?;
    roles_are_there(plan, executor.as_mut()).await?;
    take_lock(executor.as_mut(), Duration::from_millis(500)).await?;
    match begin(database, plan, options, journal.as_mut()).await {
        Ok((ledger, cursors, rows, base)) => Ok(Prepared { executor, journal, ledger, cursors, rows, base }),
        Err(why) => {
            // The lock goes with the session in any case; this is sooner.
            let _ = executor.release_exclusive().await;
            Err(why)
        }
    }
}

fn sensible(plan: &Plan, database: &dyn Database) -> Result<()> {
    let info = database.info();
    if plan.engine != info.engine {
        return Err(Error::usage(format!("the plan is for {}, but {} is {}", plan.engine, info.shown, info.engine)));
    }
    if info.standby {
        return Err(Error::new(
            ErrorCode::ReadOnly,
            format!("{} is a standby: nothing can be changed on it", info.shown),
        )
        .hint("Connect to the primary server."));
    }
    if info.read_only {
        return Err(Error::new(ErrorCode::ReadOnly, format!("{} was opened read-only", info.shown))
            .hint("Open it without --read-only to run a plan."));
    }
    let mut ids = BTreeSet::new();
    match plan.steps.iter().find(|step| !ids.insert(&step.id)) {
        Some(twice) => Err(Error::usage(format!("the plan has two steps called {}", twice.id))),
        None => Ok(()),
    }
}

/// A step that names a role which is not there would fail halfway through the plan.
async fn roles_are_there(plan: &Plan, session: &mut dyn Session) -> Result<()> {
    let missing = session.missing_roles(&plan.steps).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let (noun, them) = if missing.len() == 1 { ("a role", "it") } else { ("roles", "them") };
    let list: Vec<String> = missing.iter().map(|role| one_line(role)).collect();
    Err(Error::new(
        ErrorCode::NotFound,
        format!("the plan names {noun} that the server does not have: {}", list.join(", ")),
    )
    .hint(format!("Make {them} first, or plan again without {them}. Nothing was run.")))
}

/// Becomes the only one who runs plans here, trying for `patience`: somebody may only be looking.
pub(super) async fn take_lock(session: &mut dyn Session, patience: Duration) -> Result<()> {
    let end = tokio::time::Instant::now() + patience;
    loop {
        if session.try_exclusive().await? {
            return Ok(());
        }
        if tokio::time::Instant::now() >= end {
            return Err(Error::new(ErrorCode::Refused, "somebody else is running a plan on this database")
                .hint("See who with `lockstep status`, and wait until it has ended."));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

type Begun = (Ledger, BTreeMap<String, String>, BTreeMap<String, u64>, Option<Schema>);

async fn begin(
    database: &Arc<dyn Database>,
    plan: &Plan,
    options: &RunOptions,
    journal: &mut dyn Session,
) -> Result<Begun> {
    make_tables(journal).await?;
    nothing_unfinished(database, options, journal).await?;
    let cursors = match &options.of_run {
        Some(of) if !is_back(options) => reader::cursors(journal, of).await?,
        _ => BTreeMap::new(),
    };
    let now = match &plan.base {
        Some(base) => {
            let now = database.inspect().await?;
            same_base(&now, base, plan, options)?;
            Some(now)
        }
        // The rest of a run starts from what its done steps made.
        None if options.of_run.is_some() && !is_back(options) => Some(database.inspect().await?),
        None => None,
    };
    let ledger = ledger(plan, options, journal).await?;
    let rows = estimates(database, plan).await;
    for entry in ledger.opening(plan, options, database.info())? {
        entry.write(journal).await?;
    }
    Ok((ledger, cursors, rows, now))
}

/// The ledger of a new run, or of the one that is gone on with.
async fn ledger(plan: &Plan, options: &RunOptions, journal: &mut dyn Session) -> Result<Ledger> {
    let Some(of) = &options.of_run else { return Ok(Ledger::new(new_id(), journal)) };
    let positions = reader::positions(journal, of).await?;
    if is_back(options) {
        let mut ledger = Ledger::new(new_id(), journal);
        ledger.takes_back(of.clone(), positions);
        return Ok(ledger);
    }
    let place = |step: &Step| {
        positions.get(&step.id).copied().ok_or_else(|| Error::usage(format!("run {of} has no step {}", step.id)))
    };
    let places = plan.steps.iter().map(place).collect::<Result<_>>()?;
    Ok(Ledger::going_on(of.clone(), places, journal))
}

/// An earlier run that was interrupted must be dealt with first: it is settled when this run is about it, and is in
/// the way when it is not.
async fn nothing_unfinished(
    database: &Arc<dyn Database>,
    options: &RunOptions,
    journal: &mut dyn Session,
) -> Result<()> {
    for run in reader::runs(journal, false).await? {
        if run.state != RunState::Running {
            continue;
        }
        // Or it is an earlier attempt to take the same run back, or to go on with it.
        let ours = options.of_run.as_ref().is_some_and(|of| *of == run.id || run.of_run.as_ref() == Some(of));
        if ours {
            settle(database, journal, &run.id).await?;
        } else {
            return Err(Error::new(
                ErrorCode::Refused,
                format!("run {} ({}) was interrupted and is unfinished", run.id, one_line(&run.title)),
            )
            .hint(format!(
                "Go on with it by `lockstep apply --resume {0}`, or take it back by `lockstep rollback {0}`.",
                run.id
            )));
        }
    }
    Ok(())
}

fn same_base(now: &Schema, base: &str, plan: &Plan, options: &RunOptions) -> Result<()> {
    if now.fingerprint() == base {
        return Ok(());
    }
    let said = what_changed(now, base, plan, options);
    let what = if said.is_empty() { String::new() } else { format!(": {}", said.join(" ")) };
    Err(Error::new(ErrorCode::BaseChanged, format!("the schema has changed since the plan was made{what}"))
        .hint("Plan again on the schema as it is now."))
}

/// Sentences on what is different from the plan's base. Without that schema: which of the plan's changes no longer fit.
fn what_changed(now: &Schema, base: &str, plan: &Plan, options: &RunOptions) -> Vec<String> {
    const MOST: usize = 12;
    let mut said: Vec<String> = match options.base_schema.as_deref().filter(|schema| schema.fingerprint() == base) {
        Some(before) => diff::compare(before, now, &[]).iter().map(diff::sentence).filter(|s| !s.is_empty()).collect(),
        None if plan.base_parts.is_empty() => misfits(now, plan),
        None => now.changed_since(&plan.base_parts),
    };
    if said.len() > MOST {
        let more = said.len() - MOST;
        said.truncate(MOST);
        said.push(format!("And {more} more."));
    }
    said
}

fn misfits(now: &Schema, plan: &Plan) -> Vec<String> {
    let mut schema = now.clone();
    let mut said = Vec::new();
    for step in &plan.steps {
        for change in &step.changes {
            if let Err(why) = schema.apply(change) {
                said.push(format!("Step {} does not fit any more, {why}.", step.id));
            }
        }
    }
    said
}

/// Estimated rows of the tables that the plan fills; a guess for a progress bar, so none is no failure.
async fn estimates(database: &Arc<dyn Database>, plan: &Plan) -> BTreeMap<String, u64> {
    if plan.steps.iter().all(|step| step.backfill.is_none()) {
        return BTreeMap::new();
    }
    let outline = database.outline().await.unwrap_or_default();
    outline.into_iter().filter_map(|entry| Some((entry.name.to_string(), entry.rows?))).collect()
}
