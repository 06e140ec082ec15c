//! What a change makes, removes and needs, as far as the order depends on it and the model tells.

use super::key::{Key, key_columns, unique_keys};
use super::split::Part;
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Index, IndexTarget, ObjectKind, ObjectRef, Other, QName, Routine,
    Schema, Table, TypeKind,
};

/// A name that must be there, and how firmly.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub key: Key,
    pub tie: Tie,
}

/// What ties one change to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// A word in a function's body, which the server looks at only when the function runs.
    Body,
    /// A word in some other text.
    Word,
    /// A part of the object, which can be made after the rest of it and dropped before.
    Part(Part),
    Firm,
}

/// What one change has to do with names.
#[derive(Debug, Default)]
pub(super) struct Touch {
    pub makes: Vec<Key>,
    pub removes: Vec<Key>,
    /// Must be there before.
    pub needs: Vec<Need>,
    /// Stood on until now: may be removed only afterwards.
    pub leaves: Vec<Need>,
    /// SQL that may mention what must be there or, of a change that takes something away, what it stood on.
    pub text: Vec<String>,
    /// Whether the change only takes something away.
    pub takes_away: bool,
}

impl Touch {
    /// `before` says what is taken away. Texts are searched only where no server says what they stand on.
    pub(super) fn of(change: &Change, before: &Schema, tracked_after: bool) -> Self {
        let mut touch = Self::default();
        touch.read(change, before);
        let drops_other = matches!(change, Change::DropOther { .. });
        touch.takes_away = drops_other || touch.makes.is_empty() && !touch.removes.is_empty();
        let tracked = if touch.takes_away { before.tracked } else { tracked_after };
        if tracked && !speaks_for_itself(change, before) {
            touch.text.clear();
        }
        touch
    }

    fn needs(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.needs.extend(keys.into_iter().map(|key| Need { key, tie: Tie::Firm }));
    }

    fn leaves(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.leaves.extend(keys.into_iter().map(|key| Need { key, tie: Tie::Firm }));
    }

    fn needs_column(&mut self, table: &QName, column: &str) {
        self.needs([Key::Relation(table.clone()), Key::Column(table.clone(), column.to_owned())]);
    }

    fn leaves_column(&mut self, table: &QName, column: &str) {
        self.leaves([Key::Relation(table.clone()), Key::Column(table.clone(), column.to_owned())]);
    }

    fn read(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::CreateSchema { name } => self.makes.push(Key::Schema(name.clone())),
            Change::DropSchema { name } => self.removes.push(Key::Schema(name.clone())),
            Change::CreateExtension { extension } => {
                self.makes.push(Key::Extension(extension.name.clone()));
                self.needs([Key::Schema(extension.schema.clone())]);
            }
            Change::AlterExtension { extension } => {
                self.needs([Key::Extension(extension.name.clone()), Key::Schema(extension.schema.clone())]);
            }
            Change::DropExtension { name } => self.removes.push(Key::Extension(name.clone())),
            Change::CreateTable { .. }
            | Change::DropTable { .. }
            | Change::SetPartition { .. }
            | Change::SetInherits { .. } => self.of_table(change, before),
            Change::AddConstraint { .. }
            | Change::DropConstraint { .. }
            | Change::ValidateConstraint { .. }
            | Change::CreateIndex { .. }
            | Change::DropIndex { .. }
            | Change::AttachIndex { .. }
            | Change::CreateTrigger { .. }
            | Change::DropTrigger { .. } => self.of_part(change, before),
            Change::CreateView { .. }
            | Change::ReplaceView { .. }
            | Change::DropView { .. }
            | Change::CreateSequence { .. }
            | Change::AlterSequence { .. }
            | Change::DropSequence { .. } => self.of_relation(change, before),
            Change::CreateOther { .. } | Change::DropOther { .. } | Change::AlterOther { .. } => self.of_other(change),
            Change::SetComment { object, .. } | Change::SetOwner { object, .. } => self.comment(object),
            Change::SetRights { on, .. } if on.kind == ObjectKind::DefaultPrivileges => {
                self.needs([Key::Schema(on.name.schema.clone())]);
            }
            Change::SetRights { on, rights } => {
                self.comment(on);
                let columns = rights.iter().flat_map(|r| r.columns.keys());
                self.needs(columns.map(|column| Key::Column(on.name.clone(), column.clone())));
            }
            other if other.table().is_some() => self.of_column(other, before),
            other => self.of_object(other, before),
        }
    }

    fn of_table(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::CreateTable { table } => self.create_table(table),
            Change::DropTable { name } => self.drop_table(name, before),
            Change::SetPartition { table, partition } => {
                self.needs([Key::Relation(table.clone())]);
                self.needs(partition.iter().map(|p| Key::Relation(p.parent.clone())));
                let old = before.tables.get(table).and_then(|t| t.partition_of.as_ref());
                let left = old.filter(|old| partition.as_ref().is_none_or(|new| new.parent != old.parent));
                let tie = if partition.is_some() { Tie::Part(Part::Body) } else { Tie::Firm };
                self.leaves.extend(left.map(|old| Need { key: Key::Relation(old.parent.clone()), tie }));
                // A table is free before it is attached again.
                let state = Key::Part(ObjectKind::Table, table.clone(), "partition".to_owned());
                if partition.is_some() {
                    self.makes.push(state);
                } else {
                    self.removes.push(state);
                    self.makes.push(own_parts(table));
                }
            }
            Change::SetInherits { table, inherits } => {
                self.needs([Key::Relation(table.clone())]);
                self.needs(inherits.iter().cloned().map(Key::Relation));
                let old = before.tables.get(table).map(|t| t.inherits.as_slice()).unwrap_or_default();
                let left = old.iter().filter(|p| !inherits.contains(p)).cloned();
                let tie = if inherits.is_empty() { Tie::Firm } else { Tie::Part(Part::Body) };
                self.leaves.extend(left.map(|old| Need { key: Key::Relation(old), tie: tie.clone() }));
                let state = Key::Part(ObjectKind::Table, table.clone(), "parents".to_owned());
                if inherits.is_empty() { self.removes.push(state) } else { self.makes.push(state) }
            }
            _ => {}
        }
    }

    fn of_column(&mut self, change: &Change, before: &Schema) {
        let Some(table) = change.table() else { return };
        let key = |column: &String| Key::Column(table.clone(), column.clone());
        match change {
            Change::AddColumn { column, .. } => {
                self.makes.push(key(&column.name));
                self.makes.extend(below(before, table).map(|child| Key::Column(child, column.name.clone())));
                self.needs([Key::Relation(table.clone())]);
                self.column(column);
            }
            Change::DropColumn { column, .. } => {
                self.removes.push(key(column));
                self.removes.extend(below(before, table).map(|child| Key::Column(child, column.clone())));
                self.leaves([Key::Relation(table.clone())]);
                let Some(table) = before.tables.get(table) else { return };
                self.column_goes(table, column);
                self.column_goes_below(table, column, before);
            }
            Change::Reshape { from, into, .. } => {
                self.makes.extend(into.iter().map(|t| key(&t.column.name)));
                self.removes.extend(from.iter().map(key));
            }
            Change::AlterColumnType { column, data_type, using, .. } => {
                // Who stands on the column lets go of it before, and takes hold of it afterwards.
                let children = below(before, table).map(|child| Key::Column(child, column.clone()));
                self.makes.extend(children.chain([key(column)]));
                self.removes.extend(self.makes.iter().cloned());
                self.needs([Key::Relation(table.clone())]);
                self.text.push(data_type.clone());
                self.text.extend(using.clone());
            }
            Change::SetDefault { column, default, .. } => {
                let state = Key::Part(ObjectKind::Default, table.clone(), column.clone());
                match default {
                    None => {
                        self.removes.push(state);
                        self.leaves_column(table, column);
                    }
                    Some(default) => {
                        self.makes.push(state);
                        self.needs_column(table, column);
                        self.text.push(default.clone());
                    }
                }
            }
            Change::SetIdentity { column, identity: None, .. } => self.leaves_column(table, column),
            Change::SetGenerated { column, .. } => {
                self.needs_column(table, column);
            }
            Change::SetNotNull { column, .. }
            | Change::SetIdentity { column, .. }
            | Change::SetColumnOptions { column, .. }
            | Change::Backfill { column, .. }
            | Change::DropNotNull { column, .. } => self.needs_column(table, column),
            _ => self.needs([Key::Relation(table.clone())]),
        }
    }

    fn of_part(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::AddConstraint { table, constraint } => {
                self.needs([Key::Relation(table.clone())]);
                self.needs(constraint.kind.columns().iter().map(|c| Key::Column(table.clone(), c.clone())));
                self.constraint(table, constraint);
            }
            Change::DropConstraint { table, name } => {
                self.removes.push(Key::Part(ObjectKind::Constraint, table.clone(), name.clone()));
                self.leaves([Key::Relation(table.clone())]);
                self.parts_go(table, name, before);
                let Some(found) = before.tables.get(table).and_then(|t| t.constraints.get(name)) else { return };
                self.constraint_goes(table, found);
                self.leaves_partitions(table, found, before);
                self.leaves(found.kind.columns().iter().map(|c| Key::Column(table.clone(), c.clone())));
            }
            Change::ValidateConstraint { table, name } => {
                self.needs([Key::Part(ObjectKind::Constraint, table.clone(), name.clone())]);
            }
            Change::CreateIndex { table, index } => self.index(table, index),
            Change::DropIndex { table, name } => {
                self.removes.push(Key::Relation(table.sibling(name)));
                self.leaves([Key::Relation(table.clone())]);
                self.parts_go(table, name, before);
                let Some(index) = before.tables.get(table).and_then(|t| t.indexes.get(name)) else {
                    return self.needs([own_parts(table)]);
                };
                self.removes.extend(index.unique_columns().map(|columns| Key::unique(table, columns)));
                self.leaves(index_columns(index).map(|c| Key::Column(table.clone(), c.clone())));
            }
            Change::AttachIndex { table, name, parent } => {
                self.needs([Key::Relation(table.sibling(name)), Key::Relation(parent.clone())]);
            }
            Change::CreateTrigger { table, trigger } => {
                self.makes.push(Key::Part(ObjectKind::Trigger, table.clone(), trigger.name.clone()));
                self.needs([Key::Relation(table.clone())]);
                self.text.push(trigger.definition.clone());
            }
            Change::DropTrigger { table, name } => {
                self.removes.push(Key::Part(ObjectKind::Trigger, table.clone(), name.clone()));
                self.leaves([Key::Relation(table.clone())]);
            }
            _ => {}
        }
    }

    fn of_relation(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::CreateView { view } | Change::ReplaceView { view } => {
                self.makes.push(Key::Relation(view.name.clone()));
                self.makes.extend(view.indexes.keys().map(|i| Key::Relation(view.name.sibling(i))));
                self.needs([Key::Schema(view.name.schema.clone())]);
                self.text.push(view.query.clone());
            }
            Change::DropView { name, .. } => {
                self.removes.push(Key::Relation(name.clone()));
                self.leaves([Key::Schema(name.schema.clone())]);
                let Some(view) = before.views.get(name) else { return };
                self.removes.extend(view.indexes.keys().map(|i| Key::Relation(name.sibling(i))));
                self.text.push(view.query.clone());
            }
            Change::CreateSequence { sequence } => {
                self.makes.push(Key::Relation(sequence.name.clone()));
                self.needs([Key::Schema(sequence.name.schema.clone())]);
                self.needs(sequence.owned_by.iter().map(|(t, c)| Key::Column(t.clone(), c.clone())));
            }
            Change::AlterSequence { sequence } => {
                self.needs([Key::Relation(sequence.name.clone())]);
                let old = before.sequences.get(&sequence.name).and_then(|s| s.owned_by.as_ref());
                let lost = old.filter(|old| sequence.owned_by.as_ref() != Some(old));
                if let Some((table, column)) = lost {
                    self.leaves_column(table, column);
                }
                if let Some((table, column)) = &sequence.owned_by {
                    self.needs_column(table, column);
                }
                let state = Key::Part(ObjectKind::Sequence, sequence.name.clone(), "owner".to_owned());
                if sequence.owned_by.is_some() { self.makes.push(state) } else { self.removes.push(state) }
            }
            Change::DropSequence { name } => {
                self.removes.push(Key::Relation(name.clone()));
                self.leaves([Key::Schema(name.schema.clone())]);
            }
            _ => {}
        }
    }

    fn of_object(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::CreateType { definition } | Change::AlterType { definition } => {
                self.makes.push(Key::Type(definition.name.clone()));
                self.needs([Key::Schema(definition.name.schema.clone())]);
                self.text.extend(type_text(&definition.kind));
            }
            Change::AddEnumValue { name, .. } | Change::RenameEnumValue { name, .. } => {
                self.makes.push(Key::Type(name.clone()));
            }
            Change::DropType { name } => {
                self.removes.push(Key::Type(name.clone()));
                self.leaves([Key::Schema(name.schema.clone())]);
                self.text.extend(before.types.get(name).into_iter().flat_map(|t| type_text(&t.kind)));
            }
            Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => {
                self.makes.push(Key::Routine(routine.key()));
                self.needs([Key::Schema(routine.name.schema.clone())]);
                self.text.push(routine.definition.clone());
            }
            Change::DropRoutine { key, .. } => {
                self.removes.push(Key::Routine(key.clone()));
                self.leaves([Key::Schema(key.schema.clone())]);
                self.text.extend(before.routines.get(key).map(|r| r.definition.clone()));
            }
            _ => {}
        }
    }

    fn of_other(&mut self, change: &Change) {
        match change {
            Change::CreateOther { object } => {
                self.makes.push(Key::of(&object.id));
                match object.id.part {
                    None => self.needs([Key::Schema(object.id.name.schema.clone())]),
                    Some(_) => self.needs(wholes(&object.id.name)),
                }
                self.text.extend(object.statements());
            }
            Change::DropOther { object } => {
                self.removes.push(Key::of(&object.id));
                match object.id.part {
                    None => self.leaves([Key::Schema(object.id.name.schema.clone())]),
                    Some(_) => self.leaves(wholes(&object.id.name)),
                }
                self.text.extend(object.statements());
            }
            Change::AlterOther { from, to } => {
                self.needs([Key::of(&to.id)]);
                self.text.extend(from.alteration(to));
            }
            _ => {}
        }
    }

    fn comment(&mut self, object: &ObjectRef) {
        self.needs([Key::of(object)]);
        if object.part.is_some() {
            self.needs([Key::Relation(object.name.clone())]);
        }
    }

    fn create_table(&mut self, table: &Table) {
        self.makes.push(Key::Relation(table.name.clone()));
        self.needs([Key::Schema(table.name.schema.clone())]);
        self.needs(table.partition_of.iter().map(|p| Key::Relation(p.parent.clone())));
        self.needs(table.inherits.iter().cloned().map(Key::Relation));
        for column in &table.columns {
            self.makes.push(Key::Column(table.name.clone(), column.name.clone()));
            self.column(column);
        }
        for index in table.indexes.values() {
            self.makes.push(Key::Relation(table.name.sibling(&index.name)));
            self.makes.extend(index.unique_columns().map(|columns| Key::unique(&table.name, columns)));
            self.needs(index.attached_to.iter().cloned().map(Key::Relation));
            self.text.extend(index_text(index));
        }
        for constraint in table.constraints.values() {
            self.constraint(&table.name, constraint);
        }
        for trigger in table.triggers.values() {
            self.makes.push(Key::Part(ObjectKind::Trigger, table.name.clone(), trigger.name.clone()));
            self.text.push(trigger.definition.clone());
        }
    }

    fn drop_table(&mut self, name: &QName, before: &Schema) {
        self.removes.push(Key::Relation(name.clone()));
        self.leaves([Key::Schema(name.schema.clone())]);
        let Some(table) = before.tables.get(name) else { return };
        self.removes.extend(table.columns.iter().map(|c| Key::Column(name.clone(), c.name.clone())));
        self.removes.extend(table.indexes.keys().map(|i| Key::Relation(name.sibling(i))));
        self.removes.extend(unique_keys(table));
        self.leaves(table.partition_of.iter().map(|p| Key::Relation(p.parent.clone())));
        self.leaves(table.inherits.iter().cloned().map(Key::Relation));
        for constraint in table.constraints.values() {
            self.removes.push(Key::Part(ObjectKind::Constraint, name.clone(), constraint.name.clone()));
            self.constraint_goes(name, constraint);
            self.leaves_partitions(name, constraint, before);
        }
    }

    /// A partition goes after the foreign keys that point at what it is a partition of: its rows are referred to.
    fn leaves_partitions(&mut self, table: &QName, constraint: &Constraint, before: &Schema) {
        let ConstraintKind::ForeignKey(fk) = &constraint.kind else { return };
        let mut parents = vec![&fk.references];
        while let Some(parent) = parents.pop().filter(|_| fk.references != *table) {
            for child in before.tables.children(parent).filter(|t| t.partition_of.is_some() && t.name != *table) {
                let tie = Tie::Part(Part::Constraint(constraint.name.clone()));
                self.leaves.push(Need { key: Key::Relation(child.name.clone()), tie });
                parents.push(&child.name);
            }
        }
    }

    /// What goes with a column.
    fn column_goes(&mut self, table: &Table, column: &String) {
        for constraint in table.constraints.values().filter(|c| c.kind.columns().contains(column)) {
            self.constraint_goes(&table.name, constraint);
        }
        for index in table.indexes.values().filter(|i| i.names_column(column)) {
            self.removes.push(Key::Relation(table.name.sibling(&index.name)));
        }
    }

    fn column(&mut self, column: &Column) {
        self.text.push(column.data_type.clone());
        self.text.extend(column.default.clone());
        self.text.extend(column.collation.clone());
        self.text.extend(column.generated.as_ref().map(|g| g.expression.clone()));
    }

    /// A constraint that comes.
    fn constraint(&mut self, table: &QName, constraint: &Constraint) {
        self.makes.push(Key::Part(ObjectKind::Constraint, table.clone(), constraint.name.clone()));
        self.needs(constraint.attached_to.iter().cloned().map(Key::Relation));
        if has_index(constraint) {
            self.makes.push(Key::Relation(table.sibling(&constraint.name)));
        }
        self.makes.extend(key_columns(&constraint.kind).map(|columns| Key::unique(table, columns)));
        match &constraint.kind {
            ConstraintKind::ForeignKey(_) => self.needs.extend(foreign_key(table, constraint)),
            ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
                self.text.push(text.clone());
            }
            _ => {}
        }
    }

    /// A constraint that goes.
    fn constraint_goes(&mut self, table: &QName, constraint: &Constraint) {
        if has_index(constraint) {
            self.removes.push(Key::Relation(table.sibling(&constraint.name)));
        }
        self.removes.extend(key_columns(&constraint.kind).map(|columns| Key::unique(table, columns)));
        self.leaves.extend(foreign_key(table, constraint));
    }

    /// What partitions and children have of a column goes with it.
    fn column_goes_below(&mut self, table: &Table, column: &String, before: &Schema) {
        for child in before.tables.children(&table.name) {
            let inherits = |c: &Column| c.inherited || child.partition_of.is_some();
            if child.column(column).is_some_and(inherits) {
                self.removes.push(Key::Column(child.name.clone(), column.clone()));
                self.column_goes(child, column);
                self.column_goes_below(child, column, before);
            }
        }
    }

    /// An index of a partitioned table takes its parts with it.
    fn parts_go(&mut self, table: &QName, index: &str, before: &Schema) {
        for (child, part) in before.parts_of(table, &table.sibling(index)) {
            self.removes.push(Key::Relation(child.sibling(&part)));
            self.parts_go(&child, &part, before);
        }
    }

    fn index(&mut self, table: &QName, index: &Index) {
        self.needs(index.attached_to.iter().cloned().map(Key::Relation));
        self.makes.push(Key::Relation(table.sibling(&index.name)));
        self.makes.extend(index.unique_columns().map(|columns| Key::unique(table, columns)));
        self.needs([Key::Relation(table.clone())]);
        self.needs(index_columns(index).map(|c| Key::Column(table.clone(), c.clone())));
        self.text.extend(index_text(index));
    }
}

/// That what a table has from its parent is its own: so it is from when it is detached.
fn own_parts(table: &QName) -> Key {
    Key::Part(ObjectKind::Table, table.clone(), "own parts".to_owned())
}

/// The tables that inherit from a table, or are partitions of it, at any depth.
fn below(schema: &Schema, table: &QName) -> std::vec::IntoIter<QName> {
    let mut out: Vec<QName> = schema.tables.children(table).map(|t| t.name.clone()).collect();
    let mut at = 0;
    while let Some(next) = out.get(at).cloned() {
        let more: Vec<QName> = schema.tables.children(&next).map(|t| t.name.clone()).collect();
        out.extend(more.into_iter().filter(|name| !out.contains(name)).collect::<Vec<_>>());
        at += 1;
    }
    out.into_iter()
}

/// What a foreign key stands on in the other table; to its own table it comes and goes with that.
fn foreign_key(table: &QName, constraint: &Constraint) -> Vec<Need> {
    let ConstraintKind::ForeignKey(fk) = &constraint.kind else { return Vec::new() };
    let other = (fk.references != *table).then_some(&fk.references);
    let mut keys: Vec<Key> = other.map(|other| Key::Relation(other.clone())).into_iter().collect();
    if !fk.referenced_columns.is_empty() {
        keys.extend(fk.referenced_columns.iter().map(|c| Key::Column(fk.references.clone(), c.clone())));
        keys.push(Key::unique(&fk.references, &fk.referenced_columns));
    }
    let tie = Tie::Part(Part::Constraint(constraint.name.clone()));
    keys.into_iter().map(|key| Need { key, tie: tie.clone() }).collect()
}

/// Whether the constraint has an index of its own name.
fn has_index(constraint: &Constraint) -> bool {
    key_columns(&constraint.kind).is_some()
        || matches!(&constraint.kind, ConstraintKind::Other { definition } if !definition.starts_with("FOREIGN KEY"))
}

fn index_columns(index: &Index) -> impl Iterator<Item = &String> {
    let columns = index.keys.iter().filter_map(|k| match &k.on {
        IndexTarget::Column(column) => Some(column),
        IndexTarget::Expression(_) => None,
    });
    columns.chain(&index.include)
}

fn index_text(index: &Index) -> impl Iterator<Item = String> + '_ {
    let expressions = index.keys.iter().filter_map(|k| match &k.on {
        IndexTarget::Expression(text) => Some(text.clone()),
        IndexTarget::Column(_) => None,
    });
    expressions.chain(index.keys.iter().filter_map(|k| k.opclass.clone())).chain(index.predicate.clone())
}

fn type_text(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Enum { .. } => Vec::new(),
        TypeKind::Domain { base, default, checks, .. } => {
            checks.values().map(|c| &c.expression).chain(default).chain([base]).cloned().collect()
        }
        TypeKind::Composite { attributes } => attributes.iter().map(|a| a.data_type.clone()).collect(),
        TypeKind::Other { definition } => vec![definition.clone()],
    }
}

/// What something may be a part of, whichever kind has that name.
fn wholes(name: &QName) -> [Key; 5] {
    let schema = if name.schema.is_empty() { &name.name } else { &name.schema };
    [
        Key::Relation(name.clone()),
        Key::Type(name.clone()),
        Key::Routine(name.clone()),
        Key::Schema(schema.clone()),
        Key::Object(ObjectKind::ForeignServer, name.clone()),
    ]
}

/// Whether a server that keeps dependencies knows nothing of what the change's text stands on: function bodies are
/// text to it, and settings name what they are on by themselves.
fn speaks_for_itself(change: &Change, before: &Schema) -> bool {
    match change {
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => has_text_body(routine),
        Change::DropRoutine { key, .. } => before.routines.get(key).is_some_and(has_text_body),
        Change::CreateOther { object } | Change::DropOther { object } => is_about_another(object),
        Change::AlterOther { to, .. } => is_about_another(to),
        _ => false,
    }
}

fn is_about_another(object: &Other) -> bool {
    use ObjectKind::{Column, Index, TableSetting};
    matches!(object.id.kind, Column | Index | TableSetting)
}

/// A body in the standard's form is parsed by the server when the function is made; any other is a string to it.
pub(super) fn has_text_body(routine: &Routine) -> bool {
    !routine.definition.lines().any(|line| line.starts_with("BEGIN ATOMIC") || line.starts_with("RETURN "))
}
