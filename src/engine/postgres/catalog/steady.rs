//! Seeing that nothing was changed while the catalogs were read.
//!
//! The queries themselves see one snapshot. The functions that decompile definitions do not: they read what is there
//! at the moment, so that a table which is altered or dropped meanwhile gives an error, or a mixture of before and
//! after. Whether that can have happened is told by the rows of the snapshot that are no more. A reading that was
//! disturbed is made again, and in the end with the tables locked against changes, as `pg_dump` locks them.

use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, rows, run};
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;

/// The catalogs that decompiling reads, each with the rows that can matter: what is temporary comes and goes.
const CATALOGS: [(&str, &str); 10] = [
    ("pg_class", "r.relpersistence <> 't' AND r.relkind <> 't'"),
    (
        "pg_attribute",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = r.attrelid AND c.relpersistence = 't')",
    ),
    (
        "pg_constraint",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = r.conrelid AND c.relpersistence = 't')",
    ),
    (
        "pg_index",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = r.indrelid AND c.relpersistence = 't')",
    ),
    (
        "pg_rewrite",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = r.ev_class AND c.relpersistence = 't')",
    ),
    (
        "pg_trigger",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class c WHERE c.oid = r.tgrelid AND c.relpersistence = 't')",
    ),
    (
        "pg_type",
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace n WHERE n.oid = r.typnamespace AND n.nspname ~ '^pg_temp_')",
    ),
    ("pg_proc", "true"),
    ("pg_namespace", "r.nspname !~ '^pg_(toast_)?temp_'"),
    ("pg_statistic_ext", "true"),
];

/// How often a dropped table may be met while the tables are locked.
const LOCKING_TRIES: usize = 20;

/// What the snapshot of a reading had.
#[derive(Debug)]
pub(super) struct Mark {
    snapshot: String,
    rows: Vec<i64>,
}

/// Marks the snapshot of the transaction that is open.
pub(super) async fn mark(connection: &mut PgConnection) -> Result<Mark> {
    let answer =
        rows(connection, &format!("SELECT pg_catalog.pg_current_snapshot()::text, {}", counts("true"))).await?;
    let row = answer.first().ok_or_else(|| Error::internal("the server gave no snapshot"))?;
    let mut cells = Cells::new(row);
    let snapshot = cells.take()?;
    let rows = CATALOGS.iter().map(|_| cells.take()).collect::<Result<_>>()?;
    Ok(Mark { snapshot, rows })
}

/// Whether every row that the snapshot had is still there, as it was; with `alone`, whether there is no other row
/// either. Asked where newer rows can be seen.
pub(super) async fn is_undisturbed(connection: &mut PgConnection, mark: &Mark, alone: bool) -> Result<bool> {
    let answer = rows(connection, "SELECT pg_catalog.pg_current_snapshot()::text").await?;
    let now: Option<String> = answer.first().map(|row| Cells::new(row).take()).transpose()?;
    if now.as_deref() == Some(&mark.snapshot) {
        return Ok(true);
    }
    let kept = counted(connection, &mark.had()).await? == mark.rows;
    Ok(kept && (!alone || counted(connection, "true").await? == mark.rows))
}

async fn counted(connection: &mut PgConnection, condition: &str) -> Result<Vec<i64>> {
    let answer = rows(connection, &format!("SELECT {}", counts(condition))).await?;
    let row = answer.first().ok_or_else(|| Error::internal("the server counted nothing"))?;
    let mut cells = Cells::new(row);
    CATALOGS.iter().map(|_| cells.take()).collect()
}

impl Mark {
    /// A condition on the row `r`: the snapshot (`xmin:xmax:running`) had it. Numbers of transactions are kept without
    /// their epoch in rows, so they are compared by age.
    fn had(&self) -> String {
        let mut parts = self.snapshot.split(':').skip(1);
        let number = |text: &str| text.parse::<u64>().unwrap_or_default() & 0xffff_ffff;
        let end = number(parts.next().unwrap_or_default());
        let mut condition = format!("pg_catalog.age(r.xmin) > pg_catalog.age('{end}'::pg_catalog.xid)");
        let running: Vec<String> = parts
            .next()
            .unwrap_or_default()
            .split(',')
            .filter(|n| !n.is_empty())
            .map(|n| format!("'{}'", number(n)))
            .collect();
        if !running.is_empty() {
            condition.push_str(&format!(" AND r.xmin::text NOT IN ({})", running.join(", ")));
        }
        condition
    }
}

fn counts(condition: &str) -> String {
    let count = |(catalog, also): &(&str, &str)| {
        format!("(SELECT pg_catalog.count(*) FROM pg_catalog.{catalog} r WHERE {also} AND {condition})")
    };
    CATALOGS.iter().map(count).collect::<Vec<_>>().join(", ")
}

/// Whether an error can come of a change that somebody made meanwhile.
pub(super) fn may_pass(error: &Error) -> bool {
    let state = error.engine_code.as_deref().unwrap_or_default();
    matches!(state, "42P01" | "42703" | "42704" | "42883" | "3F000" | "XX000" | "55000" | "42P17")
        || matches!(error.code, ErrorCode::Internal | ErrorCode::Deadlock)
}

/// Begins a transaction in which the tables that the role may read are locked against changes. It sees what is new,
/// so that it can be asked before its end, while the locks hold, whether anything was changed all the same.
pub(super) async fn hold(connection: &mut PgConnection) -> Result<()> {
    let list = format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {NAMESPACE} \
         AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
         AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY c.oid"
    );
    for _ in 0..LOCKING_TRIES {
        run(connection, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY").await?;
        let mut names: Vec<String> = Vec::new();
        for row in &rows(connection, &list).await? {
            names.push(Cells::new(row).take()?);
        }
        if names.is_empty() {
            return Ok(());
        }
        match run(connection, &format!("LOCK TABLE ONLY {} IN ACCESS SHARE MODE", names.join(", ONLY "))).await {
            Ok(_) => return Ok(()),
            Err(why) if may_pass(&why) => run(connection, "ROLLBACK").await?,
            Err(why) => return Err(why),
        };
    }
    run(connection, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY").await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_snapshot_are_told_from_those_after_it() {
        let mark = |snapshot: &str| Mark { snapshot: snapshot.into(), rows: Vec::new() };
        assert_eq!(mark("10:12:").had(), "pg_catalog.age(r.xmin) > pg_catalog.age('12'::pg_catalog.xid)");
        let running = mark("4294967300:4294967305:4294967300,4294967302").had();
        assert!(running.contains("age('9'::") && running.ends_with("NOT IN ('4', '6')"), "{running}");
    }
}
