//! What bad input gets: a sentence with what to do next and the right exit status, never a panic.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use crate::sqlite_file::SqliteFile;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a command that must end with status 2 and an error that says what to do next; the error.
#[track_caller]
fn refused(arguments: &[&str], folder: &Path) -> Value {
    let document = json(arguments, folder, 2);
    let error = document["error"].clone();
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{arguments:?}: {document:#}");
    assert!(error["hint"].as_str().is_some_and(|h| !h.is_empty()), "no hint for {arguments:?}: {document:#}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_named_with_what_to_do() {
    let file = SqliteFile::new("create table t (a integer primary key);").await;
    let (url, folder) = (file.url(), file.folder());
    std::fs::create_dir(folder.join("folder.sql")).unwrap();
    std::fs::write(folder.join("latin.sql"), b"select 1;\nselect '\xe9';\n").unwrap();
    std::fs::write(folder.join("empty.sql"), "").unwrap();
    std::fs::write(folder.join("plain.sql"), "drop table t;\n").unwrap();
    std::fs::write(folder.join("wrong.sql"), "create table t (a integer);\ncreate table u (a integer,;\n").unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&["lint", "missing.sql"], "file"),
        (&["lint", "folder.sql"], "file"),
        (&["lint", "latin.sql"], "file"),
        (&["inspect", "folder.sql"], "file"),
        (&["plan", &url, "--sql", "missing.sql"], "file"),
        (&["plan", &url, "--to", "wrong.sql"], "syntax"),
        (&["apply", "plain.sql", "--db", &url, "--confirm", "all"], "syntax"),
        (&["rollback", "--db", &url, "--confirm", "all"], "not_found"),
    ];
    for (arguments, code) in cases {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-f", "json"]).collect();
        let document = json(&arguments, folder, 2);
        assert_eq!(document["error"]["code"], code, "{document:#}");
        if code != "syntax" || document["error"]["location"].is_null() {
            refused(&arguments, folder);
        }
    }
    let wrong = json(&["plan", &url, "--to", "wrong.sql", "-f", "json"], folder, 2);
    let place = &wrong["error"]["location"];
    assert_eq!((place["file"].as_str(), place["line"].as_u64()), (Some("wrong.sql"), Some(2)), "{wrong:#}");
    let plain = json(&["apply", "plain.sql", "--db", &url, "--confirm", "all", "-f", "json"], folder, 2);
    assert_eq!(plain["error"]["location"]["file"], "plain.sql");
    assert!(plain["error"]["message"].as_str().unwrap().contains("not a plan file"), "{plain:#}");
    let nothing = json(&["plan", &url, "--sql", "empty.sql", "-f", "json"], folder, 0);
    assert_eq!(nothing["steps"].as_array().unwrap().len(), 0);
    assert!(nothing["notes"][0].as_str().unwrap().contains("no statement to run"), "{nothing:#}");
    let nothing = json(&["lint", "empty.sql", "-f", "json"], folder, 0);
    assert_eq!(nothing["files"][0]["statements"].as_array().unwrap().len(), 0);
}

#[test]
fn a_text_that_is_deep_or_long_is_still_judged() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("select {}1{};\ndrop table t;\n", "(".repeat(50_000), ")".repeat(50_000));
    std::fs::write(folder.path().join("deep.sql"), deep).unwrap();
    let body = "-- a line of the function\n".repeat(4_000);
    let function = format!("create function f() returns int language plpgsql as $$ begin\n{body}return 1; end $$;\n");
    std::fs::write(folder.path().join("long.sql"), function).unwrap();
    for engine in ["postgres", "sqlite"] {
        let arguments = ["lint", "deep.sql", "--engine", engine, "-f", "json", "--fail-on", "never"];
        let report = json(&arguments, folder.path(), 0);
        let statements = report["files"][0]["statements"].as_array().unwrap();
        assert_eq!(statements[0]["parsed"], false);
        assert_eq!((&statements[1]["class"], &statements[1]["line"]), (&"DROP TABLE".into(), &2.into()));
    }
    let report = json(&["lint", "long.sql", "-f", "json"], folder.path(), 0);
    assert_eq!(report["files"][0]["statements"][0]["class"], "CREATE FUNCTION");
}

const STRANGE: &str = "create table \"we\"\"ird té' tab\" (\"co l\" integer primary key, \"x\u{1b}[31my\" text);";

/// A table of a strange name is read, changed and changed back, and no control character is printed.
#[track_caller]
fn change_a_strange_table(url: &str, schema: &str, folder: &Path) {
    let before = json(&["inspect", url, "-f", "json"], folder, 0);
    for format in ["text", "json"] {
        let output = lockstep(&["inspect", url, "-f", format], folder);
        assert!(!output.stdout.contains(&0x1b), "{format} has a control character");
    }
    let wanted = STRANGE.replace(" text)", " text, \"né w\" integer)");
    let statement = format!("alter table {schema}.\"we\"\"ird té' tab\" add column \"né w\" integer;");
    std::fs::write(folder.join("strange.sql"), statement).unwrap();
    std::fs::write(folder.join("wanted.sql"), wanted).unwrap();
    json(&["plan", url, "--sql", "strange.sql", "-o", "strange.plan.sql", "-f", "json"], folder, 0);
    let shown = lockstep(&["plan", url, "--sql", "strange.sql"], folder);
    assert!(!shown.stdout.contains(&0x1b) && !shown.stderr.contains(&0x1b));
    let report = json(&["apply", "strange.plan.sql", "--db", url, "--confirm", "all", "-f", "json"], folder, 0);
    assert_eq!(report["outcome"], "done", "{report:#}");
    json(&["rollback", "--db", url, "--confirm", "all", "-f", "json"], folder, 0);
    std::fs::write(folder.join("before.json"), before.to_string()).unwrap();
    let difference = json(&["diff", "before.json", url, "-f", "json", "--exit-code"], folder, 0);
    assert_eq!(difference["equal"], true, "{difference:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_names_go_through_every_command_on_sqlite() {
    let file = SqliteFile::new(STRANGE).await;
    change_a_strange_table(&file.url(), "main", file.folder());
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_names_go_through_every_command_on_postgres() {
    let (scratch, folder) = (Scratch::new(STRANGE).await, tempfile::tempdir().unwrap());
    change_a_strange_table(scratch.target().url.expose(), "public", folder.path());
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_vanished_since_the_plan_is_told() {
    let (scratch, folder) = (Scratch::new("create table t (a int primary key);").await, tempfile::tempdir().unwrap());
    let (target, folder) = (scratch.target(), folder.path());
    let url = target.url.expose();
    std::fs::write(folder.join("m.sql"), "alter table t add column b int;").unwrap();
    json(&["plan", url, "--sql", "m.sql", "-o", "plan.sql", "-f", "json"], folder, 0);
    let database = scratch.connect().await;
    let mut session = database.session(lockstep::engine::SessionRole::Executor).await.unwrap();
    session.execute("drop table t").await.unwrap();
    let told = json(&["apply", "plan.sql", "--db", url, "--confirm", "all", "-f", "json"], folder, 1);
    assert_eq!(told["error"]["code"], "base_changed", "{told:#}");
    assert!(told["error"]["message"].as_str().unwrap().contains('t') && told["error"]["hint"].is_string());
    let empty = json(&["inspect", url, "-f", "json"], folder, 0);
    assert_eq!(empty["tables"].as_object().unwrap().len(), 0);
    drop(session);
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_told_with_what_to_check() {
    let scratch = Scratch::new("").await;
    let folder = tempfile::tempdir().unwrap();
    let missing = scratch.url_of("lockstep_no_such_database");
    assert_eq!(refused(&["inspect", &missing, "-f", "json"], folder.path())["code"], "not_found");
    assert_eq!(refused(&["inspect", "foo://host/x", "-f", "json"], folder.path())["code"], "usage");
    assert_eq!(refused(&["inspect", "mysql://host/x", "-f", "json"], folder.path())["code"], "unsupported");
    let refusing = refused(&["status", "--db", "postgres://nobody@127.0.0.1:1/x", "-f", "json"], folder.path());
    assert_eq!(refusing["code"], "connection");
    scratch.remove().await;
}

/// A reader that goes away early (`| head -1`) is no failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_no_error() {
    let tables: Vec<String> =
        (0..400).map(|n| format!("create table t{n} (a integer primary key, b text);\n")).collect();
    let file = SqliteFile::new(&tables.concat()).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["inspect", &file.url(), "-f", "json"])
        .env("LOCKSTEP_STATE_DIR", file.folder())
        .env("LOCKSTEP_CONFIG", file.folder().join("none.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
