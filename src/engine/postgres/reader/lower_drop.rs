//! `DROP …` as changes, with what goes along by CASCADE.

use super::tree::{Drop, Dropped};
use super::world::{World, dependants};
use crate::schema::{Change, ConstraintKind, ObjectKind, ObjectRef, QName, Table};

impl World<'_> {
    pub(super) fn drop_objects(&mut self, tree: &Drop) {
        self.reading.outside_transaction |= tree.concurrently;
        // Without a schema to look into, everything may exist.
        let blind = self.schema.tables.is_empty();
        for item in &tree.items {
            if tree.if_exists && !self.is_there(tree.kind, item) {
                if blind && holds_data(tree.kind) {
                    let name = self.made(&item.name);
                    self.destroys(&name, None);
                    self.reading.complete = false;
                }
                continue;
            }
            self.drop_one(tree, item);
        }
    }

    fn is_there(&self, kind: &str, item: &Dropped) -> bool {
        match kind {
            "schema" => self.schema.namespaces.contains_key(&item.name.name),
            "extension" => self.schema.extensions.contains_key(&item.name.name),
            "type" | "domain" => self.schema.types.contains_key(&self.user_type(&item.name)),
            "function" | "procedure" | "routine" | "aggregate" => self.routine_key(item).is_some(),
            "trigger" => item.on.as_ref().is_some_and(|on| {
                let on = self.relation(on);
                self.schema.tables.get(&on).is_some_and(|t| t.triggers.contains_key(&item.name.name))
                    || self.schema.views.get(&on).is_some_and(|v| v.triggers.contains_key(&item.name.name))
            }),
            // Not looked for: dropped as if they were there.
            "policy" | "rule" => true,
            _ => self.relation_exists(&self.relation(&item.name)),
        }
    }

    fn drop_one(&mut self, tree: &Drop, item: &Dropped) {
        let name = self.relation(&item.name);
        match tree.kind {
            "table" => self.drop_table(&name, tree.cascade),
            "view" | "materialized view" => {
                self.drop_view(&name, tree.cascade, tree.kind == "materialized view");
            }
            "index" => match self.index_table(&name).cloned() {
                Some(table) => self.change(Change::DropIndex { table, name: name.name }),
                None => self.reading.complete = false,
            },
            "sequence" => {
                self.reading.complete &= !tree.cascade;
                self.change(Change::DropSequence { name });
            }
            "type" | "domain" => {
                let name = self.user_type(&item.name);
                if tree.cascade {
                    self.drop_columns_of(&name);
                }
                self.change(Change::DropType { name });
            }
            "schema" => self.drop_schema(&item.name.name, tree.cascade),
            "extension" => {
                self.reading.complete &= !tree.cascade;
                self.change(Change::DropExtension { name: item.name.name.clone() });
            }
            "function" | "procedure" | "routine" => self.drop_routine(tree, item),
            "trigger" => {
                if let Some(on) = &item.on {
                    let table = self.relation(on);
                    self.change(Change::DropTrigger { table, name: item.name.name.clone() });
                }
            }
            _ => self.reading.complete = false,
        }
    }

    fn drop_table(&mut self, name: &QName, cascade: bool) {
        let is_partition = |t: &Table| t.partition_of.as_ref().is_some_and(|p| p.parent == *name);
        let parts = self.schema.tables.children(name).filter(|t| cascade || is_partition(t));
        let parts: Vec<QName> = parts.map(|t| t.name.clone()).collect();
        for part in parts {
            self.drop_table(&part, cascade);
        }
        if cascade {
            self.drop_referencing(name, None);
            for dependant in dependants(&self.schema, &ObjectRef::new(ObjectKind::Table, name.clone())) {
                self.drop_dependant(&dependant);
            }
        }
        self.destroys(name, None);
        self.change(Change::DropTable { name: name.clone() });
    }

    fn drop_view(&mut self, name: &QName, cascade: bool, materialized: bool) {
        if cascade {
            for dependant in dependants(&self.schema, &ObjectRef::new(ObjectKind::View, name.clone())) {
                self.drop_dependant(&dependant);
            }
        }
        if materialized {
            self.destroys(name, None);
        }
        self.change(Change::DropView { name: name.clone(), materialized });
    }

    /// Drops the foreign keys of other tables that point at a table, or at one of its columns.
    pub(super) fn drop_referencing(&mut self, name: &QName, column: Option<&str>) {
        let keys = self.schema.references_to(name).filter(|(table, constraint)| {
            table.name != *name
                && column.is_none_or(|column| match &constraint.kind {
                    ConstraintKind::ForeignKey(key) => key.referenced_columns.iter().any(|c| c == column),
                    _ => false,
                })
        });
        let keys: Vec<_> = keys.map(|(table, constraint)| (table.name.clone(), constraint.name.clone())).collect();
        for (table, name) in keys {
            self.change(Change::DropConstraint { table, name });
        }
    }

    /// Drops something that cannot be without what a CASCADE drops.
    pub(super) fn drop_dependant(&mut self, object: &ObjectRef) {
        match object.kind {
            ObjectKind::View | ObjectKind::MaterializedView => {
                let Some(view) = self.schema.views.get(&object.name) else { return };
                let (name, materialized) = (view.name.clone(), view.materialized);
                if materialized {
                    self.destroys(&name, None);
                }
                self.change(Change::DropView { name, materialized });
            }
            ObjectKind::Trigger => {
                let Some(name) = object.part.clone() else { return };
                if self.schema.tables.get(&object.name).is_some_and(|t| t.triggers.contains_key(&name)) {
                    self.change(Change::DropTrigger { table: object.name.clone(), name });
                }
            }
            ObjectKind::Routine => {
                let Some(routine) = self.schema.routines.get(&object.name) else { return };
                let (key, procedure) = (routine.key(), routine.procedure);
                self.change(Change::DropRoutine { key, procedure });
            }
            _ => self.drop_part(object),
        }
    }

    /// Drops a part of a table, or an object without a model, that goes along with what a CASCADE drops.
    fn drop_part(&mut self, object: &ObjectRef) {
        let (table, part) = (object.name.clone(), object.part.clone().unwrap_or_default());
        let found = self.schema.tables.get(&table);
        match object.kind {
            ObjectKind::Constraint if found.is_some_and(|t| t.constraints.contains_key(&part)) => {
                self.change(Change::DropConstraint { table, name: part });
            }
            ObjectKind::Index if found.is_some_and(|t| t.indexes.contains_key(&part)) => {
                self.change(Change::DropIndex { table, name: part });
            }
            ObjectKind::Default if found.is_some_and(|t| t.column(&part).is_some_and(|c| c.default.is_some())) => {
                self.change(Change::SetDefault { table, column: part, default: None });
            }
            // What is already gone needs nothing more.
            ObjectKind::Constraint | ObjectKind::Index | ObjectKind::Default => {}
            _ => match self.schema.others.iter().find(|o| o.id == *object).cloned() {
                Some(found) => self.change(Change::DropOther { object: Box::new(found) }),
                None => self.reading.complete = false,
            },
        }
    }

    fn drop_schema(&mut self, schema: &str, cascade: bool) {
        if cascade {
            let views: Vec<_> = self.schema.views.values().filter(|v| v.name.schema == schema).cloned().collect();
            for view in views {
                // One view's drop may have taken another with it.
                if self.schema.views.contains_key(&view.name) {
                    self.drop_view(&view.name, true, view.materialized);
                }
            }
            let tables: Vec<QName> = self.schema.tables.keys().filter(|t| t.schema == schema).cloned().collect();
            for table in tables {
                if self.schema.tables.contains_key(&table) {
                    self.drop_table(&table, true);
                }
            }
            let sequences: Vec<QName> = self.schema.sequences.keys().filter(|s| s.schema == schema).cloned().collect();
            for name in sequences {
                self.change(Change::DropSequence { name });
            }
            let routines: Vec<_> = self.schema.routines.values().filter(|r| r.name.schema == schema).cloned().collect();
            for routine in routines {
                self.change(Change::DropRoutine { key: routine.key(), procedure: routine.procedure });
            }
            let types: Vec<QName> = self.schema.types.keys().filter(|t| t.schema == schema).cloned().collect();
            for name in types {
                self.drop_columns_of(&name);
                self.change(Change::DropType { name });
            }
        }
        let holder = schema.to_owned();
        if !self.reading.destroys.contains(&holder) {
            self.reading.destroys.insert(0, holder);
        }
        self.change(Change::DropSchema { name: schema.to_owned() });
    }

    /// Drops the columns of a type that goes away.
    fn drop_columns_of(&mut self, data_type: &QName) {
        let (plain, array) = (data_type.to_string(), format!("{data_type}[]"));
        let columns = self.schema.tables.values().flat_map(|table| {
            let of_type = table.columns.iter().filter(|c| c.data_type == plain || c.data_type == array);
            of_type.map(|column| (table.name.clone(), column.name.clone()))
        });
        let columns: Vec<_> = columns.collect();
        for (table, column) in columns {
            self.drop_column(&table, &column, true);
        }
    }

    fn drop_routine(&mut self, tree: &Drop, item: &Dropped) {
        let Some(key) = self.routine_key(item) else {
            self.reading.complete = false;
            return;
        };
        let procedure = self.schema.routines.get(&key).is_some_and(|r| r.procedure);
        if tree.cascade {
            for dependant in dependants(&self.schema, &ObjectRef::new(ObjectKind::Routine, key.clone())) {
                self.drop_dependant(&dependant);
            }
            for (table, name) in self.triggers_of(&key) {
                self.change(Change::DropTrigger { table, name });
            }
        }
        self.change(Change::DropRoutine { key, procedure });
    }

    /// The triggers that run a function.
    fn triggers_of(&self, key: &QName) -> Vec<(QName, String)> {
        let Some(function) = self.schema.routines.get(key).map(|r| r.name.clone()) else { return Vec::new() };
        let triggers = self.schema.tables.values().flat_map(|table| {
            let of_it = table.triggers.values().filter(|t| t.function.as_ref() == Some(&function));
            of_it.map(|trigger| (table.name.clone(), trigger.name.clone()))
        });
        triggers.collect()
    }

    /// The routine that a DROP means: by its arguments' types, or the only one of the name.
    pub(super) fn routine_key(&self, item: &Dropped) -> Option<QName> {
        let schemas = match &item.name.schema {
            Some(schema) => vec![schema.clone()],
            None => self.path.clone(),
        };
        let wanted = item.arguments.as_ref().map(|arguments| self.argument_types(arguments));
        schemas.into_iter().find_map(|schema| {
            let from = QName::new(&schema, format!("{}(", item.name.name));
            let named = self.schema.routines.range(from..);
            let mut named = named.take_while(|(_, r)| r.name.schema == schema && r.name.name == item.name.name);
            match &wanted {
                Some(types) => named.find(|(_, r)| r.arguments == *types).map(|(key, _)| key.clone()),
                None => named.next().map(|(key, _)| key.clone()),
            }
        })
    }
}

fn holds_data(kind: &str) -> bool {
    matches!(kind, "table" | "schema" | "materialized view" | "foreign table")
}
