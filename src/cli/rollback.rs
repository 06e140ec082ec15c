//! `lockstep rollback`.

use super::args::Rollback;
use super::{Status, apply, source};
use crate::config::Config;
use crate::run::{self, Direction, Journal, RunOptions, RunRecord, RunState};
use crate::{Error, ErrorCode, Result};

pub async fn run(args: Rollback, config: &Config) -> Result<Status> {
    let database = source::connect(&args.db, config).await?;
    let run = chosen(Journal::runs(&database).await?, args.run.as_deref())?;
    let id = run.id.clone();
    let plan = run::way_back(&database, run, args.to.as_deref()).await?;
    let options = RunOptions {
        operator: apply::operator(),
        direction: Direction::Back,
        of_run: Some(id),
        ..RunOptions::default()
    };
    apply::converse(database, plan, options, args.confirm, args.format).await
}

/// The named run, or the last forward run that has not been taken back.
fn chosen(runs: Vec<RunRecord>, id: Option<&str>) -> Result<RunRecord> {
    let forward = |r: &RunRecord| r.direction == Direction::Forward;
    let found = match id {
        Some(id) => runs.into_iter().find(|r| r.id == id),
        None => runs.into_iter().find(|r| forward(r) && r.state != RunState::RolledBack),
    };
    let hint = "lockstep status --db URL lists the runs.";
    let missing = || match id {
        Some(id) => Error::new(ErrorCode::NotFound, format!("the journal has no run {id}")).hint(hint),
        None => Error::new(ErrorCode::NotFound, "there is no run to take back").hint(hint),
    };
    let run = found.ok_or_else(missing)?;
    if run.state == RunState::RolledBack {
        return Err(Error::new(ErrorCode::Refused, format!("run {} is already taken back", run.id)).hint(hint));
    }
    if !forward(&run) {
        return Err(Error::new(ErrorCode::Refused, format!("run {} took another run back", run.id))
            .hint("Only runs that went forward can be taken back; plan the change again instead."));
    }
    Ok(run)
}
