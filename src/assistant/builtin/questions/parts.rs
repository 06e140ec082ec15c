//! Constraints, defaults, triggers, keys and indexes: of one table, or of all.
#![expect(clippy::unnecessary_wraps, reason = "every question has the same form, also one that always has an answer")]

use super::super::draft::{Draft, Flow, Stop};
use super::super::pattern::Captures;
use super::{Ask, Found, question};
use crate::schema::{Constraint, ConstraintKind, IndexTarget, ObjectKind, ObjectRef, Table};

pub(super) fn questions() -> Vec<Ask> {
    vec![
        question(
            constraints,
            &[
                "(which|what|list|show) [<kind>] (constraint|constraints|checks) [(are|exist|is there|are there|does|do)] (on|of|in|for|has) [table] <table> [have|has]",
                "(which|what) [<kind>] (constraints|checks) (does|do) [table] <table> have",
                "(what is|whats|which is|show) <kind> (key|keys) (of|in|on|for) [table] <table>",
            ],
        ),
        question(
            defaults,
            &[
                "(which|what|list|show) {column} [that] (have|has|with) (default|defaults) [(in|of|on) [table] <table>]",
                "(which|what|list|show) {column} (in|of|on) [table] <table> (have|has|with) (default|defaults)",
                "(what is|whats|which is|show) default [value] (of|for) <column>",
                "(does|has) <column> (have|has) default",
            ],
        ),
        question(
            triggers,
            &[
                "(which|what|list|show|how many) triggers [(are there|exist|do we have)]",
                "(which|what|list|show|how many) triggers (are|exist|does|do) [on|in] [table] <table> [have]",
                "(which|what|list|show|how many) triggers (on|of|in) [table] <table>",
            ],
        ),
        question(
            index_on,
            &[
                "(does|has) [table] <table> [have|has] index (on|by|for|over) [{column}] <column>",
                "is there index on <cols>",
            ],
        ),
        question(
            without_index,
            &[
                "(which|what|list|show|find|are there) [any] tables (have no|without|lack|with no) (index|indexes)",
                "(which|what) tables (are not|arent) indexed",
            ],
        ),
    ]
}

fn source(table: &Table) -> ObjectRef {
    ObjectRef::new(ObjectKind::Table, table.name.clone())
}

fn tell(constraint: &Constraint) -> String {
    let what = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => format!("primary key ({})", columns.join(", ")),
        ConstraintKind::Unique { columns, .. } => format!("unique ({})", columns.join(", ")),
        ConstraintKind::Check { expression, .. } => format!("check ({expression})"),
        ConstraintKind::ForeignKey(fk) => format!(
            "foreign key ({}) references {} ({})",
            fk.columns.join(", "),
            fk.references.short(),
            fk.referenced_columns.join(", ")
        ),
        ConstraintKind::NotNull { column, .. } => format!("required ({column})"),
        ConstraintKind::Other { definition } => definition.clone(),
    };
    format!("- {}: {what}", constraint.name)
}

fn constraints(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let kind = said.get("kind").first().map(|t| t.lower.clone()).unwrap_or_default();
    if said.get("kind").len() > 2 || !["", "check", "unique", "foreign", "primary"].contains(&kind.as_str()) {
        return Err(Stop::No);
    }
    let name = draft.table_ref(said.get("table"))?;
    let table = draft.table(&name)?;
    let wanted = |c: &&Constraint| match &c.kind {
        ConstraintKind::PrimaryKey { .. } => kind.is_empty() || kind == "primary",
        ConstraintKind::Unique { .. } => kind.is_empty() || kind == "unique",
        ConstraintKind::Check { .. } => kind.is_empty() || kind == "check",
        ConstraintKind::ForeignKey(_) => kind.is_empty() || kind == "foreign",
        ConstraintKind::NotNull { .. } | ConstraintKind::Other { .. } => kind.is_empty(),
    };
    let mut found = Found { lines: Vec::new(), sources: vec![source(table)] };
    found.lines.extend(table.constraints.values().filter(wanted).map(tell));
    let space = if kind.is_empty() { "" } else { " " };
    let head = if found.lines.is_empty() {
        format!("{} has no {kind}{space}constraints.", name.short())
    } else {
        format!("{} has these {kind}{space}constraints:", name.short())
    };
    found.lines.insert(0, head);
    Ok(found)
}

fn defaults(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    if said.has("column") {
        let columns = draft.column_refs(said.get("column"))?;
        let mut found = Found::default();
        for column in columns {
            let table = draft.table(&column.table)?;
            let default = table.column(&column.column).and_then(|c| c.default.clone());
            let told = default.map_or_else(|| "has no default".to_owned(), |d| format!("has the default {d}"));
            found.add(format!("{}.{} {told}.", column.table.short(), column.column), source(table));
        }
        return Ok(found);
    }
    let only = if said.has("table") { Some(draft.table_ref(said.get("table"))?) } else { None };
    let mut found = Found::default();
    for table in draft.schema.tables.values().filter(|t| only.as_ref().is_none_or(|o| *o == t.name)) {
        for column in &table.columns {
            if let Some(default) = &column.default {
                found.add(format!("- {}.{}: {default}", table.name.short(), column.name), source(table));
            }
        }
    }
    let head = if found.lines.is_empty() { "No column has a default." } else { "These columns have a default:" };
    found.lines.insert(0, head.to_owned());
    Ok(found)
}

fn triggers(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let only = if said.has("table") { Some(draft.table_ref(said.get("table"))?) } else { None };
    let mut found = Found::default();
    for table in draft.schema.tables.values().filter(|t| only.as_ref().is_none_or(|o| *o == t.name)) {
        for trigger in table.triggers.keys() {
            found.add(format!("- {trigger} on {}", table.name.short()), source(table));
        }
    }
    let head = if found.lines.is_empty() { "There are no triggers." } else { "These triggers exist:" };
    found.lines.insert(0, head.to_owned());
    Ok(found)
}

fn index_on(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let columns = if said.has("cols") {
        draft.column_refs(said.get("cols"))?
    } else {
        let table = draft.table_ref(said.get("table"))?;
        draft.columns_of(&table, said.get("column"))?
    };
    let mut found = Found::default();
    for column in columns {
        let table = draft.table(&column.table)?;
        let by = |on: &IndexTarget| matches!(on, IndexTarget::Column(c) if *c == column.column);
        let begins = table.indexes.values().filter(|i| i.keys.first().is_some_and(|k| by(&k.on))).map(|i| &i.name);
        let keys = table.constraints.values().filter(|c| {
            matches!(&c.kind, ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. }
                if columns.first() == Some(&column.column))
        });
        let names: Vec<String> = begins.chain(keys.map(|c| &c.name)).cloned().collect();
        let told = if names.is_empty() {
            "No index begins with".to_owned()
        } else {
            format!("{} begins with", names.join(", "))
        };
        found.add(format!("{told} {}.{}.", column.table.short(), column.column), source(table));
    }
    Ok(found)
}

fn without_index(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    let mut found = Found::default();
    let keyed = |t: &Table| {
        t.constraints
            .values()
            .any(|c| matches!(c.kind, ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. }))
    };
    for table in draft.schema.tables.values().filter(|t| t.indexes.is_empty()) {
        let but = if keyed(table) { " (but its keys are indexed)" } else { "" };
        found.add(format!("- {}{but}", table.name.short()), source(table));
    }
    let head =
        if found.lines.is_empty() { "Every table has an index." } else { "These tables have no index of their own:" };
    found.lines.insert(0, head.to_owned());
    Ok(found)
}
