//! What could go wrong with a step: locks, rewrites, scans, rules and how long it may take.
//!
//! Every step is judged by reading its SQL, whoever wrote it: the planner, a person, a file or a model.

mod annotate;
mod assess;
mod estimate;
mod lint;
pub mod policy;
pub mod privacy;
pub mod rules;
mod settings;
mod size;

pub use annotate::annotate;
pub use lint::{Finding, lint, lint_script};
pub use settings::Settings;

use crate::plan::{Lock, Risk};
use crate::schema::{Change, Schema};
use crate::sql::{Statement, Syntax};

/// How an engine judges one statement, from its text and the schema of its moment.
pub trait Judge: Syntax {
    /// `context` has what earlier statements made and the conditions the statement would run under.
    fn judge(&self, statement: &Statement, context: &Context<'_>) -> Judgement;

    /// Whether the engine has ways to change a table while others write to it (CONCURRENTLY, NOT VALID), so that
    /// not using them is worth a finding.
    fn has_online_ways(&self) -> bool {
        true
    }
}

/// What a judgement rests on.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The schema just before the statement.
    pub schema: &'a Schema,
    /// Whether `schema` was read from a database (else objects that it lacks may exist all the same).
    pub connected: bool,
    /// Relations made earlier in the same script or plan: their locks hurt nobody.
    pub made_here: &'a [crate::schema::QName],
    /// Whether the statement would run inside a transaction with others.
    pub in_transaction: bool,
}

/// What a statement does to the database while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Existing relations with the strongest mode on each.
    pub locks: Vec<Lock>,
    /// Relations whose every row is written anew.
    pub rewrites: Vec<String>,
    /// Relations that are read from end to end.
    pub scans: Vec<String>,
    /// Relations on which an index is built.
    pub index_builds: Vec<String>,
    pub risks: Vec<Risk>,
    /// What code that it runs is taken to change, beside what the statement itself says.
    pub assumed: Vec<Change>,
    /// False when the statement could not be read, so that nothing above is known.
    pub known: bool,
}
