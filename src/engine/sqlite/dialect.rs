//! SQLite's SQL as the traits want it; the work is in the modules beside.

use super::{judge, patterns, reader, render, script, types};
use crate::engine::Dialect;
use crate::plan::{KeptRows, Patterns, PlanOptions, Step};
use crate::risk::{Context, Judge, Judgement};
use crate::schema::{Change, EngineKind, ObjectRef, QName, Schema};
use crate::sql::{Script, Statement, Syntax};
use std::ops::Range;

/// The SQL of SQLite as it is bundled here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteDialect;

impl Syntax for SqliteDialect {
    fn read(&self, text: &str, schema: &Schema) -> Script {
        reader::read(text, schema)
    }

    fn comments(&self, text: &str) -> Vec<Range<usize>> {
        reader::comments(text)
    }

    fn words(&self, statement: &str) -> Vec<Range<usize>> {
        reader::words(statement)
    }

    fn render(&self, change: &Change, schema: &Schema) -> Vec<String> {
        render::render(change, schema)
    }

    fn ident(&self, name: &str) -> String {
        render::ident(name)
    }

    fn relation(&self, name: &QName) -> String {
        render::relation(name)
    }

    fn literal(&self, text: &str) -> String {
        render::literal(text)
    }

    fn split_at_first(&self, text: &str, separator: &str) -> (String, String) {
        crate::sql::split_at_place(text, separator, &format!("instr({text}, {separator})"))
    }

    fn data_type(&self, words: &str, _schema: &Schema) -> Option<String> {
        types::data_type(words)
    }

    fn default_schema(&self) -> &'static str {
        "main"
    }

    fn script(&self, schema: &Schema) -> String {
        script::script(schema)
    }

    fn definition(&self, object: &ObjectRef, schema: &Schema) -> Option<String> {
        script::definition(object, schema)
    }
}

impl Patterns for SqliteDialect {
    fn steps(&self, changes: &[Change], before: &Schema, options: &PlanOptions) -> crate::Result<Vec<Step>> {
        patterns::steps(changes, before, options)
    }

    fn keeping_rows(&self, statement: &Statement, now: &Schema) -> Option<KeptRows> {
        patterns::rows::keeping(statement, now)
    }

    fn begin(&self) -> &'static str {
        "BEGIN IMMEDIATE"
    }

    fn undo_setting(&self, setting: &str) -> Option<String> {
        patterns::undo_setting(setting)
    }

    fn settings_before_transaction(&self) -> bool {
        true
    }

    fn text_is_transaction(&self) -> bool {
        false
    }
}

impl Judge for SqliteDialect {
    fn judge(&self, statement: &Statement, context: &Context<'_>) -> Judgement {
        judge::judge(statement, context)
    }

    fn has_online_ways(&self) -> bool {
        false
    }
}

impl Dialect for SqliteDialect {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }
}
