//! What `lockstep lint` prints and writes: formats, files, coverage.

use crate::cli::{json, lockstep};
use serde_json::Value;
use std::io::Read as _;
use std::process::{Command, Stdio};

const SQL: &str = "-- a comment\n  create index on orders (total);\ncall nobody_knows();\n";

#[test]
fn one_run_writes_every_format() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.sql"), SQL).unwrap();
    let formats = ["text", "json", "sarif", "github", "gitlab", "junit", "markdown"];
    let outputs: Vec<String> = formats.iter().map(|format| format!("{format}=out.{format}")).collect();
    let mut arguments = vec!["lint", "a.sql"];
    for output in &outputs {
        arguments.extend(["--output", output]);
    }
    let first = lockstep(&arguments, folder.path());
    assert_eq!(first.status.code(), Some(1));
    let read = |format: &str| std::fs::read_to_string(folder.path().join(format!("out.{format}"))).unwrap();
    assert_eq!(String::from_utf8_lossy(&first.stdout), read("text"));
    let report: Value = serde_json::from_str(&read("json")).unwrap();
    let statement = &report["files"][0]["statements"][0];
    assert_eq!((&statement["line"], &statement["column"]), (&2.into(), &3.into()));
    let risk = &statement["risks"][0];
    assert_eq!(risk["rule"], "index-not-concurrent");
    let sarif: Value = serde_json::from_str(&read("sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["partialFingerprints"]["lockstep/v1"], risk["fingerprint"]);
    let gitlab: Value = serde_json::from_str(&read("gitlab")).unwrap();
    assert_eq!(gitlab[0]["fingerprint"], risk["fingerprint"]);
    assert!(read("github").starts_with("::error file=a.sql,line=2,col="), "{}", read("github"));
    assert!(read("junit").contains("<failure type=\"index-not-concurrent\""));
    assert!(read("markdown").contains("| `a.sql:2` | high |"), "{}", read("markdown"));
    let before: Vec<String> = formats.iter().map(|format| read(format)).collect();
    lockstep(&arguments, folder.path());
    assert_eq!(before, formats.map(read), "the same input gives the same bytes");
}

#[test]
fn what_is_not_understood_is_counted_and_can_fail() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.sql"), SQL).unwrap();
    let report = json(&["lint", "a.sql", "-f", "json", "--fail-on", "never"], folder.path(), 0);
    assert_eq!(report["coverage"], serde_json::json!({"statements": 2, "understood": 1, "unknown": 1}));
    json(&["lint", "a.sql", "-f", "json", "--fail-on", "never", "--fail-on-unknown"], folder.path(), 1);
    let text = lockstep(&["lint", "a.sql"], folder.path());
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.ends_with("coverage: 2 statements, 1 understood, 1 unknown\n"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let many = "alter table t add column c int;\n".repeat(3_000);
    std::fs::write(folder.path().join("a.sql"), many).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockstep"))
        .args(["lint", "a.sql", "--fail-on", "never"])
        .current_dir(folder.path())
        .env("LOCKSTEP_CONFIG", folder.path().join("none.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_report_that_cannot_be_written_is_told_and_the_others_are_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.sql"), SQL).unwrap();
    let output = lockstep(&["lint", "a.sql", "--output", "json=no/such/x", "--output", "sarif=b.sarif"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such/x"));
    assert!(folder.path().join("b.sarif").exists() && !output.stdout.is_empty());
    let report = json(&["lint", "a.sql", "-f", "json", "--output", "json=no/such/x"], folder.path(), 2);
    assert_eq!(report["error"]["code"], "file", "one document, with the report and the error in it");
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    let wrong = lockstep(&["lint", "a.sql", "--output", "pdf=x"], folder.path());
    assert_eq!(wrong.status.code(), Some(2));
}
