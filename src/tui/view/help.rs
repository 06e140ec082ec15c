//! The help and the palette, both from the table of keys.

use super::super::keys::{self, Binding};
use super::super::state::{Palette, offset, why_not};
use super::super::theme::Role;
use super::super::update::palette_matches;
use super::pen::Pen;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect, scroll: usize) {
    let inner = pen.pane(frame, area, pen.line(" Keys ", Role::Title), true);
    let mut lines = Vec::new();
    for scope in keys::HELP_ORDER {
        lines.push(pen.line(scope.title(), Role::Accent));
        lines.extend(keys::of(scope).filter(|b| !b.keys.is_empty()).map(|binding| {
            Line::from(vec![
                pen.span(format!("  {:<16}", names(binding)), Role::Key),
                pen.span(binding.help, Role::Text),
            ])
        }));
        lines.push(Line::default());
    }
    lines.push(pen.line("Answers to a question are on the keys that it shows. In the chat, 1 to 9 choose.", Role::Dim));
    pen.scrolled(frame, inner, lines, scroll);
}

fn names(binding: &Binding) -> String {
    binding.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ")
}

/// The key that a command has, for the palette's narrow column.
fn first_key(binding: &Binding) -> String {
    binding.keys.first().map(|key| key.name()).unwrap_or_default()
}

pub fn palette(pen: &Pen, frame: &mut Frame, area: Rect, palette: &Palette) {
    let inner = pen.pane(frame, area, pen.line(" Commands ", Role::Title), true);
    let mut lines = vec![Line::from(vec![pen.span(": ", Role::Key), pen.foreign(palette.input.text(), Role::Text)])];
    let found = palette_matches(pen.state, palette);
    let height = usize::from(inner.height).saturating_sub(1);
    let first = offset(palette.selected, found.len(), height.max(1));
    if found.is_empty() {
        lines.push(pen.line("No command like this. Paste SQL here to plan it.", Role::Dim));
    }
    for (at, binding) in found.iter().enumerate().skip(first).take(height) {
        let reason = why_not(pen.state, binding.action);
        let role = if reason.is_some() { Role::Disabled } else { Role::Text };
        let mut spans = vec![pen.span(format!("{:<8}", first_key(binding)), Role::Key), pen.span(binding.help, role)];
        if let Some(reason) = reason {
            spans.push(pen.span(format!("  ({reason})"), Role::Disabled));
        }
        let line = Line::from(spans);
        lines.push(if at == palette.selected { line.patch_style(pen.style(Role::Selection)) } else { line });
    }
    frame.render_widget(Paragraph::new(lines), inner);
    let x = inner.x.saturating_add(2 + u16::try_from(palette.input.cursor()).unwrap_or(0));
    if x < inner.right() && inner.height > 0 {
        frame.set_cursor_position(Position::new(x, inner.y));
    }
}
