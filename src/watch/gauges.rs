//! Readings over time, in bounded memory.

use super::Series;
use crate::engine::Sample;
use std::time::{Duration, Instant};

/// How things look, at a glance. Shown as a word and a sign, never as a colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    Green,
    Amber,
    Red,
    /// No fresh reading: not known.
    Unknown,
}

/// The latest reading and the history of its figures.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    pub latest: Option<Sample>,
    /// When the latest reading came.
    pub read_at: Option<Instant>,
    pub probe_ms: Series,
    pub oldest_query_ms: Series,
    pub waiting: Series,
    pub blocked: Series,
    pub longest_wait_ms: Series,
    pub commits_per_s: Series,
    pub lag_bytes: Series,
    pub wal_bytes_per_s: Series,
}

impl Gauges {
    /// Readings kept of each figure.
    pub const KEPT: usize = 240;
    /// A reading older than this says nothing of now.
    pub const FRESH: Duration = Duration::from_secs(2);
    /// Keeping somebody waiting this long is red.
    const HURTS_MS: f64 = 1_000.0;
    /// A probe this many times slower than usual is amber.
    const SLOW: f64 = 3.0;
    /// Probes faster than this are never called slow: at that scale it is the scheduler that is measured.
    const NOISE_MS: f64 = 5.0;
    /// Probes that a baseline needs.
    const BASELINE: usize = 8;

    /// Takes a reading in.
    pub fn push(&mut self, sample: Sample, now: Instant) {
        let locks = &sample.locks;
        let lag = sample.replication.as_ref().and_then(|all| all.iter().filter_map(|replica| replica.lag_bytes).max());
        for (series, point) in [
            (&mut self.probe_ms, sample.latency.probe_ms),
            (&mut self.oldest_query_ms, sample.activity.as_ref().and_then(|a| a.oldest_query_ms)),
            (&mut self.waiting, locks.waiting.as_ref().map(|all| all.len() as f64)),
            (&mut self.blocked, locks.blocked_sessions.map(|n| n as f64)),
            (&mut self.longest_wait_ms, locks.longest_wait_ms),
            (&mut self.commits_per_s, sample.throughput.as_ref().and_then(|t| t.commits_per_s)),
            (&mut self.lag_bytes, lag.map(|bytes| bytes as f64)),
            (&mut self.wal_bytes_per_s, sample.wal_bytes_per_s),
        ] {
            series.push(point, Self::KEPT);
        }
        self.latest = Some(sample);
        self.read_at = Some(now);
    }

    /// How old the latest reading is, if there is one.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.read_at.map(|at| now.saturating_duration_since(at))
    }

    /// Red: sessions in our way have waited for over a second. Amber: somebody waits for a lock, or the probe is
    /// several times slower than its own median. Unknown: no reading in the last two seconds.
    pub fn light(&self, now: Instant) -> Light {
        let Some(latest) = self.latest.as_ref().filter(|_| self.age(now).is_some_and(|age| age <= Self::FRESH)) else {
            return Light::Unknown;
        };
        let locks = &latest.locks;
        let blocked = locks.blocked_sessions.unwrap_or(0);
        if blocked > 0 && locks.longest_wait_ms.is_some_and(|ms| ms > Self::HURTS_MS) {
            return Light::Red;
        }
        let waiting = locks.waiting.as_ref().is_some_and(|all| !all.is_empty());
        if blocked > 0 || waiting || self.probe_is_slow() { Light::Amber } else { Light::Green }
    }

    fn probe_is_slow(&self) -> bool {
        let Some(now) = self.probe_ms.last().filter(|ms| *ms > Self::NOISE_MS) else { return false };
        let enough = self.probe_ms.known().count() >= Self::BASELINE;
        enough && self.probe_ms.median().is_some_and(|usual| now > Self::SLOW * usual)
    }
}

#[cfg(test)]
mod tests {
    use super::{Gauges, Light};
    use crate::engine::{Sample, WaitingLock};
    use std::time::{Duration, Instant};

    fn probe(ms: f64) -> Sample {
        let mut sample = Sample::default();
        sample.latency.probe_ms = Some(ms);
        sample
    }

    #[test]
    fn no_or_old_readings_are_unknown() {
        let now = Instant::now();
        let mut gauges = Gauges::default();
        assert_eq!(gauges.light(now), Light::Unknown);
        gauges.push(Sample::default(), now);
        assert_eq!(gauges.light(now), Light::Green);
        assert_eq!(gauges.light(now + Duration::from_millis(2_001)), Light::Unknown);
    }

    #[test]
    fn waiting_sessions_are_amber_and_long_waits_behind_us_red() {
        let now = Instant::now();
        let mut gauges = Gauges::default();
        let mut sample = Sample::default();
        sample.locks.waiting = Some(vec![WaitingLock {
            backend: 7,
            relation: None,
            mode: None,
            wait_ms: Some(1_500.0),
            blocked_by: vec![1],
            query: None,
        }]);
        sample.locks.longest_wait_ms = Some(1_500.0);
        gauges.push(sample.clone(), now);
        assert_eq!(gauges.light(now), Light::Amber, "they wait, but not for us");
        sample.locks.blocked_sessions = Some(1);
        gauges.push(sample, now);
        assert_eq!(gauges.light(now), Light::Red);
    }

    #[test]
    fn a_probe_is_slow_against_its_own_baseline() {
        let now = Instant::now();
        let mut gauges = Gauges::default();
        for _ in 0..20 {
            gauges.push(probe(4.0), now);
        }
        gauges.push(probe(11.0), now);
        assert_eq!(gauges.light(now), Light::Green);
        gauges.push(probe(13.0), now);
        assert_eq!(gauges.light(now), Light::Amber);
    }

    #[test]
    fn what_a_reading_does_not_have_is_a_gap_and_memory_is_bounded() {
        let now = Instant::now();
        let mut gauges = Gauges::default();
        for _ in 0..500 {
            gauges.push(Sample::default(), now);
        }
        assert_eq!(gauges.probe_ms.points.len(), Gauges::KEPT);
        assert_eq!(gauges.probe_ms.last(), None);
    }
}
