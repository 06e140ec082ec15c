//! Comments in SQL that say which findings somebody has looked at and accepts.
//!
//! ```sql
//! -- lockstep: allow drop-column reason="nothing has read it since 2025" until=2027-01-31
//! ALTER TABLE orders DROP COLUMN legacy_code;
//! -- lockstep: allow-file index-not-concurrent, lock-blocks-writes reason="runs before the first customer"
//! ```
//!
//! `allow` is for the statement that follows, or the one that it stands in or behind; `allow-file` is for the file. A
//! reason is required, the day in `until` is the last. What other linters' comments accept counts too, without a
//! reason, for the rules that look for the same ([`peers`]).

mod apply;
mod comment;
pub mod peers;

pub use apply::{Extent, Problem, Verdict, judge};
pub use comment::read;

use jiff::civil::Date;

/// A comment that accepts findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose comment it is: `lockstep`, `squawk`.
    pub by: &'static str,
    pub scope: Scope,
    pub rules: Accepted,
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Whether nothing but blanks stands before it in its line.
    pub alone: bool,
    /// What is wrong with it, as a sentence; it does not count then.
    pub wrong: Option<String>,
}

/// Which rules' findings are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    All,
    /// By their ids.
    Rules(Vec<String>),
}

impl Accepted {
    fn has(&self, rule: &str) -> bool {
        match self {
            Self::All => true,
            Self::Rules(rules) => rules.iter().any(|accepted| accepted == rule),
        }
    }
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Statement,
    File,
}
