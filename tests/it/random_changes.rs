//! Random changes on real databases: planned, run, taken back; the schema is then the one from before. And written as
//! SQL and read again: the same change.

use crate::runs::{Answers, Place, drop_postgres, postgres, run_plan, sqlite};
use fastrand::Rng;
use lockstep::plan::{self, PlanOptions, RollbackKind, Style};
use lockstep::run::{self, Direction, Journal, Outcome, RunOptions};
use lockstep::schema::{Change, Column, Constraint, ConstraintKind, EngineKind, Index, QName, Schema, Table};

const COLUMNS: [&str; 4] = ["note", "price list", "Größe", "order"];

/// One change that fits `schema`, or `None` when the dice fell on one that does not.
fn change(rng: &mut Rng, schema: &Schema, types: &[&str]) -> Option<Change> {
    let table = rng.choice(schema.tables.values())?;
    let name = table.name.clone();
    let own = rng.choice(&table.columns)?.name.clone();
    let new = (*rng.choice(&COLUMNS)?).to_owned();
    let made = match rng.u8(..9) {
        0 | 1 => {
            let mut column = Column::new(new, *rng.choice(types)?);
            column.default = rng.bool().then(|| "7".to_owned());
            column.nullable = column.default.is_none() || rng.bool();
            Change::AddColumn { table: name, column }
        }
        2 => Change::DropColumn { table: name, column: own },
        3 => Change::RenameColumn { table: name, from: own, to: new },
        4 => Change::SetDefault { table: name, column: own, default: Some("3".to_owned()) },
        5 => Change::CreateIndex { index: Index::on_columns(format!("{}_{new}", name.name), &[&own]), table: name },
        6 => {
            let kind = ConstraintKind::Check { expression: "id > -1".to_owned(), no_inherit: false };
            Change::AddConstraint { table: name, constraint: Constraint::new(format!("{new} holds"), kind) }
        }
        7 => Change::RenameTable { from: name, to: format!("{new} s") },
        _ => {
            let mut table = Table::new(QName::new(name.schema, format!("{new} t")));
            table.columns.push(Column::new("id", *rng.choice(types)?));
            Change::CreateTable { table: Box::new(table) }
        }
    };
    schema.clone().apply(&made).is_ok().then_some(made)
}

/// Whether a plan was made and run: dice that ask for what the engine refuses make none.
async fn there_and_back(place: &Place, seed: u64, types: &[&str]) -> bool {
    let mut rng = Rng::with_seed(seed);
    let before = place.database.inspect().await.unwrap();
    let mut after = before.clone();
    let mut changes = Vec::new();
    for _ in 0..rng.usize(1..4) {
        // What the engine refuses (a key's column dropped) is no plan.
        if let Some(change) = change(&mut rng, &after, types) {
            after.apply(&change).unwrap();
            changes.push(change);
        }
    }
    let style = if rng.bool() { Style::Safe } else { Style::Direct };
    let options = PlanOptions { style, ..PlanOptions::default() };
    let dialect = place.database.dialect();
    let Ok(plan) = plan::from_changes("random", &changes, &before, dialect.as_ref(), &options) else { return false };
    // A rollback that says beforehand what it loses (a dropped column of a table without a key) is no promise.
    let promised = |kind| matches!(kind, RollbackKind::Exact | RollbackKind::Restores);
    if plan.steps.is_empty() || !plan.steps.iter().all(|s| promised(s.rollback.kind)) {
        return false;
    }
    let told = run_plan(place, plan, RunOptions::default(), Answers::yes()).await;
    let run = Journal::runs(&place.database).await.unwrap().remove(0);
    let back = run::rollback_plan(&run, None).unwrap();
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id), ..RunOptions::default() };
    if !back.steps.is_empty() {
        let told = run_plan(place, back, options, Answers::yes()).await;
        assert_eq!(told.outcome, Outcome::Done, "seed {seed}: back from {changes:?}: {told:?}");
    }
    let now = place.database.inspect().await.unwrap();
    let left = lockstep::diff::compare(&before, &now, &[]);
    let same = now.fingerprint() == before.fingerprint();
    assert!(same, "seed {seed}: {changes:?}, forward {:?}; left {left:#?}", told.outcome);
    true
}

#[tokio::test]
async fn random_changes_go_there_and_back_on_sqlite() {
    let mut run = 0;
    for seed in 0..20 {
        run += u32::from(there_and_back(&sqlite(5).await, seed, &["INTEGER", "TEXT"]).await);
    }
    assert!(run >= 5, "only {run} of the plans were run");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_changes_go_there_and_back_on_postgres() {
    let mut run = 0;
    for seed in 0..12 {
        let (place, name) = postgres(5).await;
        run += u32::from(there_and_back(&place, seed, &["integer", "text", "numeric(12,2)"]).await);
        drop_postgres(place, &name).await;
    }
    assert!(run >= 3, "only {run} of the plans were run");
}

#[test]
fn a_change_that_is_written_and_read_again_is_the_same() {
    for (kind, schema, types) in [
        (EngineKind::Postgres, "public", ["integer", "text", "numeric(12,2)"]),
        (EngineKind::Sqlite, "main", ["INTEGER", "TEXT", "NUMERIC"]),
    ] {
        let dialect = lockstep::engine::dialect(kind).unwrap();
        let mut before = Schema::empty(kind);
        before.namespaces.insert(schema.to_owned(), lockstep::schema::Namespace::default());
        let mut table = Table::new(QName::new(schema, "Sales of 2026"));
        table.columns = ["id", "amount", "group"].map(|name| Column::new(name, types[0])).into();
        before.tables.insert(table.name.clone(), table.into());
        for seed in 0..200 {
            let mut rng = Rng::with_seed(seed);
            let Some(change) = change(&mut rng, &before, &types) else { continue };
            // SQLite writes what ALTER TABLE cannot do as a rebuild, which is no one statement.
            let sql = dialect.render(&change, &before);
            let [statement] = sql.as_slice() else { continue };
            let script = dialect.read(statement, &before);
            let read = &script.statements[0];
            assert!(read.parsed(), "seed {seed}: {statement}: {:?}", read.problems);
            let (mut meant, mut understood) = (before.clone(), before.clone());
            meant.apply(&change).unwrap();
            for change in &read.reading.changes {
                understood.apply(change).unwrap();
            }
            assert_eq!(understood.fingerprint(), meant.fingerprint(), "seed {seed}: {statement}");
        }
    }
}
