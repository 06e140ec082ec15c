//! The rules, each under an id that never changes.

mod adding;
mod blocking;
mod removing;
mod table;
mod writing;

pub use table::{Group, Page, Rule, Versions, Weight, all, explain};

use super::size::Size;
use super::{Context, Judgement};
use crate::plan::{Evidence, LockMode, Risk, Severity};
use crate::schema::{QName, Schema, Table};
use crate::sql::Statement;

/// What the rules look at.
pub(super) struct Case<'a> {
    pub statement: &'a Statement,
    pub judgement: &'a Judgement,
    pub context: &'a Context<'a>,
    /// The schema after the whole plan or script: what is missing now may come later.
    pub end: &'a Schema,
    /// Whether the engine has ways to change a table while others write to it.
    pub online_ways: bool,
}

impl Case<'_> {
    pub(super) fn size(&self, table: &QName) -> Size {
        Size::of(table, self.context)
    }

    pub(super) fn table(&self, name: &QName) -> Option<&Table> {
        self.context.schema.tables.get(name).map(|t| &**t)
    }

    pub(super) fn scans(&self, table: &QName) -> bool {
        names(&self.judgement.scans, table)
    }

    pub(super) fn rewrites(&self, table: &QName) -> bool {
        names(&self.judgement.rewrites, table)
    }

    pub(super) fn builds_index(&self, table: &QName) -> bool {
        names(&self.judgement.index_builds, table)
    }

    /// The strongest lock on `table`.
    pub(super) fn lock(&self, table: &QName) -> Option<LockMode> {
        let wanted = table.to_string();
        self.judgement.locks.iter().filter(|l| l.relation == wanted).map(|l| l.mode).max()
    }

    /// A finding of a rule on a table of this size, or none where nobody can be hurt.
    pub(super) fn on_table(&self, rule: &str, table: &QName, message: String) -> Option<Risk> {
        let base = explain(rule).map_or(Severity::Medium, |r| r.severity);
        Some(Risk { severity: self.size(table).scale(base)?, ..risk(rule, message) })
    }
}

fn names(list: &[String], table: &QName) -> bool {
    let wanted = table.to_string();
    list.contains(&wanted)
}

/// A finding with the rule's own severity and advice.
pub(super) fn risk(rule: &str, message: impl Into<String>) -> Risk {
    let found = explain(rule);
    Risk {
        rule: rule.to_owned(),
        severity: found.map_or(Severity::Medium, |r| r.severity),
        message: message.into(),
        suggestion: found.map(|r| r.advice.to_owned()),
        evidence: Evidence::Predicted,
    }
}

/// Everything that the rules find in one statement.
pub(super) fn find(case: &Case<'_>) -> Vec<Risk> {
    let mut out = Vec::new();
    if !case.statement.parsed() {
        out.push(risk("unread-statement", "this statement could not be read, so nothing is known of what it does"));
        return out;
    }
    if !case.judgement.known && !case.statement.reading.read_only {
        out.push(risk("unread-statement", "what this statement locks, rewrites or scans could not be told"));
    }
    for change in &case.statement.reading.changes {
        adding::find(case, change, &mut out);
        removing::find(case, change, &mut out);
    }
    writing::find(case, &mut out);
    blocking::find(case, &mut out);
    out
}
