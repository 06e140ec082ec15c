//! Foreign keys that point at a key which is made anew.

use crate::diff::tables::key_columns;
use crate::schema::{Change, ConstraintKind, ForeignKey, Index, ObjectKind, ObjectRef, QName, Schema, Table};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Keys that go: of each table the columns of each, and what they are called.
#[derive(Default)]
struct Gone<'a> {
    columns: HashMap<&'a QName, Vec<BTreeSet<&'a String>>>,
    called: HashSet<ObjectRef>,
    /// Tables that are made anew with all their keys.
    tables: HashSet<&'a QName>,
}

impl<'a> Gone<'a> {
    fn of(before: &'a Schema, after: &Schema, changes: &'a [Change]) -> Self {
        let mut gone = Self::default();
        for change in changes {
            match change {
                Change::DropConstraint { table, name } => {
                    let constraint = before.tables.get(table).and_then(|t| t.constraints.get(name));
                    if let Some(columns) = constraint.and_then(key_columns) {
                        gone.columns.entry(table).or_default().push(columns.iter().collect());
                        gone.called.insert(ObjectRef::part(ObjectKind::Constraint, table.clone(), name));
                    }
                }
                Change::DropIndex { table, name } => {
                    let index = before.tables.get(table).and_then(|t| t.indexes.get(name));
                    if let Some(columns) = index.and_then(Index::unique_columns) {
                        gone.columns.entry(table).or_default().push(columns.into_iter().collect());
                        gone.called.insert(ObjectRef::part(ObjectKind::Index, table.clone(), name));
                    }
                }
                Change::DropTable { name } if after.tables.contains_key(name) => {
                    gone.tables.insert(name);
                }
                _ => {}
            }
        }
        gone
    }

    /// Whether the key under a foreign key goes. `told` is the key that the server says it stands on.
    fn takes(&self, key: &ForeignKey, told: Option<&ObjectRef>) -> bool {
        if self.tables.contains(&key.references) {
            return true;
        }
        if let Some(told) = told {
            return self.called.contains(told);
        }
        let wanted: BTreeSet<&String> = key.referenced_columns.iter().collect();
        let fits = |columns: &BTreeSet<&String>| wanted.is_empty() || *columns == wanted;
        self.columns.get(&key.references).is_some_and(|all| all.iter().any(fits))
    }
}

/// Adds the drop and the new making of foreign keys that stay, but whose key goes or is made anew.
pub(super) fn rebuild_foreign_keys(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let gone = Gone::of(before, after, changes);
    if gone.columns.is_empty() && gone.tables.is_empty() {
        return;
    }
    let told: HashMap<(&QName, Option<&String>), &ObjectRef> = before
        .dependencies
        .iter()
        .filter(|d| d.from.kind == ObjectKind::Constraint)
        .filter(|d| matches!(d.on.kind, ObjectKind::Constraint | ObjectKind::Index))
        .map(|d| ((&d.from.name, d.from.part.as_ref()), &d.on))
        .collect();
    let touched: HashSet<(&QName, Option<&String>)> = changes
        .iter()
        .filter_map(|change| match change {
            Change::DropConstraint { table, name } => Some((table, Some(name))),
            Change::DropTable { name } => Some((name, None)),
            _ => None,
        })
        .collect();
    let referenced: BTreeSet<&QName> = gone.columns.keys().chain(&gone.tables).copied().collect();
    let referring: BTreeMap<&QName, &Table> =
        referenced.into_iter().flat_map(|name| before.tables.referring_to(name)).map(|t| (&t.name, &**t)).collect();
    let mut more = Vec::new();
    for table in referring.into_values().filter(|t| !touched.contains(&(&t.name, None))) {
        for constraint in table.constraints.values() {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
            let named = (&table.name, Some(&constraint.name));
            if touched.contains(&named) || !gone.takes(key, told.get(&named).copied()) {
                continue;
            }
            let Some(new) = after.tables.get(&table.name).and_then(|t| t.constraints.get(&constraint.name)) else {
                continue;
            };
            more.push(Change::DropConstraint { table: table.name.clone(), name: constraint.name.clone() });
            more.push(Change::AddConstraint { table: table.name.clone(), constraint: new.clone() });
        }
    }
    changes.extend(more);
}
