//! Plans, differences and schemas as plain text.

use crate::assistant::Question;
use crate::diff::{Effect, Entry, Impact};
use crate::plan::{Plan, Risk, RollbackKind, Step};
use crate::schema::{Schema, Table};
use crate::sql::{one_line, visible};
use crate::{Error, ErrorCode};
use std::fmt::Write as _;

/// A plan, each step with all that is known of it.
pub fn plan(plan: &Plan) -> String {
    let mut out = format!("{} ({}, {} steps)\n", one_line(&plan.title), plan.engine, plan.steps.len());
    for note in &plan.notes {
        let _ = writeln!(out, "note: {}", one_line(note));
    }
    for step in &plan.steps {
        out.push('\n');
        out.push_str(&self::step(step));
    }
    out
}

/// One step.
pub fn step(step: &Step) -> String {
    let mut out = format!("{:>3}. [{}] {}\n", step.id, step.phase, one_line(&step.title));
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "     {label:<9} {text}");
    };
    if let Some(note) = &step.note {
        line("why", &one_line(note));
    }
    for sql in &step.sql {
        for (n, text) in visible(sql).lines().enumerate() {
            line(if n == 0 { "sql" } else { "" }, text);
        }
    }
    if !step.transactional {
        line("runs", "outside a transaction");
    }
    if let Some(backfill) = &step.backfill {
        line("batches", &format!("of about {} rows along {}", backfill.batch_rows, backfill.key.join(", ")));
    }
    if !step.is_known() && step.locks.is_empty() {
        line("lock", "unknown");
    }
    for lock in &step.locks {
        line("lock", &format!("{} on {} ({})", lock.mode, one_line(&lock.relation), word(lock.evidence)));
    }
    if !step.rewrites.is_empty() {
        line("rewrites", &one_line(&step.rewrites.join(", ")));
    }
    if !step.scans.is_empty() {
        line("scans", &one_line(&step.scans.join(", ")));
    }
    if let Some(e) = step.estimate_ms {
        line("estimate", &format!("{} to {} ms ({})", e.low, e.high, word(e.evidence)));
    }
    if let Some(wait) = step.wait_ms {
        line("wait", &format!("{} to {} ms for its locks ({})", wait.low, wait.high, word(wait.evidence)));
    }
    if let Some(needs) = step.needs {
        let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
        let (disk, wal) = (megabytes(needs.disk_bytes), megabytes(needs.wal_bytes));
        line("needs", &format!("about {disk} MB of disk, and {wal} MB of write-ahead log"));
    }
    for risk in &step.risks {
        line("risk", &self::risk(risk));
    }
    if !step.destroys.is_empty() {
        line("destroys", &one_line(&step.destroys.join(", ")));
    }
    let kind = match step.rollback.kind {
        RollbackKind::Exact => "exact",
        RollbackKind::Restores => "brings the data back",
        RollbackKind::Lossy => "loses data",
        RollbackKind::None => "none",
    };
    let note = step.rollback.note.as_deref().map_or_else(String::new, |n| format!(": {}", one_line(n)));
    line("rollback", &format!("{kind}{note}"));
    for sql in &step.rollback.sql {
        for text in visible(sql).lines() {
            line("", text);
        }
    }
    out
}

/// `high rule-id: message. Suggestion`
pub fn risk(risk: &Risk) -> String {
    format!("{} {}: {}", risk.severity, risk.rule, advice(risk))
}

/// A risk's message and suggestion as sentences on one line.
pub fn advice(risk: &Risk) -> String {
    let message = one_line(&risk.message);
    match &risk.suggestion {
        Some(suggestion) => format!("{}. {}", message.trim_end_matches('.'), one_line(suggestion)),
        None => message,
    }
}

fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sign(effect: Effect) -> &'static str {
    match effect {
        Effect::Added => "+",
        Effect::Removed => "-",
        Effect::Changed | Effect::Renamed => "~",
    }
}

fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::Additive => "additive",
        Impact::Breaking => "breaking",
        Impact::Destructive => "destructive",
    }
}

/// Differences, object by object, with the text difference of their definitions.
pub fn entries(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No differences.\n".into();
    }
    let mut out = String::new();
    for entry in entries {
        let _ = writeln!(out, "{} {} [{}]", sign(entry.effect), one_line(&entry.sentence), impact(entry.impact));
        let (before, after) = (entry.before.as_deref().unwrap_or(""), entry.after.as_deref().unwrap_or(""));
        for line in crate::diff::text_diff(before, after, 1) {
            let _ = writeln!(out, "    {} {}", line.sign.symbol(), visible(&line.text));
        }
    }
    out
}

/// Differences as a Markdown list.
pub fn entries_markdown(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No differences.\n".into();
    }
    let mut out = String::new();
    for entry in entries {
        let object = one_line(&entry.object.to_string()).replace('`', "'");
        let sentence = one_line(&entry.sentence).replace('|', "\\|");
        let _ = writeln!(out, "- `{}` **{object}** ({}): {sentence}", sign(entry.effect), impact(entry.impact));
    }
    out
}

/// A schema in outline.
pub fn schema(schema: &Schema) -> String {
    let mut out = format!("{} {}\n", schema.engine, schema.server_version);
    for table in schema.tables.values() {
        out.push_str(&self::table(table));
    }
    for view in schema.views.values() {
        let kind = if view.materialized { "materialized view" } else { "view" };
        let _ = writeln!(out, "\n{kind} {}", one_line(&view.name.short()));
    }
    let mut list = |kind: &str, names: Vec<String>| {
        if !names.is_empty() {
            let _ = writeln!(out, "\n{kind}: {}", one_line(&names.join(", ")));
        }
    };
    list("types", schema.types.keys().map(crate::schema::QName::short).collect());
    list("sequences", schema.sequences.keys().map(crate::schema::QName::short).collect());
    list("functions", schema.routines.values().map(|r| format!("{}({})", r.name.short(), r.arguments)).collect());
    list("extensions", schema.extensions.keys().cloned().collect());
    list("other objects", schema.others.iter().map(|o| o.id.to_string()).collect());
    list("owners", schema.owners.values().map(|o| format!("{} ({})", o.object, o.owner)).collect());
    list("rights", schema.rights.keys().map(ToString::to_string).collect());
    list("not modelled", schema.unmodelled.iter().map(ToString::to_string).collect());
    let _ = writeln!(out, "\nfingerprint {}", schema.fingerprint());
    out
}

fn table(table: &Table) -> String {
    let rows = table.stats.rows.map_or_else(String::new, |rows| format!("  (about {rows} rows)"));
    let mut out = format!("\ntable {}{rows}\n", one_line(&table.name.short()));
    for column in &table.columns {
        let required = if column.nullable { "" } else { " not null" };
        let default = column.default.as_deref().map_or_else(String::new, |d| format!(" default {d}"));
        let _ = writeln!(out, "    {}", one_line(&format!("{} {}{required}{default}", column.name, column.data_type)));
    }
    for name in table.constraints.keys() {
        let _ = writeln!(out, "    constraint {}", one_line(name));
    }
    for index in table.indexes.values() {
        let invalid = if index.valid { "" } else { " (invalid)" };
        let _ = writeln!(out, "    index {}{invalid}", one_line(&index.name));
    }
    for name in table.triggers.keys() {
        let _ = writeln!(out, "    trigger {}", one_line(name));
    }
    out
}

/// The assistant's question with its choices.
pub fn question(question: &Question) -> String {
    let mut out = format!("{}\n", visible(&question.text));
    for choice in &question.choices {
        let _ = writeln!(out, "  --answer '{}'", visible(&choice.replace('\'', "'\\''")));
    }
    out
}

/// Words that were not understood, as an error with what would be.
pub fn not_understood(what: &str, nearest: &[String]) -> Error {
    let error = Error::new(ErrorCode::NotUnderstood, format!("not understood: {}", one_line(what)));
    if nearest.is_empty() { error } else { error.hint(format!("Try: {}", nearest.join("; "))) }
}

/// A source without a password in it.
pub fn source_name(source: &str) -> String {
    if source.contains("://") {
        return crate::engine::Target::parse(source).map_or_else(|_| "the given source".into(), |t| t.shown);
    }
    source.to_owned()
}
