//! What `lockstep lint` is given: folders with their history, standard input, changes since a commit, versions.

use crate::cli::{json, lockstep};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@mail.example"]).args(arguments);
    let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn paths(report: &Value) -> Vec<&str> {
    report["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect()
}

fn rules(statement: &Value) -> Vec<&str> {
    statement["risks"].as_array().unwrap().iter().map(|risk| risk["rule"].as_str().unwrap()).collect()
}

/// `varchar(20)` to `varchar(40)` does no work, which only the earlier file can tell.
const OLD: &str = "create table people (id bigint primary key, name varchar(20) not null);\n";
const NEW: &str = "alter table people alter column name type varchar(40);\n";

#[test]
fn a_single_file_is_judged_on_what_the_earlier_files_of_its_folder_made() {
    for (first, second) in [("1_a.sql", "2_b.sql"), ("20260101000000_a.sql", "20260102000000_b.sql")] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), first, OLD);
        write(folder.path(), second, NEW);
        let report = json(&["lint", second, "-f", "json", "--fail-on", "never"], folder.path(), 0);
        assert_eq!(paths(&report), [second]);
        let statement = &report["files"][0]["statements"][0];
        assert_eq!(statement["rewrites"], serde_json::json!([]), "{report:#}");
        assert_eq!(statement["locks"][0]["relation"], "public.people", "what an earlier file made exists");
        let both = json(&["lint", ".", "-f", "json", "--fail-on", "never"], folder.path(), 0);
        assert_eq!(both["files"][1]["statements"][0]["rewrites"], serde_json::json!([]), "{both:#}");
    }
}

#[test]
fn standard_input_stands_for_a_file_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "m/1_a.sql", &format!("-- +goose Up\n{OLD}"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["lint", "--stdin-path", "m/2_b.sql", "-f", "json", "--fail-on", "never"])
        .current_dir(folder.path())
        .env("LOCKSTEP_CONFIG", folder.path().join("none.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("-- +goose Up\n\n{NEW}-- +goose Down\ndrop table people;\n");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(paths(&report), ["m/2_b.sql"]);
    let statements = &report["files"][0]["statements"];
    assert_eq!((&statements[0]["line"], &statements[0]["rewrites"]), (&3.into(), &serde_json::json!([])));
    assert_eq!((&statements[1]["line"], &statements[1]["side"]), (&5.into(), &"down".into()));
}

#[test]
fn only_what_has_changed_since_a_commit_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q", "-b", "main"]);
    write(root, "m/1_a.sql", OLD);
    write(root, "m/2_same.sql", "drop table other;\n");
    git(root, &["add", "."]);
    git(root, &["commit", "-q", "-m", "one"]);
    git(root, &["checkout", "-q", "-b", "branch"]);
    write(root, "m/3_committed.sql", NEW);
    git(root, &["add", "."]);
    git(root, &["commit", "-q", "-m", "two"]);
    write(root, "m/4 é.sql", "select 1;\n");
    write(root, "m/notes.txt", "nothing\n");
    git(root, &["checkout", "-q", "main"]);
    write(root, "m/5_of_main.sql", "select 1;\n");
    git(root, &["add", "m/5_of_main.sql"]);
    git(root, &["commit", "-q", "-m", "three"]);
    git(root, &["checkout", "-q", "branch"]);
    let report = json(&["lint", "--git-diff", "main", "-f", "json", "--fail-on", "never"], root, 0);
    assert_eq!(paths(&report), ["m/3_committed.sql", "m/4 é.sql"], "{report:#}");
    assert_eq!(report["files"][0]["statements"][0]["rewrites"], serde_json::json!([]), "the first file is context");
    let below = json(&["lint", "m/4 é.sql", "--git-diff", "main", "-f", "json"], root, 0);
    assert_eq!(paths(&below), ["m/4 é.sql"]);
    let unknown = json(&["lint", "--git-diff", "nowhere", "-f", "json"], root, 2);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("nowhere"), "{unknown:#}");
}

#[test]
fn the_version_decides_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.sql", "alter table m detach partition m1;\n");
    let child = |version: &str| -> Value {
        let arguments = ["lint", "a.sql", "--pg-version", version, "-f", "json", "--fail-on", "never"];
        let report = json(&arguments, folder.path(), 0);
        let locks = report["files"][0]["statements"][0]["locks"].as_array().unwrap().clone();
        locks.into_iter().find(|lock| lock["relation"] == "public.m1").unwrap()["mode"].clone()
    };
    assert_eq!((child("13"), child("14")), ("SHARE UPDATE EXCLUSIVE".into(), "ACCESS EXCLUSIVE".into()));
    let unknown = lockstep(&["lint", "a.sql", "--pg-version", "12"], folder.path());
    assert_eq!(unknown.status.code(), Some(2));
    let sqlite = json(&["lint", "a.sql", "--engine", "sqlite", "--pg-version", "15", "-f", "json"], folder.path(), 2);
    assert_eq!(sqlite["error"]["code"], "usage");
}

#[test]
fn a_file_that_cannot_be_read_loses_nothing_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.sql", "drop table t;\n");
    std::fs::write(folder.path().join("b.sql"), b"select '\xe9';\n").unwrap();
    let report = json(&["lint", "a.sql", "b.sql", "missing.sql", "-f", "json"], folder.path(), 2);
    assert_eq!(paths(&report), ["a.sql"]);
    assert_eq!(rules(&report["files"][0]["statements"][0])[0], "drop-table", "{report:#}");
    let failed: Vec<&str> =
        report["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert_eq!(failed, ["b.sql", "missing.sql"]);
    let text = lockstep(&["lint", "a.sql", "missing.sql"], folder.path());
    assert_eq!(text.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&text.stdout).contains("drop-table"));
    assert!(String::from_utf8_lossy(&text.stderr).contains("missing.sql"));
}

#[test]
fn what_is_psqls_own_is_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "\\set t orders\nalter table :t\n  alter column x set not null;\n\\if :big\ninsert into a values (:'v', :n);\n\\endif\n";
    write(folder.path(), "a.sql", sql);
    let report = json(&["lint", "a.sql", "-f", "json", "--fail-on", "never"], folder.path(), 0);
    let statements = report["files"][0]["statements"].as_array().unwrap();
    assert_eq!(report["coverage"]["unknown"], 0, "{report:#}");
    assert_eq!(statements[0]["sql"], "alter table :t\n  alter column x set not null");
    let scan =
        statements[0]["risks"].as_array().unwrap().iter().find(|risk| risk["rule"] == "set-not-null-scan").unwrap();
    assert_eq!((&scan["line"], &scan["column"]), (&3.into(), &18.into()));
    assert_eq!(report["files"][0]["skipped"].as_array().unwrap().len(), 3);
}
