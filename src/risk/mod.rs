//! What could go wrong with a step: locks, rewrites, scans, rules and how long it may take.
//!
//! Every step is judged by reading its SQL, whoever wrote it: the planner, a person, a file or a model.

pub mod allow;
mod annotate;
mod assess;
mod estimate;
mod flow;
pub mod levels;
mod lint;
mod pace;
mod place;
pub mod policy;
pub mod privacy;
mod probe;
pub mod rules;
mod settings;
mod size;

pub use annotate::{annotate, annotate_by};
pub use flow::Transactions;
pub use lint::{Conditions, Finding, lint, lint_by, lint_script};
pub use pace::Pace;
pub use place::place;
pub use probe::{Answer, Asks, COUNTED, MANY, Question, answered, questions_of, settle};
pub use settings::Settings;

use crate::plan::{Lock, Risk};
use crate::schema::{Change, QName, Schema};
use crate::sql::{Statement, Syntax};
use std::collections::HashSet;
use std::time::Duration;

/// How an engine judges one statement, from its text and the schema of its moment.
pub trait Judge: Syntax {
    /// `context` has what earlier statements made and the conditions the statement would run under.
    fn judge(&self, statement: &Statement, context: &Context<'_>) -> Judgement;

    /// How fast the server works, where that was measured.
    fn pace(&self) -> Option<Pace> {
        None
    }

    /// Whether the engine has ways to change a table while others write to it (CONCURRENTLY, NOT VALID), so that
    /// not using them is worth a finding.
    fn has_online_ways(&self) -> bool {
        true
    }

    /// What in a statement that reads the rules are about, where only the engine's syntax, catalog or version tells.
    fn spot(&self, _statement: &Statement, _context: &Context<'_>, _judgement: &Judgement) -> Vec<Spot> {
        Vec::new()
    }

    /// What a piece of a script does to the transaction, when it is one of those that begin, end or mark one.
    fn transaction(&self, _text: &str) -> Option<TransactionWord> {
        None
    }

    /// Who gets to read which relations by a GRANT.
    fn granted(&self, _statement: &Statement, _schema: &Schema) -> Option<Granted> {
        None
    }

    /// The table and the condition of an UPDATE or DELETE of one table, where the condition stands for itself.
    fn changed_rows(&self, _statement: &Statement) -> Option<(QName, String)> {
        None
    }

    /// Whether a plain cast may refuse, or cut off, some value of the old type.
    fn may_refuse(&self, _old: &str, _new: &str, _schema: &Schema) -> bool {
        false
    }

    /// The query that counts the rows which a question asks for, in `percent` of the table or all of it; `None` for
    /// what cannot be asked without running code that is not known to be harmless.
    fn probe(&self, _table: &QName, _asks: &Asks, _percent: Option<f64>) -> Option<String> {
        None
    }

    /// The timeout that a statement sets for those after it.
    fn guard(&self, _statement: &Statement) -> Option<Guard> {
        None
    }
}

/// That a statement meets a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub rule: &'static str,
    /// The table whose size and use decide how grave it is, where one does.
    pub table: Option<QName>,
    pub message: String,
}

/// That roles may read relations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    pub on: Vec<QName>,
    /// Those columns only; empty for all.
    pub columns: Vec<String>,
    pub to: Vec<String>,
    /// Every role that there is or will be.
    pub to_public: bool,
}

/// What begins, ends or marks a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionWord {
    Begin,
    Commit,
    Rollback,
    /// Marks a place in it, or goes back to one: the transaction goes on.
    Savepoint,
}

/// A timeout that a script sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    pub timeout: Timeout,
    /// For the transaction only.
    pub local: bool,
    /// `None` when it is switched off.
    pub limit: Option<Duration>,
}

/// What a timeout ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Waiting for a lock.
    Lock,
    /// A statement as a whole.
    Statement,
}

/// What a judgement rests on.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The schema just before the statement.
    pub schema: &'a Schema,
    /// Whether `schema` was read from a database (else objects that it lacks may exist all the same).
    pub connected: bool,
    /// Relations made earlier in the same script or plan: their locks hurt nobody.
    pub made_here: &'a HashSet<QName>,
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
