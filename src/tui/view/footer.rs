//! The bottom lines: a message if there is one, and the keys that work now.

use super::super::keys;
use super::super::state::{Layer, Notice, why_not};
use super::super::theme::Role;
use super::pen::Pen;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let mut lines = Vec::new();
    match &pen.state.notice {
        None => {}
        Some(Notice::Info(text)) => lines.push(Line::from(pen.foreign(text, Role::Accent))),
        Some(Notice::Problem(error)) => {
            lines.push(Line::from(vec![pen.span("! ", Role::Bad), pen.foreign(&error.message, Role::Bad)]));
            let hint = error.hint.as_deref().unwrap_or("Esc dismisses this.");
            lines.push(Line::from(vec![pen.span("  ", Role::Text), pen.foreign(hint, Role::Text)]));
        }
    }
    lines.push(hints(pen, usize::from(area.width)));
    frame.render_widget(Paragraph::new(lines), area);
}

/// As many hints as there is room for. What cannot be done now is shown dim after what can, where it belongs to the pane;
/// help and palette show the rest with the reason.
fn hints(pen: &Pen, width: usize) -> Line<'static> {
    let scope = pen.state.scope();
    let mut rows: Vec<(String, &'static str, bool)> = Vec::new();
    if let Some(Layer::Ask(ask)) = pen.state.layers.last() {
        rows.extend(ask.choices.iter().map(|c| (c.key.to_string(), "", true)));
    }
    let offered: Vec<_> = keys::hints(scope).collect();
    let (can, cannot): (Vec<&keys::Binding>, Vec<&keys::Binding>) =
        offered.into_iter().partition(|b| why_not(pen.state, b.action).is_none());
    let cannot: Vec<_> = cannot.into_iter().filter(|b| b.scope == scope).collect();
    for (binding, enabled) in can.iter().map(|b| (b, true)).chain(cannot.iter().map(|b| (b, false))) {
        let typing = scope.typing();
        let key = binding.keys.iter().find(|k| binding.scope == scope || !typing || k.ctrl);
        if let Some(key) = key {
            rows.push((key.name(), binding.hint, enabled));
        }
    }
    let mut spans: Vec<Span> = Vec::new();
    let mut used = 0;
    for (key, hint, enabled) in rows {
        let needs = key.len() + hint.len() + 3;
        if used + needs > width {
            break;
        }
        used += needs;
        spans.push(pen.span(format!(" {key}"), if enabled { Role::Key } else { Role::Disabled }));
        let text = if enabled { format!(" {hint} ") } else { format!(" ({hint})") };
        spans.push(pen.span(text, if enabled { Role::Text } else { Role::Disabled }));
    }
    Line::from(spans)
}
