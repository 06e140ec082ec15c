//! Draws the state. Reads only; every colour comes from the theme, every text from outside is made visible first.

mod browser;
mod chat;
mod details;
mod dialog;
mod diff;
mod footer;
mod gauges;
mod header;
mod help;
mod history;
pub mod layout;
mod pen;
mod picker;
mod plan;
mod rehearsal;
mod step;
mod wrap;

#[cfg(test)]
mod tests;

use super::action::Tab;
use super::state::{Layer, State};
use super::theme::Role;
use pen::Pen;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Paragraph};

/// Draws everything.
pub fn draw(state: &State, frame: &mut Frame) {
    let pen = Pen::new(state);
    let whole = frame.area();
    frame.buffer_mut().set_style(whole, pen.style(Role::Text));
    if whole.width < layout::MIN.0 || whole.height < layout::MIN.1 {
        let text = format!(
            "Lockstep wants {}x{} or more, not {}x{}.",
            layout::MIN.0,
            layout::MIN.1,
            whole.width,
            whole.height
        );
        frame.render_widget(Paragraph::new(pen.span(text, Role::Text)), whole);
        return;
    }
    let areas = layout::areas_in(state, whole);
    header::draw(&pen, frame, areas.header);
    if state.picker.is_some() {
        picker::draw(&pen, frame, areas.body);
    } else {
        panes(&pen, frame, &areas);
    }
    footer::draw(&pen, frame, areas.footer);
    if let Some(layer) = state.layers.last() {
        draw_layer(&pen, frame, layer, areas.body);
    }
}

fn panes(pen: &Pen, frame: &mut Frame, areas: &layout::Areas) {
    if !areas.browser.is_empty() {
        browser::draw(pen, frame, areas.browser);
    }
    if !areas.middle.is_empty() {
        match pen.state.tab {
            Tab::Plan => plan::draw(pen, frame, areas.middle),
            Tab::Diff => diff::draw(pen, frame, areas.middle),
            Tab::Details => details::draw(pen, frame, areas.middle),
            Tab::Gauges => gauges::draw(pen, frame, areas.middle),
            Tab::History => history::draw(pen, frame, areas.middle),
        }
    }
    if !areas.chat.is_empty() {
        chat::draw(pen, frame, areas.chat);
    }
    if !areas.strip.is_empty() {
        gauges::strip(pen, frame, areas.strip);
    }
}

fn draw_layer(pen: &Pen, frame: &mut Frame, layer: &Layer, within: Rect) {
    let wanted = match layer {
        Layer::Help { .. } => (110, 60),
        Layer::Confirm(_) => (110, dialog::confirm_height(pen, within.width)),
        Layer::Palette(_) => (84, 22),
        Layer::Prompt(_) => (80, 3),
        Layer::Ask(ask) => (84, dialog::ask_height(pen, within.width, ask)),
    };
    let area = layout::centred(within, wanted);
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, pen.style(Role::Text));
    match layer {
        Layer::Help { scroll } => help::draw(pen, frame, area, *scroll),
        Layer::Palette(palette) => help::palette(pen, frame, area, palette),
        Layer::Prompt(prompt) => dialog::prompt(pen, frame, area, prompt),
        Layer::Confirm(confirm) => dialog::confirm(pen, frame, area, confirm),
        Layer::Ask(ask) => dialog::ask(pen, frame, area, ask),
    }
}
