//! What will be done: changes laid out as steps by safe patterns, in order, each with its rollback.
//!
//! The patterns themselves are the engine's ([`Patterns`]); this room has the plan, its file, its edits and the way
//! back that every change has.

mod derived;
pub mod edit;
#[cfg(test)]
pub(crate) mod fake;
pub mod file;
mod ground;
mod inverse;
mod lay;
mod made;
mod order;
mod script;
mod step;

pub use derived::{with_derived_rollback, without_rollback};
pub use edit::PlanEditor;
pub use inverse::{Inverse, inverse};
pub use lay::{from_changes, toward};
pub use order::order;
pub(crate) use order::words;
pub use script::{from_sql, of_changes as rollback_of};
pub use step::{
    Backfill, Check, Estimate, Evidence, Lock, LockMode, Needs, Phase, Plan, Risk, Rollback, RollbackKind, Severity,
    Step, StepKind, Style,
};

use crate::schema::{Change, Schema};
use crate::sql::{Statement, Syntax};

/// How an engine lays changes out as steps.
pub trait Patterns: Syntax {
    /// Steps for `changes`, which are in an order that works and fit `before`. Each step has its SQL, phase, kind,
    /// rollback and changes; locks, risks and estimates are filled in later by [`crate::risk`].
    ///
    /// # Errors
    /// When the engine has no way to make one of the changes.
    fn steps(&self, changes: &[Change], before: &Schema, options: &PlanOptions) -> crate::Result<Vec<Step>>;

    /// Runs a statement that changes rows or converts values so that these can be brought back; `None` where no copy
    /// of them can be kept.
    /// `now` is the schema just before it.
    fn keeping_rows(&self, _statement: &Statement, _now: &Schema) -> Option<KeptRows> {
        None
    }

    /// Statements that open a transaction for a step; none where the step is to run outside one.
    fn begin(&self) -> &'static str;

    /// A statement that fails with the check's message when the check does not hold; `None` where none can.
    fn guard(&self, _check: &Check) -> Option<String> {
        None
    }

    /// A statement that fails, for a way back that must not be taken for done; `None` where none can.
    fn refusal(&self, _why: &str) -> Option<String> {
        None
    }

    /// A statement that does a backfill in batches and commits after each, so that it cannot be in a transaction;
    /// `None` where none can.
    fn fill_in_batches(&self, _backfill: &Backfill) -> Option<String> {
        None
    }

    /// What undoes a session setting; `None` where nothing has to.
    fn undo_setting(&self, _setting: &str) -> Option<String> {
        None
    }

    /// Whether a step's session settings have no effect inside a transaction.
    fn settings_before_transaction(&self) -> bool {
        false
    }

    /// Whether several statements in one text are one transaction to the engine.
    fn text_is_transaction(&self) -> bool {
        true
    }
}

/// A statement that changes rows, with the copies that it needs, and its way back from these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRows {
    /// To be run in one transaction.
    pub sql: Vec<String>,
    pub rollback: Rollback,
}

/// What the asker wants of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// The way for changes that have several.
    pub style: Style,
    /// Tables with fewer rows than this are changed directly; 0 treats every existing table as large.
    pub small_table_rows: u64,
    /// Rows a backfill's batch starts with.
    pub batch_rows: u64,
    /// Other statements of the same script follow, and may make again what these changes take away: rows may point at
    /// nothing meanwhile.
    pub goes_on: bool,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { style: Style::Safe, small_table_rows: 0, batch_rows: 1_000, goes_on: false }
    }
}
