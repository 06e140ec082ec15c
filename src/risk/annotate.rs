//! A whole plan, judged step by step.

use super::assess::{Moment, merge_locks, merge_names, merge_risks};
use super::estimate::{Work, estimate, needs};
use super::flow::{Flow, Transactions};
use super::lint::reads_whole;
use super::privacy::Lexicon;
use super::probe::Asker;
use super::rules::risk;
use super::{Judge, Settings};
use crate::plan::{Plan, Risk, RollbackKind, Severity, Step, StepKind};
use crate::schema::Schema;
use crate::sql::Statement;
use std::collections::HashSet;

/// Rows from which a backfill is worth a word.
const LONG_BACKFILL: u64 = 1_000_000;

/// Judges each step of `plan` against the schema of its moment and fills in locks, rewrites, scans, risks and
/// estimates. `connected` says that `before` was read from a database. What was filled in before is replaced.
pub fn annotate(plan: &mut Plan, before: &Schema, judge: &dyn Judge, connected: bool) {
    annotate_by(plan, before, judge, connected, &Settings::default());
}

/// As [`annotate`], by what was decided about judging.
pub fn annotate_by(plan: &mut Plan, before: &Schema, judge: &dyn Judge, connected: bool, settings: &Settings) {
    let mut end = before.clone();
    for change in plan.steps.iter().flat_map(|s| &s.changes) {
        // What does not fit was noted when the plan was made; the rest can still be judged.
        let _ = end.apply(change);
    }
    let lexicon = &Lexicon::new(&settings.privacy);
    let (schema, made, guarded_rows) = (before.clone(), HashSet::new(), HashSet::new());
    let start = before.clone();
    let mut moment = Moment { schema, made, start, end, connected, judge, settings, lexicon, guarded_rows };
    let mut asker = Asker::new(before, judge);
    for step in &mut plan.steps {
        let questions = asker.of_changes(&step.changes, &moment.schema);
        let open = moment.open(&questions);
        judge_step(step, &mut moment);
        merge_risks(&mut step.risks, open);
        step.risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
    }
}

fn judge_step(step: &mut Step, moment: &mut Moment<'_>) {
    step.locks.clear();
    step.rewrites.clear();
    step.scans.clear();
    step.risks.clear();
    step.estimate_ms = None;
    step.needs = None;
    step.wait_ms = None;
    let statements = read(step, moment);
    step.parsed = statements.iter().all(Statement::parsed) && (!statements.is_empty() || step.sql.is_empty());
    mend_transaction(step, &statements);
    // The step's own changes say where it leads; reading on between its statements is for judging them only.
    let start = (statements.len() > 1 && !step.changes.is_empty()).then(|| moment.schema.clone());
    let mut builds = Vec::new();
    let mut known = true;
    // Each step runs under Lockstep's own timeouts.
    let ways = if step.transactional { Transactions::Whole } else { Transactions::ByText };
    let mut flow = Flow::guarded(ways);
    for (at, statement) in statements.iter().enumerate() {
        let found = moment.assess(statement, step.transactional);
        known &= found.judgement.known || statement.reading.read_only;
        let flowing = flow.pass(statement, &found.judgement, moment);
        merge_locks(&mut step.locks, found.judgement.locks);
        merge_names(&mut step.rewrites, found.judgement.rewrites);
        merge_names(&mut step.scans, found.judgement.scans);
        merge_names(&mut builds, found.judgement.index_builds);
        let risks = found.risks.into_iter().chain(flowing).filter_map(|r| in_step(r, step)).collect();
        merge_risks(&mut step.risks, risks);
        if at + 1 < statements.len() || step.changes.is_empty() {
            moment.pass(&statement.reading.changes);
            moment.pass(&found.judgement.assumed);
        }
    }
    let whole = of_whole_step(step, moment);
    merge_risks(&mut step.risks, whole);
    if known && step.parsed && step.kind != StepKind::Wait {
        let work = Work {
            scans: &step.scans,
            rewrites: &step.rewrites,
            index_builds: &builds,
            backfill: step.backfill.as_ref(),
        };
        let schema = start.as_ref().unwrap_or(&moment.schema);
        step.estimate_ms = estimate(&work, schema, moment.judge.pace());
        step.needs = needs(&work, schema);
    }
    step.scans = reads_whole(std::mem::take(&mut step.scans), builds);
    step.risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
    if let Some(start) = start {
        moment.schema = start;
    }
    moment.pass(&step.changes);
}

/// The step's statements, each read with what those before it have made.
fn read(step: &Step, moment: &Moment<'_>) -> Vec<Statement> {
    let text = step.sql.join(";\n");
    let together = moment.judge.read(&text, &moment.schema).statements;
    if together.len() == step.sql.len() {
        return together;
    }
    // Something in it swallows the next one; each alone is then the safer reading.
    step.sql.iter().flat_map(|sql| moment.judge.read(sql, &moment.schema).statements).collect()
}

/// A statement that cannot run in a transaction takes its step out of one, if it is alone there.
fn mend_transaction(step: &mut Step, statements: &[Statement]) {
    let outside = statements.iter().filter(|s| s.reading.outside_transaction).count();
    if outside == 0 || !step.transactional {
        return;
    }
    if statements.len() == 1 {
        step.transactional = false;
    } else {
        step.risks.push(risk("transaction-would-fail", "one of its statements cannot run inside a transaction"));
    }
}

/// A statement's finding as it stands in the step: some are answered by the way the step runs.
fn in_step(mut found: Risk, step: &Step) -> Option<Risk> {
    match found.rule.as_str() {
        "not-in-transaction" => None,
        "update-without-where" if step.kind == StepKind::Backfill => None,
        "drop-table" | "drop-column" | "truncate" if step.rollback.kind == RollbackKind::Restores => {
            found.severity = found.severity.min(Severity::Medium);
            found.suggestion = Some("A copy is kept, and rolling back brings it back.".to_owned());
            Some(found)
        }
        _ => Some(found),
    }
}

/// What is found about the step as a whole.
fn of_whole_step(step: &Step, moment: &Moment<'_>) -> Vec<Risk> {
    let mut out = Vec::new();
    let note = step.rollback.note.clone().unwrap_or_default();
    let acts = !step.sql.is_empty() && matches!(step.kind, StepKind::Ddl | StepKind::Backfill);
    match step.rollback.kind {
        RollbackKind::None if acts && step.kind == StepKind::Ddl => out.push(risk("irreversible", note)),
        RollbackKind::None if acts => out.push(Risk { severity: Severity::Info, ..risk("irreversible", note) }),
        RollbackKind::Lossy if acts => out.push(Risk { severity: Severity::Low, ..risk("irreversible", note) }),
        _ => {}
    }
    let severity = step.risks.iter().map(|risk| risk.severity).max();
    if let Some(lacking) = severity.and_then(|severity| moment.settings.policy.lacks_approval(severity, &[], "")) {
        out.push(Risk { severity: Severity::Low, ..risk("policy-approval", lacking) });
    }
    if let Some(backfill) = &step.backfill {
        let rows = moment.schema.tables.get(&backfill.table).and_then(|t| t.stats.rows).unwrap_or_default();
        if rows >= LONG_BACKFILL {
            out.push(risk("long-backfill", format!("about {rows} rows of {} are written", backfill.table.short())));
        }
    }
    out
}
