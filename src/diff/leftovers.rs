//! What an earlier failure has left in a schema: indexes that no query uses, constraints that old rows may break.

use super::compare;
use crate::schema::{Change, Index, Schema, Table, TypeKind};

/// A sentence for each index that is not valid and each constraint that is declared and was never checked, with what
/// repairs it. `whose` says which side the schema is: `this database`.
pub fn leftovers(schema: &Schema, whose: &str) -> Vec<String> {
    let mut said = Vec::new();
    for table in schema.tables.values() {
        let name = table.name.short();
        for index in table.indexes.values().filter(|i| !i.valid) {
            let called = table.name.sibling(&index.name).short();
            said.push(if table.partition_by.is_some() {
                format!(
                    "Index {called} of {name} in {whose} is invalid: a partition has no part of it yet. Make one there \
                     and attach it."
                )
            } else {
                format!(
                    "Index {called} of {name} in {whose} is invalid, as a build that broke off leaves it: writes keep it \
                     up, and no query uses it. It is not copied. REINDEX INDEX CONCURRENTLY {called} repairs it, DROP \
                     INDEX CONCURRENTLY removes it."
                )
            });
        }
        for constraint in table.constraints.values().filter(|c| !c.validated && c.enforced) {
            said.push(format!(
                "Constraint {0} of {name} in {whose} is not valid: rows from before it may break it. ALTER TABLE {name} \
                 VALIDATE CONSTRAINT {0} checks them.",
                constraint.name
            ));
        }
    }
    for definition in schema.types.values() {
        let TypeKind::Domain { checks, .. } = &definition.kind else { continue };
        for (name, _) in checks.iter().filter(|(_, check)| !check.validated) {
            let domain = definition.name.short();
            said.push(format!(
                "Constraint {name} of domain {domain} in {whose} is not valid: values from before it may break it. ALTER \
                 DOMAIN {domain} VALIDATE CONSTRAINT {name} checks them."
            ));
        }
    }
    said
}

/// What a plan of [`repair`] is called.
pub const REPAIR: &str = "Repair what an earlier failure has left";

/// What makes the leftovers good: broken indexes built anew, or dropped where they are but the spare copy that a
/// `REINDEX CONCURRENTLY` has left (manual, REINDEX, "Rebuilding Indexes Concurrently"), and constraints validated. A
/// partitioned table's index stays: only its owner knows why a partition has no part of it.
pub fn repair(schema: &Schema) -> Vec<Change> {
    let mut whole = schema.clone();
    let broken = schema.tables.values().filter(|t| t.indexes.values().any(|i| !i.valid) || has_unchecked(t));
    for name in broken.map(|t| t.name.clone()).collect::<Vec<_>>() {
        let Some(table) = whole.tables.get_mut(&name) else { continue };
        if table.partition_by.is_none() {
            table.indexes.retain(|_, index| index.valid || !is_spare(index));
            for (_, index) in table.indexes.iter_mut() {
                index.valid = true;
            }
        }
        for (_, constraint) in table.constraints.iter_mut().filter(|(_, c)| c.enforced) {
            constraint.validated = true;
        }
    }
    for definition in whole.types.values_mut() {
        if let TypeKind::Domain { checks, .. } = &mut definition.kind {
            for check in checks.values_mut() {
                check.validated = true;
            }
        }
    }
    compare(schema, &whole, &[])
}

fn has_unchecked(table: &Table) -> bool {
    table.constraints.values().any(|c| !c.validated && c.enforced)
}

/// `…_ccnew` and `…_ccold`, with a number where the name was taken.
fn is_spare(index: &Index) -> bool {
    let name = index.name.trim_end_matches(|c: char| c.is_ascii_digit());
    name.ends_with("_ccnew") || name.ends_with("_ccold")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, Constraint, ConstraintKind, EngineKind, Index, QName, Table};

    #[test]
    fn what_a_failure_left_is_told_with_its_repair() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(QName::new("public", "sales"));
        table.columns.push(Column::new("n", "integer"));
        let broken = Index { valid: false, ..Index::on_columns("broken", &["n"]) };
        table.indexes.insert("broken".into(), broken);
        table.indexes.insert("whole".into(), Index::on_columns("whole", &["n"]));
        let kind = ConstraintKind::Check { expression: "n > 0".into(), no_inherit: false };
        let open = Constraint { validated: false, ..Constraint::new("positive", kind) };
        table.constraints.insert("positive".into(), open);
        schema.tables.insert(table.name.clone(), table.into());
        let said = leftovers(&schema, "this database");
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("REINDEX INDEX CONCURRENTLY broken"), "{said:?}");
        assert!(said[1].contains("VALIDATE CONSTRAINT positive"), "{said:?}");
        let spare = Index { valid: false, ..Index::on_columns("whole_ccnew1", &["n"]) };
        let name = QName::new("public", "sales");
        schema.tables.get_mut(&name).unwrap().indexes.insert(spare.name.clone(), spare);
        let mut whole = schema.clone();
        for change in repair(&schema) {
            whole.apply(&change).unwrap();
        }
        assert_eq!(leftovers(&whole, "this database"), Vec::<String>::new());
        assert_eq!(whole.tables.get(&name).unwrap().indexes.keys().collect::<Vec<_>>(), ["broken", "whole"]);
        assert_eq!(repair(&whole), Vec::new());
    }
}
