//! A whole schema, or one object of it, as SQL.

use super::patterns::kept_text;
use super::render::{
    bare, column_definition, constraint_definition, create_index, create_table, create_view, create_view_with_triggers,
};
use crate::schema::{ConstraintKind, ObjectKind, ObjectRef, Schema, Table};
use std::collections::BTreeSet;

/// Tables after those they point at, then indexes, views after those they read, and triggers last.
pub(super) fn script(schema: &Schema) -> String {
    let mut out: Vec<String> = in_order(schema).into_iter().map(table_definition).collect();
    for table in schema.tables.values() {
        out.extend(table.indexes.values().map(|index| create_index(&table.name, index)));
    }
    // SQLite looks at what a view reads only when it is read itself, so views need no order.
    out.extend(schema.views.values().flat_map(create_view_with_triggers));
    for table in schema.tables.values() {
        out.extend(table.triggers.values().map(|trigger| bare(&trigger.definition)));
    }
    out.into_iter().map(|sql| format!("{sql};\n")).collect::<Vec<_>>().join("\n")
}

fn table_definition(table: &Table) -> String {
    kept_text(table).map_or_else(|| create_table(table), bare)
}

fn in_order(schema: &Schema) -> Vec<&Table> {
    let mut done = BTreeSet::new();
    let mut out = Vec::new();
    let mut waiting: Vec<&Table> = schema.tables.values().map(|t| &**t).collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|table| {
            let points_at = table.constraints.values().filter_map(|c| match &c.kind {
                ConstraintKind::ForeignKey(key) => Some(&key.references),
                _ => None,
            });
            let mut open =
                points_at.filter(|to| **to != table.name && schema.tables.contains_key(to) && !done.contains(*to));
            if open.next().is_some() {
                return true;
            }
            done.insert(&table.name);
            out.push(*table);
            false
        });
        if waiting.len() == before {
            // A circle: SQLite does not mind a reference to a table that is made later.
            out.append(&mut waiting);
        }
    }
    out
}

pub(super) fn definition(object: &ObjectRef, schema: &Schema) -> Option<String> {
    let table = || schema.tables.get(&object.name);
    let part = object.part.as_deref().unwrap_or(&object.name.name);
    match object.kind {
        ObjectKind::Table => table().map(|t| table_definition(t)),
        ObjectKind::View => schema.views.get(&object.name).map(create_view),
        ObjectKind::Column => table()?.column(part).map(|column| column_definition(column, None)),
        ObjectKind::Constraint => table()?.constraints.get(part).map(constraint_definition),
        ObjectKind::Index => {
            let mut with = schema.tables.values().filter(|t| object.part.is_none() || t.name == object.name);
            with.find_map(|t| t.indexes.get(part).map(|index| create_index(&t.name, index)))
        }
        ObjectKind::Trigger => {
            let on_tables = schema.tables.values().filter_map(|t| t.triggers.get(part));
            let on_views = schema.views.values().filter_map(|v| v.triggers.get(part));
            on_tables.chain(on_views).next().map(|trigger| bare(&trigger.definition))
        }
        _ => None,
    }
}
