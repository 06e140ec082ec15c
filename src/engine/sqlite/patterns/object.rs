//! Steps for whole tables, indexes, views and triggers.

use super::evolve::evolve;
use super::rebuild::{kept_name, reference_proof, session};
use super::title::{phase, title};
use crate::engine::sqlite::reader::lex;
use crate::engine::sqlite::render::{bare, create_index, create_view_with_triggers, ident, relation, render};
use crate::plan::{PlanOptions, Rollback, Step};
use crate::schema::{Change, QName, Schema};
use crate::{Error, ErrorCode, Result};

/// The step of a change that is about more than one table's own definition.
pub(super) fn step(change: &Change, schema: &Schema, options: &PlanOptions) -> Result<Vec<Step>> {
    if matches!(change, Change::ValidateConstraint { .. }) {
        // Every constraint of SQLite holds for every row from the start.
        return Ok(Vec::new());
    }
    if let Change::DropTable { name } = change {
        return drop_table(name, schema, options).map(|step| vec![step]);
    }
    let sql = render(change, schema);
    if sql.is_empty() {
        return Err(cannot(change));
    }
    let mut step = Step::ddl(title(change), phase(std::slice::from_ref(change)), sql);
    step.rollback = Rollback::exact(back(change, schema)?);
    step.changes = vec![change.clone()];
    Ok(vec![step])
}

fn cannot(change: &Change) -> Error {
    let words = match change {
        Change::SetComment { .. } => "SQLite keeps no comments on its objects",
        Change::CreateType { .. } | Change::AlterType { .. } | Change::AddEnumValue { .. } => {
            "SQLite has no types of its own making"
        }
        Change::CreateRoutine { .. } | Change::ReplaceRoutine { .. } => "SQLite keeps no functions in the database",
        Change::CreateSequence { .. } | Change::AlterSequence { .. } => "SQLite has no sequences",
        Change::CreateSchema { .. } | Change::SetTableSchema { .. } => "an SQLite file has one schema, main",
        Change::CreateExtension { .. } => "SQLite keeps no extensions in the database",
        _ => "SQLite has no way to make this change",
    };
    Error::new(ErrorCode::Unsupported, words).hint("Leave the change out, or make it in the application.")
}

fn back(change: &Change, schema: &Schema) -> Result<Vec<String>> {
    Ok(match change {
        Change::CreateTable { table } => vec![format!("DROP TABLE {}", relation(&table.name))],
        Change::CreateIndex { index, .. } => vec![format!("DROP INDEX {}", ident(&index.name))],
        Change::CreateView { view } => vec![format!("DROP VIEW {}", relation(&view.name))],
        Change::CreateTrigger { trigger, .. } => vec![format!("DROP TRIGGER {}", ident(&trigger.name))],
        Change::DropIndex { table, name } => {
            let index = schema.tables.get(table).and_then(|t| t.indexes.get(name));
            index.map(|index| create_index(table, index)).into_iter().collect()
        }
        Change::DropTrigger { table, name } => {
            let triggers = schema.tables.get(table).map(|t| &t.triggers);
            let triggers = triggers.or_else(|| schema.views.get(table).map(|v| &v.triggers));
            triggers.and_then(|t| t.get(name)).map(|t| bare(&t.definition)).into_iter().collect()
        }
        Change::DropView { name, .. } => schema.views.get(name).map(create_view_with_triggers).unwrap_or_default(),
        Change::ReplaceView { view } => {
            let mut after = schema.clone();
            evolve(&mut after, change)?;
            match schema.views.get(&view.name) {
                Some(old) => {
                    let mut sql = vec![format!("DROP VIEW {}", relation(&view.name))];
                    sql.extend(create_view_with_triggers(old));
                    sql
                }
                None => vec![format!("DROP VIEW {}", relation(&view.name))],
            }
        }
        Change::RenameIndex { table, from, to } => {
            let index = schema.tables.get(table).and_then(|t| t.indexes.get(from));
            let create = index.map(|index| create_index(table, index));
            std::iter::once(format!("DROP INDEX {}", ident(to))).chain(create).collect()
        }
        Change::RenameView { from, to, .. } => {
            let mut sql = vec![format!("DROP VIEW {}", relation(&from.sibling(to)))];
            sql.extend(schema.views.get(from).map(create_view_with_triggers).unwrap_or_default());
            sql
        }
        Change::RenameTable { from, to } => {
            let undo = Change::RenameTable { from: from.sibling(to), to: from.name.clone() };
            let mut sql = render(&undo, schema);
            sql.extend(texts_again(schema, &from.name, &from.name));
            sql
        }
        Change::RenameColumn { table, from, to } => {
            let undo = Change::RenameColumn { table: table.clone(), from: to.clone(), to: from.clone() };
            let mut sql = render(&undo, schema);
            sql.extend(texts_again(schema, &table.name, from));
            sql
        }
        _ => Vec::new(),
    })
}

/// SQLite's rename writes names into views and triggers with quotes of its own, so their text is put back as it was.
fn texts_again(schema: &Schema, table: &str, name: &str) -> Vec<String> {
    let named = |text: &str| lex::mentions(text, table) && lex::mentions(text, name);
    let mut out = Vec::new();
    for view in schema.views.values() {
        let sql = create_view_with_triggers(view);
        if sql.iter().any(|text| named(text)) {
            out.push(format!("DROP VIEW {}", relation(&view.name)));
            out.extend(sql);
        }
    }
    for trigger in schema.tables.values().flat_map(|t| t.triggers.values()).filter(|t| named(&t.definition)) {
        out.push(format!("DROP TRIGGER {}", ident(&trigger.name)));
        out.push(bare(&trigger.definition));
    }
    out
}

/// The table is put aside under another name, which costs nothing and keeps every row; the way back is its name.
fn drop_table(name: &QName, schema: &Schema, options: &PlanOptions) -> Result<Step> {
    let Some(table) = schema.tables.get(name) else {
        return Err(Error::new(ErrorCode::NotFound, format!("there is no table {}", name.short()))
            .hint("Look at the schema again; it may have changed since."));
    };
    let change = Change::DropTable { name: name.clone() };
    let changes = vec![change];
    if table.options.contains_key("virtual") {
        let mut step = Step::ddl(
            format!("Drop table {}", name.short()),
            phase(&changes),
            vec![format!("DROP TABLE {}", relation(name))],
        );
        step.rollback =
            Rollback::lossy(table.sql.clone().into_iter().collect(), "the rows of the virtual table are lost");
        step.destroys.push(name.short());
        step.changes = changes;
        return Ok(step);
    }
    let kept = kept_name(table, table);
    let mut sql: Vec<String> =
        table.triggers.keys().map(|trigger| format!("DROP TRIGGER {}", ident(trigger))).collect();
    // The names of indexes are free for others once the table is gone.
    sql.extend(table.indexes.keys().map(|index| format!("DROP INDEX {}", ident(index))));
    sql.push(format!("ALTER TABLE {} RENAME TO {}", relation(name), ident(&kept)));
    let children: Vec<&str> =
        schema.references_to(name).map(|(t, _)| t.name.name.as_str()).filter(|t| *t != name.name).collect();
    if !options.goes_on {
        sql.extend(reference_proof(&children));
    }
    let mut step = Step::ddl(changes.first().map(title).unwrap_or_default(), phase(&changes), sql);
    let mut back = vec![format!("ALTER TABLE {} RENAME TO {}", ident(&kept), ident(&name.name))];
    back.extend(table.indexes.values().map(|index| create_index(name, index)));
    back.extend(table.triggers.values().map(|trigger| bare(&trigger.definition)));
    step.rollback = Rollback::restores(back, format!("the table comes back from {kept} with all its rows"));
    step.rollback.session = session();
    step.session = session();
    step.destroys.push(name.short());
    step.changes = changes;
    step.note = Some(format!("The rows stay in {kept} until you drop it."));
    Ok(step)
}
