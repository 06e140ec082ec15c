//! The chat: what was said, what is being typed, and the question that is open.

use crate::Error;
use crate::assistant::provider::Turn;
use crate::assistant::{Answer, Question, Reply};
use ratatui_textarea::TextArea;

/// Turns of the talk that a model is told again; an even number, so that a request comes first.
const TURNS_KEPT: usize = 12;

/// One thing in the transcript.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    You(String),
    Reply(Reply),
    /// A plan was made of it.
    Planned {
        title: String,
        steps: usize,
        notes: Vec<String>,
    },
    Question {
        text: String,
        choices: Vec<String>,
        answered: Option<String>,
    },
    NotUnderstood {
        what: String,
        nearest: Vec<String>,
    },
    Problem(Error),
    Note(String),
}

/// A question that waits for one of its choices.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// The request that led to it.
    pub request: String,
    pub question: Question,
    /// What was answered before it.
    pub answers: Vec<Answer>,
    pub selected: usize,
}

/// The pane's state.
#[derive(Clone, Debug)]
pub struct Chat {
    pub input: TextArea<'static>,
    pub said: Vec<Said>,
    /// Lines scrolled up from the newest.
    pub scroll: usize,
    /// A request that waits for the schema to be there.
    pub waiting: Option<String>,
    /// The request that is being thought about, by its number.
    pub pending: Option<u64>,
    /// That request: its number, its words, and what was answered to earlier questions about it.
    pub asked: Option<(u64, String, Vec<Answer>)>,
    pub open: Option<Open>,
    /// The model that is asked, by its name and host, where there is one.
    pub model: Option<String>,
    /// The built-in planner is asked though there is a model.
    pub builtin: bool,
    /// What the model has said about the pending request so far.
    pub heard: String,
    /// The talk with the model: request and outcome in turns.
    pub turns: Vec<Turn>,
    /// Requests made before, oldest first, and which one the input shows.
    pub earlier: Vec<String>,
    pub recalled: Option<usize>,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            input: empty_input(),
            said: Vec::new(),
            scroll: 0,
            waiting: None,
            pending: None,
            asked: None,
            open: None,
            model: None,
            builtin: false,
            heard: String::new(),
            turns: Vec::new(),
            earlier: Vec::new(),
            recalled: None,
        }
    }
}

fn empty_input() -> TextArea<'static> {
    let mut input = TextArea::default();
    input.set_cursor_line_style(ratatui::style::Style::default());
    input
}

impl Chat {
    /// What is typed, and the input empty again.
    pub fn take(&mut self) -> String {
        let text = self.input.lines().join("\n").trim().to_owned();
        self.input = empty_input();
        self.scroll = 0;
        self.recalled = None;
        text
    }

    /// Whether requests go to the model.
    pub fn asks_model(&self) -> bool {
        self.model.is_some() && !self.builtin
    }

    /// Remembers a request and what came of it, for the requests that follow on it.
    pub fn remember(&mut self, request: String, outcome: String) {
        self.turns.push(Turn { role: "user", text: request });
        self.turns.push(Turn { role: "assistant", text: outcome });
        let too_many = self.turns.len().saturating_sub(TURNS_KEPT);
        self.turns.drain(..too_many);
    }

    pub fn say(&mut self, said: Said) {
        self.said.push(said);
        self.scroll = 0;
    }

    /// Puts an earlier request into the input: `back` towards older ones.
    pub fn recall(&mut self, back: bool) {
        let len = self.earlier.len();
        let at = match (self.recalled, back) {
            (None, true) => len.checked_sub(1),
            (None, false) => None,
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) => Some(at + 1).filter(|at| *at < len),
        };
        self.recalled = at;
        self.input = empty_input();
        if let Some(text) = at.and_then(|at| self.earlier.get(at)) {
            self.input.insert_str(text);
        }
    }
}
