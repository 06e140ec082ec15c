//! Migration folders: plans written for frameworks run there and back, and folders are read, judged and compared.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use crate::sqlite_file::SqliteFile;
use lockstep::engine::{Database, Session, SessionRole, Value as Cell};
use lockstep::migrations::{File, Layout, Part, Running, in_place, read_as};
use lockstep::schema::Schema;
use serde_json::Value;
use std::path::Path;

const BEFORE: &str = "
create table customers (id integer primary key, email text not null unique);
create table sales (id integer primary key, customer_id integer references customers (id), amount integer not null);
insert into customers values (1, 'a@mail.example'), (2, 'b@mail.example');
insert into sales values (1, 1, 10), (2, 1, 20), (3, 2, 30);
";

const AFTER: &str = "
create type mood as enum ('good', 'bad');
create table customers (id integer primary key, email text not null unique, mood mood);
create table sales (
    id integer primary key, customer_id integer references customers (id), amount bigint not null check (amount > 0),
    region text not null default 'EU');
create index sales_region_idx on sales (region);
create table refunds (id bigint primary key, sale_id integer not null references sales (id));
create function refund(sale integer) returns integer language plpgsql as $$
begin -- a comment; with a semicolon
    insert into refunds values (1, sale);
    return 1;
end $$;
create view regions as select region, count(*) as sales from sales group by region;
";

/// The frameworks whose files are SQL both ways.
const IN_SQL: [Layout; 8] = [
    Layout::Sqlx,
    Layout::GolangMigrate,
    Layout::Dbmate,
    Layout::Goose,
    Layout::Flyway,
    Layout::Liquibase,
    Layout::Diesel,
    Layout::Prisma,
];

fn files(root: &Path, below: &str) -> Vec<File> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root.join(below)).unwrap() {
        let name = format!("{below}{}", entry.unwrap().file_name().to_str().unwrap());
        if root.join(&name).is_dir() {
            out.extend(files(root, &format!("{name}/")));
        } else {
            out.push(File::new(&name, std::fs::read_to_string(root.join(&name)).unwrap()));
        }
    }
    out
}

/// Runs a part as its framework would.
async fn run(part: &Part, session: &mut dyn Session, database: &dyn Database) {
    let script = database.dialect().read(&in_place([part]), &Schema::empty(database.info().engine));
    let mut statements: Vec<&str> = script.statements.iter().map(|s| s.text.as_str()).collect();
    let together = [part.text.as_str()];
    match part.runs {
        Running::Together if !statements.is_empty() => statements = together.into(),
        Running::Transaction => {
            statements.insert(0, "BEGIN");
            statements.push("COMMIT");
        }
        _ => {}
    }
    for statement in statements {
        session.execute(statement).await.unwrap_or_else(|why| panic!("{}: {why}\n{statement}", part.file));
    }
}

/// Writes the plan for a framework, runs its files there and back, and looks at the schema both times.
async fn there_and_back(layout: Layout, url: &str, database: &dyn Database, folder: &Path) {
    let name = layout.name();
    let before = database.inspect().await.unwrap().fingerprint();
    let written = lockstep(&["plan", url, "--to", "after.sql", "-f", name, "-o", name], folder);
    assert_eq!(written.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&written.stderr));
    let history = read_as(layout, &files(&folder.join(name), "")).unwrap();
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    for migration in &history.migrations {
        run(&migration.up, session.as_mut(), database).await;
    }
    let difference = json(&["diff", url, "after.sql", "-f", "json"], folder, 0);
    assert_eq!(difference["equal"], true, "{name}: {difference:#}");
    for migration in history.migrations.iter().rev() {
        run(migration.down.as_ref().unwrap(), session.as_mut(), database).await;
    }
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before, "{name}");
    let again = lockstep(&["plan", url, "--to", "after.sql", "-f", name, "-o", name, "--version-from", "1"], folder);
    assert_eq!(again.status.code(), Some(2), "{name}: an old version was taken, or a file was overwritten");
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_written_for_each_framework_run_there_and_back_on_postgres() {
    let (scratch, folder) = (Scratch::new(BEFORE).await, tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("after.sql"), AFTER).unwrap();
    let (target, database) = (scratch.target(), scratch.connect().await);
    for layout in IN_SQL {
        there_and_back(layout, target.url.expose(), database.as_ref(), folder.path()).await;
    }
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_written_in_batches_that_any_client_can_run() {
    let rows = "insert into customers select n, n::text from generate_series(3, 2500) as n;
                alter table customers add column region text;";
    let (scratch, folder) = (Scratch::new(&format!("{BEFORE}{rows}")).await, tempfile::tempdir().unwrap());
    let (target, database) = (scratch.target(), scratch.connect().await);
    let request = "make customers.region required, default 'EU'";
    let arguments = ["plan", target.url.expose(), "--ask", request, "-f", "sqlx", "-o", "m"];
    let written = lockstep(&arguments, folder.path());
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let history = read_as(Layout::Sqlx, &files(&folder.path().join("m"), "")).unwrap();
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    for migration in &history.migrations {
        run(&migration.up, session.as_mut(), database.as_ref()).await;
    }
    let count =
        "select count(*) filter (where region is distinct from 'EU'), count(distinct xmin::text) from customers";
    let counted = session.query(count, &[]).await.unwrap();
    assert_eq!(counted, [[Cell::Int(0), Cell::Int(3)]], "2,500 rows are three batches");
    drop(session);
    drop(database);
    scratch.remove().await;
}

const SQLITE_AFTER: &str = "
create table customers (id integer primary key, email text not null unique, mood text);
create table sales (
    id integer primary key, customer_id integer references customers (id), amount integer not null check (amount > 0),
    region text not null default 'EU');
create index sales_region_idx on sales (region);
create trigger sales_trigger after insert on sales begin update sales set amount = 1; select 1; end;
";

#[tokio::test(flavor = "multi_thread")]
async fn plans_written_for_each_framework_run_there_and_back_on_sqlite() {
    let file = SqliteFile::new(BEFORE).await;
    std::fs::write(file.folder().join("after.sql"), SQLITE_AFTER).unwrap();
    let database = file.connect().await;
    for layout in IN_SQL {
        there_and_back(layout, &file.url(), database.as_ref(), file.folder()).await;
    }
}

#[test]
fn a_plan_is_written_for_the_frameworks_of_other_languages() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("before.sql"), BEFORE).unwrap();
    std::fs::write(folder.join("after.sql"), AFTER).unwrap();
    let snapshot = lockstep(&["inspect", "before.sql", "--engine", "postgres", "-f", "json"], folder);
    std::fs::write(folder.join("before.json"), snapshot.stdout).unwrap();
    std::fs::create_dir_all(folder.join("shop/migrations")).unwrap();
    std::fs::write(folder.join("shop/migrations/0007_old.py"), "from django.db import migrations").unwrap();
    for (layout, output, words) in [
        ("django", "shop/migrations", ["(\"shop\", \"0007_old\")", "atomic = False", "reverse_sql"]),
        ("alembic", "alembic", ["autocommit_block()", "down_revision = None", "def downgrade():"]),
        ("rails", "rails", ["disable_ddl_transaction!", "def down", "execute <<-'SQL'"]),
    ] {
        let arguments = ["plan", "before.json", "--to", "after.sql", "-f", layout, "-o", output];
        let written = lockstep(&arguments, folder);
        assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
        let all: String = files(&folder.join(output), "").into_iter().map(|file| file.text).collect();
        for word in words {
            assert!(all.contains(word), "{layout} lacks {word}:\n{all}");
        }
        let told = json(&["inspect", output, "--engine", "postgres", "-f", "json"], folder, 2);
        assert_eq!(told["error"]["code"], "file", "{told:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_migrations_stands_for_the_schema_after_them() {
    let (scratch, folder) = (Scratch::new("").await, tempfile::tempdir().unwrap());
    let (target, folder) = (scratch.target(), folder.path());
    let url = target.url.expose();
    let write = |name: &str, text: &str| std::fs::write(folder.join("m").join(name), text).unwrap();
    std::fs::create_dir(folder.join("m")).unwrap();
    write("10_b.sql", "-- +goose Up\nalter table t add b text;\n-- +goose Down\nalter table t drop b;\n");
    write("9_a.sql", "-- +goose Up\ncreate table t (a int);\n-- +goose Down\ndrop table t;\n");
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    session.execute("create table goose_db_version (id serial primary key, version_id bigint)").await.unwrap();
    session.execute("create table t (a int)").await.unwrap();
    let plan = json(&["plan", url, "--to", "m", "-f", "json"], folder, 0);
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1, "the framework's own table stays: {plan:#}");
    assert!(steps[0]["sql"][0].as_str().unwrap().contains("ADD COLUMN b"), "{plan:#}");

    let file = json(&["plan", url, "--sql", "m/10_b.sql", "-f", "json"], folder, 0);
    assert_eq!(file["steps"].as_array().unwrap().len(), 1, "{file:#}");

    write("11_c.sql", "-- +goose Up\nselect 1;\nalter table missing add c int;\n");
    let told = json(&["plan", url, "--to", "m", "-f", "json"], folder, 2);
    let place = &told["error"]["location"];
    assert_eq!((place["file"].as_str().unwrap(), place["line"].as_u64()), ("m/11_c.sql", Some(3)), "{told:#}");

    write("V1__d.sql", "select 1;");
    let mixed = json(&["plan", url, "--to", "m", "-f", "json"], folder, 2);
    assert!(mixed["error"]["hint"].as_str().unwrap().contains("--layout"), "{mixed:#}");
    drop(session);
    drop(database);
    scratch.remove().await;
}

/// The risks of a file's statements, with line and side.
fn found(report: &Value, file: usize) -> Vec<(u64, Option<String>, Vec<String>)> {
    let statements = report["files"][file]["statements"].as_array().unwrap();
    let rules = |s: &Value| {
        s["risks"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    statements.iter().map(|s| (s["line"].as_u64().unwrap(), s["side"].as_str().map(str::to_owned), rules(s))).collect()
}

#[test]
fn lint_judges_each_way_of_a_migration_as_its_framework_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("m")).unwrap();
    let first = "-- migrate:up\ncreate table t (a int);\n\n-- migrate:down\ndrop table t;\n";
    std::fs::write(folder.join("m/1_a.sql"), first).unwrap();
    let second = "-- migrate:up\ncreate index concurrently i on t (a);\n-- migrate:down transaction:false\n\
                  drop index concurrently i;\n";
    std::fs::write(folder.join("m/2_b.sql"), second).unwrap();
    let report = json(&["lint", "m", "-f", "json", "--fail-on", "never"], folder, 0);
    assert_eq!(report["files"][1]["path"], "m/2_b.sql");
    let down = Some("down".to_owned());
    let first = found(&report, 0);
    assert_eq!((first[0].0, first[1].0, &first[1].1), (2, 5, &down));
    assert!(!report["files"][0].to_string().contains("\"high\""), "taking back what was made is no risk: {report:#}");
    let second = found(&report, 1);
    assert!(second[0].2.contains(&"transaction-would-fail".to_owned()), "{second:?}");
    assert_eq!((second[1].0, &second[1].1), (4, &down));
    assert!(!second[1].2.iter().any(|rule| rule.contains("transaction")), "{second:?}");

    let alone = json(&["lint", "m/2_b.sql", "-f", "json"], folder, 1);
    assert_eq!(found(&alone, 0), second);
    assert_eq!(alone["files"][0]["path"], "m/2_b.sql");
}

#[test]
fn what_cannot_be_written_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("a.sql"), "create table t (a integer primary key);").unwrap();
    let snapshot = lockstep(&["inspect", "a.sql", "--engine", "sqlite", "-f", "json"], folder);
    std::fs::write(folder.join("a.json"), snapshot.stdout).unwrap();
    let plan = |more: &[&str]| lockstep(&[&["plan", "a.json", "--to", "a.sql"], more].concat(), folder);
    let nothing = plan(&["-f", "sqlx"]);
    assert_eq!(nothing.status.code(), Some(2));
    let unknown = plan(&["-f", "sqitch"]);
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(2) && told.contains("golang-migrate"), "{told}");
}
