//! The plan panel: making a plan, opening its steps, editing it.

use super::super::action::Tab;
use super::super::effect::Effect;
use super::super::state::{Ask, Built, Choice, Difference, Focus, Layer, Notice, Said, Source, State, StepNow, Then};
use super::{inform, problem, sql_text};
use crate::diff::Rename;
use crate::plan::{Plan, PlanEditor, Style};
use crate::{Error, Result};

/// Has a plan made, in the safe way unless one was chosen.
pub fn build(state: &mut State, source: Source, effects: &mut Vec<Effect>) {
    build_in(state, source, Style::Safe, effects);
}

fn build_in(state: &mut State, source: Source, style: Style, effects: &mut Vec<Effect>) {
    if state.running() {
        return inform(state, "A run is under way: stop it (S) before another plan is made.");
    }
    let Some(ground) = state.ground() else {
        return inform(state, "The schema has not been read yet; try again in a moment.");
    };
    let id = state.next_id();
    state.plan.building = Some(id);
    state.plan.problem = None;
    state.tab = Tab::Plan;
    effects.push(Effect::Plan { id, source, style, ground });
}

/// Makes the plan on the panel anew from where it came from, on the schema of now.
pub fn build_again(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(built) = &state.plan.built else { return };
    let (source, style) = (built.source.clone(), built.style);
    if source == Source::File {
        // It comes from nowhere else: its steps stay, and are judged on the schema of now.
        let mut plan = built.plan.clone();
        plan.base = state.schema.as_ref().map(|s| s.fingerprint());
        inform(state, "A saved plan keeps its steps; they were judged again on the schema of now.");
        return judge(state, plan, source, effects);
    }
    build_in(state, source, style, effects);
}

/// Has a plan judged that is there already.
pub fn judge(state: &mut State, plan: Plan, source: Source, effects: &mut Vec<Effect>) {
    let Some(ground) = state.ground() else { return };
    let id = state.next_id();
    state.plan.building = Some(id);
    state.tab = Tab::Plan;
    let style = state.plan.built.as_ref().map_or(Style::Safe, |b| b.style);
    effects.push(Effect::Judge { id, plan: Box::new(plan), source, style, ground });
}

/// A plan is ready, or could not be made; the one shown before stays then.
pub fn planned(state: &mut State, id: u64, result: Result<Built>) {
    if state.plan.building != Some(id) {
        return;
    }
    state.plan.building = None;
    match result {
        Ok(built) => {
            let (title, steps, notes) = (built.plan.title.clone(), built.plan.steps.len(), built.plan.notes.clone());
            let is_edit =
                state.plan.built.as_ref().is_some_and(|old| old.plan.title == title && !old.plan.steps.is_empty())
                    && state.plan.expects_edit;
            if is_edit {
                take_edit(state, built);
            } else {
                state.run = None;
                state.plan.show(built);
                state.chat.say(Said::Planned { title, steps, notes });
                if state.focus != Focus::Chat {
                    state.focus = Focus::Middle;
                }
            }
            state.diff.other = None;
            state.diff.selected = 0;
            state.tab = Tab::Plan;
            ask_about_renames(state);
        }
        Err(error) => {
            state.plan.problem = Some(error.clone());
            state.plan.expects_edit = false;
            state.chat.say(Said::Problem(error.clone()));
            problem(state, error);
        }
    }
}

/// Asks about the first rename that may have been meant. As long as nobody has answered, the plan drops and adds.
fn ask_about_renames(state: &mut State) {
    let Some(suspect) = state.plan.built.as_ref().and_then(|built| built.suspects.first()) else { return };
    let then = |same: bool| Then::Renamed { rename: suspect.rename.clone(), same };
    let ask = Ask {
        opened: state.now,
        title: "Renamed, or another one?".into(),
        text: vec![
            suspect.sentence(),
            "As it stands, the plan drops the one and adds the other: what is in it does not come along.".into(),
        ],
        choices: vec![
            Choice { key: 'r', label: "it is the same: rename it".into(), then: then(true) },
            Choice { key: 'd', label: "they are two: drop the one, add the other".into(), then: then(false) },
        ],
    };
    state.layers.push(Layer::Ask(ask));
}

/// The answer to a question about a rename.
pub fn renamed(state: &mut State, rename: Rename, same: bool, effects: &mut Vec<Effect>) {
    let Some(built) = &mut state.plan.built else { return };
    built.suspects.retain(|suspect| suspect.rename != rename);
    let Source::Wanted { renames, others, .. } = &mut built.source else { return };
    if same {
        renames.push(rename);
        build_again(state, effects);
    } else {
        others.push(rename);
        ask_about_renames(state);
    }
}

/// An edited plan comes back judged: its steps replace those shown, and can be undone.
fn take_edit(state: &mut State, built: Built) {
    state.plan.expects_edit = false;
    let before = state.plan.built.as_ref().map(|b| b.plan.clone());
    state.plan.edit(built.plan);
    if let Some(shown) = &mut state.plan.built {
        shown.differences = built.differences;
        shown.made_for = built.made_for;
    }
    if before.as_ref() == state.plan.plan() {
        state.plan.undo.pop();
    }
}

pub fn compared(state: &mut State, id: u64, title: String, result: Result<Vec<Difference>>) {
    if state.diff.working != Some(id) {
        return;
    }
    state.diff.working = None;
    match result {
        Ok(differences) => {
            state.diff.other = Some((title, differences));
            state.diff.selected = 0;
            state.diff.scroll = 0;
            state.tab = Tab::Diff;
            state.focus = Focus::Middle;
        }
        Err(error) => problem(state, error),
    }
}

pub fn open_step(state: &mut State) {
    state.tab = Tab::Plan;
    state.focus = Focus::Middle;
    state.plan.open = !state.plan.open;
    state.plan.scroll = 0;
}

pub fn edit_step(state: &mut State, effects: &mut Vec<Effect>) {
    forget_ended_run(state);
    let Some(step) = state.plan.step() else { return };
    let mut text = format!("-- {}\n", crate::sql::one_line(&step.title));
    text.push_str(&sql_text(&step.sql));
    text.push('\n');
    effects.push(Effect::Edit { step: step.id.clone(), text });
}

/// The SQL came back from the editor.
pub fn edited(state: &mut State, step: &str, result: Result<String>, effects: &mut Vec<Effect>) {
    let text = match result {
        Ok(text) => text,
        Err(error) => return problem(state, error),
    };
    let (Some(built), Some(ground)) = (&state.plan.built, state.ground()) else { return };
    let unchanged = built.plan.steps.iter().any(|s| s.id == step && text.ends_with(&format!("{}\n", sql_text(&s.sql))));
    if unchanged {
        return inform(state, "The step's SQL is unchanged.");
    }
    let (plan, source, style) = (Box::new(built.plan.clone()), built.source.clone(), built.style);
    let id = state.next_id();
    state.plan.building = Some(id);
    state.plan.expects_edit = true;
    effects.push(Effect::Rewrite { id, step: step.to_owned(), sql: text, plan, source, style, ground });
}

/// Has a safer way put in the place of the selected step.
pub fn take_safer(state: &mut State, effects: &mut Vec<Effect>) {
    forget_ended_run(state);
    let (Some(built), Some(step), Some(ground)) = (&state.plan.built, state.plan.step(), state.ground()) else {
        return;
    };
    let (step, plan) = (step.id.clone(), Box::new(built.plan.clone()));
    let (source, style) = (built.source.clone(), built.style);
    let id = state.next_id();
    state.plan.building = Some(id);
    state.plan.expects_edit = true;
    effects.push(Effect::Safer { id, step, plan, source, style, ground });
    inform(state, "The safer way takes the step's place (u brings it back).");
}

/// A run that is over makes way for edits of the plan.
pub(super) fn forget_ended_run(state: &mut State) {
    if state.run.as_ref().is_some_and(|run| !run.active()) {
        state.run = None;
    }
}

pub fn drop_step(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(gone) = state.plan.step().map(|s| crate::sql::one_line(&s.title)) else { return };
    if change(state, effects, PlanEditor::remove) {
        inform(state, format!("Dropped \"{gone}\" (u brings it back)."));
    }
}

pub fn move_step(state: &mut State, earlier: bool, effects: &mut Vec<Effect>) {
    let (at, len) = (state.plan.selected, state.plan.plan().map_or(0, |p| p.steps.len()));
    let to = if earlier { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < len) };
    let Some(to) = to else { return };
    if change(state, effects, if earlier { PlanEditor::move_up } else { PlanEditor::move_down }) {
        state.plan.selected = to;
    }
}

/// Makes an edit of the selected step and has the plan judged again; false, with the reason shown, when refused.
fn change(state: &mut State, effects: &mut Vec<Effect>, edit: impl Fn(&mut PlanEditor, &str) -> Result<()>) -> bool {
    forget_ended_run(state);
    let (Some(step), Some(built), Some(schema)) = (state.plan.step(), &state.plan.built, &state.schema) else {
        return false;
    };
    let mut editor = PlanEditor::new(built.plan.clone(), (**schema).clone());
    if let Err(error) = edit(&mut editor, &step.id) {
        problem(state, error);
        return false;
    }
    let source = built.source.clone();
    state.plan.expects_edit = true;
    judge(state, editor.into_plan(), source, effects);
    true
}

pub fn undo(state: &mut State) {
    forget_ended_run(state);
    if state.plan.undo() {
        inform(state, "Undone (Ctrl-R does it again).");
    }
}

pub fn redo(state: &mut State) {
    forget_ended_run(state);
    if state.plan.redo() {
        inform(state, "Done again.");
    }
}

pub fn copy_step(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(step) = state.shown_step() {
        effects.push(Effect::Copy(format!("{}\n", sql_text(&step.sql))));
    }
}

pub fn copy_plan(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plan) = state.shown_plan() else { return };
    let steps = plan.steps.iter().enumerate();
    let text: Vec<String> = steps
        .map(|(at, s)| format!("-- {}. {}\n{}\n", at + 1, crate::sql::one_line(&s.title), sql_text(&s.sql)))
        .collect();
    effects.push(Effect::Copy(text.join("\n")));
}

pub fn toggle_style(state: &mut State, effects: &mut Vec<Effect>) {
    forget_ended_run(state);
    let Some(built) = &state.plan.built else { return };
    let (source, style) = (built.source.clone(), built.style);
    let other = if style == Style::Safe { Style::Direct } else { Style::Safe };
    let word = if other == Style::Safe { "the safe way" } else { "the direct way" };
    state.notice = Some(Notice::Info(format!("Planning {word}.")));
    state.plan.expects_edit = false;
    build_in(state, source, other, effects);
}

/// The first step that is not done, for the panel to point at.
pub fn next_undone(state: &State) -> Option<usize> {
    let plan = state.shown_plan()?;
    plan.steps.iter().position(|s| !matches!(state.step_now(&s.id), StepNow::Done(_) | StepNow::Skipped))
}

/// The error for a plan whose base is gone.
pub fn is_stale(error: &Error) -> bool {
    error.code == crate::ErrorCode::BaseChanged
}
