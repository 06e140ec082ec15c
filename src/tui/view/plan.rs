//! The plan panel: the steps in order, and what a run has made of them.

use super::super::state::{Focus, Held, RunView, StepNow, offset};
use super::super::theme::Role;
use super::layout::PLAN_HEAD;
use super::pen::{Pen, count, duration};
use super::wrap::wrap;
use super::{rehearsal, step};
use crate::plan::{Plan, RollbackKind, Step, Style};
use crate::rehearse::State;
use crate::run::{Direction, Outcome};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Rows that must be left under the list for a look at the selected step.
const PREVIEW: u16 = 6;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let inner = pen.middle(frame, area);
    let Some(plan) = pen.state.shown_plan() else { return draw_empty(pen, frame, inner) };
    let run_lines = pen.state.run.as_ref().map_or_else(|| rehearsal::status(pen), |run| run_status(pen, run));
    let below = u16::try_from(run_lines.len()).unwrap_or(0).min(inner.height / 2);
    let upper = Rect { height: inner.height - below, ..inner };
    let lower = Rect { y: inner.y + upper.height, height: below, ..inner };
    if pen.state.plan.open
        && let Some(step) = pen.state.shown_step()
    {
        step::draw(pen, frame, upper, step, pen.state.plan.selected + 1, plan.steps.len());
    } else {
        draw_list(pen, frame, upper, plan);
    }
    if below > 0 {
        Pen::text(frame, lower, run_lines, 0);
    }
}

fn draw_empty(pen: &Pen, frame: &mut Frame, area: Rect) {
    let mut lines = Vec::new();
    if pen.state.plan.building.is_some() {
        lines.push(pen.line("Making the plan.", Role::Accent));
    } else if let Some(error) = &pen.state.plan.problem {
        lines.push(Line::from(pen.foreign(&error.message, Role::Bad)));
        if let Some(hint) = &error.hint {
            lines.push(Line::from(pen.foreign(hint, Role::Text)));
        }
    } else {
        lines.push(pen.line("No plan yet.", Role::Title));
        for text in [
            "",
            "a  ask for a change in words",
            "o  plan an SQL file, or open a saved plan",
            "O  plan the way to a schema in an SQL file",
            "   or paste SQL",
            "",
            "Nothing runs before you confirm each step.",
        ] {
            lines.push(pen.line(text, Role::Dim));
        }
    }
    Pen::text(frame, area, lines, 0);
}

fn draw_list(pen: &Pen, frame: &mut Frame, area: Rect, plan: &Plan) {
    let mut lines = vec![head(pen, plan, usize::from(area.width)), columns(pen, usize::from(area.width))];
    let height = usize::from(area.height).saturating_sub(PLAN_HEAD);
    let notes = plan.notes.len().min(3);
    let room = if plan.steps.len() + notes < height { plan.steps.len() } else { height };
    let first = offset(pen.state.plan.selected, plan.steps.len(), height.max(1));
    for (at, step) in plan.steps.iter().enumerate().skip(first).take(room) {
        let line = row(pen, step, at, usize::from(area.width));
        let role = if pen.state.focus == Focus::Middle { Role::Selection } else { Role::SelectionIdle };
        lines.push(if at == pen.state.plan.selected { line.patch_style(pen.style(role)) } else { line });
    }
    if plan.steps.is_empty() {
        lines.push(pen.line("Nothing to do: the database is as it should be.", Role::Ok));
    }
    if room >= plan.steps.len() {
        lines.push(Line::default());
        for note in plan.notes.iter().take(3) {
            lines.push(Line::from(vec![pen.span("Note: ", Role::Dim), pen.foreign(note, Role::Dim)]));
        }
    }
    let lines = wrap(lines, usize::from(area.width));
    let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    frame.render_widget(Paragraph::new(lines), area);
    let below = Rect { y: area.y + used, height: area.height - used, ..area };
    if let (Some(step), true) = (pen.state.shown_step(), below.height >= PREVIEW) {
        step::preview(pen, frame, below, step);
    }
}

fn head(pen: &Pen, plan: &Plan, width: usize) -> Line<'static> {
    let run = pen.state.run.as_ref();
    let what = match run.map(|r| (r.direction, r.outcome)) {
        None => match pen.state.plan.built.as_ref().map(|b| b.style) {
            Some(Style::Direct) => "direct way",
            _ => "safe way",
        },
        Some((Direction::Back, None)) => "taking back",
        Some((Direction::Forward, None)) => "running",
        Some((Direction::Back, Some(Outcome::Done))) => "taken back",
        Some((_, Some(Outcome::Done))) => "done",
        Some((_, Some(Outcome::Stopped))) => "stopped",
        Some((_, Some(Outcome::Failed))) => "failed",
        Some((_, Some(Outcome::Cancelled))) => "cancelled",
    };
    let edits = pen.state.plan.undo.len();
    let edits = if edits > 0 && run.is_none() { format!(", {edits} edits") } else { String::new() };
    let steps = if plan.steps.len() == 1 { "1 step".to_owned() } else { format!("{} steps", plan.steps.len()) };
    let aside = format!("  {steps}, {what}{edits}");
    let title = pen.cut(&plan.title, width.saturating_sub(aside.len()));
    Line::from(vec![pen.span(title, Role::Title), pen.span(aside, Role::Dim)])
}

/// How wide the columns of title, phase and lock are; the rest is fixed. A column without room is left out.
fn widths(width: usize) -> (usize, usize, usize) {
    // Number and state 6, severity 12, rollback 9.
    let fixed = 27;
    let phase = if width >= 70 { 9 } else { 0 };
    let lock = if width >= 110 {
        24
    } else if width >= 84 {
        17
    } else {
        0
    };
    (width.saturating_sub(fixed + phase + lock).max(8), phase, lock)
}

fn columns(pen: &Pen, width: usize) -> Line<'static> {
    let (title, phase, lock) = widths(width);
    let phase = if phase > 0 { format!("{:<phase$}", "phase") } else { String::new() };
    let lock = if lock > 0 { format!("{:<lock$}", "strongest lock") } else { String::new() };
    pen.line(format!("      {:<title$}{:<12}{phase}{lock}{}", "step", "risk", "rollback"), Role::Dim)
}

fn row(pen: &Pen, step: &Step, at: usize, width: usize) -> Line<'static> {
    let (title_width, phase_width, lock_width) = widths(width);
    let symbols = pen.symbols();
    let rehearsed = pen.state.plan.rehearsed.as_ref().and_then(|r| r.step(&step.id));
    let (sign, role) = match pen.state.step_now(&step.id) {
        StepNow::Todo => match rehearsed.map(|r| r.state) {
            Some(State::Passed) => (symbols.tried, Role::Ok),
            Some(State::Failed) => (symbols.failed, Role::Bad),
            Some(State::NotReached) | None => (symbols.todo, Role::Dim),
        },
        StepNow::Asked => (symbols.cursor, Role::Accent),
        StepNow::Running => (symbols.running, Role::Accent),
        StepNow::Done(_) => (symbols.done, Role::Ok),
        StepNow::Skipped => (symbols.skipped, Role::Warn),
        StepNow::Failed => (symbols.failed, Role::Bad),
    };
    let title = pen.cut(&step.title, title_width.saturating_sub(1));
    let pad = title_width.saturating_sub(unicode_width::UnicodeWidthStr::width(title.as_str()));
    let mut spans = vec![
        pen.span(format!("{:>3} ", at + 1), Role::Dim),
        pen.span(format!("{sign} "), role),
        pen.span(format!("{title}{}", " ".repeat(pad)), Role::Text),
        pen.severity(step.severity()),
    ];
    if phase_width > 0 {
        let pad = phase_width.saturating_sub(step.phase.to_string().len());
        spans.extend([pen.phase(step.phase), pen.span(" ".repeat(pad), Role::Text)]);
    }
    if lock_width > 0 {
        let strongest = step.locks.iter().map(|l| l.mode).max();
        let text = strongest.map_or_else(|| "none".to_owned(), |mode| mode.sql().to_lowercase());
        let seen = rehearsed.is_some_and(|r| r.measured.as_ref().is_some_and(|m| m.locks.is_some()));
        let text = if step.is_known() || seen { text } else { "unknown".into() };
        let unlike = rehearsed.is_some_and(|r| !r.disagreements.is_empty());
        let text = if unlike { format!("{} {text}", symbols.unlike) } else { text };
        spans.push(pen.span(format!("{:<lock_width$}", pen.cut(&text, lock_width - 1)), Role::Dim));
    }
    let (word, role) = rollback(step.rollback.kind);
    spans.push(pen.span(word, role));
    Line::from(spans)
}

/// A rollback's kind in a word.
pub fn rollback(kind: RollbackKind) -> (&'static str, Role) {
    match kind {
        RollbackKind::Exact => ("exact", Role::Ok),
        RollbackKind::Restores => ("restores", Role::Ok),
        RollbackKind::Lossy => ("lossy", Role::Warn),
        RollbackKind::None => ("NONE", Role::Bad),
    }
}

/// What the run is doing, waiting for, or has come to.
fn run_status(pen: &Pen, run: &RunView) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    if let Some((id, since)) = &run.current {
        let title = run.step(id).map(|s| s.title.as_str()).unwrap_or_default();
        let ran = pen.state.now.saturating_duration_since(*since).as_secs_f64() * 1_000.0;
        let word = if run.cancelling { "cancelling, the server has not answered yet" } else { "running" };
        lines.push(Line::from(vec![
            pen.span(format!("{} {word} for {}: ", pen.spinner(*since), duration(ran)), Role::Accent),
            pen.foreign(title, Role::Text),
        ]));
    } else if run.active() {
        let text =
            if run.asked.is_some() { "The next step waits for your word: x" } else { "Looking at the next step." };
        lines.push(pen.line(text, Role::Accent));
    }
    match &run.held {
        Some(Held::Waiting { holders, waited }) => {
            let text = format!("waiting outside the lock queue for {}; held by:", duration(waited.as_secs_f64() * 1e3));
            lines.push(pen.line(text, Role::Warn));
            lines.extend(holders.iter().take(3).map(|b| Line::from(pen.foreign(&step::blocker(b), Role::Text))));
            lines.push(pen.line("i cancels its query, T terminates it, c gives up", Role::Dim));
        }
        Some(Held::Retrying { attempt, pause, why }) => {
            let text = format!(
                "attempt {attempt} did not get its lock; again in {}: {why}",
                duration(pause.as_secs_f64() * 1e3)
            );
            lines.push(Line::from(pen.foreign(&text, Role::Warn)));
        }
        None => {}
    }
    if let Some(filled) = &run.filled {
        let bar = filled.total.map(|total| pen.progress(filled.walked, total, 24)).unwrap_or_default();
        let of = filled.total.map(|t| format!(" of {}", count(t))).unwrap_or_default();
        let word = if filled.paused { " PAUSED (p goes on)," } else { "" };
        let text = format!(
            "{word} {}{of} rows walked, {} changed, batches of {}",
            count(filled.walked),
            count(filled.changed),
            count(filled.batch_rows)
        );
        lines.push(Line::from(vec![pen.span(bar, Role::Gauge), pen.span(text, Role::Text)]));
    }
    if let Some(failure) = &run.failure {
        let title = run.step(&failure.step).map(|s| s.title.as_str()).unwrap_or_default();
        lines.push(Line::from(vec![pen.span("failed: ", Role::Bad), pen.foreign(title, Role::Text)]));
        lines.push(Line::from(pen.foreign(&failure.error.message, Role::Bad)));
        if let Some(hint) = &failure.error.hint {
            lines.push(Line::from(pen.foreign(hint, Role::Text)));
        }
        let left = failure.left.as_deref().unwrap_or("Nothing is left of it.");
        lines.push(Line::from(pen.foreign(left, Role::Text)));
    }
    for note in run.notes.iter().rev().take(2).rev() {
        lines.push(Line::from(pen.foreign(note, Role::Warn)));
    }
    if !run.active() {
        lines.push(pen.line("Esc leaves the run and shows the plan; b and B roll back.", Role::Dim));
    }
    lines
}
