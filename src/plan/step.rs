//! The plan and its steps, as they are shown, kept in a file and printed as JSON.

use crate::schema::{Change, EngineKind, ObjectKind, Parts, QName, Schema};
use serde::{Deserialize, Serialize};
use std::fmt;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether changes are made the way that keeps an application running, or the short way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    #[default]
    Safe,
    Direct,
}

/// An ordered list of steps from one schema to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The format's version: 1.
    pub version: u32,
    pub engine: EngineKind,
    pub title: String,
    /// Fingerprint of the schema it starts from.
    pub base: Option<String>,
    /// Digests of what is in that schema, to say what has changed since. Kept in the plan file only.
    #[serde(skip)]
    pub base_parts: Parts,
    /// Fingerprint that the schema is expected to have afterwards, where it can be known.
    pub target: Option<String>,
    pub steps: Vec<Step>,
    /// What the reader should know of the whole: what was left out and why, what is approximate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Plan {
    /// Says that the plan starts from `schema`; of the tables that its steps change every part is remembered.
    pub fn starts_from(&mut self, schema: &Schema) {
        let tables = self.steps.iter().flat_map(|step| &step.changes).filter_map(|change| change.table().cloned());
        self.base = Some(schema.fingerprint());
        self.base_parts = schema.parts(&tables.collect());
    }
}

/// What the user confirms at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the plan, stable through edits.
    pub id: String,
    pub title: String,
    pub phase: Phase,
    pub kind: StepKind,
    /// Statements in order, each without its semicolon. For a backfill: the one statement that does it all at once,
    /// for reading and for the engine's own client; the executor walks [`Backfill`] instead.
    pub sql: Vec<String>,
    /// Whether all of `sql` runs in one transaction.
    pub transactional: bool,
    #[serde(default)]
    pub locks: Vec<Lock>,
    /// Relations whose every row is written anew.
    #[serde(default)]
    pub rewrites: Vec<String>,
    /// Relations that are read from end to end.
    #[serde(default)]
    pub scans: Vec<String>,
    #[serde(default)]
    pub estimate_ms: Option<Estimate>,
    /// How long it may queue for its locks, by the transactions that are open now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<Estimate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    #[serde(default)]
    pub risks: Vec<Risk>,
    pub rollback: Rollback,
    /// The way back is derived from the schema before and after the step, once it has run; until then it has no SQL.
    #[serde(default, skip_serializing_if = "is_default")]
    pub derives_rollback: bool,
    /// Session settings to make before the step, in or out of its transaction, undone after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfill>,
    /// Of a check step: its query. Of any other transactional step: must hold before its transaction commits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Names of what is destroyed with the data in it; the first is what the user types to consent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destroys: Vec<String>,
    /// What the step does to the model, for judging and telling.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why it is done like this, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether every statement was understood. An unread step runs only with typed consent.
    #[serde(default = "yes")]
    pub parsed: bool,
    /// Written or edited by the user: shown and run as it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub verbatim: bool,
}

fn yes() -> bool {
    true
}

impl Step {
    /// A transactional DDL step with nothing judged yet and no rollback said.
    pub fn ddl(title: impl Into<String>, phase: Phase, sql: Vec<String>) -> Self {
        Self {
            id: String::new(),
            title: title.into(),
            phase,
            kind: StepKind::Ddl,
            sql,
            transactional: true,
            locks: Vec::new(),
            rewrites: Vec::new(),
            scans: Vec::new(),
            estimate_ms: None,
            wait_ms: None,
            needs: None,
            risks: Vec::new(),
            rollback: Rollback::none("no rollback was worked out for this step"),
            derives_rollback: false,
            session: Vec::new(),
            backfill: None,
            check: None,
            destroys: Vec::new(),
            changes: Vec::new(),
            note: None,
            parsed: true,
            verbatim: false,
        }
    }

    /// Whether it is known what the step does: it was read, or seen in a rehearsal.
    pub fn is_known(&self) -> bool {
        let unread = |risk: &Risk| risk.rule == "unread-statement" && risk.evidence == Evidence::Predicted;
        self.parsed && !self.risks.iter().any(unread)
    }

    /// The gravest of the step's risks.
    pub fn severity(&self) -> Option<Severity> {
        self.risks.iter().map(|r| r.severity).max()
    }

    /// What the user must type to let the step run, if a plain yes is not enough: the first thing that it destroys,
    /// or `run unread` for SQL that could not be read.
    pub fn typed_consent(&self) -> Option<&str> {
        match self.destroys.first() {
            Some(name) => Some(name),
            None if !self.parsed => Some("run unread"),
            None => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Expand,
    Migrate,
    Contract,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    Ddl,
    Backfill,
    /// A query that must hold before going on.
    Check,
    /// For people: deploy this code now. Has no SQL; its note says what to do.
    Wait,
}

/// Gives rows a value in batches along the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    pub table: QName,
    /// Columns of a unique key to walk, in order; on SQLite without one, `rowid`.
    pub key: Vec<String>,
    /// Column and SQL expression.
    pub set: Vec<(String, String)>,
    /// SQL condition for rows that still need it, so that the backfill can be run again.
    pub only_where: Option<String>,
    /// Rows in the first batch.
    pub batch_rows: u64,
}

/// A query that must give no row (or, with `expect_true`, one true value).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub query: String,
    /// What a failing check means, and what to do.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    pub kind: RollbackKind,
    #[serde(default)]
    pub sql: Vec<String>,
    /// What is lost, or why there is none, or how data comes back.
    pub note: Option<String>,
    #[serde(default = "yes")]
    pub transactional: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session: Vec<String>,
}

impl Rollback {
    pub fn exact(sql: Vec<String>) -> Self {
        Self { kind: RollbackKind::Exact, sql, note: None, transactional: true, session: Vec::new() }
    }

    pub fn none(why: impl Into<String>) -> Self {
        Self {
            kind: RollbackKind::None,
            sql: Vec::new(),
            note: Some(why.into()),
            transactional: true,
            session: Vec::new(),
        }
    }

    pub fn lossy(sql: Vec<String>, what: impl Into<String>) -> Self {
        Self { kind: RollbackKind::Lossy, note: Some(what.into()), ..Self::exact(sql) }
    }

    pub fn restores(sql: Vec<String>, how: impl Into<String>) -> Self {
        Self { kind: RollbackKind::Restores, note: Some(how.into()), ..Self::exact(sql) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RollbackKind {
    /// Schema and rows as before.
    Exact,
    /// Rows come back from a kept copy.
    Restores,
    /// The schema comes back; the note says which data does not.
    Lossy,
    /// No way back; the note says why.
    None,
}

/// Table locks, weakest first, in PostgreSQL's terms (manual, "Explicit Locking", table 13.2). Other engines use the
/// modes that block the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LockMode {
    #[serde(rename = "ACCESS SHARE")]
    AccessShare,
    #[serde(rename = "ROW SHARE")]
    RowShare,
    #[serde(rename = "ROW EXCLUSIVE")]
    RowExclusive,
    #[serde(rename = "SHARE UPDATE EXCLUSIVE")]
    ShareUpdateExclusive,
    #[serde(rename = "SHARE")]
    Share,
    #[serde(rename = "SHARE ROW EXCLUSIVE")]
    ShareRowExclusive,
    #[serde(rename = "EXCLUSIVE")]
    Exclusive,
    #[serde(rename = "ACCESS EXCLUSIVE")]
    AccessExclusive,
}

impl LockMode {
    pub const ALL: [Self; 8] = [
        Self::AccessShare,
        Self::RowShare,
        Self::RowExclusive,
        Self::ShareUpdateExclusive,
        Self::Share,
        Self::ShareRowExclusive,
        Self::Exclusive,
        Self::AccessExclusive,
    ];

    /// Whether a holder of one keeps a seeker of the other waiting.
    pub fn conflicts(self, other: Self) -> bool {
        use LockMode::{AccessExclusive, AccessShare, Exclusive, RowExclusive, RowShare, Share, ShareUpdateExclusive};
        let (weak, strong) = if self <= other { (self, other) } else { (other, self) };
        match weak {
            AccessShare => strong == AccessExclusive,
            RowShare => strong >= Exclusive,
            RowExclusive => strong >= Share,
            ShareUpdateExclusive => true,
            Share => strong != Share,
            _ => true,
        }
    }

    /// Plain SELECTs wait.
    pub fn blocks_reads(self) -> bool {
        self.conflicts(Self::AccessShare)
    }

    /// INSERT, UPDATE and DELETE wait.
    pub fn blocks_writes(self) -> bool {
        self.conflicts(Self::RowExclusive)
    }

    pub fn sql(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sql())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub relation: String,
    pub mode: LockMode,
    pub evidence: Evidence,
    /// What the relation is; rules about tables pass over the rest.
    #[serde(default = "table", skip_serializing_if = "is_table")]
    pub kind: ObjectKind,
}

fn table() -> ObjectKind {
    ObjectKind::Table
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_table(kind: &ObjectKind) -> bool {
    *kind == ObjectKind::Table
}

impl Lock {
    /// A lock on a table, as foreseen from the SQL.
    pub fn predicted(relation: impl Into<String>, mode: LockMode) -> Self {
        Self { relation: relation.into(), mode, evidence: Evidence::Predicted, kind: ObjectKind::Table }
    }
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Read from the SQL.
    Predicted,
    /// Seen on a shadow database.
    Rehearsed,
    /// Seen on the target.
    Measured,
}

/// Milliseconds that the step is expected to take, once it has its locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub low: u64,
    pub high: u64,
    pub evidence: Evidence,
}

/// What a step needs besides time, in bytes: about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// Free disk space while it runs.
    pub disk_bytes: u64,
    /// Write-ahead log, which standbys have to take too.
    pub wal_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// A rule's permanent id.
    pub rule: String,
    pub severity: Severity,
    pub message: String,
    pub suggestion: Option<String>,
    pub evidence: Evidence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LockMode::{self, *};

    #[test]
    fn conflicts_are_those_of_the_manual() {
        let conflicting = |mode: LockMode| LockMode::ALL.into_iter().filter(|m| m.conflicts(mode)).collect::<Vec<_>>();
        assert_eq!(conflicting(AccessShare), [AccessExclusive]);
        assert_eq!(conflicting(RowShare), [Exclusive, AccessExclusive]);
        assert_eq!(conflicting(RowExclusive), [Share, ShareRowExclusive, Exclusive, AccessExclusive]);
        assert_eq!(conflicting(ShareUpdateExclusive), LockMode::ALL[3..]);
        assert_eq!(
            conflicting(Share),
            [RowExclusive, ShareUpdateExclusive, ShareRowExclusive, Exclusive, AccessExclusive]
        );
        assert_eq!(conflicting(ShareRowExclusive), LockMode::ALL[2..]);
        assert_eq!(conflicting(Exclusive), LockMode::ALL[1..]);
        assert_eq!(conflicting(AccessExclusive), LockMode::ALL);
    }
}
