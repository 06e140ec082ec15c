//! Every kind of object that PostgreSQL has besides tables and views: read, written as SQL, planned there and back.

use crate::postgres_scratch::Scratch;
use lockstep::engine::SessionRole;
use lockstep::plan::{self, PlanOptions, RollbackKind, StepKind};
use lockstep::schema::{Change, ObjectKind, ObjectRef, QName, Schema};

/// One of each kind, and of each form that a kind has.
const ALL: &str = include_str!("kinds.sql");

/// Runs every statement of the steps that a plan from `before` to `after` has, and gives the way back.
async fn carry_out(scratch: &Scratch, before: &Schema, after: &Schema) -> Vec<String> {
    let database = scratch.connect().await;
    let dialect = database.dialect();
    let changes = lockstep::diff::compare(before, after, &[]);
    let plan = plan::toward("all", &changes, before, after, dialect.as_ref(), &PlanOptions::default()).unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    for sql in plan.steps.iter().flat_map(|step| &step.sql) {
        session.execute(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    plan.steps.iter().rev().flat_map(|step| step.rollback.sql.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_made_and_taken_back_by_a_plan() {
    let (full, empty) = (Scratch::new(ALL).await, Scratch::new("").await);
    let before = empty.connect().await.inspect().await.unwrap();
    let after = full.connect().await.inspect().await.unwrap();
    assert_eq!(after.unmodelled, []);
    let back = carry_out(&empty, &before, &after).await;
    let now = empty.connect().await.inspect().await.unwrap();
    // What is secret is for people to give.
    let left = lockstep::diff::compare(&now, &after, &[]);
    let secret =
        |change: &Change| matches!(change, Change::AlterOther { to, .. } if to.id.kind == ObjectKind::ForeignServer);
    assert!(left.iter().all(secret) && left.len() == 1, "{left:#?}");
    let database = empty.connect().await;
    let mut session = database.session(SessionRole::Load).await.unwrap();
    for sql in back {
        session.execute(&sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    let again = database.inspect().await.unwrap();
    assert_eq!(again.fingerprint(), before.fingerprint(), "{:#?}", lockstep::diff::compare(&before, &again, &[]));
    drop((session, database));
    full.remove().await;
    empty.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_of_a_schema_makes_every_kind() {
    let full = Scratch::new(ALL).await;
    let database = full.connect().await;
    let after = database.inspect().await.unwrap();
    let twin = Scratch::new(&database.dialect().script(&after)).await;
    let now = twin.connect().await.inspect().await.unwrap();
    let left = lockstep::diff::compare(&now, &after, &[]);
    assert_eq!(left.len(), 1, "only the secret is left: {left:#?}");
    drop(database);
    full.remove().await;
    twin.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_nowhere_in_schema_or_plan_and_is_asked_for() {
    let (full, empty) = (Scratch::new(ALL).await, Scratch::new("").await);
    let before = empty.connect().await.inspect().await.unwrap();
    let after = full.connect().await.inspect().await.unwrap();
    assert!(!serde_json::to_string(&after).unwrap().contains("hunter2"));
    let server = |schema: &Schema| {
        let id = ObjectRef::new(ObjectKind::ForeignServer, QName::new("", "S 1"));
        schema.others.iter().find(|o| o.id == id).cloned().unwrap()
    };
    assert!(server(&after).settings["option password"].digest.is_some());
    let dialect = lockstep::engine::dialect(after.engine).unwrap();
    let changes = lockstep::diff::compare(&before, &after, &[]);
    let plan = plan::toward("all", &changes, &before, &after, dialect.as_ref(), &PlanOptions::default()).unwrap();
    assert!(!serde_json::to_string(&plan).unwrap().contains("hunter2"));
    let asked = plan.steps.iter().find(|step| step.kind == StepKind::Wait).unwrap();
    assert!(asked.note.as_deref().unwrap().contains("password"), "{asked:?}");
    // The other way it goes with the server, and the way back says that it does not come again.
    let changes = lockstep::diff::compare(&after, &before, &[]);
    let plan = plan::toward("none", &changes, &after, &before, dialect.as_ref(), &PlanOptions::default()).unwrap();
    let drop = plan.steps.iter().find(|step| step.sql.iter().any(|sql| sql == "DROP SERVER \"S 1\"")).unwrap();
    assert_eq!(drop.rollback.kind, RollbackKind::Lossy);
    full.remove().await;
    empty.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_while_the_object_stays() {
    let full = Scratch::new(ALL).await;
    let database = full.connect().await;
    let before = database.inspect().await.unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    session
        .execute(
            "alter server \"S 1\" version '2' options (set host 'other', add port '1');
             alter foreign data wrapper fw options (drop a);
             comment on server \"S 1\" is null;
             alter foreign table k.ft options (set table_name 'z'), alter id options (drop column_name);
             alter text search configuration k.tc alter mapping for word with simple;
             alter text search configuration k.tc drop mapping for asciiword;
             alter text search dictionary k.td (stopwords, accept = 'true');
             alter operator k.<# (bigint, bigint) set (restrict = none);
             alter operator family k.fam using btree drop operator 1 (bigint, integer);
             alter publication pub set (publish = 'delete');
             alter event trigger et enable;
             alter statistics k.st set statistics 50",
        )
        .await
        .unwrap();
    let after = database.inspect().await.unwrap();
    let changes = lockstep::diff::compare(&before, &after, &[]);
    let in_place = |change: &Change| {
        matches!(change, Change::AlterOther { .. } | Change::SetTableOptions { .. } | Change::SetColumnOptions { .. })
    };
    assert!(changes.iter().all(in_place) && changes.len() == 11, "{changes:#?}");
    carry_out(&full, &after, &before).await;
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before.fingerprint());
    drop((session, database));
    full.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_wrapper_takes_its_mappings_and_tables_along() {
    let made = |wrapper: &str| {
        format!(
            "create foreign data wrapper one; create foreign data wrapper two;
             create server s foreign data wrapper {wrapper}; create user mapping for public server s;
             create foreign table far (id integer) server s; create view near as select id from far"
        )
    };
    let (one, two) = (Scratch::new(&made("one")).await, Scratch::new(&made("two")).await);
    let before = one.connect().await.inspect().await.unwrap();
    let after = two.connect().await.inspect().await.unwrap();
    let back = carry_out(&one, &before, &after).await;
    let database = one.connect().await;
    assert_eq!(database.inspect().await.unwrap().fingerprint(), after.fingerprint());
    let mut session = database.session(SessionRole::Load).await.unwrap();
    for sql in back {
        session.execute(&sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before.fingerprint());
    drop((session, database));
    one.remove().await;
    two.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_neither_connects_nor_starts_nor_tells_its_password() {
    const MADE: &str = "create subscription lockstep_sub connection 'host=nowhere password=hunter2 dbname=x'
        publication one, \"T wo\" with (connect = false, slot_name = lockstep_slot);
        comment on subscription lockstep_sub is 'from afar'";
    let scratch = Scratch::new("").await;
    let database = scratch.connect().await;
    let before = database.inspect().await.unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    session.execute(MADE).await.unwrap();
    let after = database.inspect().await.unwrap();
    assert!(!serde_json::to_string(&after).unwrap().contains("hunter2"));
    carry_out(&scratch, &after, &before).await;
    assert_eq!(database.inspect().await.unwrap().fingerprint(), before.fingerprint());
    carry_out(&scratch, &before, &after).await;
    let again = database.inspect().await.unwrap();
    let left = lockstep::diff::compare(&again, &after, &[]);
    let [Change::AlterOther { from, to }] = left.as_slice() else { panic!("{left:#?}") };
    assert_eq!(from.settings["publications"], to.settings["publications"]);
    assert!(to.settings["connection"].by_hand.is_some());
    carry_out(&scratch, &again, &before).await;
    drop((session, database));
    scratch.remove().await;
}
