//! `CREATE TABLE`, columns and constraints.

use super::cursor::Cursor;
use super::tokens::Kind;
use super::tree::{Body, ColumnDef, ConstraintDef, CreateTable, Reference};
use super::types::read_type;
use crate::schema::{Action as KeyAction, Deferrable, Identity, Options};

/// Words that can follow an expression in a column's definition.
const AFTER_EXPRESSION: &[&str] = &[
    "constraint",
    "not null",
    "null",
    "unique",
    "primary key",
    "check",
    "references",
    "default",
    "generated",
    "collate",
    "deferrable",
    "not deferrable",
    "initially",
    "compression",
    "storage",
];

/// After `CREATE`, with `TEMP` and the like still to come.
pub(super) fn create_table(cursor: &mut Cursor<'_>) -> Option<CreateTable> {
    let mut table = CreateTable::default();
    loop {
        match cursor.take_any(&["global", "local", "temporary", "temp", "unlogged"]) {
            Some("temporary" | "temp") => table.temporary = true,
            Some("unlogged") => table.unlogged = true,
            Some(_) => {}
            None => break,
        }
    }
    if !cursor.take("table") {
        return None;
    }
    table.if_not_exists = cursor.take("if not exists");
    table.name = cursor.name()?;
    if cursor.take("of") {
        table.more = true;
        cursor.name()?;
    }
    if cursor.take("partition of") {
        let parent = cursor.name()?;
        elements(cursor, &mut table)?;
        let bound = cursor.position();
        if !cursor.take("default") && cursor.take("for values") {
            while !cursor.at_end() && !sees_any(cursor, &["partition by", "with", "using", "tablespace"])
                || cursor.sees("with (modulus")
            {
                if cursor.parenthesised().is_none() {
                    cursor.step();
                    if cursor.sees_sign('(') {
                        cursor.parenthesised();
                    }
                }
            }
        }
        table.partition_of = Some((parent, cursor.since(bound).to_owned()));
    } else {
        elements(cursor, &mut table)?;
    }
    tail(cursor, &mut table);
    Some(table)
}

fn sees_any(cursor: &Cursor<'_>, phrases: &[&str]) -> bool {
    phrases.iter().any(|words| cursor.sees(words))
}

/// The parenthesised columns and constraints, if there are any.
fn elements(cursor: &mut Cursor<'_>, table: &mut CreateTable) -> Option<()> {
    if !cursor.take_sign('(') {
        return Some(());
    }
    while !cursor.take_sign(')') {
        if cursor.at_end() {
            return None;
        }
        if cursor.take("like") {
            table.like.push(cursor.name()?);
            while cursor.take_any(&["including", "excluding"]).is_some() {
                cursor.step();
            }
        } else if is_table_constraint(cursor) {
            table.constraints.push(constraint(cursor, None)?);
        } else {
            table.columns.push(column(cursor)?);
        }
        cursor.take_sign(',');
    }
    Some(())
}

/// INHERITS, PARTITION BY, WITH, AS and what else may follow.
fn tail(cursor: &mut Cursor<'_>, table: &mut CreateTable) {
    while !cursor.at_end() {
        if cursor.take("inherits") {
            if cursor.take_sign('(') {
                while let Some(parent) = cursor.name() {
                    table.inherits.push(parent);
                    cursor.take_sign(',');
                }
                cursor.take_sign(')');
            }
        } else if cursor.take("partition by") {
            let method = cursor.ident().unwrap_or_default().to_ascii_uppercase();
            let keys = cursor.parenthesised().unwrap_or_default();
            table.partition_by = Some(format!("{method} ({keys})"));
        } else if cursor.take("with") && cursor.sees_sign('(') {
            let inside = cursor.parenthesised().unwrap_or_default();
            table.options.extend(options(inside).0);
        } else if cursor.take("as") {
            table.query = Some(cursor.rest().to_owned());
        } else {
            table.more |= !cursor.take("without oids");
            cursor.step();
        }
    }
}

pub(super) fn is_table_constraint(cursor: &Cursor<'_>) -> bool {
    let named = cursor.sees("constraint");
    // A column may be called `check` only in quotes, but `exclude` and `not` are told by what follows.
    named
        || sees_any(cursor, &["check", "unique", "primary key", "foreign key", "exclude using", "not null"])
        || cursor.sees("exclude") && cursor.raw(1) == "("
}

pub(super) fn column(cursor: &mut Cursor<'_>) -> Option<ColumnDef> {
    let mut column = ColumnDef { name: cursor.ident()?, ..ColumnDef::default() };
    if !cursor.sees_sign(',') && !cursor.sees_sign(')') && !(cursor.take("with options")) {
        let is_constraint = sees_any(cursor, AFTER_EXPRESSION);
        if !is_constraint {
            column.data_type = read_type(cursor)?;
        }
    }
    while !cursor.at_end() && !cursor.sees_sign(',') && !cursor.sees_sign(')') {
        qualifier(cursor, &mut column)?;
    }
    Some(column)
}

fn qualifier(cursor: &mut Cursor<'_>, column: &mut ColumnDef) -> Option<()> {
    if cursor.take("collate") {
        column.collation = Some(collation(cursor)?);
    } else if let Some(word) = cursor.take_any(&["storage", "compression"]) {
        column.options.insert(word.to_owned(), cursor.ident()?);
    } else if cursor.take("default") {
        column.default = Some(cursor.until(AFTER_EXPRESSION).to_owned());
    } else if cursor.take("null") {
    } else if cursor.sees("generated") {
        generated(cursor, column)?;
    } else if cursor.take("not null") {
        column.not_null = true;
        cursor.take("no inherit");
    } else {
        let start = cursor.position();
        if cursor.take("constraint") {
            cursor.ident()?;
            if cursor.take("not null") {
                column.not_null = true;
                return Some(());
            }
            if sees_any(cursor, &["default", "null", "generated"]) {
                return Some(());
            }
            cursor.go_to(start);
        }
        let constraint = constraint(cursor, Some(&column.name))?;
        column.not_null |= matches!(constraint.body, Body::PrimaryKey { .. });
        column.constraints.push(constraint);
    }
    Some(())
}

/// A collation's name as it is written back.
pub(super) fn collation(cursor: &mut Cursor<'_>) -> Option<String> {
    let start = cursor.position();
    let mut parts = cursor.dotted()?;
    let quoted = parts.pop().map(|name| format!("\"{}\"", name.replace('"', "\"\"")))?;
    match parts.last().map(String::as_str) {
        None | Some("pg_catalog") => Some(quoted),
        Some(_) => Some(cursor.since(start).to_owned()),
    }
}

fn generated(cursor: &mut Cursor<'_>, column: &mut ColumnDef) -> Option<()> {
    let always = cursor.take_any(&["generated always as", "generated by default as"])? == "generated always as";
    if cursor.take("identity") {
        let options = cursor.parenthesised().map(sequence_options).unwrap_or_default();
        column.identity = Some(Identity { always, options });
        column.not_null = true;
    } else {
        let expression = cursor.parenthesised()?.to_owned();
        let stored = cursor.take("stored");
        cursor.take("virtual");
        column.generated = Some((expression, stored));
    }
    Some(())
}

/// `START WITH 5 INCREMENT BY 2` by the words of the catalog: `start` → `5`.
pub(super) fn sequence_options(text: &str) -> Options {
    let mut cursor = Cursor::new(text);
    let mut options = Options::new();
    while !cursor.at_end() {
        let found = cursor.take_any(&[
            "start with",
            "start",
            "increment by",
            "increment",
            "minvalue",
            "maxvalue",
            "cache",
            "no cycle",
            "cycle",
            "restart with",
        ]);
        match found {
            Some("cycle") => {
                options.insert("cycle".to_owned(), "true".to_owned());
            }
            Some("no cycle") => {}
            Some(word) => {
                let key = word.split(' ').next().unwrap_or(word);
                if let Some(value) = cursor.integer() {
                    options.insert(key.to_owned(), value.to_string());
                }
            }
            None => cursor.step(),
        }
    }
    options
}

/// `fillfactor = 70, autovacuum_enabled` as settings, and their bare names.
pub(super) fn options(inside: &str) -> (Options, Vec<String>) {
    let mut cursor = Cursor::new(inside);
    let mut set = Options::new();
    let mut names = Vec::new();
    while let Some(parts) = cursor.dotted() {
        let name = parts.join(".");
        let value =
            if cursor.take_sign('=') { cursor.until(&[]).trim_matches('\'').to_owned() } else { "true".to_owned() };
        names.push(name.clone());
        set.insert(name, value);
        cursor.take_sign(',');
    }
    (set, names)
}

/// A constraint of a table, or of `column`.
pub(super) fn constraint(cursor: &mut Cursor<'_>, column: Option<&str>) -> Option<ConstraintDef> {
    let name = if cursor.take("constraint") { Some(cursor.ident()?) } else { None };
    let body = body(cursor, column)?;
    let mut found = ConstraintDef { name, body, deferrable: Deferrable::No, not_valid: false, not_enforced: false };
    attributes(cursor, &mut found);
    Some(found)
}

fn columns(cursor: &mut Cursor<'_>, column: Option<&str>) -> Option<Vec<String>> {
    match column {
        Some(column) => Some(vec![column.to_owned()]),
        None => cursor.name_list(),
    }
}

fn body(cursor: &mut Cursor<'_>, column: Option<&str>) -> Option<Body> {
    let include = |cursor: &mut Cursor<'_>| {
        if cursor.take("include") { cursor.name_list() } else { Some(Vec::new()) }
    };
    if let Some(word) = cursor.take_any(&["primary key", "unique"]) {
        let primary = word == "primary key";
        if cursor.take("using index") && column.is_none() && cursor.kind() != Some(Kind::Sign('(')) {
            return Some(Body::UsingIndex { primary, index: cursor.ident()? });
        }
        let nulls_not_distinct = cursor.take("nulls not distinct");
        cursor.take("nulls distinct");
        let columns = columns(cursor, column)?;
        let include = include(cursor)?;
        if cursor.take("with") {
            cursor.parenthesised();
        }
        if cursor.take("using index tablespace") {
            cursor.ident();
        }
        return Some(if primary {
            Body::PrimaryKey { columns, include }
        } else {
            Body::Unique { columns, nulls_not_distinct, include }
        });
    }
    if cursor.take("check") {
        let expression = cursor.parenthesised()?.to_owned();
        return Some(Body::Check { expression, no_inherit: cursor.take("no inherit") });
    }
    if cursor.take("not null") {
        let column = cursor.ident()?;
        return Some(Body::NotNull { column, no_inherit: cursor.take("no inherit") });
    }
    if cursor.take("foreign key") {
        let columns = cursor.name_list();
        if columns.is_none() {
            cursor.parenthesised();
        }
        let more = columns.is_none();
        return cursor.take("references").then(|| reference(cursor, columns.unwrap_or_default(), more)).flatten();
    }
    if cursor.take("references") {
        return reference(cursor, vec![column?.to_owned()], false);
    }
    if cursor.sees("exclude") {
        return Some(exclude(cursor));
    }
    None
}

fn reference(cursor: &mut Cursor<'_>, columns: Vec<String>, more: bool) -> Option<Body> {
    let mut key = Reference { columns, table: cursor.name()?, more, ..Reference::default() };
    if cursor.sees_sign('(') {
        if let Some(list) = cursor.name_list() {
            key.referenced = list;
        } else {
            key.more = true;
            cursor.parenthesised();
        }
    }
    while let Some(word) = cursor.take_any(&["match full", "match simple", "match partial", "on delete", "on update"]) {
        match word {
            "match full" => key.match_full = true,
            "on delete" | "on update" => {
                let action = key_action(cursor)?;
                key.more |= cursor.parenthesised().is_some();
                if word == "on delete" { key.on_delete = action } else { key.on_update = action }
            }
            _ => {}
        }
    }
    Some(Body::ForeignKey(key))
}

fn key_action(cursor: &mut Cursor<'_>) -> Option<KeyAction> {
    Some(match cursor.take_any(&["no action", "restrict", "cascade", "set null", "set default"])? {
        "restrict" => KeyAction::Restrict,
        "cascade" => KeyAction::Cascade,
        "set null" => KeyAction::SetNull,
        "set default" => KeyAction::SetDefault,
        _ => KeyAction::NoAction,
    })
}

fn exclude(cursor: &mut Cursor<'_>) -> Body {
    let start = cursor.position();
    cursor.step();
    if cursor.take("using") {
        cursor.ident();
    }
    let inside = cursor.parenthesised().unwrap_or_default();
    while !cursor.at_end()
        && !cursor.sees_sign(',')
        && !cursor.sees_sign(')')
        && !sees_any(cursor, &["deferrable", "not deferrable", "initially"])
    {
        if cursor.parenthesised().is_none() {
            cursor.step();
        }
    }
    let definition = cursor.since(start).to_owned();
    let mut elements = Cursor::new(inside);
    let mut columns = Vec::new();
    while !elements.at_end() {
        columns.extend(elements.ident());
        elements.until(&[]);
        elements.take_sign(',');
    }
    Body::Exclude { definition, columns }
}

fn attributes(cursor: &mut Cursor<'_>, constraint: &mut ConstraintDef) {
    while let Some(word) = cursor.take_any(&[
        "not deferrable",
        "deferrable",
        "initially deferred",
        "initially immediate",
        "not valid",
        "not enforced",
        "enforced",
        "no inherit",
    ]) {
        match word {
            "deferrable" if constraint.deferrable == Deferrable::No => {
                constraint.deferrable = Deferrable::InitiallyImmediate;
            }
            "initially deferred" => constraint.deferrable = Deferrable::InitiallyDeferred,
            "not valid" => constraint.not_valid = true,
            "not enforced" => (constraint.not_enforced, constraint.not_valid) = (true, true),
            _ => {}
        }
    }
}
