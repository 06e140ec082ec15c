//! One action each to its place; what cannot be done says why.

use super::super::action::{Action, Tab};
use super::super::effect::Effect;
use super::super::state::{Focus, Layer, Link, Move, Palette, Prompt, Purpose, Source, State, why_not};
use super::super::{Next, keys, theme};
use super::{browser, chat, database, dialog, files, inform, picker, plan, rehearsal, run};
use crate::tui::state::{Line, Names};

pub fn perform(state: &mut State, action: Action, effects: &mut Vec<Effect>) {
    if let Some(why) = why_not(state, action) {
        return inform(state, format!("Not now: {why}."));
    }
    match action {
        Action::Go(by) => go(state, by),
        Action::Back => back(state, effects),
        Action::Choose => choose(state, effects),
        Action::Help => state.layers.push(Layer::Help { scroll: 0 }),
        Action::Palette => state.layers.push(Layer::Palette(Palette::default())),
        Action::Quit => quit(state, effects),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::NextPane => state.focus = next_pane(state.focus),
        Action::PreviousPane => state.focus = next_pane(next_pane(state.focus)),
        Action::Zoom => state.zoomed = !state.zoomed,
        Action::Show(tab) => show(state, tab, effects),
        Action::Ask => state.focus = Focus::Chat,
        Action::Reload => database::reload(state, effects),
        Action::NextTheme => next_theme(state),
        Action::OtherDatabase => picker::choose_another(state),
        Action::OpenMigration => prompt(state, Purpose::Migration),
        Action::OpenWanted => prompt(state, Purpose::Wanted),
        Action::OpenCompare => prompt(state, Purpose::Compare),
        Action::CompareTwo => prompt(state, Purpose::Before),
        Action::Repair => plan::build(state, Source::Repair, effects),
        Action::SavePlan => prompt(state, Purpose::SavePlan),
        Action::Open => browser::open(state),
        Action::Close => state.browser.close(state.schema.as_deref()),
        Action::Search => browser::search(state),
        Action::OpenStep => plan::open_step(state),
        Action::EditStep => plan::edit_step(state, effects),
        Action::DropStep => plan::drop_step(state, effects),
        Action::StepEarlier => plan::move_step(state, true, effects),
        Action::StepLater => plan::move_step(state, false, effects),
        Action::Undo => plan::undo(state),
        Action::Redo => plan::redo(state),
        Action::CopyStep => plan::copy_step(state, effects),
        Action::CopyPlan => plan::copy_plan(state, effects),
        Action::ToggleStyle => plan::toggle_style(state, effects),
        Action::TakeSafer => plan::take_safer(state, effects),
        Action::Rehearse => rehearsal::start(state, effects),
        Action::Run => run::run(state, effects),
        Action::TakeBackLast => run::take_back(state, false, effects),
        Action::TakeBackAll => run::take_back(state, true, effects),
        Action::ResumeRun => run::resume(state, effects),
        Action::ViewRun => run::view_run(state),
        Action::Pause => run::pause(state, effects),
        Action::Cancel if state.rehearsing() => rehearsal::give_up(state, effects),
        Action::Cancel => run::cancel(state, effects),
        Action::StopRun => run::stop(state, effects),
        Action::CancelBlocker => dialog::ask_signal(state, false),
        Action::TerminateBlocker => dialog::ask_signal(state, true),
        Action::Send => chat::send(state, effects),
        Action::NewLine => state.chat.input.insert_newline(),
        Action::Earlier => chat::up(state),
        Action::Later => chat::down(state),
        Action::Confirm => dialog::confirm(state, effects),
        Action::Skip => dialog::skip(state, effects),
        Action::RefreshGate => dialog::refresh(state, effects),
        Action::OtherButton => dialog::other_button(state),
        Action::PressButton => dialog::press_button(state),
    }
}

fn next_pane(focus: Focus) -> Focus {
    match focus {
        Focus::Browser => Focus::Middle,
        Focus::Middle => Focus::Chat,
        Focus::Chat => Focus::Browser,
    }
}

/// Rows that a page moves by.
fn page(state: &State) -> usize {
    usize::from(state.size.1).saturating_sub(8).max(4) / 2
}

fn go(state: &mut State, by: Move) {
    let page = page(state);
    if let Some(layer) = state.layers.last() {
        let offered = if let Layer::Palette(palette) = layer { matches(state, palette).len() } else { 0 };
        match state.layers.last_mut() {
            Some(Layer::Help { scroll }) => *scroll = by.scroll(*scroll, page),
            Some(Layer::Palette(palette)) => palette.selected = by.apply(palette.selected, offered, page),
            Some(Layer::Confirm(confirm)) => confirm.scroll = by.scroll(confirm.scroll, page),
            _ => {}
        }
        return;
    }
    if let Some(picker) = &mut state.picker {
        picker.selected = by.apply(picker.selected, picker.entries.len() + 1, page);
        return;
    }
    match (state.focus, state.tab) {
        (Focus::Browser, _) => match &mut state.browser.search {
            Some(search) => search.selected = by.apply(search.selected, search.found.len(), page),
            None => state.browser.selected = by.apply(state.browser.selected, state.browser.rows.len(), page),
        },
        (Focus::Chat, _) => match by {
            Move::PageUp | Move::Up => state.chat.scroll += page,
            _ => state.chat.scroll = state.chat.scroll.saturating_sub(page),
        },
        (Focus::Middle, Tab::Plan) if state.plan.open => state.plan.scroll = by.scroll(state.plan.scroll, page),
        (Focus::Middle, Tab::Plan) => {
            let len = state.shown_plan().map_or(0, |p| p.steps.len());
            state.plan.selected = by.apply(state.plan.selected, len, page);
        }
        (Focus::Middle, Tab::Diff) => match by {
            Move::PageUp | Move::PageDown => state.diff.scroll = by.scroll(state.diff.scroll, page),
            _ => {
                state.diff.selected = by.apply(state.diff.selected, state.differences().len(), page);
                state.diff.scroll = 0;
            }
        },
        (Focus::Middle, Tab::Details) => {
            if let Some(details) = &mut state.details {
                details.scroll = by.scroll(details.scroll, page);
            }
        }
        (Focus::Middle, Tab::Gauges) => state.gauges_scroll = by.scroll(state.gauges_scroll, page),
        (Focus::Middle, Tab::History) => {
            state.history_selected = by.apply(state.history_selected, state.history.len(), page);
        }
    }
}

/// One step back: the topmost thing that was opened closes.
fn back(state: &mut State, effects: &mut Vec<Effect>) {
    if state.layers.pop().is_some() {
        return;
    }
    if state.notice.take().is_some() && state.focus != Focus::Chat {
        return;
    }
    match state.focus {
        Focus::Browser if state.browser.search.is_some() => state.browser.search = None,
        Focus::Chat if state.chat.pending.is_some() => chat::forget(state, effects),
        Focus::Chat => state.focus = Focus::Middle,
        Focus::Middle if state.tab == Tab::Plan && state.plan.open => state.plan.open = false,
        Focus::Middle if state.tab == Tab::Diff && state.diff.other.is_some() => state.diff.other = None,
        Focus::Middle if state.tab == Tab::Plan && state.run.as_ref().is_some_and(|r| !r.active()) => state.run = None,
        _ if state.zoomed => state.zoomed = false,
        Focus::Middle => state.focus = Focus::Browser,
        Focus::Browser => {}
    }
}

fn show(state: &mut State, tab: Tab, effects: &mut Vec<Effect>) {
    state.tab = tab;
    state.focus = Focus::Middle;
    if tab == Tab::History && matches!(state.link, Link::Up(_)) {
        effects.push(Effect::ReadHistory(state.generation));
    }
}

fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if state.picker.as_ref().is_some_and(|p| p.leave) {
        state.picker = None;
    } else if state.running() {
        dialog::ask_quit(state);
    } else {
        state.quit = Some(Next::Quit);
        effects.push(Effect::Quit);
    }
}

fn next_theme(state: &mut State) {
    let names = theme::NAMES;
    let at = names.iter().position(|n| *n == state.look.theme.name).map_or(0, |at| at + 1);
    let name = names.get(at).copied().unwrap_or("terminal");
    match theme::load(name, state.look.depth) {
        Ok(theme) => {
            state.look.theme = theme;
            inform(state, format!("Theme: {name}."));
        }
        Err(error) => super::problem(state, error),
    }
}

pub fn prompt(state: &mut State, purpose: Purpose) {
    let start = if purpose == Purpose::SavePlan { "plan.sql" } else { "" };
    state.layers.push(Layer::Prompt(Prompt { purpose, input: Line::new(start) }));
}

/// The commands that the palette's text finds, best first.
pub fn matches(state: &State, palette: &Palette) -> Vec<&'static keys::Binding> {
    let text = palette.input.text().trim();
    if text.is_empty() {
        let mut all: Vec<_> = keys::commands().collect();
        all.sort_by_key(|binding| why_not(state, binding.action).is_some());
        return all;
    }
    let mut names = Names::new(text);
    let mut found: Vec<_> = keys::commands().filter_map(|b| names.score(b.help).map(|score| (score, b))).collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, b)| b).collect()
}

fn choose(state: &mut State, effects: &mut Vec<Effect>) {
    match state.layers.last() {
        Some(Layer::Palette(palette)) => {
            let chosen = matches(state, palette).get(palette.selected).map(|b| b.action);
            state.layers.pop();
            if let Some(action) = chosen {
                perform(state, action, effects);
            }
        }
        Some(Layer::Prompt(prompt)) => {
            let (purpose, path) = (prompt.purpose, prompt.input.text().trim().to_owned());
            if !path.is_empty() {
                state.layers.pop();
                files::named(state, purpose, &path, effects);
            }
        }
        _ => picker::choose(state, effects),
    }
}
