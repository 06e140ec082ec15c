//! The rehearsal of the plan on the panel.

use crate::Error;
use crate::rehearse::{Progress, Rehearsal, State, StepRehearsal};
use std::time::Instant;

/// How far it is, or how it went.
#[derive(Clone, Debug)]
pub enum Rehearsed {
    Going {
        /// Its number, by which its messages are told from those of an earlier one.
        id: u64,
        since: Instant,
        progress: Progress,
    },
    Done(Box<Rehearsal>),
    /// There could be none, and why.
    Impossible(Error),
}

impl Rehearsed {
    pub fn going(&self) -> Option<u64> {
        match self {
            Self::Going { id, .. } => Some(*id),
            Self::Done(_) | Self::Impossible(_) => None,
        }
    }

    pub fn step(&self, id: &str) -> Option<&StepRehearsal> {
        match self {
            Self::Done(rehearsal) => rehearsal.step(id),
            Self::Going { .. } | Self::Impossible(_) => None,
        }
    }

    /// The first step that failed, or whose way back did.
    pub fn failed(&self) -> Option<&StepRehearsal> {
        let Self::Done(rehearsal) = self else { return None };
        let fails = |step: &&StepRehearsal| {
            step.state == State::Failed || step.rollback.as_ref().is_some_and(|back| back.error.is_some())
        };
        rehearsal.steps.iter().find(fails)
    }
}
