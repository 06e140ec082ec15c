//! The executor against a database that follows a script.

use super::fake::{Fake, Fate, State};
use super::{Command, Consent, Event, Outcome, RunHandle, RunOptions, start};
use crate::ErrorCode;
use crate::engine::{Blocker, Sample, WaitingLock};
use crate::plan::{Backfill, Phase, Plan, Rollback, Step, StepKind};
use crate::schema::{EngineKind, QName};
use std::sync::Arc;
use std::time::Duration;

fn step(id: &str) -> Step {
    Step { id: id.into(), ..Step::ddl("a step", Phase::Expand, vec![format!("ALTER {id}")]) }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        version: 1,
        engine: EngineKind::Postgres,
        title: "a test".into(),
        base: None,
        base_parts: crate::schema::Parts::new(),
        target: None,
        steps,
        notes: Vec::new(),
    }
}

async fn begin(fake: &Arc<Fake>, steps: Vec<Step>, options: RunOptions) -> RunHandle {
    start(fake.clone(), plan(steps), options).await.unwrap()
}

/// The next event that is none of those that only mention something.
async fn next(handle: &mut RunHandle) -> Event {
    tokio::time::timeout(Duration::from_secs(20), handle.events.recv()).await.expect("the run is stuck").unwrap()
}

/// Confirms everything to the end.
async fn finish(handle: &mut RunHandle) -> (Outcome, Vec<Event>) {
    let mut events = Vec::new();
    loop {
        let event = next(handle).await;
        if let Event::Asks { step, .. } = &event {
            handle.commands.send(Command::Confirm(Consent::to(step))).await.unwrap();
        }
        if let Event::Ended { outcome, .. } = event {
            return (outcome, events);
        }
        events.push(event);
    }
}

async fn run(fake: &Arc<Fake>, steps: Vec<Step>) -> (Outcome, Vec<Event>) {
    finish(&mut begin(fake, steps, RunOptions::default()).await).await
}

fn states(fake: &Fake) -> Vec<String> {
    fake.state().steps.iter().map(|kept| kept.state.clone()).collect()
}

fn failing(text: &'static str, codes: &[ErrorCode]) -> State {
    State { rules: codes.iter().map(|code| (text, Fate::Fails(*code))).collect(), ..State::default() }
}

fn failure(events: &[Event]) -> (&crate::Error, Option<&str>) {
    let failed = events.iter().find_map(|event| match event {
        Event::StepFailed { error, left, .. } => Some((error, left.as_deref())),
        _ => None,
    });
    failed.unwrap()
}

fn holder(backend: i64, ms: f64) -> Blocker {
    Blocker {
        backend,
        user: None,
        application: None,
        state: None,
        transaction_ms: Some(ms),
        relation: None,
        mode: None,
        query: None,
    }
}

#[tokio::test]
async fn the_journals_row_is_the_last_statement_of_the_steps_own_transaction() {
    let fake = Fake::new(State::default());
    let (outcome, _) = run(&fake, vec![Step { session: vec!["SETTING".into()], ..step("1") }]).await;
    assert_eq!(outcome, Outcome::Done);
    let log = fake.state().log.clone();
    let told: Vec<&str> = log.iter().map(|sql| sql.split(' ').next().unwrap()).collect();
    assert_eq!(told, ["SETTING", "BEGIN", "SETTING", "ALTER", "UPDATE", "COMMIT", "RESET"]);
    assert_eq!(states(&fake), ["done"]);
    assert_eq!(fake.state().run_state.as_deref(), Some("done"));
}

#[tokio::test]
async fn nothing_runs_without_the_right_consent() {
    let fake = Fake::new(State::default());
    let destructive = Step { destroys: vec!["public.t".into()], ..step("1") };
    let mut handle = begin(&fake, vec![destructive.clone()], RunOptions::default()).await;
    let mut asked = 0;
    let edited = Step { sql: vec!["ALTER 2".into()], ..destructive.clone() };
    let answers =
        [Consent::to(&destructive), Consent::to(&edited).typed("public.t"), Consent::to(&destructive).typed("t")];
    let mut answers = answers.into_iter();
    loop {
        if let Event::Asks { gate, .. } = next(&mut handle).await {
            assert_eq!(gate.reasons.is_empty(), asked == 0, "it says why it asks again");
            asked += 1;
            assert!(fake.state().log.is_empty());
            match answers.next() {
                Some(answer) => handle.commands.send(Command::Confirm(answer)).await.unwrap(),
                None => break,
            }
        }
    }
    assert_eq!(asked, 4);
    handle.commands.send(Command::Confirm(Consent::to(&destructive).typed("public.t"))).await.unwrap();
    assert_eq!(finish(&mut handle).await.0, Outcome::Done);
}

#[tokio::test]
async fn a_lock_that_is_not_to_be_had_is_tried_for_again() {
    let fake = Fake::new(failing("ALTER", &[ErrorCode::LockTimeout, ErrorCode::Deadlock]));
    let (outcome, events) = run(&fake, vec![step("1")]).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Retrying { .. })).count(), 2);
    assert_eq!(fake.state().log.iter().filter(|sql| *sql == "ROLLBACK").count(), 2);
}

#[tokio::test]
async fn another_error_ends_the_run_at_once_and_keeps_the_steps_before_it() {
    let fake = Fake::new(failing("ALTER 2", &[ErrorCode::Statement]));
    let (outcome, events) = run(&fake, vec![step("1"), step("2"), step("3")]).await;
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(failure(&events).0.code, ErrorCode::Statement);
    assert_eq!(states(&fake), ["done", "failed", "planned"]);
}

#[tokio::test]
async fn a_lost_commit_that_took_effect_is_done() {
    let fake = Fake::new(State { rules: [("COMMIT", Fate::DoneButLost)].into(), ..State::default() });
    let (outcome, events) = run(&fake, vec![step("1")]).await;
    assert_eq!(outcome, Outcome::Done, "{events:?}");
    assert_eq!(states(&fake), ["done"]);
}

#[tokio::test]
async fn a_lost_commit_that_took_no_effect_is_failed() {
    let fake = Fake::new(failing("COMMIT", &[ErrorCode::ConnectionLost]));
    let (outcome, events) = run(&fake, vec![step("1")]).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(failure(&events).0.message.contains("did not take effect"));
    assert_eq!(states(&fake), ["failed"]);
}

#[tokio::test]
async fn a_lost_commit_that_nobody_can_look_at_is_unknown_and_stays_so_in_the_journal() {
    let fake = Fake::new(failing("COMMIT", &[ErrorCode::ConnectionLost]));
    let mut handle = begin(&fake, vec![step("1")], RunOptions::default()).await;
    fake.state().gone = true;
    let (outcome, events) = finish(&mut handle).await;
    assert_eq!(outcome, Outcome::Failed);
    let (error, left) = failure(&events);
    assert!(error.message.contains("unknown") && left.unwrap().contains("unknown"), "{error:?}");
    assert_eq!(states(&fake), ["running"]);
    assert_eq!(fake.state().run_state, None, "the run has no end yet");
}

#[tokio::test]
async fn what_a_step_outside_a_transaction_leaves_is_removed() {
    let state = State { leftovers: vec!["DROP it".into()], ..failing("ALTER", &[ErrorCode::Statement]) };
    let fake = Fake::new(state);
    let (outcome, events) = run(&fake, vec![Step { transactional: false, ..step("1") }]).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(failure(&events).1.unwrap().contains("DROP it"));
    let log = fake.state().log.clone();
    assert_eq!(log, ["ALONE", "ALTER 1", "DROP it", "RESET"]);
}

#[tokio::test]
async fn long_holders_are_waited_for_before_anything_queues() {
    let held = || vec![holder(7, 900.0)];
    let state = State { holders: [Vec::new(), held(), held(), vec![holder(8, 20.0)]].into(), ..State::default() };
    let fake = Fake::new(state);
    let (outcome, events) = run(&fake, vec![step("1")]).await;
    assert_eq!(outcome, Outcome::Done);
    assert!(events.iter().any(|e| matches!(e, Event::Waiting { holders, .. } if holders.len() == 1)));
    assert_eq!(fake.state().log.iter().filter(|sql| *sql == "BEGIN").count(), 1);
}

#[tokio::test]
async fn waiting_for_holders_has_an_end() {
    let fake = Fake::new(State { holders: vec![vec![holder(7, 900.0)]; 50].into(), ..State::default() });
    let options = RunOptions { max_wait: Duration::from_millis(250), ..RunOptions::default() };
    let (outcome, events) = finish(&mut begin(&fake, vec![step("1")], options).await).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(failure(&events).0.message.contains("session 7"));
    assert!(!fake.state().log.contains(&"BEGIN".to_owned()));
}

#[tokio::test]
async fn a_cancel_goes_to_the_server_and_is_told_before_its_answer() {
    let fake = Fake::new(State { rules: [("ALTER", Fate::Hangs)].into(), ..State::default() });
    let mut handle = begin(&fake, vec![step("1")], RunOptions::default()).await;
    let mut cancelling = false;
    let outcome = loop {
        match next(&mut handle).await {
            Event::Asks { step, .. } => handle.commands.send(Command::Confirm(Consent::to(&step))).await.unwrap(),
            Event::StepStarted { .. } => handle.commands.send(Command::Cancel).await.unwrap(),
            Event::Cancelling { .. } => cancelling = true,
            Event::StepFailed { error, .. } => assert_eq!((error.code, cancelling), (ErrorCode::Cancelled, true)),
            Event::Ended { outcome, .. } => break outcome,
            _ => {}
        }
    };
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(fake.state().cancels > 0);
    assert_eq!(states(&fake), ["cancelled"]);
}

#[tokio::test]
async fn a_front_end_that_goes_cancels_what_runs_and_leaves_it_journalled() {
    let fake = Fake::new(State { rules: [("ALTER", Fate::Hangs)].into(), ..State::default() });
    let mut handle = begin(&fake, vec![step("1")], RunOptions::default()).await;
    loop {
        match next(&mut handle).await {
            Event::Asks { step, .. } => handle.commands.send(Command::Confirm(Consent::to(&step))).await.unwrap(),
            Event::StepStarted { .. } => break,
            _ => {}
        }
    }
    drop(handle);
    for _ in 0..200 {
        if fake.state().run_state.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(states(&fake), ["cancelled"]);
    assert_eq!(fake.state().run_state.as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn a_step_that_hurts_others_is_stopped() {
    let mut hurt = Sample::default();
    hurt.locks.waiting = Some(vec![WaitingLock {
        backend: 5,
        relation: None,
        mode: None,
        wait_ms: Some(5_000.0),
        blocked_by: vec![1],
        query: None,
    }]);
    let fake = Fake::new(State { rules: [("ALTER", Fate::Hangs)].into(), readings: [hurt].into(), ..State::default() });
    let (outcome, events) = run(&fake, vec![step("1")]).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(failure(&events).0.message.contains("it hurt"), "{events:?}");
}

#[tokio::test]
async fn a_backfill_walks_to_the_end_with_its_cursor_in_each_transaction() {
    let fake = Fake::new(State { keys: 1_000, ..failing("BATCH", &[ErrorCode::LockTimeout]) });
    let fill = Backfill {
        table: QName::new("public", "t"),
        key: vec!["id".into()],
        set: vec![("a".into(), "1".into())],
        only_where: None,
        batch_rows: 300,
    };
    let step =
        Step { kind: StepKind::Backfill, backfill: Some(fill), rollback: Rollback::exact(Vec::new()), ..step("1") };
    let (outcome, events) = run(&fake, vec![step]).await;
    assert_eq!(outcome, Outcome::Done, "{events:?}");
    let last = events.iter().rev().find_map(|e| match e {
        Event::Progress { walked, .. } => Some(*walked),
        _ => None,
    });
    assert_eq!(last, Some(1_000));
    let state = fake.state();
    assert!(state.steps[0].cursor.as_ref().unwrap().contains("1000"));
    let begun = state.log.iter().filter(|sql| *sql == "BEGIN").count();
    let committed = state.log.iter().filter(|sql| *sql == "COMMIT").count();
    assert_eq!(begun, committed + 1, "one attempt was rolled back");
}

#[tokio::test]
async fn skipping_and_stopping_leave_steps_undone() {
    let fake = Fake::new(State::default());
    let mut handle = begin(&fake, vec![step("1"), step("2")], RunOptions::default()).await;
    let outcome = loop {
        match next(&mut handle).await {
            Event::Asks { step, .. } if step.id == "1" => {
                handle.commands.send(Command::Skip("1".into())).await.unwrap();
            }
            Event::Asks { .. } => handle.commands.send(Command::Stop).await.unwrap(),
            Event::Ended { outcome, .. } => break outcome,
            _ => {}
        }
    };
    assert_eq!(outcome, Outcome::Stopped);
    assert_eq!(states(&fake), ["skipped", "planned"]);
}
