//! The reducer: what happened goes in, the state changes, what is to be done elsewhere comes out. It reads no clock,
//! does no I/O and starts nothing.

mod act;
mod browser;
mod chat;
mod database;
mod dialog;
mod files;
mod key;
mod mouse;
mod picker;
mod plan;
mod rehearsal;
mod run;

#[cfg(test)]
mod tests;

use super::effect::Effect;
use super::message::Message;
use super::state::{self, Layer, Notice, State};
use std::time::Instant;

pub use act::matches as palette_matches;
pub use picker::open as open_picker;

/// Coloured texts that are kept.
const COLOURED_KEPT: usize = 64;

/// Takes in one thing that happened at `now`.
pub fn update(state: &mut State, message: Message, now: Instant) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    match message {
        Message::Key(event) => key::press(state, event, &mut effects),
        Message::Mouse(event) => mouse::event(state, event, &mut effects),
        Message::Paste(text) => key::paste(state, &text, &mut effects),
        Message::Resize(width, height) => state.size = (width, height),
        Message::Tick => dialog::tick(state, &mut effects),
        Message::Terminate => effects.push(Effect::Quit),
        Message::Preparing(news) => database::preparing(state, news, &mut effects),
        Message::Database(generation, told) if generation == state.generation => {
            database::told(state, told, &mut effects);
        }
        Message::Database(..) => {}
        Message::Interpreted(id, proposal) => chat::proposed(state, id, proposal, &mut effects),
        Message::Heard(id, event) => chat::heard(state, id, event),
        Message::FellBack(id, why) => chat::fell_back(state, id, &why),
        Message::Previewed(text) => state.chat.say(state::Said::Note(text)),
        Message::Planned(id, result) => plan::planned(state, id, *result),
        Message::Compared(id, title, result) => plan::compared(state, id, title, result),
        Message::Highlighted(key, lines) => {
            if let Some(slot) = state.coloured.iter_mut().find(|(k, _)| *k == key) {
                slot.1 = Some(lines);
            }
        }
        Message::Rehearsing(id, news) => rehearsal::told(state, id, news),
        Message::Rehearsed(id, result) => rehearsal::ended(state, id, *result),
        Message::Run(told) => run::told(state, told, &mut effects),
        Message::Reading(reading) => run::reading(state, reading),
        Message::File(purpose, path, result) => files::read(state, purpose, &path, result, &mut effects),
        Message::Saved(path, result) => files::saved(state, &path, result),
        Message::WouldOverwrite(path) => files::would_overwrite(state, path),
        Message::Edited(step, result) => plan::edited(state, &step, result, &mut effects),
        Message::Copied(result) => match result {
            Ok(what) => inform(state, what),
            Err(error) => state.notice = Some(Notice::Problem(error)),
        },
        Message::Signalled { backend, terminate, result } => run::signalled(state, backend, terminate, result),
    }
    follow_up(state, &mut effects);
    effects
}

/// What the changed state itself calls for: gauges on or off, colours for the texts in sight.
fn follow_up(state: &mut State, effects: &mut Vec<Effect>) {
    let wanted = state.wants_gauges().then(|| run::gauge_focus(state));
    if wanted != state.watching {
        effects.push(Effect::Watch(wanted.clone()));
        state.watching = wanted;
    }
    for text in texts_in_sight(state) {
        let key = state::text_key(&text);
        if state.coloured.iter().any(|(k, _)| *k == key) {
            continue;
        }
        state.coloured.push_back((key, None));
        if state.coloured.len() > COLOURED_KEPT {
            state.coloured.pop_front();
        }
        effects.push(Effect::Highlight(key, text));
    }
}

/// The texts of SQL that the screen may show now.
fn texts_in_sight(state: &State) -> Vec<String> {
    let mut texts = Vec::new();
    if let Some(definition) = state.details.as_ref().and_then(|d| d.definition.as_ref()) {
        texts.push(definition.clone());
    }
    let step = match (&state.run, state.layers.last()) {
        (Some(run), Some(Layer::Confirm(_))) => run.asked.as_ref().map(|(step, _)| step),
        _ => state.shown_step(),
    };
    if let Some(step) = step {
        texts.push(sql_text(&step.sql));
        texts.push(sql_text(&step.rollback.sql));
    }
    texts.retain(|text| !text.is_empty());
    texts
}

/// Statements as one text, each with its semicolon.
pub fn sql_text(statements: &[String]) -> String {
    statements.iter().map(|s| format!("{};", s.trim_end().trim_end_matches(';'))).collect::<Vec<_>>().join("\n")
}

fn inform(state: &mut State, text: impl Into<String>) {
    state.notice = Some(Notice::Info(text.into()));
}

fn problem(state: &mut State, error: crate::Error) {
    state.notice = Some(Notice::Problem(error));
}
