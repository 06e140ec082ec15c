//! What the database told.

use super::super::effect::Effect;
use super::super::message::FromDatabase;
use super::super::state::{Ask, Choice, Layer, Link, Notice, Purpose, State, Then, Tongue};
use super::{browser, inform, picker, plan, problem};
use crate::run::{Direction, RunRecord, RunState, StepState};
use crate::sql::one_line;
use crate::tui::Preparing;
use crate::{Error, ErrorCode};

pub fn told(state: &mut State, told: FromDatabase, effects: &mut Vec<Effect>) {
    match told {
        FromDatabase::Connected(Ok(connected)) => {
            state.picker = None;
            state.connected = Some(connected.info.shown.clone());
            if let Some(warning) = connected.info.warnings.first() {
                inform(state, one_line(warning));
            }
            state.link = Link::Up(connected.info);
            state.dialect = Some(Tongue(connected.dialect));
            state.browser.reloading = true;
            effects.push(Effect::ReadSchema(state.generation));
            effects.push(Effect::ReadHistory(state.generation));
        }
        FromDatabase::Connected(Err(error)) => refused(state, error),
        FromDatabase::Outline(Ok(outline)) => {
            state.browser.load(outline, state.schema.as_deref());
            state.browser.reloading = true;
        }
        FromDatabase::Schema(Ok(schema)) => {
            state.schema = Some(schema);
            state.browser.reloading = false;
            // That the server could not be reached is no news any more.
            let unreachable = |code| matches!(code, ErrorCode::Connection | ErrorCode::ConnectionLost);
            if matches!(&state.notice, Some(Notice::Problem(error)) if unreachable(error.code)) {
                state.notice = None;
            }
            state.browser.lay_out(state.schema.as_deref());
            browser::refresh_details(state);
            state.browser.find(state.schema.as_deref());
            if std::mem::take(&mut state.plan.again) {
                plan::build_again(state, effects);
            }
            super::chat::take_up(state, effects);
            if let Some(path) = state.migration.take() {
                effects.push(Effect::ReadFile(Purpose::Migration, path));
            }
        }
        FromDatabase::Outline(Err(error)) | FromDatabase::Schema(Err(error)) => {
            state.browser.reloading = false;
            problem(state, error);
        }
        FromDatabase::History(Ok(runs)) => {
            state.history = runs;
            state.history_selected = state.history_selected.min(state.history.len().saturating_sub(1));
            ask_about_unfinished(state);
        }
        FromDatabase::History(Err(error)) => problem(state, error),
    }
}

/// Follows a database that is being made, unless another was chosen meanwhile.
pub fn preparing(state: &mut State, news: Preparing, effects: &mut Vec<Effect>) {
    if !matches!(state.link, Link::Preparing(_)) {
        return;
    }
    match news {
        Preparing::Note(note) => state.link = Link::Preparing(note),
        Preparing::Ready(Ok(target)) => picker::open(state, target, effects),
        Preparing::Ready(Err(error)) => refused(state, error),
    }
}

/// No connection: the list to choose from, with what went wrong and the same target to try again.
fn refused(state: &mut State, error: Error) {
    state.link = Link::None;
    let mut choices = state.choices();
    let failed = state.target.as_ref().map(|t| t.shown.clone());
    let again = choices.entries.iter().position(|e| Some(&e.label) == failed.as_ref());
    choices.selected = again.map_or(0, |at| at + 1);
    let picker = state.picker.get_or_insert(choices);
    picker.connecting = false;
    picker.leave = false;
    picker.problem = Some(error);
}

/// Reads everything again; what is shown stays until the answer is there.
pub fn reload(state: &mut State, effects: &mut Vec<Effect>) {
    state.browser.reloading = true;
    effects.push(Effect::ReadSchema(state.generation));
    effects.push(Effect::ReadHistory(state.generation));
}

/// A run whose process is gone without an end in the journal.
fn is_unfinished(run: &RunRecord) -> bool {
    run.state == RunState::Running && !run.alive
}

/// Once after connecting: says what an interrupted run did and what is unknown.
fn ask_about_unfinished(state: &mut State) {
    if state.asked_unfinished || state.running() {
        return;
    }
    state.asked_unfinished = true;
    let Some(run) = state.history.iter().find(|r| is_unfinished(r)) else { return };
    let done = run.steps.iter().filter(|s| s.state == StepState::Done).count();
    let mut text = vec![
        format!("\"{}\" was started by {} at {}", one_line(&run.title), one_line(&run.operator), run.started_at),
        "and its process ended without a word in the journal.".to_owned(),
        String::new(),
        format!("Done: {done} of {} steps.", run.steps.len()),
    ];
    for step in run.steps.iter().filter(|s| s.state == StepState::Running) {
        text.push(format!("Unknown: \"{}\" was begun; look whether it took effect.", one_line(&step.step.title)));
    }
    let mut choices = vec![Choice { key: 'v', label: "view it".into(), then: Then::ShowHistory }];
    if run.direction == Direction::Forward {
        choices.push(Choice {
            key: 'r',
            label: "resume: do what is left, each step confirmed".into(),
            then: Then::Continue { run: run.id.clone() },
        });
        if run.steps.iter().any(|s| s.state != StepState::Planned) {
            choices.push(Choice {
                key: 'b',
                label: "roll back what was done".into(),
                then: Then::TakeBack { run: run.id.clone(), to: None },
            });
        }
    }
    let title = "A run was interrupted".to_owned();
    state.layers.push(Layer::Ask(Ask { opened: state.now, title, text, choices }));
}
