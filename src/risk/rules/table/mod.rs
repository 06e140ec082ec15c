//! The table of rules: one file for each group, each rule with all that `lockstep explain` has to say of it.
//!
//! Ids are permanent: configurations, ignore comments and baselines rely on them.
//!
//! What other linters of this field look for and no rule here does, and why:
//!
//! | what | why there is no rule |
//! | --- | --- |
//! | foreign key DDL locks the referenced table too | each locked relation has its own lock and its own `lock-blocks-…` |
//! | any rewrite while a dangerous lock is held | a rehearsal sees it; `table-rewrite` and its like foresee it |
//! | load of a concurrent build, of ANALYZE | no lock that hurts; the estimate tells how long it goes on |
//! | extensions with tables of their own (Timescale, Citus, pg_partman, PostGIS) | their DDL is in functions: `unread-statement` |
//! | opaque calls of one framework (`create_table force`, `execute`) | what is judged is the SQL |
//! | a default that Rails' partial inserts go past | it is about the application's library, not about the database |
//! | no copy of the rows can be taken before | a step's rollback says it, and `irreversible` tells of it |
//! | many connections, standbys that lag, long transactions | they are of the moment: the go/no-go before each step tells them |
//! | ANALYZE after a backfill or an index on an expression | autovacuum does it; plans have it where they need it |
//! | a name that nothing has made yet | the server refuses it at once and nothing is harmed; other files may make it |
//! | sequence behind its column, TOAST bloat, many savepoints | nothing in a statement's text shows it |

mod breakage;
mod comments;
mod data;
mod design;
mod locking;
mod policy;
mod privacy;
mod security;
mod transaction;

use crate::plan::Severity;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// A rule, with what a person needs to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Permanent: configurations and ignore lists rely on it.
    pub id: &'static str,
    pub group: Group,
    /// On a large or unknown table that is in use; the evidence may say less or more.
    pub severity: Severity,
    pub title: &'static str,
    pub why: &'static str,
    /// What to do instead.
    #[serde(rename = "what_to_do")]
    pub advice: &'static str,
    /// The server's major versions that it is about.
    pub versions: Versions,
    /// Pages that say more.
    pub pages: &'static [Page],
    /// What its severity follows.
    #[serde(skip)]
    pub weight: Weight,
    /// False for rules that are looked at only when their group is asked for.
    #[serde(rename = "on_by_default")]
    pub usual: bool,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Who has to wait, and for how long.
    Locking,
    /// What running code loses.
    Breakage,
    /// What happens to rows, and which rows make a statement fail.
    Data,
    /// What statements do to each other.
    Transaction,
    /// Who may do what.
    Security,
    Privacy,
    Policy,
    /// How a schema is best made. Off unless asked for.
    Design,
}

impl Group {
    pub const ALL: [Self; 8] = [
        Self::Locking,
        Self::Breakage,
        Self::Data,
        Self::Transaction,
        Self::Security,
        Self::Privacy,
        Self::Policy,
        Self::Design,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Locking => "locking",
            Self::Breakage => "breakage",
            Self::Data => "data",
            Self::Transaction => "transaction",
            Self::Security => "security",
            Self::Privacy => "privacy",
            Self::Policy => "policy",
            Self::Design => "design",
        }
    }

    /// What the group is about, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Locking => "who has to wait, and for how long",
            Self::Breakage => "what running code loses",
            Self::Data => "what happens to rows, and which rows make a statement fail",
            Self::Transaction => "what statements of one transaction or file do to each other",
            Self::Security => "who may do what",
            Self::Privacy => "personal and health data",
            Self::Policy => "what the organisation has decided",
            Self::Design => "how a schema is best made (off unless asked for)",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a finding's severity follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// What the server has to do: nothing on a new or empty table, little on a small one, more on a huge or busy one.
    Work,
    /// What running code and people miss: nothing on a new table, little on an empty one.
    Loss,
    /// The same on every table.
    Fact,
}

/// Major versions of a server, both ends included. Without ends the rule is for all that are supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub from: Option<u32>,
    pub to: Option<u32>,
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (None, None) => f.write_str("all"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "up to {to}"),
            (Some(from), Some(to)) if from == to => write!(f, "{from}"),
            (Some(from), Some(to)) => write!(f, "{from} to {to}"),
        }
    }
}

impl Serialize for Versions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A page to read on: a manual's, or a law's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// `PostgreSQL manual`, `GDPR`.
    pub work: &'static str,
    /// `ALTER TABLE, Notes`; `Art. 17 Right to erasure`.
    pub title: &'static str,
    /// The page's file in the manual (`sql-altertable.html`); empty where it has none.
    pub file: &'static str,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.work, self.title)?;
        if self.file.is_empty() { Ok(()) } else { write!(f, " ({})", self.file) }
    }
}

/// A page of PostgreSQL's manual.
const fn manual(title: &'static str, file: &'static str) -> Page {
    Page { work: "PostgreSQL manual", title, file }
}

/// A rule that follows the server's work, of all versions, on by default; the methods below say otherwise.
const fn rule(
    group: Group,
    id: &'static str,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    advice: &'static str,
) -> Rule {
    let versions = Versions { from: None, to: None };
    Rule { id, group, severity, title, why, advice, versions, pages: &[], weight: Weight::Work, usual: true }
}

impl Rule {
    const fn pages(mut self, pages: &'static [Page]) -> Self {
        self.pages = pages;
        self
    }

    const fn from(mut self, version: u32) -> Self {
        self.versions.from = Some(version);
        self
    }

    const fn up_to(mut self, version: u32) -> Self {
        self.versions.to = Some(version);
        self
    }

    const fn loss(mut self) -> Self {
        self.weight = Weight::Loss;
        self
    }

    const fn fact(mut self) -> Self {
        self.weight = Weight::Fact;
        self
    }

    const fn if_asked(mut self) -> Self {
        self.usual = false;
        self
    }
}

static BY_ID: LazyLock<HashMap<&'static str, &'static Rule>> =
    LazyLock::new(|| all().map(|rule| (rule.id, rule)).collect());

/// Every rule, group by group.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let groups: [&'static [Rule]; 9] = [
        locking::RULES,
        breakage::RULES,
        data::RULES,
        transaction::RULES,
        security::RULES,
        privacy::RULES,
        policy::RULES,
        comments::RULES,
        design::RULES,
    ];
    groups.into_iter().flatten()
}

/// The rule of an id.
pub fn explain(id: &str) -> Option<&'static Rule> {
    BY_ID.get(id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_given_once() {
        let mut seen = std::collections::HashSet::new();
        for rule in all() {
            assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
            assert!(seen.insert(rule.id), "{} is there twice", rule.id);
            assert_eq!(explain(rule.id), Some(rule));
        }
    }

    #[test]
    fn every_rule_says_what_why_and_what_to_do_in_sentences() {
        for rule in all() {
            assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}", rule.id);
            assert!(rule.why.ends_with('.') && rule.advice.ends_with('.'), "{}", rule.id);
            assert!(!rule.pages.is_empty() || matches!(rule.group, Group::Policy), "{} names no page", rule.id);
        }
    }

    #[test]
    fn ids_of_the_first_releases_are_still_there() {
        let first = "index-not-concurrent drop-index-not-concurrent constraint-not-valid-missing \
            unique-constraint-builds-index primary-key-builds-index set-not-null-scan volatile-default-rewrite \
            table-rewrite type-change-rewrite drop-table drop-column drop-other truncate rename-table rename-column \
            required-column-without-default update-without-where delete-without-where unread-statement \
            lock-blocks-reads lock-blocks-writes fk-without-index irreversible long-backfill \
            enum-value-cannot-be-removed vacuum-full-or-cluster not-in-transaction explicit-lock transaction-would-fail";
        for id in first.split_whitespace() {
            assert!(explain(id).is_some(), "{id} is gone");
        }
    }
}
