//! What is said in the chat, and what becomes of it.

use super::super::effect::Effect;
use super::super::state::{Focus, Open, Said, Source, State, Tongue};
use super::plan;
use crate::assistant::{Answer, Proposal};
use crate::schema::Schema;
use crossterm::event::{KeyCode, KeyEvent};

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
    match text.as_str() {
        "/help" => return help(state),
        "/context" => return context(state),
        slash if slash.starts_with('/') && !slash.contains(' ') => {
            return note(state, format!("There is no {slash}. There are /help and /context."));
        }
        _ => {}
    }
    if let Some(open) = state.chat.open.take() {
        // A choice in words; anything else is a new request.
        let chosen = open.question.choices.iter().find(|c| c.eq_ignore_ascii_case(&text)).cloned();
        if let Some(choice) = chosen {
            return answer(state, open, choice, effects);
        }
    }
    if reads_as_sql(state.dialect.as_ref(), state.schema.as_deref(), &text) {
        return plan_sql(state, "Your SQL", &text, effects);
    }
    interpret(state, text, Vec::new(), effects);
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
}

fn context(state: &mut State) {
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
    answers.push(Answer { question: open.question.id, choice });
    interpret(state, open.request, answers, effects);
}

fn interpret(state: &mut State, text: String, answers: Vec<Answer>, effects: &mut Vec<Effect>) {
    let Some(ground) = state.ground() else {
        return note(state, "The schema has not been read yet; ask again in a moment.");
    };
    let id = state.next_id();
    state.chat.pending = Some(id);
    state.chat.asked = Some((id, text.clone(), answers.clone()));
    effects.push(Effect::Interpret { id, text, answers, ground });
}

/// What became of a request.
pub fn proposed(state: &mut State, id: u64, proposal: Proposal, effects: &mut Vec<Effect>) {
    if state.chat.pending != Some(id) {
        return;
    }
    state.chat.pending = None;
    let (request, answers) = state.chat.asked.take().map(|(_, text, answers)| (text, answers)).unwrap_or_default();
    match proposal {
        Proposal::Changes { title, changes, notes } => {
            plan::build(state, Source::Changes { title, changes, notes }, effects);
        }
        Proposal::Sql { title, sql, .. } => plan::build(state, Source::Sql { title, text: sql }, effects),
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
