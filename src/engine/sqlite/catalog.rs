//! The schema as the file itself keeps it: `sqlite_schema` with the statements that made everything, and
//! `pragma_table_xinfo` for the columns (sqlite.org/schematab.html, pragma.html).

use super::facts::Facts;
use super::reader::{create_index, create_table, lex};
use crate::schema::{
    Column, Dependency, EngineKind, Generated, KeptText, Namespace, ObjectKind, ObjectRef, OutlineEntry, QName, Schema,
    Table, TableStats, Trigger, View,
};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;

/// What is ours or SQLite's own is not part of anybody's schema.
const NOT_OURS: &str = "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'lockstep\\_%' ESCAPE '\\' \
                        AND tbl_name NOT LIKE 'lockstep\\_%' ESCAPE '\\'";

/// One row of `sqlite_schema`.
struct Entry {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

async fn entries(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE {NOT_OURS} ORDER BY rowid"
    )))
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry { kind: row.try_get(0)?, name: row.try_get(1)?, table: row.try_get(2)?, sql: row.try_get(3)? })
        })
        .collect()
}

pub(super) async fn outline(connection: &mut SqliteConnection) -> sqlx::Result<Vec<OutlineEntry>> {
    let entries = entries(connection).await?;
    let facts = Facts::read(connection, &countable(&entries), false).await?;
    let kind = |word: &str| match word {
        "table" => Some(ObjectKind::Table),
        "view" => Some(ObjectKind::View),
        "index" => Some(ObjectKind::Index),
        "trigger" => Some(ObjectKind::Trigger),
        _ => None,
    };
    let shadow = shadow_tables(&entries);
    let named = |e: Entry| {
        let kind = kind(&e.kind)?;
        if kind == ObjectKind::Table && shadow.contains(&e.name) {
            return None;
        }
        let rows = (kind == ObjectKind::Table).then(|| facts.rows.get(&e.name).copied()).flatten();
        Some(OutlineEntry { kind, name: QName::new("main", e.name), rows, bytes: None })
    };
    Ok(entries.into_iter().filter_map(named).collect())
}

/// The whole schema, in one read transaction.
pub(super) async fn inspect(connection: &mut SqliteConnection) -> sqlx::Result<Schema> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    let read = inspect_in_transaction(connection).await;
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    read
}

async fn inspect_in_transaction(connection: &mut SqliteConnection) -> sqlx::Result<Schema> {
    let mut schema = Schema::empty(EngineKind::Sqlite);
    schema.server_version = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut *connection).await?;
    schema.namespaces.insert("main".into(), Namespace::default());
    let entries = entries(connection).await?;
    let columns = columns(connection).await?;
    let facts = Facts::read(connection, &countable(&entries), true).await?;
    let shadow = shadow_tables(&entries);
    for entry in &entries {
        let sql = entry.sql.clone().unwrap_or_default();
        let name = QName::new("main", entry.name.clone());
        let listed = columns.get(&entry.name).cloned().unwrap_or_default();
        match entry.kind.as_str() {
            "table" if shadow.contains(&entry.name) => {}
            "table" => {
                let mut table = table(&name, &sql, listed);
                table.stats = TableStats {
                    rows: facts.rows.get(&entry.name).copied(),
                    bytes: facts.bytes.get(&entry.name).copied(),
                    index_bytes: facts.index_bytes.get(&entry.name).copied(),
                    ..TableStats::default()
                };
                schema.tables.insert(name, table.into());
            }
            "view" => {
                schema.views.insert(name.clone(), view(name, sql, &listed));
            }
            _ => {}
        }
    }
    for entry in &entries {
        hang_on(&mut schema, entry);
    }
    schema.dependencies = dependencies(&schema).into();
    Ok(schema)
}

/// Columns of every table and view, from the pragma.
async fn columns(connection: &mut SqliteConnection) -> sqlx::Result<BTreeMap<String, Vec<Column>>> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT m.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.hidden \
         FROM (SELECT name, tbl_name FROM sqlite_schema WHERE type IN ('table', 'view') AND {NOT_OURS}) m \
         JOIN pragma_table_xinfo(m.name) x ORDER BY m.name, x.cid"
    )))
    .fetch_all(connection)
    .await;
    let rows = match rows {
        Ok(rows) => rows,
        // A view over something that is gone makes the pragma fail for all: tables are then read from their text.
        Err(sqlx::Error::Database(_)) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut out: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows {
        let mut column = Column::new(row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?);
        column.nullable = row.try_get::<i64, _>(3)? == 0;
        column.default = row.try_get(4)?;
        let hidden: i64 = row.try_get(5)?;
        // 1: a hidden column of a virtual table; 2 and 3: generated, virtual and stored.
        if hidden == 1 {
            continue;
        }
        if hidden > 1 {
            column.generated = Some(Generated { expression: String::new(), stored: hidden == 3 });
        }
        out.entry(row.try_get(0)?).or_default().push(column);
    }
    Ok(out)
}

/// A table from its text, which says more; from the pragma's columns where the text is not a plain CREATE TABLE
/// (virtual tables).
fn table(name: &QName, sql: &str, listed: Vec<Column>) -> Table {
    if let Some(read) = create_table::parse(sql) {
        let mut table = read.table(sql);
        table.name = name.clone();
        return table;
    }
    let mut table = Table::new(name.clone());
    table.columns = listed;
    table.sql = Some(sql.to_owned());
    if let Some(module) = virtual_module(sql) {
        table.options.insert("virtual".into(), module);
    }
    table
}

/// `fts5(a, b)` of `CREATE VIRTUAL TABLE x USING fts5(a, b)`.
fn virtual_module(sql: &str) -> Option<String> {
    let mut c = lex::Cursor::new(sql);
    if !c.take(&["CREATE", "VIRTUAL", "TABLE"]) {
        return None;
    }
    while !c.done() {
        if c.take(&["USING"]) {
            return Some(c.slice(c.start()..sql.len()));
        }
        c.advance();
    }
    None
}

/// The tables that keep a virtual table's content: `docs_data` beside `docs` (sqlite.org/vtab.html, "Shadow tables").
fn shadow_tables(entries: &[Entry]) -> Vec<String> {
    let is_virtual = |e: &&Entry| e.sql.as_deref().and_then(virtual_module).is_some();
    let mut out = Vec::new();
    for owner in entries.iter().filter(is_virtual) {
        let parts =
            ["data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "rowid", "parent"];
        out.extend(parts.iter().map(|part| format!("{}_{part}", owner.name)));
    }
    out
}

/// Tables that have a rowid to estimate rows by.
fn countable(entries: &[Entry]) -> Vec<String> {
    let has_rowid = |e: &&Entry| {
        e.kind == "table"
            && e.sql.as_deref().and_then(create_table::parse).is_some_and(|t| {
                !t.without_rowid && !t.columns.iter().any(|c| c.column.name.eq_ignore_ascii_case("rowid"))
            })
    };
    entries.iter().filter(has_rowid).map(|e| e.name.clone()).collect()
}

fn view(name: QName, sql: String, listed: &[Column]) -> View {
    let query = view_query(&sql).unwrap_or_default();
    View {
        columns: listed.iter().map(|c| (c.name.clone(), c.data_type.clone())).collect(),
        sql: Some(sql),
        ..View::new(name, query)
    }
}

/// What follows AS in a CREATE VIEW.
pub(super) fn view_query(sql: &str) -> Option<String> {
    let mut c = lex::Cursor::new(sql);
    while !c.done() {
        if c.take(&["AS"]) {
            return Some(c.slice(c.start()..sql.len()).trim_end_matches(';').trim_end().to_owned());
        }
        if c.group().is_none() {
            c.advance();
        }
    }
    None
}

/// Puts an index or a trigger on its table or view.
fn hang_on(schema: &mut Schema, entry: &Entry) {
    let Some(sql) = &entry.sql else { return };
    let owner = QName::new("main", entry.table.clone());
    let table = find_table(schema, &owner);
    match entry.kind.as_str() {
        "index" => match (create_index::parse(sql), table) {
            (Some(mut read), Some(table)) => {
                if let Some(table) = schema.tables.get_mut(&table) {
                    create_index::settle(&mut read.index, table);
                    read.index.sql = KeptText(Some(sql.to_owned()));
                    table.indexes.insert(entry.name.clone(), read.index);
                }
            }
            _ => schema.unmodelled.push(ObjectRef::part(ObjectKind::Index, owner, &entry.name)),
        },
        "trigger" => {
            let trigger = Trigger {
                name: entry.name.clone(),
                definition: sql.clone(),
                state: None,
                function: None,
                comment: None,
            };
            if let Some(table) = table.and_then(|name| schema.tables.get_mut(&name)) {
                table.triggers.insert(entry.name.clone(), trigger);
            } else if let Some(view) = schema.views.values_mut().find(|v| v.name.name.eq_ignore_ascii_case(&owner.name))
            {
                view.triggers.insert(entry.name.clone(), trigger);
            }
        }
        _ => {}
    }
}

fn find_table(schema: &Schema, name: &QName) -> Option<QName> {
    if schema.tables.contains_key(name) {
        return Some(name.clone());
    }
    schema.tables.keys().find(|k| k.name.eq_ignore_ascii_case(&name.name)).cloned()
}

/// Which views and triggers mention which tables, views and columns: read from their text, so a name that is used
/// for something else counts too.
pub(super) fn dependencies(schema: &Schema) -> Vec<Dependency> {
    let mut out = Vec::new();
    for view in schema.views.values() {
        let from = ObjectRef::new(ObjectKind::View, view.name.clone());
        mentioned(schema, &from, &view.query, &mut out);
        for trigger in view.triggers.values() {
            let from = ObjectRef::part(ObjectKind::Trigger, view.name.clone(), &trigger.name);
            mentioned(schema, &from, &trigger.definition, &mut out);
        }
    }
    for table in schema.tables.values() {
        for trigger in table.triggers.values() {
            let from = ObjectRef::part(ObjectKind::Trigger, table.name.clone(), &trigger.name);
            mentioned(schema, &from, &trigger.definition, &mut out);
        }
    }
    out
}

fn mentioned(schema: &Schema, from: &ObjectRef, text: &str, out: &mut Vec<Dependency>) {
    let words: std::collections::HashSet<String> = lex::tokens(text)
        .into_iter()
        .filter(|t| matches!(t.kind, lex::Kind::Word | lex::Kind::Quoted))
        .filter_map(|t| text.get(t.span))
        .map(|word| lex::unquote(word).to_lowercase())
        .collect();
    let mut on = |object: ObjectRef| out.push(Dependency { from: from.clone(), on: object });
    for table in schema.tables.values().filter(|t| words.contains(&t.name.name.to_lowercase())) {
        on(ObjectRef::new(ObjectKind::Table, table.name.clone()));
        for column in table.columns.iter().filter(|c| words.contains(&c.name.to_lowercase())) {
            on(ObjectRef::part(ObjectKind::Column, table.name.clone(), &column.name));
        }
    }
    for view in schema.views.keys().filter(|v| **v != from.name && words.contains(&v.name.to_lowercase())) {
        on(ObjectRef::new(ObjectKind::View, view.clone()));
    }
}
