//! Doing it: the executor, retries, backfills, the journal, rollback.
//!
//! The executor is a task that asks before each step and tells what happens; a screen, a command or a test answers.

mod consent;
mod executor;
mod journal;

pub use consent::Consent;
pub use executor::{Answer, Command, Event, Outcome, RunHandle, RunOptions, start};
pub use journal::{Direction, Journal, RunRecord, RunState, StepRecord, StepState, rollback_plan};
