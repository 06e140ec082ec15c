//! What a table, view or type consists of, and how big it is.

use super::super::draft::{Draft, Flow, Stop};
use super::super::grammar::view_ref;
use super::super::names;
use super::super::pattern::Captures;
use super::lists::{size, total};
use super::{Ask, Found, question};
use crate::schema::{Column, ConstraintKind, Index, IndexTarget, ObjectKind, ObjectRef, Table, TypeKind};

pub(super) fn questions() -> Vec<Ask> {
    vec![
        question(
            indexes,
            &[
                "(what|which|list|show|how many) indexes (does|do|of|on|in|for|are on|exist on) [table] <table> [have|has]",
                "(list|show) <table> indexes",
                "(is|are) [there] [an] (index|indexes) on [table] <table>",
                "how is [table] <table> indexed",
            ],
        ),
        question(
            values,
            &[
                "(what|which) values (does|can|may) [enum|type] <type> (have|be|take)",
                "(what|which|list|show) values (are in|of|in|are allowed in|are allowed for) [enum|type] <type>",
            ],
        ),
        question(
            how_big,
            &[
                "how (big|large) is [table] <table>",
                "how many rows (does|do|are in|in) [table] <table> [have|has]",
                "how much (space|disk) does [table] <table> (use|take)",
                "(what is|whats) size of [table] <table>",
                "(count|count rows of|count rows in) [table] <table>",
            ],
        ),
        question(
            describe_column,
            &[
                "(what|which) [data] type (is|has|does) [{column}] <column> [have]",
                "(what is|whats) [data] type of [{column}] <column>",
                "(can|may) <column> be null",
                "is <column> (nullable|required|unique|optional|indexed)",
                "(describe|show|explain) {column} <column>",
            ],
        ),
        question(
            describe,
            &[
                "(describe|show|explain|display) [table|view] <table>",
                "(what|which|list|show) {column} (does|do|of|in|on|are in|for) [table] <table> [have|has]",
                "(what|whats) [is|does] [in] [table] <table> (look like|made of|contain)",
                "(what is|whats) in [table] <table>",
                "(list|show) <table> {column}",
                "show me [table] <table>",
                "(show|describe|what is) structure of [table] <table>",
                "how many {column} (does|do|are in) [table] <table> [have]",
            ],
        ),
    ]
}

fn column_line(table: &Table, column: &Column) -> String {
    let mut out = format!("- {} {}", column.name, column.data_type);
    if table.primary_key().contains(&column.name) {
        out.push_str(", primary key");
    } else if !column.nullable {
        out.push_str(", required");
    }
    if let Some(default) = &column.default {
        out.push_str(&format!(", default {default}"));
    }
    for constraint in table.constraints.values() {
        match &constraint.kind {
            ConstraintKind::ForeignKey(fk) if fk.columns.contains(&column.name) => {
                out.push_str(&format!(", references {}", fk.references.short()));
            }
            ConstraintKind::Unique { columns, .. } if *columns == [column.name.clone()] => out.push_str(", unique"),
            _ => {}
        }
    }
    out
}

fn describe(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let words = said.get("table");
    if let Ok((name, _)) = view_ref(draft, words)
        && let Some(view) = draft.schema.views.get(&name)
    {
        let mut found = Found::line(format!("The view {} is:\n{}", name.short(), view.query));
        found.source(ObjectRef::new(ObjectKind::View, name));
        return Ok(found);
    }
    let name = draft.table_ref(words)?;
    let table = draft.table(&name)?;
    let mut found = Found::line(format!("{} has {} columns:", name.short(), table.columns.len()));
    found.lines.extend(table.columns.iter().map(|c| column_line(table, c)));
    let checks = table.constraints.values().filter_map(|c| match &c.kind {
        ConstraintKind::Check { expression, .. } => Some(format!("- check {}: {expression}", c.name)),
        _ => None,
    });
    found.lines.extend(checks);
    found.lines.extend(table.indexes.values().map(index_line));
    found.lines.extend(table.triggers.keys().map(|t| format!("- trigger {t}")));
    found.source(ObjectRef::new(ObjectKind::Table, name));
    Ok(found)
}

fn describe_column(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let mut found = Found::default();
    for column in draft.column_refs(said.get("column"))? {
        let table = draft.table(&column.table)?;
        let Some(of) = table.column(&column.column) else { return Err(Stop::No) };
        let line = column_line(table, of);
        let optional = if of.nullable { ", may be null" } else { "" };
        let source = ObjectRef::part(ObjectKind::Column, column.table.clone(), &column.column);
        found.add(format!("{}.{}{optional}", column.table.short(), line.trim_start_matches("- ")), source);
        found.lines.extend(table.indexes.values().filter(|i| i.names_column(&column.column)).map(index_line));
    }
    Ok(found)
}

fn index_line(index: &Index) -> String {
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|k| match &k.on {
            IndexTarget::Column(c) | IndexTarget::Expression(c) if k.descending => format!("{c} descending"),
            IndexTarget::Column(c) | IndexTarget::Expression(c) => c.clone(),
        })
        .collect();
    let unique = if index.unique { "unique index" } else { "index" };
    let predicate = index.predicate.as_ref().map(|p| format!(" where {p}")).unwrap_or_default();
    format!("- {unique} {} on {}{predicate}", index.name, keys.join(", "))
}

fn indexes(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let name = draft.table_ref(said.get("table"))?;
    let table = draft.table(&name)?;
    let mut found = Found::default();
    for constraint in table.constraints.values() {
        let word = match &constraint.kind {
            ConstraintKind::PrimaryKey { .. } => "primary key",
            ConstraintKind::Unique { .. } => "unique constraint",
            _ => continue,
        };
        let line = format!("- {word} {} on {}", constraint.name, constraint.kind.columns().join(", "));
        found.add(line, ObjectRef::part(ObjectKind::Constraint, name.clone(), &constraint.name));
    }
    for index in table.indexes.values() {
        found.add(index_line(index), ObjectRef::part(ObjectKind::Index, name.clone(), &index.name));
    }
    let head = if found.lines.is_empty() {
        format!("{} has no index.", name.short())
    } else {
        format!("{} is indexed by:", name.short())
    };
    found.lines.insert(0, head);
    Ok(found)
}

fn how_big(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let name = draft.table_ref(said.get("table"))?;
    let table = draft.table(&name)?;
    let rows = table.stats.rows.map(|rows| format!("about {rows} rows (the engine's estimate)"));
    let bytes = total(table).map(|bytes| {
        let indexes =
            table.stats.index_bytes.map(|i| format!(", of which {} are indexes", size(i))).unwrap_or_default();
        format!("{} on disk{indexes}", size(bytes))
    });
    let known: Vec<String> = rows.into_iter().chain(bytes).collect();
    let mut found = if known.is_empty() {
        Found::line(format!("The size of {} is not known here: there is no estimate for it yet.", name.short()))
    } else {
        Found::line(format!("{} has {}.", name.short(), known.join(", ")))
    };
    found.source(ObjectRef::new(ObjectKind::Table, name));
    Ok(found)
}

fn values(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let words = said.get("type");
    let [only] = words else { return Err(Stop::No) };
    let (_, bare) = names::qualified(&only.text);
    let found = names::relations(bare, draft.schema.types.keys(), draft.syntax.default_schema());
    let by_column = || {
        let column = draft.clone().strictly(|d| d.column_refs(words)).ok()?.into_iter().next()?;
        draft.type_of(&column.table, &column.column)
    };
    let definition = match found.first() {
        Some(name) => draft.schema.types.get(name),
        None => {
            by_column().and_then(|t| draft.schema.types.values().find(|d| d.name.name == t || d.name.to_string() == t))
        }
    };
    let Some(definition) = definition else { return Err(Stop::No) };
    let TypeKind::Enum { values } = &definition.kind else { return Err(Stop::No) };
    let mut out = Found::line(format!("{}, in order: {}.", definition.name.short(), values.join(", ")));
    out.source(ObjectRef::new(ObjectKind::Type, definition.name.clone()));
    Ok(out)
}
