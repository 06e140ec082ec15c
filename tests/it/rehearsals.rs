//! Plans tried on a shadow: what they lock and rewrite is seen, the way back is tried too, and nothing stays behind.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use crate::sqlite_file::SqliteFile;
use lockstep::engine::{SessionRole, Value};
use serde_json::Value as Json;
use std::path::Path;
use std::time::Duration;

const SHOP: &str = "
    CREATE TABLE customers (id integer PRIMARY KEY, email varchar(20));
    CREATE TABLE sales (id integer PRIMARY KEY, customer integer NOT NULL, amount integer, at timestamp);
    CREATE INDEX sales_amount ON sales (amount);
    CREATE TABLE parts (id integer, k integer) PARTITION BY RANGE (k);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
    CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
    INSERT INTO customers VALUES (1, 'a'), (2, 'a');
    INSERT INTO sales SELECT n, 1 + n % 2, n, now() FROM generate_series(1, 100) n;";

/// Plans the SQL in the direct way and rehearses it.
fn rehearse(url: &str, sql: &str, more: &[&str], folder: &Path, status: i32) -> Json {
    std::fs::write(folder.join("change.sql"), sql).unwrap();
    let planned = lockstep(&["plan", url, "--sql", "change.sql", "--direct", "-o", "plan.sql"], folder);
    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
    let mut words = vec!["rehearse", "plan.sql", "--db", url, "-f", "json"];
    words.extend(more);
    json(&words, folder, status)
}

/// `relation mode` of the locks of a step on tables, strongest last by name.
fn locks(step: &Json) -> Vec<String> {
    let lock = |lock: &Json| {
        assert_eq!(lock["evidence"], "rehearsed", "{lock}");
        lock.get("kind")
            .is_none()
            .then(|| format!("{} {}", lock["relation"].as_str().unwrap(), lock["mode"].as_str().unwrap()))
    };
    step["locks"].as_array().unwrap().iter().filter_map(lock).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_locks_and_rewrites_is_seen() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    let sql = "ALTER TABLE sales ALTER COLUMN amount TYPE bigint;
        ALTER TABLE customers ALTER COLUMN email TYPE varchar(40);
        ALTER TABLE sales ADD CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customers;
        CREATE INDEX CONCURRENTLY sales_customer ON sales (customer);
        CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);
        DO $$ BEGIN EXECUTE 'ALTER TABLE customers ADD COLUMN since date'; END $$;";
    let found = rehearse(url, sql, &[], folder, 0);
    assert_eq!(found["passed"], true, "{found:#}");
    assert_eq!(found["back"]["exact"], true, "{found:#}");
    let steps = found["steps"].as_array().unwrap();
    let named = |part: &str| {
        steps.iter().find(|s| s["sql"].to_string().contains(part)).unwrap_or_else(|| panic!("{part}: {found:#}"))
    };
    let rewritten = named("bigint");
    assert_eq!(rewritten["rewrites"], serde_json::json!(["public.sales"]));
    assert_eq!(locks(rewritten), ["public.sales ACCESS EXCLUSIVE"]);
    let said = rewritten["locks"].to_string();
    assert!(said.contains("public.sales_amount"), "its index is locked too: {said}");
    let widened = named("varchar(40)");
    assert_eq!(widened["rewrites"], serde_json::json!([]), "a wider varchar is free");
    let key = named("buyer");
    assert_eq!(locks(key), ["public.customers SHARE ROW EXCLUSIVE", "public.sales SHARE ROW EXCLUSIVE"]);
    assert_eq!(key["scans"], serde_json::json!(["public.sales"]));
    assert_eq!(locks(named("CONCURRENTLY")), ["public.sales SHARE UPDATE EXCLUSIVE"]);
    let partition = named("parts_2");
    assert_eq!(locks(partition), ["public.parts ACCESS EXCLUSIVE", "public.parts_rest ACCESS EXCLUSIVE"]);
    let hidden = named("DO $$");
    assert_eq!(locks(hidden), ["public.customers ACCESS EXCLUSIVE"], "no text tells what it runs");
    assert!(hidden["rehearsal"]["disagreements"].to_string().contains("public.customers"), "{hidden:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_told_and_those_before_it_are_taken_back() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    let sql = "ALTER TABLE sales ADD COLUMN note text;
        DO $$ BEGIN EXECUTE 'ALTER TABLE nowhere ADD COLUMN x int'; END $$;
        ALTER TABLE sales ADD COLUMN never text;";
    let found = rehearse(url, sql, &[], folder, 1);
    let states: Vec<&str> =
        found["steps"].as_array().unwrap().iter().map(|s| s["rehearsal"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["passed", "failed", "not_reached"]);
    assert!(found["steps"][1]["rehearsal"]["error"]["message"].as_str().unwrap().contains("nowhere"), "{found:#}");
    assert_eq!(found["back"]["exact"], true, "{found:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_rows_fails_only_with_a_sample() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    let sql = "ALTER TABLE customers ADD CONSTRAINT one_email UNIQUE (email);";
    assert_eq!(rehearse(url, sql, &[], folder, 0)["passed"], true);
    let found = rehearse(url, sql, &["--sample", "50"], folder, 1);
    assert_eq!(found["sampled_rows"], 52, "50 sales, and the customers: {found:#}");
    assert!(found["steps"][0]["rehearsal"]["error"]["message"].to_string().contains("email"), "{found:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_whole_servers_is_not_tried_on_it() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    for (sql, word) in [
        ("CREATE ROLE lockstep_never_made;", "role"),
        ("DO $$ BEGIN EXECUTE 'CREATE ROLE lockstep_never_made'; END $$;", "whole server"),
    ] {
        let found = rehearse(url, sql, &[], folder, 1);
        let why = found["steps"][0]["rehearsal"]["error"]["message"].to_string();
        assert!(why.contains(word), "{why}");
    }
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Reader).await.unwrap();
    let made = session.query("SELECT 1 FROM pg_roles WHERE rolname = 'lockstep_never_made'", &[]).await.unwrap();
    assert!(made.is_empty());
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rehearsal_holds_nothing_on_the_target_and_is_swept_by_the_next() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    std::fs::write(folder.join("change.sql"), "DO $$ BEGIN PERFORM pg_sleep(60); END $$;").unwrap();
    assert!(lockstep(&["plan", url, "--sql", "change.sql", "-o", "plan.sql"], folder).status.success());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["rehearse", "plan.sql", "--db", url])
        .current_dir(folder)
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Reader).await.unwrap();
    let sleeping = "SELECT datname::text FROM pg_stat_activity WHERE application_name = 'lockstep-rehearsal' \
                    AND query LIKE 'DO $$ BEGIN PERFORM pg_sleep(60)%'";
    let mut name = None;
    for _ in 0..600 {
        if let Some(Value::Text(found)) =
            session.query(sleeping, &[]).await.unwrap().first().and_then(|row| row.first())
        {
            name = Some(found.clone());
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let name = name.expect("the rehearsal sleeps");
    let held = "SELECT count(*) FROM pg_locks WHERE mode <> 'AccessShareLock' AND locktype = 'relation' AND database = \
                (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(session.query(held, &[]).await.unwrap()[0], [Value::Int(0)], "the target is not touched");
    child.kill().unwrap();
    child.wait().unwrap();
    let there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    assert_eq!(session.query(&there, &[]).await.unwrap().len(), 1, "a kill leaves it");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' OR application_name = '{name}'";
    session.query(&end.replace("{name}", &name), &[]).await.unwrap();
    for _ in 0..100 {
        rehearse(url, "ALTER TABLE sales ADD COLUMN note text;", &[], folder, 0);
        if session.query(&there, &[]).await.unwrap().is_empty() {
            break;
        }
    }
    assert!(session.query(&there, &[]).await.unwrap().is_empty(), "the next rehearsal removes it");
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_the_application_that_break_or_lose_their_index_are_told() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let loaded = session.execute("CREATE EXTENSION pg_stat_statements; SELECT count(*) FROM pg_stat_statements").await;
    loaded.expect("the tests' server loads pg_stat_statements (tests/run starts one that does)");
    for sql in [
        "SELECT email FROM customers WHERE id = 1",
        "SELECT id FROM sales WHERE amount = 7",
        "UPDATE sales SET amount = 8 WHERE id = 3",
    ] {
        // The server forgets statements that were called seldom when it counts many.
        for _ in 0..100 {
            session.execute(sql).await.unwrap();
        }
    }
    let sql = "ALTER TABLE customers RENAME COLUMN email TO mail; DROP INDEX sales_amount;";
    let found = rehearse(url, sql, &[], folder, 0);
    let broken = found["queries"]["broken"].as_array().unwrap();
    assert_eq!(broken.len(), 1, "{found:#}");
    assert!(broken[0]["sql"].as_str().unwrap().contains("email"), "{found:#}");
    assert_eq!(broken[0]["calls"], 100);
    assert_eq!(broken[0]["step"], found["steps"][0]["id"], "{found:#}");
    let slower = found["queries"]["slower"].as_array().unwrap();
    assert_eq!(slower.len(), 1, "{found:#}");
    assert_eq!(slower[0]["tables"], serde_json::json!(["public.sales"]));
    let rules = |at: usize| found["steps"][at]["risks"].to_string();
    assert!(rules(0).contains("query-breaks") && rules(1).contains("query-loses-index"), "{found:#}");
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_from_text_asks_for_the_conversion() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    let found = rehearse(url, "ALTER TABLE sales ALTER COLUMN at TYPE text;", &["--sample", "5"], folder, 0);
    assert_eq!(found["back"]["exact"], true, "{found:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_another_schema_is_refused() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let (url, folder) = (target.url.expose(), folder.path());
    std::fs::write(folder.join("change.sql"), "ALTER TABLE sales ADD COLUMN note text;").unwrap();
    assert!(lockstep(&["plan", url, "--sql", "change.sql", "-o", "plan.sql"], folder).status.success());
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    session.execute("ALTER TABLE sales ADD COLUMN other text").await.unwrap();
    let refused = json(&["rehearse", "plan.sql", "--db", url, "-f", "json"], folder, 1);
    assert_eq!(refused["error"]["code"], "base_changed", "{refused:#}");
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_rehearsed_on_sqlite_too() {
    let file = SqliteFile::new(
        "CREATE TABLE sales (id INTEGER PRIMARY KEY, amount INTEGER);
        CREATE TABLE log (what TEXT);
        CREATE TRIGGER logged AFTER INSERT ON sales BEGIN INSERT INTO log VALUES ('sale'); END;
        INSERT INTO sales VALUES (1, 5), (2, 5);",
    )
    .await;
    let (url, folder) = (file.url(), file.folder());
    let found = rehearse(&url, "ALTER TABLE sales ADD COLUMN note text;", &[], folder, 0);
    assert_eq!(found["back"]["exact"], true, "{found:#}");
    let unique = "CREATE UNIQUE INDEX one_amount ON sales (amount);";
    assert_eq!(rehearse(&url, unique, &[], folder, 0)["passed"], true);
    let found = rehearse(&url, unique, &["--sample", "10"], folder, 1);
    assert_eq!(found["sampled_rows"], 4, "two sales and two lines of the log: {found:#}");
}
