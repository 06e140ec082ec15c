//! Tables: create, drop, rename.

use super::super::draft::{Draft, Flow, Stop};
use super::super::emit::IndexExtras;
use super::super::pattern::Captures;
use super::super::refs::unbracketed;
use super::super::spec::Spec;
use super::super::tokens::Token;
use super::{Rule, rule};
use crate::schema::{Change, Column, Constraint, ConstraintKind, Identity, IndexKey, Options, QName, Table};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            create,
            &[
                "{add} [new] table [called|named|for] <name> (with|having|containing|of) [{column}] [:] <specs>",
                "{add} [new] table [called|named|for] <name> that (has|holds|stores|contains) <specs>",
                "{add} [new] table [called|named|for] <name> : <specs>",
                "(make|build) [new] table [called|named|for] <name> (with|having|containing|of) [{column}] [:] <specs>",
                "(make|build) [new] table [called|named|for] <name> : <specs>",
                "{add} [new] <name> table (with|having|containing|of) [{column}] [:] <specs>",
                "[new] table [called|named|for] <name> (with|having|containing) [{column}] <specs>",
                "[new] table [called|named|for] <name> : <specs>",
                "{add} [new] table [called|named|for] <name>",
                "{add} [new] <name> table",
                "{add} [new] table [called|named] <name> <specs>",
            ],
        ),
        rule(
            drop_tables,
            &[
                "{drop} [table|tables] <tables> [table|tables]",
                "get rid of [table|tables] <tables>",
                "<tables> (is|are) (unused|obsolete|unneeded) [,] {drop} (it|them) [<rest*>]",
                "(drop|remove) [table|tables] <tables> if (exists|there)",
            ],
        ),
        rule(
            rename_table,
            &[
                "rename [table] <table> (to|as|into) <new>",
                "(change|update) name of [table] <table> to <new>",
                "call [table] <table> <new>",
                "[table] <table> (should|must) be (called|named|renamed) [to] <new>",
            ],
        ),
    ]
}

fn create(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let bare = said.clause_says_no(&["with", "having", "containing", "of", ":", "has", "holds", "stores", "contains"]);
    if bare && said.get("specs").first().is_some_and(|t| !t.is("(")) {
        return Err(Stop::No);
    }
    let (schema, name) = new_relation(draft, said.get("name"))?;
    let name = QName::new(schema, name);
    if draft.schema.tables.contains_key(&name) || draft.schema.views.contains_key(&name) {
        return Err(Stop::Cannot(format!("there is already a table {}", name.short())));
    }
    let tokens: Vec<Token> = said.get("specs").to_vec();
    let tokens = unbracketed(&tokens);
    let specs = if tokens.is_empty() { Vec::new() } else { described_columns(draft, tokens)? };
    let mut table = Table::new(name.clone());
    let mut rest = Vec::new();
    for spec in specs {
        add_to(draft, &mut table, spec, &mut rest)?;
    }
    with_key(draft, &mut table);
    draft.push(Change::CreateTable { table: Box::new(table) });
    for spec in rest {
        after_creation(draft, &name, &spec)?;
    }
    let columns = draft.table(&name)?.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let last = columns.last().map(String::as_str);
    draft.look_at(&name, last.as_slice());
    Ok(())
}

/// The new table's schema and name.
fn new_relation(draft: &Draft<'_>, tokens: &[Token]) -> Flow<(String, String)> {
    if let [only] = tokens
        && let Some((schema, name)) = only.text.split_once('.')
    {
        return Ok((schema.to_owned(), name.to_owned()));
    }
    Ok((draft.syntax.default_schema().to_owned(), Draft::new_name(tokens)?))
}

/// The described columns; "timestamps" is the usual pair.
fn described_columns(draft: &mut Draft<'_>, tokens: &[Token]) -> Flow<Vec<Spec>> {
    let mut out = Vec::new();
    for spec in draft.specs(tokens)? {
        if spec.name == "timestamps" && spec.data_type.is_none() {
            for name in ["created_at", "updated_at"] {
                out.push(Spec { name: name.into(), ..spec.clone() });
            }
        } else {
            out.push(spec);
        }
    }
    Ok(out)
}

/// Adds one described column to the table being made. What needs the table is kept in `rest`.
fn add_to(draft: &mut Draft<'_>, table: &mut Table, mut spec: Spec, rest: &mut Vec<Spec>) -> Flow<()> {
    if table.column(&spec.name).is_some() {
        return Err(Stop::Cannot(format!("the column {} is said twice", spec.name)));
    }
    let name = table.name.clone();
    let is_key = spec.mods.primary || spec.name == "id";
    if is_key && spec.data_type.is_none() {
        table.columns.push(key_column(draft, &spec.name));
    } else {
        let is_moment = matches!(spec.name.as_str(), "created_at" | "updated_at");
        if is_moment && spec.mods.default.is_none() && spec.mods.required != Some(false) {
            spec.mods.default = Some(super::super::tokens::tokens("now"));
            spec.mods.required = Some(true);
        }
        let mut column = draft.column_of(&name, &spec)?;
        column.nullable &= !is_key;
        table.columns.push(column);
    }
    if is_key {
        let key = draft.part_name(&name, &[], "pkey");
        let there = table.constraints.get_mut(&key).map(|c| &mut c.kind);
        if let Some(ConstraintKind::PrimaryKey { columns }) = there {
            columns.push(spec.name.clone());
        } else {
            let kind = ConstraintKind::PrimaryKey { columns: vec![spec.name.clone()] };
            table.constraints.insert(key.clone(), Constraint::new(key, kind));
        }
        spec.mods.primary = false;
    }
    rest.push(spec);
    Ok(())
}

/// Unique, check and foreign keys become part of the table; indexes and comments follow it.
fn after_creation(draft: &mut Draft<'_>, name: &QName, spec: &Spec) -> Flow<()> {
    let before = draft.changes.len();
    draft.constrain(name, &spec.name, &super::super::spec::Mods { indexed: false, ..spec.mods.clone() })?;
    let added = draft.changes.split_off(before);
    let mut kept = Vec::new();
    let table = draft.changes.iter_mut().find_map(|change| match change {
        Change::CreateTable { table } if table.name == *name => Some(table),
        _ => None,
    });
    let Some(table) = table else { return Err(Stop::No) };
    for change in added {
        match change {
            Change::AddConstraint { constraint, .. } => {
                table.constraints.insert(constraint.name.clone(), constraint);
            }
            other => kept.push(other),
        }
    }
    draft.changes.extend(kept);
    if spec.mods.indexed {
        draft.add_index(name, vec![IndexKey::column(&spec.name)], &[&spec.name], IndexExtras::default())?;
    }
    Ok(())
}

/// A table without a key of its own gets the usual one, with a note.
fn with_key(draft: &mut Draft<'_>, table: &mut Table) {
    if !table.primary_key().is_empty() || table.column("id").is_some() {
        return;
    }
    table.columns.insert(0, key_column(draft, "id"));
    let key = draft.part_name(&table.name, &[], "pkey");
    let kind = ConstraintKind::PrimaryKey { columns: vec!["id".into()] };
    table.constraints.insert(key.clone(), Constraint::new(key, kind));
    draft.note(format!("{} gets an id as its primary key: none was said.", table.name.short()));
}

/// A key as most tables of the schema have it; else a big integer that numbers itself.
fn key_column(draft: &mut Draft<'_>, name: &str) -> Column {
    let mut seen: Vec<(usize, Column)> = Vec::new();
    for table in draft.schema.tables.values() {
        let [key] = table.primary_key() else { continue };
        let Some(column) = table.column(key).filter(|c| c.name == "id") else { continue };
        let mut column = Column { name: name.into(), comment: None, options: Options::new(), ..column.clone() };
        if column.default.as_ref().is_some_and(|d| d.contains("nextval")) {
            column.default = None;
            column.identity = Some(Identity { always: false, options: Options::new() });
        }
        match seen.iter_mut().find(|(_, c)| *c == column) {
            Some((count, _)) => *count += 1,
            None => seen.push((1, column)),
        }
    }
    if let Some((_, column)) = seen.into_iter().max_by_key(|(count, _)| *count) {
        return column;
    }
    let data_type = draft.syntax.data_type("bigint", draft.schema).unwrap_or_else(|| "bigint".into());
    let mut column = Column::new(name, data_type);
    column.nullable = false;
    column.identity = Some(Identity { always: false, options: Options::new() });
    column
}

fn drop_tables(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    for table in draft.table_refs(said.get("tables"))? {
        draft.push(Change::DropTable { name: table });
    }
    Ok(())
}

fn rename_table(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let from = draft.strictly(|d| d.table_ref(said.get("table")))?;
    let to = match said.get("new") {
        [only] if only.text.contains('.') => only.text.rsplit('.').next().unwrap_or(&only.text).to_owned(),
        new => Draft::new_name(new)?,
    };
    if draft.schema.tables.contains_key(&from.sibling(&to)) {
        return Err(Stop::Cannot(format!("there is already a table {to}")));
    }
    draft.look_at(&from.sibling(&to), &[]);
    draft.push(Change::RenameTable { from, to });
    Ok(())
}
