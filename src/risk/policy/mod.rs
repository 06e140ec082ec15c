//! What an organisation has decided about its databases: the `[policy]` table of the project's `lockstep.toml`.
//!
//! ```toml
//! [policy]
//! forbid = ["DROP DATABASE", { what = "truncate", tables = "^ledger_", why = "the auditors need every row" }]
//!
//! [policy.naming]
//! table = "^[a-z][a-z0-9_]*$"
//! index = "_idx$"
//!
//! [[policy.required_columns]]
//! columns = ["created_at", "updated_at"]
//! except = "_log$"
//!
//! [[policy.windows]]
//! days = ["sat", "sun"]
//! from = "22:00"
//! to = "05:00"
//! zone = "Europe/Vienna"
//!
//! [[policy.peak]]
//! days = ["mon", "tue", "wed", "thu", "fri"]
//! from = "08:00"
//! to = "19:00"
//!
//! [[policy.approvals]]
//! severity = "high"
//! by = ["ana", "ben"]
//!
//! [policy.limits]
//! columns = 80
//! locked_bytes = 10_000_000_000
//! ```

mod hours;
mod judge;
mod pattern;
#[cfg(test)]
mod tests;

pub use hours::{Day, Hours};
pub(super) use judge::judge;
pub use pattern::Pattern;

use crate::plan::Severity;
use jiff::Timestamp;
use serde::Deserialize;

/// An organisation's policy. An empty one forbids nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    pub naming: Naming,
    pub required_columns: Vec<RequiredColumns>,
    pub forbid: Vec<Forbidden>,
    /// When the schema may change; without any, always.
    pub windows: Vec<Hours>,
    /// When nothing that keeps others waiting may run.
    pub peak: Vec<Hours>,
    pub approvals: Vec<Approval>,
    pub limits: Limits,
}

/// What names have to look like, by the kind of what is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Naming {
    pub schema: Option<Pattern>,
    pub table: Option<Pattern>,
    pub column: Option<Pattern>,
    pub index: Option<Pattern>,
    pub primary_key: Option<Pattern>,
    pub foreign_key: Option<Pattern>,
    pub unique: Option<Pattern>,
    pub check: Option<Pattern>,
    pub view: Option<Pattern>,
    pub sequence: Option<Pattern>,
    pub r#type: Option<Pattern>,
    pub function: Option<Pattern>,
    pub trigger: Option<Pattern>,
}

/// Columns that every new table has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredColumns {
    pub columns: Vec<String>,
    /// The tables that it is for, by name; without it, all.
    #[serde(default)]
    pub tables: Option<Pattern>,
    /// Tables that it is not for.
    #[serde(default)]
    pub except: Option<Pattern>,
}

/// Something that is not to be done by a migration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct Forbidden {
    /// A kind of statement (`DROP TABLE`), or a rule's id, whose findings are then forbidden.
    pub what: String,
    /// The tables for which it is forbidden; without it, all.
    pub tables: Option<Pattern>,
    /// Said to those who meet it.
    pub why: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    What(String),
    Whole(Whole),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    what: String,
    #[serde(default)]
    tables: Option<Pattern>,
    #[serde(default)]
    why: Option<String>,
}

impl From<Written> for Forbidden {
    fn from(written: Written) -> Self {
        match written {
            Written::What(what) => Self { what, tables: None, why: None },
            Written::Whole(Whole { what, tables, why }) => Self { what, tables, why },
        }
    }
}

/// Who has to agree to steps of a severity and above.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub severity: Severity,
    /// Any of them; without names, anybody but the one who runs it.
    #[serde(default)]
    pub by: Vec<String>,
    /// How many of them.
    #[serde(default = "one")]
    pub count: usize,
}

fn one() -> usize {
    1
}

/// How large things may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Columns of a table.
    pub columns: Option<usize>,
    /// Indexes of a table, those of constraints included.
    pub indexes: Option<usize>,
    /// Bytes of a table above which nothing may rewrite it, or read it under a lock that keeps others out.
    pub locked_bytes: Option<u64>,
}

impl Policy {
    /// Whether the schema may change at a moment; a sentence when it may not.
    pub fn closed(&self, at: Timestamp) -> Option<String> {
        if self.windows.is_empty() || self.windows.iter().any(|hours| hours.cover(at)) {
            return None;
        }
        let said: Vec<String> = self.windows.iter().map(ToString::to_string).collect();
        Some(format!("the schema may change {} only", said.join(" or ")))
    }

    /// The peak hours that a moment is in, in words.
    pub fn peak_at(&self, at: Timestamp) -> Option<String> {
        self.peak.iter().find(|hours| hours.cover(at)).map(|hours| format!("peak hours are {hours}"))
    }

    /// What is missing before a step of this severity may run: a sentence. `operator` runs it, and cannot approve it.
    pub fn lacks_approval(&self, severity: Severity, approved_by: &[String], operator: &str) -> Option<String> {
        // The strictest of those that apply.
        let applies = self.approvals.iter().filter(|approval| severity >= approval.severity);
        applies.max_by_key(|approval| approval.severity).and_then(|approval| {
            let counts =
                |name: &&String| name.as_str() != operator && (approval.by.is_empty() || approval.by.contains(name));
            let mut names: Vec<&String> = approved_by.iter().filter(counts).collect();
            names.sort();
            names.dedup();
            (names.len() < approval.count).then(|| {
                let who = if approval.by.is_empty() {
                    "somebody other than the one who runs it".to_owned()
                } else {
                    approval.by.join(" or ")
                };
                format!("a step of {severity} severity needs {} approval by {who}", approval.count)
            })
        })
    }
}
