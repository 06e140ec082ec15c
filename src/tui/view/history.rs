//! Runs and their steps, as the journal in the database has them.

use super::super::state::{Focus, offset};
use super::super::theme::Role;
use super::pen::Pen;
use crate::run::{Direction, RunRecord, RunState, StepState};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let inner = pen.middle(frame, area);
    let runs = &pen.state.history;
    if runs.is_empty() {
        return Pen::text(frame, inner, vec![pen.line("Nothing has been run here yet.", Role::Dim)], 0);
    }
    let height = usize::from(inner.height / 2).max(1);
    let selected = pen.state.history_selected;
    let first = offset(selected, runs.len(), height);
    let mut lines: Vec<Line> = Vec::new();
    for (at, run) in runs.iter().enumerate().skip(first).take(height) {
        let line = run_line(pen, run, usize::from(inner.width));
        let role = if pen.state.focus == Focus::Middle { Role::Selection } else { Role::SelectionIdle };
        lines.push(if at == selected { line.patch_style(pen.style(role)) } else { line });
    }
    lines.push(Line::default());
    if let Some(run) = runs.get(selected) {
        lines.extend(run.steps.iter().map(|step| {
            let (sign, word, role) = step_state(pen, step.state);
            let attempts = if step.attempts > 1 { format!("  {} attempts", step.attempts) } else { String::new() };
            let error = step.error.as_deref().unwrap_or_default();
            Line::from(vec![
                pen.span(format!("  {sign} {word:<12}"), role),
                pen.foreign(&step.step.title, Role::Text),
                pen.span(attempts, Role::Dim),
                pen.span("  ", Role::Text),
                pen.foreign(error, Role::Bad),
            ])
        }));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn run_line(pen: &Pen, run: &RunRecord, width: usize) -> Line<'static> {
    let (word, role) = match run.state {
        RunState::Running if run.alive => ("running", Role::Accent),
        RunState::Running => ("INTERRUPTED", Role::Bad),
        RunState::Done => ("done", Role::Ok),
        RunState::Stopped => ("stopped", Role::Warn),
        RunState::Failed => ("failed", Role::Bad),
        RunState::Cancelled => ("cancelled", Role::Warn),
        RunState::RolledBack => ("rolled back", Role::Dim),
    };
    let arrow = if run.direction == Direction::Back { "back " } else { "     " };
    let when: String = run.started_at.chars().take(19).collect();
    let title = pen.cut(&run.title, width.saturating_sub(44));
    Line::from(vec![
        pen.foreign(&when, Role::Dim),
        pen.span(format!("  {word:<12}"), role),
        pen.span(arrow, Role::Warn),
        pen.span(title, Role::Text),
    ])
}

fn step_state(pen: &Pen, state: StepState) -> (&'static str, &'static str, Role) {
    let symbols = pen.symbols();
    match state {
        StepState::Planned => (symbols.todo, "not begun", Role::Dim),
        StepState::Running => ("?", "UNKNOWN", Role::Bad),
        StepState::Done => (symbols.done, "done", Role::Ok),
        StepState::Skipped => (symbols.skipped, "skipped", Role::Warn),
        StepState::Failed => (symbols.failed, "failed", Role::Bad),
        StepState::Cancelled => (symbols.failed, "cancelled", Role::Warn),
        StepState::RolledBack => (symbols.undone, "rolled back", Role::Dim),
    }
}
