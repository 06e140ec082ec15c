//! Whether a finished run has come to the schema that its plan foresaw.

use crate::diff;
use crate::plan::Plan;
use crate::schema::{Change, ConstraintKind, QName, Schema};
use std::collections::BTreeSet;

/// What is different in `now` from `base` after the plan's changes, one sentence each. Expressions, view queries and
/// definitions that are only worded otherwise are no difference: the engine words them its own way.
pub(super) fn unforeseen(base: &Schema, plan: &Plan, now: &Schema) -> Vec<String> {
    let mut foreseen = base.clone();
    for change in plan.steps.iter().flat_map(|step| &step.changes) {
        // A change that does not fit shows in the comparison.
        let _ = foreseen.apply(change);
    }
    let changes = diff::compare(&foreseen, now, &[]);
    let made: BTreeSet<(&QName, &str)> = changes.iter().filter_map(made_again).collect();
    let gone: BTreeSet<(&QName, &str)> = changes.iter().filter_map(dropped).collect();
    let matters = |change: &&Change| match change {
        Change::SetDefault { table, column, default: Some(_) } => {
            foreseen.tables.get(table).and_then(|t| t.column(column)).is_none_or(|c| c.default.is_none())
        }
        Change::ReplaceView { .. }
        | Change::ReplaceRoutine { .. }
        | Change::SetGenerated { generated: Some(_), .. } => false,
        change => {
            let again = dropped(change).is_some_and(|name| made.contains(&name));
            let before = made_again(change).is_some_and(|name| gone.contains(&name));
            !again && !before
        }
    };
    changes.iter().filter(matters).map(diff::sentence).collect()
}

/// The table and name of a part with an expression or a definition, that is made.
fn made_again(change: &Change) -> Option<(&QName, &str)> {
    match change {
        Change::AddConstraint { table, constraint } => match constraint.kind {
            ConstraintKind::Check { .. } | ConstraintKind::Other { .. } => Some((table, &constraint.name)),
            _ => None,
        },
        Change::CreateIndex { table, index } => Some((table, &index.name)),
        Change::CreateTrigger { table, trigger } => Some((table, &trigger.name)),
        _ => None,
    }
}

fn dropped(change: &Change) -> Option<(&QName, &str)> {
    match change {
        Change::DropConstraint { table, name }
        | Change::DropIndex { table, name }
        | Change::DropTrigger { table, name } => Some((table, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Phase, Step};
    use crate::schema::{Column, EngineKind, Table};

    fn shop() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let name = QName::new("public", "sales");
        schema.tables.insert(name.clone(), Table::new(name).into());
        schema
    }

    fn region(default: &str) -> Change {
        let column = Column { default: Some(default.into()), ..Column::new("region", "text") };
        Change::AddColumn { table: QName::new("public", "sales"), column }
    }

    fn plan(change: Change) -> Plan {
        let mut step = Step::ddl("Add", Phase::Expand, Vec::new());
        step.changes = vec![change];
        Plan {
            version: 1,
            engine: EngineKind::Postgres,
            title: String::new(),
            base: None,
            base_parts: crate::schema::Parts::new(),
            target: None,
            steps: vec![step],
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_default_in_the_engine_s_own_words_is_what_was_foreseen() {
        let mut now = shop();
        now.apply(&region("'EU'::text")).unwrap();
        assert!(unforeseen(&shop(), &plan(region("'EU'")), &now).is_empty());
    }

    #[test]
    fn a_column_that_is_missing_is_told() {
        assert_eq!(unforeseen(&shop(), &plan(region("'EU'")), &shop()).len(), 1);
    }
}
