//! The gauges on a real PostgreSQL (`LOCKSTEP_TEST_POSTGRES`).

use crate::postgres_scratch::Scratch;
use lockstep::engine::{Database, Focus, Sample, Sampler, Session, SessionRole};
use lockstep::plan::LockMode;
use lockstep::schema::QName;
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn until(sampler: &mut Box<dyn Sampler>, focus: &Focus, seen: impl Fn(&Sample) -> bool) -> Sample {
    let start = Instant::now();
    loop {
        let sample = sampler.sample(focus).await.unwrap();
        if seen(&sample) {
            return sample;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "never seen; the last reading was {sample:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn executor(database: &Arc<dyn Database>) -> Box<dyn Session> {
    database.session(SessionRole::Executor).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_database_has_figures_and_no_waits() {
    let scratch = Scratch::new("create table orders (id int primary key)").await;
    let database = scratch.connect().await;
    let mut sampler = database.sampler().await.unwrap();
    let focus = Focus { probe: Some(QName::new("public", "orders")), ..Focus::default() };
    let sample = until(&mut sampler, &focus, |s| s.throughput.is_some() && s.latency.samples > 1).await;
    assert_eq!(sample.locks.blocked_sessions, Some(0));
    assert_eq!(sample.locks.held, None);
    assert!(sample.wal_bytes_per_s.is_some() && sample.activity.is_some() && sample.replication.is_some());
    assert!(sample.size.get("database").and_then(serde_json::Value::as_u64).is_some_and(|bytes| bytes > 1_000_000));
    assert!(sample.latency.p50_ms <= sample.latency.p99_ms);
    drop((sampler, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocks_us_and_whom_we_block_are_told_while_the_probe_waits() {
    let scratch = Scratch::new("create table orders (id int); insert into orders values (1)").await;
    let database = scratch.connect().await;
    let mut sampler = database.sampler().await.unwrap();
    let mut reader = executor(&database).await;
    reader.execute("begin; select * from orders").await.unwrap();
    let reader_backend = reader.backend().unwrap();
    let mut changer = executor(&database).await;
    let backend = changer.backend().unwrap();
    let canceller = changer.canceller();
    let change = tokio::spawn(async move { changer.execute("alter table orders add total int").await });
    let focus = Focus { backend: Some(backend), probe: Some(QName::new("public", "orders")), ..Focus::default() };
    let sample = until(&mut sampler, &focus, |s| !s.locks.blockers.is_empty()).await;
    let blocker = &sample.locks.blockers[0];
    assert_eq!((blocker.backend, blocker.mode), (reader_backend, Some(LockMode::AccessShare)));
    assert_eq!(blocker.relation.as_deref(), Some("orders"));
    let mut victim = executor(&database).await;
    let victim_backend = victim.backend().unwrap();
    let waiting = tokio::spawn(async move { victim.execute("select * from orders").await });
    let started = Instant::now();
    let sample = until(&mut sampler, &focus, |s| s.locks.blocked_sessions == Some(1)).await;
    let row = sample.locks.waiting.as_ref().unwrap().iter().find(|w| w.backend == victim_backend).unwrap();
    assert!(row.blocked_by.contains(&backend), "{row:?}");
    assert!(sample.locks.longest_wait_ms.is_some());
    until(&mut sampler, &focus, |s| s.latency.probe_ms.is_some_and(|ms| ms > 100.0)).await;
    assert!(started.elapsed() < Duration::from_secs(8));
    let quick = Instant::now();
    sampler.sample(&focus).await.unwrap();
    assert!(quick.elapsed() < Duration::from_millis(900), "a waiting probe stalls nothing else");
    canceller.cancel().await.unwrap();
    change.await.unwrap().unwrap_err();
    waiting.await.unwrap().unwrap();
    until(&mut sampler, &focus, |s| s.locks.blocked_sessions == Some(0) && s.locks.blockers.is_empty()).await;
    drop((sampler, reader, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gauges_go_on_under_an_exclusive_lock() {
    let scratch =
        Scratch::new("create table orders (id int check (id > 0)); create view v as select * from orders").await;
    let database = scratch.connect().await;
    let mut sampler = database.sampler().await.unwrap();
    let mut holder = executor(&database).await;
    holder.execute("begin; lock table orders in access exclusive mode").await.unwrap();
    let focus = Focus { backend: holder.backend(), ..Focus::default() };
    let start = Instant::now();
    let sample = sampler.sample(&focus).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
    let held = sample.locks.held.unwrap();
    assert!(
        held.iter().any(|l| l.relation == "orders" && l.mode == LockMode::AccessExclusive && l.granted),
        "{held:?}"
    );
    drop((sampler, holder, database));
    scratch.remove().await;
}
