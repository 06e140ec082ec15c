//! What an earlier failure has left in a schema: indexes that no query uses, constraints that old rows may break.

use crate::schema::Schema;

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
    said
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
    }
}
