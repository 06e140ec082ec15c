//! The one state of the workbench. Only [`super::update`] changes it; the view only reads it.

mod allowed;
mod browser;
mod chat;
mod layer;
mod line;
mod list;
mod picker;
mod plan;
mod rehearsal;
mod run;
mod search;

pub use allowed::why_not;
pub use browser::{Browser, Node, Part, Row, Search, leaves, object_ref};
pub use chat::{Chat, Open, Said};
pub use layer::{Ask, Choice, Confirm, Errand, GUARD, Layer, Palette, Prompt, Purpose, Then};
pub use line::Line;
pub use list::{Move, offset};
pub use picker::{Pick, Picker};
pub use plan::{Built, DiffPane, Difference, PlanPane, Source};
pub use rehearsal::Rehearsed;
pub use run::{Held, RunView, StepNow};
pub use search::Names;

use super::action::Tab;
use super::effect::Ground;
use super::keys::Scope;
use super::message::Coloured;
use super::symbols::Symbols;
use super::theme::{Depth, Theme};
use crate::Error;
use crate::engine::{Dialect, ServerInfo, Target};
use crate::run::RunRecord;
use crate::schema::{ObjectRef, Schema};
use crate::watch::Gauges;
use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The panes that can have the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Browser,
    Middle,
    Chat,
}

/// The connection.
#[derive(Clone, Debug)]
pub enum Link {
    None,
    /// The database is still being made; what is going on in words.
    Preparing(String),
    Connecting,
    Up(ServerInfo),
}

/// A dialect, which has nothing to print about itself.
#[derive(Clone)]
pub struct Tongue(pub Arc<dyn Dialect>);

impl fmt::Debug for Tongue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tongue")
    }
}

/// A line for the user: good news or bad, with what to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Info(String),
    Problem(Error),
}

/// The object whose details are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub object: ObjectRef,
    /// Its definition as SQL, once the schema is there.
    pub definition: Option<String>,
    pub scroll: usize,
}

/// How things are drawn.
#[derive(Clone, Debug)]
pub struct Look {
    pub theme: Theme,
    pub depth: Depth,
    pub symbols: Symbols,
}

/// Everything that the screen shows.
#[derive(Debug)]
pub struct State {
    pub size: (u16, u16),
    pub now: Instant,
    pub look: Look,
    pub demo: bool,
    pub link: Link,
    /// The number of the connection; answers from an earlier one are dropped.
    pub generation: u64,
    /// The last number given to a piece of background work.
    pub last_id: u64,
    pub target: Option<Target>,
    /// Connections made before, newest first.
    pub recent: Vec<Target>,
    /// Connections that the configuration has names for.
    pub named: Vec<(String, Target)>,
    pub dialect: Option<Tongue>,
    pub schema: Option<Arc<Schema>>,
    /// The schema's file is open to be planned as soon as there is a schema.
    pub migration: Option<PathBuf>,
    pub picker: Option<Picker>,
    pub layers: Vec<Layer>,
    pub focus: Focus,
    pub tab: Tab,
    pub zoomed: bool,
    pub browser: Browser,
    pub details: Option<Details>,
    pub chat: Chat,
    pub plan: PlanPane,
    pub diff: DiffPane,
    pub run: Option<RunView>,
    /// A run is being started: its first answer is awaited.
    pub starting: bool,
    pub gauges: Gauges,
    /// Why there was no reading last time.
    pub blind: Option<Error>,
    /// What the gauges look at, while they are read.
    pub watching: Option<crate::engine::Focus>,
    pub gauges_scroll: usize,
    pub history: Vec<RunRecord>,
    pub history_selected: usize,
    /// Unfinished runs were asked about already.
    pub asked_unfinished: bool,
    pub notice: Option<Notice>,
    /// Coloured texts by their hash, the oldest first.
    pub coloured: VecDeque<(u64, Option<Coloured>)>,
    /// The last database that was connected to, as shown.
    pub connected: Option<String>,
    pub quit: Option<super::Next>,
}

impl State {
    pub fn new(look: Look, now: Instant) -> Self {
        Self {
            size: (80, 24),
            now,
            look,
            demo: false,
            link: Link::None,
            generation: 0,
            last_id: 0,
            target: None,
            recent: Vec::new(),
            named: Vec::new(),
            dialect: None,
            schema: None,
            migration: None,
            picker: None,
            layers: Vec::new(),
            focus: Focus::Browser,
            tab: Tab::Plan,
            zoomed: false,
            browser: Browser::default(),
            details: None,
            chat: Chat::default(),
            plan: PlanPane::default(),
            diff: DiffPane::default(),
            run: None,
            starting: false,
            gauges: Gauges::default(),
            blind: None,
            watching: None,
            gauges_scroll: 0,
            history: Vec::new(),
            history_selected: 0,
            asked_unfinished: false,
            notice: None,
            coloured: VecDeque::new(),
            connected: None,
            quit: None,
        }
    }

    /// What has the keys now.
    pub fn scope(&self) -> Scope {
        match self.layers.last() {
            Some(Layer::Help { .. }) => return Scope::Help,
            Some(Layer::Palette(_)) => return Scope::Palette,
            Some(Layer::Prompt(_)) => return Scope::Prompt,
            Some(Layer::Confirm(_)) => return Scope::Confirm,
            Some(Layer::Ask(_)) => return Scope::Ask,
            None => {}
        }
        if self.picker.is_some() {
            return Scope::Picker;
        }
        match (self.focus, self.tab) {
            (Focus::Browser, _) if self.browser.search.is_some() => Scope::Search,
            (Focus::Browser, _) => Scope::Browser,
            (Focus::Chat, _) => Scope::Chat,
            (Focus::Middle, Tab::Plan) => Scope::Plan,
            (Focus::Middle, Tab::Diff) => Scope::Diff,
            (Focus::Middle, Tab::Details) => Scope::Details,
            (Focus::Middle, Tab::Gauges) => Scope::Gauges,
            (Focus::Middle, Tab::History) => Scope::History,
        }
    }

    /// The choice of a database: the connection of now or the one that failed first, then named and recent ones.
    pub fn choices(&self) -> Picker {
        let mut recent: Vec<Target> = self.target.iter().filter(|_| !self.demo).cloned().collect();
        recent.extend(self.recent.iter().filter(|r| self.target.as_ref().is_none_or(|t| t.shown != r.shown)).cloned());
        Picker::new(&recent, &self.named)
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// What plans are made with, once the schema is there.
    pub fn ground(&self) -> Option<Ground> {
        let (schema, Tongue(dialect)) = (self.schema.as_ref()?, self.dialect.as_ref()?);
        Some(Ground { schema: Arc::clone(schema), dialect: Arc::clone(dialect) })
    }

    /// Whether a step runs or waits for consent.
    pub fn running(&self) -> bool {
        self.run.as_ref().is_some_and(RunView::active)
    }

    /// The differences in the diff pane: another comparison, or the plan's.
    pub fn differences(&self) -> &[Difference] {
        match (&self.diff.other, &self.plan.built) {
            (Some((_, other)), _) => other,
            (None, Some(built)) => &built.differences,
            (None, None) => &[],
        }
    }

    /// Whether the gauges ought to be read: while something runs or they are in sight.
    pub fn wants_gauges(&self) -> bool {
        matches!(self.link, Link::Up(_)) && (self.running() || self.tab == Tab::Gauges)
    }

    /// Whether something is under way whose end is not in sight.
    pub fn busy(&self) -> bool {
        matches!(self.link, Link::Connecting | Link::Preparing(_))
            || self.starting
            || self.diff.working.is_some()
            || self.browser.reloading
            || self.chat.pending.is_some()
            || self.plan.building.is_some()
            || self.rehearsing()
            || self.run.as_ref().is_some_and(|r| r.current.is_some() || r.cancelling)
    }

    /// Whether a rehearsal is under way.
    pub fn rehearsing(&self) -> bool {
        self.plan.rehearsed.as_ref().is_some_and(|r| r.going().is_some())
    }

    /// When the screen must be looked at again though nothing happens; `None` when idle.
    pub fn deadline(&self) -> Option<Instant> {
        if matches!(self.layers.last(), Some(Layer::Confirm(_))) || self.busy() {
            return Some(self.now + Duration::from_millis(250));
        }
        self.watching.as_ref().map(|_| self.now + Duration::from_secs(1))
    }

    /// The coloured form of a text, when it is there.
    pub fn coloured(&self, text: &str) -> Option<&Coloured> {
        let key = text_key(text);
        self.coloured.iter().find(|(k, _)| *k == key).and_then(|(_, lines)| lines.as_ref())
    }
}

/// The number under which a text's coloured form is kept.
pub fn text_key(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
