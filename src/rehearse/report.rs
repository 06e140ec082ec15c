//! What a rehearsal has shown.

use super::compare::{Disagreement, locks, union};
use crate::Error;
use crate::engine::{Observed, Seen};
use crate::plan::{Evidence, Lock, Plan, Severity, Step};
use crate::schema::ObjectKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// A rehearsal of a whole plan.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// Every step and rollback ran, and the schema was the first one again.
    pub passed: bool,
    /// Where it took place, in words.
    pub place: String,
    /// Rows that were copied beforehand; none where it was tried on empty tables.
    pub sampled_rows: Option<u64>,
    pub notes: Vec<String>,
    #[serde(skip)]
    pub steps: Vec<StepRehearsal>,
    /// Whether the steps led where the plan says; nothing when one failed.
    pub forward: Option<Ending>,
    /// Whether the rollbacks led back to where it began; nothing when they did not get there.
    pub back: Option<Ending>,
    /// Why the way back ended early.
    pub stuck: Option<String>,
}

/// The schema at the end of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// It has the fingerprint that it should have.
    pub exact: bool,
    /// What is different, some sentences at most.
    pub differences: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Passed,
    Failed,
    NotReached,
}

/// How one step went.
#[derive(Clone, Debug, Serialize)]
pub struct StepRehearsal {
    #[serde(skip)]
    pub id: String,
    pub state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    #[serde(skip)]
    pub measured: Option<Measured>,
    pub disagreements: Vec<Disagreement>,
    #[serde(skip)]
    pub statements: Vec<Seen>,
    /// What the way back did; nothing where there is none or it was not reached.
    pub rollback: Option<Measured>,
}

/// What a step or a rollback was seen to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// `None` where the engine does not show its locks.
    pub locks: Option<Vec<Lock>>,
    pub rewrites: Option<Vec<String>>,
    /// `None` where that cannot be told without rows.
    pub scans: Option<Vec<String>>,
    pub index_builds: Vec<String>,
    /// The server's own words.
    pub said: Vec<String>,
    /// Milliseconds on the shadow, which is mostly empty.
    pub took_ms: f64,
    /// Names before and after.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub renamed: BTreeMap<String, String>,
}

impl Measured {
    pub(super) fn of(observed: &Observed) -> Self {
        let statements = &observed.statements;
        let names = |set: Option<std::collections::BTreeSet<String>>| set.map(|set| set.into_iter().collect());
        let builds = union(statements.iter().map(|s| Some(&s.index_builds)));
        Self {
            error: None,
            locks: locks(observed),
            rewrites: names(union(statements.iter().map(|s| s.rewrites.as_ref()))),
            scans: names(union(statements.iter().map(|s| s.scans.as_ref()))),
            index_builds: names(builds).unwrap_or_default(),
            said: statements.iter().flat_map(|s| s.said.iter().cloned()).collect(),
            took_ms: statements.iter().map(|s| s.took.as_secs_f64() * 1_000.0).sum(),
            renamed: observed.renamed.clone(),
        }
    }
}

impl StepRehearsal {
    pub(super) fn passed(step: &Step) -> Self {
        Self {
            id: step.id.clone(),
            state: State::Passed,
            error: None,
            measured: None,
            disagreements: Vec::new(),
            statements: Vec::new(),
            rollback: None,
        }
    }

    pub(super) fn not_reached(step: &Step) -> Self {
        Self { state: State::NotReached, ..Self::passed(step) }
    }
}

impl Rehearsal {
    /// How the step with this id went.
    pub fn step(&self, id: &str) -> Option<&StepRehearsal> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// Puts what was seen in the place of what was foreseen.
    pub fn mark(&self, plan: &mut Plan) {
        for step in &mut plan.steps {
            if let Some(measured) = self.step(&step.id).and_then(|tried| tried.measured.as_ref()) {
                mark(step, measured);
            }
        }
    }
}

fn mark(step: &mut Step, measured: &Measured) {
    if let Some(locks) = &measured.locks {
        step.locks.clone_from(locks);
    }
    if let Some(rewrites) = &measured.rewrites {
        step.rewrites.clone_from(rewrites);
    }
    if let Some(scans) = &measured.scans {
        step.scans.clone_from(scans);
    }
    let Some(locks) = &measured.locks else { return };
    // The only thing wrong with it was that nobody knew what it does.
    if let Some(risk) = step.risks.iter_mut().find(|risk| risk.rule == "unread-statement") {
        let strong: Vec<String> = locks
            .iter()
            .filter(|lock| lock.mode.blocks_writes() && lock.kind == ObjectKind::Table)
            .map(|lock| format!("{} on {}", lock.mode, lock.relation))
            .collect();
        risk.severity = if strong.is_empty() { Severity::Info } else { Severity::Medium };
        risk.evidence = Evidence::Rehearsed;
        risk.suggestion = None;
        let took = if strong.is_empty() { "no lock that keeps writers out".to_owned() } else { strong.join(", ") };
        risk.message = format!("this statement could not be read; in the rehearsal it took {took}");
        step.risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
    }
}
