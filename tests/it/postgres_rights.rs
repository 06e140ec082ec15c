//! Owners, grants and default privileges on a real PostgreSQL: planned, applied and taken back to the very same lists.

use crate::postgres_scratch::Scratch;
use lockstep::diff::compare;
use lockstep::engine::SessionRole;
use lockstep::plan::{Plan, PlanOptions};
use lockstep::schema::Schema;

/// Roles belong to the server: these are made once, and what they own goes with each test's database.
const ROLES: &str = "DO $$BEGIN PERFORM pg_advisory_lock(4711); \
     IF to_regrole('lockstep_test_reader') IS NULL THEN CREATE ROLE lockstep_test_reader; END IF; \
     IF to_regrole('lockstep_test_writer') IS NULL THEN CREATE ROLE lockstep_test_writer; END IF; \
     IF to_regrole('lockstep_test_owner') IS NULL THEN CREATE ROLE lockstep_test_owner; END IF; \
     PERFORM pg_advisory_unlock(4711); END$$; ";

/// What the server keeps, in its own order, but for what an object has by itself: that has no place.
fn lists() -> String {
    let given = |acl: &str, kind: &str, owner: &str| {
        format!(
            "(SELECT coalesce(string_agg(x.item::text, ' ' ORDER BY x.place), '-') FROM \
                 unnest(coalesce({acl}, acldefault({kind}, {owner}))) WITH ORDINALITY x (item, place) \
                 WHERE NOT x.item = ANY (acldefault({kind}, {owner}))) || ' without ' || \
             (SELECT coalesce(string_agg(x.item::text, ' ' ORDER BY x.item::text), '-') \
                 FROM unnest(acldefault({kind}, {owner})) x (item) \
                 WHERE NOT x.item = ANY (coalesce({acl}, acldefault({kind}, {owner}))))"
        )
    };
    let relation = given("relacl", "CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"", "relowner");
    format!(
        "SELECT 'relation', relname::text, {relation}, relowner::regrole::text FROM pg_class \
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S') \
         UNION ALL SELECT 'column', attname::text, attacl::text, '' FROM pg_attribute \
             WHERE attacl IS NOT NULL AND attrelid >= 16384 \
         UNION ALL SELECT 'function', proname::text, {}, proowner::regrole::text FROM pg_proc \
             WHERE pronamespace = 'public'::regnamespace \
         UNION ALL SELECT 'type', typname::text, {}, typowner::regrole::text FROM pg_type \
             WHERE typnamespace = 'public'::regnamespace AND typtype = 'd' \
         UNION ALL SELECT 'language', lanname::text, {}, '' FROM pg_language \
         UNION ALL SELECT 'schema', nspname::text, {}, nspowner::regrole::text FROM pg_namespace \
             WHERE nspname IN ('public', 'app') \
         UNION ALL SELECT 'defaults', defaclobjtype::text, defaclacl::text, defaclnamespace::regnamespace::text \
             FROM pg_default_acl ORDER BY 1, 2",
        given("proacl", "'f'", "proowner"),
        given("typacl", "'T'", "typowner"),
        given("lanacl", "'l'", "lanowner"),
        given("nspacl", "'n'", "nspowner")
    )
}

struct Place {
    scratch: Scratch,
    database: std::sync::Arc<dyn lockstep::engine::Database>,
}

impl Place {
    async fn new(sql: &str) -> Self {
        let scratch = Scratch::new(&format!("{ROLES}{sql}")).await;
        let database = scratch.connect().await;
        Self { scratch, database }
    }

    async fn schema(&self) -> Schema {
        self.database.inspect().await.unwrap()
    }

    async fn lists(&self) -> Vec<String> {
        let mut session = self.database.session(SessionRole::Executor).await.unwrap();
        session.query(&lists(), &[]).await.unwrap().iter().map(|row| format!("{row:?}")).collect()
    }

    async fn run(&self, statements: impl Iterator<Item = &String>) {
        let mut session = self.database.session(SessionRole::Executor).await.unwrap();
        for sql in statements {
            session.execute("BEGIN").await.unwrap();
            session.execute(sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
            session.execute("COMMIT").await.unwrap();
        }
    }
}

/// One text a step, as a run would send it: SET LOCAL holds in the step's transaction.
fn texts(parts: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    parts.map(|sql| sql.join(";\n")).filter(|text| !text.is_empty()).collect()
}

async fn there_and_back(before: &str, after: &str) -> Plan {
    let (here, there) = (Place::new(before).await, Place::new(after).await);
    let (was, wanted) = (here.schema().await, there.schema().await);
    let changes = compare(&was, &wanted, &[]);
    let dialect = here.database.dialect();
    let plan = lockstep::plan::from_changes("test", &changes, &was, dialect.as_ref(), &PlanOptions::default()).unwrap();
    let lists = here.lists().await;
    here.run(texts(plan.steps.iter().map(|step| step.sql.clone())).iter()).await;
    assert_eq!(here.lists().await, there.lists().await, "{:#?}", plan.steps);
    assert_eq!(here.schema().await.fingerprint(), wanted.fingerprint());
    here.run(texts(plan.steps.iter().rev().map(|step| step.rollback.sql.clone())).iter()).await;
    assert_eq!(here.lists().await, lists, "{:#?}", plan.steps);
    for place in [here, there] {
        drop(place.database);
        place.scratch.remove().await;
    }
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_end_in_the_order_of_the_target_and_go_back_to_their_own() {
    let table = "CREATE TABLE t (a integer, b text); CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; \
                 CREATE DOMAIN d AS text; CREATE SEQUENCE s; ";
    let before = format!(
        "{table} GRANT SELECT ON t TO lockstep_test_writer, lockstep_test_reader; REVOKE ALL ON FUNCTION f() FROM PUBLIC; \
         GRANT UPDATE (b) ON t TO lockstep_test_reader; REVOKE USAGE ON TYPE d FROM PUBLIC"
    );
    let after = format!(
        "{table} GRANT SELECT ON t TO lockstep_test_reader WITH GRANT OPTION; SET ROLE lockstep_test_reader; \
         GRANT SELECT ON t TO lockstep_test_writer; RESET ROLE; GRANT INSERT ON t TO PUBLIC; \
         GRANT SELECT (a), UPDATE (b) ON t TO lockstep_test_writer; REVOKE DELETE ON t FROM CURRENT_USER; \
         GRANT EXECUTE ON FUNCTION f() TO lockstep_test_writer; GRANT USAGE ON SEQUENCE s TO lockstep_test_reader; \
         REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC"
    );
    there_and_back(&before, &after).await;
    there_and_back(&after, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_or_comes_back_under_default_privileges_has_the_rights_that_it_shall_have() {
    let defaults = "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO lockstep_test_writer, lockstep_test_reader; \
                    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO lockstep_test_reader; \
                    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ";
    let made = "CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY, b serial); CREATE VIEW v AS SELECT 1 AS one; \
                CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN d AS text; \
                CREATE SCHEMA app; ";
    let revoked = "REVOKE ALL ON t FROM lockstep_test_writer; GRANT EXECUTE ON FUNCTION f() TO PUBLIC; \
                   REVOKE ALL ON SEQUENCE t_a_seq FROM lockstep_test_reader; ";
    let full = format!("{defaults}{made}{revoked}");
    there_and_back(defaults, &full).await;
    there_and_back(&full, defaults).await;
    there_and_back("", &full).await;
    there_and_back(&full, "").await;
    there_and_back(made, &full).await;
    there_and_back(&full, made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_change_before_rights_and_take_the_old_ones_place_in_them() {
    let made = "CREATE TABLE t (a integer); CREATE VIEW v AS SELECT a FROM t; CREATE SCHEMA app; \
                CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; \
                CREATE AGGREGATE g(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0'); CREATE DOMAIN d AS text; ";
    let before = format!(
        "{made} ALTER TABLE t OWNER TO lockstep_test_reader; GRANT SELECT ON t TO lockstep_test_writer, lockstep_test_owner; \
         GRANT SELECT ON v TO lockstep_test_owner"
    );
    let after = format!(
        "{made} ALTER TABLE t OWNER TO lockstep_test_owner; GRANT SELECT ON t TO lockstep_test_writer; \
         ALTER VIEW v OWNER TO lockstep_test_owner; ALTER SCHEMA app OWNER TO lockstep_test_owner; \
         ALTER FUNCTION f(integer) OWNER TO lockstep_test_owner; ALTER AGGREGATE g(*) OWNER TO lockstep_test_owner; \
         ALTER DOMAIN d OWNER TO lockstep_test_owner; GRANT ALL ON SCHEMA app TO lockstep_test_reader; \
         ALTER SCHEMA public OWNER TO lockstep_test_owner"
    );
    there_and_back(&before, &after).await;
    there_and_back(&after, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_made_again_for_another_reason_keeps_its_owner_and_rights() {
    let made = |kind: &str| {
        format!(
            "CREATE TABLE t (a {kind}); CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO lockstep_test_owner; \
             GRANT SELECT ON t TO lockstep_test_owner; GRANT SELECT ON v TO lockstep_test_writer, lockstep_test_reader"
        )
    };
    there_and_back(&made("integer"), &made("bigint")).await;
}
