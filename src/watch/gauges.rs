//! Readings over time, in bounded memory.

use crate::engine::Sample;
use std::collections::VecDeque;
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

/// One figure's history, newest last; `None` where a reading did not have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub points: VecDeque<Option<f64>>,
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

    /// Takes a reading in.
    pub fn push(&mut self, _sample: Sample, _now: Instant) {}

    /// How old the latest reading is, if there is one.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.read_at.map(|at| now.saturating_duration_since(at))
    }

    pub fn light(&self, _now: Instant) -> Light {
        Light::Unknown
    }
}
