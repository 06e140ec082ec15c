//! The on-call engineer's story on a real PostgreSQL, through a terminal: ask, plan, run behind somebody who holds a
//! lock, roll back; and a backfill that is killed and gone on with.

use crate::postgres_scratch::Scratch;
use crate::screen::Screen;
use lockstep::engine::{Database, Session, SessionRole, Value};
use lockstep::run::{Journal, RunState, StepState};
use std::sync::Arc;
use std::time::Duration;

/// Longer than a dialog takes no keys after it has opened.
const GUARD: Duration = Duration::from_millis(400);

const SHOP: &str = "create table customers (id int primary key, name text not null);
    create table sales (id int primary key, customer_id int references customers, amount int not null);
    insert into customers select n, 'name ' || n from generate_series(1, 100) n;
    insert into sales select n, 1 + n % 100, n from generate_series(1, 20000) n;
    analyze";

async fn number(session: &mut dyn Session, sql: &str) -> i64 {
    let rows = session.query(sql, &[]).await.unwrap();
    let Some(Value::Int(number)) = rows[0].first().cloned() else { panic!("{sql} gives no number: {rows:?}") };
    number
}

async fn until(session: &mut dyn Session, sql: &str) {
    for _ in 0..1_200 {
        if number(session, sql).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {sql}");
}

fn open(database: &Arc<dyn Database>, home: &std::path::Path) -> Screen {
    let mut screen = Screen::open(&[&database.info().shown], (120, 40), home);
    screen.wait_for("sales");
    screen
}

/// Asks for a change, as soon as the schema has been read, and leaves the chat with its plan.
fn ask(screen: &mut Screen, request: &str) {
    let answered = |text: &str| text.contains("Enter send") || text.contains("Not now");
    while !screen.keys("a").wait_until("the chat to take the keys", answered).text().contains("Enter send") {
        screen.settle(Duration::from_millis(200));
    }
    // Keys that came before the notice had gone are in the prompt.
    screen.keys(&"\x7f".repeat(40)).keys(request).keys("\r").wait_for("A plan of").keys("\x1b").wait_gone("Enter send");
}

/// Consents to the step whose dialog is to open.
fn consent(screen: &mut Screen, dialog: &str) {
    screen.wait_for(dialog).settle(GUARD).keys("y").wait_gone(dialog);
}

#[tokio::test]
async fn what_a_migration_locks_is_seen_in_a_rehearsal_before_anything_runs() {
    let scratch = Scratch::new(SHOP).await;
    let database = scratch.connect().await;
    let before = database.inspect().await.unwrap().fingerprint();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("change.sql");
    std::fs::write(&file, "do $$ begin execute 'alter table customers add column since date'; end $$;").unwrap();
    let path = file.display().to_string();
    let mut screen = Screen::open(&[&database.info().shown, "--sql", &path], (120, 40), home.path());
    screen.wait_for("unknown").keys("R").wait_for("The rollbacks led back to exactly the first schema.");
    screen
        .wait_for("access exclus")
        .keys("\r")
        .wait_for("ACCESS EXCLUSIVE on public.customers: reads and writes wait (rehearsed)");
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before, "nothing happened to the target");
    screen.keys("q");
    screen.wait_end();
    scratch.remove().await;
}

#[tokio::test]
async fn a_change_waits_for_a_blocker_outside_the_queue_and_is_taken_back_whole() {
    let scratch = Scratch::new(SHOP).await;
    let database = scratch.connect().await;
    let before = database.inspect().await.unwrap().fingerprint();
    let mut blocker = database.session(SessionRole::Load).await.unwrap();
    blocker.execute("begin; select count(*) from sales").await.unwrap();
    let mut side = database.session(SessionRole::Load).await.unwrap();

    let home = tempfile::tempdir().unwrap();
    let mut screen = open(&database, home.path());
    ask(&mut screen, "add a region to sales, required, default 'EU', and index it");
    screen.wait_for("2 steps").keys("x").wait_for("NO-GO").wait_for("holds ACCESS SHARE on public.sales");
    consent(&mut screen, "Run step 1 of 2?");
    screen.wait_for("outside the lock queue").wait_for("probe").wait_for("we block 0");
    assert_eq!(
        number(
            side.as_mut(),
            "select count(*) from pg_locks where not granted and database = \
        (select oid from pg_database where datname = current_database())"
        )
        .await,
        0
    );
    // Readers are not held up while it waits.
    assert_eq!(number(side.as_mut(), "select count(*) from sales").await, 20_000);
    blocker.execute("rollback").await.unwrap();
    consent(&mut screen, "Run step 2 of 2?");
    screen.wait_for("Done.");
    let valid = "select count(*) from pg_index where indexrelid = 'sales_region_idx'::regclass and indisvalid";
    assert_eq!(number(side.as_mut(), valid).await, 1);

    screen.keys("B");
    consent(&mut screen, "Take back step 1 of 2?");
    consent(&mut screen, "Take back step 2 of 2?");
    screen.wait_for("Taken back.").keys("q").wait_end();
    assert!(screen.terminal_is_restored());
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before);
    drop((side, blocker, database));
    scratch.remove().await;
}

#[tokio::test]
async fn a_killed_backfill_goes_on_from_its_cursor_at_the_next_start() {
    // How slow is a row, so that it can be changed without a change of the schema.
    let slow = "create table pace as select 0.002::float8 as seconds;
        create function slow() returns trigger language plpgsql as \
        $$ begin perform pg_sleep((select seconds from pace)); return new; end $$;
        alter table sales add column region text;
        create trigger slow before update on sales for each row execute function slow()";
    let scratch = Scratch::new(&format!("{SHOP};\n{slow}")).await;
    let database = scratch.connect().await;
    let mut side = database.session(SessionRole::Load).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut screen = open(&database, home.path());
    ask(&mut screen, "backfill region in sales with 'EU'");
    screen.wait_for("1 step").keys("x");
    consent(&mut screen, "Run step 1 of 1?");
    until(side.as_mut(), "select count(*) from lockstep.step where cursor is not null").await;
    screen.kill();
    let alive = "select 1 - count(*) from pg_stat_activity where application_name = 'lockstep' \
        and datname = current_database()";
    until(side.as_mut(), alive).await;
    let run = Journal::runs(&database).await.unwrap().remove(0);
    assert_eq!((run.state, run.alive, run.steps[0].state), (RunState::Running, false, StepState::Running));

    // What is walked over again would lose this mark.
    side.execute("update pace set seconds = 0; update sales set region = 'seen' where region = 'EU'").await.unwrap();
    let seen = number(side.as_mut(), "select count(*) from sales where region = 'seen'").await;
    assert!(seen > 0 && seen < 20_000, "{seen}");
    let mut screen = open(&database, home.path());
    screen.wait_for("A run was interrupted").settle(GUARD).keys("r");
    consent(&mut screen, "Run step 1 of 1?");
    screen.wait_for("Done.").keys("q").wait_end();
    assert_eq!(number(side.as_mut(), "select count(*) from sales where region = 'seen'").await, seen);
    assert_eq!(number(side.as_mut(), "select count(*) from sales where region is null").await, 0);
    let runs = Journal::runs(&database).await.unwrap();
    assert_eq!((runs.len(), runs[0].id == run.id, runs[0].state), (1, true, RunState::Done));
    drop((side, database));
    scratch.remove().await;
}
