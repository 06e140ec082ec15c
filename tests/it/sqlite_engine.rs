//! SQLite, on real files: connecting, reading, planning forward and back.

use lockstep::ErrorCode;
use lockstep::engine::{ConnectOptions, Database, SessionRole, Target, Value, connect};
use lockstep::plan::{PlanOptions, RollbackKind, Step, StepKind};
use lockstep::schema::{Change, Column, Constraint, ConstraintKind, Generated, Index, QName, Schema, Transform};
use lockstep::sql::SqlFile;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const SHOP: &str = "
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key
    email TEXT NOT NULL UNIQUE COLLATE nocase,
    name TEXT /* in full */ DEFAULT 'nobody',
    age TEXT CHECK (length(age) < 9),
    score REAL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL REFERENCES customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    total NUMERIC,
    tax NUMERIC GENERATED ALWAYS AS (total * 0.2) STORED,
    note TEXT,
    CONSTRAINT sane CHECK (total >= 0)
) STRICT;
CREATE TABLE tags (word TEXT, weight INT);
CREATE INDEX orders_customer ON orders (customer, total DESC) WHERE total > 0;
CREATE INDEX customers_name ON customers (lower(name));
CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 100;
CREATE TRIGGER orders_note AFTER INSERT ON orders BEGIN
    UPDATE orders SET note = CASE WHEN new.note IS NULL THEN 'none' ELSE new.note END WHERE id = new.id;
END;
INSERT INTO customers (email, name, age, score) VALUES ('a@x', 'Ann', '007', 1.5), ('b@x', NULL, 'old', NULL), ('c@x', 'Cy', '41', 3);
DELETE FROM customers WHERE email = 'c@x';
INSERT INTO orders (customer, total, note) VALUES (1, 10, 'first'), (1, 200, NULL), (2, 30, NULL);
INSERT INTO tags VALUES ('x', 1), ('y', 2);
DELETE FROM tags WHERE word = 'x';
";

struct Shop {
    _directory: tempfile::TempDir,
    path: PathBuf,
    database: Arc<dyn Database>,
}

async fn open(path: &Path) -> lockstep::Result<Arc<dyn Database>> {
    connect(&Target::parse(&format!("sqlite:{}", path.display())).unwrap(), &ConnectOptions::default()).await
}

async fn shop() -> Shop {
    let shop = shop_of(&SHOP.replace(") STRICT", ")")).await;
    assert_eq!(shop.database.inspect().await.unwrap().tables.len(), 3);
    shop
}

async fn shop_of(sql: &str) -> Shop {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop of mine.db");
    std::fs::File::create(&path).unwrap();
    let database = open(&path).await.unwrap();
    let mut session = database.session(SessionRole::Load).await.unwrap();
    let script = database.dialect().read(sql, &database.inspect().await.unwrap());
    for statement in script.statements {
        assert!(statement.problems.is_empty(), "{statement:?}");
        session.execute(&statement.text).await.unwrap_or_else(|e| panic!("{}: {e}", statement.text));
    }
    Shop { _directory: directory, path, database }
}

/// Runs statements as the executor does: settings first, then one transaction.
async fn run(database: &Arc<dyn Database>, settings: &[String], sql: &[String]) -> lockstep::Result<()> {
    let mut session = database.session(SessionRole::Executor).await.unwrap();
    for setting in settings {
        session.execute(setting).await?;
    }
    for begin in session.begin(Duration::from_millis(50)) {
        session.execute(&begin).await?;
    }
    for statement in sql {
        if let Err(error) = session.execute(statement).await {
            session.execute("ROLLBACK").await.unwrap();
            return Err(lockstep::Error { message: format!("{statement}\n{}", error.message), ..error });
        }
    }
    session.execute("COMMIT").await?;
    for statement in session.reset() {
        session.execute(&statement).await?;
    }
    Ok(())
}

async fn forward(shop: &Shop, step: &Step) -> lockstep::Result<()> {
    if step.kind != StepKind::Backfill {
        return run(&shop.database, &step.session, &step.sql).await;
    }
    let backfill = step.backfill.as_ref().unwrap();
    let mut session = shop.database.session(SessionRole::Executor).await.unwrap();
    let mut cursor: Option<Vec<Value>> = None;
    loop {
        let batch = session.backfill_batch(backfill, cursor.as_deref(), 1).await?;
        let Some(last) = batch.last else { return Ok(()) };
        cursor = Some(last);
    }
}

async fn rows(shop: &Shop, sql: &str) -> Vec<Vec<Value>> {
    shop.database.session(SessionRole::Reader).await.unwrap().query(sql, &[]).await.unwrap()
}

async fn everything(shop: &Shop) -> Vec<Vec<Vec<Value>>> {
    let mut out = Vec::new();
    let schema = shop.database.inspect().await.unwrap();
    for table in schema.tables.values() {
        let mut columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        columns.sort_unstable();
        out.push(rows(shop, &format!("SELECT rowid, {} FROM {}", columns.join(", "), table.name.name)).await);
    }
    out.push(rows(shop, "SELECT name, seq FROM sqlite_sequence").await);
    out
}

/// Forward, then every rollback in reverse: schema and rows are as before, and the schema between is the expected.
async fn there_and_back(shop: &Shop, changes: &[Change]) -> Schema {
    let before = shop.database.inspect().await.unwrap();
    let rows_before = everything(shop).await;
    let dialect = shop.database.dialect();
    let steps = dialect.steps(changes, &before, &PlanOptions::default()).unwrap();
    for step in &steps {
        forward(shop, step).await.unwrap_or_else(|e| panic!("{}: {e}", step.title));
    }
    let after = shop.database.inspect().await.unwrap();
    for step in steps.iter().rev() {
        assert_ne!(step.rollback.kind, RollbackKind::None, "{}", step.title);
        let back = run(&shop.database, &step.rollback.session, &step.rollback.sql).await;
        back.unwrap_or_else(|e| panic!("back from {}: {e}", step.title));
    }
    let again = shop.database.inspect().await.unwrap();
    if again.fingerprint() != before.fingerprint() {
        let (before, again) = (format!("{before:#?}"), format!("{again:#?}"));
        let lines: Vec<_> = before.lines().zip(again.lines()).filter(|(a, b)| a != b).take(5).collect();
        panic!("{changes:?} came back as another schema: {lines:#?}");
    }
    assert_eq!(rows_before, everything(shop).await);
    after
}

fn q(name: &str) -> QName {
    QName::new("main", name)
}

#[tokio::test]
async fn the_catalog_says_what_the_text_says() {
    let shop = shop().await;
    let schema = shop.database.inspect().await.unwrap();
    let customers = &schema.tables[&q("customers")];
    assert!(customers.column("id").unwrap().identity.is_some());
    assert_eq!(customers.column("email").unwrap().collation.as_deref(), Some("nocase"));
    assert_eq!(customers.stats.rows, Some(2));
    let orders = &schema.tables[&q("orders")];
    assert_eq!(orders.triggers.len(), 1);
    assert_eq!(orders.indexes.get("orders_customer").unwrap().predicate.as_deref(), Some("total > 0"));
    assert_eq!(schema.views[&q("big")].columns.len(), 2);
    assert!(schema.dependencies.iter().any(|d| d.from.name == q("big") && d.on.name == q("orders")));
    let outline = shop.database.outline().await.unwrap();
    assert_eq!(outline.len(), 7);
    // The text of the whole schema makes the same schema.
    let text = shop.database.dialect().script(&schema);
    assert_eq!(
        shop.database.schema_of(&[SqlFile::unnamed(text)]).await.unwrap().schema.fingerprint(),
        schema.fingerprint()
    );
}

#[tokio::test]
async fn columns_come_and_go_with_their_values() {
    let shop = shop().await;
    let region = Column { nullable: false, default: Some("'EU'".into()), ..Column::new("region", "TEXT") };
    let after = there_and_back(
        &shop,
        &[
            Change::AddColumn { table: q("orders"), column: region },
            Change::CreateIndex { table: q("orders"), index: Index::on_columns("orders_region", &["region"]) },
            Change::DropColumn { table: q("customers"), column: "score".into() },
            Change::DropColumn { table: q("customers"), column: "name".into() },
        ],
    )
    .await;
    assert!(after.tables[&q("orders")].column("region").is_some());
    let customers = &after.tables[&q("customers")];
    assert!(customers.column("name").is_none() && customers.indexes.is_empty());
    assert!(customers.sql.as_deref().unwrap().contains("-- the key"), "{:?}", customers.sql);
}

#[tokio::test]
async fn several_changes_of_one_table_are_one_rebuild() {
    let shop = shop().await;
    let table = q("customers");
    let changes = [
        Change::AlterColumnType {
            table: table.clone(),
            column: "age".into(),
            data_type: "INTEGER".into(),
            collation: None,
            using: None,
        },
        Change::SetNotNull { table: table.clone(), column: "name".into(), fill: Some("'?'".into()) },
        Change::SetDefault { table: table.clone(), column: "name".into(), default: None },
        Change::AddColumn { table: table.clone(), column: Column { nullable: false, ..Column::new("kind", "TEXT") } },
        Change::Backfill {
            table: table.clone(),
            column: "kind".into(),
            value: "'person'".into(),
            only_where: Some("kind IS NULL".into()),
        },
        Change::AddConstraint {
            table: table.clone(),
            constraint: Constraint::new(
                "known",
                ConstraintKind::Check { expression: "kind <> ''".into(), no_inherit: false },
            ),
        },
    ];
    let before = shop.database.inspect().await.unwrap();
    let steps = shop.database.dialect().steps(&changes, &before, &PlanOptions::default()).unwrap();
    assert_eq!(steps.len(), 1, "{steps:#?}");
    forward(&shop, &steps[0]).await.unwrap();
    let found = rows(&shop, "SELECT name, age, typeof(age), kind FROM customers ORDER BY id").await;
    let text = |t: &str| Value::Text(t.into());
    assert_eq!(found[0], [text("Ann"), Value::Int(7), text("integer"), text("person")]);
    assert_eq!(found[1], [text("?"), text("old"), text("text"), text("person")]);
    // What is written after the step survives its way back.
    let mut session = shop.database.session(SessionRole::Load).await.unwrap();
    session.execute("UPDATE customers SET name = 'Bo' WHERE id = 2").await.unwrap();
    run(&shop.database, &steps[0].rollback.session, &steps[0].rollback.sql).await.unwrap();
    let found = rows(&shop, "SELECT name, age FROM customers ORDER BY id").await;
    assert_eq!(found, [[text("Ann"), text("007")], [text("Bo"), text("old")]]);
    assert_eq!(shop.database.inspect().await.unwrap().fingerprint(), before.fingerprint());
    // The rebuilt table goes on counting where the old one stopped.
    session.execute("INSERT INTO customers (email) VALUES ('d@x')").await.unwrap();
    assert_eq!(rows(&shop, "SELECT max(id) FROM customers").await, [[Value::Int(4)]]);
}

#[tokio::test]
async fn every_kind_of_change_goes_there_and_back() {
    let one: Vec<Vec<Change>> = vec![
        vec![Change::RenameTable { from: q("orders"), to: "purchases".into() }],
        vec![Change::RenameColumn { table: q("orders"), from: "total".into(), to: "sum total".into() }],
        vec![Change::RenameColumn { table: q("customers"), from: "email".into(), to: "mail".into() }],
        vec![Change::DropTable { name: q("orders") }],
        vec![Change::DropTable { name: q("tags") }],
        vec![Change::DropIndex { table: q("orders"), name: "orders_customer".into() }],
        vec![Change::RenameIndex { table: q("orders"), from: "orders_customer".into(), to: "oc".into() }],
        vec![Change::DropView { name: q("big"), materialized: false }],
        vec![Change::RenameView { from: q("big"), to: "large".into(), materialized: false }],
        vec![Change::DropTrigger { table: q("orders"), name: "orders_note".into() }],
        vec![Change::DropNotNull { table: q("orders"), column: "customer".into() }],
        vec![Change::DropConstraint { table: q("orders"), name: "sane".into() }],
        vec![Change::DropConstraint { table: q("orders"), name: "fk_customer".into() }],
        vec![Change::DropConstraint { table: q("customers"), name: "unique_email".into() }],
        vec![Change::AddConstraint {
            table: q("tags"),
            constraint: Constraint::new("tags_pk", ConstraintKind::PrimaryKey { columns: vec!["word".into()] }),
        }],
        vec![Change::SetGenerated { table: q("orders"), column: "tax".into(), generated: None }],
        vec![Change::SetGenerated {
            table: q("tags"),
            column: "weight".into(),
            generated: Some(Generated { expression: "length(word)".into(), stored: false }),
        }],
        vec![Change::SetTableOptions {
            name: q("tags"),
            set: [("strict".to_owned(), "true".to_owned())].into(),
            reset: Vec::new(),
        }],
        vec![Change::Backfill {
            table: q("tags"),
            column: "weight".into(),
            value: "weight + 5".into(),
            only_where: None,
        }],
        vec![Change::Reshape {
            table: q("customers"),
            from: vec!["name".into()],
            into: vec![
                Transform { column: Column::new("first", "TEXT"), expression: "substr(name, 1, 1)".into() },
                Transform { column: Column::new("rest", "TEXT"), expression: "substr(name, 2)".into() },
            ],
        }],
        vec![
            Change::RenameColumn { table: q("orders"), from: "note".into(), to: "remark".into() },
            Change::DropNotNull { table: q("orders"), column: "customer".into() },
            Change::DropColumn { table: q("orders"), column: "tax".into() },
        ],
    ];
    for changes in one {
        let shop = shop().await;
        let before = shop.database.inspect().await.unwrap();
        let after = there_and_back(&shop, &changes).await;
        assert_ne!(after.fingerprint(), before.fingerprint().replace("sha256:", ""), "{changes:?}");
    }
}

#[tokio::test]
async fn a_rebuild_that_would_break_a_reference_or_a_view_changes_nothing() {
    let shop = shop().await;
    let before = shop.database.inspect().await.unwrap();
    let dialect = shop.database.dialect();
    let foreign = Constraint::new(
        "far",
        ConstraintKind::ForeignKey(lockstep::schema::ForeignKey {
            columns: vec!["weight".into()],
            references: q("orders"),
            referenced_columns: vec!["total".into()],
            on_update: lockstep::schema::Action::NoAction,
            on_delete: lockstep::schema::Action::NoAction,
            match_full: false,
        }),
    );
    for change in [
        Change::AddConstraint { table: q("tags"), constraint: foreign },
        Change::DropColumn { table: q("orders"), column: "total".into() },
        Change::DropTable { name: q("customers") },
    ] {
        let steps = dialect.steps(&[change], &before, &PlanOptions::default()).unwrap();
        let error = forward(&shop, &steps[0]).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Statement, "{error:?}");
        assert_eq!(shop.database.inspect().await.unwrap().fingerprint(), before.fingerprint());
    }
}

#[tokio::test]
async fn files_that_are_no_databases_are_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.db");
    assert_eq!(open(&missing).await.err().unwrap().code, ErrorCode::NotFound);
    assert!(!missing.exists());
    let garbage = directory.path().join("garbage.db");
    std::fs::write(&garbage, vec![7_u8; 4096]).unwrap();
    assert_eq!(open(&garbage).await.err().unwrap().code, ErrorCode::NotADatabase);
    assert_eq!(open(directory.path()).await.err().unwrap().code, ErrorCode::NotADatabase);
}

#[tokio::test]
async fn a_held_lock_is_a_lock_timeout_and_a_caution() {
    let shop = shop().await;
    let mut holder = shop.database.session(SessionRole::Load).await.unwrap();
    holder.execute("BEGIN IMMEDIATE").await.unwrap();
    let mut session = shop.database.session(SessionRole::Executor).await.unwrap();
    let begin = session.begin(Duration::from_millis(20));
    session.execute(&begin[0]).await.unwrap();
    assert_eq!(session.execute(&begin[1]).await.unwrap_err().code, ErrorCode::LockTimeout);
    let step = Step::ddl("x", lockstep::plan::Phase::Expand, vec!["CREATE TABLE x (a)".into()]);
    let gate = shop.database.gate(&step).await.unwrap();
    assert_eq!(gate.verdict, lockstep::engine::Verdict::Caution);
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(shop.database.gate(&step).await.unwrap().verdict, lockstep::engine::Verdict::Go);
    let mut sampler = shop.database.sampler().await.unwrap();
    let sample =
        sampler.sample(&lockstep::engine::Focus { probe: Some(q("orders")), ..Default::default() }).await.unwrap();
    assert!(sample.latency.probe_ms.is_some() && sample.size.contains_key("pages"));
    assert!(shop.path.exists());
}

#[tokio::test]
async fn a_cancelled_statement_stops_and_its_transaction_can_be_ended() {
    let shop = shop().await;
    let mut session = shop.database.session(SessionRole::Executor).await.unwrap();
    let canceller = session.canceller();
    session.execute("BEGIN IMMEDIATE").await.unwrap();
    let stop = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        canceller.cancel().await.unwrap();
    });
    let endless =
        "INSERT INTO tags WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'n', i FROM n";
    assert_eq!(session.execute(endless).await.unwrap_err().code, ErrorCode::Cancelled);
    stop.await.unwrap();
    session.execute("ROLLBACK").await.unwrap();
    assert_eq!(
        session.query("SELECT count(*) FROM tags WHERE word = $1", &[Value::Text("y".into())]).await.unwrap(),
        [[Value::Int(1)]]
    );
}

#[tokio::test]
async fn only_one_runs_plans_at_a_time() {
    let shop = shop().await;
    let mut first = shop.database.session(SessionRole::Journal).await.unwrap();
    let mut second = shop.database.session(SessionRole::Journal).await.unwrap();
    assert!(first.try_exclusive().await.unwrap());
    assert!(!second.try_exclusive().await.unwrap());
    first.release_exclusive().await.unwrap();
    assert!(second.try_exclusive().await.unwrap());
    for statement in second.journal_tables() {
        second.execute(&statement).await.unwrap();
    }
    assert_eq!(shop.database.dialect().kind(), lockstep::schema::EngineKind::Sqlite);
    assert_eq!(shop.database.inspect().await.unwrap().tables.len(), 3);
}
