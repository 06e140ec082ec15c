//! Foreign keys, and columns that are made to have one.

use super::super::draft::{Draft, Flow, Stop};
use super::super::names;
use super::super::pattern::Captures;
use super::super::spec::Mods;
use super::super::tokens::Token;
use super::super::types::referencing_type;
use super::{Rule, rule};
use crate::schema::{Change, Column, QName};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            link,
            &[
                "{link} <cols> (to|with|at) <target> [, <mods>|on <on>|with <mods>]",
                "{add} (foreign key|fk|reference|foreign key constraint|relation) (from|on|for|to) <cols> (to|referencing|references|pointing to|into) <target> [, <mods>|on <on>|with <mods>]",
                "{add} (foreign key|fk|reference) <cols> (references|to) <target> [, <mods>|on <on>|with <mods>]",
                "make <cols> [into|as] (foreign key|fk|reference|real foreign key) (to|referencing|into|on|of) <target> [, <mods>|on <on>|with <mods>]",
                "<cols> (references|referencing|refers to|points to|points at) <target> [, <mods>|on <on>|with <mods>]",
                "<cols> (should|must) (reference|refer to|point to|be foreign key to|be fk to) <target> [, <mods>|on <on>|with <mods>]",
            ],
        ),
        rule(
            belong,
            &[
                "<child> (belongs|belong) to <parent> [, <mods>|on <on>|with <mods>]",
                "(each|every) <child> (belongs|belong) to <parent> [, <mods>|on <on>|with <mods>]",
                "<child> (should|must|may|can) belong to <parent> [, <mods>|on <on>|with <mods>]",
                "make <child> belong to <parent> [, <mods>|on <on>|with <mods>]",
                "{link} <child> (to|with) <parent> [, <mods>|on <on>|with <mods>]",
                "{add} (foreign key|fk|reference|relation) (from|on) <child> to <parent> [, <mods>|on <on>|with <mods>]",
                "<parent> (has|have) many <child> [, <mods>|on <on>|with <mods>]",
            ],
        ),
    ]
}

fn mods_of(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Mods> {
    let mut mods = Mods::default();
    // "on" was the pattern's own word, and is part of what is said.
    let on = said.get("on");
    let mut tokens: Vec<Token> = if on.is_empty() { Vec::new() } else { super::super::tokens::tokens("on") };
    tokens.extend(on.iter().cloned());
    tokens.extend(said.get("mods").iter().cloned());
    if mods.take_all(draft, &tokens) { Ok(mods) } else { Err(Stop::No) }
}

fn link(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let mods = mods_of(draft, said)?;
    let columns = draft.column_refs(said.get("cols"))?;
    let Some(table) = columns.first().map(|c| c.table.clone()) else { return Err(Stop::No) };
    if columns.iter().any(|c| c.table != table) {
        return Err(Stop::No);
    }
    let names: Vec<String> = columns.into_iter().map(|c| c.column).collect();
    let (references, referenced) = draft.target_ref(said.get("target"))?;
    same_count(&table, &names, &references, &referenced)?;
    draft.push_foreign_key(&table, &names, references, referenced, &mods)?;
    let refs: Vec<&str> = names.iter().map(String::as_str).collect();
    draft.look_at(&table, &refs);
    finish(draft, &table, &names, &mods)
}

fn same_count(table: &QName, columns: &[String], references: &QName, referenced: &[String]) -> Flow<()> {
    if columns.len() == referenced.len() {
        return Ok(());
    }
    Err(Stop::Cannot(format!(
        "the key of {} is ({}), which {} of {} cannot reference",
        references.short(),
        referenced.join(", "),
        columns.join(", "),
        table.short()
    )))
}

/// `orders belong to a customer`: by the column that is there for it, or a new one.
fn belong(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let mods = mods_of(draft, said)?;
    let child = draft.table_ref(said.get("child"))?;
    let (parent, key) = draft.target_ref(said.get("parent"))?;
    let [key] = key.as_slice() else {
        return Err(Stop::Cannot(format!("the key of {} has several columns; say which reference it", parent.short())));
    };
    let column = format!("{}_{key}", names::form(&parent.name));
    let (column, is_new) = match draft.column_named(&child, &column)? {
        Some(there) => (there, false),
        None => (column, true),
    };
    if is_new {
        let data_type = draft.type_of(&parent, key).ok_or(Stop::No)?;
        draft.push(Change::AddColumn {
            table: child.clone(),
            column: Column::new(&column, referencing_type(&data_type)),
        });
        draft.note(format!("{} gets a new column {column} for it.", child.short()));
    }
    draft.push_foreign_key(&child, std::slice::from_ref(&column), parent, vec![key.clone()], &mods)?;
    draft.look_at(&child, &[&column]);
    finish(draft, &child, &[column], &mods)
}

/// What else was said of the referencing column.
fn finish(draft: &mut Draft<'_>, table: &QName, columns: &[String], mods: &Mods) -> Flow<()> {
    for column in columns {
        if mods.required == Some(true) {
            draft.push(Change::SetNotNull { table: table.clone(), column: column.clone(), fill: None });
        }
        let rest = Mods { references: None, ..mods.clone() };
        draft.constrain(table, column, &rest)?;
    }
    Ok(())
}
