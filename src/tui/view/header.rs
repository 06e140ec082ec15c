//! The top line: where we are connected, what answers, and what must not be overlooked.

use super::super::state::Link;
use super::super::theme::Role;
use super::pen::Pen;
use crate::sql::one_line;
use crate::watch::Light;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    frame.buffer_mut().set_style(area, pen.style(Role::Header));
    let mut left = vec![pen.span(" Lockstep  ", Role::Title)];
    match &pen.state.link {
        Link::None => left.push(pen.span("not connected", Role::Header)),
        Link::Preparing(note) => left.push(pen.span(one_line(note), Role::Header)),
        Link::Connecting => {
            let shown = pen.state.target.as_ref().map(|t| one_line(&t.shown)).unwrap_or_default();
            left.push(pen.span(format!("connecting to {shown}"), Role::Header));
        }
        Link::Up(info) => {
            let room = usize::from(area.width).saturating_sub(58).max(16);
            left.push(Span::styled(pen.cut(&info.shown, room), pen.style(Role::Header)));
            left.push(pen.span(format!("  {} {}", info.engine, one_line(&info.version)), Role::Header));
        }
    }
    if pen.state.demo {
        left.push(pen.span("  DEMO", Role::Accent));
    }
    if let Link::Up(info) = &pen.state.link {
        if info.production {
            left.extend([Span::raw("  "), pen.span(" PROD ", Role::Production)]);
        }
        if info.read_only {
            left.push(pen.span("  READ-ONLY", Role::ReadOnly));
        }
        if info.standby {
            left.push(pen.span("  STANDBY", Role::ReadOnly));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(left)), area);
    let right = Line::from(right(pen));
    let width = u16::try_from(right.width()).unwrap_or(0).min(area.width);
    let corner = Rect { x: area.right().saturating_sub(width), width, ..area };
    frame.render_widget(Paragraph::new(right).alignment(Alignment::Right), corner);
}

/// What is under way, and how the gauges look.
fn right(pen: &Pen) -> Vec<Span<'static>> {
    let state = pen.state;
    let mut spans = Vec::new();
    let under_way = if matches!(state.link, Link::Preparing(_)) {
        "preparing"
    } else if matches!(state.link, Link::Connecting) {
        "connecting"
    } else if state.run.as_ref().is_some_and(|r| r.cancelling) {
        "CANCELLING"
    } else if state.run.as_ref().is_some_and(|r| r.current.is_some()) {
        "RUNNING"
    } else if state.running() {
        "ASKING"
    } else if state.plan.building.is_some() {
        "planning"
    } else if state.chat.pending.is_some() {
        "thinking"
    } else if state.browser.reloading {
        "reading the schema"
    } else {
        ""
    };
    if !under_way.is_empty() {
        spans.push(pen.span(format!(" {under_way} "), Role::Accent));
    }
    if state.watching.is_some() {
        let (word, role) = light(state.gauges.light(state.now));
        spans.push(pen.span(format!(" {word} "), role));
    }
    spans
}

/// A light in words and signs.
pub fn light(light: Light) -> (&'static str, Role) {
    match light {
        Light::Green => ("+ calm", Role::Ok),
        Light::Amber => ("~ strained", Role::Warn),
        Light::Red => ("! blocked", Role::Bad),
        Light::Unknown => ("? no reading", Role::Dim),
    }
}
