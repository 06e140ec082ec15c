//! What lies over the panes and takes the keys: dialogs, the palette, help.

use super::line::Line;
use crate::diff::Rename;
use crate::run::Direction;
use crate::schema::Schema;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys that come sooner than this after a dialog opened were meant for something else.
pub const GUARD: Duration = Duration::from_millis(300);

/// The layers, of which the topmost takes the keys.
#[derive(Clone, Debug)]
pub enum Layer {
    Help { scroll: usize },
    Palette(Palette),
    Prompt(Prompt),
    Confirm(Confirm),
    Ask(Ask),
}

/// The command palette.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    pub input: Line,
    pub selected: usize,
}

/// A line of text is wanted.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub purpose: Purpose,
    pub input: Line,
}

/// What a prompt's text or a file's content is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A migration to plan.
    Migration,
    /// The SQL of a schema that the database should have.
    Wanted,
    /// The SQL of a schema to compare with the database.
    Compare,
    /// The first of two schemas to compare: a file, a snapshot or a URL.
    Before,
    /// The second of them.
    After,
    /// Where to save the plan.
    SavePlan,
}

impl Purpose {
    pub fn title(self) -> &'static str {
        match self {
            Self::Migration => "Plan a migration: path of an SQL file or a saved plan",
            Self::Wanted => "Make the database like a schema: path of its SQL",
            Self::Compare => "Compare the database with a schema: path of its SQL",
            Self::Before => "Compare two schemas: the old one (SQL file, snapshot .json or URL)",
            Self::After => "Compare two schemas: the new one (SQL file, snapshot .json or URL)",
            Self::SavePlan => "Save the plan as",
        }
    }
}

/// Consent to the step that the run asks about.
#[derive(Clone, Debug)]
pub struct Confirm {
    pub opened: Instant,
    pub typed: Line,
    /// The button in focus is the one that runs.
    pub on_run: bool,
    pub scroll: usize,
    pub gate_asked: Instant,
}

impl Confirm {
    pub fn new(now: Instant) -> Self {
        Self { opened: now, typed: Line::default(), on_run: false, scroll: 0, gate_asked: now }
    }
}

/// A question with a few answers, each on its own key.
#[derive(Clone, Debug)]
pub struct Ask {
    pub opened: Instant,
    pub title: String,
    pub text: Vec<String>,
    pub choices: Vec<Choice>,
}

/// One answer to a question.
#[derive(Clone, Debug)]
pub struct Choice {
    pub key: char,
    pub label: String,
    pub then: Then,
}

/// What an answer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    Quit,
    Signal {
        backend: i64,
        terminate: bool,
    },
    ShowHistory,
    /// Take back the done steps of a run, down to a step or all.
    TakeBack {
        run: String,
        to: Option<String>,
    },
    /// Run what an interrupted run left undone.
    Continue {
        run: String,
    },
    PlanAgain,
    StopRun,
    Overwrite(PathBuf),
    /// An object of the plan's target is one of before under another name, or another one.
    Renamed {
        rename: Rename,
        same: bool,
    },
}

/// What a run that is about to start carries out.
#[derive(Clone, Debug)]
pub struct Errand {
    pub direction: Direction,
    pub of_run: Option<String>,
    /// The schema that the plan was made for, to say what has changed since.
    pub made_for: Option<Arc<Schema>>,
}
