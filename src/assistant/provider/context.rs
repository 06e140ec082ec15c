//! What of the schema a model is told: the structure around what was asked, as data within marked bounds.

use crate::schema::{ConstraintKind, ForeignKey, IndexTarget, QName, Schema, Table, TypeKind};
use crate::sql::one_line;
use std::collections::BTreeSet;

/// The most that is sent of a schema, in bytes.
const LARGEST: usize = 60_000;
/// Tables that are described when the request names none.
const TABLES: usize = 40;

/// What may be told besides names, types and constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Telling {
    pub comments: bool,
    /// Literals in defaults, checks and predicates.
    pub literals: bool,
}

/// The part of the schema that `request` is about, as text. Rows are never in it.
pub fn describe(schema: &Schema, request: &str, telling: Telling) -> String {
    let mut out = format!("Engine: {}\n", schema.engine);
    let wanted = relevant(schema, request);
    for definition in schema.types.values() {
        if let TypeKind::Enum { values } = &definition.kind {
            out.push_str(&format!("enum {} ({})\n", clean(&definition.name.to_string()), clean(&values.join(", "))));
        }
    }
    let mut left_out = Vec::new();
    for table in &wanted {
        let Some(table) = schema.tables.get(table) else { continue };
        let text = describe_table(table, telling);
        if out.len() + text.len() > LARGEST {
            left_out.push(table.name.to_string());
        } else {
            out.push_str(&text);
        }
    }
    left_out.extend(schema.tables.keys().filter(|n| !wanted.contains(n)).map(ToString::to_string));
    if !left_out.is_empty() {
        let names: String = left_out.join(", ").chars().take(LARGEST / 10).collect();
        out.push_str(&format!("other tables, by name only: {}\n", clean(&names)));
    }
    for view in schema.views.keys().take(200) {
        out.push_str(&format!("view {}\n", clean(&view.to_string())));
    }
    out
}

/// Tables that the request names, with their neighbours by foreign keys; else the first ones.
fn relevant(schema: &Schema, request: &str) -> Vec<QName> {
    let words: BTreeSet<String> = crate::assistant::name_words(request).into_iter().collect();
    let named = |table: &&Table| {
        let form = crate::assistant::name_words(&table.name.name);
        !form.is_empty() && form.iter().all(|w| words.contains(w))
            || table.columns.iter().any(|c| c.name.len() > 3 && c.name != "created_at" && request.contains(&c.name))
    };
    let mut found: Vec<QName> = schema.tables.values().map(|t| &**t).filter(named).map(|t| t.name.clone()).collect();
    let neighbours: Vec<QName> = found.iter().flat_map(|name| neighbours(schema, name)).collect();
    for name in neighbours {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    if found.is_empty() {
        found.extend(schema.tables.keys().take(TABLES).cloned());
    }
    found
}

fn neighbours(schema: &Schema, name: &QName) -> Vec<QName> {
    let out = schema.tables.get(name).into_iter().flat_map(|t| t.constraints.values()).filter_map(|c| match &c.kind {
        ConstraintKind::ForeignKey(fk) => Some(fk.references.clone()),
        _ => None,
    });
    out.chain(schema.references_to(name).map(|(t, _)| t.name.clone())).collect()
}

fn clean(text: &str) -> String {
    one_line(text)
}

/// An expression with its string literals blanked, unless they may be told.
fn expression(text: &str, telling: Telling) -> String {
    if telling.literals {
        return clean(text);
    }
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if c == '\'' {
            inside = !inside;
            out.push(c);
            if inside {
                out.push('…');
            }
        } else if !inside {
            out.push(c);
        }
    }
    clean(&out)
}

fn describe_table(table: &Table, telling: Telling) -> String {
    let mut out = format!("table {}", clean(&table.name.to_string()));
    if let Some(comment) = table.comment.as_ref().filter(|_| telling.comments) {
        out.push_str(&format!(" -- {}", clean(&comment.chars().take(200).collect::<String>())));
    }
    out.push('\n');
    for column in &table.columns {
        out.push_str(&format!("  column {} {}", clean(&column.name), clean(&column.data_type)));
        if !column.nullable {
            out.push_str(" not null");
        }
        if let Some(default) = &column.default {
            out.push_str(&format!(" default {}", expression(default, telling)));
        }
        if let Some(comment) = column.comment.as_ref().filter(|_| telling.comments) {
            out.push_str(&format!(" -- {}", clean(&comment.chars().take(200).collect::<String>())));
        }
        out.push('\n');
    }
    for constraint in table.constraints.values() {
        let what = match &constraint.kind {
            ConstraintKind::PrimaryKey { columns } => format!("primary key ({})", columns.join(", ")),
            ConstraintKind::Unique { columns, .. } => format!("unique ({})", columns.join(", ")),
            ConstraintKind::ForeignKey(fk) => foreign_key(fk),
            ConstraintKind::Check { expression: check, .. } => format!("check ({})", expression(check, telling)),
            ConstraintKind::NotNull { column, .. } => format!("not null {column}"),
            ConstraintKind::Other { .. } => "constraint".to_owned(),
        };
        out.push_str(&format!("  constraint {}: {}\n", clean(&constraint.name), clean(&what)));
    }
    for index in table.indexes.values() {
        let keys: Vec<String> = index
            .keys
            .iter()
            .map(|k| match &k.on {
                IndexTarget::Column(c) => c.clone(),
                IndexTarget::Expression(e) => format!("({})", expression(e, telling)),
            })
            .collect();
        let unique = if index.unique { "unique index" } else { "index" };
        out.push_str(&format!("  {unique} {} ({})\n", clean(&index.name), clean(&keys.join(", "))));
    }
    for trigger in table.triggers.keys() {
        out.push_str(&format!("  trigger {}\n", clean(trigger)));
    }
    out
}

fn foreign_key(fk: &ForeignKey) -> String {
    format!(
        "foreign key ({}) references {} ({}) on delete {}",
        fk.columns.join(", "),
        fk.references,
        fk.referenced_columns.join(", "),
        fk.on_delete.sql().to_lowercase()
    )
}
