//! Dialogs: consent to a step, and questions with an answer on each key.

use super::super::effect::Effect;
use super::super::keys::Chord;
use super::super::state::{Ask, Choice, Confirm, GUARD, Layer, Link, State, Then};
use super::{files, inform, plan, run};
use crate::run::{Command, Consent};
use crate::tui::action::Tab;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// How often the go/no-go is looked at while its dialog is open.
const GATE_EVERY: Duration = Duration::from_millis(500);

/// Whether a key came so soon after a dialog opened that it was meant for something else.
pub fn too_soon(state: &State) -> bool {
    let opened = match state.layers.last() {
        Some(Layer::Confirm(confirm)) => confirm.opened,
        Some(Layer::Ask(ask)) => ask.opened,
        _ => return false,
    };
    state.now.saturating_duration_since(opened) < GUARD
}

/// A moment passed: an open dialog looks at the go/no-go again.
pub fn tick(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    if let Some(Layer::Confirm(confirm)) = state.layers.last_mut()
        && now.saturating_duration_since(confirm.gate_asked) >= GATE_EVERY
    {
        confirm.gate_asked = now;
        effects.push(Effect::Tell(Command::RefreshGate));
    }
}

/// What must be typed for the step that waits.
pub fn wanted(state: &State) -> Option<&str> {
    state.run.as_ref()?.asked.as_ref()?.0.typed_consent()
}

/// Whether the key was taken as a letter of what must be typed.
pub fn typed_first(state: &mut State, event: KeyEvent) -> bool {
    if wanted(state).is_none() || event.modifiers.contains(KeyModifiers::CONTROL) {
        return false;
    }
    let Some(Layer::Confirm(confirm)) = state.layers.last_mut() else { return false };
    let letter = matches!(event.code, KeyCode::Char(_) | KeyCode::Backspace | KeyCode::Delete);
    letter && !confirm.on_run && confirm.typed.key(event)
}

/// Whether the key was the answer to a question.
pub fn choice(state: &mut State, event: KeyEvent, effects: &mut Vec<Effect>) -> bool {
    let Some(Layer::Ask(ask)) = state.layers.last() else { return false };
    let chosen = ask.choices.iter().find(|c| Chord::of(event) == Chord { code: KeyCode::Char(c.key), ctrl: false });
    let Some(then) = chosen.map(|c| c.then.clone()) else { return false };
    state.layers.pop();
    carry_out(state, then, effects);
    true
}

fn carry_out(state: &mut State, then: Then, effects: &mut Vec<Effect>) {
    match then {
        Then::Quit => {
            state.quit = Some(super::super::Next::Quit);
            effects.push(Effect::Quit);
        }
        Then::Signal { backend, terminate } => effects.push(Effect::Signal { backend, terminate }),
        Then::ShowHistory => {
            state.tab = Tab::History;
            state.focus = super::super::state::Focus::Middle;
        }
        Then::TakeBack { run, to } => {
            state.starting = true;
            effects.push(Effect::TakeBack { run: Some(run), to });
        }
        Then::Continue { run } => {
            state.starting = true;
            effects.push(Effect::Resume(run));
        }
        Then::PlanAgain => plan_again(state, effects),
        Then::StopRun => run::stop(state, effects),
        Then::Overwrite(path) => files::save(state, path, true, effects),
        Then::Renamed { rename, same } => plan::renamed(state, rename, same, effects),
    }
}

/// Reads the schema, and then makes the plan again on it.
fn plan_again(state: &mut State, effects: &mut Vec<Effect>) {
    state.plan.again = true;
    super::database::reload(state, effects);
}

pub fn other_button(state: &mut State) {
    if let Some(Layer::Confirm(confirm)) = state.layers.last_mut() {
        confirm.on_run = !confirm.on_run;
    }
}

/// Enter presses Cancel. On Run it only says which key runs.
pub fn press_button(state: &mut State) {
    match state.layers.last() {
        Some(Layer::Confirm(Confirm { on_run: true, .. })) => inform(state, "Enter never runs a step: press y."),
        Some(Layer::Confirm(_)) if wanted(state).is_none() => {
            state.layers.pop();
            inform(state, "Nothing ran. x asks again; S ends the run.");
        }
        _ => inform(state, "Type the name, Tab to Run, then y. Esc leaves without running."),
    }
}

/// The user's yes, tied to exactly what was shown.
pub fn confirm(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Layer::Confirm(confirm)) = state.layers.last() else { return };
    let Some((step, _)) = state.run.as_ref().and_then(|r| r.asked.as_ref()) else { return };
    let typed = match step.typed_consent() {
        Some(wanted) if confirm.typed.text().trim() != wanted => {
            let text = format!("Type {} first; nothing ran.", crate::sql::one_line(wanted));
            return inform(state, text);
        }
        wanted => wanted.map(str::to_owned),
    };
    let consent = Consent { step: step.id.clone(), hash: Consent::hash_of(step), typed };
    effects.push(Effect::Tell(Command::Confirm(consent)));
    state.layers.pop();
    state.notice = None;
}

pub fn skip(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((step, _)) = state.run.as_ref().and_then(|r| r.asked.as_ref()) else { return };
    effects.push(Effect::Tell(Command::Skip(step.id.clone())));
    state.layers.pop();
}

pub fn refresh(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(Layer::Confirm(confirm)) = state.layers.last_mut() {
        confirm.gate_asked = state.now;
        effects.push(Effect::Tell(Command::RefreshGate));
    }
}

pub fn ask_quit(state: &mut State) {
    state.layers.push(Layer::Ask(Ask {
        opened: state.now,
        title: "A run is under way".into(),
        text: vec![
            "Quitting cancels what runs now, on the server too,".into(),
            "and leaves the rest of the plan undone. The journal keeps what was done.".into(),
        ],
        choices: vec![
            Choice { key: 's', label: "stop before the next step and stay".into(), then: Then::StopRun },
            Choice { key: 'Q', label: "cancel it and quit".into(), then: Then::Quit },
        ],
    }));
}

/// Asks before a session of somebody else is signalled.
pub fn ask_signal(state: &mut State, terminate: bool) {
    let Some(backend) = state.blocker() else { return };
    let gauged = state.gauges.latest.as_ref().map(|s| s.locks.blockers.as_slice()).unwrap_or_default();
    let asked = state.run.as_ref().and_then(|r| r.asked.as_ref()).map(|(_, gate)| gate.holders.as_slice());
    let waited = state.run.as_ref().and_then(|r| r.blocker());
    let blocker = waited.into_iter().chain(gauged).chain(asked.unwrap_or_default()).find(|b| b.backend == backend);
    let mut text = Vec::new();
    if let Some(b) = blocker {
        let one = |t: &Option<String>| crate::sql::one_line(t.as_deref().unwrap_or("?"));
        text.push(format!("User {}, application {}, {}.", one(&b.user), one(&b.application), one(&b.state)));
        if let Some(query) = &b.query {
            text.push(crate::sql::one_line(query));
        }
    }
    let (title, key, label) = if terminate {
        text.push("Terminating ends its connection; its transaction is rolled back.".into());
        (format!("Terminate session {backend}?"), 'E', "end that session")
    } else {
        text.push("Cancelling stops its query. An idle transaction has none and stays; T terminates it.".into());
        (format!("Cancel the query of session {backend}?"), 'C', "cancel its query")
    };
    if matches!(&state.link, Link::Up(info) if info.production) {
        text.push("This is PRODUCTION.".into());
    }
    let then = Then::Signal { backend, terminate };
    let choices = vec![Choice { key, label: label.into(), then }];
    state.layers.push(Layer::Ask(Ask { opened: state.now, title, text, choices }));
}
