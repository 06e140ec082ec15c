//! What is said in the chat, and what becomes of it.

use super::super::effect::Effect;
use super::super::state::{Focus, Open, Said, Source, State, Tongue};
use super::plan;
use crate::Error;
use crate::assistant::provider::ProviderEvent;
use crate::assistant::{Answer, Proposal, wording};
use crate::schema::Schema;
use crossterm::event::{KeyCode, KeyEvent};

/// The id of every question that a model asks.
const MODEL: &str = "model";

pub fn typed(state: &mut State, event: KeyEvent) {
    if let (Some(open), KeyCode::Char(c @ '1'..='9')) = (&mut state.chat.open, event.code)
        && state.chat.input.is_empty()
    {
        let at = usize::try_from(c.to_digit(10).unwrap_or(1)).unwrap_or(1) - 1;
        open.selected = at.min(open.question.choices.len().saturating_sub(1));
        return;
    }
    state.chat.input.input(event);
}

/// Up: the answer above while a question is open, else the line above, else the request before.
pub fn up(state: &mut State) {
    if let (Some(open), true) = (&mut state.chat.open, state.chat.input.is_empty()) {
        open.selected = open.selected.saturating_sub(1);
    } else if state.chat.input.cursor().0 > 0 {
        state.chat.input.move_cursor(ratatui_textarea::CursorMove::Up);
    } else {
        state.chat.recall(true);
    }
}

pub fn down(state: &mut State) {
    if let (Some(open), true) = (&mut state.chat.open, state.chat.input.is_empty()) {
        open.selected = (open.selected + 1).min(open.question.choices.len().saturating_sub(1));
    } else if state.chat.input.cursor().0 + 1 < state.chat.input.lines().len() {
        state.chat.input.move_cursor(ratatui_textarea::CursorMove::Down);
    } else {
        state.chat.recall(false);
    }
}

pub fn send(state: &mut State, effects: &mut Vec<Effect>) {
    let text = state.chat.take();
    if text.is_empty() {
        return answer_open(state, effects);
    }
    state.chat.earlier.push(text.clone());
    state.chat.say(Said::You(text.clone()));
    if is_command(&text) {
        let (command, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        return obey(state, command, rest.trim(), effects);
    }
    if let Some(open) = state.chat.open.take() {
        // A choice in words; anything else is a new request.
        let chosen = open.question.choices.iter().find(|c| c.eq_ignore_ascii_case(&text)).cloned();
        if let Some(choice) = chosen {
            return answer(state, open, choice, effects);
        }
    }
    request(state, text, effects);
}

/// Takes a request in words or as SQL; before the schema is there, it waits for it.
fn request(state: &mut State, text: String, effects: &mut Vec<Effect>) {
    if state.ground().is_none() {
        state.chat.waiting = Some(text);
        return note(state, "The schema is still being read; your request is taken up then.");
    }
    if reads_as_sql(state.dialect.as_ref(), state.schema.as_deref(), &text) {
        return plan_sql(state, "Your SQL", &text, effects);
    }
    let model = state.chat.asks_model();
    interpret(state, text, Vec::new(), model, effects);
}

/// The schema is there: the request that waited for it goes on.
pub fn take_up(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(text) = state.chat.waiting.take() {
        request(state, text, effects);
    }
}

/// Whether a text is a command to the chat: one word after a slash. A comment in SQL is none.
fn is_command(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn obey(state: &mut State, command: &str, rest: &str, effects: &mut Vec<Effect>) {
    match command {
        "/help" => help(state),
        "/context" => context(state, rest, effects),
        "/builtin" if rest.is_empty() => toggle_builtin(state),
        "/builtin" => interpret(state, rest.to_owned(), Vec::new(), false, effects),
        _ => note(state, format!("There is no {command}. There are /help, /context and /builtin.")),
    }
}

fn toggle_builtin(state: &mut State) {
    state.chat.builtin = !state.chat.builtin;
    let text = match &state.chat.model {
        None => "The built-in planner is asked; no model is configured.".to_owned(),
        Some(_) if state.chat.builtin => "The built-in planner is asked from now on; /builtin goes back.".to_owned(),
        Some(model) => format!("{model} is asked from now on."),
    };
    state.chat.builtin &= state.chat.model.is_some();
    note(state, text);
}

fn note(state: &mut State, text: impl Into<String>) {
    state.chat.say(Said::Note(text.into()));
}

fn help(state: &mut State) {
    for line in [
        "Say what should change: add a region to sales, required, default 'EU', and index it",
        "Ask about the schema: what references orders? which tables have no primary key?",
        "Ask what would happen: what would happen if I drop users.email?",
        "Paste SQL: it is read, judged and planned like a file. Nothing runs before you confirm each step.",
    ] {
        note(state, line);
    }
    if state.chat.model.is_some() {
        note(state, "/context REQUEST shows exactly what the model would be sent.");
        note(state, "/builtin REQUEST asks the built-in planner once; /builtin alone switches to it and back.");
    }
}

/// What whoever is asked would know.
fn context(state: &mut State, request: &str, effects: &mut Vec<Effect>) {
    if let (true, Some(ground)) = (state.chat.asks_model(), state.ground()) {
        let text = if request.is_empty() { "(your request)" } else { request };
        let history = state.chat.turns.clone();
        return effects.push(Effect::Preview { text: text.to_owned(), ground, history });
    }
    let text = match &state.schema {
        None => "The schema has not been read yet.".to_owned(),
        Some(schema) => format!(
            "The planner knows {} tables, {} views, {} functions and {} types of this {} database. Rows of data are never read.",
            schema.tables.len(),
            schema.views.len(),
            schema.routines.len(),
            schema.types.len(),
            schema.engine
        ),
    };
    note(state, text);
}

fn answer_open(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(open) = state.chat.open.take() else { return };
    if let Some(choice) = open.question.choices.get(open.selected).cloned() {
        answer(state, open, choice, effects);
    }
}

fn answer(state: &mut State, open: Open, choice: String, effects: &mut Vec<Effect>) {
    let asked = state.chat.said.iter_mut().rev().find_map(|said| match said {
        Said::Question { answered, .. } => Some(answered),
        _ => None,
    });
    if let Some(answered) = asked {
        *answered = Some(choice.clone());
    }
    let mut answers = open.answers;
    let model = open.question.id == MODEL && state.chat.asks_model();
    answers.push(Answer { question: open.question.id, choice });
    interpret(state, open.request, answers, model, effects);
}

fn interpret(state: &mut State, text: String, answers: Vec<Answer>, model: bool, effects: &mut Vec<Effect>) {
    let Some(ground) = state.ground() else {
        return note(state, "The schema has not been read yet; ask again in a moment.");
    };
    let id = state.next_id();
    state.chat.pending = Some(id);
    state.chat.asked = Some((id, text.clone(), answers.clone()));
    state.chat.heard.clear();
    let model = model.then(|| state.chat.turns.clone());
    effects.push(Effect::Interpret { id, text, answers, ground, model });
}

/// What the model says while it thinks.
pub fn heard(state: &mut State, id: u64, event: ProviderEvent) {
    if state.chat.pending != Some(id) {
        return;
    }
    match event {
        ProviderEvent::Text(text) => state.chat.heard.push_str(&text),
        ProviderEvent::Retry { attempt, wait_ms, why } => {
            note(state, format!("{why}. Try {} in {:.1} s.", attempt + 1, wait_ms as f64 / 1000.0));
        }
        ProviderEvent::Usage { .. } => {}
    }
}

/// The model failed: the answer that comes next is the built-in planner's.
pub fn fell_back(state: &mut State, id: u64, why: &Error) {
    if state.chat.pending == Some(id) {
        note(state, format!("The built-in planner answers instead: {}.", why.message));
        if let Some(hint) = &why.hint {
            note(state, hint.clone());
        }
    }
}

/// Drops the request that is being thought about.
pub fn forget(state: &mut State, effects: &mut Vec<Effect>) {
    state.chat.pending = None;
    state.chat.asked = None;
    state.chat.heard.clear();
    effects.push(Effect::Forget);
    note(state, "Dropped; nothing was changed.");
}

/// What became of a request.
pub fn proposed(state: &mut State, id: u64, proposal: Proposal, effects: &mut Vec<Effect>) {
    if state.chat.pending != Some(id) {
        return;
    }
    state.chat.pending = None;
    state.chat.heard.clear();
    let (request, answers) = state.chat.asked.take().map(|(_, text, answers)| (text, answers)).unwrap_or_default();
    if let Some(outcome) = outcome(&proposal) {
        state.chat.remember(wording(&request, &answers), outcome);
    }
    match proposal {
        Proposal::Changes { title, changes, notes } => {
            plan::build(state, Source::Changes { title, changes, notes }, effects);
        }
        Proposal::Sql { title, sql, notes } => {
            for text in notes {
                note(state, text);
            }
            plan::build(state, Source::Sql { title, text: sql }, effects);
        }
        Proposal::Question(question) => {
            state.chat.say(Said::Question {
                text: question.text.clone(),
                choices: question.choices.clone(),
                answered: None,
            });
            state.chat.open = Some(Open { request, question, answers, selected: 0 });
            state.focus = Focus::Chat;
        }
        Proposal::Reply(reply) => state.chat.say(Said::Reply(reply)),
        Proposal::NotUnderstood { what, nearest } => state.chat.say(Said::NotUnderstood { what, nearest }),
    }
}

/// What came of a request, as a model is told of it later.
fn outcome(proposal: &Proposal) -> Option<String> {
    match proposal {
        Proposal::Changes { title, .. } | Proposal::Sql { title, .. } => Some(format!("I proposed: {title}")),
        Proposal::Question(question) => Some(format!("{} ({})", question.text, question.choices.join(", "))),
        Proposal::Reply(reply) => Some(reply.answer.clone()),
        Proposal::NotUnderstood { .. } => None,
    }
}

/// Whether a text is SQL and not English: it reads as statements that do something.
pub fn reads_as_sql(dialect: Option<&Tongue>, schema: Option<&Schema>, text: &str) -> bool {
    let (Some(Tongue(dialect)), Some(schema)) = (dialect, schema) else { return false };
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let starts = [
        "CREATE", "ALTER", "DROP", "UPDATE", "INSERT", "DELETE", "TRUNCATE", "COMMENT", "GRANT", "BEGIN", "SET",
        "REINDEX", "VACUUM", "--", "/*",
    ];
    if !starts.iter().any(|s| first.starts_with(s)) {
        return false;
    }
    let script = dialect.read(text, schema);
    script
        .statements
        .iter()
        .any(|s| s.parsed() && (!s.reading.changes.is_empty() || s.reading.data || text.contains(';')))
}

/// Plans a text of SQL.
pub fn plan_sql(state: &mut State, title: &str, text: &str, effects: &mut Vec<Effect>) {
    plan::build(state, Source::Sql { title: title.to_owned(), text: text.to_owned() }, effects);
}
