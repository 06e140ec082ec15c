//! The rules at work on PostgreSQL's statements: each fires where it should, and is silent next to it.

use crate::engine::postgres::PostgresDialect;
use crate::plan::Severity;
use crate::risk::rules::{self, Group};
use crate::risk::{Conditions, Finding, Settings, Transactions, lint_by};
use crate::schema::{EngineKind, Namespace, Schema, TableStats};
use crate::sql::Syntax as _;

const BASE: &str = "
    create table p (id bigint primary key, code text, unique (code));
    create table big (id bigint primary key, pid bigint references p, name varchar(20) not null, note text,
        amount numeric(10,2), made timestamptz default now(), state text default 'new', n int check (n > 0));
    create index big_name_idx on big (name);
    create table small (id int primary key, name text);
    create table empty (id int primary key, name text);
    create table m (k int not null, x int) partition by range (k);
    create table m1 partition of m for values from (0) to (10);
    create table md partition of m default;
    create table loose (k int not null, x int);
    create sequence seq;
    create type mood as enum ('glad', 'sad');
    create materialized view mv as select id, name from big;
    create view v as select id from big;
    create domain positive as int check (value > 0);";

fn dialect(version: u32) -> PostgresDialect {
    PostgresDialect { version, ..PostgresDialect::newest() }
}

/// A database in which `big`, `p` and the partitions are large.
fn database() -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.server_version = "17.2".into();
    schema.namespaces.insert("public".into(), Namespace::default());
    for statement in dialect(17).read(BASE, &schema.clone()).statements {
        for change in &statement.reading.changes {
            schema.apply(change).unwrap();
        }
    }
    let names: Vec<_> = schema.tables.keys().cloned().collect();
    for name in names {
        let (rows, bytes) = match name.name.as_str() {
            "small" => (50, 8_192),
            "empty" => (0, 0),
            _ => (5_000_000, 2 << 30),
        };
        let table = schema.tables.get_mut(&name).unwrap();
        table.stats = TableStats { rows: Some(rows), bytes: Some(bytes), index_bytes: Some(bytes / 4), ..table.stats };
    }
    schema
}

fn judged(version: u32, sql: &str, transactions: Transactions, settings: &Settings) -> Vec<Finding> {
    let (schema, dialect) = (database(), dialect(version));
    let script = dialect.read(sql, &schema);
    lint_by(&script, &schema, &dialect, &Conditions { connected: true, transactions, settings })
}

fn rules_of(version: u32, sql: &str) -> Vec<(String, Severity)> {
    let mut settings = Settings::default();
    settings.groups.insert(Group::Design);
    settings.groups.insert(Group::Data);
    let found = judged(version, sql, Transactions::ByText, &settings);
    assert!(found.iter().all(|f| f.parsed), "{sql} does not read: {found:?}");
    found.into_iter().flat_map(|f| f.risks).map(|r| (r.rule, r.severity)).collect()
}

/// Rule, a statement that meets it, and one next to it that does not.
const CASES: &[(&str, &str, &str)] = &[
    ("index-not-concurrent", "create index i on big (note)", "create index concurrently i on big (note)"),
    ("index-not-concurrent", "create unique index i on big (note)", "create index i on m (x)"),
    ("drop-index-not-concurrent", "drop index big_name_idx", "drop index concurrently big_name_idx"),
    ("drop-index", "drop index concurrently big_name_idx", "drop index concurrently if exists gone_idx"),
    ("reindex-not-concurrent", "reindex table big", "reindex table concurrently big"),
    ("index-on-partitioned-table", "create index i on m (x)", "create index i on only m (x)"),
    (
        "concurrent-build-on-partitioned",
        "create index concurrently i on m (x)",
        "create index concurrently i on m1 (x)",
    ),
    (
        "invalid-index-hidden",
        "create index concurrently if not exists i on big (n)",
        "create index concurrently i on big (n)",
    ),
    (
        "exclusion-constraint-builds-index",
        "alter table big add exclude using gist (id with =)",
        "alter table empty add exclude using gist (id with =)",
    ),
    ("unique-constraint-builds-index", "alter table big add unique (note)", "alter table empty add unique (name)"),
    ("primary-key-builds-index", "alter table loose add primary key (k)", "alter table big add unique (note)"),
    ("set-not-null-scan", "alter table big alter note set not null", "alter table big alter name set not null"),
    ("set-not-null-scan", "alter table big alter note set not null", "alter table empty alter name set not null"),
    (
        "constraint-not-valid-missing",
        "alter table big add check (n < 9)",
        "alter table big add check (n < 9) not valid",
    ),
    (
        "constraint-not-valid-missing",
        "alter table big add foreign key (id) references p",
        "alter table big add column q bigint references p",
    ),
    (
        "volatile-default-rewrite",
        "alter table big add u uuid default gen_random_uuid()",
        "alter table big add u timestamptz default now()",
    ),
    ("volatile-default-rewrite", "alter table big add s bigserial", "alter table big add s bigint default 7"),
    ("volatile-default-rewrite", "alter table big add d positive", "alter table big add d int"),
    (
        "volatile-default-rewrite",
        "alter table big add g int generated always as (n + 1) stored",
        "alter table empty add s bigserial",
    ),
    ("type-change-rewrite", "alter table big alter n type bigint", "alter table big alter name type varchar(40)"),
    ("type-change-rewrite", "alter table big alter n type bigint", "alter table big alter name type text"),
    (
        "type-change-rechecks",
        "alter table big alter name type text collate \"C\"",
        "alter table big alter name type varchar(40)",
    ),
    ("type-narrowing", "alter table big alter name type varchar(10)", "alter table big alter name type varchar(30)"),
    ("type-change-breaks-code", "alter table big alter n type bigint", "alter table big alter name type varchar(40)"),
    ("set-logged-rewrite", "alter table big set unlogged", "alter table big set logged"),
    ("set-tablespace-copy", "alter table big set tablespace fast", "alter table empty set tablespace fast"),
    ("access-method-rewrite", "alter table big set access method other", "alter table empty set access method other"),
    ("rewrite-needs-space", "alter table big alter n type bigint", "alter table small alter id type bigint"),
    ("vacuum-full-or-cluster", "vacuum full big", "vacuum big"),
    ("maintenance-of-whole-database", "vacuum full", "vacuum (analyze) big"),
    ("refresh-not-concurrent", "refresh materialized view mv", "refresh materialized view concurrently mv"),
    (
        "refresh-concurrently-needs-unique-index",
        "refresh materialized view concurrently mv",
        "create unique index mvi on mv (id); refresh materialized view concurrently mv",
    ),
    (
        "attach-partition-scan",
        "alter table m attach partition loose for values from (20) to (30)",
        "create table made (k int not null, x int); alter table m attach partition made for values from (20) to (30)",
    ),
    (
        "default-partition-scan",
        "create table m2 partition of m for values from (20) to (30)",
        "create table q (a int) partition by list (a); create table q1 partition of q for values in (1)",
    ),
    (
        "partition-ddl-locks-parent",
        "create table m2 partition of m for values from (20) to (30)",
        "create table other (k int)",
    ),
    ("partition-ddl-locks-parent", "drop table m1", "drop table loose"),
    (
        "detach-partition-not-concurrent",
        "alter table m detach partition m1",
        "alter table m detach partition m1 concurrently",
    ),
    ("trigger-ddl-locks-table", "alter table big disable trigger all", "alter table empty disable trigger all"),
    ("trigger-disabled", "alter table big disable trigger all", "alter table big enable trigger all"),
    (
        "domain-constraint-scan",
        "alter table big add d positive; alter domain positive add check (value < 9)",
        "alter domain positive add check (value < 9) not valid",
    ),
    ("explicit-lock", "lock table big in exclusive mode", "select 1"),
    (
        "autovacuum-disabled",
        "alter table big set (autovacuum_enabled = false)",
        "alter table big set (fillfactor = 70)",
    ),
    ("replica-identity-full", "alter table big replica identity full", "alter table big replica identity default"),
    (
        "storage-only-for-new-rows",
        "alter table big alter note set storage external",
        "alter table big alter note set statistics 5",
    ),
    (
        "validation-reads-table",
        "alter table big add constraint c check (n < 9) not valid; alter table big validate constraint c",
        "alter table big add constraint c check (n < 9) not valid",
    ),
    ("drop-table", "drop table big", "create table x (a int); drop table x"),
    ("drop-column", "alter table big drop note", "create table x (a int, b int); alter table x drop b"),
    ("drop-database", "drop database shop", "drop schema if exists gone"),
    ("drop-cascade", "drop table p cascade", "drop table p"),
    (
        "drop-constraint",
        "alter table big drop constraint big_n_check",
        "alter table big drop constraint if exists none",
    ),
    ("drop-primary-key", "alter table big drop constraint big_pkey", "alter table big drop constraint big_n_check"),
    ("drop-index-of-constraint", "drop index p_code_key", "drop index big_name_idx"),
    ("drop-default", "alter table big alter state drop default", "alter table big alter note drop default"),
    (
        "default-changed",
        "alter table big alter state set default 'old'",
        "alter table big alter state set default 'new'",
    ),
    ("rename-table", "alter table big rename to huge", "create table x (a int); alter table x rename to y"),
    ("rename-column", "alter table big rename note to notes", "alter table big rename constraint big_n_check to c"),
    ("rename-other", "alter view v rename to w", "alter index big_name_idx rename to i"),
    ("rename-other", "alter schema public rename to old", "alter schema public owner to ana"),
    ("set-schema", "create schema app; alter table big set schema app", "create schema app"),
    ("rename-enum-value", "alter type mood rename value 'sad' to 'blue'", "alter type mood add value 'calm'"),
    (
        "enum-value-cannot-be-removed",
        "alter type mood add value 'calm'",
        "alter type mood rename value 'sad' to 'blue'",
    ),
    ("drop-not-null", "alter table big alter name drop not null", "alter table big alter name set not null"),
    ("view-replaced", "create or replace view v as select id, name from big", "create view w as select id from big"),
    (
        "composite-type-changed",
        "create type pair as (a int); alter type pair add attribute b int",
        "create type pair as (a int)",
    ),
    (
        "identity-changed",
        "alter table big alter id add generated by default as identity",
        "alter table big alter id set statistics 5",
    ),
    ("sequence-changed", "alter sequence seq restart with 5", "create sequence s; alter sequence s restart with 5"),
    ("inheritance-changed", "alter table loose no inherit small", "alter table loose add z int"),
    (
        "new-write-restriction",
        "alter table big add check (n < 9) not valid",
        "alter table big add column q int check (q > 0)",
    ),
    ("setting-of-server-or-role", "alter system set work_mem = '1GB'", "set work_mem = '1GB'"),
    (
        "required-column-without-default",
        "alter table big add column r int not null",
        "alter table empty add column r int not null",
    ),
    (
        "required-column-without-default",
        "alter table big add column r int not null",
        "alter table big add column r int not null default 0",
    ),
    (
        "fk-without-index",
        "alter table big add foreign key (n) references p not valid",
        "alter table big add foreign key (id) references p not valid",
    ),
    ("owner-changed", "alter table big owner to ana", "create table x (a int); alter table x owner to ana"),
    (
        "drop-default",
        "alter table big alter state drop default",
        "alter table big add k int default 1; alter table big alter k drop default",
    ),
    (
        "drop-primary-key",
        "alter table big drop constraint big_pkey",
        "alter table big drop constraint big_pkey, add constraint k primary key (id, pid)",
    ),
    (
        "drop-constraint",
        "alter table big drop constraint big_n_check",
        "alter table big drop constraint big_n_check, add constraint big_n_check check (n > 1) not valid",
    ),
    ("drop-column", "alter table big drop note", "alter table big add k int; alter table big drop k"),
    ("truncate", "truncate big", "truncate empty"),
    ("truncate-cascade", "truncate p cascade", "truncate small cascade"),
    ("update-without-where", "update big set n = 1", "update big set n = 1 where id < 5"),
    ("update-without-where", "update big set n = 1 where true", "update small set name = '' where name is null"),
    ("delete-without-where", "delete from big where 1 = 1", "delete from big where id = 1"),
    ("hidden-code", "do $$ begin alter table big add x int; end $$", "do $$ begin execute 'drop table big'; end $$"),
    ("copy-from-program", "copy big from program 'cat x'", "copy big from stdin"),
    ("null-comparison", "delete from big where note = null", "update big set note = null where id = 1"),
    ("insert-without-columns", "insert into small values (1, 'a')", "insert into small (id, name) values (1, 'a')"),
    ("grant-to-public", "grant select on big to public", "grant select on big to ana"),
    ("grant-all", "grant all on big to ana", "grant select on big to ana"),
    ("revoke", "revoke select on big from ana", "revoke all on big from public"),
    (
        "row-security-without-policy",
        "alter table big enable row level security",
        "alter table big enable row level security; create policy o on big using (id = 1)",
    ),
    (
        "row-security-enabled",
        "alter table big enable row level security; create policy o on big using (id = 1)",
        "create policy o on big using (id = 1)",
    ),
    (
        "row-security-disabled",
        "alter table big enable row level security; alter table big disable row level security",
        "alter table big disable row level security",
    ),
    ("policy-changed", "drop policy if exists o on big", "create policy o on big using (id = 1)"),
    ("policy-allows-all", "create policy o on big using (true)", "create policy o on big to ana using (true)"),
    (
        "security-definer-search-path",
        "create function f() returns int language sql security definer as 'select 1'",
        "create function f() returns int language sql security definer set search_path = pg_catalog as 'select 1'",
    ),
    ("role-with-power", "create role r superuser", "create role r nosuperuser login"),
    ("password-in-text", "create role r password 'x'", "create role r login"),
    ("set-role", "set role ana", "set local role ana"),
    (
        "untrusted-language",
        "create function f() returns int language plpython3u as 'return 1'",
        "create function f() returns int language sql as 'select 1'",
    ),
    ("length-limit", "create table x (a varchar(3))", "create table x (a text)"),
    ("padded-text", "create table x (a char(3))", "create table x (a text)"),
    ("time-without-zone", "create table x (a timestamp)", "create table x (a timestamptz)"),
    ("money-type", "create table x (total_price float8)", "create table x (price numeric)"),
    ("key-may-run-out", "create table x (id int primary key)", "create table x (id bigint primary key, n int)"),
    (
        "serial-type",
        "create table x (id bigserial primary key)",
        "create table x (id bigint generated always as identity)",
    ),
    ("json-type", "create table x (a json)", "create table x (a jsonb)"),
    ("enum-type", "create type e as enum ('a')", "create domain e as text"),
    ("primary-key-missing", "create table x (a int)", "create table x (a int); alter table x add primary key (a)"),
    (
        "on-delete-not-said",
        "create table x (a bigint references p)",
        "create table x (a bigint references p on delete restrict)",
    ),
    (
        "on-delete-cascade",
        "create table x (a bigint references p on delete cascade)",
        "create table x (a bigint references p)",
    ),
    (
        "wide-index",
        "create index concurrently i on big (id, pid, name, note)",
        "create index concurrently i on big (id, pid, name)",
    ),
    ("duplicate-index", "create index concurrently i on big (id)", "create index concurrently i on big (n)"),
    (
        "duplicate-index",
        "create index concurrently i on big (name)",
        "create unique index concurrently i on big (name)",
    ),
    ("constraint-not-named", "create index concurrently on big (n)", "create index concurrently i on big (n)"),
    (
        "identifier-too-long",
        "create table a23456789_123456789_123456789_123456789_123456789_123456789_1234 (a int)",
        "create table a (a int)",
    ),
    ("name-needs-quotes", "create table \"Order\" (a int)", "create table orders (a int)"),
    (
        "partition-key-not-in-key",
        "create table q (a int primary key, b int) partition by range (b)",
        "create table q (a int, b int, primary key (a, b)) partition by range (b)",
    ),
    ("volatile-check", "create table x (a date check (a < now()))", "create table x (a int check (a > 0))"),
    ("schema-not-named", "create table x (a int)", "create table public.x (a int)"),
    ("extension-not-pinned", "create extension hstore", "create extension hstore version '1.8'"),
    ("comment-missing", "create table x (a int)", "create table x (a int); comment on table x is 'for y'"),
    ("not-repeatable", "create table x (a int)", "create table if not exists x (a int)"),
    ("select-star", "create view w as select * from big", "create view w as select id from big"),
    ("unlogged-table", "create unlogged table x (a int)", "create table x (a int)"),
    ("not-in-transaction", "vacuum big", "analyze big"),
    (
        "unread-statement",
        "do $$ begin execute 'drop table big'; end $$",
        "do $$ begin alter table big add x int; end $$",
    ),
];

#[test]
fn each_rule_fires_where_it_should_and_not_next_to_it() {
    let mut wrong = Vec::new();
    for (rule, meets, passes) in CASES {
        assert!(rules::explain(rule).is_some(), "{rule} is not in the table");
        for (sql, wanted) in [(meets, true), (passes, false)] {
            let found = rules_of(17, sql);
            if found.iter().any(|(id, _)| id == rule) != wanted {
                wrong.push(format!("{sql}: {rule} {} expected; found {found:?}", if wanted { "is" } else { "is not" }));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn version_decides_where_the_server_does() {
    assert!(rules_of(17, "alter table big add g int generated always as (n) stored; alter table big alter g set expression as (n + 2)")
        .iter()
        .any(|(id, _)| id == "generated-expression-rewrite"));
    let detach = "alter table m detach partition m1";
    assert!(!rules_of(13, detach).iter().any(|(id, _)| id == "detach-partition-not-concurrent"));
}

#[test]
fn new_and_empty_tables_raise_no_alarm() {
    let made = "create table x (a int primary key, b text not null, c bigint references p);
        create index i on x (b); alter table x add check (a > 0); alter table x alter a type bigint;
        alter table x alter b set not null; alter table x add d uuid default gen_random_uuid(); alter table x add unique (b)";
    let on_empty = "create index i on empty (name); alter table empty add check (id > 0);
        alter table empty alter id type bigint; alter table empty alter name set not null";
    for sql in [made, on_empty] {
        let found = judged(17, sql, Transactions::ByText, &Settings::default());
        let grave: Vec<_> = found.iter().flat_map(|f| &f.risks).filter(|r| r.severity > Severity::Low).collect();
        assert!(grave.is_empty(), "{grave:?}");
    }
}

#[test]
fn design_is_looked_at_when_asked_for_only() {
    let found = judged(17, "create table x (id serial, a varchar(3))", Transactions::ByText, &Settings::default());
    let design = |id: &str| rules::explain(id).is_some_and(|rule| !rule.usual);
    assert!(found.iter().flat_map(|f| &f.risks).all(|risk| !design(&risk.rule)), "{found:?}");
}

fn flow(sql: &str, transactions: Transactions) -> Vec<Vec<String>> {
    let found = judged(17, sql, transactions, &Settings::default());
    found.into_iter().map(|f| f.risks.into_iter().map(|r| r.rule).collect()).collect()
}

fn has(found: &[Vec<String>], at: usize, rule: &str) -> bool {
    assert!(rules::explain(rule).is_some(), "{rule} is not in the table");
    found[at].iter().any(|id| id == rule)
}

#[test]
fn locks_are_held_until_the_transaction_ends() {
    let text = "begin; alter table big add x int; update big set x = 1 where id > 5; commit; update big set x = 2 where id > 5";
    let found = flow(text, Transactions::ByText);
    assert!(has(&found, 1, "backfill-while-locked") && has(&found, 1, "schema-and-rows-mixed"), "{found:?}");
    assert!(!has(&found, 2, "backfill-while-locked"));
    let apart = flow("alter table big add x int; update big set x = 1 where id > 5", Transactions::ByText);
    assert!(!has(&apart, 1, "backfill-while-locked"));
    let whole = flow("alter table big add x int; update big set x = 1 where id > 5", Transactions::Whole);
    assert!(has(&whole, 1, "backfill-while-locked"));
    let works = flow("alter table big drop note; create index i on big (n)", Transactions::Whole);
    assert!(has(&works, 1, "statement-while-locked"));
    let several =
        flow("alter table big add x int; alter table p add x int; alter table empty add x int", Transactions::Whole);
    assert!(has(&several, 1, "several-tables-locked") && !has(&several, 2, "several-tables-locked"));
}

#[test]
fn validating_at_once_wins_nothing() {
    let text = "alter table big add constraint c check (n < 9) not valid; alter table big validate constraint c";
    assert!(has(&flow(text, Transactions::Whole), 1, "validate-in-same-transaction"));
    assert!(!has(&flow(text, Transactions::ByText), 1, "validate-in-same-transaction"));
}

#[test]
fn an_enum_value_is_used_after_its_transaction_only() {
    let text = "alter type mood add value 'calm'; insert into small values (1, 'calm')";
    assert!(has(&flow(text, Transactions::Whole), 1, "enum-value-used-too-soon"));
    assert!(!has(&flow(text, Transactions::ByText), 1, "enum-value-used-too-soon"));
    let new = "create type hue as enum ('red'); alter type hue add value 'calm'; insert into small values (1, 'calm')";
    assert!(!has(&flow(new, Transactions::Whole), 2, "enum-value-used-too-soon"));
}

#[test]
fn transactions_have_one_beginning_and_one_end() {
    let found = flow("begin; alter table big add x int", Transactions::ByText);
    assert!(has(&found, 0, "transaction-not-ended"));
    let found = flow("begin; select 1; begin; alter table big add x int; commit", Transactions::ByText);
    assert!(has(&found, 0, "transaction-nested") && !has(&found, 1, "transaction-not-ended"));
    let found = flow("select 1; commit; alter table big add x int", Transactions::Whole);
    assert!(has(&found, 0, "transaction-ends-early"));
    let found = flow("begin; savepoint a; alter table big add x int; rollback to a; commit", Transactions::ByText);
    assert!(found.iter().flatten().all(|id| !id.starts_with("transaction-")));
}

#[test]
fn a_lock_timeout_is_asked_for_once_and_only_where_somebody_waits() {
    let found = flow("alter table big add x int; alter table big add y int", Transactions::ByText);
    assert!(has(&found, 0, "lock-timeout-missing") && !has(&found, 1, "lock-timeout-missing"));
    assert!(has(&found, 1, "alter-table-again"));
    for guarded in [
        "set lock_timeout = '2s'; alter table big add x int",
        "begin; set local lock_timeout to 2000; alter table big add x int; commit",
        "select set_config('lock_timeout', '2s', false); alter table big add x int",
        "alter table empty add x int",
        "create index concurrently i on big (n)",
        "insert into small values (1, 'a')",
    ] {
        let found = flow(guarded, Transactions::ByText);
        assert!(!found.iter().flatten().any(|id| id.starts_with("lock-timeout")), "{guarded}: {found:?}");
    }
    let off = flow("set lock_timeout = 0; alter table big add x int", Transactions::ByText);
    assert!(has(&off, 0, "lock-timeout-too-long") && !has(&off, 1, "lock-timeout-missing"));
    let long = flow("set lock_timeout = '10min'; alter table big add x int", Transactions::ByText);
    assert!(has(&long, 0, "lock-timeout-too-long"));
}

#[test]
fn an_index_is_built_after_what_rewrites_the_table() {
    let found =
        flow("create index concurrently i on big (n); alter table big alter n type bigint", Transactions::ByText);
    assert!(has(&found, 1, "rewritten-after-index"));
    let found =
        flow("alter table big alter n type bigint; create index concurrently i on big (n)", Transactions::ByText);
    assert!(!found.iter().flatten().any(|id| id == "rewritten-after-index"));
}

#[test]
fn a_busy_table_is_worse_than_a_large_one() {
    let mut schema = database();
    let name = crate::schema::QName::new("public", "small");
    let mut judged = |reads: u64, sql: &str| {
        schema.tables.get_mut(&name).unwrap().stats.reads_per_s = Some(reads);
        let script = dialect(17).read(sql, &schema);
        let settings = Settings::default();
        let conditions = Conditions { connected: true, transactions: Transactions::ByText, settings: &settings };
        let found = lint_by(&script, &schema, &dialect(17), &conditions);
        found.into_iter().flat_map(|f| f.risks).map(|r| r.severity).max()
    };
    assert_eq!(judged(9_000, "alter table small add x int"), Some(Severity::High));
    assert_eq!(judged(9_000, "alter table small alter id type bigint"), Some(Severity::Critical));
    assert_eq!(judged(150, "alter table small add x int"), Some(Severity::Medium));
    assert!(judged(3, "alter table small add x int") < Some(Severity::Medium));
    assert!(judged(9_000, "create index concurrently i on small (name)") < Some(Severity::Medium));
}
