//! Runs on a real PostgreSQL: behind locks, outside transactions, cancelled, and after a lost connection.

use crate::runs::{Answers, alter, backfill, drop_postgres, plan, postgres, run_plan, texts};
use lockstep::ErrorCode;
use lockstep::plan::{Lock, LockMode, Rollback, Step};
use lockstep::run::{self, Command, Direction, Event, Journal, Outcome, RunOptions, RunState, StepState};
use lockstep::schema::{Change, Index, QName};
use std::time::Duration;

fn locking(id: &str, sql: &str, back: &str) -> Step {
    Step { locks: vec![Lock::predicted("public.sales", LockMode::AccessExclusive)], ..alter(id, sql, back) }
}

fn concurrently(id: &str, unique: bool) -> Step {
    let mut index = Index::on_columns("sales_amount", &["amount"]);
    index.unique = unique;
    let kind = if unique { "UNIQUE INDEX" } else { "INDEX" };
    Step {
        transactional: false,
        changes: vec![Change::CreateIndex { table: QName::new("public", "sales"), index }],
        rollback: Rollback {
            transactional: false,
            ..Rollback::exact(vec!["DROP INDEX CONCURRENTLY public.sales_amount".into()])
        },
        ..alter(id, &format!("CREATE {kind} CONCURRENTLY sales_amount ON public.sales (amount)"), "")
    }
}

async fn columns(shop: &crate::runs::Place) -> Vec<String> {
    texts(shop, "SELECT attname::text FROM pg_attribute WHERE attrelid = 'sales'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY 1").await
}

#[tokio::test]
async fn a_run_is_applied_and_taken_back_to_the_schema_from_before() {
    let (shop, name) = postgres(2_000).await;
    let before = shop.fingerprint().await;
    let mut plan = plan(
        shop.engine(),
        vec![
            locking("1", "ALTER TABLE sales ADD COLUMN region text", "ALTER TABLE sales DROP COLUMN region"),
            backfill("2", "public", "sales", "id", "region", "'EU'"),
            concurrently("3", false),
        ],
    );
    plan.base = Some(before.clone());
    let told = run_plan(&shop, plan, RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert!(
        told.events.iter().any(|e| matches!(e, Event::Progress { walked: 2_000, total: Some(2_000), .. })),
        "{told:?}"
    );
    assert!(texts(&shop, "SELECT id FROM sales WHERE region IS NULL").await.is_empty());
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert!(!run.alive && run.steps.iter().all(|s| s.state == StepState::Done));

    let back = run::rollback_plan(&run, None).unwrap();
    assert!(!back.steps[0].transactional);
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id.clone()), ..RunOptions::default() };
    let told = run_plan(&shop, back, options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert_eq!(shop.fingerprint().await, before);
    assert_eq!(Journal::run(&shop.database, &run.id).await.unwrap().state, RunState::RolledBack);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_long_holder_is_waited_for_outside_the_lock_queue() {
    let (shop, name) = postgres(10).await;
    let mut reader = shop.session().await;
    reader.execute("BEGIN").await.unwrap();
    reader.query("SELECT count(*) FROM sales", &[]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let steps = vec![locking("1", "ALTER TABLE sales ADD COLUMN a text", "")];
    // The reader lets go once the run has said that it waits for it.
    let answers = Answers::yes().lock_before_confirming(reader, "SELECT 1", "COMMIT");
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), answers).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert!(told.waits > 0, "{told:?}");
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!(run.steps[0].attempts, 1, "it did not queue while the reader held its lock");
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn behind_a_blocking_transaction_a_step_tries_again_and_never_queues_for_long() {
    let (shop, name) = postgres(10).await;
    let blocker = shop.session().await;
    // Nothing is waited for outside the queue, so that the attempts themselves are seen.
    let options = RunOptions { patience: Duration::from_hours(1), ..RunOptions::default() };
    let steps = vec![locking("1", "ALTER TABLE sales ADD COLUMN a text", "")];
    let answers =
        Answers::yes().lock_before_confirming(blocker, "BEGIN; LOCK TABLE sales IN ACCESS SHARE MODE", "COMMIT");
    let told = run_plan(&shop, plan(shop.engine(), steps), options, answers).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert!(told.retries >= 1, "{told:?}");
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!(run.steps[0].attempts, told.retries + 1);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_step_gives_up_rather_than_queue_without_a_limit() {
    let (shop, name) = postgres(10).await;
    let mut blocker = shop.session().await;
    blocker.execute("BEGIN").await.unwrap();
    blocker.execute("LOCK TABLE sales IN ACCESS SHARE MODE").await.unwrap();
    let options = RunOptions { patience: Duration::from_hours(1), max_attempts: 3, ..RunOptions::default() };
    let steps = vec![locking("1", "ALTER TABLE sales ADD COLUMN a text", "")];
    let told = run_plan(&shop, plan(shop.engine(), steps), options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed);
    let failure = told.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::LockTimeout);
    assert!(failure.message.contains("3 times"), "{failure:?}");
    assert_eq!(told.retries, 2);
    blocker.execute("COMMIT").await.unwrap();
    assert_eq!(columns(&shop).await, ["amount", "id"]);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_concurrent_index_that_fails_on_duplicates_leaves_nothing() {
    let (shop, name) = postgres(10).await;
    shop.session().await.execute("UPDATE sales SET amount = 1").await.unwrap();
    let before = shop.fingerprint().await;
    let told =
        run_plan(&shop, plan(shop.engine(), vec![concurrently("1", true)]), RunOptions::default(), Answers::yes())
            .await;
    assert_eq!(told.outcome, Outcome::Failed, "{told:?}");
    assert!(told.left.as_ref().unwrap().contains("removed"), "{told:?}");
    assert_eq!(shop.fingerprint().await, before);
    assert_eq!(
        texts(&shop, "SELECT relname::text FROM pg_class WHERE relname = 'sales_amount'").await,
        Vec::<String>::new()
    );
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_long_statement_is_cancelled_on_the_server() {
    let (shop, name) = postgres(10).await;
    let step = Step {
        sql: vec!["ALTER TABLE sales ADD COLUMN a text".into(), "SELECT pg_sleep(600)".into()],
        ..locking("1", "", "")
    };
    let answers = Answers::yes().then_on_start(Command::Cancel);
    let told = run_plan(&shop, plan(shop.engine(), vec![step]), RunOptions::default(), answers).await;
    assert_eq!((told.outcome, told.cancelling), (Outcome::Cancelled, true), "{told:?}");
    assert_eq!(columns(&shop).await, ["amount", "id"]);
    assert_eq!(
        texts(&shop, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'")
            .await,
        ["0"]
    );
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!((run.state, run.steps[0].state), (RunState::Cancelled, StepState::Cancelled));
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_step_that_keeps_others_waiting_is_cancelled() {
    let (shop, name) = postgres(10).await;
    let mut victim = shop.session().await;
    let step = Step {
        sql: vec!["ALTER TABLE sales ADD COLUMN a text".into(), "SELECT pg_sleep(600)".into()],
        ..locking("1", "", "")
    };
    let options = RunOptions { max_blocking: Duration::from_millis(300), ..RunOptions::default() };
    let reading = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        victim.query("SELECT count(*) FROM sales", &[]).await
    });
    let told = run_plan(&shop, plan(shop.engine(), vec![step]), options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed, "{told:?}");
    assert!(told.failure.unwrap().message.contains("it hurt"));
    reading.await.unwrap().unwrap();
    assert_eq!(columns(&shop).await, ["amount", "id"]);
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_lost_connection_is_told_as_what_it_came_to() {
    let (shop, name) = postgres(10).await;
    let step = Step {
        sql: vec!["ALTER TABLE sales ADD COLUMN a text".into(), "SELECT pg_terminate_backend(pg_backend_pid())".into()],
        ..locking("1", "", "")
    };
    let told = run_plan(&shop, plan(shop.engine(), vec![step]), RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed, "{told:?}");
    assert!(told.failure.unwrap().message.contains("did not take effect"));
    assert_eq!(columns(&shop).await, ["amount", "id"]);
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!((run.state, run.steps[0].state), (RunState::Failed, StepState::Failed));
    drop_postgres(shop, &name).await;
}

#[tokio::test]
async fn a_session_that_is_not_in_the_way_is_left_alone() {
    let (shop, name) = postgres(10).await;
    let bystander = shop.session().await;
    let backend = bystander.backend().unwrap();
    let steps = vec![Step { sql: vec!["SELECT pg_sleep(0.5)".into()], ..alter("1", "", "") }];
    let answers = Answers::yes().then_on_start(Command::Signal { backend, terminate: true });
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), answers).await;
    assert_eq!(told.outcome, Outcome::Done);
    assert!(told.notes.iter().any(|n| n.contains("left alone")), "{told:?}");
    drop(bystander);
    drop_postgres(shop, &name).await;
}
