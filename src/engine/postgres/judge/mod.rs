//! What PostgreSQL does while it runs a statement: locks, rewrites, scans, index builds.
//!
//! The rules are those of the server's sources and of the manual's chapter on explicit locking; where they differ
//! between versions, the version decides.

mod alter;
mod blocks;
mod columns;
mod constraints;
mod objects;
mod partitions;
mod rows;
mod tables;
mod types;
pub(super) mod volatile;
mod work;

pub(super) use work::named;

use super::dialect::PostgresDialect;
use super::reader::cursor::Cursor;
use super::reader::parse::parse;
use super::reader::tree::Tree;
use crate::plan::Severity;
use crate::risk::{Context, Judgement};
use crate::sql::Statement;
use work::Work;

/// Judges one statement. What could not be read, or runs code that is not looked into, is not known.
pub(super) fn judge(server: &PostgresDialect, statement: &Statement, context: &Context<'_>) -> Judgement {
    if !statement.parsed() {
        return Judgement::default();
    }
    let mut work = Work::new(server, &statement.reading, context);
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
    if matches!(class, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE") {
        rows::written(work, cursor.clone());
    }
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
        "DO" => return blocks::judge(work, text),
        "EXPLAIN" | "CALL" | "EXECUTE" | "DROP OWNED" | "REASSIGN OWNED" | "IMPORT FOREIGN SCHEMA" => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::postgres::reader::read;
    use crate::schema::{EngineKind, Schema};
    use std::collections::HashSet;

    const BASE: &str = "create table p (id int primary key);
        create table t (id int primary key, pid int references p, name varchar(20), n int check (n is not null));
        create table m (k int not null, x int) partition by range (k);
        create table m1 partition of m for values from (0) to (10);
        create table d partition of m default;";

    fn schema() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for statement in read(BASE, &schema.clone()).statements {
            for change in &statement.reading.changes {
                schema.apply(change).unwrap();
            }
        }
        schema
    }

    fn judged(version: u32, sql: &str) -> Judgement {
        let schema = schema();
        let script = read(sql, &schema);
        let made = HashSet::new();
        let context = Context { schema: &schema, connected: true, made_here: &made, in_transaction: true };
        judge(&PostgresDialect { version, ..PostgresDialect::newest() }, &script.statements[0], &context)
    }

    fn locks(version: u32, sql: &str) -> Vec<String> {
        let judgement = judged(version, sql);
        judgement.locks.iter().map(|l| format!("{} {}", l.relation.trim_start_matches("public."), l.mode)).collect()
    }

    #[test]
    fn every_table_that_is_locked_is_named() {
        let both = ["p SHARE ROW EXCLUSIVE", "t SHARE ROW EXCLUSIVE"];
        assert_eq!(locks(17, "alter table t add foreign key (id) references p not valid"), both);
        assert_eq!(locks(17, "drop table t"), ["p ACCESS EXCLUSIVE", "t ACCESS EXCLUSIVE", "t_pkey ACCESS EXCLUSIVE"]);
        let parent = ["d ACCESS EXCLUSIVE", "m ACCESS EXCLUSIVE"];
        assert_eq!(locks(17, "create table m2 partition of m for values from (10) to (20)"), parent);
        let all = ["d ACCESS EXCLUSIVE", "m ACCESS EXCLUSIVE", "m1 ACCESS EXCLUSIVE"];
        assert_eq!(locks(17, "alter table m add column y int"), all);
        assert_eq!(locks(17, "alter table only m set (fillfactor = 70)"), ["m SHARE UPDATE EXCLUSIVE"]);
        assert_eq!(locks(17, "create index concurrently on t (n)"), ["t SHARE UPDATE EXCLUSIVE"]);
    }

    #[test]
    fn versions_differ_where_the_server_does() {
        let sql = "alter table m detach partition m1";
        assert_eq!(locks(13, sql)[2], "m1 SHARE UPDATE EXCLUSIVE");
        assert_eq!(locks(14, sql)[2], "m1 ACCESS EXCLUSIVE");
        assert!(locks(17, "grant select on t to x").is_empty());
        assert_eq!(locks(18, "grant select on t to x"), ["t ACCESS SHARE"]);
    }

    #[test]
    fn rows_are_rewritten_or_read_only_where_they_must_be() {
        assert!(judged(17, "alter table t alter name type varchar(40)").rewrites.is_empty());
        assert_eq!(judged(17, "alter table t alter n type bigint").rewrites, ["public.t"]);
        assert!(judged(17, "alter table t add x timestamptz default now()").rewrites.is_empty());
        assert_eq!(judged(17, "alter table t add x uuid default gen_random_uuid()").rewrites, ["public.t"]);
        assert!(judged(17, "alter table t alter n set not null").scans.is_empty());
        assert_eq!(judged(17, "alter table t alter name set not null").scans, ["public.t"]);
        assert_eq!(judged(17, "alter table m add check (x > 0)").scans, ["public.d", "public.m1"]);
    }

    #[test]
    fn queries_of_a_with_clause_write_too() {
        let sql = "with x as (update t set n = 1 where id = 2 returning id) insert into m select id, 1 from x";
        let tables: Vec<String> = locks(17, sql).into_iter().filter(|l| !l.contains("_pkey")).collect();
        assert!(tables.contains(&"t ROW EXCLUSIVE".to_owned()), "{tables:?}");
        assert!(tables.contains(&"m ROW EXCLUSIVE".to_owned()), "{tables:?}");
        let read = locks(17, "with x as (select 1) select * from t for update");
        assert!(read.contains(&"t ROW SHARE".to_owned()), "{read:?}");
    }

    #[test]
    fn what_goes_with_a_dropped_column_or_key_is_locked() {
        let cascade = locks(17, "alter table p drop constraint p_pkey cascade");
        assert!(cascade.contains(&"t ACCESS EXCLUSIVE".to_owned()), "{cascade:?}");
        let own = "alter table m add check (x > 0) no inherit";
        assert_eq!((locks(17, own).len(), locks(18, own).len()), (1, 3));
        assert!(locks(17, "comment on constraint t_n_check on t is 'x'").is_empty());
    }

    #[test]
    fn a_block_locks_what_its_statements_lock() {
        let sql = "do $$ begin if not found then alter table t add x int; create index on t (x); end if; end $$";
        assert_eq!(locks(17, sql), ["t ACCESS EXCLUSIVE"]);
        let assumed = judged(17, sql).assumed;
        assert_eq!(assumed.len(), 2, "{assumed:?}");
    }

    #[test]
    fn what_is_not_read_is_not_judged() {
        assert!(!judged(17, "do $$ begin execute 'drop table t'; end $$").known);
        assert!(!judged(17, "alter table t frob").known);
    }
}
