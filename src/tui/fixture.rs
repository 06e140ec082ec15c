//! States of the workbench for tests: a small shop, a plan for it, a run of the plan.

use super::action::Tab;
use super::message::{Connected, FromDatabase, FromRun, Message};
use super::state::{Built, Look, Picker, Rehearsed, Said, Source, State};
use super::symbols;
use super::theme::{self, Depth};
use super::update::update;
use crate::diff::{Entry, Impact, Line, Sign};
use crate::engine::{Blocker, Gate, Latency, Locks, Sample, ServerInfo, Verdict};
use crate::plan::{Evidence, Lock, LockMode, Phase, Plan, Risk, Rollback, Severity, Step, Style};
use crate::rehearse::{About, Disagreement, Ending, Measured, Rehearsal, State as Outcome, StepRehearsal};
use crate::run::{Direction, Event};
use crate::schema::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub fn look() -> Look {
    Look { theme: theme::load("dark", Depth::True).unwrap(), depth: Depth::True, symbols: symbols::UNICODE }
}

pub fn name(name: &str) -> QName {
    QName::new("public", name)
}

pub fn schema() -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    for (table, columns) in
        [("customers", vec!["id", "email"]), ("orders", vec!["id", "customer_id"]), ("sales", vec!["id"])]
    {
        let mut t = Table::new(name(table));
        t.columns = columns.iter().map(|c| Column::new(*c, "bigint")).collect();
        t.stats.rows = Some(12_400);
        let key = ConstraintKind::PrimaryKey { columns: vec!["id".into()] };
        t.constraints.insert(format!("{table}_pkey"), Constraint::new(format!("{table}_pkey"), key));
        schema.tables.insert(t.name.clone(), t.into());
    }
    schema
}

pub fn outline(schema: &Schema) -> Vec<OutlineEntry> {
    let entry = |t: &Shared<Table>| OutlineEntry {
        kind: ObjectKind::Table,
        name: t.name.clone(),
        rows: t.stats.rows,
        bytes: None,
    };
    schema.tables.values().map(entry).collect()
}

pub fn info(production: bool) -> ServerInfo {
    ServerInfo {
        engine: EngineKind::Postgres,
        version: "18.1".into(),
        version_number: 180_001,
        database: "shop".into(),
        host: "db:5432".into(),
        user: Some("ann".into()),
        shown: "postgres://ann@db/shop".into(),
        read_only: false,
        standby: false,
        production,
        warnings: Vec::new(),
    }
}

pub fn step(id: &str, title: &str, sql: &str) -> Step {
    let mut step = Step::ddl(title, Phase::Expand, vec![sql.into()]);
    step.id = id.into();
    step.locks = vec![Lock::predicted("public.sales", LockMode::AccessExclusive)];
    step.risks = vec![Risk {
        rule: "blocks-all".into(),
        severity: Severity::Medium,
        message: "reads and writes wait while it holds its lock".into(),
        suggestion: Some("It holds it for a moment only.".into()),
        evidence: Evidence::Predicted,
    }];
    step.rollback = Rollback::exact(vec!["ALTER TABLE sales DROP COLUMN region".into()]);
    step
}

pub fn plan() -> Plan {
    let mut drop = step("s2", "Drop table orders", "DROP TABLE orders");
    drop.destroys = vec!["orders".into()];
    drop.phase = Phase::Contract;
    drop.rollback = Rollback::lossy(vec!["CREATE TABLE orders (id bigint)".into()], "the rows are gone");
    Plan {
        version: 1,
        engine: EngineKind::Postgres,
        title: "Add a region to sales".into(),
        base: None,
        base_parts: Parts::new(),
        target: None,
        steps: vec![
            step("s1", "Add column region to sales", "ALTER TABLE sales ADD COLUMN region text DEFAULT 'EU'"),
            drop,
        ],
        notes: vec!["A note of the planner.".into()],
    }
}

pub fn built() -> Built {
    let entry = Entry {
        object: ObjectRef::new(ObjectKind::Table, name("sales")),
        effect: crate::diff::Effect::Changed,
        impact: Impact::Additive,
        sentence: "Every sale now has a region, 'EU' unless said otherwise.".into(),
        before: None,
        after: None,
        changes: Vec::new(),
    };
    let line = |sign, text: &str| Line { sign, text: text.into(), emphasis: Vec::new() };
    let lines = vec![line(Sign::Same, "CREATE TABLE sales ("), line(Sign::Added, "    region text DEFAULT 'EU'")];
    let source = Source::Sql { title: "m.sql".into(), text: String::new() };
    Built {
        plan: plan(),
        source,
        style: Style::Safe,
        differences: vec![super::state::Difference { entry, lines }],
        made_for: Arc::new(schema()),
        suspects: Vec::new(),
    }
}

/// A state with its clock, which only moves when told to.
pub struct Stage {
    pub state: State,
    pub now: Instant,
}

impl Stage {
    /// Nothing chosen yet.
    pub fn picking() -> Self {
        let now = Instant::now();
        let mut state = State::new(look(), now);
        state.picker = Some(Picker::new(&[], &[]));
        Self { state, now }
    }

    /// Connected to the shop, its schema read.
    pub fn connected() -> Self {
        let mut stage = Self::picking();
        let dialect = crate::engine::dialect(EngineKind::Postgres).unwrap();
        let schema = schema();
        for told in [
            FromDatabase::Connected(Ok(Connected { info: info(true), dialect })),
            FromDatabase::Outline(Ok(outline(&schema))),
            FromDatabase::Schema(Ok(Arc::new(schema))),
        ] {
            stage.send(Message::Database(0, told));
        }
        stage
    }

    /// With a plan on the panel.
    pub fn planned() -> Self {
        let mut stage = Self::connected();
        stage.state.chat.say(Said::You("add a region to sales".into()));
        stage.state.plan.building = Some(1);
        stage.send(Message::Planned(1, Box::new(Ok(built()))));
        stage.state.tab = Tab::Plan;
        stage
    }

    /// With a rehearsal of the plan that saw more than was foreseen.
    pub fn rehearsed() -> Self {
        let mut stage = Self::planned();
        stage.keys("R");
        let id = stage.state.plan.rehearsed.as_ref().and_then(Rehearsed::going).unwrap_or_default();
        stage.send(Message::Rehearsed(id, Box::new(Ok(rehearsal()))));
        stage
    }

    /// With a run that asks about its step of this number.
    pub fn asking(number: usize) -> Self {
        let mut stage = Self::planned();
        stage.send(Message::Run(FromRun::Begun(Box::new(Ok((plan(), Direction::Forward))))));
        let step = Box::new(plan().steps[number].clone());
        stage.event(Event::Asks { step, gate: Box::new(gate()) });
        let sample = Sample {
            locks: Locks { blocked_sessions: Some(0), ..Locks::default() },
            latency: Latency { probe_ms: Some(0.8), ..Latency::default() },
            ..Sample::default()
        };
        stage.send(Message::Reading(crate::watch::Reading::Sample(Box::new(sample))));
        stage
    }

    /// With the first step running.
    pub fn running() -> Self {
        let mut stage = Self::asking(0);
        stage.event(Event::StepStarted { step: "s1".into() });
        let waited = Duration::from_millis(1_200);
        stage.event(Event::Waiting { step: "s1".into(), holders: gate().holders, waited });
        stage
    }

    pub fn event(&mut self, event: Event) -> Vec<super::effect::Effect> {
        self.send(Message::Run(FromRun::Event(Box::new(event))))
    }

    pub fn send(&mut self, message: Message) -> Vec<super::effect::Effect> {
        update(&mut self.state, message, self.now)
    }

    /// Presses keys one after another, a second apart.
    pub fn keys(&mut self, keys: &str) -> Vec<super::effect::Effect> {
        keys.chars().flat_map(|c| self.press(crossterm::event::KeyCode::Char(c))).collect()
    }

    pub fn press(&mut self, code: crossterm::event::KeyCode) -> Vec<super::effect::Effect> {
        self.now += Duration::from_secs(1);
        self.send(Message::Key(crossterm::event::KeyEvent::from(code)))
    }
}

pub fn gate() -> Gate {
    Gate {
        verdict: Verdict::NoGo,
        holders: vec![Blocker {
            backend: 4711,
            user: Some("report\u{1b}[31m".into()),
            application: Some("psql".into()),
            state: Some("idle in transaction".into()),
            transaction_ms: Some(95_000.0),
            relation: Some("public.sales".into()),
            mode: Some(LockMode::AccessShare),
            query: Some("select * from sales".into()),
        }],
        longest: Vec::new(),
        replication: None,
        reasons: vec!["Session 4711 has read sales for 95 s and would keep this step waiting.".into()],
    }
}

/// A rehearsal of [`plan`].
pub fn rehearsal() -> Rehearsal {
    let lock = |relation: &str, mode| Lock { evidence: Evidence::Rehearsed, ..Lock::predicted(relation, mode) };
    let locks = vec![
        lock("public.sales", LockMode::AccessExclusive),
        lock("public.customers", LockMode::ShareRowExclusive),
        Lock { kind: ObjectKind::Index, ..lock("public.sales_pkey", LockMode::AccessExclusive) },
    ];
    let measured = Measured {
        locks: Some(locks),
        rewrites: Some(vec!["public.sales".into()]),
        scans: Some(Vec::new()),
        said: vec!["rewriting table \"sales\"".into()],
        took_ms: 4.2,
        ..Measured::default()
    };
    let step = |step: Step| StepRehearsal {
        id: step.id,
        state: Outcome::Passed,
        error: None,
        measured: Some(measured.clone()),
        disagreements: vec![Disagreement {
            about: About::Lock,
            relation: "public.customers".into(),
            predicted: None,
            rehearsed: Some(LockMode::ShareRowExclusive.to_string()),
            worse: true,
        }],
        statements: Vec::new(),
        rollback: Some(measured.clone()),
    };
    Rehearsal {
        passed: true,
        place: "a scratch database at db:5432 (PostgreSQL 17.2)".into(),
        sampled_rows: None,
        notes: Vec::new(),
        steps: plan().steps.into_iter().map(step).collect(),
        forward: None,
        back: Some(Ending { exact: true, differences: Vec::new() }),
        stuck: None,
        queries: None,
        pace: None,
    }
}
