//! What a rehearsal has shown: of the plan as a whole, and of one step.

use super::super::state::Rehearsed;
use super::super::theme::Role;
use super::pen::{Pen, duration};
use crate::plan::Step;
use crate::rehearse::{Measured, Progress, Rehearsal, State};
use ratatui::text::Line;

/// Lines of the server's own words, at most.
const SAID: usize = 6;

/// How the rehearsal stands, under the list of steps.
pub fn status(pen: &Pen) -> Vec<Line<'static>> {
    match &pen.state.plan.rehearsed {
        None => Vec::new(),
        Some(Rehearsed::Going { since, progress, .. }) => {
            let text = format!("{} Rehearsing: {} (c gives up)", pen.spinner(*since), going(progress));
            vec![Line::default(), Line::from(pen.foreign(&text, Role::Accent))]
        }
        Some(Rehearsed::Impossible(error)) => {
            let mut lines =
                vec![Line::default(), Line::from(pen.foreign(&format!("No rehearsal: {}", error.message), Role::Bad))];
            lines.extend(error.hint.as_ref().map(|hint| Line::from(pen.foreign(hint, Role::Text))));
            lines
        }
        Some(Rehearsed::Done(rehearsal)) => done(pen, rehearsal),
    }
}

fn going(progress: &Progress) -> String {
    match progress {
        Progress::Copying => "copying the schema to a shadow".into(),
        Progress::Sampling => "copying a sample of rows".into(),
        Progress::Preparing { statements } => format!("preparing {statements} statements of the application"),
        Progress::Step { at, of, title } => format!("step {} of {of}, {title}", at + 1),
        Progress::Back { at, of, title } => format!("back, step {} of {of}, {title}", at + 1),
        Progress::Comparing => "comparing schemas".into(),
    }
}

fn done(pen: &Pen, rehearsal: &Rehearsal) -> Vec<Line<'static>> {
    let (word, role) = if rehearsal.passed { ("passed", Role::Ok) } else { ("FAILED", Role::Bad) };
    let mut lines = vec![
        Line::default(),
        Line::from(vec![
            pen.span("Rehearsal: ", Role::Accent),
            pen.span(word, role),
            pen.foreign(&format!(", on {}", rehearsal.place), Role::Dim),
        ]),
    ];
    if pen.state.plan.open {
        return lines;
    }
    if let Some(failed) = pen.state.plan.rehearsed.as_ref().and_then(Rehearsed::failed) {
        let error = failed.error.as_ref().or(failed.rollback.as_ref().and_then(|back| back.error.as_ref()));
        let what = if failed.state == State::Failed { "step" } else { "the rollback of step" };
        let message = error.map(|e| e.message.as_str()).unwrap_or_default();
        lines.push(Line::from(pen.foreign(&format!("{what} {} fails: {message}", failed.id), Role::Bad)));
    }
    match (&rehearsal.back, &rehearsal.stuck) {
        (Some(back), _) if back.exact => {
            lines.push(pen.line("The rollbacks led back to exactly the first schema.", Role::Text));
        }
        (Some(back), _) => {
            let text = format!("The rollbacks did not lead back: {}", back.differences.join(" "));
            lines.push(Line::from(pen.foreign(&text, Role::Bad)));
        }
        (None, Some(why)) => {
            lines.push(Line::from(pen.foreign(&format!("Not everything was taken back: {why}"), Role::Warn)));
        }
        (None, None) => {}
    }
    if let Some(queries) = rehearsal.queries.as_ref().filter(|q| q.broken.len() + q.slower.len() > 0) {
        let text = format!(
            "Of {} statements of the application {} fail afterwards, {} find no index any more.",
            queries.tried,
            queries.broken.len(),
            queries.slower.len()
        );
        lines.push(Line::from(pen.foreign(&text, Role::Bad)));
    }
    let worse = rehearsal.steps.iter().flat_map(|s| &s.disagreements).filter(|d| d.worse).count();
    if worse > 0 {
        let places = if worse == 1 { "one place".to_owned() } else { format!("{worse} places") };
        let text = format!("In {places} more was seen than foreseen; the steps are marked {}.", pen.symbols().unlike);
        lines.push(Line::from(pen.foreign(&text, Role::Warn)));
    }
    lines
}

/// Whether the step was rehearsed, before it is run.
pub fn in_a_word(pen: &Pen, step: &Step) -> Line<'static> {
    let Some(tried) = pen.state.plan.rehearsed.as_ref().and_then(|r| r.step(&step.id)) else {
        return pen.line("Not rehearsed (Esc, then R tries the plan on a shadow)", Role::Dim);
    };
    match tried.state {
        State::Passed => pen.line("Rehearsed: passed", Role::Ok),
        State::NotReached => pen.line("Rehearsed: not reached, a step before it failed", Role::Warn),
        State::Failed => {
            let why = tried.error.as_ref().map_or("", |error| error.message.as_str());
            Line::from(pen.foreign(&format!("The rehearsal of this step FAILED: {why}"), Role::Bad))
        }
    }
}

/// What was seen of a step, for its details.
pub fn of_step(pen: &Pen, step: &Step) -> Vec<Line<'static>> {
    let Some(tried) = pen.state.plan.rehearsed.as_ref().and_then(|r| r.step(&step.id)) else { return Vec::new() };
    let (word, role) = match tried.state {
        State::Passed => ("passed", Role::Ok),
        State::Failed => ("FAILED", Role::Bad),
        State::NotReached => ("not reached", Role::Dim),
    };
    let mut lines =
        vec![Line::default(), Line::from(vec![pen.span("Rehearsed: ", Role::Accent), pen.span(word, role)])];
    if let Some(error) = &tried.error {
        lines.push(Line::from(pen.foreign(&format!("  {}", error.message), Role::Bad)));
        lines.extend(error.hint.as_ref().map(|hint| Line::from(pen.foreign(&format!("  {hint}"), Role::Text))));
    }
    for difference in &tried.disagreements {
        let role = if difference.worse { Role::Bad } else { Role::Warn };
        lines.push(Line::from(pen.foreign(&format!("  {} {difference}", pen.symbols().unlike), role)));
    }
    let said = tried.measured.iter().flat_map(|m| &m.said);
    for line in said.take(SAID) {
        lines.push(Line::from(pen.foreign(&format!("  server: {line}"), Role::Dim)));
    }
    if let Some(back) = &tried.rollback {
        lines.extend(way_back(pen, back));
    }
    lines
}

fn way_back(pen: &Pen, back: &Measured) -> Vec<Line<'static>> {
    if let Some(error) = &back.error {
        return vec![Line::from(pen.foreign(&format!("  the rollback FAILED: {}", error.message), Role::Bad))];
    }
    let strongest = back.locks.iter().flatten().map(|lock| lock.mode).max();
    let lock = strongest.map_or_else(String::new, |mode| format!(", under {mode}"));
    let text = format!("  the rollback passed in {}{lock}", duration(back.took_ms));
    vec![Line::from(pen.foreign(&text, Role::Text))]
}
