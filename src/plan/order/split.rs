//! Parts that are made after the rest of their object, or dropped before it, to break a circle.

use crate::schema::{Change, Column, Constraint, ConstraintKind, Index, IndexTarget, QName, Schema, Table, View};
use std::collections::BTreeSet;

/// A part of an object that can be made apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Column(String),
    /// Of the column of that name.
    Default(String),
    Constraint(String),
    Index(String),
    Trigger(String),
    /// A view's query, a domain's checks and default.
    Body,
}

/// The change with `parts` apart from it, in order. `None` when it cannot be without one of them.
pub(super) fn apart(change: &Change, parts: &BTreeSet<Part>, before: &Schema) -> Option<Vec<Change>> {
    Some(match change {
        Change::CreateTable { table } => made_apart(table, parts),
        Change::DropTable { name } => {
            let mut out: Vec<Change> = parts.iter().filter_map(|part| drop_part(name, part)).collect();
            // What stands on a column goes before it.
            out.reverse();
            out.push(change.clone());
            out
        }
        Change::AddColumn { table, column } => column_apart(table, column),
        Change::SetPartition { table, .. } => {
            vec![Change::SetPartition { table: table.clone(), partition: None }, change.clone()]
        }
        Change::SetInherits { table, .. } => {
            vec![Change::SetInherits { table: table.clone(), inherits: Vec::new() }, change.clone()]
        }
        Change::CreateView { view } => {
            vec![Change::CreateView { view: Box::new(stub(view)?) }, Change::ReplaceView { view: view.clone() }]
        }
        Change::DropView { name, .. } => {
            let stub = stub(before.views.get(name)?)?;
            vec![Change::ReplaceView { view: Box::new(stub) }, change.clone()]
        }
        Change::CreateType { definition } => vec![
            Change::CreateType { definition: definition.without_body() },
            Change::AlterType { definition: definition.clone() },
        ],
        Change::DropType { name } => {
            let definition = before.types.get(name)?.without_body();
            vec![Change::AlterType { definition }, change.clone()]
        }
        _ => return None,
    })
}

fn made_apart(table: &Table, parts: &BTreeSet<Part>) -> Vec<Change> {
    let mut bare = table.clone();
    let mut rest = Vec::new();
    let name = || table.name.clone();
    for part in parts {
        match part {
            Part::Column(column) => take_column(&mut bare, column, &mut rest),
            Part::Default(column) => {
                let default = bare.column_mut(column).and_then(|c| c.default.take());
                let set =
                    |default| Change::SetDefault { table: name(), column: column.clone(), default: Some(default) };
                rest.extend(default.map(set));
            }
            Part::Constraint(constraint) => rest.extend(
                bare.constraints
                    .remove(constraint)
                    .map(|constraint| Change::AddConstraint { table: name(), constraint }),
            ),
            Part::Index(index) => {
                rest.extend(bare.indexes.remove(index).map(|index| Change::CreateIndex { table: name(), index }));
            }
            Part::Trigger(trigger) => {
                let taken = bare.triggers.remove(trigger);
                rest.extend(taken.map(|trigger| Change::CreateTrigger { table: name(), trigger }));
            }
            Part::Body => {}
        }
    }
    rest.insert(0, Change::CreateTable { table: Box::new(bare) });
    rest
}

/// Takes a column out of a table that is to be made, with what names it.
fn take_column(table: &mut Table, column: &str, rest: &mut Vec<Change>) {
    let Some(at) = table.columns.iter().position(|c| c.name == column) else { return };
    let name = table.name.clone();
    rest.push(Change::AddColumn { table: name.clone(), column: table.columns.remove(at) });
    let of_column = table.constraints.values().filter(|c| names(c, column)).cloned();
    rest.extend(of_column.map(|constraint| Change::AddConstraint { table: name.clone(), constraint }));
    table.constraints.retain(|_, constraint| !names(constraint, column));
    let of_column = table.indexes.values().filter(|i| index_names(i, column)).cloned();
    rest.extend(of_column.map(|index| Change::CreateIndex { table: name.clone(), index }));
    table.indexes.retain(|_, index| !index_names(index, column));
}

/// Whether a constraint may name the column: an expression that has its name in it does.
fn names(constraint: &Constraint, column: &str) -> bool {
    match &constraint.kind {
        ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
            text.contains(column)
        }
        kind => kind.columns().iter().any(|c| c == column),
    }
}

fn index_names(index: &Index, column: &str) -> bool {
    let in_key = |on: &IndexTarget| matches!(on, IndexTarget::Expression(text) if text.contains(column));
    index.names_column(column)
        || index.keys.iter().any(|k| in_key(&k.on))
        || index.predicate.as_ref().is_some_and(|text| text.contains(column))
}

fn drop_part(table: &QName, part: &Part) -> Option<Change> {
    let table = table.clone();
    Some(match part.clone() {
        Part::Column(column) => Change::DropColumn { table, column },
        Part::Default(column) => Change::SetDefault { table, column, default: None },
        Part::Constraint(name) => Change::DropConstraint { table, name },
        Part::Index(name) => Change::DropIndex { table, name },
        Part::Trigger(name) => Change::DropTrigger { table, name },
        Part::Body => return None,
    })
}

/// The column without its default; rows that are there get the value afterwards.
fn column_apart(table: &QName, column: &Column) -> Vec<Change> {
    let bare = Column { default: None, nullable: true, ..column.clone() };
    let (table, name) = (|| table.clone(), || column.name.clone());
    let mut out = vec![
        Change::AddColumn { table: table(), column: bare },
        Change::SetDefault { table: table(), column: name(), default: column.default.clone() },
    ];
    out.extend(match &column.default {
        Some(_) if !column.nullable => {
            Some(Change::SetNotNull { table: table(), column: name(), fill: column.default.clone() })
        }
        Some(value) => {
            Some(Change::Backfill { table: table(), column: name(), value: value.clone(), only_where: None })
        }
        None => None,
    });
    out
}

/// A view with the same columns that stands on nothing but their types.
fn stub(view: &View) -> Option<View> {
    if view.materialized || view.columns.is_empty() {
        return None;
    }
    let column = |(name, data_type): &(String, String)| {
        format!("CAST(NULL AS {data_type}) AS \"{}\"", name.replace('"', "\"\""))
    };
    let columns: Vec<String> = view.columns.iter().map(column).collect();
    Some(View { query: format!("SELECT {}", columns.join(", ")), ..view.clone() })
}
