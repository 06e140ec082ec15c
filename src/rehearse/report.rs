//! What a rehearsal has shown.

use super::compare::{Disagreement, locks, union};
use super::queries::Queries;
use crate::Error;
use crate::engine::{Observed, Seen};
use crate::plan::{Evidence, Lock, Plan, Risk, Severity, Step};
use crate::risk::Pace;
use crate::schema::ObjectKind;
use crate::sql::one_line;
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
    /// How the application's statements fare afterwards; nothing where they are not known.
    pub queries: Option<Queries>,
    /// How fast the target's server was seen to work.
    pub pace: Option<Pace>,
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
            step.risks.extend(self.risks_of(&step.id));
            step.risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
        }
    }

    /// What a step does to the application's statements.
    fn risks_of(&self, id: &str) -> Vec<Risk> {
        let Some(queries) = &self.queries else { return Vec::new() };
        let risk = |rule: &str, severity, message, suggestion: &str| Risk {
            rule: rule.to_owned(),
            severity,
            message,
            suggestion: Some(suggestion.to_owned()),
            evidence: Evidence::Rehearsed,
        };
        let broken = queries.broken.iter().filter(|b| b.step.as_deref() == Some(id)).map(|b| {
            let message = format!(
                "a statement that was called {} times fails: {} ({})",
                b.calls,
                b.error.message,
                excerpt(&b.sql)
            );
            risk("query-breaks", Severity::High, message, "Deploy code that does without it first.")
        });
        let slower = queries.slower.iter().filter(|s| s.step.as_deref() == Some(id)).map(|s| {
            let (calls, tables) = (s.calls, s.tables.join(", "));
            let message =
                format!("a statement that was called {calls} times reads all of {tables} ({})", excerpt(&s.sql));
            risk(
                "query-loses-index",
                Severity::Medium,
                message,
                "Keep the index, or build the one that replaces it first.",
            )
        });
        broken.chain(slower).collect()
    }
}

/// The beginning of a statement, for a sentence.
fn excerpt(sql: &str) -> String {
    const MOST: usize = 100;
    let line = one_line(sql);
    if line.chars().count() <= MOST { line } else { format!("{}…", line.chars().take(MOST).collect::<String>()) }
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
