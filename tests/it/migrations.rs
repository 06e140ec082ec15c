//! Hand-written migrations on real databases: what they do to rows and what cannot be read of them comes back.

use crate::runs::{Answers, Place, drop_postgres, postgres, run_plan, sqlite};
use lockstep::plan::{Plan, PlanOptions, RollbackKind, from_sql};
use lockstep::run::{self, Direction, Journal, Outcome, RunOptions};

async fn run_sql(place: &Place, sql: &str) {
    let mut session = place.session().await;
    for statement in sql.split(";\n") {
        session.execute(statement).await.unwrap();
    }
}

/// Every row of every table, as the server writes it.
const ROWS: &str = "SELECT query_to_xml('SELECT to_jsonb(x)::text FROM ' || c.oid::regclass || ' x ORDER BY 1', true, \
    false, '')::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname";

async fn migration(place: &Place, sql: &str) -> Plan {
    let before = place.database.inspect().await.unwrap();
    from_sql("a migration", sql, &before, place.database.dialect().as_ref(), &PlanOptions::default())
}

async fn there_and_back(place: &Place, plan: Plan) {
    let told = run_plan(place, plan, RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    let run = Journal::runs(&place.database).await.unwrap().remove(0);
    let of_run = Some(run.id.clone());
    let back = run::way_back(&place.database, run, None).await.unwrap();
    let options = RunOptions { direction: Direction::Back, of_run, ..RunOptions::default() };
    let told = run_plan(place, back, options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
}

#[tokio::test]
async fn rows_that_statements_change_come_back_with_those_that_go_along() {
    let (shop, name) = postgres(20).await;
    let setup = "CREATE TYPE mood AS ENUM ('good', 'bad');\n\
        CREATE TABLE notes (sale bigint REFERENCES sales ON DELETE CASCADE, line int, mood mood, PRIMARY KEY (sale, line));\n\
        CREATE TABLE tips (id int PRIMARY KEY, sale bigint REFERENCES sales ON DELETE SET NULL);\n\
        INSERT INTO notes SELECT i, 1, 'good' FROM generate_series(1, 20) i;\n\
        INSERT INTO tips SELECT i, i FROM generate_series(1, 20) i;\n\
        CREATE TABLE logs (text text);\n\
        INSERT INTO logs VALUES ('one'), ('two')";
    run_sql(&shop, setup).await;
    let before = (shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await);
    let sql = "UPDATE sales AS s SET amount = amount + tips.id FROM tips WHERE tips.sale = s.id AND s.id IS DISTINCT FROM 3;
        WITH few AS (SELECT 4 AS id) UPDATE notes SET mood = 'bad' WHERE sale IN (SELECT id FROM few);
        DELETE FROM sales USING tips WHERE tips.sale = sales.id AND tips.id < 6 RETURNING sales.id;
        INSERT INTO sales (id, amount) SELECT i, 1 FROM generate_series(15, 25) i ON CONFLICT DO NOTHING -- those that are new
        ;
        TRUNCATE logs;
        ALTER TABLE sales ADD COLUMN region text;
        UPDATE sales SET region = 'EU'";
    let plan = migration(&shop, sql).await;
    let kinds: Vec<RollbackKind> = plan.steps.iter().map(|step| step.rollback.kind).collect();
    assert_eq!(kinds[..5], [RollbackKind::Restores; 5], "{:?}", plan.steps);
    assert_eq!(kinds[5..], [RollbackKind::Exact; 2], "{:?}", plan.steps);
    there_and_back(&shop, plan).await;
    assert_eq!((shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await), before);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn values_that_a_statement_converts_come_back() {
    let (shop, name) = postgres(5).await;
    let setup = "ALTER TABLE sales ADD COLUMN paid boolean NOT NULL DEFAULT false;\n\
        UPDATE sales SET paid = id % 2 = 0;\n\
        CREATE INDEX sales_unpaid ON sales (id) WHERE NOT paid";
    run_sql(&shop, setup).await;
    run_sql(&shop, "DROP INDEX sales_unpaid").await;
    let before = (shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await);
    let sql = "CREATE TYPE state AS ENUM ('open', 'paid');
        ALTER TABLE sales ALTER COLUMN paid DROP DEFAULT,
            ALTER COLUMN paid TYPE state USING CASE WHEN paid THEN 'paid'::state ELSE 'open' END";
    let plan = migration(&shop, sql).await;
    assert_eq!(plan.steps[1].rollback.kind, RollbackKind::Restores);
    there_and_back(&shop, plan).await;
    assert_eq!((shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await), before);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn what_a_block_does_is_taken_back_by_what_it_did() {
    let (shop, name) = postgres(5).await;
    let before = (shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await);
    let sql = "DO $$ BEGIN ALTER TABLE sales RENAME COLUMN amount TO cents; CREATE TABLE extra (id int); END $$;
        ALTER TABLE sales ADD COLUMN IF NOT EXISTS amount int;
        GRANT SELECT ON sales TO PUBLIC;
        CREATE TABLE few AS SELECT * FROM sales;
        DROP TABLE IF EXISTS few";
    let plan = migration(&shop, sql).await;
    let derived: Vec<bool> = plan.steps.iter().map(|step| step.derives_rollback).collect();
    assert_eq!(derived, [true; 5], "{:?}", plan.steps);
    assert!(plan.steps.iter().all(|step| step.rollback.note.is_some()));
    assert_eq!(plan.steps[0].rollback.kind, RollbackKind::Lossy);
    there_and_back(&shop, plan).await;
    assert_eq!((shop.fingerprint().await, crate::runs::texts(&shop, ROWS).await), before);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_renamed_table_of_sqlite_comes_back_as_it_was_written() {
    let shop = sqlite(3).await;
    run_sql(&shop, "CREATE TABLE old (id INTEGER NOT NULL PRIMARY KEY, kind TEXT CHECK ( kind IN ('a') ))").await;
    let text = "SELECT sql FROM sqlite_master WHERE name = 'old'";
    let before = (shop.fingerprint().await, crate::runs::texts(&shop, text).await);
    let sql = "ALTER TABLE old RENAME TO aside;
        CREATE TABLE old (id INTEGER NOT NULL PRIMARY KEY, kind TEXT);
        DROP TABLE aside";
    let plan = migration(&shop, sql).await;
    there_and_back(&shop, plan).await;
    assert_eq!(shop.fingerprint().await, before.0);
    let now = crate::runs::texts(&shop, text).await;
    assert!(now[0].contains("NOT NULL PRIMARY KEY") && now[0].contains("( kind IN ('a') )"), "{now:?}");
}

#[tokio::test]
async fn a_table_that_is_rebuilt_by_hand_comes_back_with_its_rows_and_those_that_point_at_them() {
    let shop = sqlite(3).await;
    run_sql(
        &shop,
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, sale INTEGER REFERENCES sales ON DELETE CASCADE);\n\
        INSERT INTO notes VALUES (1, 1), (2, 3)",
    )
    .await;
    let rows = "SELECT sales.id || ':' || amount || ':' || coalesce(notes.id, '') FROM sales LEFT JOIN notes \
        ON notes.sale = sales.id ORDER BY 1";
    let before = (shop.fingerprint().await, crate::runs::texts(&shop, rows).await);
    let sql = "UPDATE sales SET amount = amount + 1 WHERE id > 1;
        CREATE TABLE sales_new (id INTEGER PRIMARY KEY, amount INTEGER);
        INSERT INTO sales_new SELECT * FROM sales;
        DROP TABLE sales;
        ALTER TABLE sales_new RENAME TO sales;
        DELETE FROM notes WHERE sale = 3;
        INSERT INTO notes VALUES (9, 1)";
    let plan = migration(&shop, sql).await;
    let back = [RollbackKind::Exact, RollbackKind::Restores];
    assert!(plan.steps.iter().all(|s| back.contains(&s.rollback.kind)), "{:?}", plan.steps);
    there_and_back(&shop, plan).await;
    assert_eq!((shop.fingerprint().await, crate::runs::texts(&shop, rows).await), before);
}
