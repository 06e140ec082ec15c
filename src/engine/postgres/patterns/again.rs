//! What was dropped, made again as it was.

use crate::schema::{Change, Column, ConstraintKind, ObjectKind, ObjectRef, QName, Schema, Sequence, Table};

/// A dropped table with the sequences that went with it.
pub(super) fn table(before: &Schema, name: &QName) -> Vec<Change> {
    let Some(table) = before.tables.get(name) else { return Vec::new() };
    let create = Change::CreateTable { table: Box::new(Table::clone(table)) };
    within_sequences(before, create, |(owner, _)| owner == name)
}

/// A dropped column with all that went with it.
pub(super) fn column(before: &Schema, name: &QName, column: &str) -> Vec<Change> {
    let Some(was) = before.tables.get(name) else { return Vec::new() };
    let Some(old) = was.column(column) else { return Vec::new() };
    let add = Change::AddColumn { table: name.clone(), column: old.clone() };
    let mut out = within_sequences(before, add, |(owner, of)| owner == name && of == column);
    out.extend(on_column(was, column));
    out.extend(before.tables.children(name).flat_map(|child| below(before, child, old)));
    out
}

/// What makes their owner, between the sequences and the word of whose they are.
fn within_sequences(before: &Schema, make: Change, owner: impl Fn(&(QName, String)) -> bool) -> Vec<Change> {
    let owned: Vec<&Sequence> = before.sequences.values().filter(|s| s.owned_by.as_ref().is_some_and(&owner)).collect();
    let unowned = |s: &&Sequence| Change::CreateSequence { sequence: Sequence { owned_by: None, ..(*s).clone() } };
    let mut out: Vec<Change> = owned.iter().map(unowned).collect();
    out.push(make);
    out.extend(owned.into_iter().map(|s| Change::AlterSequence { sequence: s.clone() }));
    out
}

/// The indexes and constraints that fall with a column.
fn on_column(table: &Table, column: &str) -> Vec<Change> {
    let name = || table.name.clone();
    let indexes = table.indexes.values().filter(|i| i.names_column(column));
    let constraints = table
        .constraints
        .values()
        .filter(|c| c.kind.columns().iter().any(|c| c == column) && !matches!(c.kind, ConstraintKind::NotNull { .. }));
    indexes
        .map(|index| Change::CreateIndex { table: name(), index: index.clone() })
        .chain(constraints.map(|c| Change::AddConstraint { table: name(), constraint: c.clone() }))
        .collect()
}

/// What a partition or child has of a column besides what it gets from the parent's.
fn below(before: &Schema, child: &Table, parent: &Column) -> Vec<Change> {
    let Some(own) = child.column(&parent.name).filter(|c| c.inherited || child.partition_of.is_some()) else {
        return Vec::new();
    };
    let (table, column) = (|| child.name.clone(), || own.name.clone());
    let mut out = Vec::new();
    if own.default != parent.default && own.generated.is_none() {
        out.push(Change::SetDefault { table: table(), column: column(), default: own.default.clone() });
    }
    if !own.nullable && parent.nullable {
        out.push(Change::SetNotNull { table: table(), column: column(), fill: None });
    }
    if !own.options.is_empty() {
        out.push(Change::SetColumnOptions {
            table: table(),
            column: column(),
            set: own.options.clone(),
            reset: Vec::new(),
        });
    }
    if own.comment.is_some() {
        let object = ObjectRef::part(ObjectKind::Column, table(), column());
        out.push(Change::SetComment { object, comment: own.comment.clone() });
    }
    out.extend(on_column(child, &own.name));
    out.extend(before.tables.children(&child.name).flat_map(|next| below(before, next, own)));
    out
}
