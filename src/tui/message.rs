//! What can happen: keys, and the answers of everything that runs beside the screen.

use super::options::Preparing;
use super::state::{Built, Difference, Purpose};
use crate::assistant::Proposal;
use crate::assistant::provider::ProviderEvent;
use crate::engine::{Dialect, ServerInfo};
use crate::plan::Plan;
use crate::rehearse::{Progress, Rehearsal};
use crate::run::{Direction, Event, RunRecord};
use crate::schema::{OutlineEntry, Schema};
use crate::sql::Token;
use crate::{Error, Result};
use crossterm::event::{KeyEvent, MouseEvent};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A text in coloured stretches, line by line.
pub type Coloured = Vec<Vec<(Token, String)>>;

/// What answered when a connection was made.
#[derive(Clone)]
pub struct Connected {
    pub info: ServerInfo,
    pub dialect: Arc<dyn Dialect>,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").field("info", &self.info).finish_non_exhaustive()
    }
}

/// One thing that happened. Numbers tell an answer that is still wanted from one that is not.
#[derive(Clone, Debug)]
pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    /// A moment that the state asked to be woken at.
    Tick,
    /// Asked to end from outside.
    Terminate,
    Preparing(Preparing),
    Database(u64, FromDatabase),
    Interpreted(u64, Proposal),
    /// What a model says while it thinks about a request.
    Heard(u64, ProviderEvent),
    /// The model failed, and the built-in planner has the request.
    FellBack(u64, Error),
    /// Exactly what a model would be sent.
    Previewed(String),
    Planned(u64, Box<Result<Built>>),
    Compared(u64, String, Result<Vec<Difference>>),
    Highlighted(u64, Coloured),
    Rehearsing(u64, Progress),
    Rehearsed(u64, Box<Result<Rehearsal>>),
    Run(FromRun),
    Reading(crate::watch::Reading),
    File(Purpose, PathBuf, Result<String>),
    Saved(PathBuf, Result<()>),
    /// The file is there already.
    WouldOverwrite(PathBuf),
    /// The text that came back from the editor for a step, by its id.
    Edited(String, Result<String>),
    Copied(Result<String>),
    Signalled {
        backend: i64,
        terminate: bool,
        result: Result<()>,
    },
}

/// What the database told, under the number of its connection.
#[derive(Clone, Debug)]
pub enum FromDatabase {
    Connected(Result<Connected>),
    Outline(Result<Vec<OutlineEntry>>),
    Schema(Result<Arc<Schema>>),
    History(Result<Vec<RunRecord>>),
}

/// What the run told.
#[derive(Clone, Debug)]
pub enum FromRun {
    /// A run begins, or could not.
    Begun(Box<Result<(Plan, Direction)>>),
    Event(Box<Event>),
    /// Its task is gone.
    Gone,
}
