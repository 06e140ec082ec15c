//! Connections, sessions and the go/no-go on a real PostgreSQL (`LOCKSTEP_TEST_POSTGRES`).

use crate::postgres_scratch::Scratch;
use lockstep::ErrorCode;
use lockstep::engine::{ConnectOptions, Session, SessionRole, Target, Value, Verdict};
use lockstep::plan::{Backfill, Lock, LockMode, Phase, Step};
use lockstep::schema::{Change, Index, QName};
use std::time::Duration;

async fn run(session: &mut Box<dyn Session>, statements: &[&str]) {
    for sql in statements {
        session.execute(sql).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_database_and_a_closed_port_say_what_to_do() {
    let scratch = Scratch::new("").await;
    let missing = Target::parse(&scratch.url_of("no_such_database")).unwrap();
    let error = lockstep::engine::connect(&missing, &ConnectOptions::default()).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.message.contains("no_such_database") && error.hint.is_some());
    let closed = Target::parse("postgres://nobody@127.0.0.1:1/x").unwrap();
    let error = lockstep::engine::connect(&closed, &ConnectOptions::default()).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::Connection);
    let nowhere = Target::parse("postgres://nobody@host.invalid/x").unwrap();
    let error = lockstep::engine::connect(&nowhere, &ConnectOptions::default()).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::Connection);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_connection_cannot_write_on_any_session() {
    let scratch = Scratch::new("create table t (id int)").await;
    let options = ConnectOptions { read_only: true, ..ConnectOptions::default() };
    let database = lockstep::engine::connect(&scratch.target(), &options).await.unwrap();
    assert!(database.info().read_only);
    for role in [SessionRole::Executor, SessionRole::Journal, SessionRole::Reader] {
        let mut session = database.session(role).await.unwrap();
        assert_eq!(session.execute("insert into t values (1)").await.unwrap_err().code, ErrorCode::ReadOnly);
        for sql in session.reset() {
            session.execute(&sql).await.unwrap();
        }
        assert_eq!(session.execute("insert into t values (1)").await.unwrap_err().code, ErrorCode::ReadOnly);
    }
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_take_the_types_that_the_statement_wants() {
    let scratch =
        Scratch::new("create table t (id bigint primary key, name text, ok boolean, rate double precision)").await;
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let row = vec![Value::Int(7), Value::Text("O'Brien \\ \u{1b}".into()), Value::Bool(true), Value::Real(1.5)];
    session.query("insert into t values ($1, $2, $3, $4)", &row).await.unwrap();
    assert_eq!(session.query("select * from t where id = $1", &[Value::Int(7)]).await.unwrap(), [row]);
    assert_eq!(session.query("select null, now() is null", &[]).await.unwrap(), [[Value::Null, Value::Bool(false)]]);
    let error = session.query("insert into t values ($1)", &[Value::Int(7)]).await.unwrap_err();
    assert_eq!((error.code, error.engine_code.as_deref()), (ErrorCode::Statement, Some("23505")));
    run(&mut session, &["begin"]).await;
    session.query("insert into t values ($1)", &[Value::Int(7)]).await.unwrap_err();
    run(&mut session, &["rollback"]).await;
    session.query("insert into t values ($1)", &[Value::Int(8)]).await.unwrap();
    assert!(session.query("select $1", &[Value::Text("a\0b".into())]).await.is_err());
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_not_to_be_had_gives_up_in_time_and_a_cancel_arrives() {
    let scratch = Scratch::new("create table t (id int)").await;
    let database = scratch.connect().await;
    let mut holder = database.session(SessionRole::Reader).await.unwrap();
    run(&mut holder, &["begin", "select * from t"]).await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    for sql in session.begin(Duration::from_millis(50)) {
        session.execute(&sql).await.unwrap();
    }
    let error = session.execute("alter table t add b int").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::LockTimeout);
    run(&mut session, &["rollback"]).await;
    let canceller = session.canceller();
    let sleeping = tokio::spawn(async move { session.execute("select pg_sleep(30)").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    canceller.cancel().await.unwrap();
    assert_eq!(sleeping.await.unwrap().unwrap_err().code, ErrorCode::Cancelled);
    drop((holder, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_made_once_and_only_one_may_run_plans() {
    let scratch = Scratch::new("").await;
    let database = scratch.connect().await;
    let mut first = database.session(SessionRole::Journal).await.unwrap();
    let mut second = database.session(SessionRole::Journal).await.unwrap();
    for _ in 0..2 {
        for sql in first.journal_tables() {
            first.execute(&sql).await.unwrap();
        }
    }
    let count = format!("select count(*) from {}", first.journal_table("step"));
    assert_eq!(first.query(&count, &[]).await.unwrap(), [[Value::Int(0)]]);
    assert!(first.try_exclusive().await.unwrap());
    assert!(!second.try_exclusive().await.unwrap());
    first.release_exclusive().await.unwrap();
    assert!(second.try_exclusive().await.unwrap());
    drop((first, second, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_walks_the_whole_key_and_changes_only_what_needs_it() {
    let scratch = Scratch::new(
        "create table \"Sales\" (shop text, id int, region text, primary key (shop, id));
         insert into \"Sales\" select 's' || n % 3, n, case when n % 2 = 0 then 'US' end from generate_series(1, 25) n",
    )
    .await;
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let backfill = Backfill {
        table: QName::new("public", "Sales"),
        key: vec!["shop".into(), "id".into()],
        set: vec![("region".into(), "upper(shop) || \"Sales\".id".into())],
        only_where: Some("region is null".into()),
        batch_rows: 10,
    };
    let (mut cursor, mut walked, mut changed) = (None, 0, 0);
    loop {
        let batch = session.backfill_batch(&backfill, cursor.as_deref(), 10).await.unwrap();
        walked += batch.walked;
        changed += batch.changed;
        cursor = batch.last;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((walked, changed), (25, 13));
    let left = session.query("select count(*) from \"Sales\" where region is null", &[]).await.unwrap();
    assert_eq!(left, [[Value::Int(0)]]);
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_failed_to_build_is_found_and_removed() {
    let scratch = Scratch::new("create table t (a int); insert into t values (1), (1)").await;
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let sql = "create unique index concurrently t_a_idx on t (a)";
    let mut step = Step::ddl("index", Phase::Expand, vec![sql.into()]);
    step.transactional = false;
    step.changes =
        vec![Change::CreateIndex { table: QName::new("public", "t"), index: Index::on_columns("t_a_idx", &["a"]) }];
    assert_eq!(session.leftovers(&step).await.unwrap(), Vec::<String>::new());
    session.execute(sql).await.unwrap_err();
    let clean = session.leftovers(&step).await.unwrap();
    assert_eq!(clean, ["DROP INDEX CONCURRENTLY public.t_a_idx"]);
    session.execute(&clean[0]).await.unwrap();
    assert_eq!(session.leftovers(&step).await.unwrap(), Vec::<String>::new());
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_names_who_holds_a_conflicting_lock() {
    let scratch = Scratch::new("create table orders (id int)").await;
    let database = scratch.connect().await;
    let mut step = Step::ddl("add", Phase::Expand, vec!["alter table orders add b int".into()]);
    step.locks = vec![Lock::predicted("public.orders", LockMode::AccessExclusive)];
    assert_eq!(database.gate(&step).await.unwrap().verdict, Verdict::Go);
    let mut holder = database.session(SessionRole::Reader).await.unwrap();
    run(&mut holder, &["begin", "select * from orders"]).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    let gate = database.gate(&step).await.unwrap();
    assert_eq!(gate.verdict, Verdict::NoGo);
    assert_eq!(gate.holders.iter().map(|b| b.backend).collect::<Vec<_>>(), [holder.backend().unwrap()]);
    assert!(gate.reasons[0].contains("ACCESS SHARE on public.orders"), "{:?}", gate.reasons);
    step.locks[0].mode = LockMode::Share;
    assert_eq!(database.gate(&step).await.unwrap().verdict, Verdict::Go);
    drop((holder, database));
    scratch.remove().await;
}
