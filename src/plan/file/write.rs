//! A plan as a file.

use super::{Head, MARK, Mark, StepHead, body, hash};
use crate::plan::{Patterns, Plan, RollbackKind, Step, StepKind};
use crate::sql::{one_line, visible};

/// The plan as one `.sql` text.
pub fn write(plan: &Plan, patterns: &dyn Patterns) -> String {
    let mut out = format!("-- {}\n", one_line(&plan.title));
    out.push_str("-- A plan of Lockstep: `lockstep apply` runs it step by step; the lines with JSON belong to it.\n");
    mark(
        &Mark::Plan(Head {
            version: plan.version,
            engine: plan.engine,
            title: plan.title.clone(),
            base: plan.base.clone(),
            base_parts: plan.base_parts.clone(),
            target: plan.target.clone(),
            steps: plan.steps.len(),
            notes: plan.notes.clone(),
        }),
        &mut out,
    );
    for step in &plan.steps {
        write_step(step, patterns.begin(), &mut out);
    }
    out
}

fn mark(mark: &Mark, out: &mut String) {
    // Serialising our own types to memory cannot fail. JSON has no bare line feeds, so it stays one comment line.
    let json = serde_json::to_string(mark).unwrap_or_default();
    out.push_str(MARK);
    out.push_str(&json);
    out.push('\n');
}

fn write_step(step: &Step, begin: &str, out: &mut String) {
    out.push_str(&format!("\n-- Step {} ({}): {}\n", one_line(&step.id), step.phase, one_line(&step.title)));
    if let Some(note) = &step.note {
        comment(note, out);
    }
    if step.kind == StepKind::Wait {
        comment("Nothing to run: this is for people to do.", out);
    }
    let body = body(step, begin);
    let bare = Step { sql: Vec::new(), ..step.clone() };
    let sql_bytes = step.sql.iter().map(String::len).collect();
    mark(&Mark::Step(Box::new(StepHead { step: bare, sql_bytes, hash: hash(&body) })), out);
    out.push_str(&body);
    mark(&Mark::End(step.id.clone()), out);
    write_rollback(step, out);
}

/// The way back, for reading; Lockstep has it in the step's own line.
fn write_rollback(step: &Step, out: &mut String) {
    let rollback = &step.rollback;
    let kind = match rollback.kind {
        RollbackKind::Exact => "Rollback:",
        RollbackKind::Restores => "Rollback, with the data from the kept copy:",
        RollbackKind::Lossy => "Rollback, not of all data:",
        RollbackKind::None => "No rollback:",
    };
    comment(&format!("{kind} {}", rollback.note.clone().unwrap_or_default()), out);
    for sql in &rollback.sql {
        for line in visible(&format!("{sql};")).lines() {
            out.push_str(&format!("--   {line}\n"));
        }
    }
}

fn comment(text: &str, out: &mut String) {
    out.push_str(&format!("-- {}\n", one_line(text)));
}
