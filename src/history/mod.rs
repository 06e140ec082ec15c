//! What happened before: earlier runs and what they left unfinished.

mod status;

pub use status::{RunSummary, Status, StepSummary, Unfinished, status};
