//! What PostgreSQL does while it runs a statement: locks, rewrites, scans, index builds.
//!
//! The rules are those of the server's sources and of the manual's chapter on explicit locking; where they differ
//! between versions, the version decides.

mod alter;
mod columns;
mod constraints;
mod objects;
mod partitions;
mod rows;
mod tables;
mod types;
mod volatile;
mod work;

use super::reader::cursor::Cursor;
use super::reader::parse::parse;
use super::reader::tree::Tree;
use crate::plan::Severity;
use crate::risk::{Context, Judgement};
use crate::sql::Statement;
use work::Work;

/// Judges one statement. What could not be read, or runs code that is not looked into, is not known.
pub(super) fn judge(version: u32, statement: &Statement, context: &Context<'_>) -> Judgement {
    if !statement.parsed() {
        return Judgement::default();
    }
    let mut work = Work::new(version, &statement.reading, context);
    let text = statement.text.as_str();
    match parse(text) {
        Some(Tree::CreateTable(tree)) => tables::create_table(&mut work, &tree),
        Some(Tree::Alter(tree)) => alter::alter(&mut work, &tree),
        Some(Tree::CreateIndex(tree)) => tables::create_index(&mut work, &tree),
        Some(Tree::Drop(tree)) => tables::drop_objects(&mut work, &tree),
        None if !judge_other(&mut work, text, &statement.class) => return Judgement::default(),
        None => {}
    }
    transaction_risks(&mut work, statement);
    work.done()
}

/// False for statements whose effect is not known from their text.
fn judge_other(work: &mut Work<'_>, text: &str, class: &str) -> bool {
    let cursor = Cursor::new(text);
    match class {
        "SELECT" => rows::select(work, &cursor),
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" => rows::write(work, cursor, class),
        "TRUNCATE" => rows::truncate(work, &cursor),
        "COPY" => rows::copy(work, cursor),
        "LOCK" => rows::lock_table(work, &cursor),
        "REFRESH MATERIALIZED VIEW" => rows::refresh(work, &cursor),
        "VACUUM" | "ANALYZE" | "CLUSTER" => rows::maintain(work, &cursor, class),
        "REINDEX" => rows::reindex(work, cursor),
        "EXPLAIN" if !cursor.has("analyze") && !cursor.has("analyse") => rows::select(work, &cursor),
        "EXPLAIN" | "DO" | "CALL" | "EXECUTE" | "DROP OWNED" | "REASSIGN OWNED" | "IMPORT FOREIGN SCHEMA" => {
            return false;
        }
        "ALTER TABLE" | "CREATE TABLE" | "CREATE INDEX" | "DROP TABLE" => return false,
        _ => objects::judge(work, text, class),
    }
    true
}

/// What only goes wrong inside a transaction.
fn transaction_risks(work: &mut Work<'_>, statement: &Statement) {
    if !work.context.in_transaction {
        return;
    }
    if statement.class == "ALTER TYPE" && Cursor::new(&statement.text).has("add value") {
        work.risk(
            "enum-value-in-transaction",
            Severity::Low,
            "a new enum value cannot be used before the transaction that adds it is committed".to_owned(),
            "add the value in a step of its own, before the statements that use it",
        );
    }
}
