//! Changes as SQLite's SQL, the direct way; what ALTER TABLE cannot do is a rebuild of the table.

use super::catalog::view_query;
use super::keywords::is_keyword;
use super::patterns::{self, text_under_its_name};
use super::reader::create_table::made_name;
use super::reader::{create_index, lex};
use crate::schema::{
    Action, Change, Column, Constraint, ConstraintKind, Deferrable, ForeignKey, Index, IndexTarget, QName, Schema,
    Table, View,
};

pub(super) fn ident(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_keyword(name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The bare name: there is one schema, and its name in the text of a view or trigger would be in the way of ATTACH.
pub(super) fn relation(name: &QName) -> String {
    if matches!(name.schema.as_str(), "main" | "") {
        return ident(&name.name);
    }
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

/// A text literal. SQLite's text ends at a NUL, so one is written by its code.
pub(super) fn literal(text: &str) -> String {
    let parts: Vec<String> = text.split('\0').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" || char(0) || ")) }
}

pub(super) fn idents(names: &[String]) -> String {
    names.iter().map(|name| ident(name)).collect::<Vec<_>>().join(", ")
}

/// The statements that make `change`, without regard to locks.
pub(super) fn render(change: &Change, schema: &Schema) -> Vec<String> {
    match change {
        Change::CreateTable { table } => create_table_with_all(table),
        Change::DropTable { name } => vec![format!("DROP TABLE {}", relation(name))],
        Change::RenameTable { from, to } => vec![format!("ALTER TABLE {} RENAME TO {}", relation(from), ident(to))],
        Change::RenameColumn { table, from, to } => {
            vec![format!("ALTER TABLE {} RENAME COLUMN {} TO {}", relation(table), ident(from), ident(to))]
        }
        Change::Backfill { table, column, value, only_where } => {
            let condition = only_where.as_ref().map(|w| format!(" WHERE {w}")).unwrap_or_default();
            vec![format!("UPDATE {} SET {} = {value}{condition}", relation(table), ident(column))]
        }
        Change::CreateIndex { table, index } => vec![create_index(table, index)],
        Change::DropIndex { name, .. } => vec![format!("DROP INDEX {}", ident(name))],
        Change::RenameIndex { table, from, to } => rename_index(schema, table, from, to),
        Change::CreateView { view } => create_view_with_triggers(view),
        Change::ReplaceView { view } => replace_view(view, schema),
        Change::DropView { name, .. } => vec![format!("DROP VIEW {}", relation(name))],
        Change::RenameView { from, to, .. } => rename_view(schema, from, to),
        Change::CreateTrigger { trigger, .. } => vec![bare(&trigger.definition)],
        Change::DropTrigger { name, .. } => vec![format!("DROP TRIGGER {}", ident(name))],
        other => patterns::table_change(other, schema),
    }
}

/// A statement without its closing semicolon.
pub(super) fn bare(sql: &str) -> String {
    sql.trim().trim_end_matches(';').trim_end().to_owned()
}

fn create_table_with_all(table: &Table) -> Vec<String> {
    let mut out = vec![text_under_its_name(table).map_or_else(|| create_table(table), |text| bare(&text))];
    out.extend(table.indexes.values().map(|index| create_index(&table.name, index)));
    out.extend(table.triggers.values().map(|trigger| bare(&trigger.definition)));
    out
}

fn rename_index(schema: &Schema, table: &QName, from: &str, to: &str) -> Vec<String> {
    let Some(index) = schema.tables.get(table).and_then(|t| t.indexes.get(from)) else { return Vec::new() };
    let renamed = Index { name: to.to_owned(), ..index.clone() };
    vec![format!("DROP INDEX {}", ident(from)), create_index(table, &renamed)]
}

/// SQLite has no CREATE OR REPLACE: the triggers of the view go with it and are made again.
fn replace_view(view: &View, schema: &Schema) -> Vec<String> {
    let old = schema.views.get(&view.name);
    let mut out = Vec::new();
    if old.is_some() {
        out.push(format!("DROP VIEW {}", relation(&view.name)));
    }
    out.extend(create_view_with_triggers(view));
    let triggers = old.map(|v| &v.triggers).into_iter().flatten();
    out.extend(triggers.filter(|(name, _)| !view.triggers.contains_key(*name)).map(|(_, t)| bare(&t.definition)));
    out
}

fn rename_view(schema: &Schema, from: &QName, to: &str) -> Vec<String> {
    let Some(view) = schema.views.get(from) else { return Vec::new() };
    let mut renamed = view.clone();
    renamed.name = from.sibling(to);
    renamed.sql = view.sql.as_ref().map(|sql| lex::rename(sql, &from.name, &ident(to)));
    for (_, trigger) in renamed.triggers.iter_mut() {
        trigger.definition = lex::rename(&trigger.definition, &from.name, &ident(to));
    }
    let mut out = vec![format!("DROP VIEW {}", relation(from))];
    out.extend(create_view_with_triggers(&renamed));
    out
}

pub(super) fn create_view_with_triggers(view: &View) -> Vec<String> {
    let triggers = view.triggers.values().map(|trigger| bare(&trigger.definition));
    std::iter::once(create_view(view)).chain(triggers).collect()
}

pub(super) fn create_view(view: &View) -> String {
    match &view.sql {
        // The kept text may be of another moment of the view than the model.
        Some(sql) if view_query(sql).as_deref() == Some(view.query.as_str()) && lex::mentions(sql, &view.name.name) => {
            bare(sql)
        }
        _ => format!("CREATE VIEW {} AS\n{}", relation(&view.name), bare(&view.query)),
    }
}

pub(super) fn create_index(table: &QName, index: &Index) -> String {
    // The kept text may be of another moment of the index than the model.
    let kept = index.sql.0.as_deref().filter(|sql| {
        create_index::parse(sql).is_some_and(|read| {
            read.table.eq_ignore_ascii_case(&table.name) && Index { valid: index.valid, ..read.index } == *index
        })
    });
    if let Some(sql) = kept {
        return bare(sql);
    }
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|key| {
            let mut text = match &key.on {
                IndexTarget::Column(name) => ident(name),
                IndexTarget::Expression(expression) => expression.clone(),
            };
            if let Some(collation) = &key.collation {
                text.push_str(&format!(" COLLATE {}", ident(collation)));
            }
            if key.descending {
                text.push_str(" DESC");
            }
            text
        })
        .collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let condition = index.predicate.as_ref().map(|p| format!(" WHERE {p}")).unwrap_or_default();
    format!("CREATE {unique}INDEX {} ON {} ({}){condition}", ident(&index.name), relation(table), keys.join(", "))
}

/// A CREATE TABLE from the model alone.
pub(super) fn create_table(table: &Table) -> String {
    if let Some(module) = table.options.get("virtual") {
        return format!("CREATE VIRTUAL TABLE {} USING {module}", relation(&table.name));
    }
    let inline_key = table.constraints.values().find(|c| key_stands_inline(table, c));
    let mut items: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let key = inline_key.filter(|key| key.kind.columns().contains(&column.name));
            column_definition(column, key)
        })
        .collect();
    let apart = table.constraints.values().filter(|c| inline_key.is_none_or(|key| key.name != c.name));
    items.extend(apart.map(constraint_definition));
    let mut options = Vec::new();
    if is_on(table, "strict") {
        options.push("STRICT");
    }
    if is_on(table, "without_rowid") {
        options.push("WITHOUT ROWID");
    }
    let options = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    format!("CREATE TABLE {} (\n    {}\n){options}", relation(&table.name), items.join(",\n    "))
}

pub(super) fn is_on(table: &Table, option: &str) -> bool {
    table.options.get(option).is_some_and(|value| matches!(value.as_str(), "true" | "on" | "1" | ""))
}

/// A single-column key is written beside its column: only there it can be AUTOINCREMENT.
fn key_stands_inline(table: &Table, constraint: &Constraint) -> bool {
    let ConstraintKind::PrimaryKey { columns } = &constraint.kind else { return false };
    matches!(columns.as_slice(), [one] if table.column(one).is_some())
}

/// A column with what stands beside it.
pub(super) fn column_definition(column: &Column, key: Option<&Constraint>) -> String {
    let mut out = ident(&column.name);
    if !column.data_type.is_empty() {
        out.push(' ');
        out.push_str(&column.data_type);
    }
    let alias = key.is_some() && column.data_type.eq_ignore_ascii_case("integer");
    if let Some(key) = key {
        if key.named && key.name != made_name(&key.kind) {
            out.push_str(&format!(" CONSTRAINT {}", ident(&key.name)));
        }
        out.push_str(" PRIMARY KEY");
        if alias && column.identity.is_some() {
            out.push_str(" AUTOINCREMENT");
        }
    }
    if !column.nullable && !alias {
        out.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        out.push_str(&format!(" DEFAULT {}", default_value(default)));
    }
    if let Some(collation) = &column.collation {
        out.push_str(&format!(" COLLATE {}", ident(collation)));
    }
    if let Some(generated) = &column.generated {
        let stored = if generated.stored { "STORED" } else { "VIRTUAL" };
        out.push_str(&format!(" GENERATED ALWAYS AS ({}) {stored}", generated.expression));
    }
    out
}

/// Literals stand bare; every other expression must be in parentheses.
pub(super) fn default_value(text: &str) -> String {
    if is_literal(text) { text.trim().to_owned() } else { format!("({text})") }
}

/// One token, with a sign before a number. A bare word is a keyword value (`CURRENT_TIMESTAMP`) or, in SQLite, a text.
pub(super) fn is_literal(text: &str) -> bool {
    let meaning: Vec<lex::Token> =
        lex::tokens(text).into_iter().filter(|t| !matches!(t.kind, lex::Kind::Blank | lex::Kind::Comment)).collect();
    match meaning.as_slice() {
        [one] => !matches!(one.kind, lex::Kind::Symbol | lex::Kind::Open),
        [sign, number] => number.kind == lex::Kind::Number && matches!(text.get(sign.span.clone()), Some("-" | "+")),
        _ => false,
    }
}

/// A constraint as a line of its own in a CREATE TABLE.
pub(super) fn constraint_definition(constraint: &Constraint) -> String {
    let name = if constraint.named { format!("CONSTRAINT {} ", ident(&constraint.name)) } else { String::new() };
    let body = match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => format!("PRIMARY KEY ({})", idents(columns)),
        ConstraintKind::Unique { columns, .. } => format!("UNIQUE ({})", idents(columns)),
        ConstraintKind::Check { expression, .. } => format!("CHECK ({expression})"),
        ConstraintKind::NotNull { column, .. } => format!("CHECK ({} IS NOT NULL)", ident(column)),
        ConstraintKind::Other { definition } => definition.clone(),
        ConstraintKind::ForeignKey(key) => {
            format!("FOREIGN KEY ({}) {}", idents(&key.columns), references(key, constraint.deferrable))
        }
    };
    format!("{name}{body}")
}

/// `REFERENCES t (a) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED`.
pub(super) fn references(key: &ForeignKey, deferrable: Deferrable) -> String {
    let mut out = format!("REFERENCES {}", ident(&key.references.name));
    if !key.referenced_columns.is_empty() {
        out.push_str(&format!(" ({})", idents(&key.referenced_columns)));
    }
    if key.on_delete != Action::NoAction {
        out.push_str(&format!(" ON DELETE {}", key.on_delete.sql()));
    }
    if key.on_update != Action::NoAction {
        out.push_str(&format!(" ON UPDATE {}", key.on_update.sql()));
    }
    out.push_str(match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    });
    out
}
