//! What a change makes, removes and needs, as far as the order depends on it.

use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Index, IndexTarget, ObjectKind, QName, Schema, Table, TypeKind,
};

/// A name that can be there or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Schema(String),
    Extension(String),
    /// Tables, views, sequences and indexes share their names.
    Relation(QName),
    Type(QName),
    Routine(QName),
    Column(QName, String),
    Constraint(QName, String),
    Trigger(QName, String),
    /// What hangs on something else, by its own kind: a policy or rule of a table, the rights that are given on it.
    Part(ObjectKind, QName, String),
}

impl Key {
    /// The name as SQL text mentions it, without its schema.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Relation(name) | Self::Type(name) => Some(&name.name),
            Self::Routine(key) => key.name.split('(').next(),
            Self::Column(_, column) => Some(column),
            Self::Schema(_) | Self::Extension(_) | Self::Constraint(..) | Self::Trigger(..) | Self::Part(..) => None,
        }
    }
}

impl Key {
    /// The schema and the bare name of what stands in a schema under a name of its own.
    pub(super) fn qualified(&self) -> Option<(&str, &str)> {
        match self {
            Self::Relation(name) | Self::Type(name) | Self::Routine(name) => Some((&name.schema, self.word()?)),
            _ => None,
        }
    }
}

/// What one change has to do with names.
#[derive(Debug, Default)]
pub(super) struct Touch {
    pub makes: Vec<Key>,
    pub removes: Vec<Key>,
    /// Must be there before.
    pub needs: Vec<Key>,
    /// Stood on until now: may be removed only afterwards.
    pub leaves: Vec<Key>,
    /// SQL that may mention what must be there or, of a change that takes something away, what it stood on.
    pub text: Vec<String>,
    /// Whether the change only takes something away.
    pub takes_away: bool,
}

impl Touch {
    pub(super) fn of(change: &Change, before: &Schema) -> Self {
        let mut touch = Self::default();
        touch.read(change, before);
        let drops_other = matches!(change, Change::DropOther { .. });
        touch.takes_away = drops_other || touch.makes.is_empty() && !touch.removes.is_empty();
        touch
    }

    fn read(&mut self, change: &Change, before: &Schema) {
        match change {
            Change::CreateSchema { name } => self.makes.push(Key::Schema(name.clone())),
            Change::DropSchema { name } => self.removes.push(Key::Schema(name.clone())),
            Change::CreateExtension { extension } => {
                self.makes.push(Key::Extension(extension.name.clone()));
                self.needs.push(Key::Schema(extension.schema.clone()));
            }
            Change::DropExtension { name } => self.removes.push(Key::Extension(name.clone())),
            Change::CreateTable { table } => self.create_table(table),
            Change::DropTable { name } => self.drop_table(name, before),
            Change::SetPartition { partition, .. } => {
                self.needs.extend(partition.iter().map(|p| Key::Relation(p.parent.clone())));
            }
            Change::SetInherits { inherits, .. } => self.needs.extend(inherits.iter().cloned().map(Key::Relation)),
            Change::AddColumn { table, column } => {
                self.makes.push(Key::Column(table.clone(), column.name.clone()));
                self.needs.push(Key::Relation(table.clone()));
                self.column(column);
            }
            Change::DropColumn { table, column } => self.removes.push(Key::Column(table.clone(), column.clone())),
            Change::Reshape { table, from, into } => {
                self.makes.extend(into.iter().map(|t| Key::Column(table.clone(), t.column.name.clone())));
                self.removes.extend(from.iter().map(|c| Key::Column(table.clone(), c.clone())));
            }
            Change::AlterColumnType { table, column, data_type, using, .. } => {
                self.needs.push(Key::Column(table.clone(), column.clone()));
                self.text.push(data_type.clone());
                self.text.extend(using.clone());
            }
            Change::SetDefault { table, column, default } => {
                self.needs.push(Key::Column(table.clone(), column.clone()));
                self.text.extend(default.clone());
            }
            Change::AddConstraint { table, constraint } => self.add_constraint(table, constraint),
            Change::DropConstraint { table, name } => {
                self.removes.push(Key::Constraint(table.clone(), name.clone()));
                self.removes.push(Key::Relation(table.sibling(name)));
            }
            Change::ValidateConstraint { table, name } => {
                self.needs.push(Key::Constraint(table.clone(), name.clone()));
            }
            Change::CreateIndex { table, index } => {
                self.makes.push(Key::Relation(table.sibling(&index.name)));
                self.index(table, index);
            }
            Change::DropIndex { table, name } => self.removes.push(Key::Relation(table.sibling(name))),
            Change::CreateView { view } | Change::ReplaceView { view } => {
                self.makes.push(Key::Relation(view.name.clone()));
                self.needs.push(Key::Schema(view.name.schema.clone()));
                self.text.push(view.query.clone());
            }
            Change::DropView { name, .. } => {
                self.removes.push(Key::Relation(name.clone()));
                self.text.extend(before.views.get(name).map(|v| v.query.clone()));
            }
            Change::CreateSequence { sequence } => {
                self.makes.push(Key::Relation(sequence.name.clone()));
                self.needs.push(Key::Schema(sequence.name.schema.clone()));
                self.needs.extend(sequence.owned_by.iter().map(|(t, c)| Key::Column(t.clone(), c.clone())));
            }
            Change::AlterSequence { sequence } => {
                self.needs.push(Key::Relation(sequence.name.clone()));
                if let Some((table, column)) = &sequence.owned_by {
                    self.needs.push(Key::Relation(table.clone()));
                    self.needs.push(Key::Column(table.clone(), column.clone()));
                }
            }
            Change::DropSequence { name } => self.removes.push(Key::Relation(name.clone())),
            Change::CreateType { definition } | Change::AlterType { definition } => {
                self.makes.push(Key::Type(definition.name.clone()));
                self.needs.push(Key::Schema(definition.name.schema.clone()));
                self.text.extend(type_text(&definition.kind));
            }
            Change::DropType { name } => {
                self.removes.push(Key::Type(name.clone()));
                self.text.extend(before.types.get(name).into_iter().flat_map(|t| type_text(&t.kind)));
            }
            Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => {
                self.makes.push(Key::Routine(routine.key()));
                self.needs.push(Key::Schema(routine.name.schema.clone()));
                self.text.push(routine.definition.clone());
            }
            Change::DropRoutine { key, .. } => {
                self.removes.push(Key::Routine(key.clone()));
                self.text.extend(before.routines.get(key).map(|r| r.definition.clone()));
            }
            Change::CreateTrigger { table, trigger } => {
                self.makes.push(Key::Trigger(table.clone(), trigger.name.clone()));
                self.needs.push(Key::Relation(table.clone()));
                self.text.push(trigger.definition.clone());
            }
            Change::DropTrigger { table, name } => self.removes.push(Key::Trigger(table.clone(), name.clone())),
            Change::CreateOther { object } => {
                match &object.id.part {
                    None => self.make_other(object.id.kind, &object.id.name),
                    Some(part) => {
                        self.makes.push(Key::Part(object.id.kind, object.id.name.clone(), part.clone()));
                        self.needs.extend(wholes(&object.id.name));
                    }
                }
                self.text.extend(object.statements());
            }
            Change::DropOther { object } => {
                match &object.id.part {
                    None => self.removes.push(other_key(object.id.kind, &object.id.name)),
                    Some(part) => {
                        self.removes.push(Key::Part(object.id.kind, object.id.name.clone(), part.clone()));
                        self.leaves.extend(wholes(&object.id.name));
                    }
                }
                self.text.extend(object.statements());
            }
            Change::AlterOther { from, to } => {
                match &to.id.part {
                    None => self.needs.push(other_key(to.id.kind, &to.id.name)),
                    Some(part) => self.needs.push(Key::Part(to.id.kind, to.id.name.clone(), part.clone())),
                }
                self.text.extend(from.alteration(to));
            }
            Change::SetNotNull { table, column, .. }
            | Change::SetIdentity { table, column, .. }
            | Change::SetGenerated { table, column, .. }
            | Change::SetColumnOptions { table, column, .. }
            | Change::Backfill { table, column, .. }
            | Change::DropNotNull { table, column } => self.needs.push(Key::Column(table.clone(), column.clone())),
            Change::SetComment { object, .. } => self.comment(object.kind, &object.name, object.part.as_ref()),
            _ => {}
        }
    }

    fn make_other(&mut self, kind: ObjectKind, name: &QName) {
        self.makes.push(other_key(kind, name));
        self.needs.push(Key::Schema(name.schema.clone()));
    }

    fn comment(&mut self, kind: ObjectKind, name: &QName, part: Option<&String>) {
        self.needs.push(match (kind, part) {
            (ObjectKind::Column, Some(column)) => Key::Column(name.clone(), column.clone()),
            (ObjectKind::Constraint, Some(part)) => Key::Constraint(name.clone(), part.clone()),
            (ObjectKind::Trigger, Some(part)) => Key::Trigger(name.clone(), part.clone()),
            (ObjectKind::Type, _) => Key::Type(name.clone()),
            (ObjectKind::Routine, _) => Key::Routine(name.clone()),
            (ObjectKind::Schema, _) => Key::Schema(name.name.clone()),
            _ => Key::Relation(name.clone()),
        });
    }

    fn create_table(&mut self, table: &Table) {
        self.makes.push(Key::Relation(table.name.clone()));
        self.needs.push(Key::Schema(table.name.schema.clone()));
        self.needs.extend(table.partition_of.iter().map(|p| Key::Relation(p.parent.clone())));
        self.needs.extend(table.inherits.iter().cloned().map(Key::Relation));
        for column in &table.columns {
            self.makes.push(Key::Column(table.name.clone(), column.name.clone()));
            self.column(column);
        }
        for index in table.indexes.values() {
            self.makes.push(Key::Relation(table.name.sibling(&index.name)));
            self.text.extend(index_text(index));
        }
        for constraint in table.constraints.values() {
            self.makes.push(Key::Constraint(table.name.clone(), constraint.name.clone()));
            if is_key(constraint) {
                self.makes.push(Key::Relation(table.name.sibling(&constraint.name)));
            }
            self.constraint(&table.name, constraint);
        }
        self.text.extend(table.triggers.values().map(|t| t.definition.clone()));
    }

    fn drop_table(&mut self, name: &QName, before: &Schema) {
        self.removes.push(Key::Relation(name.clone()));
        let Some(table) = before.tables.get(name) else { return };
        self.removes.extend(table.indexes.keys().map(|i| Key::Relation(name.sibling(i))));
        self.leaves.extend(table.partition_of.iter().map(|p| Key::Relation(p.parent.clone())));
        self.leaves.extend(table.inherits.iter().cloned().map(Key::Relation));
        for constraint in table.constraints.values() {
            if is_key(constraint) {
                self.removes.push(Key::Relation(name.sibling(&constraint.name)));
            }
            if let ConstraintKind::ForeignKey(fk) = &constraint.kind
                && fk.references != *name
            {
                self.leaves.push(Key::Relation(fk.references.clone()));
            }
        }
    }

    fn column(&mut self, column: &Column) {
        self.text.push(column.data_type.clone());
        self.text.extend(column.default.clone());
        self.text.extend(column.collation.clone());
        self.text.extend(column.generated.as_ref().map(|g| g.expression.clone()));
    }

    fn add_constraint(&mut self, table: &QName, constraint: &Constraint) {
        self.makes.push(Key::Constraint(table.clone(), constraint.name.clone()));
        if is_key(constraint) {
            self.makes.push(Key::Relation(table.sibling(&constraint.name)));
        }
        self.needs.push(Key::Relation(table.clone()));
        self.needs.extend(constraint.kind.columns().iter().map(|c| Key::Column(table.clone(), c.clone())));
        self.constraint(table, constraint);
    }

    fn constraint(&mut self, table: &QName, constraint: &Constraint) {
        match &constraint.kind {
            ConstraintKind::ForeignKey(fk) if fk.references != *table => {
                self.needs.push(Key::Relation(fk.references.clone()));
                let referenced = fk.referenced_columns.iter();
                self.needs.extend(referenced.map(|c| Key::Column(fk.references.clone(), c.clone())));
            }
            ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
                self.text.push(text.clone());
            }
            _ => {}
        }
    }

    fn index(&mut self, table: &QName, index: &Index) {
        self.needs.push(Key::Relation(table.clone()));
        let columns = index.keys.iter().filter_map(|k| match &k.on {
            IndexTarget::Column(column) => Some(column),
            IndexTarget::Expression(_) => None,
        });
        self.needs.extend(columns.chain(&index.include).map(|c| Key::Column(table.clone(), c.clone())));
        self.text.extend(index_text(index));
    }
}

/// Whether the constraint has an index of its own name.
fn is_key(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. })
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
fn wholes(name: &QName) -> [Key; 4] {
    let schema = if name.schema.is_empty() { &name.name } else { &name.schema };
    [Key::Relation(name.clone()), Key::Type(name.clone()), Key::Routine(name.clone()), Key::Schema(schema.clone())]
}

fn other_key(kind: ObjectKind, name: &QName) -> Key {
    match kind {
        ObjectKind::Aggregate => Key::Routine(name.clone()),
        ObjectKind::Collation | ObjectKind::Operator | ObjectKind::TextSearch => Key::Type(name.clone()),
        _ => Key::Relation(name.clone()),
    }
}
