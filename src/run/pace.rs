//! How long to queue, to pause and to batch. Pure arithmetic; chance comes in from outside.

use super::RunOptions;
use std::time::Duration;

/// First pause after an attempt, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Attempts after which the time in the queue has doubled.
const DOUBLES_EVERY: f64 = 8.0;

/// How long attempt `number` (from 1) may queue for its locks. Everybody else's stall is no longer than this, so it
/// starts small, grows slowly and has an end.
pub(super) fn lock_wait(options: &RunOptions, number: u32) -> Duration {
    let grown =
        options.lock_wait.as_secs_f64() * 2f64.powf(f64::from(number.saturating_sub(1).min(400)) / DOUBLES_EVERY);
    let longest = options.max_lock_wait.max(options.lock_wait);
    Duration::from_secs_f64(grown.min(longest.as_secs_f64()))
}

/// The pause after attempt `number`: uniform between the first pause and a limit that doubles. `chance` is in 0..1.
pub(super) fn pause(number: u32, chance: f64) -> Duration {
    let limit = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(number.min(10))).min(LONGEST_PAUSE);
    FIRST_PAUSE + limit.saturating_sub(FIRST_PAUSE).mul_f64(chance.clamp(0.0, 1.0))
}

/// Fewest and most rows of a batch.
const FEWEST_ROWS: u64 = 100;
const MOST_ROWS: u64 = 20_000;

/// Rows for the next batch, when `rows` took `took` and `target` is aimed at: shrinks fast, grows slowly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a small positive range")]
pub(super) fn batch_rows(rows: u64, target: Duration, took: Duration) -> u64 {
    let factor = (target.as_secs_f64() / took.as_secs_f64().max(1e-6)).clamp(0.3, 1.5);
    ((rows as f64 * factor).round() as u64).clamp(FEWEST_ROWS, MOST_ROWS)
}

/// A pause after a batch, so that others have half of the time at least.
pub(super) fn breath(took: Duration) -> Duration {
    took.min(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_in_the_queue_doubles_every_eighth_attempt_up_to_the_limit() {
        let options = RunOptions::default();
        assert_eq!(lock_wait(&options, 1), Duration::from_millis(50));
        assert_eq!(lock_wait(&options, 9), Duration::from_millis(100));
        assert_eq!(lock_wait(&options, 60), Duration::from_millis(500));
        assert_eq!(lock_wait(&options, u32::MAX), Duration::from_millis(500));
    }

    #[test]
    fn batches_move_towards_the_target() {
        let target = Duration::from_millis(40);
        assert_eq!(batch_rows(1_000, target, Duration::from_millis(40)), 1_000);
        assert_eq!(batch_rows(1_000, target, Duration::from_millis(400)), 300);
        assert_eq!(batch_rows(1_000, target, Duration::from_millis(1)), 1_500);
        assert_eq!(batch_rows(1_000, target, Duration::ZERO), 1_500);
        assert_eq!(batch_rows(u64::MAX, target, Duration::ZERO), 20_000);
    }

    proptest! {
        #[test]
        fn pauses_stay_in_their_range(number in 0u32.., chance in 0.0..1.0f64) {
            let pause = pause(number, chance);
            prop_assert!(pause >= FIRST_PAUSE && pause <= LONGEST_PAUSE);
        }

        #[test]
        fn waits_and_batches_never_leave_their_limits(number in 0u32.., rows in 0u64.., ms in 0u64..100_000) {
            let options = RunOptions::default();
            let wait = lock_wait(&options, number);
            prop_assert!(wait >= options.lock_wait && wait <= options.max_lock_wait);
            let next = batch_rows(rows, options.batch_target, Duration::from_millis(ms));
            prop_assert!((100..=20_000).contains(&next));
        }
    }
}
