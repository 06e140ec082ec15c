//! Several changes of one table that mean one thing: its rows now belong to those of another.

use super::words::{a, capital, list, of, row};
use crate::schema::{Change, ConstraintKind, ForeignKey, QName, Table};
use std::collections::BTreeSet;

/// What it means that columns came with a foreign key on them: one sentence, and the changes that it tells. `before`
/// is the table as it was.
///
/// Keys that are made again with the new columns are told with them: they are unique within what the row belongs to.
pub(super) fn belongs<'a>(told: &[&'a Change], before: Option<&Table>) -> Option<(String, Vec<&'a Change>)> {
    let (table, key, of_key) = told.iter().find_map(|change| foreign_key_on_new(change, told))?;
    let new: BTreeSet<&String> = key.columns.iter().collect();
    let mut all: Vec<&Change> = told.iter().copied().filter(|c| adds_one_of(c, table, &new)).collect();
    all.push(of_key);
    let mut keys = 0_usize;
    for change in told {
        let Some(columns) = key_columns(change) else { continue };
        if columns.iter().any(|c| new.contains(c)) {
            keys += 1;
            all.push(change);
            let old: BTreeSet<&String> = columns.iter().filter(|c| !new.contains(c)).collect();
            all.extend(told.iter().copied().filter(|c| drops_key_on(c, before, &old)));
        }
    }
    let must = all.iter().any(|c| matches!(c, Change::AddColumn { column, .. } if !column.nullable));
    let one = row(&key.references);
    let says = if must {
        format!("Every {} now belongs to {}", row(table), a(&one))
    } else {
        format!("{} can now belong to {}", capital(&a(&row(table))), a(&one))
    };
    let columns = list(&key.columns);
    let those = if key.columns.len() == 1 { "its" } else { "their" };
    let parts = match keys {
        0 => format!("{columns} and {those} foreign key were added"),
        1 => format!("{columns}, {those} foreign key and {those} part in a key were added"),
        n => format!("{columns}, {those} foreign key and {those} part in {} keys were added", number(n)),
    };
    let then = if key.references == *table { format!(" ({} itself)", of(table)) } else { String::new() };
    Some((format!("{says}{then}: {parts}."), all))
}

/// A foreign key all of whose columns came with it.
fn foreign_key_on_new<'a>(change: &'a Change, told: &[&Change]) -> Option<(&'a QName, &'a ForeignKey, &'a Change)> {
    let Change::AddConstraint { table, constraint } = change else { return None };
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return None };
    let came = |name: &String| {
        told.iter().any(|c| matches!(c, Change::AddColumn { table: t, column } if t == table && column.name == *name))
    };
    (!key.columns.is_empty() && key.columns.iter().all(came)).then_some((table, key, change))
}

fn adds_one_of(change: &Change, table: &QName, new: &BTreeSet<&String>) -> bool {
    matches!(change, Change::AddColumn { table: t, column } if t == table && new.contains(&column.name))
        || matches!(change, Change::SetNotNull { table: t, column, .. } if t == table && new.contains(column))
}

/// The columns of a key that the change makes.
fn key_columns(change: &Change) -> Option<&[String]> {
    let Change::AddConstraint { constraint, .. } = change else { return None };
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => Some(columns),
        _ => None,
    }
}

/// Whether the change drops a key that stood on just these columns.
fn drops_key_on(change: &Change, before: Option<&Table>, columns: &BTreeSet<&String>) -> bool {
    let Change::DropConstraint { name, .. } = change else { return false };
    let kind = before.and_then(|t| t.constraints.get(name)).map(|c| &c.kind);
    match kind {
        Some(ConstraintKind::PrimaryKey { columns: old, .. } | ConstraintKind::Unique { columns: old, .. }) => {
            old.iter().collect::<BTreeSet<_>>() == *columns
        }
        _ => false,
    }
}

/// A small number in words.
fn number(n: usize) -> String {
    let words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    words.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Action, Column, Constraint};

    fn name(text: &str) -> QName {
        QName::new("public", text)
    }

    fn add(column: &str, nullable: bool) -> Change {
        let column = Column { nullable, ..Column::new(column, "bigint") };
        Change::AddColumn { table: name("orders"), column }
    }

    fn refer(column: &str, to: &str) -> Change {
        let key = ForeignKey {
            columns: vec![column.into()],
            references: name(to),
            referenced_columns: vec!["id".into()],
            on_update: Action::NoAction,
            on_delete: Action::NoAction,
            match_full: false,
        };
        let constraint = Constraint::new("fk", ConstraintKind::ForeignKey(key));
        Change::AddConstraint { table: name("orders"), constraint }
    }

    fn unique(called: &str, columns: &[&str]) -> Constraint {
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        Constraint::new(called, ConstraintKind::Unique { columns, nulls_not_distinct: false, include: Vec::new() })
    }

    #[test]
    fn a_new_column_with_its_foreign_key_is_one_sentence() {
        let changes = [add("tenant_id", true), refer("tenant_id", "tenants")];
        let (says, told) = belongs(&changes.iter().collect::<Vec<_>>(), None).unwrap();
        assert_eq!(says, "An order can now belong to a tenant: tenant id and its foreign key were added.");
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn keys_that_are_made_again_with_it_are_told_along() {
        let mut before = Table::new(name("orders"));
        for key in [unique("a", &["number"]), unique("b", &["code", "year"])] {
            before.constraints.insert(key.name.clone(), key);
        }
        let table = || name("orders");
        let changes = [
            add("tenant_id", false),
            refer("tenant_id", "tenants"),
            Change::DropConstraint { table: table(), name: "a".into() },
            Change::AddConstraint { table: table(), constraint: unique("a", &["tenant_id", "number"]) },
            Change::DropConstraint { table: table(), name: "b".into() },
            Change::AddConstraint { table: table(), constraint: unique("b", &["code", "tenant_id", "year"]) },
            add("note", true),
        ];
        let (says, told) = belongs(&changes.iter().collect::<Vec<_>>(), Some(&before)).unwrap();
        assert_eq!(
            says,
            "Every order now belongs to a tenant: tenant id, its foreign key and its part in two keys were added."
        );
        assert_eq!(told.len(), 6, "all but the note");
    }

    #[test]
    fn a_foreign_key_on_a_column_that_was_there_says_something_else() {
        assert_eq!(belongs(&[&refer("tenant_id", "tenants")], None), None);
    }
}
