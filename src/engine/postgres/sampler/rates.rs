//! Rates from counters: transactions a second, and the log's growth.

use crate::engine::Throughput;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The server moves its counters about once a second.
const EVERY: Duration = Duration::from_secs(1);

pub(super) const QUERY: &str = "SELECT pg_catalog.json_build_object('commits', xact_commit, 'rollbacks', xact_rollback)::text \
     FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()";

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Counters {
    commits: f64,
    rollbacks: f64,
}

#[derive(Debug, Default)]
pub(super) struct Rates {
    asked: Option<Instant>,
    counters: Option<(Instant, Counters)>,
    throughput: Option<Throughput>,
    wal: Option<(Instant, f64)>,
}

impl Rates {
    /// Whether the counters may have moved since they were asked for.
    pub(super) fn due(&mut self) -> bool {
        let due = self.asked.is_none_or(|at| at.elapsed() >= EVERY);
        if due {
            self.asked = Some(Instant::now());
        }
        due
    }

    pub(super) fn count(&mut self, now: &Counters) {
        let at = Instant::now();
        if let Some((since, before)) = self.counters {
            let seconds = at.duration_since(since).as_secs_f64();
            self.throughput = Some(Throughput {
                commits_per_s: rate(before.commits, now.commits, seconds),
                rollbacks_per_s: rate(before.rollbacks, now.rollbacks, seconds),
            });
        }
        self.counters = Some((at, *now));
    }

    /// Unknown until the counters were read twice.
    pub(super) fn throughput(&self) -> Option<Throughput> {
        self.throughput.clone()
    }

    /// Bytes a second since the last reading.
    pub(super) fn wal(&mut self, position: Option<f64>) -> Option<f64> {
        let now = Instant::now();
        let before = std::mem::replace(&mut self.wal, position.map(|p| (now, p)));
        let ((since, from), to) = (before?, position?);
        rate(from, to, now.duration_since(since).as_secs_f64())
    }
}

/// `None` when the counter was reset in between.
fn rate(before: f64, now: f64, seconds: f64) -> Option<f64> {
    (seconds > 0.0 && now >= before).then(|| (now - before) / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_went_back_tells_nothing() {
        assert_eq!(rate(10.0, 30.0, 2.0), Some(10.0));
        assert_eq!(rate(30.0, 10.0, 2.0), None);
        assert_eq!(rate(1.0, 2.0, 0.0), None);
    }

    #[test]
    fn the_first_reading_has_no_rate() {
        let mut rates = Rates::default();
        assert_eq!(rates.wal(Some(10.0)), None);
        assert_eq!(rates.throughput(), None);
        assert!(rates.due() && !rates.due());
    }
}
