//! When a step hurts others enough to be stopped.

use crate::engine::{Sample, WaitingLock};
use std::collections::BTreeSet;
use std::time::Duration;

/// Sessions that a step keeps waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Harm {
    pub victims: u64,
    pub longest: Duration,
}

/// Watches readings for harm that lasts: one reading may be chance, two in a row are not.
#[derive(Debug)]
pub(super) struct Watchdog {
    limit: Duration,
    /// The session that runs the step.
    us: Option<i64>,
    seen: bool,
}

impl Watchdog {
    pub fn new(limit: Duration, us: Option<i64>) -> Self {
        Self { limit, us, seen: false }
    }

    /// Takes a reading; tells the harm when it is the second reading in a row with somebody kept waiting too long.
    pub fn look(&mut self, sample: &Sample) -> Option<Harm> {
        let harm = harm(sample, self.us).filter(|harm| harm.longest > self.limit);
        let again = self.seen;
        self.seen = harm.is_some();
        harm.filter(|_| again)
    }

    /// Before another step.
    pub fn forget(&mut self) {
        self.seen = false;
    }
}

fn harm(sample: &Sample, us: Option<i64>) -> Option<Harm> {
    if let (Some(us), Some(waiting)) = (us, &sample.locks.waiting) {
        let behind = behind(us, waiting);
        if !behind.is_empty() {
            let longest = behind.iter().filter_map(|w| w.wait_ms).fold(0.0, f64::max);
            return Some(Harm { victims: behind.len() as u64, longest: millis(longest) });
        }
    }
    let victims = sample.locks.blocked_sessions.filter(|n| *n > 0)?;
    Some(Harm { victims, longest: millis(sample.locks.longest_wait_ms?) })
}

/// Waiters for `us`, directly or behind one that does.
fn behind(us: i64, waiting: &[WaitingLock]) -> Vec<&WaitingLock> {
    let mut found = BTreeSet::from([us]);
    loop {
        let before = found.len();
        let more = waiting.iter().filter(|w| w.blocked_by.iter().any(|by| found.contains(by))).map(|w| w.backend);
        let more: Vec<i64> = more.collect();
        found.extend(more);
        if found.len() == before {
            break;
        }
    }
    waiting.iter().filter(|w| w.backend != us && found.contains(&w.backend)).collect()
}

fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(backend: i64, ms: f64, by: &[i64]) -> WaitingLock {
        WaitingLock { backend, relation: None, mode: None, wait_ms: Some(ms), blocked_by: by.to_vec(), query: None }
    }

    fn sample(waiting: Vec<WaitingLock>) -> Sample {
        let mut sample = Sample::default();
        sample.locks.waiting = Some(waiting);
        sample
    }

    #[test]
    fn only_lasting_harm_done_by_us_counts() {
        let mut dog = Watchdog::new(Duration::from_secs(1), Some(1));
        let bad = sample(vec![waiter(2, 900.0, &[1]), waiter(3, 1_200.0, &[2])]);
        assert_eq!(dog.look(&bad), None, "first look");
        assert_eq!(dog.look(&bad), Some(Harm { victims: 2, longest: Duration::from_millis(1_200) }));
        assert_eq!(dog.look(&sample(Vec::new())), None);
        assert_eq!(dog.look(&bad), None, "a first look again");
        let of_others = sample(vec![waiter(2, 9_000.0, &[5])]);
        assert_eq!(dog.look(&of_others), None);
        assert_eq!(dog.look(&of_others), None);
    }

    #[test]
    fn ourselves_waiting_is_no_harm() {
        let mut dog = Watchdog::new(Duration::from_secs(1), Some(1));
        let ring = sample(vec![waiter(1, 5_000.0, &[2]), waiter(2, 10.0, &[1])]);
        assert_eq!(dog.look(&ring), None);
        assert_eq!(dog.look(&ring), None);
    }

    #[test]
    fn without_a_list_the_totals_decide() {
        let mut dog = Watchdog::new(Duration::from_secs(1), None);
        let mut bad = Sample::default();
        bad.locks.blocked_sessions = Some(4);
        bad.locks.longest_wait_ms = Some(3_000.0);
        assert_eq!(dog.look(&bad), None);
        assert_eq!(dog.look(&bad).map(|h| h.victims), Some(4));
    }
}
