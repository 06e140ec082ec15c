//! The rehearsal: asked for, told of, given up, and its evidence put into the plan.

use super::super::action::Tab;
use super::super::effect::Effect;
use super::super::state::{Focus, Rehearsed, State};
use super::{inform, problem};
use crate::rehearse::{Progress, Rehearsal};
use crate::{Error, ErrorCode, Result};

/// Tries the plan on the panel on a shadow.
pub fn start(state: &mut State, effects: &mut Vec<Effect>) {
    super::plan::forget_ended_run(state);
    let Some(plan) = state.plan.plan().cloned() else { return };
    let id = state.next_id();
    state.tab = Tab::Plan;
    state.focus = Focus::Middle;
    state.plan.rehearsed = Some(Rehearsed::Going { id, since: state.now, progress: Progress::Copying });
    effects.push(Effect::Rehearse { id, plan: Box::new(plan) });
}

/// Gives it up; what it has made on the server is removed.
pub fn give_up(state: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::ForgetRehearsal);
    state.plan.rehearsed = None;
    inform(state, "The rehearsal was given up; its shadow is being removed.");
}

pub fn told(state: &mut State, id: u64, news: Progress) {
    if let Some(Rehearsed::Going { id: current, progress, .. }) = &mut state.plan.rehearsed
        && *current == id
    {
        *progress = news;
    }
}

/// It is over: what was seen takes the place of what was foreseen.
pub fn ended(state: &mut State, id: u64, result: Result<Rehearsal>) {
    if state.plan.rehearsed.as_ref().and_then(Rehearsed::going) != Some(id) {
        return;
    }
    match result {
        Ok(rehearsal) => {
            if let Some(built) = &mut state.plan.built {
                rehearsal.mark(&mut built.plan);
            }
            let failed = rehearsal.steps.iter().position(|step| step.state == crate::rehearse::State::Failed);
            state.plan.selected = failed.unwrap_or(state.plan.selected);
            inform(state, if rehearsal.passed { "The rehearsal passed." } else { "The rehearsal FAILED." });
            state.plan.rehearsed = Some(Rehearsed::Done(Box::new(rehearsal)));
        }
        Err(error) => {
            state.plan.rehearsed = Some(Rehearsed::Impossible(error.clone()));
            if error.code == ErrorCode::BaseChanged {
                return problem(state, Error { hint: Some("Press r to read the schema again.".into()), ..error });
            }
            problem(state, error);
        }
    }
}
