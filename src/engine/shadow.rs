//! A throw-away copy of a database's schema, on which statements are run and watched.

use super::{Dialect, Row};
use crate::Result;
use crate::plan::{Backfill, Check, Lock};
use crate::risk::Pace;
use crate::schema::{QName, Schema};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A shadow database. It goes when this is dropped; [`Shadow::remove`] waits for that and tells when it fails.
#[async_trait]
pub trait Shadow: Send {
    /// Where it is, in words: `a scratch database at db:5432`.
    fn place(&self) -> &str;

    /// What is not as in the original, one sentence each.
    fn notes(&self) -> &[String];

    /// The dialect as the shadow's server has it.
    fn dialect(&self) -> Arc<dyn Dialect>;

    /// The schema as it is on the shadow now.
    async fn inspect(&mut self) -> Result<Schema>;

    /// Runs what a step runs, and tells what it did. When it fails, nothing of a transactional one stays.
    ///
    /// # Errors
    /// What the server says; `Unsupported` for what would reach beyond the shadow.
    async fn attempt(&mut self, trial: &Trial<'_>) -> Result<Observed>;

    /// Puts rows into a table as they are: no trigger fires, and what they refer to need not be there. Those whose key
    /// is there already are left out. Tells how many were put in.
    ///
    /// # Errors
    /// `Permission` where the role may not do that.
    async fn receive(&mut self, table: &QName, columns: &[String], rows: &[Row]) -> Result<u64>;

    /// How a statement would reach its tables here. Nothing is run.
    ///
    /// # Errors
    /// Why it does not work here.
    async fn reach(&mut self, sql: &str) -> Result<Reach>;

    /// How fast this server reads, builds and rewrites, by a table made for the purpose; `None` when it is not the
    /// original's server, or cannot be told. Leaves nothing behind.
    async fn pace(&mut self) -> Result<Option<Pace>>;

    /// Reads rows of the shadow.
    async fn query(&mut self, sql: &str) -> Result<Vec<Row>>;

    async fn remove(self: Box<Self>) -> Result<()>;
}

/// What a step, or its rollback, runs.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Settings to make before it.
    pub session: &'a [String],
    pub sql: &'a [String],
    pub transactional: bool,
    /// Walked in batches instead of running `sql`.
    pub backfill: Option<&'a Backfill>,
    /// Must give no row at the end of the transaction.
    pub check: Option<&'a Check>,
    /// The locks that are foreseen: where to watch what runs outside a transaction.
    pub expected: &'a [Lock],
}

/// What was seen of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub statements: Vec<Seen>,
    /// Relations that have another name afterwards.
    pub renamed: BTreeMap<String, String>,
}

/// What was seen of one statement. Relations that the plan itself has made are left out, as are their locks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub sql: String,
    /// Strongest mode per relation, by its name before the step; `None` where locks cannot be seen.
    pub locks: Option<Vec<Lock>>,
    /// Relations written anew; `None` where that cannot be seen.
    pub rewrites: Option<Vec<String>>,
    /// Relations read from end to end; `None` where that cannot be told without rows.
    pub scans: Option<Vec<String>>,
    /// Tables on which an index was built.
    pub index_builds: Vec<String>,
    /// What the server itself said of its work, in its words.
    pub said: Vec<String>,
    pub took: Duration,
}

/// A statement that the application runs, with its constants left out, as the server has counted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub sql: String,
    pub calls: u64,
}

/// What the application runs, as far as the server has counted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// The most called first.
    pub counted: Vec<Counted>,
    /// Why they are not known, where they could be.
    pub note: Option<String>,
}

/// The tables that a statement reads, by how it reaches their rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Every table of the user's that it reads or writes.
    pub about: BTreeSet<String>,
    pub by_index: BTreeSet<String>,
    /// Read from end to end.
    pub whole: BTreeSet<String>,
}
