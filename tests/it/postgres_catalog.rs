//! Reading a schema from a real PostgreSQL (`LOCKSTEP_TEST_POSTGRES`).

use crate::postgres_scratch::Scratch;
use lockstep::engine::{Database, SessionRole, Value};
use lockstep::schema::{
    Action, ConstraintKind, Deferrable, IndexTarget, ObjectKind, ObjectRef, QName, Schema, TypeKind,
};
use lockstep::sql::SqlFile;
use lockstep::{ErrorCode, schema::Table};
use std::sync::Arc;

/// Something of everything that versions 13 to 18 share.
const SHOP: &str = r#"
CREATE SCHEMA shop; COMMENT ON SCHEMA shop IS 'the shop';
CREATE TYPE shop.mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE DOMAIN shop.positive AS integer DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
CREATE TYPE shop.pair AS (a integer, "B c" text);
CREATE TYPE shop.span AS RANGE (subtype = float8);
CREATE SEQUENCE shop.tickets INCREMENT 5 START 100 MAXVALUE 10000 CACHE 3 CYCLE;
CREATE TABLE shop.customers (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10) PRIMARY KEY,
    email text COLLATE "C" NOT NULL CONSTRAINT customers_email_key UNIQUE,
    feeling shop.mood DEFAULT 'happy'::shop.mood,
    score shop.positive,
    name character varying(20) NOT NULL,
    name_length integer GENERATED ALWAYS AS (length((name)::text) + 0) STORED,
    note text,
    CONSTRAINT customers_name_check CHECK (name <> '' AND length(name) > 1)
);
ALTER TABLE shop.customers ALTER note SET STORAGE EXTERNAL, ALTER name SET STATISTICS 500;
ALTER TABLE shop.customers SET (fillfactor = 70, toast.autovacuum_enabled = false);
COMMENT ON TABLE shop.customers IS 'who buys'; COMMENT ON COLUMN shop.customers.email IS 'their address';
CREATE TABLE shop."Orders" (
    id serial PRIMARY KEY,
    customer bigint NOT NULL CONSTRAINT orders_customer_fkey REFERENCES shop.customers ON DELETE CASCADE
        DEFERRABLE INITIALLY DEFERRED,
    total numeric(10,2) DEFAULT 0 NOT NULL,
    placed timestamp with time zone DEFAULT now(),
    spot int4range,
    EXCLUDE USING gist (spot WITH &&)
);
ALTER TABLE shop."Orders" ADD CONSTRAINT total_check CHECK (total >= 0) NO INHERIT NOT VALID;
CREATE INDEX orders_placed_idx ON shop."Orders" (placed DESC NULLS LAST, lower(id::text)) INCLUDE (total)
    WITH (fillfactor = 80) WHERE (total > 0 AND customer > 5);
CREATE UNIQUE INDEX customers_lower_idx ON shop.customers (lower(email) text_pattern_ops, name COLLATE "C");
CREATE TABLE shop.sales (id integer NOT NULL, sold_at date NOT NULL, amount integer CHECK (amount > 0),
    PRIMARY KEY (id, sold_at)) PARTITION BY RANGE (sold_at);
CREATE TABLE shop.sales_2024 PARTITION OF shop.sales FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.sales_rest PARTITION OF shop.sales DEFAULT;
CREATE INDEX sales_amount_idx ON shop.sales (amount);
CREATE TABLE shop.base (a integer); CREATE TABLE shop.derived (b integer) INHERITS (shop.base);
CREATE UNLOGGED TABLE shop.scratchpad (a integer);
CREATE VIEW shop.big_orders WITH (security_barrier=true) AS SELECT id, total FROM shop."Orders" WHERE total > 100;
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(total) AS total FROM shop."Orders" GROUP BY customer;
CREATE UNIQUE INDEX totals_idx ON shop.totals (customer);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION shop.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE PROCEDURE shop.noop(x shop.mood) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE shop.product(integer) (SFUNC = int4mul, STYPE = integer, INITCOND = '1');
CREATE TRIGGER touch BEFORE UPDATE OF name ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customers DISABLE TRIGGER touch;
CREATE RULE quiet AS ON DELETE TO shop.base DO INSTEAD NOTHING;
ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.customers FOR SELECT TO PUBLIC USING (name = CURRENT_USER);
CREATE STATISTICS shop.orders_stats (dependencies) ON customer, total FROM shop."Orders";
CREATE PUBLICATION outgoing FOR TABLE shop."Orders";
CREATE SCHEMA lockstep; CREATE TABLE lockstep.run (id text);
"#;

fn q(name: &str) -> QName {
    QName::new("shop", name)
}

fn table<'s>(schema: &'s Schema, name: &str) -> &'s Table {
    schema.tables.get(&q(name)).unwrap_or_else(|| panic!("no {name}: {:?}", schema.tables.keys().collect::<Vec<_>>()))
}

async fn shop() -> (Scratch, Arc<dyn Database>, Schema) {
    let scratch = Scratch::new(SHOP).await;
    let database = scratch.connect().await;
    let schema = database.inspect().await.unwrap();
    (scratch, database, schema)
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_come_with_their_columns_and_options() {
    let (scratch, database, schema) = shop().await;
    let customers = table(&schema, "customers");
    let column = |name: &str| customers.column(name).unwrap();
    assert_eq!(customers.comment.as_deref(), Some("who buys"));
    assert_eq!(customers.options.get("fillfactor").map(String::as_str), Some("70"));
    assert_eq!(customers.options.get("toast.autovacuum_enabled").map(String::as_str), Some("false"));
    assert_eq!(column("email").collation.as_deref(), Some("C"));
    assert_eq!(column("email").comment.as_deref(), Some("their address"));
    assert_eq!(column("feeling").data_type, "shop.mood");
    assert_eq!(column("feeling").default.as_deref(), Some("'happy'::shop.mood"));
    assert_eq!(column("name").data_type, "character varying(20)");
    assert_eq!(column("name").options.get("statistics").map(String::as_str), Some("500"));
    assert_eq!(column("note").options.get("storage").map(String::as_str), Some("EXTERNAL"));
    let generated = column("name_length").generated.as_ref().unwrap();
    assert_eq!((generated.expression.as_str(), generated.stored), ("length((name)::text) + 0", true));
    let identity = column("id").identity.as_ref().unwrap();
    assert!(identity.always);
    assert_eq!(identity.options.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["start=10"]);
    assert!(customers.row_security.enabled && !customers.row_security.forced);
    assert!(table(&schema, "scratchpad").unlogged);
    assert_eq!(table(&schema, "sales").partition_by.as_deref(), Some("RANGE (sold_at)"));
    let part = table(&schema, "sales_2024").partition_of.as_ref().unwrap();
    assert_eq!((&part.parent, part.bound.as_str()), (&q("sales"), "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"));
    let parts = &table(&schema, "sales_2024").indexes;
    assert!(parts.values().all(|index| index.attached_to.is_some()), "its indexes are parts of the parent's");
    let parts = &table(&schema, "sales_2024").constraints;
    assert!(parts.values().all(|key| key.attached_to.is_some()), "its constraints are parts of the parent's");
    assert_eq!(table(&schema, "derived").inherits, [q("base")]);
    assert!(!schema.namespaces.contains_key("lockstep") && !schema.tables.contains_key(&QName::new("lockstep", "run")));
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_and_indexes_come_in_their_parts() {
    let (scratch, database, schema) = shop().await;
    let (customers, orders) = (table(&schema, "customers"), table(&schema, "Orders"));
    assert_eq!(customers.primary_key(), ["id"]);
    let ConstraintKind::Check { expression, .. } = &customers.constraints.get("customers_name_check").unwrap().kind
    else {
        panic!()
    };
    assert!(expression.starts_with("((name)::text <> ''::text) AND"), "{expression}");
    let foreign = orders.constraints.get("orders_customer_fkey").unwrap();
    let ConstraintKind::ForeignKey(fk) = &foreign.kind else { panic!() };
    assert_eq!(
        (&fk.references, fk.on_delete, foreign.deferrable),
        (&q("customers"), Action::Cascade, Deferrable::InitiallyDeferred)
    );
    assert_eq!(fk.referenced_columns, ["id"]);
    let check = orders.constraints.get("total_check").unwrap();
    assert!(!check.validated && check.enforced);
    assert!(
        matches!(&check.kind, ConstraintKind::Check { expression, no_inherit: true } if expression == "total >= (0)::numeric")
    );
    let exclusion = &orders.constraints.get("Orders_spot_excl").unwrap().kind;
    assert!(
        matches!(exclusion, ConstraintKind::Other { definition } if definition == "EXCLUDE USING gist (spot WITH &&)")
    );
    let index = orders.indexes.get("orders_placed_idx").unwrap();
    assert_eq!(index.keys.len(), 2);
    assert!(index.keys[0].descending && index.keys[0].nulls_first == Some(false));
    assert_eq!(index.keys[1].on, IndexTarget::Expression("lower((id)::text)".into()));
    assert_eq!(index.include, ["total"]);
    assert_eq!(index.predicate.as_deref(), Some("(total > (0)::numeric) AND (customer > 5)"));
    let lower = customers.indexes.get("customers_lower_idx").unwrap();
    assert_eq!(lower.keys[0].opclass.as_deref(), Some("text_pattern_ops"));
    assert_eq!(lower.keys[1].collation.as_deref(), Some("C"));
    assert!(lower.unique && lower.valid);
    assert!(schema.views[&q("totals")].indexes.contains_key("totals_idx"));
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_table_comes_too() {
    let (scratch, database, schema) = shop().await;
    assert_eq!(schema.namespaces["shop"].comment.as_deref(), Some("the shop"));
    let TypeKind::Enum { values } = &schema.types[&q("mood")].kind else { panic!() };
    assert_eq!(values, &["sad", "it's ok", "happy"]);
    let TypeKind::Domain { base, not_null: true, checks, .. } = &schema.types[&q("positive")].kind else { panic!() };
    assert_eq!((base.as_str(), checks["above"].expression.as_str()), ("integer", "VALUE > 0"));
    let TypeKind::Composite { attributes } = &schema.types[&q("pair")].kind else { panic!() };
    assert_eq!(attributes[1], lockstep::schema::Attribute::new("B c", "text"));
    let TypeKind::Other { definition } = &schema.types[&q("span")].kind else { panic!() };
    assert!(definition.starts_with("AS RANGE (SUBTYPE = double precision"), "{definition}");
    let tickets = &schema.sequences[&q("tickets")];
    assert_eq!(
        (tickets.increment, tickets.start, tickets.max, tickets.cache, tickets.cycle),
        (5, 100, 10_000, 3, true)
    );
    assert_eq!(schema.sequences[&q("Orders_id_seq")].owned_by, Some((q("Orders"), "id".into())));
    assert_eq!(schema.sequences.len(), 2, "an identity's sequence is the identity's");
    let view = &schema.views[&q("big_orders")];
    assert_eq!(view.columns, [("id".into(), "integer".into()), ("total".into(), "numeric(10,2)".to_owned())]);
    assert!(view.query.starts_with("SELECT") && !view.query.ends_with(';'), "{}", view.query);
    assert_eq!(view.options.get("security_barrier").unwrap(), "true");
    assert!(schema.routines[&q("add(integer, integer)")].definition.starts_with("CREATE OR REPLACE FUNCTION shop.add"));
    assert!(schema.routines[&q("noop(shop.mood)")].procedure);
    let trigger = table(&schema, "customers").triggers.get("touch").unwrap();
    assert_eq!((trigger.state.as_deref(), trigger.function.as_ref()), (Some("disabled"), Some(&q("touch"))));
    let kinds: Vec<ObjectKind> = schema.others.iter().map(|o| o.id.kind).collect();
    for kind in
        [ObjectKind::Policy, ObjectKind::Rule, ObjectKind::Statistics, ObjectKind::Publication, ObjectKind::Aggregate]
    {
        assert!(kinds.contains(&kind), "{kind:?} in {kinds:?}");
    }
    assert_eq!(schema.unmodelled, []);
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_made_again_by_their_own_statements() {
    let (scratch, database, before) = shop().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    // Parts stand after what they are a part of.
    for sql in before.others.iter().rev().flat_map(lockstep::schema::Other::removal) {
        session.execute(&sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    assert_eq!(database.inspect().await.unwrap().others, []);
    for sql in before.others.iter().flat_map(lockstep::schema::Other::statements) {
        session.execute(&sql).await.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }
    assert_eq!(database.inspect().await.unwrap().others, before.others);
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_lead_from_a_column_to_what_needs_it() {
    let (scratch, database, schema) = shop().await;
    let dependants = |object: ObjectRef| schema.dependants(&object).map(ToString::to_string).collect::<Vec<_>>();
    let total = dependants(ObjectRef::part(ObjectKind::Column, q("Orders"), "total"));
    assert!(total.contains(&"view shop.big_orders".to_owned()), "{total:?}");
    assert!(total.contains(&"materialized view shop.totals".to_owned()), "{total:?}");
    let name = dependants(ObjectRef::part(ObjectKind::Column, q("customers"), "name"));
    for needed in ["column shop.customers.name_length", "trigger shop.customers.touch", "policy shop.customers.own"] {
        assert!(name.iter().any(|n| n == needed), "{needed} in {name:?}");
    }
    let touch = dependants(ObjectRef::new(ObjectKind::Routine, q("touch()")));
    assert_eq!(touch, ["trigger shop.customers.touch"]);
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_schemas_have_equal_fingerprints_whatever_the_session_is_set_to() {
    let (scratch, database, schema) = shop().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    assert_eq!(schema.fingerprint(), database.inspect().await.unwrap().fingerprint());
    let name = session.query("select current_database()", &[]).await.unwrap();
    let Some(Value::Text(name)) = name.first().and_then(|row| row.first()) else { panic!() };
    session.execute(&format!("alter database {name} set search_path = shop, public")).await.unwrap();
    session.execute("analyze").await.unwrap();
    assert_eq!(schema.fingerprint(), scratch.connect().await.inspect().await.unwrap().fingerprint());
    session.execute("alter table shop.base add c integer").await.unwrap();
    assert_ne!(schema.fingerprint(), database.inspect().await.unwrap().fingerprint());
    session.execute("alter table shop.base drop c").await.unwrap();
    assert_eq!(schema.fingerprint(), database.inspect().await.unwrap().fingerprint());
    let twin = Scratch::new(SHOP).await;
    assert_eq!(schema.fingerprint(), twin.connect().await.inspect().await.unwrap().fingerprint());
    twin.remove().await;
    drop((session, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_with_quotes_and_control_characters_are_read_as_they_are() {
    let scratch =
        Scratch::new("create table \"a \"\"b\"\".\u{1b}[31m\u{fc}\" (\"Id;'\" int primary key, \"\u{202e}x\" text)")
            .await;
    let database = scratch.connect().await;
    let schema = database.inspect().await.unwrap();
    let table = &schema.tables[&QName::new("public", "a \"b\".\u{1b}[31m\u{fc}")];
    assert_eq!(table.primary_key(), ["Id;'"]);
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_and_the_outline_are_no_trouble() {
    let scratch = Scratch::new("").await;
    let database = scratch.connect().await;
    let schema = database.inspect().await.unwrap();
    assert!(schema.tables.is_empty() && schema.unmodelled.is_empty() && schema.dependencies.is_empty());
    assert!(database.outline().await.unwrap().iter().all(|e| e.kind == ObjectKind::Schema));
    drop(database);
    scratch.remove().await;
    let (scratch, database, _) = shop().await;
    let outline = database.outline().await.unwrap();
    let has = |kind, name: &str| outline.iter().any(|e| e.kind == kind && e.name == q(name));
    assert!(has(ObjectKind::Table, "customers") && has(ObjectKind::MaterializedView, "totals"));
    assert!(has(ObjectKind::Routine, "add(integer, integer)") && has(ObjectKind::Type, "mood"));
    assert!(!outline.iter().any(|e| e.name.schema == "lockstep"));
    drop(database);
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_held_says_so_instead_of_hanging() {
    let scratch = Scratch::new("create table t (a int check (a > 0)); create view v as select * from t").await;
    let database = scratch.connect().await;
    let mut holder = database.session(SessionRole::Executor).await.unwrap();
    holder.execute("begin; lock table v in access exclusive mode").await.unwrap();
    assert!(database.outline().await.unwrap().len() >= 2);
    match database.inspect().await {
        Ok(_) => {}
        Err(why) => assert_eq!(why.code, ErrorCode::LockTimeout),
    }
    drop((holder, database));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_s_schema_is_read_from_a_database_that_is_gone_afterwards() {
    let scratch = Scratch::new("").await;
    let database = scratch.connect().await;
    let schema = made(&database, "create table t (id int);\ncreate view v as select id from t;").await.unwrap();
    assert!(schema.tables.contains_key(&QName::new("public", "t")));
    let error = made(&database, "create table t (id int);\n\nselect nothing from t;").await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Statement);
    assert_eq!(error.location.as_ref().map(|l| (l.line, l.column)), Some((3, 8)), "{error}");
    // A default that tells the name of the database it was made in.
    let told = "do $$ begin execute format('create table t (a text default %L)', current_database()); end $$";
    let table = made(&database, told).await.unwrap().tables[&QName::new("public", "t")].clone();
    let default = table.columns[0].default.clone().unwrap();
    assert!(default.contains("lockstep_scratch_"), "{default}");
    let mut session = database.session(SessionRole::Reader).await.unwrap();
    let sql = format!("select count(*) from pg_database where datname = {}", default.trim_end_matches("::text"));
    assert_eq!(session.query(&sql, &[]).await.unwrap(), [[Value::Int(0)]]);
    drop((session, database));
    scratch.remove().await;
}

async fn made(database: &Arc<dyn Database>, sql: &str) -> lockstep::Result<Schema> {
    Ok(database.schema_of(&[SqlFile::unnamed(sql)]).await?.schema)
}

/// The schema before and after a change that one transaction makes, again and again.
const STATES: [&str; 2] = [
    "begin; alter table t rename column a to b; alter table t add column c int default 1; \
     create or replace view w as select 2 as n; drop table extra; alter type mood rename value 'sad' to 'blue'; commit",
    "begin; alter table t rename column b to a; alter table t drop column c; \
     create or replace view w as select 1 as n; create table extra (a int primary key, check (a > 5)); \
     create index extra_idx on extra (a) where a > 7; alter type mood rename value 'blue' to 'sad'; commit",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_changes_while_it_is_read_is_told_as_it_was_or_as_it_is() {
    let scratch = Scratch::new(
        "create type mood as enum ('sad', 'happy'); create table t (a int check (a > 0), m mood default 'sad'); \
         create index t_idx on t (a, m) where a > 3; create view v as select a, m from t where m > 'sad'; \
         create view w as select 1 as n; create table extra (a int primary key, check (a > 5)); \
         create index extra_idx on extra (a) where a > 7;",
    )
    .await;
    let database = scratch.connect().await;
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    let mut states = Vec::new();
    for state in [1, 0] {
        if state == 0 {
            session.execute(STATES[0]).await.unwrap();
        }
        states.push(database.inspect().await.unwrap());
    }
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let changing = tokio::spawn(async move {
        let mut changes = 0;
        while !told.load(std::sync::atomic::Ordering::SeqCst) {
            match session.execute(STATES[(changes + 1) % 2]).await {
                Ok(_) => changes += 1,
                // Either side may be the one that a deadlock ends.
                Err(why) if why.code == ErrorCode::Deadlock => {
                    session.execute("rollback").await.unwrap();
                }
                Err(why) => panic!("{why:?}"),
            }
        }
        changes
    });
    for _ in 0..12 {
        let schema = database.inspect().await.unwrap();
        let known = states.iter().any(|state| state.fingerprint() == schema.fingerprint());
        assert!(known, "neither before nor after: {}", serde_json::to_string_pretty(&schema).unwrap());
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(changing.await.unwrap() > 5);
    drop(database);
    scratch.remove().await;
}
