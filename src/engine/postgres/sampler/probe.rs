//! The latency that an application would see: a tiny query on the touched table, on a connection of its own, so that
//! its waiting for a lock is a figure and stops no other gauge.

use super::super::connect::{Route, observer_settings};
use super::super::wire::{Cells, quoted, rows, run};
use crate::Result;
use crate::engine::Latency;
use crate::schema::QName;
use sqlx::postgres::PgConnection;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Readings that the percentiles rest on.
const HISTORY: usize = 240;
/// How long a reading waits for the probe; what takes longer is reported by its age.
const GRACE: Duration = Duration::from_millis(25);

/// The connection when it is still good, and how long the query took.
type Ended = (Option<PgConnection>, Option<f64>);

enum State {
    Idle(PgConnection),
    Running {
        since: Instant,
        task: JoinHandle<Ended>,
    },
    /// Lost; made again by a task at the next reading.
    Lost,
}

pub(super) struct Probe {
    route: Route,
    version: u32,
    backend: i64,
    state: State,
    history: VecDeque<f64>,
}

impl Probe {
    pub(super) async fn open(route: Route, version: u32) -> Result<Self> {
        let mut connection = route.open("lockstep-probe", &settings(version)).await?;
        let answer = rows(&mut connection, "SELECT pg_catalog.pg_backend_pid()::int8").await?;
        let backend = match answer.first() {
            Some(row) => Cells::new(row).take()?,
            None => -1,
        };
        Ok(Self { route, version, backend, state: State::Idle(connection), history: VecDeque::new() })
    }

    /// The probe's own backend, which is no victim to be counted.
    pub(super) fn backend(&self) -> i64 {
        self.backend
    }

    /// Starts a query on `table` unless one is still running.
    pub(super) fn start(&mut self, table: Option<&QName>) {
        let Some(table) = table else { return };
        let sql = format!("SELECT 1 FROM {}.{} LIMIT 1", quoted(&table.schema), quoted(&table.name));
        self.state = match std::mem::replace(&mut self.state, State::Lost) {
            State::Idle(connection) => running(ask(connection, sql)),
            State::Lost => running(again(self.route.clone(), self.version)),
            running @ State::Running { .. } => running,
        };
    }

    /// The last reading, or the age of the one that still waits, with the percentiles of the recent ones.
    pub(super) async fn latency(&mut self) -> Latency {
        let mut probe_ms = None;
        if let State::Running { since, task } = &mut self.state {
            match tokio::time::timeout(GRACE, task).await {
                Ok(ended) => {
                    let (connection, took) = ended.unwrap_or((None, None));
                    self.state = connection.map_or(State::Lost, State::Idle);
                    self.keep(took);
                    probe_ms = took;
                }
                Err(_) => probe_ms = Some(since.elapsed().as_secs_f64() * 1000.0),
            }
        }
        let mut sorted: Vec<f64> = self.history.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        Latency {
            probe_ms,
            p50_ms: percentile(&sorted, 50),
            p99_ms: percentile(&sorted, 99),
            samples: sorted.len() as u64,
        }
    }

    fn keep(&mut self, took: Option<f64>) {
        let Some(took) = took else { return };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(took);
    }
}

fn settings(version: u32) -> Vec<String> {
    // Waiting for a lock is what it measures, so only the statement's whole time is bounded.
    observer_settings(version, "0", "1s")
}

fn running(work: impl Future<Output = Ended> + Send + 'static) -> State {
    State::Running { since: Instant::now(), task: tokio::spawn(work) }
}

async fn ask(mut connection: PgConnection, sql: String) -> Ended {
    let start = Instant::now();
    let answer = run(&mut connection, &sql).await;
    let took = start.elapsed().as_secs_f64() * 1000.0;
    match answer {
        Ok(_) => (Some(connection), Some(took)),
        // Waited a second in vain: that is the latency.
        Err(why) if why.code == crate::ErrorCode::Cancelled => (Some(connection), Some(took)),
        Err(why) if why.code == crate::ErrorCode::ConnectionLost => (None, None),
        // The table is not there (yet), or may not be read.
        Err(_) => (Some(connection), None),
    }
}

async fn again(route: Route, version: u32) -> Ended {
    (route.open("lockstep-probe", &settings(version)).await.ok(), None)
}

/// The value below which `percent` of the sorted readings lie (nearest rank).
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_readings_that_were_made() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 50), Some(50.0));
        assert_eq!(percentile(&hundred, 99), Some(99.0));
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }
}
