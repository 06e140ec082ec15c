//! PostgreSQL's SQL as the traits want it; the work is in the modules beside.

use super::{backfill, judge, patterns, portable, probes, reader, render, script, spots, types, usual};
use crate::engine::Dialect;
use crate::plan::{Backfill, Check, KeptRows, Patterns, PlanOptions, Step};
use crate::risk::{Asks, Context, Granted, Guard, Judge, Judgement, Pace, Spot, TransactionWord};
use crate::schema::{Change, EngineKind, ObjectRef, QName, Schema};
use crate::sql::{Script, Statement, Syntax};
use std::ops::Range;

/// The SQL of one version of PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresDialect {
    /// Major version: 13 to 18.
    pub version: u32,
    /// Whether a step's session is in UTC, or in a zone that is always the same; `None` when no server says.
    pub in_utc: Option<bool>,
    /// How fast the server works, where that was measured.
    pub pace: Option<Pace>,
}

impl PostgresDialect {
    /// The newest version that is known here.
    pub fn newest() -> Self {
        Self { version: 18, in_utc: None, pace: None }
    }

    /// As a server of this version has it, whose sessions are in the time zone.
    pub(super) fn of_server(version_number: u32, zone: Option<&str>) -> Self {
        Self { version: (version_number / 10_000).clamp(13, 18), in_utc: zone.map(usual::is_utc), pace: None }
    }

    /// A version that is known here.
    pub fn of(version: u32) -> Option<Self> {
        (13..=18).contains(&version).then_some(Self { version, in_utc: None, pace: None })
    }
}

impl Syntax for PostgresDialect {
    fn read(&self, text: &str, schema: &Schema) -> Script {
        reader::read(text, schema)
    }

    fn comments(&self, text: &str) -> Vec<Range<usize>> {
        reader::comments(text)
    }

    fn without_variables(&self, text: &str) -> Option<String> {
        reader::without_variables(text)
    }

    fn words(&self, statement: &str) -> Vec<Range<usize>> {
        reader::tokens::words(statement)
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

    fn data_type(&self, words: &str, schema: &Schema) -> Option<String> {
        types::data_type(words, schema)
    }

    fn default_schema(&self) -> &'static str {
        "public"
    }

    fn script(&self, schema: &Schema) -> String {
        script::script(schema)
    }

    fn definition(&self, object: &ObjectRef, schema: &Schema) -> Option<String> {
        script::definition(object, schema)
    }
}

impl Patterns for PostgresDialect {
    fn steps(&self, changes: &[Change], before: &Schema, options: &PlanOptions) -> crate::Result<Vec<Step>> {
        patterns::steps(changes, before, options)
    }

    fn keeping_rows(&self, statement: &Statement, now: &Schema) -> Option<KeptRows> {
        patterns::keeping_rows(statement, now)
    }

    fn begin(&self) -> &'static str {
        "BEGIN"
    }

    fn guard(&self, check: &Check) -> Option<String> {
        Some(portable::guard(check))
    }

    fn refusal(&self, why: &str) -> Option<String> {
        Some(portable::refusal(why))
    }

    fn fill_in_batches(&self, backfill: &Backfill) -> Option<String> {
        backfill::block(backfill)
    }

    fn undo_setting(&self, setting: &str) -> Option<String> {
        portable::undo_setting(setting)
    }
}

impl Judge for PostgresDialect {
    fn pace(&self) -> Option<Pace> {
        self.pace
    }

    fn judge(&self, statement: &Statement, context: &Context<'_>) -> Judgement {
        judge::judge(self, statement, context)
    }

    fn spot(&self, statement: &Statement, context: &Context<'_>, judgement: &Judgement) -> Vec<Spot> {
        spots::spot(self.version, statement, context, judgement)
    }

    fn transaction(&self, text: &str) -> Option<TransactionWord> {
        spots::transaction(text)
    }

    fn granted(&self, statement: &Statement, schema: &Schema) -> Option<Granted> {
        spots::granted(statement, schema)
    }

    fn changed_rows(&self, statement: &Statement) -> Option<(QName, String)> {
        probes::changed_rows(statement)
    }

    fn may_refuse(&self, old: &str, new: &str, schema: &Schema) -> bool {
        spots::narrows(old, new, schema)
    }

    fn probe(&self, table: &QName, asks: &Asks, percent: Option<f64>) -> Option<String> {
        probes::sql(self.version, table, asks, percent)
    }

    fn guard(&self, statement: &Statement) -> Option<Guard> {
        spots::guard(statement)
    }
}

impl Dialect for PostgresDialect {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }
}
