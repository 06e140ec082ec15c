//! Runs on real SQLite files: applied, failed, cancelled, broken off, resumed and taken back.

use crate::runs::{Answers, alter, backfill, check, plan, run_plan, sqlite, texts};
use lockstep::engine::Value;
use lockstep::history;
use lockstep::run::{self, Command, Direction, Journal, Outcome, RunOptions, RunState, StepState};
use lockstep::{ErrorCode, plan::Step};

async fn names(shop: &crate::runs::Place) -> Vec<String> {
    texts(shop, "SELECT name FROM pragma_table_info('sales') ORDER BY name").await
}

#[tokio::test]
async fn a_run_is_applied_journalled_and_taken_back_to_the_schema_from_before() {
    let shop = sqlite(300).await;
    let before = shop.fingerprint().await;
    let mut plan = plan(
        shop.engine(),
        vec![
            alter("1", "ALTER TABLE sales ADD COLUMN region TEXT", "ALTER TABLE sales DROP COLUMN region"),
            backfill("2", "main", "sales", "id", "region", "'EU'"),
            check("3", "SELECT id FROM sales WHERE region IS NULL", "some sales have no region"),
            alter("4", "CREATE INDEX sales_region ON sales (region)", "DROP INDEX sales_region"),
        ],
    );
    plan.base = Some(before.clone());
    let told =
        run_plan(&shop, plan, RunOptions { operator: "ann".into(), ..RunOptions::default() }, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert_eq!(texts(&shop, "SELECT CAST(count(*) AS TEXT) FROM sales WHERE region = 'EU'").await, ["300"]);

    let runs = Journal::runs(&shop.database).await.unwrap();
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!((run.state, &*run.operator, run.base.as_ref()), (RunState::Done, "ann", Some(&before)));
    assert!(!run.alive && run.ended_at.is_some());
    assert!(run.steps.iter().all(|s| s.state == StepState::Done && s.started_at.is_some() && s.ended_at.is_some()));
    assert!(run.steps[1].cursor.is_some(), "the backfill's place is kept");

    let back = run::rollback_plan(run, None).unwrap();
    assert_eq!(back.steps.iter().map(|s| &*s.id).collect::<Vec<_>>(), ["4", "1"]);
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id.clone()), ..RunOptions::default() };
    let told = run_plan(&shop, back, options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert!(told.notes.is_empty(), "{told:?}");
    assert_eq!(shop.fingerprint().await, before);
    let runs = Journal::runs(&shop.database).await.unwrap();
    let run = runs.iter().find(|r| r.direction == Direction::Forward).unwrap();
    assert_eq!(run.state, RunState::RolledBack);
    assert!(run.steps.iter().all(|s| s.state == StepState::RolledBack));
    assert!(history::status(&shop.database).await.unwrap().unfinished.is_empty());
}

#[tokio::test]
async fn rolling_back_to_a_step_leaves_the_earlier_ones() {
    let shop = sqlite(1).await;
    let steps = vec![
        alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "ALTER TABLE sales DROP COLUMN a"),
        alter("2", "ALTER TABLE sales ADD COLUMN b TEXT", "ALTER TABLE sales DROP COLUMN b"),
    ];
    run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), Answers::yes()).await;
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    let back = run::rollback_plan(&run, Some("2")).unwrap();
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id.clone()), ..RunOptions::default() };
    run_plan(&shop, back, options, Answers::yes()).await;
    assert_eq!(names(&shop).await, ["a", "amount", "id"]);
    let run = Journal::run(&shop.database, &run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done);
    assert_eq!(run.steps.iter().map(|s| s.state).collect::<Vec<_>>(), [StepState::Done, StepState::RolledBack]);
}

#[tokio::test]
async fn a_step_that_fails_leaves_nothing_and_ends_the_run() {
    let shop = sqlite(3).await;
    let both = Step {
        sql: vec!["ALTER TABLE sales ADD COLUMN b TEXT".into(), "ALTER TABLE nowhere ADD COLUMN c TEXT".into()],
        ..alter("2", "", "")
    };
    let steps = vec![
        alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "ALTER TABLE sales DROP COLUMN a"),
        both,
        alter("3", "ALTER TABLE sales ADD COLUMN d TEXT", ""),
    ];
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed);
    assert!(told.failure.as_ref().unwrap().message.contains("nowhere"), "{told:?}");
    assert_eq!(names(&shop).await, ["a", "amount", "id"]);
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    let states: Vec<StepState> = run.steps.iter().map(|s| s.state).collect();
    assert_eq!(states, [StepState::Done, StepState::Failed, StepState::Planned]);
    assert!(run.steps[1].error.as_ref().unwrap().contains("nowhere"));

    let status = history::status(&shop.database).await.unwrap();
    assert_eq!(status.unfinished.len(), 1);
    assert!(status.to_string().contains(&format!("lockstep rollback {}", run.id)), "{status}");
    let rest = run::resume_plan(&run).unwrap();
    assert_eq!(rest.steps.iter().map(|s| &*s.id).collect::<Vec<_>>(), ["2", "3"]);
}

#[tokio::test]
async fn a_check_that_does_not_hold_stops_the_run() {
    let shop = sqlite(3).await;
    let steps = vec![check("1", "SELECT id FROM sales", "there are sales already")];
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed);
    assert_eq!(told.failure.unwrap().message, "there are sales already");
}

#[tokio::test]
async fn a_check_within_a_step_rolls_it_back() {
    let shop = sqlite(3).await;
    let step = Step {
        check: check("x", "SELECT 1", "never").check,
        ..alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "ALTER TABLE sales DROP COLUMN a")
    };
    let told = run_plan(&shop, plan(shop.engine(), vec![step]), RunOptions::default(), Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Failed);
    assert_eq!(names(&shop).await, ["amount", "id"]);
}

#[tokio::test]
async fn a_long_statement_is_cancelled_and_rolled_back() {
    let shop = sqlite(1).await;
    let long = "CREATE TABLE far AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let steps = vec![alter("1", long, "DROP TABLE far")];
    let told = run_plan(
        &shop,
        plan(shop.engine(), steps),
        RunOptions::default(),
        Answers::yes().then_on_start(Command::Cancel),
    )
    .await;
    assert_eq!(told.outcome, Outcome::Cancelled);
    assert_eq!(told.failure.as_ref().unwrap().code, ErrorCode::Cancelled);
    assert!(told.cancelling, "{told:?}");
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!((run.state, run.steps[0].state), (RunState::Cancelled, StepState::Cancelled));
    assert!(texts(&shop, "SELECT name FROM sqlite_schema WHERE name = 'far'").await.is_empty());
}

#[tokio::test]
async fn a_cancelled_backfill_goes_on_from_its_cursor() {
    let shop = sqlite(5_000).await;
    let steps = vec![
        alter("1", "ALTER TABLE sales ADD COLUMN region TEXT", "ALTER TABLE sales DROP COLUMN region"),
        backfill("2", "main", "sales", "id", "region", "'EU'"),
    ];
    let answers = Answers::yes().then_on_progress(Command::Cancel);
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), answers).await;
    assert_eq!(told.outcome, Outcome::Cancelled);
    let some: u64 =
        texts(&shop, "SELECT CAST(count(*) AS TEXT) FROM sales WHERE region = 'EU'").await[0].parse().unwrap();
    assert!(some > 0 && some < 5_000, "{some}");
    // What the second run walks over again would be seen here.
    let mut session = shop.session().await;
    session.execute("UPDATE sales SET region = 'seen' WHERE region = 'EU'").await.unwrap();

    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    let rest = run::resume_plan(&run).unwrap();
    assert_eq!(rest.steps.len(), 1);
    let options = RunOptions { of_run: Some(run.id.clone()), ..RunOptions::default() };
    let told = run_plan(&shop, rest, options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    let seen: u64 =
        texts(&shop, "SELECT CAST(count(*) AS TEXT) FROM sales WHERE region = 'seen'").await[0].parse().unwrap();
    assert_eq!(seen, some);
    assert!(texts(&shop, "SELECT id FROM sales WHERE region IS NULL").await.is_empty());
}

#[tokio::test]
async fn a_run_whose_front_end_goes_ends_in_the_journal() {
    let shop = sqlite(1).await;
    let steps = vec![alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "")];
    let handle = run::start(shop.database.clone(), plan(shop.engine(), steps), RunOptions::default()).await.unwrap();
    drop(handle);
    shop.until_no_run_is_alive().await;
    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert_eq!((run.state, run.steps[0].state), (RunState::Stopped, StepState::Planned));
}

#[tokio::test]
async fn an_interrupted_run_is_in_the_way_until_it_is_settled() {
    let shop = sqlite(1).await;
    let steps = vec![
        alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "ALTER TABLE sales DROP COLUMN a"),
        alter("2", "ALTER TABLE sales ADD COLUMN b TEXT", "ALTER TABLE sales DROP COLUMN b"),
    ];
    let plan = plan(shop.engine(), steps);
    run_plan(&shop, plan.clone(), RunOptions::default(), Answers::skip("2")).await;
    // As a kill leaves it in the middle of the second step.
    let mut session = shop.session().await;
    session.execute("UPDATE lockstep_run SET state = 'running', ended_at = NULL").await.unwrap();
    session.execute("UPDATE lockstep_step SET state = 'running' WHERE position = 1").await.unwrap();

    let refused = run::start(shop.database.clone(), plan, RunOptions::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    let status = history::status(&shop.database).await.unwrap();
    assert!(status.runs[0].interrupted);
    assert_eq!(status.unfinished[0].steps[0].verdict, run::Verdict::DidNotHappen);
    assert!(status.to_string().contains("UNFINISHED"), "{status}");

    let run = Journal::runs(&shop.database).await.unwrap().remove(0);
    assert!(!run.alive);
    let run = run::recover(&shop.database, run).await.unwrap();
    assert_eq!((run.state, run.steps[1].state), (RunState::Failed, StepState::Failed));
    let back = run::rollback_plan(&run, None).unwrap();
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id.clone()), ..RunOptions::default() };
    let told = run_plan(&shop, back, options, Answers::yes()).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
    assert_eq!(names(&shop).await, ["amount", "id"]);
}

#[tokio::test]
async fn a_changed_base_is_refused_with_what_changed() {
    let shop = sqlite(1).await;
    let base = shop.database.inspect().await.unwrap();
    let mut plan = plan(shop.engine(), vec![alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "")]);
    plan.base = Some(base.fingerprint());
    shop.session().await.execute("ALTER TABLE sales ADD COLUMN surprise TEXT").await.unwrap();
    let options = RunOptions { base_schema: Some(std::sync::Arc::new(base)), ..RunOptions::default() };
    let refused = run::start(shop.database.clone(), plan, options).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BaseChanged);
    assert!(refused.message.contains("surprise"), "{refused:?}");
    assert!(Journal::runs(&shop.database).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_one_runs_plans_at_a_time() {
    let shop = sqlite(1).await;
    let plan = plan(shop.engine(), vec![alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "")]);
    let first = run::start(shop.database.clone(), plan.clone(), RunOptions::default()).await.unwrap();
    assert!(Journal::runs(&shop.database).await.unwrap()[0].alive);
    let refused = run::start(shop.database.clone(), plan, RunOptions::default()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    drop(first);
}

#[tokio::test]
async fn a_writer_in_the_way_is_waited_for() {
    let shop = sqlite(1).await;
    let mut writer = shop.session().await;
    writer.execute("BEGIN IMMEDIATE").await.unwrap();
    // The journal is written at the start of a run, so the writer comes in once the run has begun.
    writer.execute("ROLLBACK").await.unwrap();
    let steps = vec![alter("1", "ALTER TABLE sales ADD COLUMN a TEXT", "")];
    let answers = Answers::yes().lock_before_confirming(writer, "BEGIN IMMEDIATE", "ROLLBACK");
    let told = run_plan(&shop, plan(shop.engine(), steps), RunOptions::default(), answers).await;
    assert_eq!(told.outcome, Outcome::Done, "{told:?}");
}

#[tokio::test]
async fn there_is_no_journal_before_the_first_run() {
    let shop = sqlite(1).await;
    assert!(Journal::runs(&shop.database).await.unwrap().is_empty());
    let mut session = shop.session().await;
    let tables = session.query("SELECT name FROM sqlite_schema WHERE name LIKE 'lockstep%'", &[]).await.unwrap();
    assert_eq!(tables, Vec::<Vec<Value>>::new());
    assert!(history::status(&shop.database).await.unwrap().to_string().contains("Nothing has been run"));
}
