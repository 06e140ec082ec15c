//! Tables that are dropped and made anew, with the rows that they had.

use crate::runs::{Answers, drop_postgres, postgres, run_plan};
use lockstep::diff;
use lockstep::plan::{self, PlanOptions};
use lockstep::run::{self, Direction, Journal, Outcome, RunOptions};

#[tokio::test(flavor = "multi_thread")]
async fn rows_move_into_a_table_that_becomes_partitioned_and_back() {
    let of = |kind: &str, parts: &str| {
        format!(
            "CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, n serial, at date NOT NULL, what text,
                 PRIMARY KEY (id, at)) {kind};
             {parts}
             CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
             CREATE TABLE notes (id integer PRIMARY KEY, event bigint, at date, FOREIGN KEY (event, at) REFERENCES events);
             INSERT INTO events (at, what) SELECT date '2026-01-20' + i, 'event ' || i FROM generate_series(1, 30) i;
             INSERT INTO notes SELECT id, id, at FROM events;
             CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.what <> 'new') EXECUTE FUNCTION refuse();"
        )
    };
    let parts = "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
                 CREATE TABLE events_d PARTITION OF events DEFAULT;";
    let (plain, partitioned) = (of("", ""), of("PARTITION BY RANGE (at)", parts));
    for (from, to) in [(&plain, &partitioned), (&partitioned, &plain)] {
        let (place, name) = postgres(1).await;
        place.session().await.execute(from).await.unwrap();
        let (other, other_name) = postgres(1).await;
        other.session().await.execute(to).await.unwrap();
        let (before, after) = (place.database.inspect().await.unwrap(), other.database.inspect().await.unwrap());
        drop_postgres(other, &other_name).await;
        let sum = "SELECT concat_ws(' ', count(*), min(id), max(id), max(n), max(what)) FROM events";
        let rows = format!("{:?}", place.session().await.query(sum, &[]).await.unwrap());

        let changes = diff::compare(&before, &after, &[]);
        let dialect = place.database.dialect();
        let plan = plan::toward("t", &changes, &before, &after, dialect.as_ref(), &PlanOptions::default()).unwrap();
        let done = run_plan(&place, plan, RunOptions::default(), Answers::yes()).await;
        assert_eq!(done.outcome, Outcome::Done, "{:?}", done.failure);
        assert_eq!(place.database.inspect().await.unwrap().fingerprint(), after.fingerprint());
        assert_eq!(format!("{:?}", place.session().await.query(sum, &[]).await.unwrap()), rows);
        let add = "INSERT INTO events (at, what) VALUES ('2026-01-02', 'new')";
        place.session().await.execute(add).await.expect("the numbers go on");

        let run = Journal::runs(&place.database).await.unwrap().remove(0);
        let back = run::rollback_plan(&run, None).unwrap();
        let options = RunOptions { direction: Direction::Back, of_run: Some(run.id), ..RunOptions::default() };
        let done = run_plan(&place, back, options, Answers::yes()).await;
        assert_eq!(done.outcome, Outcome::Done, "{:?}", done.failure);
        assert_eq!(place.database.inspect().await.unwrap().fingerprint(), before.fingerprint());
        assert_eq!(format!("{:?}", place.session().await.query(sum, &[]).await.unwrap()), rows);
        place.session().await.execute(add).await.expect("the numbers go on");
        drop_postgres(place, &name).await;
    }
}
