//! Writing the journal: each entry as one statement, so that it can be part of a step's own transaction.

use super::{Direction, RunOptions, RunState, StepState};
use crate::engine::{ServerInfo, Session, Value};
use crate::plan::{Plan, Step};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A statement with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub sql: String,
    pub parameters: Vec<Value>,
}

impl Entry {
    pub async fn write(&self, session: &mut dyn Session) -> Result<()> {
        session.query(&self.sql, &self.parameters).await.map(drop)
    }
}

/// The names of the journal's tables here, and the run that is journalled.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    pub run: String,
    run_table: String,
    step_table: String,
    /// The run that this one takes back, with the positions of its steps by id.
    takes_back: Option<(String, BTreeMap<String, i64>)>,
    /// Where the plan's steps stand in a run that is gone on with; else they stand as they come.
    places: Option<Vec<i64>>,
}

/// Now, as the journal writes it: RFC 3339 in UTC.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A new run's id: sortable by time, short enough to be typed.
pub(super) fn new_id() -> String {
    let chance: String = (0..4).map(|_| fastrand::char('a'..='z')).collect();
    format!("{}-{chance}", jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S"))
}

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn optional(value: Option<&str>) -> Value {
    value.map_or(Value::Null, text)
}

/// A state as the journal writes it.
pub(super) fn word<T: serde::Serialize>(state: T) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        // States are unit variants: they are always strings.
        _ => String::new(),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|why| Error::internal(format!("the journal cannot hold this: {why}")))
}

fn position(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

impl Ledger {
    pub fn new(run: impl Into<String>, session: &dyn Session) -> Self {
        Self {
            run: run.into(),
            run_table: session.journal_table("run"),
            step_table: session.journal_table("step"),
            takes_back: None,
            places: None,
        }
    }

    /// The ledger of a run that is gone on with: the plan has only some of its steps, whose positions are `places`.
    pub fn going_on(run: impl Into<String>, places: Vec<i64>, session: &dyn Session) -> Self {
        Self { places: Some(places), ..Self::new(run, session) }
    }

    /// The position in the journal of the plan's step `at`.
    pub fn place(&self, at: usize) -> i64 {
        self.places.as_ref().and_then(|places| places.get(at).copied()).unwrap_or_else(|| position(at))
    }

    /// Also journals in `run` which of its steps were taken back.
    pub fn takes_back(&mut self, run: String, positions: BTreeMap<String, i64>) {
        self.takes_back = Some((run, positions));
    }

    /// The run and its planned steps; of a run that is gone on with, that it goes on. Its steps keep what they came
    /// to until they begin again.
    pub fn opening(&self, plan: &Plan, options: &RunOptions, info: &ServerInfo) -> Result<Vec<Entry>> {
        if self.places.is_some() {
            return Ok(vec![Entry {
                sql: format!("UPDATE {} SET state = $1, ended_at = $2 WHERE id = $3", self.run_table),
                parameters: vec![text(word(RunState::Running)), Value::Null, text(&*self.run)],
            }]);
        }
        let mut entries = vec![Entry {
            sql: format!(
                "INSERT INTO {} (id, title, direction, state, operator, host, version, started_at, of_run, base, \
                 target, plan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                self.run_table
            ),
            parameters: vec![
                text(&*self.run),
                text(&*plan.title),
                text(word(options.direction)),
                text(word(RunState::Running)),
                text(&*options.operator),
                text(&*info.host),
                text(env!("CARGO_PKG_VERSION")),
                text(now()),
                optional(options.of_run.as_deref()),
                optional(plan.base.as_deref()),
                optional(plan.target.as_deref()),
                text(json(plan)?),
            ],
        }];
        for (at, step) in plan.steps.iter().enumerate() {
            entries.push(self.planned(at, step)?);
        }
        Ok(entries)
    }

    fn planned(&self, at: usize, step: &Step) -> Result<Entry> {
        Ok(Entry {
            sql: format!(
                "INSERT INTO {} (run, position, step, state, attempts) VALUES ($1, $2, $3, $4, $5)",
                self.step_table
            ),
            parameters: vec![
                text(&*self.run),
                Value::Int(self.place(at)),
                text(json(step)?),
                text(word(StepState::Planned)),
                Value::Int(0),
            ],
        })
    }

    pub fn running(&self, at: usize) -> Entry {
        Entry {
            sql: format!("UPDATE {} SET state = $1, started_at = $2 WHERE run = $3 AND position = $4", self.step_table),
            parameters: vec![text(word(StepState::Running)), text(now()), text(&*self.run), Value::Int(self.place(at))],
        }
    }

    /// How far a backfill is.
    pub fn cursor(&self, at: usize, cursor: &str) -> Entry {
        Entry {
            sql: format!("UPDATE {} SET cursor = $1 WHERE run = $2 AND position = $3", self.step_table),
            parameters: vec![text(cursor), text(&*self.run), Value::Int(self.place(at))],
        }
    }

    /// The step's end, and what it means for the step that it takes back.
    pub fn ended(&self, at: usize, step: &Step, state: StepState, attempts: u32, error: Option<&str>) -> Vec<Entry> {
        let mut entries = vec![Entry {
            sql: format!(
                "UPDATE {} SET state = $1, ended_at = $2, attempts = $3, error = $4 WHERE run = $5 AND position = $6",
                self.step_table
            ),
            parameters: vec![
                text(word(state)),
                text(now()),
                Value::Int(i64::from(attempts)),
                optional(error),
                text(&*self.run),
                Value::Int(self.place(at)),
            ],
        }];
        if state == StepState::Done
            && let Some((run, positions)) = &self.takes_back
            && let Some(position) = positions.get(&step.id)
        {
            entries.push(self.step_is(run, *position, StepState::RolledBack, None));
        }
        entries
    }

    /// The step as it is known since it ran.
    pub fn known_since(&self, at: usize, step: &Step) -> Result<Entry> {
        Ok(Entry {
            sql: format!("UPDATE {} SET step = $1 WHERE run = $2 AND position = $3", self.step_table),
            parameters: vec![text(json(step)?), text(&*self.run), Value::Int(self.place(at))],
        })
    }

    /// Puts a step of any run into a state.
    pub fn step_is(&self, run: &str, position: i64, state: StepState, error: Option<&str>) -> Entry {
        let mut parameters = vec![text(word(state)), text(run), Value::Int(position)];
        let also = error.map_or("", |why| {
            parameters.push(text(why));
            ", error = $4"
        });
        Entry {
            sql: format!("UPDATE {} SET state = $1{also} WHERE run = $2 AND position = $3", self.step_table),
            parameters,
        }
    }

    /// Puts a run into a state; one that has ended keeps the time of its end.
    pub fn run_is(&self, run: &str, state: RunState) -> Entry {
        Entry {
            sql: format!("UPDATE {} SET state = $1, ended_at = COALESCE(ended_at, $2) WHERE id = $3", self.run_table),
            parameters: vec![text(word(state)), text(now()), text(run)],
        }
    }

    /// The state of one step, to be read.
    pub fn state_of(&self, at: usize) -> Entry {
        Entry {
            sql: format!("SELECT state FROM {} WHERE run = $1 AND position = $2", self.step_table),
            parameters: vec![text(&*self.run), Value::Int(self.place(at))],
        }
    }

    pub fn undoing(&self) -> Option<&str> {
        self.takes_back.as_ref().map(|(run, _)| run.as_str())
    }
}

/// Makes the journal's tables where they are missing.
pub(super) async fn make_tables(session: &mut dyn Session) -> Result<()> {
    for statement in session.journal_tables() {
        session.execute(&statement).await.map_err(|why| {
            let hint = "Runs are journalled in the database, in a schema or tables named lockstep: ask its owner for the \
                        right to create them, or to read and write those that are there.";
            Error { message: format!("the journal cannot be made: {}", why.message), ..why }.hint(hint)
        })?;
    }
    Ok(())
}

/// Whether `direction` is the way back.
pub(super) fn is_back(options: &RunOptions) -> bool {
    options.direction == Direction::Back
}
