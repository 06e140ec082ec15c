//! Choosing a database.

use super::super::Next;
use super::super::effect::Effect;
use super::super::state::{Browser, DiffPane, Link, Pick, PlanPane, State};
use crate::engine::Target;

/// Connects to a database and forgets what belonged to the one before.
pub fn open(state: &mut State, target: Target, effects: &mut Vec<Effect>) {
    state.generation += 1;
    state.link = Link::Connecting;
    state.browser = Browser::default();
    state.plan = PlanPane::default();
    state.diff = DiffPane::default();
    state.details = None;
    state.schema = None;
    state.dialect = None;
    state.run = None;
    state.history.clear();
    state.asked_unfinished = false;
    state.notice = None;
    state.target = Some(target.clone());
    effects.push(Effect::Connect(state.generation, Box::new(target)));
}

/// Takes the row that is chosen, or the URL that was typed.
pub fn choose(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(picker) = &mut state.picker else { return };
    let target = match picker.entry().map(|e| e.pick.clone()) {
        Some(Pick::Demo) => {
            state.quit = Some(Next::Demo);
            return effects.push(Effect::Quit);
        }
        Some(Pick::Target(target)) => *target,
        None if picker.input.text().trim().is_empty() => return,
        None => match Target::parse(picker.input.text()) {
            Ok(target) => target,
            Err(error) => return picker.problem = Some(error),
        },
    };
    picker.connecting = true;
    picker.problem = None;
    state.demo = false;
    open(state, target, effects);
}

/// Shows the list again, with the connection that there is to go back to.
pub fn choose_another(state: &mut State) {
    let mut picker = state.choices();
    picker.leave = matches!(state.link, Link::Up(_));
    state.picker = Some(picker);
}
