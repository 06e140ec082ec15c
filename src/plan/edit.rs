//! Edits of a plan, each of which can be undone.

use super::script::{phase, way_back};
use super::{Patterns, Plan, PlanOptions, Step, StepKind, Style};
use crate::schema::{Change, ConstraintKind, QName, Schema};
use crate::sql::Statement;
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeSet;

/// A plan that is being edited, with the way back and forth through the edits.
#[derive(Clone, Debug)]
pub struct PlanEditor {
    plan: Plan,
    /// The schema that the plan starts from.
    before: Schema,
    undone: Vec<Plan>,
    done: Vec<Plan>,
}

impl PlanEditor {
    pub fn new(plan: Plan, before: Schema) -> Self {
        Self { plan, before, undone: Vec::new(), done: Vec::new() }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn into_plan(self) -> Plan {
        self.plan
    }

    /// Puts an annotated copy of the same plan in its place; this is no edit.
    pub fn set_judged(&mut self, plan: Plan) {
        self.plan = plan;
    }

    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Takes the last edit back; false when there is none.
    pub fn undo(&mut self) -> bool {
        let Some(earlier) = self.done.pop() else { return false };
        self.undone.push(std::mem::replace(&mut self.plan, earlier));
        true
    }

    /// Makes the last undone edit again; false when there is none.
    pub fn redo(&mut self) -> bool {
        let Some(later) = self.undone.pop() else { return false };
        self.done.push(std::mem::replace(&mut self.plan, later));
        true
    }

    /// Takes a step out.
    ///
    /// # Errors
    /// `Refused` when later steps need it, with the first that does.
    pub fn remove(&mut self, id: &str) -> Result<()> {
        let at = self.position(id)?;
        let mut steps = self.plan.steps.clone();
        let removed = steps.remove(at);
        for later in steps.iter().skip(at) {
            if rests_on_rows(later, &removed) {
                return Err(refused(format!("step {} rests on what step {id} does with the rows", later.id)));
            }
            if let Some(column) = made_column_used(&removed, later) {
                return Err(refused(format!("step {} needs the column {column} of step {id}", later.id)));
            }
        }
        self.fits(&steps, &format!("without step {id}"))?;
        self.put(steps);
        Ok(())
    }

    /// Moves a step one place up.
    ///
    /// # Errors
    /// `Refused` when the step above must come first, with the reason.
    pub fn move_up(&mut self, id: &str) -> Result<()> {
        let at = self.position(id)?;
        let above = at.checked_sub(1).ok_or_else(|| refused(format!("step {id} is the first already")))?;
        self.swap(above)
    }

    /// Moves a step one place down.
    ///
    /// # Errors
    /// As [`Self::move_up`].
    pub fn move_down(&mut self, id: &str) -> Result<()> {
        let at = self.position(id)?;
        if at + 1 >= self.plan.steps.len() {
            return Err(refused(format!("step {id} is the last already")));
        }
        self.swap(at)
    }

    /// Gives a step other SQL, which is read again: its changes, its way back and whether it can be read at all are
    /// those of the new text. Locks and risks are to be judged again.
    ///
    /// # Errors
    /// `Usage` when the text has no statement, `Refused` when a later step no longer fits.
    pub fn replace_sql(&mut self, id: &str, text: &str, patterns: &dyn Patterns) -> Result<()> {
        let at = self.position(id)?;
        let mut steps = self.plan.steps.clone();
        let Some(step) = steps.get_mut(at) else { return Err(missing(id)) };
        *step = rewritten(step, text, &self.schema_at(at), patterns)?;
        self.fits(&steps, &format!("with this SQL in step {id}"))?;
        self.put(steps);
        Ok(())
    }

    /// Puts the safe way for what a step changes in the place of the step.
    ///
    /// # Errors
    /// `Refused` when the step is that way already, or a later step no longer fits.
    pub fn make_safer(&mut self, id: &str, patterns: &dyn Patterns) -> Result<()> {
        let at = self.position(id)?;
        let mut steps = self.plan.steps.clone();
        let Some(step) = steps.get(at) else { return Err(missing(id)) };
        let options = PlanOptions { style: Style::Safe, ..PlanOptions::default() };
        let safe = super::from_changes(&step.title, &step.changes, &self.schema_at(at), patterns, &options)?;
        let same = |other: &Step| plain(&other.sql) == plain(&step.sql) && other.backfill == step.backfill;
        if matches!(safe.steps.as_slice(), [only] if same(only)) {
            return Err(refused(format!("no safer way than that of step {id} is known")));
        }
        let taken: BTreeSet<&String> = self.plan.steps.iter().map(|s| &s.id).collect();
        let free = (1..).map(|n| format!("{id}.{n}")).filter(|name| !taken.contains(name));
        let named: Vec<Step> = safe.steps.into_iter().zip(free).map(|(step, id)| Step { id, ..step }).collect();
        steps.splice(at..=at, named);
        self.fits(&steps, &format!("with the safe way in the place of step {id}"))?;
        self.put(steps);
        Ok(())
    }

    fn position(&self, id: &str) -> Result<usize> {
        self.plan.steps.iter().position(|s| s.id == id).ok_or_else(|| missing(id))
    }

    /// The schema just before the step at a place.
    fn schema_at(&self, at: usize) -> Schema {
        let mut schema = self.before.clone();
        for change in self.plan.steps.iter().take(at).flat_map(|s| &s.changes) {
            // Steps that do not fit were noted when the plan was made.
            let _ = schema.apply(change);
        }
        schema
    }

    /// Exchanges the step at `upper` and the one below it.
    fn swap(&mut self, upper: usize) -> Result<()> {
        let mut steps = self.plan.steps.clone();
        if let (Some(first), Some(second)) = (steps.get(upper), steps.get(upper + 1))
            && let Some(why) = tie(first, second)
        {
            return Err(refused(format!("step {} must stay before step {}: {why}", first.id, second.id)));
        }
        steps.swap(upper, upper + 1);
        self.fits(&steps, "in this order")?;
        self.put(steps);
        Ok(())
    }

    /// Whether no step fails to fit that fitted before.
    fn fits(&self, steps: &[Step], when: &str) -> Result<()> {
        let failing = |steps: &[Step]| {
            let mut schema = self.before.clone();
            let all = steps.iter().flat_map(|s| s.changes.iter().map(move |c| (s, c)));
            all.filter_map(|(step, change)| schema.apply(change).err().map(|why| (step.id.clone(), why)))
                .collect::<Vec<_>>()
        };
        let before = failing(&self.plan.steps);
        match failing(steps).into_iter().find(|problem| !before.contains(problem)) {
            Some((id, why)) => Err(refused(format!("{when}, step {id} does not work: {why}"))),
            None => Ok(()),
        }
    }

    fn put(&mut self, steps: Vec<Step>) {
        let mut plan = self.plan.clone();
        plan.steps = steps;
        plan.target = plan.target.and_then(|_| self.target(&plan.steps));
        self.done.push(std::mem::replace(&mut self.plan, plan));
        self.undone.clear();
    }

    /// Where the steps lead, when that can be told.
    fn target(&self, steps: &[Step]) -> Option<String> {
        let mut schema = self.before.clone();
        for step in steps {
            let silent = step.verbatim && step.changes.is_empty() && step.kind == StepKind::Ddl;
            if silent || !step.changes.iter().all(|c| schema.apply(c).is_ok()) {
                return None;
            }
        }
        Some(schema.fingerprint())
    }
}

fn missing(id: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("the plan has no step {id}"))
}

fn refused(why: String) -> Error {
    Error::new(ErrorCode::Refused, why)
}

/// Tables that a step has to do with.
fn tables(step: &Step) -> BTreeSet<QName> {
    let mut out: BTreeSet<QName> = step.backfill.iter().map(|b| b.table.clone()).collect();
    for change in &step.changes {
        out.extend(change.table().cloned());
        match change {
            Change::AddConstraint { constraint, .. } => {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                    out.insert(key.references.clone());
                }
            }
            Change::RenameTable { from, to } => {
                out.insert(from.sibling(to));
            }
            _ => {}
        }
    }
    out.extend(step.locks.iter().filter_map(|lock| lock.relation.parse().ok()));
    out
}

/// Why the second of two neighbours cannot go before the first.
fn tie(first: &Step, second: &Step) -> Option<String> {
    if first.kind == StepKind::Wait || second.kind == StepKind::Wait {
        return Some("people wait there for what was done before it".to_owned());
    }
    let (one, other) = (tables(first), tables(second));
    if one.is_empty() || other.is_empty() {
        return Some("what they have to do with each other cannot be told".to_owned());
    }
    let shared = one.intersection(&other).next()?;
    if let Some(column) = made_column_used(first, second) {
        return Some(format!("it needs the column {column}"));
    }
    let plain = |step: &Step| step.kind == StepKind::Ddl;
    if first.phase != second.phase || !plain(first) || !plain(second) {
        return Some(format!("both are about {}, and the later one rests on the earlier one", shared.short()));
    }
    None
}

/// A column that `earlier` adds and `later` puts into an index or a constraint.
fn made_column_used(earlier: &Step, later: &Step) -> Option<String> {
    let made = earlier.changes.iter().filter_map(|c| match c {
        Change::AddColumn { table, column } => Some((table, &column.name)),
        _ => None,
    });
    let uses = |change: &Change, table: &QName, column: &String| match change {
        Change::CreateIndex { table: t, index } => t == table && index.names_column(column),
        Change::AddConstraint { table: t, constraint } => t == table && constraint.kind.columns().contains(column),
        _ => false,
    };
    made.into_iter().find(|(t, column)| later.changes.iter().any(|c| uses(c, t, column))).map(|(_, c)| c.clone())
}

/// Whether `later` trusts the rows to be as `earlier` leaves them.
fn rests_on_rows(later: &Step, earlier: &Step) -> bool {
    let about_rows = matches!(earlier.kind, StepKind::Backfill | StepKind::Check);
    let trusts = |c: &Change| {
        matches!(
            c,
            Change::SetNotNull { .. }
                | Change::ValidateConstraint { .. }
                | Change::DropColumn { .. }
                | Change::AddConstraint { .. }
        )
    };
    about_rows && later.changes.iter().any(trusts) && !tables(later).is_disjoint(&tables(earlier))
}

/// The step with other SQL.
fn rewritten(step: &Step, text: &str, schema: &Schema, patterns: &dyn Patterns) -> Result<Step> {
    let script = patterns.read(text, schema);
    let statements = &script.statements;
    if statements.is_empty() {
        return Err(Error::usage("the SQL has no statement").hint("Remove the step instead."));
    }
    let mut out = Step::ddl(&step.title, step.phase, statements.iter().map(|s| s.text.clone()).collect());
    out.id.clone_from(&step.id);
    out.note.clone_from(&step.note);
    out.session.clone_from(&step.session);
    if step.kind == StepKind::Check && statements.iter().all(|s| s.reading.read_only) {
        out.kind = StepKind::Check;
        out.check.clone_from(&step.check);
        if let (Some(check), Some(first)) = (&mut out.check, statements.first()) {
            check.query.clone_from(&first.text);
        }
    } else {
        out.phase = statements.iter().map(phase).max().unwrap_or(step.phase);
    }
    out.transactional = !statements.iter().any(|s| s.reading.outside_transaction);
    out.parsed = statements.iter().all(Statement::parsed);
    out.destroys = statements.iter().flat_map(|s| s.reading.destroys.clone()).collect();
    out.changes = statements.iter().flat_map(|s| s.reading.changes.clone()).collect();
    out.verbatim = true;
    let all: Vec<&Statement> = statements.iter().collect();
    (out.rollback, out.derives_rollback) = way_back(&all, schema, patterns);
    Ok(out)
}

/// Statements without regard to case and blanks, in which two ways of saying the same differ.
fn plain(sql: &[String]) -> Vec<String> {
    sql.iter().map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fake::{Fake, schema};
    use crate::plan::{PlanOptions, RollbackKind, from_sql};
    use proptest::prelude::*;

    fn editor(sql: &str) -> PlanEditor {
        let before = schema(&[("orders", &["region"]), ("sales", &["region"])]);
        let plan = from_sql("t", sql, &before, &Fake, &PlanOptions::default());
        PlanEditor::new(plan, before)
    }

    fn ids(editor: &PlanEditor) -> String {
        editor.plan().steps.iter().map(|s| s.id.as_str()).collect()
    }

    #[test]
    fn independent_steps_change_places_and_dependent_ones_say_why_not() {
        let mut editor = editor("ADD orders a; ADD sales b; INDEX orders i a");
        editor.move_up("2").unwrap();
        assert_eq!(ids(&editor), "213");
        let why = editor.move_up("3").unwrap_err();
        assert_eq!(why.code, ErrorCode::Refused);
        assert!(editor.remove("1").unwrap_err().message.contains("step 3"), "the index needs the column");
        editor.remove("3").unwrap();
        editor.remove("1").unwrap();
        assert_eq!(ids(&editor), "2");
    }

    #[test]
    fn other_sql_is_read_again_with_its_way_back() {
        let mut editor = editor("ADD orders a");
        editor.replace_sql("1", "ADD orders c", &Fake).unwrap();
        let step = &editor.plan().steps[0];
        assert_eq!((step.sql.as_slice(), step.verbatim), (["ADD orders c".to_owned()].as_slice(), true));
        assert_eq!(step.rollback.sql, ["DROP orders c"]);
        editor.replace_sql("1", "GIBBERISH", &Fake).unwrap();
        assert!(!editor.plan().steps[0].parsed);
        assert_eq!(editor.plan().steps[0].rollback.kind, RollbackKind::Lossy);
        assert!(editor.replace_sql("1", " ", &Fake).is_err());
    }

    proptest! {
        #[test]
        fn undo_and_redo_lead_through_the_same_plans(moves in prop::collection::vec((0..4_usize, 0..3_u8), 0..8)) {
            let mut editor = editor("ADD orders a; ADD sales b; ADD orders c; ADD sales d");
            let mut seen = vec![editor.plan().clone()];
            for (at, what) in moves {
                let id = (at + 1).to_string();
                let done = match what {
                    0 => editor.move_up(&id),
                    1 => editor.move_down(&id),
                    _ => editor.remove(&id),
                };
                if done.is_ok() {
                    seen.push(editor.plan().clone());
                }
            }
            for plan in seen.iter().rev().skip(1) {
                prop_assert!(editor.undo());
                prop_assert_eq!(editor.plan(), plan);
            }
            prop_assert!(!editor.can_undo());
            for plan in seen.iter().skip(1) {
                prop_assert!(editor.redo());
                prop_assert_eq!(editor.plan(), plan);
            }
        }
    }
}
