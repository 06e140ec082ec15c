//! What moves slowly or costs more: replicas once a second, the database's size every five.

use super::answer;
use crate::Result;
use crate::engine::{Replica, Sample};
use crate::sql::one_line;
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use std::time::{Duration, Instant};

const REPLICAS_EVERY: Duration = Duration::from_secs(1);
const SIZE_EVERY: Duration = Duration::from_secs(5);

const REPLICAS: &str = "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN \
     pg_catalog.json_build_array(pg_catalog.json_build_object('name', 'this standby', 'state', 'replaying', \
         'lag_bytes', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())::int8, \
         'lag_ms', NULL)) \
     ELSE (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', application_name, 'state', state, \
         'lag_bytes', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)::int8, \
         'lag_ms', (extract(epoch FROM replay_lag) * 1000)::float8)), '[]') FROM pg_catalog.pg_stat_replication) END::text";

const SIZE: &str = "SELECT pg_catalog.to_json(pg_catalog.pg_database_size(pg_catalog.current_database()))::text";

#[derive(Debug, Deserialize)]
struct ReplicaRow {
    name: Option<String>,
    state: Option<String>,
    lag_bytes: Option<i64>,
    lag_ms: Option<f64>,
}

#[derive(Debug, Default)]
pub(super) struct Slow {
    replicas_at: Option<Instant>,
    replicas: Option<Vec<Replica>>,
    size_at: Option<Instant>,
    size: Option<u64>,
}

impl Slow {
    pub(super) async fn read(&mut self, connection: &mut PgConnection, _version: u32) -> Result<()> {
        if due(&mut self.replicas_at, REPLICAS_EVERY) {
            let rows: Option<Vec<ReplicaRow>> = answer(connection, REPLICAS).await?;
            self.replicas = rows.map(|rows| rows.into_iter().map(replica).collect());
        }
        if due(&mut self.size_at, SIZE_EVERY) {
            self.size = answer(connection, SIZE).await?;
        }
        Ok(())
    }

    pub(super) fn fill(&self, sample: &mut Sample) {
        sample.replication.clone_from(&self.replicas);
        if let Some(size) = self.size {
            sample.size.insert("database".to_owned(), size.into());
        }
    }
}

fn due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|at| at.elapsed() >= every);
    if due {
        *last = Some(Instant::now());
    }
    due
}

fn replica(row: ReplicaRow) -> Replica {
    Replica {
        name: one_line(&row.name.unwrap_or_default()),
        state: row.state.as_deref().map(one_line),
        lag_bytes: row.lag_bytes,
        lag_ms: row.lag_ms,
    }
}
