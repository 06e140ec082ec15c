//! Keys and pasted text: text where text is typed, actions everywhere else.

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::keys;
use super::super::state::{Focus, Layer, State};
use super::{act, chat, dialog};
use crossterm::event::{KeyEvent, KeyEventKind};

pub fn press(state: &mut State, event: KeyEvent, effects: &mut Vec<Effect>) {
    if event.kind == KeyEventKind::Release || dialog::too_soon(state) {
        return;
    }
    if dialog::typed_first(state, event) || dialog::choice(state, event, effects) {
        return;
    }
    match keys::lookup(state.scope(), event) {
        Some(action) => act::perform(state, action, effects),
        None => typed(state, event),
    }
}

/// Gives the key to the text that is being typed, if any is.
fn typed(state: &mut State, event: KeyEvent) {
    if let Some(layer) = state.layers.last_mut() {
        match layer {
            Layer::Palette(palette) => {
                palette.input.key(event);
                palette.selected = 0;
            }
            Layer::Prompt(prompt) => {
                prompt.input.key(event);
            }
            _ => {}
        }
        return;
    }
    if let Some(picker) = &mut state.picker {
        if picker.input.key(event) {
            picker.selected = 0;
        }
        return;
    }
    match state.focus {
        Focus::Browser => {
            let changed = state.browser.search.as_mut().is_some_and(|search| search.input.key(event));
            if changed {
                state.browser.find(state.schema.as_deref());
            }
        }
        Focus::Chat => chat::typed(state, event),
        Focus::Middle => {}
    }
}

/// A pasted text is one event, and never a command.
pub fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if dialog::too_soon(state) {
        return;
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    match state.layers.last_mut() {
        Some(Layer::Palette(palette)) => {
            if chat::reads_as_sql(state.dialect.as_ref(), state.schema.as_deref(), &text) {
                state.layers.pop();
                chat::plan_sql(state, "Pasted SQL", &text, effects);
            } else {
                palette.input.insert(&text);
            }
            return;
        }
        Some(Layer::Prompt(prompt)) => return prompt.input.insert(text.trim()),
        // Consent is typed, not pasted.
        Some(_) => return,
        None => {}
    }
    if let Some(picker) = &mut state.picker {
        picker.selected = 0;
        return picker.input.insert(text.trim());
    }
    if let (Focus::Browser, Some(search)) = (state.focus, &mut state.browser.search) {
        search.input.insert(text.trim());
        return state.browser.find(state.schema.as_deref());
    }
    if chat::reads_as_sql(state.dialect.as_ref(), state.schema.as_deref(), &text) {
        return chat::plan_sql(state, "Pasted SQL", &text, effects);
    }
    act::perform(state, Action::Ask, effects);
    if state.focus == Focus::Chat {
        state.chat.input.insert_str(&text);
    }
}
