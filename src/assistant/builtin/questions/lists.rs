//! Which tables, columns and keys have or lack something.
#![expect(clippy::unnecessary_wraps, reason = "every question has the same form, also one that always has an answer")]

use super::super::draft::{Draft, Flow, Stop};
use super::super::names;
use super::super::pattern::Captures;
use super::{Ask, Found, question};
use crate::schema::{ConstraintKind, IndexTarget, ObjectKind, ObjectRef, QName, Table};

pub(super) fn questions() -> Vec<Ask> {
    vec![
        question(
            without_primary_key,
            &[
                "(which|what|list|show|find) tables (have no|without|lack|miss|missing|do not have|dont have) primary key",
                "(which|what|list|show|find) tables (that|which) (have no|lack) primary key",
                "(are|is) there tables without primary key",
            ],
        ),
        question(
            foreign_keys_without_index,
            &[
                "(which|what|list|show|find) foreign keys (have no|without|lack|miss|missing|are not|do not have|dont have|that have no) (index|indexes|indexed)",
                "(which|what|list|show|find) (unindexed|missing) (foreign keys|indexes|foreign key indexes)",
                "are there foreign keys without index",
            ],
        ),
        question(
            with_column,
            &[
                "(which|what|list|show|find) tables [that|which] (have|contain|with|having) {column} (named|called) <name>",
                "(which|what|list|show|find) tables [that|which] (have|contain|with|having) [{column}] <name> [{column}]",
                "where is {column} <name>",
                "(which|what) table has [{column}] <name> [{column}]",
            ],
        ),
        question(
            largest,
            &[
                "(which|what|list|show) (tables|table) (is|are) [the] (largest|biggest|greatest|heaviest)",
                "(which|what|list|show) [are] [is] (largest|biggest|top) (tables|table)",
                "(which|what) (table|tables) (has|have) most rows",
                "(list|show) tables by size",
            ],
        ),
        question(
            tables,
            &[
                "(list|show|name|display) tables",
                "(what|which) tables (are there|exist|do we have|does this database have|are in this database)",
                "what tables",
                "how many tables [are there|do we have|exist|does it have]",
            ],
        ),
        question(
            views,
            &[
                "(list|show|name) views",
                "(what|which) views (are there|exist|do we have)",
                "how many views [are there]",
            ],
        ),
        question(
            enums,
            &[
                "(list|show) (enums|types|enum types)",
                "(what|which) (enums|types|enum types) (are there|exist|do we have)",
            ],
        ),
        question(
            required,
            &[
                "(which|what|list|show) {column} [that] (can be null|are nullable|are optional|may be null|allow nulls|can be empty) [{in} [table] <table>]",
                "(which|what|list|show) (nullable|optional) {column} (are in|does|of|in|on) [table] <table> [have]",
                "(which|what|list|show) {column} {in} [table] <table> (can be null|are nullable|are optional)",
            ],
        ),
    ]
}

fn finish(mut found: Found, some: &str, none: &str) -> Found {
    let head = if found.lines.is_empty() { none } else { some };
    found.lines.insert(0, head.to_owned());
    found
}

fn without_primary_key(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    let mut found = Found::default();
    for table in draft.schema.tables.values().filter(|t| t.primary_key().is_empty()) {
        found.add(format!("- {}", table.name.short()), ObjectRef::new(ObjectKind::Table, table.name.clone()));
    }
    Ok(finish(found, "These tables have no primary key:", "Every table has a primary key."))
}

/// Whether an index or a key of the table begins with all of `columns`, in any order.
fn is_covered(table: &Table, columns: &[String]) -> bool {
    let begins = |keys: Vec<&str>| {
        let lead: Vec<&str> = keys.into_iter().take(columns.len()).collect();
        columns.iter().all(|c| lead.contains(&c.as_str()))
    };
    let by_index = table.indexes.values().filter(|i| i.predicate.is_none()).any(|index| {
        begins(
            index
                .keys
                .iter()
                .map(|k| match &k.on {
                    IndexTarget::Column(c) => c.as_str(),
                    IndexTarget::Expression(_) => "",
                })
                .collect(),
        )
    });
    by_index
        || table.constraints.values().any(|c| match &c.kind {
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                begins(columns.iter().map(String::as_str).collect())
            }
            _ => false,
        })
}

fn foreign_keys_without_index(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    let mut found = Found::default();
    for table in draft.schema.tables.values() {
        for constraint in table.constraints.values() {
            if let ConstraintKind::ForeignKey(fk) = &constraint.kind
                && !is_covered(table, &fk.columns)
            {
                let line = format!("- {}({}): {}", table.name.short(), fk.columns.join(", "), constraint.name);
                found.add(line, ObjectRef::part(ObjectKind::Constraint, table.name.clone(), &constraint.name));
            }
        }
    }
    let some = "These foreign keys have no index on their own side, so that deleting or changing a referenced row reads the whole table:";
    Ok(finish(found, some, "Every foreign key has an index on its own side."))
}

fn with_column(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let words = said.get("name");
    if words.len() > 3 || !words.iter().all(super::super::tokens::Token::is_name) {
        return Err(Stop::No);
    }
    let written = words.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("_");
    let all = || draft.schema.tables.values().flat_map(|t| t.columns.iter().map(move |c| (c.name.as_str(), (t, c))));
    let mut found = Found::default();
    for (table, column) in names::matching(&written, all()) {
        let line = format!("- {}.{} {}", table.name.short(), column.name, column.data_type);
        found.add(line, ObjectRef::part(ObjectKind::Column, table.name.clone(), &column.name));
    }
    let near = names::nearest(&written, all().map(|(name, _)| name));
    let none = if near.is_empty() {
        format!("No table has a column {written}.")
    } else {
        format!("No table has a column {written}. The nearest names: {}.", near.join(", "))
    };
    Ok(finish(found, &format!("These tables have a column {written}:"), &none))
}

/// Bytes in words.
pub(super) fn size(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    let unit = units.get(unit).copied().unwrap_or("bytes");
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{amount:.1} {unit}") }
}

pub(super) fn total(table: &Table) -> Option<u64> {
    table.stats.bytes.map(|bytes| bytes + table.stats.index_bytes.unwrap_or_default())
}

fn largest(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    let mut all: Vec<&Table> = draft.schema.tables.values().map(|t| &**t).collect();
    all.sort_by_key(|t| std::cmp::Reverse((total(t), t.stats.rows)));
    let known = all.iter().filter(|t| total(t).is_some() || t.stats.rows.is_some());
    let mut found = Found::default();
    for table in known.take(10) {
        let bytes = total(table).map_or("size unknown".to_owned(), size);
        let rows = table.stats.rows.map_or("rows unknown".to_owned(), |r| format!("about {r} rows"));
        found.add(
            format!("- {}: {bytes}, {rows}", table.name.short()),
            ObjectRef::new(ObjectKind::Table, table.name.clone()),
        );
    }
    Ok(finish(
        found,
        "The largest tables by size, indexes included:",
        "The size of no table is known here: this schema was not read from a live database.",
    ))
}

fn named(kind: ObjectKind, all: &[&QName], word: &str) -> Found {
    let mut found = Found::default();
    for name in all {
        found.add(format!("- {}", name.short()), ObjectRef::new(kind, (*name).clone()));
    }
    let some = if all.len() == 1 { format!("There is 1 {word}:") } else { format!("There are {} {word}s:", all.len()) };
    finish(found, &some, &format!("There is no {word}."))
}

fn tables(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    Ok(named(ObjectKind::Table, &draft.schema.tables.keys().collect::<Vec<_>>(), "table"))
}

fn views(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    Ok(named(ObjectKind::View, &draft.schema.views.keys().collect::<Vec<_>>(), "view"))
}

fn enums(draft: &mut Draft<'_>, _said: &Captures<'_>) -> Flow<Found> {
    Ok(named(ObjectKind::Type, &draft.schema.types.keys().collect::<Vec<_>>(), "type"))
}

fn required(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let wanted = if said.get("table").is_empty() { None } else { Some(draft.table_ref(said.get("table"))?) };
    let mut found = Found::default();
    for table in draft.schema.tables.values().filter(|t| wanted.as_ref().is_none_or(|w| *w == t.name)) {
        for column in table.columns.iter().filter(|c| c.nullable) {
            let line = format!("- {}.{}", table.name.short(), column.name);
            found.add(line, ObjectRef::part(ObjectKind::Column, table.name.clone(), &column.name));
        }
    }
    Ok(finish(found, "These columns can be null:", "No column can be null."))
}
