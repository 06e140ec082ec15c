//! How fast a server works, so that sizes become times.

use serde::{Deserialize, Serialize};

/// Bytes a second of a server with the rows in memory and nothing else to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// A table read from end to end.
    pub scan: u64,
    /// An index built.
    pub index: u64,
    /// A table and its indexes written anew.
    pub rewrite: u64,
}

impl Pace {
    /// From what one table of so many bytes took, in seconds. Nothing when a time is too short to tell.
    pub fn of(bytes: u64, index_bytes: u64, scan: f64, index: f64, rewrite: f64) -> Option<Self> {
        const SHORTEST: f64 = 0.000_5;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let rate = |bytes: u64, seconds: f64| (seconds > SHORTEST).then(|| (bytes as f64 / seconds) as u64);
        Some(Self {
            scan: rate(bytes, scan)?,
            index: rate(bytes, index)?,
            rewrite: rate(bytes.saturating_add(index_bytes), rewrite)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_bytes_by_seconds() {
        let pace = Pace::of(1_000_000, 500_000, 0.01, 0.1, 0.5).unwrap();
        assert_eq!(pace, Pace { scan: 100_000_000, index: 10_000_000, rewrite: 3_000_000 });
        assert_eq!(Pace::of(1_000, 0, 0.0, 0.1, 0.5), None);
    }
}
