//! Files that are brought in or saved.

use super::super::effect::Effect;
use super::super::state::{Ask, Choice, DiffPane, Layer, Purpose, Source, State, Then, Tongue};
use super::{act, chat, inform, plan, problem};
use crate::Result;
use crate::tui::action::Tab;
use std::path::{Path, PathBuf};

/// A path was given for a purpose.
pub fn named(state: &mut State, purpose: Purpose, path: &str, effects: &mut Vec<Effect>) {
    match purpose {
        Purpose::SavePlan => save(state, PathBuf::from(path), false, effects),
        Purpose::Before => {
            state.diff.before = Some(path.to_owned());
            act::prompt(state, Purpose::After);
        }
        Purpose::After => compare_two(state, path, effects),
        _ => effects.push(Effect::ReadFile(purpose, PathBuf::from(path))),
    }
}

/// Writes the plan on the panel as a plan file.
pub fn save(state: &mut State, path: PathBuf, overwrite: bool, effects: &mut Vec<Effect>) {
    let (Some(plan), Some(Tongue(dialect))) = (state.plan.plan(), &state.dialect) else { return };
    let text = crate::plan::file::write(plan, &**dialect);
    effects.push(Effect::SaveFile { path, text, overwrite });
}

pub fn saved(state: &mut State, path: &Path, result: Result<()>) {
    match result {
        Ok(()) => inform(state, format!("Saved as {}.", crate::sql::one_line(&path.display().to_string()))),
        Err(error) => problem(state, error),
    }
}

pub fn would_overwrite(state: &mut State, path: PathBuf) {
    let shown = crate::sql::one_line(&path.display().to_string());
    state.layers.push(Layer::Ask(Ask {
        opened: state.now,
        title: "The file is there already".into(),
        text: vec![format!("{shown} exists. Replace it with this plan?")],
        choices: vec![Choice { key: 'o', label: "overwrite it".into(), then: Then::Overwrite(path) }],
    }));
}

/// A file's content has arrived.
pub fn read(state: &mut State, purpose: Purpose, path: &Path, result: Result<String>, effects: &mut Vec<Effect>) {
    let text = match result {
        Ok(text) => text,
        Err(error) => return problem(state, error),
    };
    let title = path.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned());
    match purpose {
        Purpose::Migration if crate::plan::file::is_plan(&text) => saved_plan(state, &text, effects),
        Purpose::Migration => chat::plan_sql(state, &title, &text, effects),
        Purpose::Wanted => {
            plan::build(state, Source::Wanted { title, text, renames: Vec::new(), others: Vec::new() }, effects);
        }
        Purpose::Compare => compare(state, &title, text, effects),
        Purpose::Before | Purpose::After | Purpose::SavePlan => {}
    }
}

fn saved_plan(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    let Some(Tongue(dialect)) = &state.dialect else { return };
    match crate::plan::file::read(text, &**dialect) {
        Ok(saved) => plan::judge(state, saved, Source::File, effects),
        Err(error) => problem(state, error),
    }
}

fn compare_two(state: &mut State, after: &str, effects: &mut Vec<Effect>) {
    let Some(before) = state.diff.before.take() else { return };
    let id = state.next_id();
    state.diff = DiffPane { working: Some(id), ..DiffPane::default() };
    state.tab = Tab::Diff;
    let engine = state.schema.as_ref().map(|schema| schema.engine);
    effects.push(Effect::CompareTwo { id, engine, before, after: after.to_owned() });
}

fn compare(state: &mut State, title: &str, sql: String, effects: &mut Vec<Effect>) {
    let Some(ground) = state.ground() else { return };
    let id = state.next_id();
    state.diff = DiffPane { working: Some(id), ..DiffPane::default() };
    state.tab = Tab::Diff;
    let title = format!("What {title} has otherwise than the database");
    effects.push(Effect::Compare { id, title, sql, ground });
}
