//! Doing it: the executor, retries, backfills, the journal, rollback.
//!
//! The executor is a task that asks before each step and tells what happens; a screen, a command or a test answers.

mod alone;
mod ask;
mod consent;
mod control;
mod cursor;
mod derive;
mod drive;
mod executor;
#[cfg(test)]
mod fake;
mod fill;
mod foreseen;
mod harm;
mod journal;
mod ledger;
mod pace;
mod policy;
mod prepare;
mod reader;
mod recover;
#[cfg(test)]
mod tests;
mod transact;
mod undo;
mod ways;

pub use consent::Consent;
pub use executor::{Answer, Command, Event, Outcome, RunHandle, RunOptions, start};
pub use journal::{Direction, Journal, RunRecord, RunState, StepRecord, StepState};
pub use policy::Mandate;
pub use recover::{Settled, Verdict, look, recover};
pub use undo::{resume_plan, rollback_plan};
pub use ways::{way_back, way_on};
