//! Why an action cannot be done now. A disabled action stays visible and says this.

use super::{Link, State, StepNow};
use crate::run::{Direction, RunState, StepState};
use crate::tui::action::Action;

/// The reason why not, or `None` when it can be done.
pub fn why_not(state: &State, action: Action) -> Option<&'static str> {
    match action {
        Action::Run => why_not_run(state),
        Action::EditStep | Action::DropStep | Action::StepEarlier | Action::StepLater => {
            if state.running() {
                Some("a run is under way; stop it first (S)")
            } else {
                why_no_step(state)
            }
        }
        Action::Rehearse => why_not_rehearsed(state),
        Action::TakeSafer if state.running() => Some("a run is under way; stop it first (S)"),
        Action::TakeSafer => match state.plan.step() {
            None => Some("there is no step"),
            Some(step) if step.changes.is_empty() => {
                Some("what this step changes is not known, so neither is another way")
            }
            Some(_) => None,
        },
        Action::OpenStep | Action::CopyStep | Action::CopyPlan => why_no_step(state),
        Action::SavePlan => state.plan.built.is_none().then_some("there is no plan"),
        Action::Undo => state.plan.undo.is_empty().then_some("no edit to undo"),
        Action::Redo => state.plan.redo.is_empty().then_some("no edit to redo"),
        Action::ToggleStyle => match &state.plan.built {
            None => Some("there is no plan"),
            Some(_) if state.running() => Some("a run is under way; stop it first (S)"),
            Some(built) if !built.source.has_styles() => Some("a saved plan has one way only"),
            Some(_) => None,
        },
        Action::TakeBackLast | Action::TakeBackAll => why_not_back(state),
        Action::Pause => match &state.run {
            Some(run) if run.filled.is_some() => None,
            _ => Some("no backfill runs"),
        },
        Action::Cancel if state.rehearsing() => None,
        Action::Cancel => match &state.run {
            Some(run) if run.cancelling => Some("the cancel was sent; the server has not answered yet"),
            Some(run) if run.active() && run.current.is_some() => None,
            _ => Some("nothing runs"),
        },
        Action::StopRun => (!state.running()).then_some("no run is under way"),
        Action::CancelBlocker | Action::TerminateBlocker => {
            blocker(state).is_none().then_some("nobody stands in the way")
        }
        Action::OpenMigration | Action::OpenWanted | Action::OpenCompare | Action::Repair => {
            state.schema.is_none().then_some("the schema has not been read yet")
        }
        Action::Reload => (!matches!(state.link, Link::Up(_))).then_some("there is no connection"),
        Action::OtherDatabase => state.running().then_some("a run is under way; stop it first (S)"),
        Action::ResumeRun => why_not_back(state).or_else(|| why_not_resumed(state)),
        Action::ViewRun => state.history.is_empty().then_some("no run is in the journal"),
        _ => None,
    }
}

fn why_no_step(state: &State) -> Option<&'static str> {
    match state.shown_plan() {
        None => Some("there is no plan"),
        Some(plan) if plan.steps.is_empty() => Some("the plan has no steps"),
        Some(_) => None,
    }
}

fn why_not_rehearsed(state: &State) -> Option<&'static str> {
    if state.running() || state.starting {
        return Some("a run is under way; stop it first (S)");
    }
    match (&state.link, state.plan.plan()) {
        (_, None) => Some("there is no plan"),
        (_, Some(plan)) if plan.steps.is_empty() => Some("the plan has no steps"),
        (Link::Up(_), _) if state.rehearsing() => Some("it is being rehearsed"),
        (Link::Up(_), _) => state.plan.building.is_some().then_some("the plan is being judged"),
        _ => Some("there is no connection"),
    }
}

fn why_not_run(state: &State) -> Option<&'static str> {
    if let Some(run) = state.run.as_ref().filter(|r| r.active()) {
        return if run.asked.is_some() { None } else { Some("a step is running") };
    }
    match (&state.link, state.plan.plan()) {
        (_, None) => Some("there is no plan"),
        (_, Some(plan)) if plan.steps.is_empty() => Some("the plan has no steps"),
        (Link::Up(info), _) if info.read_only => Some("the connection is read-only"),
        (Link::Up(info), _) if info.standby => Some("this server is a standby; run the plan on its primary"),
        (Link::Up(_), _) if state.plan.building.is_some() => Some("the plan is being judged"),
        (Link::Up(_), _) if state.rehearsing() => Some("it is being rehearsed; wait, or give that up (c)"),
        (Link::Up(_), _) => state.starting.then_some("the run is starting"),
        _ => Some("there is no connection"),
    }
}

fn why_not_back(state: &State) -> Option<&'static str> {
    match &state.link {
        Link::Up(info) if info.read_only => return Some("the connection is read-only"),
        Link::Up(_) => {}
        _ => return Some("there is no connection"),
    }
    if state.running() || state.starting {
        return Some("a run is under way; stop it first (S)");
    }
    let done_here = state.run.as_ref().is_some_and(|run| run.done() > 0);
    (!done_here && state.history.is_empty()).then_some("nothing was done")
}

fn why_not_resumed(state: &State) -> Option<&'static str> {
    let run = state.history.get(state.history_selected)?;
    let open = |step: &crate::run::StepRecord| !matches!(step.state, StepState::Done | StepState::Skipped);
    match run.state {
        _ if run.direction == Direction::Back => Some("that run took another one back"),
        RunState::RolledBack => Some("that run was taken back; run its plan again"),
        _ if !run.steps.iter().any(open) => Some("that run has nothing left to do"),
        _ => None,
    }
}

/// The session that stands in the way: of the running step, else of the one that asks for consent.
pub fn blocker(state: &State) -> Option<i64> {
    let run = state.run.as_ref()?;
    let seen = state.gauges.latest.as_ref().and_then(|s| s.locks.blockers.first()).filter(|_| run.current.is_some());
    run.blocker().or(seen).or_else(|| run.asked.as_ref().and_then(|(_, gate)| gate.holders.first())).map(|b| b.backend)
}

impl State {
    /// The plan in sight: that of the run, or the one on the panel.
    pub fn shown_plan(&self) -> Option<&crate::plan::Plan> {
        self.run.as_ref().map(|run| &run.plan).or_else(|| self.plan.plan())
    }

    /// The step in sight that is selected.
    pub fn shown_step(&self) -> Option<&crate::plan::Step> {
        self.shown_plan()?.steps.get(self.plan.selected)
    }

    /// Where a step of the plan in sight is.
    pub fn step_now(&self, id: &str) -> StepNow {
        self.run.as_ref().map_or(StepNow::Todo, |run| run.state(id))
    }

    /// The session that stands in the way, if there is one.
    pub fn blocker(&self) -> Option<i64> {
        blocker(self)
    }
}
