//! What changes, object by object, in sentences; beneath it the definitions' text difference.

use super::super::state::{Difference, Focus, offset};
use super::super::theme::Role;
use super::pen::Pen;
use crate::diff::{Effect, Impact, Sign};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let inner = pen.middle(frame, area);
    let differences = pen.state.differences();
    let title = match (&pen.state.diff.other, pen.state.plan.plan()) {
        (Some((title, _)), _) => format!("{title} (Esc leaves)"),
        (None, Some(plan)) => format!("What the plan changes: {}", plan.title),
        (None, None) => "Nothing to compare yet: make a plan, or compare with a file from the palette (:).".into(),
    };
    let mut lines = vec![pen.line(pen.cut(&title, usize::from(inner.width)), Role::Title)];
    if pen.state.diff.working.is_some() {
        lines.push(pen.line("Comparing.", Role::Accent));
    } else if differences.is_empty() {
        let known = pen.state.diff.other.is_some() || pen.state.plan.built.is_some();
        lines.push(pen.line(if known { "No difference." } else { "" }, Role::Ok));
    }
    let list = differences.len().min(usize::from(inner.height / 2)).max(1);
    let selected = pen.state.diff.selected.min(differences.len().saturating_sub(1));
    let first = offset(selected, differences.len(), list);
    for (at, difference) in differences.iter().enumerate().skip(first).take(list) {
        let line = sentence(pen, difference, usize::from(inner.width));
        let role = if pen.state.focus == Focus::Middle { Role::Selection } else { Role::SelectionIdle };
        lines.push(if at == selected { line.patch_style(pen.style(role)) } else { line });
    }
    let above = u16::try_from(lines.len()).unwrap_or(1).min(inner.height);
    frame.render_widget(Paragraph::new(lines), inner);
    let below = Rect { y: inner.y + above, height: inner.height - above, ..inner };
    if let (Some(difference), false) = (differences.get(selected), below.is_empty()) {
        draw_lines(pen, frame, below, difference);
    }
}

fn sentence(pen: &Pen, difference: &Difference, width: usize) -> Line<'static> {
    let (sign, role) = match difference.entry.effect {
        Effect::Added => ("+", Role::DiffPlus),
        Effect::Removed => ("-", Role::DiffMinus),
        Effect::Changed => ("~", Role::DiffChange),
        Effect::Renamed => (">", Role::DiffChange),
    };
    let (impact, impact_role) = match difference.entry.impact {
        Impact::Additive => ("additive   ", Role::Ok),
        Impact::Breaking => ("BREAKING   ", Role::Warn),
        Impact::Destructive => ("DESTRUCTIVE", Role::Bad),
    };
    let text = pen.cut(&difference.entry.sentence, width.saturating_sub(15));
    Line::from(vec![
        pen.span(format!("{sign} "), role),
        pen.span(impact, impact_role),
        pen.span("  ", Role::Text),
        pen.span(text, Role::Text),
    ])
}

fn draw_lines(pen: &Pen, frame: &mut Frame, area: Rect, difference: &Difference) {
    let head = pen.foreign(&difference.entry.object.to_string(), Role::Accent);
    let mut lines = vec![Line::default(), Line::from(head)];
    let height = usize::from(area.height).saturating_sub(2);
    let first = pen.state.diff.scroll.min(difference.lines.len().saturating_sub(height));
    for line in difference.lines.iter().skip(first).take(height) {
        let (sign, role) = match line.sign {
            Sign::Added => ("+ ", Role::DiffPlus),
            Sign::Removed => ("- ", Role::DiffMinus),
            Sign::Same => ("  ", Role::Text),
            Sign::Gap => ("~ ", Role::Dim),
        };
        let text = format!("{sign}{}", crate::sql::visible(&line.text).replace('\t', "    "));
        lines.push(pen.line(text, role));
    }
    frame.render_widget(Paragraph::new(lines), area);
}
