//! How fast the server works, by a small table of the shadow.

use super::super::wire::{Cells, rows, run};
use crate::risk::Pace;
use crate::{Error, Result};
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

/// About 16 MB: enough to tell the times, and over in a second.
const TABLE: &str = "CREATE TABLE lockstep_pace AS SELECT g AS id, pg_catalog.md5(g::text) AS a, g % 1000 AS b \
                     FROM pg_catalog.generate_series(1, 200000) g";

/// Reads, indexes and rewrites a table in a transaction that is rolled back.
pub(super) async fn measure(connection: &mut PgConnection) -> Result<Option<Pace>> {
    run(connection, "BEGIN; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL search_path = public").await?;
    let measured = timed(connection).await;
    run(connection, "ROLLBACK").await?;
    measured
}

async fn timed(connection: &mut PgConnection) -> Result<Option<Pace>> {
    run(connection, TABLE).await?;
    let scan = seconds(connection, "SELECT pg_catalog.count(b) FROM lockstep_pace").await?;
    let index = seconds(connection, "CREATE INDEX ON lockstep_pace (a)").await?;
    let sizes = "SELECT pg_catalog.pg_table_size('lockstep_pace'), pg_catalog.pg_indexes_size('lockstep_pace')";
    let answer = rows(connection, sizes).await?;
    let row = answer.first().ok_or_else(|| Error::internal("the server does not say how large a table is"))?;
    let mut cells = Cells::new(row);
    let (bytes, index_bytes): (i64, i64) = (cells.take()?, cells.take()?);
    let rewrite = seconds(connection, "ALTER TABLE lockstep_pace ALTER COLUMN b TYPE bigint").await?;
    Ok(Pace::of(bytes.unsigned_abs(), index_bytes.unsigned_abs(), scan, index, rewrite))
}

async fn seconds(connection: &mut PgConnection, sql: &str) -> Result<f64> {
    let began = Instant::now();
    run(connection, sql).await?;
    Ok(began.elapsed().as_secs_f64())
}
