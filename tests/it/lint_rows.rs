//! What the rows of a database say to statements, and what a project's policy says to a run.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use lockstep::engine::SessionRole;
use serde_json::Value;
use std::path::Path;

const DATA: &str = "CREATE TABLE people (id bigint PRIMARY KEY);
    INSERT INTO people SELECT generate_series(1, 100);
    CREATE TABLE t (id bigint, name text, n bigint, pid bigint, clean int, code text);
    INSERT INTO t SELECT i % 990, CASE WHEN i % 7 = 0 THEN NULL ELSE repeat('x', i % 30) END, i::bigint * 10000000, i, i, 'c' || i
        FROM generate_series(1, 1000) i;
    CREATE TABLE none (id int);
    ANALYZE";

fn url(scratch: &Scratch) -> String {
    scratch.target().url.expose().to_owned()
}

/// Rule, evidence and message of each finding about the rows.
fn about_rows(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let statements = report["files"][0]["statements"].as_array().unwrap();
    let risks = statements.iter().flat_map(|statement| statement["risks"].as_array().unwrap());
    let of_rows = |rule: &str| rule.starts_with("fails-on-") || rule == "may-fail-on-rows";
    let told = risks.map(|risk| (text(&risk["rule"]), text(&risk["evidence"]), text(&risk["message"])));
    told.filter(|(rule, ..)| of_rows(rule)).collect()
}

fn lint(url: &str, folder: &Path, sql: &str, more: &[&str]) -> Value {
    std::fs::write(folder.join("a.sql"), sql).unwrap();
    let mut words = vec!["lint", "a.sql", "--db", url, "-f", "json", "--fail-on", "never"];
    words.extend(more);
    json(&words, folder, 0)
}

#[tokio::test]
async fn rows_that_make_a_statement_fail_are_counted_and_others_clear_it() {
    let scratch = Scratch::new(DATA).await;
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("ALTER TABLE t ALTER name SET NOT NULL", "fails-on-nulls", "142"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (id)", "fails-on-duplicates", "10"),
        ("ALTER TABLE t ADD FOREIGN KEY (pid) REFERENCES people", "fails-on-orphans", "900"),
        ("ALTER TABLE t ADD CHECK (length(name) < 20)", "fails-on-check", ""),
        ("ALTER TABLE t ALTER n TYPE int", "fails-on-values", ""),
        ("ALTER TABLE t ALTER name TYPE varchar(10)", "fails-on-values", ""),
        ("ALTER TABLE t ADD r int NOT NULL", "fails-on-rows", ""),
    ];
    for (sql, rule, count) in cases {
        let found = about_rows(&lint(&url(&scratch), folder.path(), sql, &[]));
        let [(found_rule, evidence, message)] = &found[..] else { panic!("{sql}: {found:?}") };
        assert_eq!((found_rule.as_str(), evidence.as_str()), (rule, "measured"), "{sql}");
        assert!(message.contains(&format!("there are {count}")), "{sql}: {message}");
    }
    for sql in [
        "ALTER TABLE t ALTER clean SET NOT NULL",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (clean)",
        "ALTER TABLE t ADD CHECK (clean > 0)",
        "ALTER TABLE t ALTER clean TYPE smallint",
        "ALTER TABLE t ALTER code TYPE varchar(10)",
        "ALTER TABLE none ALTER id SET NOT NULL",
    ] {
        assert_eq!(about_rows(&lint(&url(&scratch), folder.path(), sql, &[])), [], "{sql}");
    }
    let open =
        about_rows(&lint(&url(&scratch), folder.path(), "ALTER TABLE t ALTER name SET NOT NULL", &["--no-probes"]));
    assert_eq!((open[0].0.as_str(), open[0].1.as_str()), ("may-fail-on-rows", "predicted"));
    let mended = "UPDATE t SET name = '' WHERE name IS NULL; ALTER TABLE t ALTER name SET NOT NULL";
    let found = about_rows(&lint(&url(&scratch), folder.path(), mended, &[]));
    assert!(found[0].2.contains("may mend it"), "{found:?}");
    scratch.remove().await;
}

#[tokio::test]
async fn many_rows_that_one_statement_changes_are_told() {
    let scratch =
        Scratch::new("CREATE TABLE wide AS SELECT i AS id, 0 AS n FROM generate_series(1, 30000) i; ANALYZE").await;
    let folder = tempfile::tempdir().unwrap();
    let many = |sql: &str| {
        let report = lint(&url(&scratch), folder.path(), sql, &[]);
        let risks = report["files"][0]["statements"][0]["risks"].as_array().unwrap().clone();
        risks.into_iter().find(|risk| risk["rule"] == "many-rows-changed")
    };
    let told = many("UPDATE wide SET n = 1 WHERE id > 5").unwrap();
    assert!(told["evidence"] == "measured" && told["message"].as_str().unwrap().contains("20000 or more"), "{told}");
    assert_eq!(many("UPDATE wide SET n = 1 WHERE id < 5"), None);
    assert_eq!(many("DELETE FROM wide WHERE pg_sleep(1) IS NULL"), None, "no code of the statement is run");
    scratch.remove().await;
}

#[tokio::test]
async fn rows_are_not_asked_by_code_of_the_statement_nor_behind_a_lock() {
    let setup =
        format!("{DATA}; CREATE FUNCTION odd(int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(60) IS NOT NULL'");
    let scratch = Scratch::new(&setup).await;
    let folder = tempfile::tempdir().unwrap();
    let found = about_rows(&lint(&url(&scratch), folder.path(), "ALTER TABLE t ADD CHECK (odd(clean))", &[]));
    assert!(found[0].0 == "may-fail-on-rows" && found[0].2.contains("running code"), "{found:?}");
    let database = scratch.connect().await;
    let mut holder = database.session(SessionRole::Executor).await.unwrap();
    holder.execute("BEGIN").await.unwrap();
    holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let begun = std::time::Instant::now();
    let found = about_rows(&lint(&url(&scratch), folder.path(), "ALTER TABLE t ALTER clean SET NOT NULL", &[]));
    assert!(found[0].0 == "may-fail-on-rows" && found[0].2.contains("lock"), "{found:?}");
    assert!(begun.elapsed().as_secs() < 10, "it waited");
    holder.execute("ROLLBACK").await.unwrap();
    drop(holder);
    scratch.remove().await;
}

#[tokio::test]
async fn a_plan_tells_what_the_rows_say() {
    let scratch = Scratch::new(DATA).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.sql"), "ALTER TABLE t ALTER name SET NOT NULL;").unwrap();
    let plan = json(&["plan", &url(&scratch), "--sql", "m.sql", "-f", "json"], folder.path(), 0);
    let steps = plan["steps"].as_array().unwrap();
    let risks = steps.iter().flat_map(|step| step["risks"].as_array().unwrap());
    let measured: Vec<&Value> = risks.filter(|risk| risk["rule"] == "fails-on-nulls").collect();
    assert!(!measured.is_empty() && measured.iter().all(|risk| risk["evidence"] == "measured"), "{plan:#}");
    scratch.remove().await;
}

#[tokio::test]
async fn apply_obeys_the_projects_policy() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let place = crate::runs::sqlite(3).await;
    let shop = place.database.info().host.clone();
    let shop = format!("sqlite:{shop}");
    let file = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
    file("m.sql", "ALTER TABLE sales ADD COLUMN b int;");
    json(&["plan", &shop, "--sql", "m.sql", "-f", "json", "-o", "plan.sql"], root, 0);
    let apply = |more: &[&str]| {
        let mut words = vec!["apply", "plan.sql", "--db", &shop, "--confirm", "all", "-f", "json"];
        words.extend(more);
        let run = lockstep(&words, root);
        (run.status.code(), String::from_utf8(run.stdout).unwrap())
    };
    // A window that is never: it ends when it begins.
    file("lockstep.toml", "[[policy.windows]]\nfrom = '00:00'\nto = '00:00'\n");
    let (status, told) = apply(&[]);
    assert!(status == Some(1) && told.contains("refused") && told.contains("00:00"), "{told}");
    file("lockstep.toml", "[[policy.approvals]]\nseverity = 'info'\nby = ['ben']\n");
    let (status, told) = apply(&["--approved-by", "eve"]);
    assert!(status == Some(1) && told.contains("approval by ben"), "{told}");
    file("lockstep.toml", "[policy]\nforbid = [{ what = 'ALTER TABLE', why = 'the year is closed' }]\n");
    let (status, told) = apply(&["--override-policy", "incident 12"]);
    assert!(status == Some(1) && told.contains("the year is closed"), "{told}");
    file("lockstep.toml", "forbid_typo = 1\n");
    assert_eq!(apply(&[]).0, Some(2), "a policy that makes no sense is no policy");
    file(
        "lockstep.toml",
        "[[policy.windows]]\nfrom = '00:00'\nto = '00:00'\n[[policy.approvals]]\nseverity = 'info'\nby = ['ben']\n",
    );
    let (status, told) = apply(&["--approved-by", "ben", "--override-policy", "incident 12"]);
    assert_eq!(status, Some(0), "{told}");
    let status = lockstep(&["rollback", "--db", &shop, "--confirm", "all"], root);
    assert!(status.status.success(), "the way back is open at any hour");
}

#[test]
fn explain_says_why_and_on_which_page_it_rests() {
    let folder = tempfile::tempdir().unwrap();
    let text = |words: &[&str]| String::from_utf8(lockstep(words, folder.path()).stdout).unwrap();
    let list = text(&["explain"]);
    assert!(list.contains("locking: ") && list.contains("length-limit") && list.contains("(off)"), "{list}");
    let one = text(&["explain", "health-data-without-audit"]);
    assert!(one.contains("164.312(b)") && one.contains("What to do: "), "{one}");
    let all = json(&["explain", "--all", "-f", "json"], folder.path(), 0);
    let is_whole = |rule: &Value| {
        ["id", "group", "severity", "why", "what_to_do", "versions"].iter().all(|key| rule[*key].is_string())
    };
    assert!(all.as_array().unwrap().iter().all(is_whole), "{all:#}");
    let unknown = json(&["explain", "set-notnull", "-f", "json"], folder.path(), 2);
    assert!(unknown["error"]["hint"].as_str().unwrap().contains("set-not-null-scan"), "{unknown:#}");
}
