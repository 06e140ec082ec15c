//! All there is to know of a step.

use super::super::state::StepNow;
use super::super::theme::Role;
use super::super::update::sql_text;
use super::pen::{Pen, duration};
use super::plan::rollback;
use super::rehearsal;
use crate::engine::Blocker;
use crate::plan::{Evidence, Risk, Step};
use crate::schema::ObjectKind;
use crate::sql::one_line;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect, step: &Step, number: usize, of: usize) {
    let mut lines = vec![Line::from(vec![
        pen.span(format!("Step {number} of {of}  "), Role::Dim),
        pen.foreign(&step.title, Role::Title),
        pen.span("  ", Role::Text),
        pen.phase(step.phase),
        pen.severity(step.severity()),
    ])];
    if let StepNow::Done(took) = pen.state.step_now(&step.id) {
        lines.push(pen.line(format!("done in {}", duration(took.as_secs_f64() * 1e3)), Role::Ok));
    }
    if let Some(note) = &step.note {
        lines.push(Line::from(pen.foreign(note, Role::Dim)));
    }
    lines.push(Line::default());
    lines.extend(sql(pen, step));
    lines.extend(harm(pen, step));
    lines.extend(rehearsal::of_step(pen, step));
    lines.extend(way_back(pen, step, true));
    pen.scrolled(frame, area, lines, pen.state.plan.scroll);
}

/// The selected step, as far as there is room under the list.
pub fn preview(pen: &Pen, frame: &mut Frame, area: Rect, step: &Step) {
    let mut lines = vec![Line::default(), Line::from(pen.foreign(&step.title, Role::Title))];
    lines.extend(sql(pen, step));
    lines.extend(harm(pen, step));
    lines.extend(rehearsal::of_step(pen, step));
    lines.extend(way_back(pen, step, true));
    pen.scrolled(frame, area, lines, 0);
}

/// What will run.
pub fn sql(pen: &Pen, step: &Step) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for setting in &step.session {
        lines.push(Line::from(vec![pen.span("for this step: ", Role::Dim), pen.foreign(setting, Role::Text)]));
    }
    lines.extend(pen.sql(&sql_text(&step.sql)));
    if step.sql.is_empty() {
        lines.push(pen.line("No SQL: something for people to do.", Role::Dim));
    } else if let Some(backfill) = &step.backfill {
        let text = format!(
            "In batches of about {} rows along {}, each committed by itself.",
            backfill.batch_rows,
            backfill.key.join(", ")
        );
        lines.push(Line::from(pen.foreign(&text, Role::Dim)));
    } else {
        let text = if step.transactional { "In one transaction." } else { "Outside a transaction." };
        lines.push(pen.line(text, Role::Dim));
    }
    if !step.parsed {
        lines.push(pen.line("This SQL could not be read: nothing is known of what it does.", Role::Bad));
    }
    if let Some(check) = &step.check {
        lines.push(Line::from(vec![pen.span("Checks: ", Role::Dim), pen.foreign(&check.query, Role::Text)]));
        lines.push(Line::from(pen.foreign(&check.message, Role::Dim)));
    }
    lines
}

/// Locks, rewrites, scans, estimate and risks.
pub fn harm(pen: &Pen, step: &Step) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default(), pen.line("Locks", Role::Accent)];
    if step.locks.is_empty() {
        lines.push(pen.line(if step.is_known() { "  none" } else { "  unknown" }, Role::Text));
    }
    for lock in step.locks.iter().filter(|lock| lock.kind != ObjectKind::Index) {
        let stops = match (lock.mode.blocks_reads(), lock.mode.blocks_writes()) {
            (true, _) => "reads and writes wait",
            (false, true) => "writes wait",
            (false, false) => "reads and writes go on",
        };
        let evidence = format!("{:?}", lock.evidence).to_lowercase();
        let text = format!("{} on {}: {stops} ({evidence})", lock.mode, lock.relation);
        lines.push(Line::from(vec![pen.span("  ", Role::Text), pen.foreign(&text, Role::Text)]));
    }
    let indexes: Vec<&str> =
        step.locks.iter().filter(|lock| lock.kind == ObjectKind::Index).map(|lock| lock.relation.as_str()).collect();
    if !indexes.is_empty() {
        let text = format!("and on indexes: {}", indexes.join(", "));
        lines.push(Line::from(vec![pen.span("  ", Role::Text), pen.foreign(&text, Role::Dim)]));
    }
    if !step.rewrites.is_empty() {
        let text = format!("Writes every row anew: {}", step.rewrites.join(", "));
        lines.push(Line::from(pen.foreign(&text, Role::Warn)));
    }
    if !step.scans.is_empty() {
        let text = format!("Reads from end to end: {}", step.scans.join(", "));
        lines.push(Line::from(pen.foreign(&text, Role::Text)));
    }
    if let Some(estimate) = &step.estimate_ms {
        let evidence = format!("{:?}", estimate.evidence).to_lowercase();
        let (low, high) = (duration(estimate.low as f64), duration(estimate.high as f64));
        lines.push(pen.line(format!("Takes about {low} to {high} ({evidence})"), Role::Text));
    }
    if let Some(wait) = &step.wait_ms {
        let (low, high) = (duration(wait.low as f64), duration(wait.high as f64));
        lines.push(pen.line(format!("May wait {low} to {high} for its locks"), Role::Text));
    }
    if let Some(needs) = &step.needs {
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let text = format!(
            "Needs about {} MB of disk and {} MB of write-ahead log",
            megabytes(needs.disk_bytes),
            megabytes(needs.wal_bytes)
        );
        lines.push(pen.line(text, Role::Text));
    }
    for risk in &step.risks {
        lines.push(Line::from(vec![
            pen.severity(Some(risk.severity)),
            pen.foreign(&risk.message, Role::Text),
            pen.span(" ", Role::Text),
            pen.foreign(&format!("({}{})", risk.rule, evidence(risk)), Role::Dim),
        ]));
        if let Some(suggestion) = &risk.suggestion {
            lines.push(Line::from(vec![pen.span("            ", Role::Dim), pen.foreign(suggestion, Role::Dim)]));
        }
    }
    if !step.destroys.is_empty() {
        let text = format!("Destroys: {}", step.destroys.join(", "));
        lines.push(Line::from(pen.foreign(&text, Role::Bad)));
    }
    lines
}

/// Where a finding comes from, when it was seen and not only foreseen.
fn evidence(risk: &Risk) -> &'static str {
    match risk.evidence {
        Evidence::Predicted => "",
        Evidence::Rehearsed => ", rehearsed",
        Evidence::Measured => ", measured",
    }
}

/// How the step is taken back.
pub fn way_back(pen: &Pen, step: &Step, with_sql: bool) -> Vec<Line<'static>> {
    let (word, role) = rollback(step.rollback.kind);
    let mut head = vec![pen.span("Rollback: ", Role::Accent), pen.span(word, role)];
    if let Some(note) = &step.rollback.note {
        head.extend([pen.span("  ", Role::Text), pen.foreign(note, Role::Text)]);
    }
    let mut lines = vec![Line::default(), Line::from(head)];
    if with_sql && !step.rollback.sql.is_empty() {
        lines.extend(pen.sql(&sql_text(&step.rollback.sql)));
    }
    lines
}

/// A session in the way, in one line.
pub fn blocker(b: &Blocker) -> String {
    let or = |text: &Option<String>, other: &str| one_line(text.as_deref().unwrap_or(other));
    let age = b.transaction_ms.map(|ms| format!(", transaction {}", duration(ms))).unwrap_or_default();
    let holds = match (&b.mode, &b.relation) {
        (Some(mode), Some(relation)) => format!(", holds {mode} on {relation}"),
        _ => String::new(),
    };
    let query = b.query.as_ref().map(|q| format!(": {}", one_line(q))).unwrap_or_default();
    format!(
        "  session {} {} ({}) {}{age}{holds}{query}",
        b.backend,
        or(&b.user, "?"),
        or(&b.application, "no name"),
        or(&b.state, "")
    )
}
