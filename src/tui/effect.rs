//! What the reducer wants done elsewhere.

use super::state::{Errand, Purpose, Source};
use crate::assistant::Answer;
use crate::assistant::provider::Turn;
use crate::engine::{Dialect, Focus, Target};
use crate::plan::{Plan, Style};
use crate::run::Command;
use crate::schema::{EngineKind, Schema};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The pure half of a database: what plans are made with.
#[derive(Clone)]
pub struct Ground {
    pub schema: Arc<Schema>,
    pub dialect: Arc<dyn Dialect>,
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").field("tables", &self.schema.tables.len()).finish_non_exhaustive()
    }
}

/// One thing to do, whose outcome comes back as a message.
#[derive(Clone, Debug)]
pub enum Effect {
    Connect(u64, Box<Target>),
    /// Names first, then everything.
    ReadSchema(u64),
    ReadHistory(u64),
    Interpret {
        id: u64,
        text: String,
        answers: Vec<Answer>,
        ground: Ground,
        /// The talk so far, where the model is to be asked and not the built-in planner.
        model: Option<Vec<Turn>>,
    },
    /// The request that is being thought about is not wanted any more.
    Forget,
    /// Say exactly what the model would be sent.
    Preview {
        text: String,
        ground: Ground,
        history: Vec<Turn>,
    },
    Plan {
        id: u64,
        source: Source,
        style: Style,
        ground: Ground,
    },
    /// Judge an edited plan again.
    Judge {
        id: u64,
        plan: Box<Plan>,
        source: Source,
        style: Style,
        ground: Ground,
    },
    /// A step's SQL as the user wrote it: read and judged in its place.
    Rewrite {
        id: u64,
        step: String,
        sql: String,
        plan: Box<Plan>,
        source: Source,
        style: Style,
        ground: Ground,
    },
    /// What would have to change to make the database like this SQL.
    Compare {
        id: u64,
        title: String,
        sql: String,
        ground: Ground,
    },
    /// How one schema differs from another, each named as on the command line.
    CompareTwo {
        id: u64,
        /// Of the database at hand, for two texts of SQL.
        engine: Option<EngineKind>,
        before: String,
        after: String,
    },
    Highlight(u64, String),
    /// Put a safer way in the place of one step.
    Safer {
        id: u64,
        step: String,
        plan: Box<Plan>,
        source: Source,
        style: Style,
        ground: Ground,
    },
    /// Try the plan and its rollbacks on a shadow database.
    Rehearse {
        id: u64,
        plan: Box<Plan>,
    },
    /// The rehearsal is not wanted any more.
    ForgetRehearsal,
    StartRun(Box<Plan>, Errand),
    /// Take back what a run did: read it in the journal, plan the way back and start it.
    TakeBack {
        run: Option<String>,
        to: Option<String>,
    },
    /// Go on with what a run has not done.
    Resume(String),
    Tell(Command),
    /// Read the gauges, or stop reading them.
    Watch(Option<Focus>),
    ReadFile(Purpose, PathBuf),
    SaveFile {
        path: PathBuf,
        text: String,
        overwrite: bool,
    },
    Edit {
        step: String,
        text: String,
    },
    Copy(String),
    Signal {
        backend: i64,
        terminate: bool,
    },
    Suspend,
    Redraw,
    Quit,
}
