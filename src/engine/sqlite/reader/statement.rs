//! What one statement does.

use super::lex::{Cursor, Kind};
use super::{alter, create_index, create_table, rows};
use crate::engine::sqlite::catalog::view_query;
use crate::schema::{Change, QName, Schema, Trigger, View};
use crate::sql::{Reading, RowWrite};
use std::collections::HashSet;

/// A statement as understood here.
pub(super) struct Read {
    pub class: String,
    pub reading: Reading,
    /// Whether this reader took it apart to the end, so that no other parser needs to look at it.
    pub understood: bool,
}

/// What a form of statement was read into.
fn done(class: &str, changes: Vec<Change>) -> Read {
    Read {
        class: class.to_owned(),
        reading: Reading { changes, complete: true, ..Reading::default() },
        understood: true,
    }
}

/// Known by its first words alone; the general parser says whether the rest reads.
fn by_words(class: &str, reading: Reading) -> Read {
    Read { class: class.to_owned(), reading, understood: false }
}

pub(super) fn read(text: &str, schema: &Schema) -> Read {
    let mut read = dispatch(text, schema);
    read.reading.relations = relations(text, schema);
    read.reading.destroys = read.reading.changes.iter().filter_map(destroyed).chain(read.reading.destroys).collect();
    // What is Lockstep's own is not part of the schema.
    read.reading.changes.retain(|change| !is_ours(change));
    read
}

fn is_ours(change: &Change) -> bool {
    let name = match change {
        Change::RenameTable { from, .. } => Some(from),
        other => other.table(),
    };
    name.is_some_and(|name| name.name.to_ascii_lowercase().starts_with("lockstep_"))
}

fn destroyed(change: &Change) -> Option<String> {
    match change {
        Change::DropTable { name } => Some(name.short()),
        Change::DropColumn { table, column } => Some(format!("{}.{column}", table.short())),
        _ => None,
    }
}

/// Tables and views of the schema that the text names.
fn relations(text: &str, schema: &Schema) -> Vec<QName> {
    let mut c = Cursor::new(text);
    let mut words = HashSet::new();
    while let Some(token) = c.peek() {
        let is_name = matches!(token.kind, Kind::Word | Kind::Quoted);
        match c.name() {
            Some(name) if is_name => drop(words.insert(name.to_lowercase())),
            Some(_) => {}
            None => drop(c.advance()),
        }
    }
    // Asked of every table for every statement: a name is only copied where its letters call for it.
    let named = |name: &str| {
        if name.is_ascii() {
            words.iter().any(|word: &String| word.eq_ignore_ascii_case(name))
        } else {
            words.contains(&name.to_lowercase())
        }
    };
    let names = schema.tables.keys().chain(schema.views.keys());
    names.filter(|name| named(&name.name)).cloned().collect()
}

fn dispatch(text: &str, schema: &Schema) -> Read {
    let c = Cursor::new(text);
    let at = |words: &[&str]| c.at_words(words);
    if at(&["CREATE"]) {
        return create(text, schema);
    }
    if at(&["ALTER", "TABLE"]) {
        return match alter::read(text) {
            Some(changes) => done("ALTER TABLE", changes.into_iter().map(|c| spelled(c, schema)).collect()),
            None => by_words("ALTER TABLE", Reading::default()),
        };
    }
    if at(&["DROP"]) {
        return drop_object(text, schema);
    }
    if let Some(read) = data(&c, text, schema) {
        return read;
    }
    let complete = Reading { complete: true, ..Reading::default() };
    if at(&["PRAGMA"]) {
        let mut read = done("PRAGMA", Vec::new());
        let sets = text.contains('=') || text.contains('(');
        read.reading.session_setting = sets;
        read.reading.read_only = !sets;
        let outside = ["foreign_keys", "journal_mode", "auto_vacuum", "page_size"];
        read.reading.outside_transaction = sets && outside.iter().any(|p| super::lex::mentions(text, p));
        // This is how the schema's own text is edited; what comes of it cannot be read.
        read.reading.complete = !super::lex::mentions(text, "writable_schema");
        return read;
    }
    if at(&["VACUUM"]) {
        return by_words("VACUUM", Reading { outside_transaction: true, ..complete });
    }
    for word in ["ATTACH", "DETACH"] {
        if at(&[word]) {
            let reading = Reading { outside_transaction: true, session_setting: true, ..complete };
            return Read { understood: true, ..by_words(word, reading) };
        }
    }
    for word in ["ANALYZE", "REINDEX"] {
        if at(&[word]) {
            return done(word, Vec::new());
        }
    }
    by_words("unknown", Reading::default())
}

fn data(c: &Cursor<'_>, text: &str, schema: &Schema) -> Option<Read> {
    let first = c.word()?.to_ascii_uppercase();
    let writes = |class: &str| {
        let write = |found: rows::RowStatement| {
            let table = spelled_name(schema, &found.table);
            RowWrite { columns: spelled_columns(&table, found.sets, schema), table }
        };
        let writes = rows::parse(text).map(write).into_iter().collect();
        Some(by_words(class, Reading { data: true, rows_only: true, writes, ..Reading::default() }))
    };
    let reads = |class: &str| {
        Some(by_words(class, Reading { data: true, read_only: true, complete: true, ..Reading::default() }))
    };
    match first.as_str() {
        "SELECT" | "VALUES" => reads(&first),
        "EXPLAIN" => Some(Read { understood: true, ..reads("EXPLAIN")? }),
        "INSERT" | "REPLACE" | "UPDATE" => writes(&first),
        "DELETE" => {
            let mut read = writes("DELETE")?;
            if !super::lex::mentions(text, "WHERE") {
                read.reading.destroys = relations(text, schema).iter().map(QName::short).collect();
            }
            Some(read)
        }
        "WITH" => {
            let mut rest = c.clone();
            while !rest.done() {
                for word in ["INSERT", "REPLACE", "UPDATE", "DELETE"] {
                    if rest.at_words(&[word]) {
                        return writes(word);
                    }
                }
                if rest.at_words(&["SELECT"]) {
                    return reads("SELECT");
                }
                if rest.group().is_none() {
                    rest.advance();
                }
            }
            writes("WITH")
        }
        _ => None,
    }
}

fn create(text: &str, schema: &Schema) -> Read {
    let mut c = Cursor::new(text);
    c.take(&["CREATE"]);
    let temporary = c.take(&["TEMP"]) || c.take(&["TEMPORARY"]);
    let there = |name: &str, there: bool| there && schema_has(schema, name);
    if c.at_words(&["TABLE"]) {
        return create_a_table(text, temporary, schema);
    }
    if c.take(&["VIRTUAL", "TABLE"]) {
        let mut read = done("CREATE VIRTUAL TABLE", Vec::new());
        read.reading.complete = false;
        return read;
    }
    if c.at_words(&["INDEX"]) || c.at_words(&["UNIQUE", "INDEX"]) {
        let Some(mut read) = create_index::parse(text) else { return by_words("CREATE INDEX", Reading::default()) };
        let table = spelled_name(schema, &read.table);
        if let Some(table) = schema.tables.get(&table) {
            create_index::settle(&mut read.index, table);
        }
        let exists = read.if_not_exists && schema.tables.values().any(|t| t.indexes.contains_key(&read.index.name));
        let change = Change::CreateIndex { table, index: read.index };
        return done("CREATE INDEX", if exists { Vec::new() } else { vec![change] });
    }
    if c.take(&["VIEW"]) {
        let maybe = c.take(&["IF", "NOT", "EXISTS"]);
        let (Some((_, name)), Some(query)) = (c.qualified(), view_query(text)) else {
            return by_words("CREATE VIEW", Reading::default());
        };
        if temporary || there(&name, maybe) {
            return done("CREATE VIEW", Vec::new());
        }
        let view = View { sql: Some(text.to_owned()), ..View::new(QName::new("main", name), query) };
        let read = done("CREATE VIEW", vec![Change::CreateView { view: Box::new(view) }]);
        return Read { understood: false, ..read };
    }
    if c.take(&["TRIGGER"]) {
        return create_trigger(text, c, temporary, schema);
    }
    by_words("unknown", Reading::default())
}

fn create_a_table(text: &str, temporary: bool, schema: &Schema) -> Read {
    let Some(read) = create_table::parse(text) else {
        // CREATE TABLE … AS has the columns of its query.
        return by_words("CREATE TABLE", Reading { data: true, ..Reading::default() });
    };
    let elsewhere = read.schema.as_ref().is_some_and(|s| !s.eq_ignore_ascii_case("main"));
    let exists = read.if_not_exists && schema_has(schema, &read.name);
    if temporary || elsewhere || exists {
        return done("CREATE TABLE", Vec::new());
    }
    done("CREATE TABLE", vec![Change::CreateTable { table: Box::new(read.table(text)) }])
}

fn create_trigger(text: &str, mut c: Cursor<'_>, temporary: bool, schema: &Schema) -> Read {
    let maybe = c.take(&["IF", "NOT", "EXISTS"]);
    let Some((_, name)) = c.qualified() else { return by_words("CREATE TRIGGER", Reading::default()) };
    while !c.done() && !c.at_words(&["ON"]) && !c.at_words(&["BEGIN"]) {
        c.advance();
    }
    let Some(table) = c.take(&["ON"]).then(|| c.name()).flatten() else {
        return by_words("CREATE TRIGGER", Reading::default());
    };
    let ends = text.trim_end().to_ascii_uppercase().ends_with("END");
    if !ends {
        return by_words("CREATE TRIGGER", Reading::default());
    }
    let table = spelled_name(schema, &table);
    let exists = maybe
        && schema.tables.values().any(|t| t.triggers.contains_key(&name))
            | schema.views.values().any(|v| v.triggers.contains_key(&name));
    if temporary || exists {
        return done("CREATE TRIGGER", Vec::new());
    }
    let trigger = Trigger { name, definition: text.to_owned(), state: None, function: None, comment: None };
    done("CREATE TRIGGER", vec![Change::CreateTrigger { table, trigger }])
}

fn drop_object(text: &str, schema: &Schema) -> Read {
    let mut c = Cursor::new(text);
    c.take(&["DROP"]);
    let Some(kind) = ["TABLE", "VIEW", "INDEX", "TRIGGER"].into_iter().find(|kind| c.take(&[kind])) else {
        return by_words("unknown", Reading::default());
    };
    let class = format!("DROP {kind}");
    let maybe = c.take(&["IF", "EXISTS"]);
    let Some((in_schema, name)) = c.qualified().filter(|_| c.done()) else {
        return by_words(&class, Reading::default());
    };
    if in_schema.is_some_and(|s| !s.eq_ignore_ascii_case("main")) {
        return done(&class, Vec::new());
    }
    let owner =
        |has: &dyn Fn(&crate::schema::Table) -> bool| schema.tables.values().find(|t| has(t)).map(|t| t.name.clone());
    let change = match kind {
        "TABLE" => {
            let exists = schema_has(schema, &name);
            (exists || !maybe).then(|| Change::DropTable { name: spelled_name(schema, &name) })
        }
        "VIEW" => {
            let found = schema.views.keys().find(|v| v.name.eq_ignore_ascii_case(&name)).cloned();
            let named = found.or_else(|| (!maybe).then(|| QName::new("main", name)));
            named.map(|name| Change::DropView { name, materialized: false })
        }
        "INDEX" => {
            let table = owner(&|t| t.indexes.contains_key(&name));
            table.map(|table| Change::DropIndex { table, name: name.clone() })
        }
        _ => {
            let on_view = || schema.views.values().find(|v| v.triggers.contains_key(&name)).map(|v| v.name.clone());
            let table = owner(&|t| t.triggers.contains_key(&name)).or_else(on_view);
            table.map(|table| Change::DropTrigger { table, name: name.clone() })
        }
    };
    let complete = change.is_some() || maybe;
    let mut read = done(&class, change.into_iter().collect());
    read.reading.complete = complete;
    read
}

fn schema_has(schema: &Schema, name: &str) -> bool {
    schema.tables.keys().chain(schema.views.keys()).any(|q| q.name.eq_ignore_ascii_case(name))
}

/// The name as the schema spells it: SQLite's names are the same in any case.
fn spelled_name(schema: &Schema, name: &str) -> QName {
    let found = schema.tables.keys().chain(schema.views.keys()).find(|q| q.name.eq_ignore_ascii_case(name));
    found.cloned().unwrap_or_else(|| QName::new("main", name))
}

fn spelled_columns(table: &QName, columns: Vec<String>, schema: &Schema) -> Vec<String> {
    let known = schema.tables.get(table).map(|t| t.columns.as_slice()).unwrap_or_default();
    let spelled = |name: String| match known.iter().find(|c| c.name.eq_ignore_ascii_case(&name)) {
        Some(column) => column.name.clone(),
        None => name,
    };
    columns.into_iter().map(spelled).collect()
}

/// A change with the table and column spelled as the schema has them.
fn spelled(change: Change, schema: &Schema) -> Change {
    let table = |name: QName| spelled_name(schema, &name.name);
    let column = |of: &QName, name: String| {
        let found = schema.tables.get(of).and_then(|t| t.columns.iter().find(|c| c.name.eq_ignore_ascii_case(&name)));
        found.map_or(name, |c| c.name.clone())
    };
    match change {
        Change::RenameTable { from, to } => Change::RenameTable { from: table(from), to },
        Change::RenameColumn { table: of, from, to } => {
            let of = table(of);
            Change::RenameColumn { from: column(&of, from), table: of, to }
        }
        Change::DropColumn { table: of, column: name } => {
            let of = table(of);
            Change::DropColumn { column: column(&of, name), table: of }
        }
        Change::AddColumn { table: of, column } => Change::AddColumn { table: table(of), column },
        Change::AddConstraint { table: of, constraint } => Change::AddConstraint { table: table(of), constraint },
        other => other,
    }
}
