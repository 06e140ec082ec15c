//! The rules, each under an id that never changes.

mod adding;
mod blocking;
mod changing;
mod design;
mod removing;
mod table;
mod writing;

pub use table::{Group, Page, Rule, Versions, Weight, all, explain};

use super::size::Size;
use super::{Context, Granted, Judgement, Settings, Spot};
use crate::plan::{Evidence, LockMode, Risk, Severity};
use crate::schema::{QName, Schema, Table};
use crate::sql::Statement;
use std::collections::HashSet;

/// What a finding is weighed by.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub context: &'a Context<'a>,
}

impl Stage<'_> {
    pub(super) fn size(self, table: &QName) -> Size {
        Size::of(table, self.context)
    }

    /// A finding of a rule on a table, as grave as the table's size and the rule make it; none where nobody can be hurt.
    pub(super) fn on_table(self, rule: &str, table: &QName, message: String) -> Option<Risk> {
        let found = explain(rule)?;
        let severity = match found.weight {
            Weight::Work => self.size(table).scale(found.severity)?,
            Weight::Loss => self.size(table).miss(found.severity)?,
            Weight::Fact => found.severity,
        };
        Some(Risk { severity, ..risk(rule, message) })
    }
}

/// What the rules look at.
pub(super) struct Case<'a> {
    pub statement: &'a Statement,
    pub judgement: &'a Judgement,
    pub context: &'a Context<'a>,
    /// The schema before the whole plan or script.
    pub start: &'a Schema,
    /// The schema after the whole plan or script: what is missing now may come later.
    pub end: &'a Schema,
    /// Tables that get a policy somewhere in the script.
    pub guarded_rows: &'a HashSet<QName>,
    /// Whether the engine has ways to change a table while others write to it.
    pub online_ways: bool,
    /// Who may read what from now on, by the statement.
    pub granted: Option<Granted>,
    pub settings: &'a Settings,
}

impl Case<'_> {
    pub(super) fn size(&self, table: &QName) -> Size {
        Size::of(table, self.context)
    }

    pub(super) fn table(&self, name: &QName) -> Option<&Table> {
        self.context.schema.tables.get(name).map(|t| &**t)
    }

    /// Whether a column was made earlier in the same plan or script, in a table that was there before.
    pub(super) fn is_new_column(&self, table: &QName, column: &str) -> bool {
        self.start.tables.get(table).is_some_and(|t| t.column(column).is_none())
            && self.table(table).is_some_and(|t| t.column(column).is_some())
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

    pub(super) fn on_table(&self, rule: &str, table: &QName, message: String) -> Option<Risk> {
        Stage { context: self.context }.on_table(rule, table, message)
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

/// Everything that the rules find in one statement; `spots` is what the engine has seen in it.
pub(super) fn find(case: &Case<'_>, spots: Vec<Spot>) -> Vec<Risk> {
    let mut out = Vec::new();
    if !case.statement.parsed() {
        out.push(risk("unread-statement", "this statement could not be read, so nothing is known of what it does"));
        return out;
    }
    if !case.judgement.known && !case.statement.reading.read_only {
        out.push(risk("unread-statement", "what this statement locks, rewrites or scans could not be told"));
    }
    for spot in spots {
        out.extend(match &spot.table {
            Some(table) => case.on_table(spot.rule, table, spot.message),
            None => Some(risk(spot.rule, spot.message)),
        });
    }
    for change in case.statement.reading.changes.iter().chain(&case.judgement.assumed) {
        adding::find(case, change, &mut out);
        changing::find(case, change, &mut out);
        removing::find(case, change, &mut out);
        design::find(case, change, &mut out);
    }
    writing::find(case, &mut out);
    blocking::find(case, &mut out);
    out.retain(|risk| explain(&risk.rule).is_none_or(|rule| case.settings.wants(rule)));
    out
}
