//! Running a plan, following it, and taking it back.

use super::super::action::Tab;
use super::super::effect::Effect;
use super::super::message::FromRun;
use super::super::state::{Ask, Choice, Confirm, Errand, Layer, RunView, State, StepNow, Then};
use super::{inform, plan, problem};
use crate::Result;
use crate::engine::Focus;
use crate::run::{Command, Direction, Event, Outcome};
use crate::watch::Reading;
use std::sync::Arc;

/// Starts the plan, or shows the dialog of the step that waits.
pub fn run(state: &mut State, effects: &mut Vec<Effect>) {
    state.tab = Tab::Plan;
    if state.run.as_ref().is_some_and(|r| r.active() && r.asked.is_some()) {
        return ask(state, effects);
    }
    let Some(built) = &state.plan.built else { return };
    let plan = built.plan.clone();
    let made_for = Some(Arc::clone(&built.made_for));
    let errand = Errand { direction: Direction::Forward, of_run: None, made_for };
    state.starting = true;
    effects.push(Effect::StartRun(Box::new(plan), errand));
}

/// Opens the dialog of the step that waits.
fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    let open = state.layers.iter().any(|l| matches!(l, Layer::Confirm(_)));
    if !open {
        // What was said before the dialog is not about it.
        state.notice = None;
        state.layers.push(Layer::Confirm(Confirm::new(state.now)));
        effects.push(Effect::Tell(Command::RefreshGate));
    }
}

pub fn told(state: &mut State, told: FromRun, effects: &mut Vec<Effect>) {
    match told {
        FromRun::Begun(result) => begun(state, *result),
        FromRun::Event(event) => event_came(state, *event, effects),
        FromRun::Gone => {
            state.starting = false;
            if let Some(run) = state.run.as_mut().filter(|r| r.active()) {
                run.outcome = Some(Outcome::Stopped);
                close_dialog(state);
            }
        }
    }
}

fn begun(state: &mut State, result: Result<(crate::plan::Plan, Direction)>) {
    state.starting = false;
    match result {
        Ok((plan, direction)) => {
            state.run = Some(RunView::new(plan, direction));
            state.plan.selected = 0;
            state.plan.open = false;
            state.tab = Tab::Plan;
        }
        Err(error) if plan::is_stale(&error) => {
            // The title says the first half already.
            let what = error.message.split_once(": ").map_or(error.message.as_str(), |(_, what)| what);
            let text = vec![what.to_owned(), error.hint.clone().unwrap_or_default()];
            state.layers.push(Layer::Ask(Ask {
                opened: state.now,
                title: "The schema has changed since the plan was made".into(),
                text,
                choices: vec![Choice {
                    key: 'p',
                    label: "plan again on the schema of now".into(),
                    then: Then::PlanAgain,
                }],
            }));
        }
        Err(error) => problem(state, error),
    }
}

fn event_came(state: &mut State, event: Event, effects: &mut Vec<Effect>) {
    let Some(run) = &mut state.run else { return };
    let asks = matches!(event, Event::Asks { .. });
    let new_step = match (&event, &run.asked) {
        (Event::Asks { step, .. }, Some((before, _))) => before.id != step.id,
        _ => asks,
    };
    let ended = matches!(event, Event::Ended { .. });
    let failed = match &event {
        Event::StepFailed { error, .. } => Some(error.clone()),
        _ => None,
    };
    let moved_on = matches!(event, Event::StepDone { .. } | Event::StepFailed { .. } | Event::Ended { .. });
    run.take(event, state.now);
    if moved_on {
        close_signals(state);
    }
    if asks && new_step {
        if let Some(at) = plan::next_undone(state) {
            state.plan.selected = at;
        }
        ask(state, effects);
    } else if !asks && state.run.as_ref().is_some_and(|r| r.asked.is_none()) {
        close_dialog(state);
    }
    if let Some(error) = failed {
        problem(state, error);
    }
    if ended {
        end(state, effects);
    }
}

fn end(state: &mut State, effects: &mut Vec<Effect>) {
    close_dialog(state);
    let Some(run) = &state.run else { return };
    let back = run.direction == Direction::Back;
    match run.outcome {
        Some(Outcome::Done) if back => inform(state, "Taken back. Esc shows the plan again."),
        Some(Outcome::Done) => inform(state, "Done. b takes the last step back, B everything."),
        Some(Outcome::Stopped) => inform(state, "Stopped. What was done stays; b and B take it back."),
        Some(Outcome::Cancelled) if state.notice.is_none() => inform(state, "Cancelled, on the server too."),
        _ => {}
    }
    if matches!(state.link, super::super::state::Link::Up(_)) {
        super::database::reload(state, effects);
    }
}

/// Questions about a session that stood in the way of a step which is over.
fn close_signals(state: &mut State) {
    let signals = |layer: &Layer| match layer {
        Layer::Ask(ask) => ask.choices.iter().any(|choice| matches!(choice.then, Then::Signal { .. })),
        _ => false,
    };
    state.layers.retain(|layer| !signals(layer));
}

fn close_dialog(state: &mut State) {
    state.layers.retain(|layer| !matches!(layer, Layer::Confirm(_)));
}

/// What the gauges look at: the running step, or the one that waits for consent.
pub fn gauge_focus(state: &State) -> Focus {
    let Some(run) = state.run.as_ref().filter(|r| r.active()) else { return Focus::default() };
    let step = match (&run.current, &run.asked) {
        (Some((id, _)), _) => run.step(id),
        (None, Some((step, _))) => Some(step),
        _ => None,
    };
    let Some(step) = step else { return Focus { backend: run.executor, ..Focus::default() } };
    let probe = step.changes.iter().find_map(|c| c.table().cloned());
    let probe = probe.or_else(|| step.backfill.as_ref().map(|b| b.table.clone()));
    let exists = |name: &crate::schema::QName| state.schema.as_ref().is_some_and(|s| s.tables.contains_key(name));
    let locked = || {
        let is_locked = |name: &&crate::schema::QName| step.locks.iter().any(|l| l.relation == name.to_string());
        state.schema.as_ref()?.tables.keys().find(is_locked).cloned()
    };
    Focus { backend: run.executor, locks: step.locks.clone(), probe: probe.filter(exists).or_else(locked) }
}

pub fn reading(state: &mut State, reading: Reading) {
    if state.watching.is_none() {
        return;
    }
    match reading {
        Reading::Sample(sample) => {
            state.gauges.push(*sample, state.now);
            state.blind = None;
        }
        Reading::Blind(error) => state.blind = Some(error),
    }
}

pub fn pause(state: &mut State, effects: &mut Vec<Effect>) {
    let paused = state.run.as_ref().and_then(|r| r.filled).is_some_and(|f| f.paused);
    effects.push(Effect::Tell(if paused { Command::Resume } else { Command::Pause }));
}

pub fn cancel(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(run) = &mut state.run {
        run.cancelling = true;
        effects.push(Effect::Tell(Command::Cancel));
        inform(state, "Cancelling: asked the server, waiting for its answer.");
    }
}

pub fn stop(state: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Tell(Command::Stop));
    close_dialog(state);
    inform(state, "The run ends before its next step.");
}

/// Takes back the last step that was done, or all of them, of the run in sight or the one selected in the history.
pub fn take_back(state: &mut State, all: bool, effects: &mut Vec<Effect>) {
    let from_history = state.tab == Tab::History;
    let run = if from_history {
        state.history.get(state.history_selected).map(|r| r.id.clone())
    } else {
        state.run.as_ref().filter(|r| r.direction == Direction::Forward).and_then(|r| r.id.clone())
    };
    let last = state.run.as_ref().and_then(|run| {
        let done = |s: &&crate::plan::Step| matches!(run.state(&s.id), StepNow::Done(_));
        run.plan.steps.iter().rev().find(done).map(|s| s.id.clone())
    });
    let to = if all || from_history { None } else { last };
    if !all && to.is_none() && !from_history {
        return inform(
            state,
            "No step of this run was done. 5 shows earlier runs; B takes back the one selected there.",
        );
    }
    state.starting = true;
    effects.push(Effect::TakeBack { run, to });
}

/// Goes on with what the run selected in the history has not done.
pub fn resume(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(run) = state.history.get(state.history_selected) else { return };
    effects.push(Effect::Resume(run.id.clone()));
    state.starting = true;
}

/// Puts a run of the journal on the panel.
pub fn view_run(state: &mut State) {
    let Some(record) = state.history.get(state.history_selected) else { return };
    if state.run.as_ref().is_some_and(RunView::active) {
        return inform(state, "A run is under way; its plan is on the panel.");
    }
    state.run = Some(RunView::of_record(record));
    state.plan.selected = 0;
    state.plan.open = false;
    state.tab = Tab::Plan;
}

pub fn signalled(state: &mut State, backend: i64, terminate: bool, result: Result<()>) {
    let what = if terminate { "end" } else { "stop its query" };
    match result {
        Ok(()) => inform(state, format!("Session {backend} was told to {what}.")),
        Err(error) => problem(state, error),
    }
}
