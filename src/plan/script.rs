//! A script of SQL as a plan.

use super::derived::announced;
use super::ground::Ground;
use super::lay::assemble;
use super::made::Made;
use super::{Patterns, Phase, Plan, PlanOptions, Rollback, RollbackKind, Step, StepKind, Style, inverse};
use crate::schema::{Change, ConstraintKind, QName, Schema};
use crate::sql::{Script, Statement, one_line};
use std::collections::BTreeSet;

/// A plan for a script: each statement that reads into changes is done by the safe pattern where there is one with
/// the same end, every other statement is a step with its own text.
///
/// A script without a statement, as some histories have them, is a plan without a step.
pub fn from_sql(title: &str, text: &str, before: &Schema, patterns: &dyn Patterns, options: &PlanOptions) -> Plan {
    let script = patterns.read(text, before);
    let mut now = before.clone();
    let mut session: Vec<String> = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut notes = skipped_notes(&script);
    if script.statements.is_empty() {
        notes.push(
            "The SQL has no statement to run: comments, the client's own commands and transaction control are none."
                .to_owned(),
        );
    }
    let mut known = true;
    let mut new = Made::default();
    let mut ground = Ground::default();
    for (at, statement) in script.statements.iter().enumerate() {
        let options = &PlanOptions { goes_on: at + 1 < script.statements.len(), ..options.clone() };
        let reading = &statement.reading;
        if reading.session_setting && reading.changes.is_empty() {
            session.push(statement.text.clone());
            continue;
        }
        notes.extend(statement.problems.first().map(|problem| {
            format!(
                "Line {}, column {}: {}; this statement was left as it is.",
                problem.line, problem.column, problem.message
            )
        }));
        let mut made = safe_steps(statement, &now, patterns, options).unwrap_or_default();
        if made.is_empty() {
            made.push(verbatim(statement, &now, patterns));
        }
        if let [only] = made.as_mut_slice() {
            if ground.is_doubtful_for(statement) {
                only.rollback = announced(may_touch_rows(statement));
                only.derives_rollback = true;
            } else {
                keep_rows(only, statement, &now, &new, &ground, patterns, options);
            }
        }
        ground.after(statement);
        for step in &mut made {
            step.session.extend(session.iter().cloned());
            step.rollback.session.extend(session.iter().cloned());
        }
        steps.append(&mut made);
        for change in &reading.changes {
            new.note(change);
            if let Err(why) = now.apply(change) {
                notes.push(format!("Line {}: {why}; what follows is judged without it.", statement.line));
                known = false;
            }
        }
        known &= reading.complete || (statement.parsed() && (reading.rows_only || reading.read_only));
    }
    if !known {
        notes.push("Where the script leads is not known exactly: not every statement of it has a model.".to_owned());
    }
    assemble(title, before, steps, notes, known)
}

fn skipped_notes(script: &Script) -> Vec<String> {
    let note = |s: &crate::sql::Skipped| format!("Line {}: {} is left out: {}.", s.line, clip(&s.text), s.why);
    script.skipped.iter().map(note).collect()
}

/// A text on one line, at most 70 characters of it.
fn clip(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(70) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// The statement by the engine's safe pattern; `None` where its own text is to run.
fn safe_steps(
    statement: &Statement,
    now: &Schema,
    patterns: &dyn Patterns,
    options: &PlanOptions,
) -> Option<Vec<Step>> {
    let reading = &statement.reading;
    let changes = &reading.changes;
    let readable = statement.parsed() && reading.complete && !reading.outside_transaction && !reading.data;
    if options.style == Style::Direct || !readable || changes.is_empty() {
        return None;
    }
    if drops_with_data(statement, now) {
        let laid = patterns.steps(changes, now, options).ok();
        let keeps = |steps: &Vec<Step>| {
            steps.len() > 1 || steps.iter().any(|step| step.rollback.kind == RollbackKind::Restores)
        };
        return laid.filter(|steps| keeps(steps) && same_end(changes, steps, now));
    }
    if !changes.iter().all(|c| builds_on(c, now)) || !changes.iter().any(has_safe_way) {
        return None;
    }
    let mut steps = patterns.steps(changes, now, options).ok()?;
    if !same_end(changes, &steps, now) {
        return None;
    }
    if let [only] = steps.as_mut_slice()
        && only.kind == StepKind::Ddl
        && only.transactional
    {
        // Nothing safer than what was written: the writer's own words stand.
        only.sql = vec![statement.text.clone()];
        only.verbatim = true;
    }
    Some(steps)
}

/// Gives a step that changes rows or converts values a way back: none is needed for what the script itself has made, else a copy of the
/// rows is kept where the engine can.
fn keep_rows(
    step: &mut Step,
    statement: &Statement,
    now: &Schema,
    new: &Made,
    ground: &Ground,
    patterns: &dyn Patterns,
    options: &PlanOptions,
) {
    let writes = &statement.reading.writes;
    if !statement.parsed() || statement.reading.outside_transaction || !step.verbatim {
        return;
    }
    if statement.reading.rows_only && !writes.is_empty() && writes.iter().all(|write| new.has(write)) {
        let note = "What it writes to is made by this plan and goes when that is taken back.";
        step.rollback = Rollback { note: Some(note.to_owned()), ..Rollback::exact(Vec::new()) };
        return;
    }
    if options.style == Style::Direct || ground.shaken {
        return;
    }
    if let Some(kept) = patterns.keeping_rows(statement, now) {
        step.sql = kept.sql;
        step.rollback = kept.rollback;
        step.derives_rollback = false;
        step.verbatim = false;
    }
}

/// Whether the statement drops tables or columns that are there, with nothing beside that a pattern would do in
/// another way than the statement.
fn drops_with_data(statement: &Statement, now: &Schema) -> bool {
    let there = |change: &Change| match change {
        Change::DropTable { name } => now.tables.contains_key(name),
        Change::DropColumn { table, column } => now.tables.get(table).is_some_and(|t| t.column(column).is_some()),
        Change::DropConstraint { .. }
        | Change::DropIndex { .. }
        | Change::DropView { .. }
        | Change::DropTrigger { .. }
        | Change::AddColumn { .. }
        | Change::AddConstraint { .. }
        | Change::SetDefault { .. }
        | Change::DropNotNull { .. } => true,
        _ => false,
    };
    let drops = |change: &Change| matches!(change, Change::DropTable { .. } | Change::DropColumn { .. });
    statement.reading.changes.iter().any(drops) && statement.reading.changes.iter().all(there)
}

/// Whether the change adds to a table that is there, under names that a pattern keeps.
fn builds_on(change: &Change, now: &Schema) -> bool {
    match change {
        Change::CreateIndex { table, .. }
        | Change::AddConstraint { table, .. }
        | Change::AddColumn { table, .. }
        | Change::SetNotNull { table, .. } => now.tables.contains_key(table),
        _ => false,
    }
}

/// Whether there may be a safer way than the statement itself.
fn has_safe_way(change: &Change) -> bool {
    match change {
        Change::CreateIndex { .. } | Change::SetNotNull { .. } => true,
        Change::AddConstraint { constraint, .. } => {
            constraint.validated && !matches!(constraint.kind, ConstraintKind::Other { .. })
        }
        Change::AddColumn { column, .. } => !column.nullable || column.default.is_some(),
        _ => false,
    }
}

/// Whether the steps leave the tables as the statement itself would.
fn same_end(changes: &[Change], steps: &[Step], now: &Schema) -> bool {
    let tables: BTreeSet<&QName> =
        changes.iter().chain(steps.iter().flat_map(|s| &s.changes)).filter_map(Change::table).collect();
    let mut direct = Schema::empty(now.engine);
    for name in tables {
        if let Some(table) = now.tables.get(name) {
            direct.tables.insert(name.clone(), table.clone());
        }
    }
    let mut laid = direct.clone();
    changes.iter().all(|c| direct.apply(c).is_ok())
        && steps.iter().flat_map(|s| &s.changes).all(|c| laid.apply(c).is_ok())
        && direct.fingerprint() == laid.fingerprint()
}

/// The statement as a step with its own text. `now` is the schema just before it.
pub(super) fn verbatim(statement: &Statement, now: &Schema, patterns: &dyn Patterns) -> Step {
    let reading = &statement.reading;
    let mut step = Step::ddl(clip(&statement.text), phase(statement), vec![statement.text.clone()]);
    step.transactional = !reading.outside_transaction;
    step.parsed = statement.parsed();
    step.verbatim = true;
    step.destroys.clone_from(&reading.destroys);
    step.changes.clone_from(&reading.changes);
    (step.rollback, step.derives_rollback) = way_back(&[statement], now, patterns);
    step.note = statement.problems.first().map(|problem| {
        format!("It does not read at line {}, column {}: {}.", problem.line, problem.column, problem.message)
    });
    step
}

pub(super) fn phase(statement: &Statement) -> Phase {
    let takes_away = |c: &Change| {
        matches!(
            c,
            Change::DropTable { .. }
                | Change::DropColumn { .. }
                | Change::RenameTable { .. }
                | Change::RenameColumn { .. }
                | Change::DropView { .. }
                | Change::DropType { .. }
                | Change::DropSchema { .. }
        )
    };
    if !statement.reading.destroys.is_empty() || statement.reading.changes.iter().any(takes_away) {
        Phase::Contract
    } else if statement.reading.data {
        Phase::Migrate
    } else {
        Phase::Expand
    }
}

/// The way back of statements that are run together, from what they were understood to do on `now`; and whether it
/// has to be derived once they have run.
pub(super) fn way_back(statements: &[&Statement], now: &Schema, patterns: &dyn Patterns) -> (Rollback, bool) {
    let acting: Vec<&Statement> = statements.iter().copied().filter(|s| !(s.parsed() && s.reading.read_only)).collect();
    if acting.is_empty() {
        return (Rollback { note: Some("it changes nothing".to_owned()), ..Rollback::exact(Vec::new()) }, false);
    }
    let rows = acting.iter().any(|s| s.reading.rows_only);
    if acting.iter().all(|s| s.parsed() && (s.reading.complete || s.reading.rows_only)) {
        let changes: Vec<Change> = acting.iter().flat_map(|s| s.reading.changes.clone()).collect();
        let mut back = of_changes(&changes, now, patterns);
        if rows && back.kind != RollbackKind::None {
            back.kind = RollbackKind::Lossy;
            let note = back.note.take().map(|note| format!("{note}; ")).unwrap_or_default();
            back.note = Some(format!("{note}it changes rows, and their earlier values are not kept"));
        }
        if back.kind != RollbackKind::None {
            return (back, false);
        }
    }
    (announced(rows || acting.iter().any(|s| may_touch_rows(s))), true)
}

/// Whether rows may be other ones after a statement that does not tell all that it does.
fn may_touch_rows(statement: &Statement) -> bool {
    let reading = &statement.reading;
    let converts = |c: &Change| matches!(c, Change::AlterColumnType { .. } | Change::Backfill { .. });
    !statement.parsed()
        || reading.data
        || reading.hidden
        || !reading.destroys.is_empty()
        || reading.changes.iter().any(converts)
}

/// What takes `changes` back, made on `before`, last first, in the engine's SQL.
pub fn of_changes(changes: &[Change], before: &Schema, patterns: &dyn Patterns) -> Rollback {
    let mut schema = before.clone();
    let mut inverses = Vec::new();
    for change in changes {
        let back = inverse(change, &schema);
        if back.kind == RollbackKind::None {
            return Rollback::none(back.note.unwrap_or_default());
        }
        inverses.push(back);
        if let Err(why) = schema.apply(change) {
            return Rollback::none(format!("the change does not fit the schema: {why}"));
        }
    }
    let mut out = Rollback::exact(Vec::new());
    let mut notes = Vec::new();
    for back in inverses.into_iter().rev() {
        if back.kind == RollbackKind::Lossy {
            out.kind = RollbackKind::Lossy;
        }
        notes.extend(back.note);
        for change in &back.changes {
            out.sql.extend(patterns.render(change, &schema));
            if let Err(why) = schema.apply(change) {
                return Rollback::none(format!("the way back does not fit the schema: {why}"));
            }
        }
    }
    out.note = (!notes.is_empty()).then(|| notes.join("; "));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fake::{Fake, schema};

    fn plan(sql: &str, style: Style) -> Plan {
        let before = schema(&[("orders", &["region"])]);
        from_sql("t", sql, &before, &Fake, &PlanOptions { style, ..PlanOptions::default() })
    }

    fn sql(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().flat_map(|s| &s.sql).map(String::as_str).collect()
    }

    #[test]
    fn statements_with_a_safe_way_are_laid_out_and_others_stand_as_written() {
        let safe = plan("REQUIRE orders region; ADD  orders a; UPDATE orders", Style::Safe);
        assert_eq!(sql(&safe), ["SELECT nulls", "REQUIRE orders region", "ADD  orders a", "UPDATE orders"]);
        assert!(safe.steps[2].verbatim && !safe.steps[1].verbatim);
        assert_eq!(safe.steps[2].rollback.sql, ["DROP orders a"]);
        assert_eq!((safe.steps[3].rollback.kind, safe.steps[3].derives_rollback), (RollbackKind::Lossy, false));
        assert!(safe.target.is_some());
        assert_eq!(sql(&plan("REQUIRE orders region", Style::Direct)), ["REQUIRE orders region"]);
    }

    #[test]
    fn what_is_not_understood_is_a_step_that_says_so() {
        let unread = plan("WHATEVER this", Style::Safe);
        assert!(!unread.steps[0].parsed && unread.steps[0].derives_rollback);
        assert_eq!(unread.steps[0].rollback.kind, RollbackKind::Lossy);
        assert_eq!(unread.steps[0].typed_consent(), Some("run unread"));
        assert_eq!(unread.target, None);
        assert!(!unread.notes.is_empty());
    }

    #[test]
    fn settings_go_with_the_steps_after_them() {
        let set = plan("ADD orders a; SET role x; ADD orders b", Style::Safe);
        assert!(set.steps[0].session.is_empty());
        assert_eq!(set.steps[1].session, ["SET role x"]);
    }

    #[test]
    fn dropping_says_what_goes_and_what_does_not_come_back() {
        let drop = plan("DROP orders region", Style::Safe);
        assert_eq!(drop.steps[0].destroys, ["orders.region"]);
        assert_eq!(drop.steps[0].rollback.kind, RollbackKind::Lossy);
        assert_eq!(drop.steps[0].rollback.sql, ["ADD orders region"]);
    }

    #[test]
    fn after_what_could_not_be_read_the_model_is_not_trusted() {
        let shaken = plan("WHATEVER; ADD orders a; UPDATE orders", Style::Safe);
        assert!(shaken.steps[1].derives_rollback && shaken.steps[1].rollback.sql.is_empty());
        assert!(!shaken.steps[2].derives_rollback);
    }

    #[test]
    fn a_script_without_a_statement_is_a_plan_without_a_step() {
        let empty = plan(" ; ", Style::Safe);
        assert!(empty.steps.is_empty() && empty.target == empty.base);
        assert_eq!(empty.notes.len(), 1);
    }
}
