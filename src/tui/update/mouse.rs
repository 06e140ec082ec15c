//! The mouse: a click takes the focus and selects, the wheel scrolls what is under it.

use super::super::action::{Action, Tab};
use super::super::effect::Effect;
use super::super::state::{Focus, Move, State, offset};
use super::super::view::layout;
use super::act;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

pub fn event(state: &mut State, event: MouseEvent, effects: &mut Vec<Effect>) {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(state, at, effects),
        MouseEventKind::ScrollDown => wheel(state, at, Move::Down, effects),
        MouseEventKind::ScrollUp => wheel(state, at, Move::Up, effects),
        _ => {}
    }
}

/// The pane under the pointer takes the focus; nothing behind a dialog does.
fn focus_under(state: &mut State, at: Position) -> Option<Rect> {
    if !state.layers.is_empty() || state.picker.is_some() {
        return None;
    }
    let areas = layout::areas(state);
    let panes = [(areas.browser, Focus::Browser), (areas.middle, Focus::Middle), (areas.chat, Focus::Chat)];
    let (area, focus) = panes.into_iter().find(|(area, _)| area.contains(at))?;
    state.focus = focus;
    Some(area)
}

fn click(state: &mut State, at: Position, effects: &mut Vec<Effect>) {
    let Some(area) = focus_under(state, at) else { return };
    if state.focus == Focus::Middle && at.y == area.y {
        let tab = layout::tab_at(area, at.x);
        if let Some(tab) = tab {
            act::perform(state, Action::Show(tab), effects);
        }
        return;
    }
    let inner = layout::inner(area);
    if !inner.contains(at) {
        return;
    }
    let row = usize::from(at.y - inner.y);
    let height = usize::from(inner.height);
    let pick = |selected: usize, len: usize| {
        let at = offset(selected, len, height) + row;
        (at < len).then_some(at)
    };
    match (state.focus, state.tab) {
        (Focus::Browser, _) if state.browser.search.is_none() => {
            if let Some(at) = pick(state.browser.selected, state.browser.rows.len()) {
                let again = state.browser.selected == at;
                state.browser.selected = at;
                if again {
                    act::perform(state, Action::Open, effects);
                }
            }
        }
        (Focus::Middle, Tab::Plan) if !state.plan.open => {
            let len = state.shown_plan().map_or(0, |p| p.steps.len());
            let head = layout::PLAN_HEAD;
            let rows = height.saturating_sub(head);
            let first = offset(state.plan.selected, len, rows.max(1));
            if let Some(at) = row.checked_sub(head).map(|r| first + r).filter(|at| *at < len) {
                let again = state.plan.selected == at;
                state.plan.selected = at;
                if again {
                    act::perform(state, Action::OpenStep, effects);
                }
            }
        }
        (Focus::Middle, Tab::History) => {
            if let Some(at) = pick(state.history_selected, state.history.len()) {
                state.history_selected = at;
            }
        }
        _ => {}
    }
}

fn wheel(state: &mut State, at: Position, by: Move, effects: &mut Vec<Effect>) {
    let over_layer = !state.layers.is_empty() || state.picker.is_some();
    if !over_layer && focus_under(state, at).is_none() {
        return;
    }
    for _ in 0..3 {
        act::perform(state, Action::Go(by), effects);
    }
}
