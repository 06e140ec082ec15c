//! The way back of a step whose text does not tell what it does to the schema (a DO block, a call, what could not be
//! read): derived from the schema before and after it, once it has run.

use super::{Patterns, PlanOptions, Rollback, RollbackKind, Step, Style, order};
use crate::diff::{self, Rename};
use crate::schema::{Change, ObjectRef, Schema};
use crate::{Error, Result};

/// What a plan says of such a step beforehand.
pub(super) fn announced(may_touch_rows: bool) -> Rollback {
    let how = "The way back is derived from the schema before and after the step, once it has run: what others change \
               in the schema at the same moment is taken for the step's.";
    if may_touch_rows {
        Rollback::lossy(Vec::new(), format!("{how} Rows that the step changes or drops do not come back."))
    } else {
        Rollback { note: Some(how.to_owned()), ..Rollback::exact(Vec::new()) }
    }
}

/// The step with its way back, now that the schema on both sides of it is known.
///
/// # Errors
/// When the engine has no way to make one of the changes that lead back.
pub fn with_derived_rollback(step: &Step, before: &Schema, after: &Schema, patterns: &dyn Patterns) -> Result<Step> {
    let mut rollback = between(before, after, patterns)?;
    let cautious = [RollbackKind::Lossy, RollbackKind::None];
    if cautious.contains(&step.rollback.kind) && rollback.kind == RollbackKind::Exact {
        rollback.kind = RollbackKind::Lossy;
        rollback.note.get_or_insert_with(|| "Rows that the step changed do not come back.".to_owned());
    }
    rollback.session.splice(0..0, step.session.iter().cloned());
    Ok(Step { rollback, derives_rollback: false, ..step.clone() })
}

/// The step when its way back could not be derived: it has none, and says why.
pub fn without_rollback(step: &Step, why: &Error) -> Step {
    let why = format!("its way back could not be derived from the schema before and after it: {}", why.message);
    Step { rollback: Rollback::none(why), derives_rollback: false, ..step.clone() }
}

/// What leads from `after` to `before`.
fn between(before: &Schema, after: &Schema, patterns: &dyn Patterns) -> Result<Rollback> {
    let renames = renamed_back(before, after);
    let changes = with_defaults(order(&diff::compare(after, before, &renames), after, Some(before))?, before, after);
    let options = PlanOptions { style: Style::Direct, ..PlanOptions::default() };
    let steps = patterns.steps(&changes, after, &options)?;
    let mut rollback = Rollback::exact(Vec::new());
    for step in steps {
        rollback.transactional &= step.transactional;
        for setting in step.session {
            if !rollback.session.contains(&setting) {
                rollback.session.push(setting);
            }
        }
        rollback.sql.extend(step.sql);
    }
    let mut notes = Vec::new();
    if changes.iter().any(is_without_its_rows) {
        rollback.kind = RollbackKind::Lossy;
        notes.push("What the step dropped or converted comes back without the values that are gone.");
    }
    if !renames.is_empty() {
        notes.push("What came in the place of another with the same type is taken for renamed.");
    }
    rollback.note = (!notes.is_empty()).then(|| notes.join(" "));
    Ok(rollback)
}

/// A default is converted with its column and would keep the cast; it is set anew instead.
fn with_defaults(changes: Vec<Change>, before: &Schema, after: &Schema) -> Vec<Change> {
    let mut out = Vec::with_capacity(changes.len());
    for change in changes {
        let Change::AlterColumnType { table, column, .. } = &change else {
            out.push(change);
            continue;
        };
        let default = |schema: &Schema| schema.tables.get(table)?.column(column)?.default.clone();
        let set = |default| Change::SetDefault { table: table.clone(), column: column.clone(), default };
        let (is, was) = (default(after), default(before));
        out.extend(is.map(|_| set(None)));
        let again = was.map(|was| set(Some(was)));
        out.push(change);
        out.extend(again);
    }
    out
}

/// A rename that was taken for a drop and an addition would lose values on the way back.
fn renamed_back(before: &Schema, after: &Schema) -> Vec<Rename> {
    let turned = |rename: Rename| {
        let Rename { from, to } = rename;
        match from.part {
            Some(part) => {
                let from = ObjectRef { part: Some(to), ..from };
                Rename { from, to: part }
            }
            None => Rename { to: from.name.name.clone(), from: ObjectRef::new(from.kind, from.name.sibling(&to)) },
        }
    };
    diff::suspected_renames(before, after, &[]).into_iter().map(|suspect| turned(suspect.rename)).collect()
}

/// Whether a change on the way back makes again what held rows.
fn is_without_its_rows(change: &Change) -> bool {
    matches!(
        change,
        Change::CreateTable { .. }
            | Change::AddColumn { .. }
            | Change::AlterColumnType { .. }
            | Change::CreateSequence { .. }
            | Change::SetGenerated { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Phase;
    use crate::plan::fake::{Fake, schema};

    fn derived(before: &Schema, after: &Schema) -> Rollback {
        let mut step = Step::ddl("a block", Phase::Expand, vec!["DO".to_owned()]);
        step.derives_rollback = true;
        step.rollback = announced(false);
        let step = with_derived_rollback(&step, before, after, &Fake).unwrap();
        assert!(!step.derives_rollback);
        step.rollback
    }

    #[test]
    fn what_came_goes_and_what_went_comes_back_without_its_rows() {
        let (bare, wide) = (schema(&[("orders", &[])]), schema(&[("orders", &["region"])]));
        let back = derived(&bare, &wide);
        assert_eq!((back.kind, back.sql), (RollbackKind::Exact, vec!["DROP orders region".to_owned()]));
        let back = derived(&wide, &bare);
        assert_eq!((back.kind, back.sql), (RollbackKind::Lossy, vec!["ADD orders region".to_owned()]));
        assert_eq!(derived(&bare, &bare).sql, Vec::<String>::new());
    }

    #[test]
    fn a_table_under_another_name_gets_its_name_back() {
        let back = derived(&schema(&[("orders", &["region"])]), &schema(&[("sales", &["region"])]));
        assert_eq!((back.kind, back.sql), (RollbackKind::Exact, vec!["RENAME sales orders".to_owned()]));
    }

    #[test]
    fn a_step_that_may_have_changed_rows_stays_lossy() {
        let mut step = Step::ddl("a block", Phase::Expand, vec!["DO".to_owned()]);
        step.rollback = announced(true);
        let none = schema(&[]);
        let step = with_derived_rollback(&step, &none, &none, &Fake).unwrap();
        assert_eq!(step.rollback.kind, RollbackKind::Lossy);
    }
}
