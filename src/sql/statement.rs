//! A script taken apart.

use crate::schema::{Change, QName, Schema};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A script's statements in order, and what in it was not a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    pub statements: Vec<Statement>,
    /// Named and left out: the client's own commands, transaction control.
    pub skipped: Vec<Skipped>,
    /// The schema that it was read on, with all changes that fit; none where the reader does not follow it.
    pub after: Option<Box<Schema>>,
}

/// A piece of a script that is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub span: Range<usize>,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    pub text: String,
    /// Why: `psql's \set is a command of the client`.
    pub why: String,
}

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Bytes of the script, without leading blanks and comments, without the closing semicolon.
    pub span: Range<usize>,
    /// 1-based line of the first byte.
    pub line: usize,
    /// 1-based column of the first byte, in characters.
    pub column: usize,
    /// Exactly as written.
    pub text: String,
    /// The kind in words: `CREATE INDEX`, `ALTER TABLE`; `unknown` when it could not be read.
    pub class: String,
    pub problems: Vec<SyntaxProblem>,
    pub reading: Reading,
}

impl Statement {
    /// Whether the parser understood it.
    pub fn parsed(&self) -> bool {
        self.problems.is_empty() && self.class != "unknown"
    }
}

/// That a statement changes rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowWrite {
    pub table: QName,
    /// The columns that an UPDATE sets; empty for whole rows.
    pub columns: Vec<String>,
}

/// Where a statement does not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxProblem {
    pub message: String,
    /// 1-based, in the script.
    pub line: usize,
    /// 1-based, in characters, in the script.
    pub column: usize,
}

/// What a statement was understood to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What it does to the schema, in order.
    pub changes: Vec<Change>,
    /// Whether `changes` is all that it does. False for what has no model, DO blocks, and data changes.
    pub complete: bool,
    /// It reads or changes rows (SELECT, INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY).
    pub data: bool,
    /// It changes rows and nothing else: INSERT, UPDATE, DELETE, MERGE, TRUNCATE, COPY … FROM.
    pub rows_only: bool,
    /// What it does is in code that its text does not show: DO, CALL, a function.
    pub hidden: bool,
    /// The tables whose rows it changes, as far as its text tells.
    pub writes: Vec<RowWrite>,
    /// It cannot run inside a transaction (CREATE INDEX CONCURRENTLY, VACUUM …).
    pub outside_transaction: bool,
    /// It sets something for the session (`SET search_path …`), so later statements depend on it.
    pub session_setting: bool,
    /// Changes nothing: SELECT, SHOW, EXPLAIN without ANALYZE.
    pub read_only: bool,
    /// Existing relations that it names.
    pub relations: Vec<QName>,
    /// The names of what it destroys, with what it holds: dropped tables and columns, truncated tables.
    pub destroys: Vec<String>,
}
