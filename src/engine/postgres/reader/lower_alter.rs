//! The actions of `ALTER TABLE` and the like as changes.

use super::tree::{Action, Alter, Body, ColumnDef};
use super::world::{World, dependants};
use crate::schema::{Change, ConstraintKind, Generated, Identity, ObjectKind, ObjectRef, Options, QName, RowSecurity};
use std::collections::BTreeSet;

impl World<'_> {
    pub(super) fn alter(&mut self, tree: &Alter) {
        let name = self.relation(&tree.name);
        if tree.if_exists && !self.relation_exists(&name) {
            return;
        }
        // Partitions and children follow their parent, which is not written out here.
        let has_children = self.schema.tables.children(&name).next().is_some();
        self.reading.complete &= !has_children;
        let mut name = name;
        for action in &tree.actions {
            if self.schema.views.contains_key(&name) {
                self.alter_view(&name, action);
            } else if let Some(table) = self.index_table(&name).cloned() {
                self.alter_index(&table, &name, action);
            } else if self.schema.sequences.contains_key(&name) {
                self.alter_sequence_as_relation(&name, action);
            } else {
                self.alter_table(&name, action);
            }
            if let Action::RenameTo { name: to } = action {
                name = name.sibling(to);
            }
        }
    }

    fn alter_view(&mut self, name: &QName, action: &Action) {
        let materialized = self.schema.views.get(name).is_some_and(|v| v.materialized);
        match action {
            Action::RenameTo { name: to } => {
                self.change(Change::RenameView { from: name.clone(), to: to.clone(), materialized });
            }
            Action::Options { set, reset } => {
                let Some(mut view) = self.schema.views.get(name).cloned() else { return };
                view.options.retain(|key, _| !reset.iter().any(|name| name == key));
                view.options.extend(set.clone());
                self.change(Change::ReplaceView { view: Box::new(view) });
            }
            _ => self.reading.complete = false,
        }
    }

    fn alter_index(&mut self, table: &QName, name: &QName, action: &Action) {
        match action {
            Action::RenameTo { name: to } => {
                self.change(Change::RenameIndex { table: table.clone(), from: name.name.clone(), to: to.clone() });
            }
            _ => self.reading.complete = false,
        }
    }

    fn alter_sequence_as_relation(&mut self, name: &QName, action: &Action) {
        match action {
            Action::RenameTo { name: to } => {
                self.change(Change::RenameSequence { from: name.clone(), to: to.clone() });
            }
            _ => self.reading.complete = false,
        }
    }

    fn alter_table(&mut self, table: &QName, action: &Action) {
        let table = table.clone();
        match action {
            Action::AddColumn { column, if_not_exists } => self.add_column(&table, column, *if_not_exists),
            Action::DropColumn { column, if_exists, cascade } => {
                if *if_exists && !self.has_column(&table, column) {
                    return;
                }
                self.drop_column(&table, column, *cascade);
            }
            Action::SetType { column, data_type, collation, using } => {
                let data_type = self.data_type(data_type);
                let (column, collation, using) = (column.clone(), collation.clone(), using.clone());
                self.change(Change::AlterColumnType { table, column, data_type, collation, using });
            }
            Action::SetDefault { column, default } => {
                self.change(Change::SetDefault { table, column: column.clone(), default: default.clone() });
            }
            Action::SetNotNull { column } => {
                self.change(Change::SetNotNull { table, column: column.clone(), fill: None });
            }
            Action::DropNotNull { column } => self.change(Change::DropNotNull { table, column: column.clone() }),
            Action::SetExpression { column, expression } => {
                let generated = Some(Generated { expression: expression.clone(), stored: true });
                self.change(Change::SetGenerated { table, column: column.clone(), generated });
            }
            Action::DropExpression { column, .. } => {
                self.change(Change::SetGenerated { table, column: column.clone(), generated: None });
            }
            Action::AddIdentity { column, identity } => self.set_identity(table, column, Some(identity.clone())),
            Action::DropIdentity { column, if_exists } => {
                let has =
                    self.schema.tables.get(&table).and_then(|t| t.column(column)).is_some_and(|c| c.identity.is_some());
                if has || !if_exists {
                    self.set_identity(table, column, None);
                }
            }
            Action::SetStatistics { column, value } => self.set_column(table, column, "statistics", value),
            Action::SetStorage { column, value } => self.set_column(table, column, "storage", value),
            Action::SetCompression { column, value } => self.set_column(table, column, "compression", value),
            Action::ColumnOptions { column, set, reset } => {
                let (column, set, reset) = (column.clone(), set.clone(), reset.clone());
                self.change(Change::SetColumnOptions { table, column, set, reset });
            }
            Action::RowSecurity { enabled, forced } => {
                let now = self.schema.tables.get(&table).map(|t| t.row_security).unwrap_or_default();
                let security =
                    RowSecurity { enabled: enabled.unwrap_or(now.enabled), forced: forced.unwrap_or(now.forced) };
                self.change(Change::SetRowSecurity { table, security });
            }
            Action::SetLogged { logged } => self.change(Change::SetUnlogged { table, unlogged: !logged }),
            Action::Options { set, reset } => {
                self.change(Change::SetTableOptions { name: table, set: set.clone(), reset: reset.clone() });
            }
            Action::RenameTo { name } => self.change(Change::RenameTable { from: table, to: name.clone() }),
            Action::RenameColumn { from, to } => {
                self.change(Change::RenameColumn { table, from: from.clone(), to: to.clone() });
            }
            Action::SetSchema { schema } => self.change(Change::SetTableSchema { name: table, schema: schema.clone() }),
            Action::AddConstraint(_)
            | Action::Validate { .. }
            | Action::DropConstraint { .. }
            | Action::RenameConstraint { .. } => self.alter_constraint(table, action),
            // Nothing of the model changes, or nothing that is modelled.
            _ => self.reading.complete = false,
        }
    }

    fn alter_constraint(&mut self, table: QName, action: &Action) {
        match action {
            Action::AddConstraint(definition) => {
                let Some(known) = self.schema.tables.get(&table).cloned() else {
                    let unknown = crate::schema::Table::new(table.clone());
                    if let Some(constraint) = self.constraint(&unknown, definition, &BTreeSet::new()) {
                        self.change(Change::AddConstraint { table, constraint });
                    }
                    self.reading.complete = false;
                    return;
                };
                let Some(constraint) = self.constraint(&known, definition, &BTreeSet::new()) else {
                    self.reading.complete = false;
                    return;
                };
                if let Body::UsingIndex { index, .. } = &definition.body {
                    // The index goes over to the constraint, and takes its name.
                    self.change(Change::DropIndex { table: table.clone(), name: index.clone() });
                    self.reading.complete = false;
                }
                if let ConstraintKind::NotNull { column, .. } = &constraint.kind
                    && constraint.validated
                {
                    self.change(Change::SetNotNull { table, column: column.clone(), fill: None });
                    return;
                }
                self.change(Change::AddConstraint { table, constraint });
            }
            Action::Validate { name } => self.change(Change::ValidateConstraint { table, name: name.clone() }),
            Action::DropConstraint { name, if_exists, cascade } => {
                let has = self.schema.tables.get(&table).is_some_and(|t| t.constraints.contains_key(name));
                if *if_exists && !has {
                    return;
                }
                if *cascade {
                    self.reading.complete = false;
                }
                self.change(Change::DropConstraint { table, name: name.clone() });
            }
            Action::RenameConstraint { from, to } => {
                self.change(Change::RenameConstraint { table, from: from.clone(), to: to.clone() });
            }
            _ => {}
        }
    }

    fn has_column(&self, table: &QName, column: &str) -> bool {
        self.schema.tables.get(table).is_some_and(|t| t.column(column).is_some())
    }

    fn set_identity(&mut self, table: QName, column: &str, identity: Option<Identity>) {
        self.change(Change::SetIdentity { table, column: column.to_owned(), identity });
    }

    fn set_column(&mut self, table: QName, column: &str, key: &str, value: &str) {
        let (mut set, mut reset) = (Options::new(), Vec::new());
        if matches!(value, "-1" | "default" | "DEFAULT") {
            reset.push(key.to_owned());
        } else {
            set.insert(key.to_owned(), value.to_owned());
        }
        self.change(Change::SetColumnOptions { table, column: column.to_owned(), set, reset });
    }

    fn add_column(&mut self, table: &QName, definition: &ColumnDef, if_not_exists: bool) {
        if if_not_exists && self.has_column(table, &definition.name) {
            return;
        }
        let (column, sequence) = self.column(table, definition);
        if let Some(sequence) = &sequence {
            let sequence = crate::schema::Sequence { owned_by: None, ..sequence.clone() };
            self.change(Change::CreateSequence { sequence });
        }
        self.change(Change::AddColumn { table: table.clone(), column });
        if let Some(sequence) = sequence {
            self.change(Change::AlterSequence { sequence });
        }
        for constraint in &definition.constraints {
            self.alter_constraint(table.clone(), &Action::AddConstraint(constraint.clone()));
        }
    }

    pub(super) fn drop_column(&mut self, table: &QName, column: &str, cascade: bool) {
        let object = ObjectRef::part(ObjectKind::Column, table.clone(), column);
        if cascade {
            self.drop_referencing(table, Some(column));
            for dependant in dependants(&self.schema, &object) {
                self.drop_dependant(&dependant);
            }
        }
        self.destroys(table, Some(column));
        self.change(Change::DropColumn { table: table.clone(), column: column.to_owned() });
        self.schema
            .to_mut()
            .sequences
            .retain(|_, s| s.owned_by.as_ref().is_none_or(|(t, c)| t != table || c != column));
    }
}
