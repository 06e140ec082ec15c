//! Plans whose order rests on the server's dependencies, run on a real PostgreSQL there and back.

use crate::postgres_scratch::Scratch;
use lockstep::diff;
use lockstep::engine::{Database, SessionRole};
use lockstep::plan::{self, PlanOptions, Step};
use lockstep::schema::Schema;
use std::sync::Arc;

async fn run(database: &Arc<dyn Database>, title: &str, settings: &[String], sql: &[String]) {
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    for statement in settings.iter().chain(sql) {
        session.execute(statement).await.unwrap_or_else(|why| panic!("{title}: {statement}: {why}"));
    }
}

fn assert_same(now: &Schema, wanted: &Schema, what: &str) {
    let left = diff::compare(now, wanted, &[]);
    assert!(left.is_empty(), "{what}: {left:#?}");
}

/// From each side to the other, and back again by the rollbacks.
async fn there_and_back(one: &str, other: &str) {
    for (from, to) in [(one, other), (other, one)] {
        let (scratch, target) = (Scratch::new(from).await, Scratch::new(to).await);
        let (database, wanted) = (scratch.connect().await, target.connect().await.inspect().await.unwrap());
        let before = database.inspect().await.unwrap();
        let changes = diff::compare(&before, &wanted, &[]);
        let dialect = database.dialect();
        let plan = plan::toward("t", &changes, &before, &wanted, dialect.as_ref(), &PlanOptions::default()).unwrap();
        let steps: Vec<&Step> = plan.steps.iter().collect();
        for step in &steps {
            run(&database, &step.title, &step.session, &step.sql).await;
        }
        assert_same(&database.inspect().await.unwrap(), &wanted, "forward");
        for step in steps.iter().rev() {
            let title = format!("back from {}", step.title);
            run(&database, &title, &step.rollback.session, &step.rollback.sql).await;
        }
        assert_same(&database.inspect().await.unwrap(), &before, "back");
        drop(database);
        scratch.remove().await;
        target.remove().await;
    }
}

#[tokio::test]
async fn whatever_calls_a_function_is_made_again_with_it() {
    let of = |argument: &str| {
        format!(
            "CREATE FUNCTION twice({argument} integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
             CREATE DOMAIN even AS integer CONSTRAINT is_even CHECK (twice(VALUE) % 4 = 0);
             CREATE TABLE numbers (id integer PRIMARY KEY, n integer DEFAULT twice(2),
                 computed integer GENERATED ALWAYS AS (twice(id)) STORED, e even,
                 CONSTRAINT small CHECK (twice(n) < 100));
             CREATE INDEX numbers_twice ON numbers (twice(n));
             CREATE INDEX numbers_computed ON numbers (computed);
             COMMENT ON COLUMN numbers.computed IS 'twice the id';
             ALTER TABLE numbers ENABLE ROW LEVEL SECURITY;
             CREATE POLICY few ON numbers USING (twice(n) < 50);
             CREATE VIEW doubled AS SELECT id, twice(n) AS n FROM numbers;
             COMMENT ON VIEW doubled IS 'all of them';
             CREATE VIEW sums AS SELECT sum(n) AS n FROM doubled;
             CREATE MATERIALIZED VIEW kept AS SELECT id, computed FROM numbers WITH NO DATA;
             CREATE UNIQUE INDEX kept_id ON kept (id);
             CREATE AGGREGATE last_twice(integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = twice);"
        )
    };
    there_and_back(&of("a"), &of("b")).await;
}

#[tokio::test]
async fn circles_are_broken_where_they_can_be() {
    let circles = "
        CREATE TABLE one (id integer PRIMARY KEY, two integer);
        CREATE TABLE two (id integer PRIMARY KEY, one integer REFERENCES one);
        ALTER TABLE one ADD CONSTRAINT one_two FOREIGN KEY (two) REFERENCES two;
        CREATE TABLE tickets (id integer);
        CREATE FUNCTION next_ticket() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM tickets';
        ALTER TABLE tickets ALTER id SET DEFAULT next_ticket();
        CREATE VIEW totals AS SELECT 1 AS n;
        CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT n FROM totals';
        CREATE OR REPLACE VIEW totals AS SELECT 1 AS n WHERE total() IS NULL;
        CREATE DOMAIN code AS text;
        CREATE FUNCTION is_code(code) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        ALTER DOMAIN code ADD CONSTRAINT is_code CHECK (is_code(VALUE));
        CREATE TYPE node AS (label text);
        CREATE TABLE tree (id integer, top node);
        ALTER TYPE node ADD ATTRIBUTE depth integer;
        CREATE PUBLICATION changes FOR TABLE one, two;";
    there_and_back("", circles).await;
}

#[tokio::test]
async fn a_table_takes_its_dependants_along_when_it_is_made_anew() {
    let of = |partitioned: &str| {
        format!(
            "CREATE TABLE events (id serial, at date NOT NULL, PRIMARY KEY (id, at)) {partitioned};
             CREATE TABLE notes (id integer, event integer, at date,
                 CONSTRAINT notes_event FOREIGN KEY (event, at) REFERENCES events);
             CREATE VIEW recent AS SELECT * FROM events WHERE at > '2026-01-01';
             CREATE VIEW latest AS SELECT max(at) AS at FROM recent;
             CREATE FUNCTION first_event() RETURNS SETOF events LANGUAGE sql AS 'SELECT * FROM events LIMIT 1';
             CREATE POLICY all_of_it ON events USING (true);
             CREATE RULE quiet AS ON DELETE TO events DO INSTEAD NOTHING;
             CREATE STATISTICS id_at ON id, at FROM events;"
        )
    };
    there_and_back(&of(""), &of("PARTITION BY RANGE (at)")).await;
}

#[tokio::test]
async fn a_column_goes_after_the_views_that_no_longer_need_it() {
    let of = |column: &str, selected: &str| {
        format!(
            "CREATE TABLE items (id integer PRIMARY KEY, title text{column});
             CREATE VIEW details AS SELECT i.id, i.title{selected} FROM items i;
             CREATE VIEW cheap AS SELECT d.* FROM details d;
             CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM cheap;"
        )
    };
    there_and_back(&of(", price integer", ", i.price"), &of("", "")).await;
}
