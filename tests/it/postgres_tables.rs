//! Tables and what is in them on a real PostgreSQL: planned, applied and taken back, with the rows that they had.

use crate::postgres_scratch::Scratch;
use lockstep::diff::compare;
use lockstep::engine::SessionRole;
use lockstep::plan::{Plan, PlanOptions, Step};
use lockstep::schema::Schema;

/// Every table with its rows, whatever the order of either, and the next number of every sequence.
const ROWS: &str = "SELECT c.relname::text, query_to_xml(format(CASE c.relkind WHEN 'S' THEN \
     'SELECT last_value + is_called::int AS next FROM %I.%I' ELSE 'SELECT to_jsonb(every)::text AS r FROM %I.%I every ORDER BY 1' END, \
     n.nspname, c.relname), false, true, '')::text FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname = 'public' ORDER BY 1";

struct Place {
    scratch: Scratch,
    database: std::sync::Arc<dyn lockstep::engine::Database>,
}

impl Place {
    async fn new(sql: &str) -> Self {
        let scratch = Scratch::new(sql).await;
        let database = scratch.connect().await;
        Self { scratch, database }
    }

    async fn schema(&self) -> Schema {
        self.database.inspect().await.unwrap()
    }

    async fn rows(&self) -> Vec<String> {
        let mut session = self.database.session(SessionRole::Executor).await.unwrap();
        session.query(ROWS, &[]).await.unwrap().iter().map(|row| format!("{row:?}")).collect()
    }

    /// As a run would: what cannot be in a transaction statement by statement, anything else in one.
    async fn run(&self, sql: &[String], transactional: bool) {
        let mut session = self.database.session(SessionRole::Executor).await.unwrap();
        let texts = if transactional { vec![sql.join(";\n")] } else { sql.to_vec() };
        for text in texts.iter().filter(|text| !text.is_empty()) {
            session.execute(text).await.unwrap_or_else(|why| panic!("{text}: {why}"));
        }
    }

    async fn gone(self) {
        drop(self.database);
        self.scratch.remove().await;
    }
}

fn plan(was: &Schema, wanted: &Schema, place: &Place) -> Plan {
    let changes = compare(was, wanted, &[]);
    let dialect = place.database.dialect();
    lockstep::plan::from_changes("test", &changes, was, dialect.as_ref(), &PlanOptions::default()).unwrap()
}

/// Gives back the plan, once it has led to `after` and its rollbacks back to `before` with all its rows.
async fn there_and_back(before: &str, after: &str) -> Plan {
    let (here, there) = (Place::new(before).await, Place::new(after).await);
    let (was, wanted) = (here.schema().await, there.schema().await);
    let rows = here.rows().await;
    let plan = plan(&was, &wanted, &here);
    for step in &plan.steps {
        here.run(&step.sql, step.transactional).await;
    }
    let reached = here.schema().await;
    assert_eq!(compare(&reached, &wanted, &[]), [], "{:#?}", texts(&plan));
    assert_eq!(reached.fingerprint(), wanted.fingerprint());
    for step in plan.steps.iter().rev() {
        here.run(&step.rollback.sql, step.rollback.transactional).await;
    }
    let back = here.schema().await;
    assert_eq!(compare(&back, &was, &[]), [], "{:#?}", texts(&plan));
    assert_eq!(back.fingerprint(), was.fingerprint());
    assert_eq!(here.rows().await, rows, "{:#?}", texts(&plan));
    here.gone().await;
    there.gone().await;
    plan
}

fn texts(plan: &Plan) -> Vec<(&[String], &[String])> {
    plan.steps.iter().map(|Step { sql, rollback, .. }| (sql.as_slice(), rollback.sql.as_slice())).collect()
}

#[tokio::test]
async fn rows_of_dropped_tables_and_columns_come_back() {
    there_and_back(
        "CREATE TYPE mood AS ENUM ('a', 'b'); \
         CREATE TABLE kept (id int PRIMARY KEY, m mood, d int NOT NULL, note text NOT NULL DEFAULT 'q'); \
         INSERT INTO kept SELECT i, 'b', i * 10, 'n' || i FROM generate_series(1, 3) i; \
         CREATE TABLE keyless (a int, b text, c int NOT NULL, d text); \
         INSERT INTO keyless VALUES (1, 'x', 5, 'one'), (1, 'x', 6, 'two'), (2, NULL, 7, NULL); \
         CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, twice int GENERATED ALWAYS AS (3 * 2) STORED); \
         INSERT INTO parent (m) VALUES ('a'), ('b'); \
         CREATE TABLE child (parent int REFERENCES parent, moods mood[]); INSERT INTO child VALUES (1, '{a,b}'); \
         CREATE SEQUENCE counter; SELECT nextval('counter'), nextval('counter')",
        "CREATE TABLE kept (id int PRIMARY KEY); CREATE TABLE keyless (a int, b text)",
    )
    .await;
}

#[tokio::test]
async fn what_a_narrower_type_rounds_comes_back() {
    there_and_back(
        "CREATE TABLE plain (id int PRIMARY KEY, n numeric(10, 4), at timestamp); \
         INSERT INTO plain VALUES (1, 1.2345, '2020-01-01 10:11:12.345'); \
         CREATE TABLE parted (id int PRIMARY KEY, n numeric(10, 4)) PARTITION BY RANGE (id); \
         CREATE TABLE parted_1 PARTITION OF parted DEFAULT; INSERT INTO parted VALUES (1, 1.2345)",
        "CREATE TABLE plain (id int PRIMARY KEY, n numeric(10, 1), at date); \
         CREATE TABLE parted (id int PRIMARY KEY, n integer) PARTITION BY RANGE (id); \
         CREATE TABLE parted_1 PARTITION OF parted DEFAULT",
    )
    .await;
}

#[tokio::test]
async fn rows_of_partitions_come_back_under_the_foreign_keys_on_them() {
    there_and_back(
        "CREATE TABLE parted (id int, k int, note text, PRIMARY KEY (id, k)) PARTITION BY LIST (k); \
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1); \
         CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2); INSERT INTO parted VALUES (1, 1, 'q'), (2, 2, 'z'); \
         CREATE TABLE referring (id int, k int, FOREIGN KEY (id, k) REFERENCES parted); \
         INSERT INTO referring VALUES (1, 1), (2, 2)",
        "",
    )
    .await;
}

#[tokio::test]
async fn parts_of_an_index_have_their_own_names_and_are_attached() {
    let parted = "CREATE TABLE parted (id int NOT NULL, k int NOT NULL) PARTITION BY LIST (k); \
                  CREATE TABLE one PARTITION OF parted FOR VALUES IN (1); CREATE TABLE two (id int NOT NULL, k int NOT NULL); ";
    there_and_back(
        &format!("{parted} CREATE INDEX own ON one (k); ALTER TABLE one ADD CONSTRAINT one_key PRIMARY KEY (id, k)"),
        &format!(
            "{parted} CREATE INDEX two_own ON two (k); ALTER TABLE parted ATTACH PARTITION two FOR VALUES IN (2); \
             CREATE INDEX whole ON ONLY parted (k); CREATE INDEX \"One K\" ON one (k); \
             ALTER INDEX whole ATTACH PARTITION \"One K\"; CREATE INDEX two_k ON two (k); \
             ALTER INDEX whole ATTACH PARTITION two_k; \
             ALTER TABLE one ADD CONSTRAINT one_key PRIMARY KEY (id, k); ALTER TABLE ONLY parted ADD PRIMARY KEY (id, k); \
             ALTER INDEX parted_pkey ATTACH PARTITION one_key; ALTER TABLE two ADD CONSTRAINT second PRIMARY KEY (id, k); \
             ALTER INDEX parted_pkey ATTACH PARTITION second"
        ),
    )
    .await;
}

#[tokio::test]
async fn a_child_declares_what_it_declares() {
    there_and_back(
        "CREATE TABLE base (a int NOT NULL, b text DEFAULT 'x'); CREATE TABLE other (c int); INSERT INTO base VALUES (1, 'q')",
        "CREATE TABLE base (a int NOT NULL, b text DEFAULT 'x'); CREATE TABLE other (c int); \
         CREATE TABLE heir (a int NOT NULL, d int) INHERITS (base, other); \
         ALTER TABLE ONLY heir ALTER COLUMN b SET DEFAULT 'y'; ALTER TABLE ONLY heir ALTER COLUMN c SET NOT NULL",
    )
    .await;
}

#[tokio::test]
async fn domains_keep_the_state_and_names_of_their_checks() {
    there_and_back(
        "CREATE DOMAIN amount AS numeric CONSTRAINT low CHECK (VALUE > 0); COMMENT ON CONSTRAINT low ON DOMAIN amount IS 'a'",
        "CREATE DOMAIN amount AS numeric CONSTRAINT positive CHECK (VALUE > 0); \
         ALTER DOMAIN amount ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID; \
         CREATE TYPE pair AS (a text COLLATE \"C\", b int); COMMENT ON COLUMN pair.a IS 'first'",
    )
    .await;
}

#[tokio::test]
async fn an_index_that_a_failed_build_left_is_not_copied() {
    let there = Place::new("CREATE TABLE sales (n int); INSERT INTO sales VALUES (1), (1)").await;
    let mut session = there.database.session(SessionRole::Executor).await.unwrap();
    session.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON sales (n)").await.unwrap_err();
    let here = Place::new("CREATE TABLE sales (n int)").await;
    let (was, wanted) = (here.schema().await, there.schema().await);
    assert!(wanted.tables.values().any(|t| t.indexes.values().any(|i| !i.valid)));
    assert_eq!(compare(&was, &wanted, &[]), []);
    drop(session);
    here.gone().await;
    there.gone().await;
}

#[tokio::test]
async fn a_number_becomes_a_time_only_where_there_is_none() {
    let (before, after) = ("CREATE TABLE visits (at bigint)", "CREATE TABLE visits (at timestamp)");
    there_and_back(before, after).await;
    let (here, there) =
        (Place::new(&format!("{before}; INSERT INTO visits VALUES (1700000000)")).await, Place::new(after).await);
    let plan = plan(&here.schema().await, &there.schema().await, &here);
    let mut session = here.database.session(SessionRole::Executor).await.unwrap();
    let why = session.execute(&plan.steps[0].sql.join(";\n")).await.unwrap_err();
    assert!(why.to_string().contains("no conversion"), "{why}");
    drop(session);
    here.gone().await;
    there.gone().await;
}
