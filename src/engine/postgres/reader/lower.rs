//! A statement that reads as what it does: typed changes and the marks of a [`Reading`].

use super::cursor::Cursor;
use super::parse::parse;
use super::tree::{Dropped, Tree};
use super::world::World;
use super::{calls, relations, rows};
use crate::schema::{Change, Extension, ObjectKind, ObjectRef, QName};
use crate::sql::{Reading, RowWrite};

impl World<'_> {
    /// Reads one statement of a known class, and carries its changes out.
    pub(super) fn statement(&mut self, text: &str, class: &str) -> Reading {
        self.reading = Reading { complete: true, ..Reading::default() };
        self.reading.relations = relations::named(text, self);
        if self.understood(text, class).is_none() {
            self.reading.complete = false;
        }
        std::mem::take(&mut self.reading)
    }

    /// `None` for what is not understood in full.
    fn understood(&mut self, text: &str, class: &str) -> Option<()> {
        let mut cursor = Cursor::new(text);
        match class {
            "CREATE TABLE"
            | "ALTER TABLE"
            | "ALTER INDEX"
            | "ALTER VIEW"
            | "ALTER MATERIALIZED VIEW"
            | "CREATE INDEX" => self.tree(text),
            "CREATE FUNCTION" | "CREATE PROCEDURE" => self.create_routine(text),
            "CREATE TRIGGER" => self.create_trigger(text),
            "CREATE VIEW" | "CREATE MATERIALIZED VIEW" => self.create_view(text),
            "CREATE TYPE" => cursor.take("create type").then(|| self.create_type(&mut cursor)).flatten(),
            "CREATE DOMAIN" => cursor.take("create domain").then(|| self.create_domain(&mut cursor)).flatten(),
            "ALTER TYPE" => cursor.take("alter type").then(|| self.alter_type(&mut cursor)).flatten(),
            "ALTER DOMAIN" => cursor.take("alter domain").then(|| self.alter_domain(&mut cursor)).flatten(),
            "CREATE SEQUENCE" => cursor.take("create sequence").then(|| self.create_sequence(&mut cursor)).flatten(),
            "ALTER SEQUENCE" => cursor.take("alter sequence").then(|| self.alter_sequence(&mut cursor)).flatten(),
            "CREATE SCHEMA" => cursor.take("create schema").then(|| self.create_schema(&mut cursor)).flatten(),
            "CREATE EXTENSION" => cursor.take("create extension").then(|| self.create_extension(&mut cursor)).flatten(),
            "COMMENT" => cursor.take("comment on").then(|| self.comment(&mut cursor)).flatten(),
            _ if class.starts_with("DROP ") => self.tree(text),
            _ => self.other(text, class),
        }
    }

    fn tree(&mut self, text: &str) -> Option<()> {
        match parse(text)? {
            Tree::CreateTable(tree) => self.create_table(&tree),
            Tree::Alter(tree) => {
                self.alter(&tree);
                let concurrent =
                    |a: &super::tree::Action| matches!(a, super::tree::Action::Detach { concurrently: true, .. });
                self.reading.outside_transaction |= tree.actions.iter().any(concurrent);
            }
            Tree::CreateIndex(tree) => self.create_index(&tree),
            Tree::Drop(tree) => self.drop_objects(&tree),
        }
        Some(())
    }

    /// Statements that change no definition: rows, settings, maintenance.
    fn other(&mut self, text: &str, class: &str) -> Option<()> {
        let cursor = Cursor::new(text);
        match class {
            "SELECT" => {
                self.reading.data = true;
                let writes =
                    ["into", "insert into", "update", "delete from", "merge into", "for share", "for key share"];
                self.reading.hidden = calls::acts(text, &self.schema);
                let writes = writes.iter().any(|words| cursor.has(words))
                    || cursor.has("for no key update")
                    || self.reading.hidden;
                self.reading.session_setting = cursor.has("set_config");
                if cursor.has("set_config") && cursor.has("search_path") || text.contains("search_path") {
                    self.path_from_set_config(text);
                }
                self.reading.read_only = !writes && !self.reading.session_setting;
                (!writes).then_some(())
            }
            "SHOW" => {
                self.reading.read_only = true;
                Some(())
            }
            "EXPLAIN" => {
                self.reading.read_only = !cursor.has("analyze") && !cursor.has("analyse");
                self.reading.data = true;
                self.reading.hidden = !self.reading.read_only;
                self.reading.read_only.then_some(())
            }
            "SET" | "RESET" => self.set(text),
            "INSERT" | "UPDATE" | "MERGE" | "COPY" => {
                self.rows(text);
                None
            }
            "DELETE" => {
                self.rows(text);
                if !cursor.has("where") {
                    self.destroy_first_named();
                }
                None
            }
            "TRUNCATE" => {
                self.reading.data = true;
                self.reading.rows_only = true;
                for relation in self.reading.relations.clone() {
                    self.destroys(&relation, None);
                    self.reading.writes.push(RowWrite { table: relation, columns: Vec::new() });
                }
                if self.reading.relations.is_empty() {
                    self.destroy_unknown(text);
                }
                None
            }
            _ => {
                self.reading.outside_transaction = outside_transaction(&cursor, class);
                self.reading.hidden = matches!(class, "DO" | "CALL" | "EXECUTE" | "LOAD");
                keeps_definitions(class).then_some(())
            }
        }
    }

    /// A statement that changes rows and no definition.
    fn rows(&mut self, text: &str) {
        self.reading.data = true;
        self.reading.rows_only = true;
        if let Some(statement) = rows::parse(text) {
            let table = self.relation(&statement.target);
            self.reading.writes.push(RowWrite { table, columns: statement.sets });
        }
    }

    fn destroy_first_named(&mut self) {
        if let Some(relation) = self.reading.relations.first().cloned() {
            self.destroys(&relation, None);
        }
    }

    /// Tables of a TRUNCATE that the schema does not have.
    fn destroy_unknown(&mut self, text: &str) {
        let mut cursor = Cursor::new(text);
        cursor.take("truncate");
        cursor.take("table");
        cursor.take("only");
        while let Some(name) = cursor.name() {
            let name = self.relation(&name);
            self.destroys(&name, None);
            cursor.take_sign('*');
            if !cursor.take_sign(',') {
                break;
            }
        }
    }

    fn set(&mut self, text: &str) -> Option<()> {
        self.reading.session_setting = true;
        let mut cursor = Cursor::new(text);
        if cursor.take("reset") {
            if cursor.take("search_path") || cursor.take("all") {
                self.path = vec!["public".to_owned()];
            }
            return Some(());
        }
        cursor.take("set");
        cursor.take_any(&["session", "local"]);
        if cursor.take("schema") {
            self.path = vec![cursor.string()?];
        } else if cursor.take("search_path") {
            if !cursor.take("to") {
                cursor.take_sign('=');
            }
            self.set_path(&mut cursor);
        }
        Some(())
    }

    fn set_path(&mut self, cursor: &mut Cursor<'_>) {
        let mut path = Vec::new();
        if cursor.take("default") {
            path.push("public".to_owned());
        }
        while let Some(schema) = cursor.ident().or_else(|| cursor.string()) {
            path.push(schema);
            if !cursor.take_sign(',') {
                break;
            }
        }
        self.path = path.into_iter().filter(|s| s != "$user" && !s.is_empty()).collect();
    }

    /// `SELECT pg_catalog.set_config('search_path', '…', …)`, as dumps have it.
    fn path_from_set_config(&mut self, text: &str) {
        let mut cursor = Cursor::new(text);
        while !cursor.at_end() {
            if cursor.string().as_deref() == Some("search_path") && cursor.take_sign(',') {
                let value = cursor.string().unwrap_or_default();
                self.set_path(&mut Cursor::new(&value));
                return;
            }
            cursor.step();
        }
    }

    fn create_schema(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let if_not_exists = cursor.take("if not exists");
        let mut name = if cursor.sees("authorization") { None } else { cursor.ident() };
        if cursor.take("authorization") {
            let role = cursor.ident()?;
            name.get_or_insert(role);
            self.reading.complete = false;
        }
        let name = name?;
        self.reading.complete &= cursor.at_end();
        if !(if_not_exists && self.schema.namespaces.contains_key(&name)) {
            self.change(Change::CreateSchema { name });
        }
        Some(())
    }

    fn create_extension(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let if_not_exists = cursor.take("if not exists");
        let name = cursor.ident()?;
        cursor.take("with");
        let mut schema = self.path.first().cloned().unwrap_or_else(|| "public".to_owned());
        let mut version = String::new();
        while let Some(word) = cursor.take_any(&["schema", "version", "cascade"]) {
            match word {
                "schema" => schema = cursor.ident()?,
                "version" => version = cursor.string().or_else(|| cursor.ident())?,
                _ => self.reading.complete = false,
            }
        }
        if !(if_not_exists && self.schema.extensions.contains_key(&name)) {
            self.change(Change::CreateExtension { extension: Extension { name, schema, version, comment: None } });
        }
        Some(())
    }

    fn comment(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let object = self.commented(cursor)?;
        cursor.take("is").then_some(())?;
        let comment = if cursor.take("null") { None } else { Some(cursor.string()?) };
        self.change(Change::SetComment { object, comment: comment.filter(|c| !c.is_empty()) });
        Some(())
    }

    fn commented(&mut self, cursor: &mut Cursor<'_>) -> Option<ObjectRef> {
        let kind = cursor.take_any(&[
            "table",
            "column",
            "index",
            "materialized view",
            "view",
            "sequence",
            "schema",
            "extension",
            "type",
            "domain",
            "function",
            "procedure",
            "constraint",
            "trigger",
        ])?;
        let whole = |kind, name| Some(ObjectRef::new(kind, name));
        match kind {
            "column" => {
                let mut parts = cursor.dotted()?;
                let column = parts.pop()?;
                let name = super::cursor::Name { name: parts.pop()?, schema: parts.pop() };
                Some(ObjectRef::part(ObjectKind::Column, self.relation(&name), column))
            }
            "constraint" | "trigger" => {
                let part = cursor.ident()?;
                cursor.take("on").then_some(())?;
                let table = cursor.name()?;
                let kind = if kind == "trigger" { ObjectKind::Trigger } else { ObjectKind::Constraint };
                Some(ObjectRef::part(kind, self.relation(&table), part))
            }
            "schema" => whole(ObjectKind::Schema, QName::new("", cursor.ident()?)),
            "extension" => whole(ObjectKind::Extension, QName::new("", cursor.ident()?)),
            "type" | "domain" => {
                let name = cursor.name()?;
                whole(ObjectKind::Type, self.user_type(&name))
            }
            "function" | "procedure" => {
                let name = cursor.name()?;
                let arguments = cursor.parenthesised().map(str::to_owned);
                whole(ObjectKind::Routine, self.routine_key(&Dropped { name, on: None, arguments })?)
            }
            _ => {
                let name = cursor.name()?;
                let name = self.relation(&name);
                let kind = match kind {
                    "index" => ObjectKind::Index,
                    "view" => ObjectKind::View,
                    "materialized view" => ObjectKind::MaterializedView,
                    "sequence" => ObjectKind::Sequence,
                    _ => ObjectKind::Table,
                };
                whole(kind, name)
            }
        }
    }
}

/// Maintenance, locks and signals, which change no definition and no row.
fn keeps_definitions(class: &str) -> bool {
    matches!(
        class,
        "ANALYZE"
            | "CHECKPOINT"
            | "DEALLOCATE"
            | "DISCARD"
            | "LISTEN"
            | "LOCK"
            | "NOTIFY"
            | "REFRESH MATERIALIZED VIEW"
            | "REINDEX"
            | "UNLISTEN"
            | "VACUUM"
    )
}

/// Statements that refuse to run in a transaction (manual, their own pages).
fn outside_transaction(cursor: &Cursor<'_>, class: &str) -> bool {
    match class {
        "VACUUM" | "ALTER SYSTEM" => true,
        "REINDEX" => {
            cursor.has("concurrently") || cursor.has("database") || cursor.has("system") || cursor.has("schema")
        }
        "CLUSTER" => cursor.raw(1).is_empty(),
        "CREATE DATABASE" | "DROP DATABASE" | "CREATE TABLESPACE" | "DROP TABLESPACE" => true,
        "CREATE SUBSCRIPTION" | "DROP SUBSCRIPTION" => true,
        _ => false,
    }
}
