//! A database that follows a script: what it is told is written down, and it fails where the test wants it to.

use crate::engine::{
    BatchResult, Blocker, Canceller, Database, Dialect, Focus, Gate, Row, Sample, Sampler, ServerInfo, Session,
    SessionRole, Value, Verdict,
};
use crate::plan::{Backfill, Step};
use crate::schema::{EngineKind, OutlineEntry, Schema};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// What becomes of a statement that contains a rule's text.
#[derive(Clone, Debug)]
pub enum Fate {
    Fails(ErrorCode),
    /// The server carries it out, but its answer is lost with the connection.
    DoneButLost,
    /// Goes on until it is cancelled.
    Hangs,
}

/// A step as the fake's journal has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub position: i64,
    pub step: String,
    pub state: String,
    pub cursor: Option<String>,
}

#[derive(Debug, Default)]
pub struct State {
    /// Everything that the executor's session was told.
    pub log: Vec<String>,
    /// Each is used once, in order, at the first statement that contains it.
    pub rules: VecDeque<(&'static str, Fate)>,
    pub steps: Vec<Kept>,
    /// Before the executor's open transaction.
    pub before: Option<Vec<Kept>>,
    pub run_state: Option<String>,
    /// Sessions cannot be opened any more.
    pub gone: bool,
    pub leftovers: Vec<String>,
    pub holders: VecDeque<Vec<Blocker>>,
    pub readings: VecDeque<Sample>,
    /// Keys of the table that is filled.
    pub keys: i64,
    pub cancels: u32,
}

#[derive(Debug)]
pub struct Fake {
    pub state: Arc<Mutex<State>>,
    cancelled: Arc<Notify>,
    info: ServerInfo,
}

impl Fake {
    pub fn new(state: State) -> Arc<Self> {
        let info = ServerInfo {
            engine: EngineKind::Postgres,
            version: "0".into(),
            version_number: 0,
            database: "fake".into(),
            host: "nowhere".into(),
            user: None,
            shown: "fake:".into(),
            read_only: false,
            standby: false,
            production: false,
            warnings: Vec::new(),
        };
        Arc::new(Self { state: Arc::new(Mutex::new(state)), cancelled: Arc::default(), info })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[async_trait]
impl Database for Fake {
    fn info(&self) -> &ServerInfo {
        &self.info
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        crate::engine::dialect(EngineKind::Postgres).unwrap()
    }

    async fn outline(&self) -> Result<Vec<OutlineEntry>> {
        Ok(Vec::new())
    }

    async fn inspect(&self) -> Result<Schema> {
        Ok(Schema::empty(EngineKind::Postgres))
    }

    async fn session(&self, role: SessionRole) -> Result<Box<dyn Session>> {
        if self.state().gone {
            return Err(Error::new(ErrorCode::Authentication, "gone"));
        }
        Ok(Box::new(FakeSession { state: self.state.clone(), cancelled: self.cancelled.clone(), role }))
    }

    async fn sampler(&self) -> Result<Box<dyn Sampler>> {
        Ok(Box::new(FakeSampler(self.state.clone())))
    }

    async fn gate(&self, _step: &Step) -> Result<Gate> {
        let holders = self.state().holders.pop_front().unwrap_or_default();
        Ok(Gate { verdict: Verdict::Go, holders, longest: Vec::new(), replication: None, reasons: Vec::new() })
    }

    async fn schema_of(&self, _files: &[crate::sql::SqlFile]) -> Result<crate::engine::Made> {
        Ok(crate::engine::Made { schema: self.inspect().await?, notes: Vec::new() })
    }

    async fn shadow(&self, _schema: &Schema, _manners: &[String]) -> Result<Box<dyn crate::engine::Shadow>> {
        Err(Error::new(ErrorCode::Unsupported, "there is no shadow of what is not there"))
    }

    async fn signal(&self, backend: i64, _terminate: bool) -> Result<()> {
        self.state().log.push(format!("signal {backend}"));
        Ok(())
    }
}

struct FakeSampler(Arc<Mutex<State>>);

#[async_trait]
impl Sampler for FakeSampler {
    async fn sample(&mut self, _focus: &Focus) -> Result<Sample> {
        let mut state = self.0.lock().unwrap();
        if state.readings.len() > 1 {
            return Ok(state.readings.pop_front().unwrap());
        }
        Ok(state.readings.front().cloned().unwrap_or_default())
    }
}

struct FakeSession {
    state: Arc<Mutex<State>>,
    cancelled: Arc<Notify>,
    role: SessionRole,
}

impl FakeSession {
    async fn said(&self, sql: &str) -> Result<()> {
        let fate = {
            let mut state = self.state.lock().unwrap();
            if self.role == SessionRole::Executor {
                state.log.push(sql.to_owned());
            }
            let at = state.rules.iter().position(|(text, _)| sql.contains(text));
            at.and_then(|at| state.rules.remove(at)).map(|(_, fate)| fate)
        };
        match fate {
            None => {
                self.effect(sql);
                Ok(())
            }
            Some(Fate::Fails(code)) => {
                if code == ErrorCode::ConnectionLost {
                    self.effect("ROLLBACK");
                }
                Err(Error::new(code, format!("the fake says {code:?}")))
            }
            Some(Fate::DoneButLost) => {
                self.effect(sql);
                Err(Error::new(ErrorCode::ConnectionLost, "the connection was lost"))
            }
            Some(Fate::Hangs) => {
                self.cancelled.notified().await;
                Err(Error::new(ErrorCode::Cancelled, "canceling statement due to user request"))
            }
        }
    }

    fn effect(&self, sql: &str) {
        let mut state = self.state.lock().unwrap();
        match sql {
            "BEGIN" => state.before = Some(state.steps.clone()),
            "COMMIT" => state.before = None,
            "ROLLBACK" => {
                if let Some(before) = state.before.take() {
                    state.steps = before;
                }
            }
            _ => {}
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[async_trait]
impl Session for FakeSession {
    fn backend(&self) -> Option<i64> {
        Some(1)
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        self.said(sql).await.map(|()| 0)
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        self.said(sql).await?;
        let mut state = self.state.lock().unwrap();
        let mut names = parameters.iter().map(text);
        if sql.starts_with("INSERT INTO step") {
            let [_, Value::Int(position), step, ..] = parameters else { unreachable!() };
            state.steps.push(Kept { position: *position, step: text(step), state: "planned".into(), cursor: None });
        } else if sql.starts_with("UPDATE step") {
            let Some(Value::Int(position)) = parameters.last() else { unreachable!() };
            let kept = state.steps.iter_mut().find(|kept| kept.position == *position).unwrap();
            if sql.contains("SET state") { kept.state = names.next().unwrap() } else { kept.cursor = names.next() }
        } else if sql.starts_with("UPDATE run") {
            state.run_state = names.next();
        } else if sql.starts_with("SELECT state") {
            let Some(Value::Int(position)) = parameters.last() else { unreachable!() };
            let found = state.steps.iter().filter(|kept| kept.position == *position);
            return Ok(found.map(|kept| vec![Value::Text(kept.state.clone())]).collect());
        } else if sql.starts_with("SELECT run, step") {
            let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
            let row = |kept: &Kept| {
                let [step, state] = [&kept.step, &kept.state].map(|text| Value::Text(text.clone()));
                let mut row = vec![Value::Null, step, state, Value::Null, Value::Null, Value::Int(0), Value::Null];
                row.push(optional(&kept.cursor));
                row
            };
            return Ok(state.steps.iter().map(row).collect());
        }
        Ok(Vec::new())
    }

    fn canceller(&self) -> Arc<dyn Canceller> {
        Arc::new(FakeCanceller { state: self.state.clone(), cancelled: self.cancelled.clone() })
    }

    fn begin(&self, _lock_wait: Duration) -> Vec<String> {
        vec!["BEGIN".into()]
    }

    fn alone(&self, _lock_wait: Duration) -> Vec<String> {
        vec!["ALONE".into()]
    }

    fn reset(&self) -> Vec<String> {
        vec!["RESET".into()]
    }

    fn journal_tables(&self) -> Vec<String> {
        Vec::new()
    }

    fn journal_table(&self, name: &str) -> String {
        name.to_owned()
    }

    async fn try_exclusive(&mut self) -> Result<bool> {
        Ok(true)
    }

    async fn release_exclusive(&mut self) -> Result<()> {
        Ok(())
    }

    async fn backfill_batch(&mut self, _fill: &Backfill, cursor: Option<&[Value]>, rows: u64) -> Result<BatchResult> {
        self.said("BATCH").await?;
        let keys = self.state.lock().unwrap().keys;
        let from = match cursor {
            Some([Value::Int(at)]) => *at,
            _ => 0,
        };
        let to = keys.min(from + i64::try_from(rows).unwrap());
        let walked = u64::try_from(to - from).unwrap();
        Ok(BatchResult { walked, changed: walked, last: (to < keys).then(|| vec![Value::Int(to)]) })
    }

    async fn leftovers(&mut self, _step: &Step) -> Result<Vec<String>> {
        Ok(std::mem::take(&mut self.state.lock().unwrap().leftovers))
    }
}

struct FakeCanceller {
    state: Arc<Mutex<State>>,
    cancelled: Arc<Notify>,
}

#[async_trait]
impl Canceller for FakeCanceller {
    async fn cancel(&self) -> Result<()> {
        self.state.lock().unwrap().cancels += 1;
        self.cancelled.notify_waiters();
        Ok(())
    }
}
