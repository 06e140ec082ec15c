//! What the workbench is opened with.

use crate::Result;
use crate::assistant::provider::Provider;
use crate::engine::{ConnectOptions, Target};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that the command line and the configuration say about a session of the workbench.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The database to open; without one, the screen to choose one comes first.
    pub target: Option<Target>,
    pub connect: ConnectOptions,
    /// A migration whose plan is opened as soon as the schema has been read.
    pub sql_file: Option<PathBuf>,
    /// A theme's name, `auto` to ask the terminal whether it is light or dark, or the path of a theme file; without
    /// one, the terminal's own colours.
    pub theme: Option<String>,
    /// Whether to draw with ASCII only; without a word, where the locale is not UTF-8.
    pub ascii: Option<bool>,
    /// The target is the sample shop, and the header says so.
    pub demo: bool,
    /// Connections made before, newest first.
    pub recent: Vec<Target>,
    /// Connections that the configuration has names for.
    pub named: Vec<(String, Target)>,
    /// The model that the chat asks; without one, the built-in planner.
    pub provider: Option<Arc<Provider>>,
    /// What the chat says when it opens.
    pub remarks: Vec<String>,
}

/// News of a database that is still being made while the workbench is open already.
#[derive(Clone, Debug)]
pub enum Preparing {
    /// What is going on now, in a few words.
    Note(String),
    /// It is there, or could not be made.
    Ready(Result<Target>),
}

/// How a session of the workbench ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The last database that was connected to, as shown (without its password), to be offered the next time.
    pub connected: Option<String>,
    pub next: Next,
}

/// What the user left the workbench for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Next {
    #[default]
    Quit,
    /// The sample shop, chosen on the screen that asks for a connection.
    Demo,
}
