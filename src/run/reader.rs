//! Reading the journal's tables.

use super::{Direction, RunRecord, RunState, StepRecord, StepState};
use crate::engine::{Row, Session, Value};
use crate::plan::{Plan, Step};
use crate::{Error, ErrorCode, Result};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Whether the journal's tables are there. An engine may have no code of its own for a missing table.
pub(super) async fn is_there(session: &mut dyn Session) -> Result<bool> {
    let sql = format!("SELECT 1 FROM {} WHERE 1 = 0", session.journal_table("step"));
    match session.query(&sql, &[]).await {
        Ok(_) => Ok(true),
        Err(why) if matches!(why.code, ErrorCode::NotFound | ErrorCode::Statement) => Ok(false),
        Err(why) => Err(why),
    }
}

/// All runs, newest first, as they are written there.
pub(super) async fn runs(session: &mut dyn Session, alive: bool) -> Result<Vec<RunRecord>> {
    let sql = format!(
        "SELECT id, title, direction, state, operator, started_at, ended_at, of_run, base, plan FROM {} \
         ORDER BY started_at DESC, id DESC",
        session.journal_table("run")
    );
    let rows = session.query(&sql, &[]).await?;
    let mut steps = all_steps(session).await?;
    rows.iter()
        .map(|row| {
            let mut run = run(row)?;
            run.steps = steps.remove(&run.id).unwrap_or_default();
            run.alive = alive && run.state == RunState::Running;
            Ok(run)
        })
        .collect()
}

/// The steps of one run, in order.
pub(super) async fn steps(session: &mut dyn Session, run: &str) -> Result<Vec<StepRecord>> {
    let sql = format!("{} WHERE run = $1 ORDER BY position", select_steps(session));
    let rows = session.query(&sql, &[Value::Text(run.to_owned())]).await?;
    rows.iter().map(step).collect()
}

/// The positions of a run's steps by their ids.
pub(super) async fn positions(session: &mut dyn Session, run: &str) -> Result<BTreeMap<String, i64>> {
    let steps = steps(session, run).await?;
    Ok(steps.into_iter().map(|record| record.step.id).zip(0..).collect())
}

/// Where the unfinished backfills of a run are, by step id.
pub(super) async fn cursors(session: &mut dyn Session, run: &str) -> Result<BTreeMap<String, String>> {
    let unfinished = steps(session, run).await?.into_iter().filter(|record| record.state != StepState::Done);
    Ok(unfinished.filter_map(|record| Some((record.step.id, record.cursor?))).collect())
}

fn select_steps(session: &dyn Session) -> String {
    let table = session.journal_table("step");
    format!("SELECT run, step, state, started_at, ended_at, attempts, error, cursor FROM {table}")
}

async fn all_steps(session: &mut dyn Session) -> Result<BTreeMap<String, Vec<StepRecord>>> {
    let sql = format!("{} ORDER BY run, position", select_steps(session));
    let mut found: BTreeMap<String, Vec<StepRecord>> = BTreeMap::new();
    for row in session.query(&sql, &[]).await? {
        found.entry(needed(&row, 0)?).or_default().push(step(&row)?);
    }
    Ok(found)
}

fn run(row: &Row) -> Result<RunRecord> {
    let plan: Plan = from_json(&needed(row, 9)?)?;
    Ok(RunRecord {
        id: needed(row, 0)?,
        title: needed(row, 1)?,
        direction: state::<Direction>(row, 2)?,
        state: state::<RunState>(row, 3)?,
        operator: text(row, 4).unwrap_or_default(),
        started_at: text(row, 5).unwrap_or_default(),
        ended_at: text(row, 6),
        of_run: text(row, 7),
        base: text(row, 8),
        plan,
        steps: Vec::new(),
        alive: false,
    })
}

fn step(row: &Row) -> Result<StepRecord> {
    let step: Step = from_json(&needed(row, 1)?)?;
    let attempts = match row.get(5) {
        Some(Value::Int(n)) => u32::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    Ok(StepRecord {
        step,
        state: state::<StepState>(row, 2)?,
        started_at: text(row, 3),
        ended_at: text(row, 4),
        attempts,
        error: text(row, 6),
        cursor: text(row, 7),
    })
}

pub(super) fn first_text(rows: &[Row]) -> Option<String> {
    text(rows.first()?, 0)
}

fn text(row: &Row, at: usize) -> Option<String> {
    match row.get(at)? {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Real(_) => None,
    }
}

fn needed(row: &Row, at: usize) -> Result<String> {
    text(row, at).ok_or_else(unreadable)
}

fn state<T: DeserializeOwned>(row: &Row, at: usize) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(needed(row, at)?)).map_err(|_| unreadable())
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(ErrorCode::Unsupported, "the journal in this database cannot be read: it has entries of an unknown form")
        .hint("It may be from another version of Lockstep; use that version, or a newer one.")
}
