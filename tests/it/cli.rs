//! The commands, as a script calls them, on both engines.

use crate::postgres_scratch::Scratch;
use crate::sqlite_file::SqliteFile;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const SHOP: &str = "
create table customers (id integer primary key, email text not null unique);
create table sales (id integer primary key, customer_id integer references customers (id), amount numeric not null);
insert into customers values (1, 'a@mail.example'), (2, 'b@mail.example');
insert into sales values (1, 1, 10), (2, 1, 20), (3, 2, 30);
";

pub fn lockstep(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(arguments)
        .current_dir(folder)
        .env("LOCKSTEP_CONFIG", folder.join("none.toml"))
        .env("LOCKSTEP_STATE_DIR", folder.join("state"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// Runs a command that must end with `status`, and reads its one JSON document.
#[track_caller]
pub fn json(arguments: &[&str], folder: &Path, status: i32) -> Value {
    let output = lockstep(arguments, folder);
    let text = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{text}\n{told}");
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{arguments:?}: {why}\n{text}\n{told}"))
}

fn names(document: &Value, pointer: &str) -> Vec<String> {
    let rows =
        document.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer} in {document:#}"));
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

/// Ask, plan, apply, look, take back: the database is as it was.
fn ask_apply_and_take_back(url: &str, sales: &str, folder: &Path) {
    let columns = format!("/tables/{sales}/columns");
    let before = json(&["inspect", url, "-f", "json"], folder, 0);
    let request = "Add a region to sales, required, default 'EU', and index it";
    let plan = json(&["plan", url, "--ask", request, "-o", "plan.sql", "-f", "json"], folder, 0);
    assert_eq!(plan["version"], 1);
    for step in plan["steps"].as_array().unwrap() {
        assert!(step["locks"].is_array() && step["rollback"]["kind"].is_string(), "{step:#}");
        assert_ne!(step["rollback"]["kind"], "none", "{step:#}");
    }

    let refused = lockstep(&["apply", "plan.sql", "--db", url], folder);
    assert_eq!(refused.status.code(), Some(1), "without consent and without a terminal nothing runs");
    assert_eq!(json(&["inspect", url, "-f", "json"], folder, 0), before);

    let report = json(&["apply", "plan.sql", "--db", url, "--confirm", "all", "-f", "json"], folder, 0);
    assert_eq!(report["outcome"], "done", "{report:#}");
    let after = json(&["inspect", url, "-f", "json"], folder, 0);
    assert!(names(&after, &columns).contains(&"region".to_owned()), "{after:#}");
    std::fs::write(folder.join("before.json"), before.to_string()).unwrap();
    let difference = json(&["diff", "before.json", url, "-f", "json", "--exit-code"], folder, 1);
    assert_eq!(difference["equal"], false);

    let again = json(&["apply", "plan.sql", "--db", url, "--confirm", "all", "-f", "json"], folder, 1);
    assert_eq!(again["error"]["code"], "base_changed", "{again:#}");

    let status = json(&["status", "--db", url, "-f", "json"], folder, 0);
    assert_eq!(status["runs"].as_array().unwrap().len(), 1, "{status:#}");
    let back = json(&["rollback", "--db", url, "--confirm", "all", "-f", "json"], folder, 0);
    assert_eq!(back["outcome"], "done", "{back:#}");
    let difference = json(&["diff", "before.json", url, "-f", "json", "--exit-code"], folder, 0);
    assert_eq!(difference["equal"], true, "{difference:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_asked_for_in_words_goes_in_and_comes_back_on_sqlite() {
    let file = SqliteFile::new(SHOP).await;
    ask_apply_and_take_back(&file.url(), "main.sales", file.folder());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_asked_for_in_words_goes_in_and_comes_back_on_postgres() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    ask_apply_and_take_back(scratch.target().url.expose(), "public.sales", folder.path());
    scratch.remove().await;
}

/// A migration file with an error in the middle: the rest is judged, the error has its place.
#[test]
fn lint_judges_around_an_error_and_names_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "alter table sales add column region text;\nalter table sales add colum;\n  drop table customers;\n";
    std::fs::write(folder.path().join("m.sql"), sql).unwrap();
    let report = json(&["lint", "m.sql", "-f", "json", "--fail-on", "never"], folder.path(), 0);
    let statements = report["files"][0]["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 3, "{report:#}");
    assert_eq!((&statements[0]["parsed"], &statements[1]["parsed"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!((&statements[2]["line"], &statements[2]["column"]), (&Value::from(3), &Value::from(3)));
    assert_eq!(statements[2]["class"], "DROP TABLE");
    let failing = lockstep(&["lint", "m.sql", "--fail-on", "medium"], folder.path());
    assert_eq!(failing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_file_becomes_a_plan_that_safe_ways_run() {
    let (scratch, folder) = (Scratch::new(SHOP).await, tempfile::tempdir().unwrap());
    let target = scratch.target();
    let url = target.url.expose();
    std::fs::write(folder.path().join("m.sql"), "create index sales_amount_idx on sales (amount);\n").unwrap();
    let plan = json(&["plan", url, "--sql", "m.sql", "-o", "plan.sql", "-f", "json"], folder.path(), 0);
    let sql = plan["steps"][0]["sql"][0].as_str().unwrap().to_uppercase();
    assert!(sql.contains("CONCURRENTLY"), "{plan:#}");
    assert_eq!(plan["steps"][0]["transactional"], false);
    json(&["apply", "plan.sql", "--db", url, "--confirm", "all", "-f", "json"], folder.path(), 0);
    json(&["rollback", "--db", url, "--confirm", "all", "-f", "json"], folder.path(), 0);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wanted_schema_in_sql_becomes_a_plan_on_both_engines() {
    let wanted = format!("{SHOP}\nalter table sales add column note text;");
    let file = SqliteFile::new(SHOP).await;
    std::fs::write(file.folder().join("wanted.sql"), &wanted).unwrap();
    let plan = json(&["plan", &file.url(), "--to", "wanted.sql", "-f", "json"], file.folder(), 0);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan:#}");

    let scratch = Scratch::new(SHOP).await;
    let target = scratch.target();
    let plan = json(&["plan", target.url.expose(), "--to", "wanted.sql", "-f", "json"], file.folder(), 0);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 1, "{plan:#}");
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_prints_one_reading_a_line_on_both_engines() {
    let file = SqliteFile::new(SHOP).await;
    let scratch = Scratch::new(SHOP).await;
    for url in [file.url(), scratch.target().url.expose().to_owned()] {
        let output =
            lockstep(&["watch", "--db", &url, "-f", "json", "--interval", "50", "--count", "3"], file.folder());
        let text = String::from_utf8(output.stdout).unwrap();
        let readings: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(readings.len(), 3, "{text}");
        assert!(readings.iter().all(|r| r["at"].is_string() && r["locks"].is_object() && r["latency"].is_object()));
    }
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_and_unknown_names_asked_about() {
    let file = SqliteFile::new(SHOP).await;
    let answer = json(&["ask", "--db", &file.url(), "what references customers?", "-f", "json"], file.folder(), 0);
    assert!(answer["answer"].as_str().unwrap().contains("sales"), "{answer:#}");
    let asked = json(&["plan", &file.url(), "--ask", "drop amout from sales", "-f", "json"], file.folder(), 1);
    let choices = asked["question"]["choices"].as_array().unwrap();
    assert!(choices.iter().any(|c| c.as_str().unwrap().contains("amount")), "{asked:#}");
    let choice = choices[0].as_str().unwrap();
    let request = ["plan", &file.url(), "--ask", "drop amout from sales", "--answer", choice, "-f", "json"];
    assert!(json(&request, file.folder(), 0)["steps"].is_array());
    let lost = json(&["plan", &file.url(), "--ask", "make me a sandwich", "-f", "json"], file.folder(), 1);
    assert_eq!(lost["error"]["code"], "not_understood");
}

#[test]
fn what_cannot_be_asked_ends_with_two_and_a_json_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text.db"), "this is no database, but long enough to look like a file").unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["inspect", "sqlite:missing.db", "-f", "json"], "not_found"),
        (&["inspect", "sqlite:text.db", "-f", "json"], "not_a_database"),
        (&["inspect", "postgres://nobody@127.0.0.1:1/x", "-f", "json"], "connection"),
        (&["inspect", "missing.sql", "-f", "json"], "file"),
        (&["inspect", "nonsense", "-f", "json"], "file"),
        (&["lint", "missing.sql", "-f", "json"], "file"),
        (&["lint", "-f", "json"], "usage"),
    ];
    for (arguments, code) in cases {
        let error = json(arguments, folder.path(), 2);
        assert_eq!(error["error"]["code"], code, "{arguments:?}: {error:#}");
        assert!(error["error"]["message"].as_str().is_some_and(|m| !m.is_empty()));
    }
}

#[test]
fn a_password_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    for url in ["postgres://nobody:hunter2@127.0.0.1:1/x", "postgres://nobody:hunter2@127.0.0.1:notaport/x"] {
        let output = lockstep(&["inspect", url], folder.path());
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&all).contains("hunter2"));
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let commands =
        ["demo", "inspect", "diff", "plan", "lint", "apply", "rollback", "status", "watch", "ask", "explain"];
    for command in commands {
        let output = lockstep(&[command, "--help"], folder.path());
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Example") && text.contains(&format!("lockstep {command}")), "{text}");
    }
}
