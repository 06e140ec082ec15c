//! Requests that would work, made of the schema's own names.

use super::names;
use crate::schema::{QName, Schema, Table};

/// A few requests near what was said, that this schema can be asked for.
pub(super) fn fitting(said: &str, schema: &Schema) -> Vec<String> {
    let Some(table) = nearest_table(said, schema) else {
        return vec!["create a table customers with an id, name (text, required) and created_at".into()];
    };
    let name = table.name.short();
    let column = nearest_column(said, table);
    let column = column.as_deref().unwrap_or("name");
    let mut all = vec![
        (vec!["add", "new", "column", "field", "store", "keep"], format!("add a note to {name}, optional")),
        (vec!["drop", "remove", "delete"], format!("drop {column} from {name}")),
        (vec!["rename", "call", "name"], format!("rename {name}.{column} to {column}_old")),
        (vec!["index", "fast", "slow", "search"], format!("add an index on {name} by {column}")),
        (vec!["required", "mandatory", "null", "optional"], format!("make {name}.{column} required")),
        (vec!["unique", "duplicate", "duplicates"], format!("{name}.{column} must be unique")),
        (vec!["type", "longer", "convert", "change"], format!("change {name}.{column} to text")),
        (vec!["table"], format!("create a table {name}_notes with an id, body (text, required) and created_at")),
        (vec!["what", "which", "who", "depends"], format!("what references {name}?")),
        (vec!["what", "if"], format!("what would happen if I drop {name}.{column}?")),
    ];
    let words = names::words(said);
    all.sort_by_key(|(about, _)| !about.iter().any(|word| words.iter().any(|w| w == word)));
    all.into_iter().take(4).map(|(_, example)| example).collect()
}

/// Questions near what was asked, that this schema can answer.
pub(super) fn questions(said: &str, schema: &Schema) -> Vec<String> {
    let mut out = vec!["which tables have no primary key?".to_owned(), "which foreign keys have no index?".to_owned()];
    if let Some(table) = nearest_table(said, schema) {
        out.insert(0, format!("what references {}?", table.name.short()));
        out.insert(1, format!("describe {}", table.name.short()));
    }
    out
}

fn nearest_table<'a>(said: &str, schema: &'a Schema) -> Option<&'a Table> {
    let words: Vec<String> = names::words(said).iter().map(|w| names::singular(w)).collect();
    let shared =
        |name: &QName| names::form(&name.name).split('_').filter(|part| words.iter().any(|w| w == part)).count();
    schema.tables.values().map(|t| &**t).filter(|t| !t.columns.is_empty()).max_by_key(|t| shared(&t.name))
}

fn nearest_column(said: &str, table: &Table) -> Option<String> {
    let words = names::words(said);
    let shared = |name: &str| names::words(name).iter().filter(|part| words.contains(part)).count();
    let key = table.primary_key();
    let usable = table.columns.iter().filter(|c| !key.contains(&c.name));
    usable.max_by_key(|c| shared(&c.name)).or(table.columns.first()).map(|c| c.name.clone())
}
