//! What tables are used for, from the server's own counters (`pg_stat_user_tables`), and numbers asked of their rows.

use super::wire::{Cells, rows, run};
use crate::engine::TableUse;
use crate::schema::QName;
use crate::{Error, ErrorCode, Result};
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// Counters that began less long ago say nothing, seconds.
const SHORTEST: f64 = 60.0;

/// The average use of each table since the counters began: the statistics' last reset, or the server's start.
pub(super) async fn read(connection: &mut PgConnection) -> Result<Vec<(QName, TableUse)>> {
    let sql = format!(
        "SELECT s.schemaname::text, s.relname::text, ((s.seq_scan + coalesce(s.idx_scan, 0)) / a.seconds)::int8, \
         ((s.n_tup_ins + s.n_tup_upd + s.n_tup_del) / a.seconds)::int8 FROM pg_catalog.pg_stat_user_tables s, \
         (SELECT extract(epoch FROM pg_catalog.now() - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time())) \
          ::float8 AS seconds FROM pg_catalog.pg_stat_database d WHERE d.datname = pg_catalog.current_database()) a \
         WHERE a.seconds > {SHORTEST}"
    );
    let mut out = Vec::new();
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let mut figure = || Ok::<_, Error>(u64::try_from(cells.take::<i64>()?).unwrap_or_default());
        out.push((name, TableUse { reads_per_s: figure()?, writes_per_s: figure()? }));
    }
    Ok(out)
}

/// The one number that a query gives, within a time. The connection is read-only and waits for no lock.
pub(super) async fn count(connection: &mut PgConnection, sql: &str, within: Duration) -> Result<u64> {
    run(connection, &format!("SET statement_timeout = {}", within.as_millis().max(1))).await?;
    let answer = rows(connection, sql).await.map_err(|why| match why.engine_code.as_deref() {
        Some("57014") => Error { message: format!("it takes longer than {} ms", within.as_millis()), ..why },
        Some("55P03") => Error { message: "a lock is in the way".into(), ..why },
        _ => why,
    })?;
    let row = answer.first().ok_or_else(|| Error::new(ErrorCode::Internal, "a count gave no row"))?;
    let counted: i64 = Cells::new(row).take()?;
    Ok(u64::try_from(counted).unwrap_or_default())
}
