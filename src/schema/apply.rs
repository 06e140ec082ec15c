//! Carries a change out on the model, so that each step of a plan can be judged against the schema of its moment.

use super::{
    Change, Column, ConstraintKind, Index, IndexTarget, Named, ObjectKind, ObjectRef, Options, Place, QName, Schema,
    Table, TypeKind,
};
use std::collections::BTreeMap;

/// Why a change does not fit the schema it was applied to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("there is no {0}")]
    Missing(ObjectRef),
    #[error("there is already a {0}")]
    Exists(ObjectRef),
}

type Applied = Result<(), ApplyError>;

fn missing(kind: ObjectKind, name: &QName) -> ApplyError {
    ApplyError::Missing(ObjectRef::new(kind, name.clone()))
}

fn missing_part(kind: ObjectKind, table: &QName, part: &str) -> ApplyError {
    ApplyError::Missing(ObjectRef::part(kind, table.clone(), part))
}

fn insert<T>(map: &mut BTreeMap<QName, T>, kind: ObjectKind, name: &QName, value: T) -> Applied {
    if map.contains_key(name) {
        return Err(ApplyError::Exists(ObjectRef::new(kind, name.clone())));
    }
    map.insert(name.clone(), value);
    Ok(())
}

fn remove<T>(map: &mut BTreeMap<QName, T>, kind: ObjectKind, name: &QName) -> Result<T, ApplyError> {
    map.remove(name).ok_or_else(|| missing(kind, name))
}

fn insert_part<T>(map: &mut Named<T>, kind: ObjectKind, table: &QName, name: &str, value: T) -> Applied {
    if map.contains_key(name) {
        return Err(ApplyError::Exists(ObjectRef::part(kind, table.clone(), name)));
    }
    map.insert(name.to_owned(), value);
    Ok(())
}

fn rename_in(list: &mut [String], from: &str, to: &str) {
    for item in list.iter_mut().filter(|item| *item == from) {
        to.clone_into(item);
    }
}

impl Schema {
    /// Applies one change.
    ///
    /// # Errors
    /// When the change names what is not there, or makes what is. The schema is then as it was.
    pub fn apply(&mut self, change: &Change) -> Applied {
        match change {
            Change::CreateSchema { name } => {
                self.namespaces.entry(name.clone()).or_default();
            }
            Change::DropSchema { name } => {
                self.namespaces.remove(name).ok_or_else(|| missing(ObjectKind::Schema, &QName::new("", name)))?;
            }
            Change::CreateExtension { extension } => {
                self.extensions.insert(extension.name.clone(), extension.clone());
            }
            Change::DropExtension { name } => {
                self.extensions.remove(name).ok_or_else(|| missing(ObjectKind::Extension, &QName::new("", name)))?;
            }
            Change::AlterExtension { extension } => {
                if !self.extensions.contains_key(&extension.name) {
                    return Err(missing(ObjectKind::Extension, &QName::new("", &extension.name)));
                }
                self.extensions.insert(extension.name.clone(), extension.clone());
            }
            Change::CreateTable { table } => {
                if self.tables.contains_key(&table.name) {
                    return Err(ApplyError::Exists(ObjectRef::new(ObjectKind::Table, table.name.clone())));
                }
                self.tables.insert(table.name.clone(), (**table).clone().into());
            }
            Change::DropTable { name } => self.drop_table(name)?,
            Change::RenameTable { from, to } => self.move_table(from, from.sibling(to))?,
            Change::SetTableSchema { name, schema } => self.move_table(name, QName::new(schema, &name.name))?,
            Change::CreateView { view } => insert(&mut self.views, ObjectKind::View, &view.name, (**view).clone())?,
            Change::ReplaceView { view } => {
                let before = self.views.insert(view.name.clone(), (**view).clone());
                if before.is_some_and(|before| before.query != view.query) {
                    // What the new query stands on is not known here.
                    self.forget(|from| from.name == view.name && from.part.is_none());
                }
            }
            Change::DropView { name, .. } => drop(remove(&mut self.views, ObjectKind::View, name)?),
            Change::RenameView { from, to, .. } => {
                let mut view = remove(&mut self.views, ObjectKind::View, from)?;
                view.name = from.sibling(to);
                self.rename_in_dependencies(from, &view.name);
                self.views.insert(view.name.clone(), view);
            }
            Change::CreateSequence { sequence } => {
                insert(&mut self.sequences, ObjectKind::Sequence, &sequence.name, sequence.clone())?;
            }
            Change::AlterSequence { sequence } => {
                self.sequences.insert(sequence.name.clone(), sequence.clone());
            }
            Change::DropSequence { name } => drop(remove(&mut self.sequences, ObjectKind::Sequence, name)?),
            Change::RenameSequence { from, to } => {
                let mut sequence = remove(&mut self.sequences, ObjectKind::Sequence, from)?;
                sequence.name = from.sibling(to);
                self.rename_in_dependencies(from, &sequence.name);
                self.sequences.insert(sequence.name.clone(), sequence);
            }
            Change::CreateType { definition } => {
                insert(&mut self.types, ObjectKind::Type, &definition.name, definition.clone())?;
            }
            Change::AlterType { definition } => {
                self.types.insert(definition.name.clone(), definition.clone());
            }
            Change::DropType { name } => drop(remove(&mut self.types, ObjectKind::Type, name)?),
            Change::RenameType { from, to } => {
                let mut definition = remove(&mut self.types, ObjectKind::Type, from)?;
                definition.name = from.sibling(to);
                self.rename_in_dependencies(from, &definition.name);
                self.retype(from, &definition.name);
                self.types.insert(definition.name.clone(), definition);
            }
            Change::AddEnumValue { name, value, place } => self.add_enum_value(name, value, place)?,
            Change::RenameEnumValue { name, from, to } => match self.types.get_mut(name).map(|t| &mut t.kind) {
                Some(TypeKind::Enum { values }) => rename_in(values, from, to),
                _ => return Err(missing(ObjectKind::Type, name)),
            },
            Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => {
                self.routines.insert(routine.key(), (**routine).clone());
            }
            Change::DropRoutine { key, .. } => drop(remove(&mut self.routines, ObjectKind::Routine, key)?),
            Change::SetOwner { .. } | Change::SetRights { .. } => {}
            Change::CreateOther { object } => self.others.push((**object).clone()),
            Change::DropOther { object } => self.others.retain(|o| o.id != object.id),
            Change::AlterOther { to, .. } => {
                let found = self.others.iter_mut().find(|o| o.id == to.id);
                *found.ok_or_else(|| ApplyError::Missing(to.id.clone()))? = (**to).clone();
            }
            Change::SetComment { object, comment } => self.set_comment(object, comment.as_ref())?,
            Change::RenameColumn { table, from, to } => self.rename_column(table, from, to)?,
            Change::DropColumn { table, column } => {
                self.table_mut(table)?.drop_column(column)?;
                self.sequences.retain(|_, s| s.owned_by.as_ref().is_none_or(|(t, c)| t != table || c != column));
                self.forget(|from| from.name == *table && from.part.as_ref() == Some(column));
                self.hand_down(table, change);
            }
            Change::Reshape { table, from, into } => {
                let t = self.table_mut(table)?;
                for transform in into {
                    t.columns.push(transform.column.clone());
                }
                for column in from {
                    t.drop_column(column)?;
                }
            }
            Change::DropTrigger { table, name } if self.views.contains_key(table) => {
                self.views.get_mut(table).and_then(|v| v.triggers.remove(name));
            }
            Change::CreateTrigger { table, trigger } if self.views.contains_key(table) => {
                self.views.get_mut(table).map(|v| v.triggers.insert(trigger.name.clone(), trigger.clone()));
            }
            Change::CreateIndex { table, index } if self.views.contains_key(table) => {
                self.views.get_mut(table).map(|v| v.indexes.insert(index.name.clone(), index.clone()));
            }
            Change::DropIndex { table, name } if self.views.contains_key(table) => {
                self.views.get_mut(table).and_then(|v| v.indexes.remove(name));
            }
            Change::SetPartition { table, partition } => self.set_partition(table, partition.as_ref())?,
            Change::SetInherits { table, inherits } => self.set_inherits(table, inherits)?,
            Change::DropIndex { table, name } | Change::DropConstraint { table, name } => {
                self.table_mut(table)?.apply(change)?;
                self.drop_parts(table, &table.sibling(name));
            }
            Change::RenameIndex { table, from, to } | Change::RenameConstraint { table, from, to } => {
                self.table_mut(table)?.apply(change)?;
                self.rename_parts(table, &table.sibling(from), &table.sibling(to));
            }
            other => match other.table() {
                Some(table) => {
                    let name = table.clone();
                    self.tables.get_mut(&name).ok_or_else(|| missing(ObjectKind::Table, &name))?.apply(other)?;
                    self.follow_rename(other);
                    self.hand_down(&name, other);
                }
                None => return Err(missing(ObjectKind::Table, &QName::new("", "?"))),
            },
        }
        self.follow_with_rights(change);
        Ok(())
    }

    fn table_mut(&mut self, name: &QName) -> Result<&mut Table, ApplyError> {
        self.tables.get_mut(name).map(|t| &mut **t).ok_or_else(|| missing(ObjectKind::Table, name))
    }

    /// An index by its own name, or as a part of its table.
    fn index_mut(&mut self, object: &ObjectRef) -> Option<&mut Index> {
        let bare = object.part.as_deref().unwrap_or(&object.name.name);
        let of_table = match &object.part {
            Some(_) => Some(object.name.clone()),
            None => self.tables.with_index(&object.name).map(|t| t.name.clone()),
        };
        if let Some(name) = of_table.filter(|name| self.tables.get(name).is_some_and(|t| t.indexes.contains_key(bare)))
        {
            return self.tables.get_mut(&name)?.indexes.get_mut(bare);
        }
        let in_schema = |name: &QName| match &object.part {
            Some(_) => *name == object.name,
            None => name.schema == object.name.schema,
        };
        self.views.values_mut().filter(|v| in_schema(&v.name)).find_map(|v| v.indexes.get_mut(bare))
    }

    /// Gives what is of a type the type's new name.
    fn retype(&mut self, from: &QName, to: &QName) {
        let old = from.to_string();
        let renamed = |text: &str| {
            let rest = text.strip_prefix(&old).filter(|rest| rest.is_empty() || *rest == "[]")?;
            Some(format!("{to}{rest}"))
        };
        let is_of = |table: &Table| table.columns.iter().any(|c| renamed(&c.data_type).is_some());
        let tables: Vec<QName> = self.tables.values().filter(|t| is_of(t)).map(|t| t.name.clone()).collect();
        for name in tables {
            let Some(table) = self.tables.get_mut(&name) else { continue };
            for column in &mut table.columns {
                column.data_type = renamed(&column.data_type).unwrap_or_else(|| std::mem::take(&mut column.data_type));
            }
        }
        for definition in self.types.values_mut() {
            match &mut definition.kind {
                TypeKind::Domain { base, .. } => *base = renamed(base).unwrap_or_else(|| std::mem::take(base)),
                TypeKind::Composite { attributes } => {
                    for attribute in attributes {
                        let data_type = &mut attribute.data_type;
                        *data_type = renamed(data_type).unwrap_or_else(|| std::mem::take(data_type));
                    }
                }
                TypeKind::Enum { .. } | TypeKind::Other { .. } => {}
            }
        }
    }

    /// The tables that name `table` in a foreign key or as their parent.
    fn naming(&self, table: &QName) -> Vec<QName> {
        self.tables.referring_to(table).chain(self.tables.children(table)).map(|t| t.name.clone()).collect()
    }

    /// Gives partitions and children what their parent got. One that already has it stays as it is.
    fn hand_down(&mut self, parent: &QName, change: &Change) {
        if !change.hands_down() {
            return;
        }
        let below: Vec<QName> = self.tables.children(parent).map(|t| t.name.clone()).collect();
        for child in below {
            if let Some(table) = self.tables.get_mut(&child) {
                let _ = table.inherit(change);
            }
            self.hand_down(&child, change);
        }
    }

    /// A column that no parent has any more is the child's own; one that it had before stays so.
    fn set_inherits(&mut self, name: &QName, parents: &[QName]) -> Applied {
        let still = |column: &str| {
            parents.iter().any(|p| self.tables.get(p).is_some_and(|parent| parent.column(column).is_some()))
        };
        let own: Vec<String> = match self.tables.get(name) {
            Some(table) => table.columns.iter().map(|c| c.name.clone()).filter(|c| !still(c)).collect(),
            None => return Err(missing(ObjectKind::Table, name)),
        };
        let table = self.table_mut(name)?;
        table.inherits = parents.to_vec();
        table.columns.iter_mut().filter(|c| own.contains(&c.name)).for_each(|c| c.inherited = false);
        Ok(())
    }

    fn drop_table(&mut self, name: &QName) -> Applied {
        self.tables.remove(name).ok_or_else(|| missing(ObjectKind::Table, name))?;
        self.sequences.retain(|_, s| s.owned_by.as_ref().is_none_or(|(table, _)| table != name));
        self.forget(|from| from.name == *name);
        Ok(())
    }

    /// Renames a table or moves it to another schema, with everything that names it.
    fn move_table(&mut self, from: &QName, to: QName) -> Applied {
        if self.tables.contains_key(&to) {
            return Err(ApplyError::Exists(ObjectRef::new(ObjectKind::Table, to)));
        }
        let naming = self.naming(from);
        let mut table = self.tables.remove(from).ok_or_else(|| missing(ObjectKind::Table, from))?;
        table.name = to.clone();
        self.tables.insert(to.clone(), table);
        // Tables that do not name it stay shared with the schema's other copies.
        for name in naming {
            let name = if name == *from { &to } else { &name };
            let Some(table) = self.tables.get_mut(name) else { continue };
            for (_, constraint) in table.constraints.iter_mut() {
                if let ConstraintKind::ForeignKey(fk) = &mut constraint.kind
                    && fk.references == *from
                {
                    fk.references = to.clone();
                }
            }
            if let Some(partition) = &mut table.partition_of
                && partition.parent == *from
            {
                partition.parent = to.clone();
            }
            for parent in table.inherits.iter_mut().filter(|p| *p == from) {
                *parent = to.clone();
            }
        }
        for (table, _) in self.sequences.values_mut().filter_map(|s| s.owned_by.as_mut()) {
            if table == from {
                *table = to.clone();
            }
        }
        self.rename_in_dependencies(from, &to);
        Ok(())
    }

    fn rename_column(&mut self, table: &QName, from: &str, to: &str) -> Applied {
        self.table_mut(table)?.rename_column(from, to)?;
        for (owner, column) in self.sequences.values_mut().filter_map(|s| s.owned_by.as_mut()) {
            if owner == table && column == from {
                to.clone_into(column);
            }
        }
        self.hand_down(table, &Change::RenameColumn { table: table.clone(), from: from.to_owned(), to: to.to_owned() });
        for name in self.naming(table) {
            let Some(other) = self.tables.get_mut(&name) else { continue };
            for (_, constraint) in other.constraints.iter_mut() {
                if let ConstraintKind::ForeignKey(fk) = &mut constraint.kind
                    && fk.references == *table
                {
                    rename_in(&mut fk.referenced_columns, from, to);
                }
            }
        }
        self.rename_part_in_dependencies(&[ObjectKind::Column, ObjectKind::Default], table, from, to);
        Ok(())
    }

    fn add_enum_value(&mut self, name: &QName, value: &str, place: &Place) -> Applied {
        let Some(TypeKind::Enum { values }) = self.types.get_mut(name).map(|t| &mut t.kind) else {
            return Err(missing(ObjectKind::Type, name));
        };
        if values.iter().any(|v| v == value) {
            return Err(ApplyError::Exists(ObjectRef::part(ObjectKind::Type, name.clone(), value)));
        }
        let at = |other: &String| {
            let found = values.iter().position(|v| v == other);
            found.ok_or_else(|| missing_part(ObjectKind::Type, name, other))
        };
        let index = match place {
            Place::Last => values.len(),
            Place::Before(other) => at(other)?,
            Place::After(other) => at(other)? + 1,
        };
        values.insert(index, value.to_owned());
        Ok(())
    }

    fn set_comment(&mut self, object: &ObjectRef, comment: Option<&String>) -> Applied {
        let not_there = || ApplyError::Missing(object.clone());
        let part = object.part.as_deref().unwrap_or_default();
        let name = &object.name;
        let slot = match object.kind {
            ObjectKind::Schema => self.namespaces.get_mut(&name.name).map(|n| &mut n.comment),
            ObjectKind::Extension => self.extensions.get_mut(&name.name).map(|e| &mut e.comment),
            ObjectKind::Table | ObjectKind::ForeignTable => self.tables.get_mut(name).map(|t| &mut t.comment),
            ObjectKind::Column => self.tables.get_mut(name).and_then(|t| t.column_mut(part)).map(|c| &mut c.comment),
            ObjectKind::Constraint => {
                self.tables.get_mut(name).and_then(|t| t.constraints.get_mut(part)).map(|c| &mut c.comment)
            }
            ObjectKind::Trigger => {
                self.tables.get_mut(name).and_then(|t| t.triggers.get_mut(part)).map(|t| &mut t.comment)
            }
            ObjectKind::Index => self.index_mut(object).map(|i| &mut i.comment),
            ObjectKind::View | ObjectKind::MaterializedView => self.views.get_mut(name).map(|v| &mut v.comment),
            ObjectKind::Sequence => self.sequences.get_mut(name).map(|s| &mut s.comment),
            ObjectKind::Type => self.types.get_mut(name).map(|t| &mut t.comment),
            ObjectKind::Routine => self.routines.get_mut(name).map(|r| &mut r.comment),
            _ => None,
        };
        *slot.ok_or_else(not_there)? = comment.cloned();
        Ok(())
    }
}

impl Table {
    /// Carries out a change that was made on a parent of this table.
    pub(crate) fn inherit(&mut self, change: &Change) -> Result<(), ApplyError> {
        match change {
            // What a child has declared as well stays its own.
            Change::DropColumn { column, .. } if !self.inherits.is_empty() => match self.column(column) {
                Some(own) if !own.inherited => Ok(()),
                _ => self.drop_column(column),
            },
            Change::DropColumn { column, .. } => self.drop_column(column),
            Change::AddColumn { column, .. } => {
                self.inherit_column(column);
                Ok(())
            }
            // It is not listed with the child.
            Change::AddConstraint { .. } => Ok(()),
            Change::RenameColumn { from, to, .. } => self.rename_column(from, to),
            other => self.apply(other),
        }
    }

    /// Options and comments are not handed down, nor is an identity.
    fn inherit_column(&mut self, column: &Column) {
        if self.column(&column.name).is_none() {
            let inherited = self.partition_of.is_none();
            let bare = Column { comment: None, options: Options::new(), identity: None, ..column.clone() };
            self.columns.push(Column { inherited, ..bare });
        }
    }

    /// Applies a change that is about this table alone.
    fn apply(&mut self, change: &Change) -> Applied {
        let name = self.name.clone();
        match change {
            Change::SetTableOptions { set, reset, .. } => {
                self.options.retain(|key, _| !reset.iter().any(|name| name == key));
                self.options.extend(set.clone());
            }
            Change::SetRowSecurity { security, .. } => self.row_security = *security,
            Change::SetUnlogged { unlogged, .. } => self.unlogged = *unlogged,
            Change::AddColumn { column, .. } => {
                if self.column(&column.name).is_some() {
                    return Err(ApplyError::Exists(ObjectRef::part(ObjectKind::Column, name, &column.name)));
                }
                self.columns.push(column.clone());
            }
            Change::AlterColumnType { column, data_type, collation, .. } => {
                let column = self.existing(column)?;
                column.data_type.clone_from(data_type);
                column.collation.clone_from(collation);
            }
            Change::SetDefault { column, default, .. } => self.existing(column)?.default.clone_from(default),
            Change::SetNotNull { column, .. } => self.existing(column)?.nullable = false,
            Change::DropNotNull { column, .. } => self.existing(column)?.nullable = true,
            Change::SetIdentity { column, identity, .. } => self.existing(column)?.identity.clone_from(identity),
            Change::SetGenerated { column, generated, .. } => self.existing(column)?.generated.clone_from(generated),
            Change::SetColumnOptions { column, set, reset, .. } => {
                let column = self.existing(column)?;
                column.options.retain(|key, _| !reset.iter().any(|name| name == key));
                column.options.extend(set.clone());
            }
            Change::Backfill { column, .. } => drop(self.existing(column)?),
            Change::AddConstraint { constraint, .. } => {
                if let ConstraintKind::PrimaryKey { columns } = &constraint.kind {
                    for column in columns {
                        self.existing(column)?.nullable = false;
                    }
                }
                let kind = ObjectKind::Constraint;
                insert_part(&mut self.constraints, kind, &name, &constraint.name, constraint.clone())?;
            }
            Change::DropConstraint { name: constraint, .. } => {
                let found = self.constraints.remove(constraint);
                found.ok_or_else(|| missing_part(ObjectKind::Constraint, &name, constraint))?;
            }
            Change::RenameConstraint { from, to, .. } => {
                let found = self.constraints.remove(from);
                let mut found = found.ok_or_else(|| missing_part(ObjectKind::Constraint, &name, from))?;
                found.name.clone_from(to);
                self.constraints.insert(to.clone(), found);
            }
            Change::ValidateConstraint { name: constraint, .. } => {
                let found = self.constraints.get_mut(constraint);
                found.ok_or_else(|| missing_part(ObjectKind::Constraint, &name, constraint))?.validated = true;
            }
            Change::AttachIndex { name: part, parent, .. } => {
                if self.part(part).is_none() {
                    return Err(missing_part(ObjectKind::Index, &name, part));
                }
                self.attach(part, Some(parent));
            }
            Change::CreateIndex { index, .. } => {
                insert_part(&mut self.indexes, ObjectKind::Index, &name, &index.name, index.clone())?;
            }
            Change::DropIndex { name: index, .. } => {
                let found = self.indexes.remove(index);
                found.ok_or_else(|| missing_part(ObjectKind::Index, &name, index))?;
            }
            Change::RenameIndex { from, to, .. } => {
                // An index may back a constraint, which then has the new name as well.
                if let Some(mut index) = self.indexes.remove(from) {
                    index.name.clone_from(to);
                    self.indexes.insert(to.clone(), index);
                } else if let Some(mut constraint) = self.constraints.remove(from) {
                    constraint.name.clone_from(to);
                    self.constraints.insert(to.clone(), constraint);
                } else {
                    return Err(missing_part(ObjectKind::Index, &name, from));
                }
            }
            Change::CreateTrigger { trigger, .. } => {
                insert_part(&mut self.triggers, ObjectKind::Trigger, &name, &trigger.name, trigger.clone())?;
            }
            Change::DropTrigger { name: trigger, .. } => {
                let found = self.triggers.remove(trigger);
                found.ok_or_else(|| missing_part(ObjectKind::Trigger, &name, trigger))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn existing(&mut self, column: &str) -> Result<&mut Column, ApplyError> {
        let name = self.name.clone();
        self.column_mut(column).ok_or_else(|| missing_part(ObjectKind::Column, &name, column))
    }

    /// Removes a column, with the indexes and constraints that cannot be without it.
    fn drop_column(&mut self, column: &str) -> Applied {
        self.existing(column)?;
        self.columns.retain(|c| c.name != column);
        self.indexes.retain(|_, index| !index.names_column(column));
        self.constraints.retain(|_, c| !c.kind.columns().iter().any(|name| name == column));
        Ok(())
    }

    fn rename_column(&mut self, from: &str, to: &str) -> Applied {
        to.clone_into(&mut self.existing(from)?.name);
        for (_, constraint) in self.constraints.iter_mut() {
            if let Some(columns) = constraint.kind.columns_mut() {
                rename_in(columns, from, to);
            }
        }
        for (_, index) in self.indexes.iter_mut() {
            rename_in(&mut index.include, from, to);
            for key in &mut index.keys {
                if let IndexTarget::Column(name) = &mut key.on
                    && name == from
                {
                    to.clone_into(name);
                }
            }
        }
        Ok(())
    }
}

impl Index {
    /// Whether a key or an included column is `column` itself (expressions are not looked into).
    pub fn names_column(&self, column: &str) -> bool {
        self.include.iter().any(|c| c == column)
            || self.keys.iter().any(|k| matches!(&k.on, IndexTarget::Column(name) if name == column))
    }
}

impl ConstraintKind {
    /// Whether an index of the constraint's name stands behind it.
    pub fn has_index(&self) -> bool {
        match self {
            Self::PrimaryKey { .. } | Self::Unique { .. } => true,
            Self::Other { definition } => definition.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("EXCLUDE")),
            _ => false,
        }
    }

    /// The table's own columns that the constraint names; empty for expressions.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::PrimaryKey { columns } | Self::Unique { columns, .. } => columns,
            Self::ForeignKey(fk) => &fk.columns,
            Self::NotNull { column, .. } => std::slice::from_ref(column),
            Self::Check { .. } | Self::Other { .. } => &[],
        }
    }

    fn columns_mut(&mut self) -> Option<&mut [String]> {
        match self {
            Self::PrimaryKey { columns } | Self::Unique { columns, .. } => Some(columns),
            Self::ForeignKey(fk) => Some(&mut fk.columns),
            Self::NotNull { column, .. } => Some(std::slice::from_mut(column)),
            Self::Check { .. } | Self::Other { .. } => None,
        }
    }
}
