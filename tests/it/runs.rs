//! What the tests of runs have in common: a database to run on, plans, and a front end that answers.
#![allow(dead_code, reason = "each test file uses a part")]

use lockstep::engine::{self, ConnectOptions, Database, Session, SessionRole, Target, Value};
use lockstep::plan::{Backfill, Check, Phase, Plan, Rollback, Step, StepKind};
use lockstep::run::{self, Command, Consent, Event, Journal, Outcome, RunOptions};
use lockstep::schema::{EngineKind, QName};
use std::sync::Arc;
use std::time::Duration;

/// A database of its own, with `sales (id, amount)`.
pub struct Place {
    pub database: Arc<dyn Database>,
    pub schema: &'static str,
    folder: Option<tempfile::TempDir>,
}

impl Place {
    pub fn engine(&self) -> EngineKind {
        self.database.info().engine
    }

    pub async fn fingerprint(&self) -> String {
        self.database.inspect().await.unwrap().fingerprint()
    }

    pub async fn session(&self) -> Box<dyn Session> {
        self.database.session(SessionRole::Load).await.unwrap()
    }

    pub async fn until_no_run_is_alive(&self) {
        for _ in 0..400 {
            if Journal::runs(&self.database).await.unwrap().iter().all(|run| !run.alive) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the run did not end");
    }
}

pub async fn sqlite(rows: u32) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.db");
    std::fs::File::create(&file).unwrap();
    let target = Target::parse(&format!("sqlite:{}", file.display())).unwrap();
    let database = engine::connect(&target, &ConnectOptions::default()).await.unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    for sql in [
        "PRAGMA journal_mode = WAL".to_owned(),
        "CREATE TABLE sales (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)".to_owned(),
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             INSERT INTO sales SELECT i, i * 7 FROM n"
        ),
    ] {
        session.execute(&sql).await.unwrap();
    }
    Place { database, schema: "main", folder: Some(folder) }
}

/// A database on the server that the tests are given; `drop_postgres` removes it.
pub async fn postgres(rows: u32) -> (Place, String) {
    let url = std::env::var("LOCKSTEP_TEST_POSTGRES")
        .expect("set LOCKSTEP_TEST_POSTGRES to the URL of a PostgreSQL superuser, or run tests/run");
    let name = format!("lockstep_run_{}_{}", std::process::id(), fastrand::u32(..));
    let server = engine::connect(&Target::parse(&url).unwrap(), &ConnectOptions::default()).await.unwrap();
    server.session(SessionRole::Load).await.unwrap().execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let mut own = url::Url::parse(&url).unwrap();
    own.set_path(&name);
    let database = engine::connect(&Target::parse(own.as_str()).unwrap(), &ConnectOptions::default()).await.unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    for sql in [
        "CREATE TABLE sales (id bigint PRIMARY KEY, amount int NOT NULL)".to_owned(),
        format!("INSERT INTO sales SELECT i, i * 7 FROM generate_series(1, {rows}) i"),
        "ANALYZE sales".to_owned(),
    ] {
        session.execute(&sql).await.unwrap();
    }
    (Place { database, schema: "public", folder: None }, name)
}

pub async fn drop_postgres(place: Place, name: &str) {
    drop(place);
    let url = std::env::var("LOCKSTEP_TEST_POSTGRES").unwrap();
    let server = engine::connect(&Target::parse(&url).unwrap(), &ConnectOptions::default()).await.unwrap();
    let mut session = server.session(SessionRole::Load).await.unwrap();
    session.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
}

/// The first column of a query's rows, as text.
pub async fn texts(place: &Place, sql: &str) -> Vec<String> {
    let rows = place.session().await.query(sql, &[]).await.unwrap();
    rows.into_iter()
        .map(|row| match row.into_iter().next() {
            Some(Value::Text(text)) => text,
            Some(Value::Int(number)) => number.to_string(),
            other => format!("{other:?}"),
        })
        .collect()
}

pub fn plan(engine: EngineKind, steps: Vec<Step>) -> Plan {
    Plan {
        version: 1,
        engine,
        title: "a test".into(),
        base: None,
        base_parts: lockstep::schema::Parts::new(),
        target: None,
        steps,
        notes: Vec::new(),
    }
}

pub fn alter(id: &str, sql: &str, back: &str) -> Step {
    let rollback = if back.is_empty() { Rollback::none("a test") } else { Rollback::exact(vec![back.into()]) };
    Step { id: id.into(), rollback, ..Step::ddl(format!("step {id}"), Phase::Expand, vec![sql.into()]) }
}

pub fn backfill(id: &str, schema: &str, table: &str, key: &str, column: &str, value: &str) -> Step {
    Step {
        kind: StepKind::Backfill,
        phase: Phase::Migrate,
        rollback: Rollback::exact(Vec::new()),
        backfill: Some(Backfill {
            table: QName::new(schema, table),
            key: vec![key.into()],
            set: vec![(column.into(), value.into())],
            only_where: Some(format!("{column} IS NULL")),
            batch_rows: 100,
        }),
        ..alter(id, &format!("UPDATE {table} SET {column} = {value} WHERE {column} IS NULL"), "")
    }
}

pub fn check(id: &str, query: &str, message: &str) -> Step {
    Step {
        kind: StepKind::Check,
        check: Some(Check { query: query.into(), message: message.into() }),
        sql: Vec::new(),
        ..alter(id, "", "")
    }
}

/// A session that holds a lock while a step is tried.
struct Locker {
    session: Box<dyn Session>,
    release: &'static str,
    lock: &'static str,
    held: bool,
}

/// How the front end of a test answers.
#[derive(Default)]
pub struct Answers {
    skip: Option<&'static str>,
    on_start: Option<Command>,
    on_progress: Option<Command>,
    locker: Option<Locker>,
}

impl Answers {
    /// Yes to everything.
    pub fn yes() -> Self {
        Self::default()
    }

    pub fn skip(step: &'static str) -> Self {
        Self { skip: Some(step), ..Self::default() }
    }

    pub fn then_on_start(self, command: Command) -> Self {
        Self { on_start: Some(command), ..self }
    }

    pub fn then_on_progress(self, command: Command) -> Self {
        Self { on_progress: Some(command), ..self }
    }

    /// Locks when asked, and releases at the first sign that the run has met the lock.
    pub fn lock_before_confirming(self, session: Box<dyn Session>, lock: &'static str, release: &'static str) -> Self {
        Self { locker: Some(Locker { session, release, lock, held: false }), ..self }
    }
}

/// What a run told.
#[derive(Debug)]
pub struct Told {
    pub outcome: Outcome,
    pub events: Vec<Event>,
    pub notes: Vec<String>,
    pub failure: Option<lockstep::Error>,
    pub left: Option<String>,
    pub retries: u32,
    pub waits: u32,
    pub cancelling: bool,
}

/// Runs a plan to its end.
pub async fn run_plan(place: &Place, plan: Plan, options: RunOptions, mut answers: Answers) -> Told {
    let mut handle = run::start(place.database.clone(), plan, options).await.unwrap();
    let mut told = Told {
        outcome: Outcome::Failed,
        events: Vec::new(),
        notes: Vec::new(),
        failure: None,
        left: None,
        retries: 0,
        waits: 0,
        cancelling: false,
    };
    loop {
        let event = tokio::time::timeout(Duration::from_mins(1), handle.events.recv()).await;
        let event = event.unwrap_or_else(|_| panic!("the run is stuck after {:#?}", told.events));
        let event = event.expect("a run tells how it ended");
        told.events.push(event.clone());
        match event {
            Event::Asks { step, .. } => {
                if let Some(locker) = answers.locker.as_mut().filter(|l| !l.held) {
                    locker.session.execute(locker.lock).await.unwrap();
                    locker.held = true;
                }
                let answer = match answers.skip {
                    Some(id) if id == step.id => Command::Skip(step.id.clone()),
                    _ => {
                        let consent = Consent::to(&step);
                        Command::Confirm(match step.typed_consent() {
                            Some(wanted) => consent.typed(wanted),
                            None => consent,
                        })
                    }
                };
                handle.commands.send(answer).await.unwrap();
            }
            Event::StepStarted { .. } => {
                if let Some(command) = answers.on_start.take() {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    handle.commands.send(command).await.unwrap();
                }
                // On an engine without a list of holders nothing is told but in the journal's wait.
                if let Some(locker) = answers.locker.as_mut().filter(|_| place.schema == "main") {
                    locker.session.execute(locker.release).await.unwrap();
                }
            }
            Event::Progress { .. } => {
                if let Some(command) = answers.on_progress.take() {
                    handle.commands.send(command).await.unwrap();
                }
            }
            Event::Retrying { .. } => {
                told.retries += 1;
                release(&mut answers).await;
            }
            Event::Waiting { .. } => {
                told.waits += 1;
                release(&mut answers).await;
            }
            Event::Cancelling { .. } => told.cancelling = true,
            Event::StepFailed { error, left, .. } => {
                told.failure = Some(error);
                told.left = left;
            }
            Event::Note { text } => told.notes.push(text),
            Event::Ended { outcome, .. } => {
                told.outcome = outcome;
                return told;
            }
            Event::Started { .. } | Event::StepDone { .. } | Event::StepSkipped { .. } => {}
        }
    }
}

async fn release(answers: &mut Answers) {
    if let Some(mut locker) = answers.locker.take() {
        locker.session.execute(locker.release).await.unwrap();
    }
}
