//! A schema change from end to end on SQLite, as a person at a terminal does it.

use crate::screen::Screen;
use crate::sqlite_file::SqliteFile;
use std::process::Command;
use std::time::Duration;

const SHOP: &str = "
create table customers (id integer primary key, email text not null unique);
create table sales (id integer primary key, customer_id integer references customers (id), amount numeric not null);
create index sales_customer on sales (customer_id);
create view totals as select customer_id, sum(amount) as total from sales group by customer_id;
insert into customers values (1, 'a@mail.example'), (2, 'b@mail.example');
insert into sales values (1, 1, 10), (2, 1, 20), (3, 2, 30);
";

const REQUEST: &str = "Add a region to sales, required, default 'EU', and index it";

/// A step that is fast, and one that does not end by itself.
const ENDLESS: &str = "alter table sales add column note text;
update sales set amount = (
    with recursive c(n) as (select 1 union all select n + 1 from c where n < 1000000000000) select count(*) from c
);
";

/// Keys in the first moments of a dialog are dropped.
const GUARD: Duration = Duration::from_millis(400);

async fn fingerprint(file: &SqliteFile) -> String {
    file.connect().await.inspect().await.unwrap().fingerprint()
}

fn open(file: &SqliteFile, more: &[&str], size: (u16, u16)) -> Screen {
    let url = file.url();
    let mut arguments = vec![url.as_str()];
    arguments.extend(more);
    Screen::open(&arguments, size, file.folder())
}

/// Says yes to a step whose dialog is open.
fn confirm(screen: &mut Screen, dialog: &str) {
    screen.wait_for(dialog).settle(GUARD).keys("y");
}

fn quit(screen: &mut Screen) {
    screen.keys("q");
    assert_eq!(screen.wait_end(), 0);
    assert!(screen.terminal_is_restored());
}

fn signal(screen: &Screen, name: &str) {
    let done = Command::new("kill").args(["-s", name, &screen.process_id().to_string()]).status().unwrap();
    assert!(done.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_planned_shown_run_and_taken_back() {
    let file = SqliteFile::new(SHOP).await;
    let before = fingerprint(&file).await;
    let mut screen = open(&file, &[], (120, 40));
    screen.wait_for("sales").wait_for("No plan yet");
    screen.keys("/amount").wait_for("sales.amount").keys("\r").wait_for("CREATE TABLE sales");
    screen.keys("a").keys(REQUEST).keys("\r").wait_for("A plan of").wait_for("Create index");
    screen.keys("\x1b").wait_for("x run  ").keys("\r").wait_for("Rollback: exact");
    screen
        .keys("\x1b")
        .wait_for("strongest lock")
        .keys("D")
        .wait_for("region TEXT")
        .wait_for("Every sale now has a region");
    screen.keys("1x");
    confirm(&mut screen, "Run step 1 of 2?");
    confirm(&mut screen, "Run step 2 of 2?");
    screen.wait_for("2 steps, done");
    assert_ne!(fingerprint(&file).await, before);
    screen.keys("B");
    confirm(&mut screen, "Take back step 1 of 2?");
    confirm(&mut screen, "Take back step 2 of 2?");
    screen.wait_for("2 steps, taken back");
    assert_eq!(fingerprint(&file).await, before);
    screen.keys("5").wait_for(REQUEST);
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_by_enter_or_by_leaving_the_dialog() {
    let file = SqliteFile::new(SHOP).await;
    let before = fingerprint(&file).await;
    let mut screen = open(&file, &[], (80, 24));
    screen.wait_for("sales").keys("a").keys("drop the sales table\r").wait_for("A plan of");
    screen.keys("\x1b").wait_for("x run  ").keys("x").wait_for("Type ").settle(GUARD);
    screen.keys("y\ty").wait_for("Type sales first").keys("\r").wait_for("Enter never runs a step");
    screen.settle(GUARD).keys("\x1b").wait_gone("Run step 1");
    screen.keys("S").wait_for("stopped");
    assert_eq!(fingerprint(&file).await, before);
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_is_found_again_and_taken_back() {
    let file = SqliteFile::new(SHOP).await;
    let before = fingerprint(&file).await;
    std::fs::write(file.folder().join("endless.sql"), ENDLESS).unwrap();
    let mut screen = open(&file, &["--sql", "endless.sql"], (120, 40));
    screen.wait_for("2 steps").keys("x");
    confirm(&mut screen, "Run step 1 of 2?");
    confirm(&mut screen, "Run step 2 of 2?");
    screen.wait_for("running for").kill();

    let mut screen = open(&file, &[], (120, 40));
    screen.wait_for("A run was interrupted").wait_for("Done: 1 of 2 steps").settle(GUARD).keys("b");
    confirm(&mut screen, "Take back step 1 of 1?");
    screen.wait_for("1 step, taken back");
    assert_eq!(fingerprint(&file).await, before);
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_step_is_cancelled_by_a_key_and_by_a_signal() {
    let file = SqliteFile::new(SHOP).await;
    std::fs::write(file.folder().join("endless.sql"), ENDLESS).unwrap();
    let mut screen = open(&file, &["--sql", "endless.sql"], (120, 40));
    screen.wait_for("2 steps").keys("x");
    confirm(&mut screen, "Run step 1 of 2?");
    confirm(&mut screen, "Run step 2 of 2?");
    screen.wait_for("running for").keys("c").wait_for("2 steps, cancelled");
    screen.keys("5").wait_for("cancelled");
    quit(&mut screen);

    std::fs::write(file.folder().join("endless.sql"), ENDLESS.replace("note text", "remark text")).unwrap();
    let mut screen = open(&file, &["--sql", "endless.sql"], (120, 40));
    screen.wait_for("2 steps").keys("x");
    confirm(&mut screen, "Run step 1 of 2?");
    confirm(&mut screen, "Run step 2 of 2?");
    screen.wait_for("running for");
    signal(&screen, "TERM");
    screen.wait_end();
    assert!(screen.terminal_is_restored());
    let mut screen = open(&file, &[], (120, 40));
    screen.wait_for("sales").keys("5").wait_for("cancelled");
    assert!(!screen.text().contains("A run was interrupted"));
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_table_has_gone_says_so_and_is_planned_again() {
    let file = SqliteFile::new(SHOP).await;
    let mut screen = open(&file, &[], (120, 40));
    screen.wait_for("sales").keys("a").keys("add a nickname to customers\r").wait_for("A plan of");
    let database = file.connect().await;
    let mut session = database.session(lockstep::engine::SessionRole::Executor).await.unwrap();
    session.execute("create table late (id integer primary key)").await.unwrap();
    drop(session);
    screen.keys("\x1b").wait_for("x run  ").keys("x").wait_for("late").wait_for("plan again").settle(GUARD).keys("p");
    screen.wait_gone("plan again").wait_for("late").settle(GUARD).keys("x").wait_for("Run step 1");
    screen.settle(GUARD).keys("\x1b").wait_gone("Run step 1").keys("S").wait_for("stopped");
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_comes_back_after_a_signal_whatever_is_on_the_screen() {
    let file = SqliteFile::new(SHOP).await;
    for name in ["TERM", "HUP", "INT"] {
        let mut screen = open(&file, &[], (100, 30));
        screen.wait_for("sales").keys("?").wait_for("Keys");
        assert!(!screen.terminal_is_restored());
        signal(&screen, name);
        screen.wait_end();
        assert!(screen.terminal_is_restored(), "after {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_small_a_terminal_says_which_size_it_wants() {
    let file = SqliteFile::new(SHOP).await;
    let mut screen = open(&file, &[], (50, 12));
    screen.wait_for("wants 60x16").resize(80, 24).wait_for("sales").resize(30, 5).wait_for("wants 60x16");
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_are_compared_from_the_palette() {
    let file = SqliteFile::new(SHOP).await;
    std::fs::write(file.folder().join("old.sql"), "create table a (id integer primary key);").unwrap();
    std::fs::write(file.folder().join("new.sql"), "create table a (id integer primary key, colour text);").unwrap();
    let mut screen = open(&file, &[], (120, 40));
    screen.wait_for("sales").keys(":").keys("two schemas").wait_for("Compare any two").keys("\r");
    screen.wait_for("the old one").keys("old.sql\r").wait_for("the new one").keys("new.sql\r");
    screen.wait_for("From old.sql to new.sql").wait_for("colour");
    quit(&mut screen);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_is_refused_with_the_choice_of_another() {
    let file = SqliteFile::new(SHOP).await;
    std::fs::write(file.folder().join("letter.db"), "Dear reader, this is no database. ".repeat(60)).unwrap();
    let url = format!("sqlite:{}", file.folder().join("letter.db").display());
    let mut screen = Screen::open(&[&url], (100, 30), file.folder());
    screen.wait_for("Which database?").wait_for("! ").wait_for("The demo").keys("\x1b");
    screen.wait_end();
    assert!(screen.terminal_is_restored());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_opens_on_its_shop_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = Screen::open(&["demo"], (120, 40), folder.path());
    screen.wait_for("DEMO").wait_for("order_items").keys("a").keys(REQUEST).keys("\r").wait_for("A plan of");
    screen.keys("\x1b").wait_for("x run  ").keys("4").wait_for("probe");
    quit(&mut screen);
}
