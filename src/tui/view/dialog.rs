//! Dialogs: consent to a step, questions, a line of text.

use super::super::state::{Ask, Confirm, Link, Prompt};
use super::super::theme::Role;
use super::pen::{Pen, bytes};
use super::wrap::wrap;
use super::{rehearsal, step};
use crate::engine::{Gate, Verdict};
use crate::plan::Step;
use crate::run::Direction;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub fn prompt(pen: &Pen, frame: &mut Frame, area: Rect, prompt: &Prompt) {
    let title = pen.line(format!(" {} ", prompt.purpose.title()), Role::Title);
    let inner = pen.pane(frame, area, title, true);
    frame.render_widget(Paragraph::new(pen.foreign(prompt.input.text(), Role::Text)), inner);
    let x = inner.x.saturating_add(u16::try_from(prompt.input.cursor()).unwrap_or(0));
    if x < inner.right() && inner.height > 0 {
        frame.set_cursor_position(Position::new(x, inner.y));
    }
}

pub fn ask(pen: &Pen, frame: &mut Frame, area: Rect, ask: &Ask) {
    let title =
        Line::from(vec![pen.span(" ", Role::Title), pen.foreign(&ask.title, Role::Title), pen.span(" ", Role::Title)]);
    let inner = pen.pane(frame, area, title, true);
    Pen::text(frame, inner, ask_lines(pen, ask), 0);
}

/// Rows that a question needs in a dialog of 84 columns, or as many as there are.
pub fn ask_height(pen: &Pen, width: u16, ask: &Ask) -> u16 {
    rows(ask_lines(pen, ask), width.min(86))
}

fn ask_lines(pen: &Pen, ask: &Ask) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = ask.text.iter().map(|t| Line::from(pen.foreign(t, Role::Text))).collect();
    lines.push(Line::default());
    for choice in &ask.choices {
        lines.push(Line::from(vec![
            pen.span(format!("  {}  ", choice.key), Role::Key),
            pen.foreign(&choice.label, Role::Text),
        ]));
    }
    lines.push(Line::from(vec![pen.span("Esc  ", Role::Key), pen.span("none of these", Role::Text)]));
    lines
}

/// Rows of a dialog for these lines, with its border and the distance that it keeps from the edges.
fn rows(lines: Vec<Line>, width: u16) -> u16 {
    let folded = wrap(lines, usize::from(width.saturating_sub(4)));
    u16::try_from(folded.len()).unwrap_or(u16::MAX).saturating_add(2)
}

/// Everything that a yes means: the SQL, the risks, the locks, who is in the way, and the way back.
pub fn confirm(pen: &Pen, frame: &mut Frame, area: Rect, confirm: &Confirm) {
    let Some(run) = &pen.state.run else { return };
    let Some((asked, gate)) = &run.asked else { return };
    let verb = if run.direction == Direction::Back { "Take back" } else { "Run" };
    let number = run.plan.steps.iter().position(|s| s.id == asked.id).map_or(0, |at| at + 1);
    let title = pen.line(format!(" {verb} step {number} of {}? ", run.plan.steps.len()), Role::Title);
    let inner = pen.pane(frame, area, title, true);
    let lines = confirm_lines(pen, asked, gate);
    let wanted = asked.typed_consent();
    let below = if wanted.is_some() { 3 } else { 1 };
    let upper = Rect { height: inner.height.saturating_sub(below), ..inner };
    let lower = Rect { y: inner.y + upper.height, height: inner.height - upper.height, ..inner };
    pen.scrolled(frame, upper, lines, confirm.scroll);
    buttons(pen, frame, lower, confirm, wanted);
}

/// Rows that the dialog of the step that waits needs.
pub fn confirm_height(pen: &Pen, width: u16) -> u16 {
    let Some((asked, gate)) = pen.state.run.as_ref().and_then(|r| r.asked.as_ref()) else { return 3 };
    let below = if asked.typed_consent().is_some() { 4 } else { 2 };
    rows(confirm_lines(pen, asked, gate), width.min(112)).saturating_add(below)
}

fn confirm_lines(pen: &Pen, asked: &Step, gate: &Gate) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(pen.foreign(&asked.title, Role::Title))];
    if let Link::Up(info) = &pen.state.link {
        let on = format!("on {}", info.shown);
        let mut spans = vec![pen.foreign(&on, Role::Dim)];
        if info.production {
            spans.extend([pen.span("  ", Role::Text), pen.span(" PRODUCTION ", Role::Production)]);
        }
        lines.push(Line::from(spans));
    }
    let forward = pen.state.run.as_ref().is_some_and(|run| run.direction == Direction::Forward);
    if forward && !asked.sql.is_empty() {
        lines.push(rehearsal::in_a_word(pen, asked));
    }
    if let Some(note) = &asked.note {
        lines.push(Line::from(pen.foreign(note, Role::Dim)));
    }
    lines.extend(gate_lines(pen, gate));
    lines.push(Line::default());
    lines.extend(step::sql(pen, asked));
    lines.extend(step::harm(pen, asked));
    lines.extend(step::way_back(pen, asked, true));
    lines
}

fn buttons(pen: &Pen, frame: &mut Frame, area: Rect, confirm: &Confirm, wanted: Option<&str>) {
    let mut lines = Vec::new();
    if let Some(wanted) = wanted {
        let right = confirm.typed.text().trim() == wanted;
        let mark = if right { (" + right", Role::Ok) } else { ("", Role::Dim) };
        lines.push(Line::from(vec![
            pen.span("This cannot be undone by itself. Type ", Role::Bad),
            pen.foreign(wanted, Role::Match),
            pen.span(" to allow it, Tab to Run, then y:", Role::Bad),
        ]));
        let field = format!("> {}", crate::sql::one_line(confirm.typed.text()));
        let role = if confirm.on_run { Role::Dim } else { Role::Text };
        lines.push(Line::from(vec![pen.span(field, role), pen.span(mark.0, mark.1)]));
    }
    let button = |text: &'static str, here: bool| {
        let text = if here { format!("[{text}]") } else { format!(" {text} ") };
        pen.span(text, if here { Role::Selection } else { Role::Text })
    };
    lines.push(Line::from(vec![
        button(" Cancel (Esc) ", !confirm.on_run),
        pen.span("  ", Role::Text),
        button(" Run (y) ", confirm.on_run),
    ]));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The go/no-go with its reasons and the sessions in the way.
fn gate_lines(pen: &Pen, gate: &Gate) -> Vec<Line<'static>> {
    let (word, role) = match gate.verdict {
        Verdict::Go => ("+ GO", Role::Ok),
        Verdict::Caution => ("~ CAUTION", Role::Warn),
        Verdict::NoGo => ("! NO-GO", Role::Bad),
        Verdict::Unknown => ("? UNKNOWN", Role::Warn),
    };
    let mut lines = vec![Line::from(vec![pen.span(format!("Now: {word}"), role)])];
    lines.extend(gate.reasons.iter().map(|r| Line::from(vec![pen.span("  ", Role::Text), pen.foreign(r, Role::Text)])));
    if !gate.holders.is_empty() {
        lines.push(pen.line("Holders of conflicting locks (i cancels, T terminates, after Esc):", Role::Warn));
        lines.extend(gate.holders.iter().take(4).map(|b| Line::from(pen.foreign(&step::blocker(b), Role::Text))));
    }
    if !gate.longest.is_empty() {
        lines.push(pen.line("Longest transactions:", Role::Dim));
        lines.extend(gate.longest.iter().take(3).map(|b| Line::from(pen.foreign(&step::blocker(b), Role::Dim))));
    }
    for replica in gate.replication.iter().flatten() {
        let lag = replica.lag_bytes.and_then(|b| u64::try_from(b).ok()).map_or_else(|| "unknown".to_owned(), bytes);
        lines.push(Line::from(pen.foreign(&format!("replica {}: lag {lag}", replica.name), Role::Dim)));
    }
    lines
}
