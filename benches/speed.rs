//! How fast the parts are that a person or a script waits for: `cargo bench`.
//!
//! The schemas are made here, the same at every run: 15 columns, a key, a foreign key and three indexes per table.
#![allow(clippy::unwrap_used, missing_docs)]

use crossterm::event::KeyCode;
use divan::{Bencher, black_box};
use lockstep::engine::{self, ConnectOptions, Target};
use lockstep::plan::{self, PlanOptions};
use lockstep::schema::{
    Action, Column, Constraint, ConstraintKind, EngineKind, ForeignKey, Index, Namespace, QName, Schema, Table,
};
use lockstep::tui::Headless;
use lockstep::{diff, risk};
use sqlx::{Connection as _, SqliteConnection};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

fn main() {
    divan::main();
}

fn name(number: usize) -> QName {
    QName::new("public", format!("t{number:05}_account"))
}

fn table(number: usize) -> Table {
    let mut table = Table::new(name(number));
    table.columns = (0..15).map(|at| Column::new(format!("column_{at}"), "bigint")).collect();
    table.stats.rows = Some(1_000);
    let mut constrain = |name: String, kind| table.constraints.insert(name.clone(), Constraint::new(name, kind));
    constrain(format!("t{number:05}_pkey"), ConstraintKind::PrimaryKey { columns: vec!["column_0".into()] });
    if let Some(before) = number.checked_sub(1) {
        let key = ForeignKey {
            columns: vec!["column_1".into()],
            references: name(before),
            referenced_columns: vec!["column_0".into()],
            on_update: Action::default(),
            on_delete: Action::default(),
            match_full: false,
        };
        constrain(format!("t{number:05}_fkey"), ConstraintKind::ForeignKey(key));
    }
    for at in 2..5 {
        let name = format!("t{number:05}_i{at}");
        table.indexes.insert(name.clone(), Index::on_columns(name, &[format!("column_{at}").as_str()]));
    }
    table
}

/// A schema of as many tables, every hundredth of them changed if so asked.
fn schema(tables: usize, changed: bool) -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.namespaces.insert("public".into(), Namespace::default());
    for number in 0..tables {
        let mut table = table(number);
        if changed && number % 100 == 0 {
            table.columns.push(Column::new("one_more", "text"));
        }
        schema.tables.insert(table.name.clone(), table.into());
    }
    schema
}

#[divan::bench]
fn first_frame() {
    black_box(Headless::start(140, 40).unwrap());
}

#[divan::bench]
fn key_press_among_10_000_tables(bencher: Bencher) {
    let mut workbench = Headless::start(140, 40).unwrap();
    workbench.show(Arc::new(schema(10_000, false))).unwrap();
    bencher.bench_local(|| workbench.press(KeyCode::Down).unwrap());
}

#[divan::bench]
fn first_letter_of_a_search_among_10_000_tables(bencher: Bencher) {
    let mut workbench = Headless::start(140, 40).unwrap();
    workbench.show(Arc::new(schema(10_000, false))).unwrap();
    workbench.press(KeyCode::Char('/')).unwrap();
    bencher.bench_local(|| {
        workbench.press(KeyCode::Char('a')).unwrap();
        workbench.press(KeyCode::Backspace).unwrap();
    });
}

#[divan::bench(sample_count = 10)]
fn diff_of_10_000_tables_in_100_places(bencher: Bencher) {
    let (before, after) = (schema(10_000, false), schema(10_000, true));
    bencher.bench_local(|| diff::compare(black_box(&before), black_box(&after), &[]).len());
}

#[divan::bench(sample_count = 10)]
fn plan_of_100_statements_among_10_000_tables(bencher: Bencher) {
    let before = schema(10_000, false);
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let text = statements(100);
    let options = PlanOptions::default();
    bencher.bench_local(|| plan::from_sql("a script", &text, &before, dialect.as_ref(), &options));
}

#[divan::bench(sample_count = 3)]
fn lint_of_5_000_statements(bencher: Bencher) {
    let before = schema(100, false);
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let text = statements(5_000);
    bencher.bench_local(|| risk::lint(&text, &before, dialect.as_ref(), true).len());
}

/// A folder's history in one file, from nothing: the rate must not fall as it grows.
#[divan::bench(args = [1_250, 2_500, 5_000, 10_000], sample_count = 3)]
fn lint_of_mixed_statements(bencher: Bencher, count: usize) {
    let empty = schema(0, false);
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let text = mixed_statements(count);
    let linted = || risk::lint(&text, &empty, dialect.as_ref(), false).len();
    assert_eq!(linted(), count);
    bencher.counter(divan::counter::ItemsCount::new(count)).bench_local(linted);
}

#[divan::bench]
fn plan_file_of_100_steps_written_and_read(bencher: Bencher) {
    let before = schema(100, false);
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let plan = plan::from_sql("a script", &statements(100), &before, dialect.as_ref(), &PlanOptions::default());
    bencher.bench_local(|| plan::file::read(&plan::file::write(&plan, dialect.as_ref()), dialect.as_ref()).unwrap());
}

/// Statements that each add a column to one of the first hundred tables.
fn statements(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "ALTER TABLE {} ADD COLUMN more_{at} text;", name(at % 100).name);
        text
    })
}

/// Statements of many kinds on up to 400 tables, which they make themselves.
fn mixed_statements(count: usize) -> String {
    let mut out: Vec<String> = Vec::with_capacity(count + 11);
    for at in 0.. {
        if out.len() >= count {
            break;
        }
        let t = format!("t{:04}", at % 400);
        if at < 400 {
            let columns =
                "id bigint PRIMARY KEY, a int NOT NULL, b varchar(20), c timestamptz DEFAULT now(), parent bigint";
            out.push(format!("CREATE TABLE {t} ({columns})"));
        }
        out.extend([
            format!("ALTER TABLE {t} ADD COLUMN x{at} text"),
            format!("CREATE INDEX {t}_x{at} ON {t} (x{at})"),
            format!("ALTER TABLE {t} ADD CONSTRAINT {t}_c{at} CHECK (a > {at})"),
            format!("ALTER TABLE {t} ALTER COLUMN b TYPE varchar({})", 30 + at),
            format!("ALTER TABLE {t} ADD CONSTRAINT {t}_f{at} FOREIGN KEY (parent) REFERENCES t0000 (id)"),
            format!("UPDATE {t} SET x{at} = b WHERE id > {at}"),
            format!("ALTER TABLE {t} DROP COLUMN x{at}"),
            format!("CREATE OR REPLACE VIEW v{} AS SELECT id, a FROM {t}", at % 50),
            format!("ALTER TABLE {t} ALTER COLUMN a SET DEFAULT {at}"),
            format!("DROP VIEW v{}", at % 50),
        ]);
    }
    out.truncate(count);
    out.join(";\n") + ";\n"
}

/// The two to compare: the catalog as Lockstep reads it, and SQLite's own answer about every column.
mod sqlite_catalog_of_2_000_tables {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    async fn fill(path: &Path) -> SqliteConnection {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
        let mut sql = String::from("BEGIN;\n");
        for number in 0..2_000 {
            let columns: Vec<String> = (1..15).map(|at| format!("column_{at} INTEGER NOT NULL")).collect();
            let _ = writeln!(sql, "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {});", columns.join(", "));
            let _ = writeln!(sql, "CREATE INDEX t{number}_i ON t{number} (column_1);");
        }
        sql.push_str("COMMIT;");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection
    }

    #[divan::bench(sample_count = 10)]
    fn inspect(bencher: Bencher) {
        let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
        let path = folder.path().join("many.db");
        runtime.block_on(fill(&path));
        let target = Target::parse(&format!("sqlite:{}", path.display())).unwrap();
        let database = runtime.block_on(engine::connect(&target, &ConnectOptions::default())).unwrap();
        bencher.bench_local(|| runtime.block_on(database.inspect()).unwrap().tables.len());
    }

    #[divan::bench(sample_count = 10)]
    fn raw_pragma_query(bencher: Bencher) {
        let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
        let mut connection = runtime.block_on(fill(&folder.path().join("many.db")));
        let sql = "SELECT m.name, m.sql, x.* FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x";
        bencher.bench_local(|| runtime.block_on(sqlx::query(sql).fetch_all(&mut connection)).unwrap().len());
    }
}
