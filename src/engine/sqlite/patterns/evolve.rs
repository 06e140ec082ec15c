//! A change carried out on the model as SQLite would: with what it rewrites or drops along.

use super::edit::kept_text;
use crate::engine::sqlite::reader::lex;
use crate::engine::sqlite::render::ident;
use crate::schema::{Change, ConstraintKind, Index, IndexTarget, QName, Schema, Table};
use crate::{Error, ErrorCode, Result};

/// Applies `change` to `schema`.
///
/// # Errors
/// When the change does not fit the schema.
pub(super) fn evolve(schema: &mut Schema, change: &Change) -> Result<()> {
    schema.apply(change).map_err(|why| {
        Error::new(ErrorCode::NotFound, format!("the change does not fit the schema: {why}"))
            .hint("Look at the schema again; it may have changed since.")
    })?;
    match change {
        Change::RenameTable { from, to } => rename_table(schema, from, to),
        Change::RenameColumn { table, from, to } => rename_column(schema, table, from, to),
        Change::DropColumn { table, column } => drop_mentions(schema, table, std::slice::from_ref(column)),
        Change::Reshape { table, from, .. } => drop_mentions(schema, table, from),
        _ => {}
    }
    Ok(())
}

/// SQLite rewrites the text of views and triggers when a table gets another name.
fn rename_table(schema: &mut Schema, from: &QName, to: &str) {
    let new = ident(to);
    let names: Vec<QName> = schema.tables.keys().cloned().collect();
    for table in &names {
        let Some(table) = schema.tables.get_mut(table) else { continue };
        for (_, trigger) in table.triggers.iter_mut() {
            trigger.definition = lex::rename(&trigger.definition, &from.name, &new);
        }
        if let Some(sql) = &mut table.sql {
            *sql = lex::rename(sql, &from.name, &new);
        }
    }
    for view in schema.views.values_mut() {
        view.query = lex::rename(&view.query, &from.name, &new);
        view.sql = view.sql.as_ref().map(|sql| lex::rename(sql, &from.name, &new));
        for (_, trigger) in view.triggers.iter_mut() {
            trigger.definition = lex::rename(&trigger.definition, &from.name, &new);
        }
    }
}

fn rename_column(schema: &mut Schema, name: &QName, from: &str, to: &str) {
    let new = ident(to);
    let renamed = |text: &str| lex::rename(text, from, &new);
    if let Some(table) = schema.tables.get_mut(name) {
        for (_, constraint) in table.constraints.iter_mut() {
            if let ConstraintKind::Check { expression, .. } = &mut constraint.kind {
                *expression = renamed(expression);
            }
        }
        for column in &mut table.columns {
            if let Some(generated) = &mut column.generated {
                generated.expression = renamed(&generated.expression);
            }
        }
        for (_, index) in table.indexes.iter_mut() {
            index.predicate = index.predicate.as_deref().map(renamed);
            for key in &mut index.keys {
                if let IndexTarget::Expression(expression) = &mut key.on {
                    *expression = renamed(expression);
                }
            }
        }
        for (_, trigger) in table.triggers.iter_mut() {
            trigger.definition = renamed(&trigger.definition);
        }
        table.sql = table.sql.as_deref().map(renamed);
        if kept_text(table).is_none() {
            table.sql = None;
        }
    }
    for view in schema.views.values_mut().filter(|v| lex::mentions(&v.query, &name.name)) {
        view.query = renamed(&view.query);
        view.sql = view.sql.as_deref().map(renamed);
    }
}

/// Checks and indexes that mention a dropped column in an expression go with it.
fn drop_mentions(schema: &mut Schema, table: &QName, columns: &[String]) {
    let Some(table) = schema.tables.get_mut(table) else { return };
    for column in columns {
        table.constraints.retain(|_, c| match &c.kind {
            ConstraintKind::Check { expression, .. } => !lex::mentions(expression, column),
            _ => true,
        });
        table.indexes.retain(|_, index| !mentions_in_expression(index, column));
    }
}

/// What goes with a column because it mentions it in an expression, as changes.
pub(super) fn implied_drops(table: &Table, column: &str) -> Vec<Change> {
    let indexes = table.indexes.values().filter(|i| !i.names_column(column) && mentions_in_expression(i, column));
    let drops = indexes.map(|i| Change::DropIndex { table: table.name.clone(), name: i.name.clone() });
    let checks = table
        .constraints
        .values()
        .filter(|c| matches!(&c.kind, ConstraintKind::Check { expression, .. } if lex::mentions(expression, column)));
    let checks = checks.map(|c| Change::DropConstraint { table: table.name.clone(), name: c.name.clone() });
    drops.chain(checks).collect()
}

/// Whether an index's expressions or condition mention a column.
pub(super) fn mentions_in_expression(index: &Index, column: &str) -> bool {
    index.predicate.as_ref().is_some_and(|p| lex::mentions(p, column))
        || index.keys.iter().any(|k| matches!(&k.on, IndexTarget::Expression(e) if lex::mentions(e, column)))
}

/// The unique key that rows of a table are told by: its primary key when no part can be NULL, else the rowid.
pub(super) fn row_key(table: &Table) -> Vec<String> {
    let key = table.primary_key();
    let solid = key.iter().all(|name| table.column(name).is_some_and(|c| !c.nullable && c.generated.is_none()));
    if !key.is_empty() && solid { key.to_vec() } else { vec!["rowid".to_owned()] }
}
