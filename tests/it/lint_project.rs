//! What a project decides about `lockstep lint`: its file, comments, the baseline, and plans beside the files.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use serde_json::Value;
use std::path::Path;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The findings of one file as rule, severity, line and column.
fn found(report: &Value, file: usize) -> Vec<(String, String, u64, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |risk: &Value| {
        let place = (risk["line"].as_u64().unwrap(), risk["column"].as_u64().unwrap());
        (text(&risk["rule"]), text(&risk["severity"]), place.0, place.1)
    };
    let statements = report["files"][file]["statements"].as_array().unwrap();
    let comments = report["files"][file]["comments"].as_array().cloned().unwrap_or_default();
    let all = statements.iter().flat_map(|statement| statement["risks"].as_array().unwrap());
    all.chain(&comments).map(one).collect()
}

fn rules(report: &Value, file: usize) -> Vec<String> {
    found(report, file).into_iter().map(|(rule, ..)| rule).collect()
}

#[test]
fn a_projects_file_is_found_above_and_decides_by_rule_path_and_table() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "lockstep.toml",
        "fail_on = 'critical'\nignore = ['m/seeds/**']\n[rules]\ndrop-table = 'critical'\n\
         [[overrides]]\npaths = ['m/old/**']\nrules = { '*' = 'off' }\n\
         [[overrides]]\ntables = ['scratch_*']\nrules = { drop-table = 'info' }\n",
    );
    write(root, "m/a.sql", "drop table orders;\n");
    write(root, "m/b.sql", "drop table scratch_1;\n");
    write(root, "m/old/c.sql", "drop table orders;\n");
    write(root, "m/seeds/d.sql", "drop table orders;\n");
    let from_below = root.join("m");
    let report = json(&["lint", ".", "-f", "json"], &from_below, 1);
    assert_eq!(found(&report, 0)[0].1, "critical", "{report:#}");
    let drop = found(&report, 1).into_iter().find(|(rule, ..)| rule == "drop-table").unwrap();
    assert_eq!(drop.1, "info");
    assert_eq!(rules(&report, 2), Vec::<String>::new());
    assert_eq!(report["files"].as_array().unwrap().len(), 3, "ignored files are not told");
    let bare = json(&["lint", "b.sql", "-f", "json"], &from_below, 0);
    assert_eq!(found(&bare, 0).iter().find(|(rule, ..)| rule == "drop-table").unwrap().1, "info");
    let without = json(&["lint", "m/b.sql", "-f", "json", "--no-project-config"], root, 1);
    assert_eq!(found(&without, 0)[0].1, "high");
    let by_option = json(&["lint", "m/b.sql", "-f", "json", "--fail-on", "info"], root, 1);
    assert_eq!(by_option["summary"]["high"], 0, "{by_option:#}");

    let shown = lockstep(&["lint", "--show-config", "--fail-on", "low", "--pg-version", "14"], &from_below);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let read: toml::Table = shown.parse().unwrap();
    assert!(read["fail_on"].as_str() == Some("low") && read["pg_version"].as_integer() == Some(14), "{shown}");
    assert!(read["rules"]["drop-table"].as_str() == Some("critical") && shown.contains("lockstep.toml"), "{shown}");
    assert_eq!(read["overrides"].as_array().unwrap().len(), 2);
}

#[test]
fn a_projects_file_that_makes_no_sense_is_told_with_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.sql", "select 1;\n");
    write(folder.path(), "other.toml", "\n[rules]\ndrop-table = 'sometimes'\n");
    let arguments = ["lint", "a.sql", "-f", "json", "--project-config", "other.toml"];
    let error = json(&arguments, folder.path(), 2);
    assert_eq!((&error["error"]["code"], &error["error"]["location"]["line"]), (&"config".into(), &3.into()));
    assert!(error["error"]["message"].as_str().unwrap().starts_with("drop-table: "), "{error:#}");
    let missing = json(&["lint", "a.sql", "-f", "json", "--project-config", "none.toml"], folder.path(), 2);
    assert_eq!(missing["error"]["code"], "file");
}

#[test]
fn comments_accept_findings_with_a_reason_until_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "-- lockstep: allow drop-table, lock-blocks-reads, lock-timeout-missing reason=\"nobody reads it\" until=2999-12-31\n\
               drop table a;\n\
               drop table b; -- lockstep: allow drop-table reason=\"old\" until=2020-01-31\n\
               -- lockstep: allow drop-table\n\
               drop table c;\n\
               alter table d\n  -- squawk-ignore ban-drop-column\n  drop column x;\n\
               -- lockstep: allow truncate reason=\"not there\"\n\
               drop table e;\n";
    write(folder.path(), "a.sql", sql);
    let report = json(&["lint", "a.sql", "-f", "json"], folder.path(), 1);
    let statements = report["files"][0]["statements"].as_array().unwrap();
    let left = |at: usize| statements[at]["risks"].as_array().unwrap().len();
    assert_eq!(left(0), 0, "{report:#}");
    assert_eq!(statements[0]["accepted"][0]["reason"], "nobody reads it");
    assert!(left(1) > 0 && left(2) > 0 && left(4) > 0);
    assert!(!statements[3]["risks"].as_array().unwrap().iter().any(|risk| risk["rule"] == "drop-column"));
    assert_eq!(statements[3]["accepted"][0]["by"], "squawk");
    let comments: Vec<_> = found(&report, 0).into_iter().filter(|(rule, ..)| rule.starts_with("allow-")).collect();
    let expected = [
        ("allow-expired".to_owned(), "medium".to_owned(), 3, 15),
        ("allow-without-reason".to_owned(), "medium".to_owned(), 4, 1),
        ("allow-unused".to_owned(), "low".to_owned(), 9, 1),
    ];
    assert_eq!(comments, expected, "{report:#}");
    let sarif = json(&["lint", "a.sql", "-f", "sarif"], folder.path(), 1);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<&Value> = results.iter().filter(|result| !result["suppressions"].is_null()).collect();
    assert!(suppressed.iter().any(|result| result["suppressions"][0]["justification"] == "nobody reads it"));
    for format in ["text", "github", "gitlab", "junit", "markdown"] {
        let output = lockstep(&["lint", "a.sql", "-f", format], folder.path());
        assert!(String::from_utf8_lossy(&output.stdout).contains("allow-expired"), "{format}");
    }
}

#[test]
fn a_file_may_be_accepted_as_a_whole_in_a_migration_too() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "-- lockstep: allow-file drop-table, lock-blocks-reads, lock-timeout-missing reason=\"before the first customer\"\n\
               -- +goose Up\ndrop table a;\n-- +goose Down\ndrop table b;\n";
    write(folder.path(), "1_a.sql", sql);
    let report = json(&["lint", ".", "-f", "json", "--fail-on", "info"], folder.path(), 0);
    assert_eq!(report["files"][0]["statements"].as_array().unwrap().len(), 2);
    write(folder.path(), "1_a.sql", "-- +goose Up\ncall f(); -- lockstep: allow unread-statement reason=x\n");
    let accepted = json(&["lint", ".", "-f", "json", "--fail-on-unknown", "--fail-on", "high"], folder.path(), 0);
    assert_eq!(accepted["coverage"]["unknown"], 1, "it is counted, and somebody has looked at it: {accepted:#}");
}

#[test]
fn what_is_known_does_not_count_and_what_has_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "a.sql", "drop table a;\ndrop table b;\n");
    write(root, "b.sql", "drop table c;\n");
    json(&["lint", "a.sql", "b.sql", "-f", "json", "--write-baseline", "known.json"], root, 0);
    let first = std::fs::read_to_string(root.join("known.json")).unwrap();
    // Moved down, one gone, one new.
    write(root, "a.sql", "select 1;\n\n\ndrop  table b;\ndrop table d;\n");
    let report = json(&["lint", "a.sql", "-f", "json", "--baseline", "known.json"], root, 1);
    assert!(found(&report, 0).iter().all(|(_, _, line, _)| *line == 5), "{report:#}");
    let gone = report["baseline"]["gone"].as_array().unwrap();
    assert!(!gone.is_empty() && gone.iter().all(|known| known["statement"] == "drop table a"), "{report:#}");
    let text = lockstep(&["lint", "a.sql", "--baseline", "known.json"], root);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("known findings left out, ") && text.contains("of the baseline gone"), "{text}");
    json(&["lint", "a.sql", "-f", "json", "--write-baseline", "known.json"], root, 0);
    let second = std::fs::read_to_string(root.join("known.json")).unwrap();
    assert!(second.contains("drop table d") && second.contains("\"b.sql\"") && !second.contains("drop table a"));
    assert_ne!(first, second);
    // The project's file may name it, from another folder too.
    write(root, "lockstep.toml", "baseline = 'known.json'\n");
    write(root, "deep/x.sql", "select 1;\n");
    json(&["lint", "../a.sql", "../b.sql", "-f", "json"], &root.join("deep"), 0);
    let wrong = json(&["lint", "a.sql", "-f", "json", "--baseline", "a.sql"], root, 2);
    assert!(wrong["error"]["message"].as_str().unwrap().contains("not a baseline"), "{wrong:#}");
}

#[test]
fn positions_are_at_the_offending_words() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "/* about it */ alter table orders\n  alter column total type text,\n  drop column note;\n";
    write(folder.path(), "a.sql", sql);
    let report = json(&["lint", "a.sql", "-f", "json"], folder.path(), 1);
    let place = |rule: &str| found(&report, 0).into_iter().find(|(r, ..)| r == rule).map(|(_, _, l, c)| (l, c));
    assert_eq!(place("drop-column"), Some((3, 3)), "{report:#}");
    let statement = &report["files"][0]["statements"][0];
    assert_eq!((&statement["line"], &statement["column"]), (&1.into(), &16.into()));
    write(folder.path(), "b.sql", "select 1;\n\n  alter table t\n    add colum;\n");
    let broken = json(&["lint", "b.sql", "-f", "json"], folder.path(), 1);
    let (_, _, line, column) = found(&broken, 0)[0].clone();
    assert_eq!(line, 4, "at the error itself: {column} {broken:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_safe_way_is_written_beside_the_file_and_never_over_another() {
    let rows = "insert into orders select n, n from generate_series(1, 20000) as n; analyze orders;";
    let scratch = Scratch::new(&format!("create table orders (id int primary key, total int); {rows}")).await;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "1_a.sql", "create table other (id int primary key, x int);\n");
    write(root, "2_b.sql", "create index other_x on other (x);\n");
    write(root, "3_safe.sql", "create index concurrently other_y on other (x);\n");
    let output = lockstep(&["lint", "2_b.sql", "3_safe.sql", "--fix", "--fail-on", "never"], root);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2_b.sql.plan"));
    let plan = std::fs::read_to_string(root.join("2_b.sql.plan")).unwrap();
    assert!(plan.to_lowercase().contains("create index concurrently"), "{plan}");
    assert!(!root.join("3_safe.sql.plan").exists() && !root.join("1_a.sql.plan").exists());
    // Its own it may replace; an edited one, or another's, it may not.
    assert_eq!(lockstep(&["lint", "2_b.sql", "--fix", "--fail-on", "never"], root).status.code(), Some(0));
    std::fs::write(root.join("2_b.sql.plan"), plan.replace("other_x", "other_z")).unwrap();
    let refused = lockstep(&["lint", "2_b.sql", "--fix", "--fail-on", "never"], root);
    assert_eq!(refused.status.code(), Some(1));
    assert!(std::fs::read_to_string(root.join("2_b.sql.plan")).unwrap().contains("other_z"));

    let target = scratch.target();
    let url = target.url.expose();
    write(root, "4_c.sql", "create index orders_total on orders (total);\n");
    lockstep(&["lint", "4_c.sql", "--db", url, "--fix", "--fail-on", "never"], root);
    let done = json(&["apply", "4_c.sql.plan", "--db", url, "--confirm", "all", "-f", "json"], root, 0);
    assert_eq!(done["outcome"], "done", "{done:#}");
    scratch.remove().await;
}

/// The workflows that are handed out name options that are there.
#[test]
fn the_ready_workflows_call_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let helps = ["lint", "plan", "apply", "rehearse"].map(|command| {
        let help = lockstep(&[command, "--help"], folder.path());
        (command, String::from_utf8(help.stdout).unwrap())
    });
    let mut called = 0;
    for text in [include_str!("../../assets/ci/github.yml"), include_str!("../../assets/ci/gitlab.yml")] {
        let whole = text.replace("\n          --", " --").replace("\n      --", " --");
        for line in whole.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let Some((_, words)) = line.split_once("lockstep ") else { continue };
            let mut words = words.split_whitespace().take_while(|word| *word != "|");
            let Some((_, help)) = words.next().and_then(|word| helps.iter().find(|(command, _)| word == *command))
            else {
                continue;
            };
            called += 1;
            for option in words.filter(|word| word.starts_with('-') && word.len() > 1) {
                assert!(
                    help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")),
                    "{option}: {line}"
                );
            }
        }
    }
    assert_eq!(called, 7, "the lines are found");
}
