//! The gauges of a file: there is no server to ask, so they are our own waits, the log's size and who else wrote
//! (sqlite.org/pragma.html, `data_version`).

use super::render::relation;
use super::session::{number, text};
use crate::engine::{Activity, Focus, Latency, Locks, Sample, Sampler};
use crate::{ErrorCode, Result};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Readings that the percentiles rest on.
const KEPT: usize = 240;

pub(super) struct SqliteSampler {
    connection: SqliteConnection,
    path: PathBuf,
    probes: VecDeque<f64>,
    /// When the log was last looked at, and how large it was.
    wal: Option<(Instant, u64)>,
    ready: bool,
}

impl SqliteSampler {
    pub(super) fn new(connection: SqliteConnection, path: PathBuf) -> Self {
        Self { connection, path, probes: VecDeque::new(), wal: None, ready: false }
    }

    /// Reads the first row of the probe's table, as an application would; the wait for the lock is in the time.
    async fn probe(&mut self, focus: &Focus) -> Result<(f64, bool)> {
        let from = focus.probe.as_ref().map_or_else(|| "sqlite_schema".to_owned(), relation);
        let started = Instant::now();
        let found = text(&mut self.connection, &format!("SELECT 1 FROM {from} LIMIT 1")).await;
        let took = started.elapsed().as_secs_f64() * 1000.0;
        match found {
            Ok(_) => Ok((took, false)),
            Err(error) if error.code == ErrorCode::LockTimeout => Ok((took, true)),
            // The table may be gone by now: the time of the answer is still a time.
            Err(error) if error.code == ErrorCode::Statement => Ok((took, false)),
            Err(error) => Err(error),
        }
    }

    fn latency(&mut self, probe_ms: f64) -> Latency {
        self.probes.push_back(probe_ms);
        if self.probes.len() > KEPT {
            self.probes.pop_front();
        }
        let mut sorted: Vec<f64> = self.probes.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Latency {
            probe_ms: Some(probe_ms),
            p50_ms: percentile(&sorted, 50),
            p99_ms: percentile(&sorted, 99),
            samples: sorted.len() as u64,
        }
    }

    /// Growth of the log since the last reading; `None` without one, and when it was started afresh.
    fn wal_rate(&mut self, bytes: Option<u64>) -> Option<f64> {
        let now = Instant::now();
        let bytes = bytes?;
        let (at, last) = self.wal.replace((now, bytes))?;
        let grown = bytes.checked_sub(last)?;
        Some(grown as f64 / now.duration_since(at).max(Duration::from_millis(1)).as_secs_f64())
    }
}

fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * percent).div_ceil(100)).copied()
}

fn beside(path: &Path, suffix: &str) -> Option<u64> {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    std::fs::metadata(name).ok().map(|m| m.len())
}

#[async_trait]
impl Sampler for SqliteSampler {
    async fn sample(&mut self, focus: &Focus) -> Result<Sample> {
        if !self.ready {
            // A probe that waits longer says no more than that it waits.
            text(&mut self.connection, "PRAGMA busy_timeout = 200").await?;
            text(&mut self.connection, "PRAGMA query_only = ON").await?;
            self.ready = true;
        }
        let (probe_ms, blocked) = self.probe(focus).await?;
        let mut sample = Sample { at: jiff::Timestamp::now().to_string(), ..Sample::default() };
        sample.latency = self.latency(probe_ms);
        // Who holds the lock cannot be asked; that our own probe could not read is all that is known.
        sample.locks = Locks { longest_wait_ms: blocked.then_some(probe_ms), ..Locks::default() };
        sample.activity = None::<Activity>;
        let wal = beside(&self.path, "-wal");
        sample.wal_bytes_per_s = self.wal_rate(wal);
        let size = &mut sample.size;
        if let Ok(metadata) = std::fs::metadata(&self.path) {
            size.insert("database_bytes".into(), metadata.len().into());
        }
        if let Some(bytes) = wal {
            size.insert("wal_bytes".into(), bytes.into());
        }
        if !blocked {
            for (name, pragma) in
                [("pages", "page_count"), ("free_pages", "freelist_count"), ("data_version", "data_version")]
            {
                if let Ok(Some(value)) = number(&mut self.connection, &format!("PRAGMA {pragma}")).await {
                    size.insert(name.into(), value.into());
                }
            }
        }
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_readings() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 99), Some(100.0));
        assert_eq!(percentile(&[3.0], 50), Some(3.0));
        assert_eq!(percentile(&[], 50), None);
    }
}
