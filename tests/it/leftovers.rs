//! What an earlier failure has left: told, and made good by a plan of its own.

use crate::cli::{json, lockstep};
use crate::postgres_scratch::Scratch;
use lockstep::engine::SessionRole;

const SCHEMA: &str = "
    CREATE DOMAIN rank AS integer;
    CREATE TABLE sales (id integer PRIMARY KEY, code text, n rank);
    INSERT INTO sales SELECT i, 'c' || i % 5, i FROM generate_series(1, 20) i;
    ALTER TABLE sales ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
    ALTER DOMAIN rank ADD CONSTRAINT above CHECK (VALUE > 0) NOT VALID;";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_build_left_is_told_and_repaired() {
    let (scratch, folder) = (Scratch::new(SCHEMA).await, tempfile::tempdir().unwrap());
    let (target, folder) = (scratch.target(), folder.path());
    let url = target.url.expose();
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let twice = session.execute("CREATE UNIQUE INDEX CONCURRENTLY sales_code ON sales (code)").await;
    assert!(twice.is_err(), "the codes are not unique");
    let spare = session.execute("CREATE UNIQUE INDEX CONCURRENTLY sales_code_ccnew ON sales (code)").await;
    assert!(spare.is_err());

    let text = lockstep(&["inspect", url], folder);
    let said = String::from_utf8_lossy(&text.stderr).into_owned();
    for left in ["Index sales_code of sales", "Constraint positive of sales", "Constraint above of domain rank"] {
        assert!(said.contains(left), "{left}: {said}");
    }
    let plan = json(&["plan", url, "--repair", "-o", "plan.sql", "-f", "json"], folder, 0);
    let notes = plan["notes"].to_string();
    assert!(notes.contains("sales_code") && notes.contains("positive") && notes.contains("above"), "{notes}");

    // Rows that break a constraint break its repair; what was there stays as it was.
    let run = ["apply", "plan.sql", "--db", url, "--confirm", "all", "-f", "json"];
    let failed = json(&run, folder, 1);
    assert!(failed.to_string().contains("sales_code"), "{failed:#}");
    session.execute("UPDATE sales SET code = id::text").await.unwrap();
    json(&["plan", url, "--repair", "-o", "plan.sql", "-f", "json"], folder, 0);
    json(&run, folder, 0);
    let left = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
                UNION ALL SELECT conname::text FROM pg_constraint WHERE NOT convalidated";
    assert_eq!(session.query(left, &[]).await.unwrap().len(), 0);
    let again = json(&["plan", url, "--repair", "-f", "json"], folder, 0);
    assert_eq!(again["steps"].as_array().unwrap().len(), 0);
    assert!(again["notes"][0].as_str().unwrap().contains("nothing to repair"), "{again:#}");
    drop(session);
    drop(database);
    scratch.remove().await;
}
