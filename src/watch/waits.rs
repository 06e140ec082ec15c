//! How long steps may queue, by who holds what now.

use crate::Result;
use crate::engine::Database;
use crate::plan::{Estimate, Evidence, LockMode, Plan};

/// Steps that are looked at, at most.
const MOST: usize = 200;

/// Looks, for each step that takes a lock that others hold against it, how long those have been at it. Who has been at
/// it for long is likely to be at it for as long again.
pub async fn foresee(database: &dyn Database, plan: &mut Plan) -> Result<()> {
    for step in plan.steps.iter_mut().take(MOST) {
        if !step.locks.iter().any(|lock| lock.mode >= LockMode::ShareUpdateExclusive) {
            continue;
        }
        let gate = database.gate(step).await?;
        let longest = gate.holders.iter().filter_map(|holder| holder.transaction_ms).fold(0.0, f64::max);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let high = longest.ceil() as u64;
        step.wait_ms = (high > 0).then_some(Estimate { low: 0, high, evidence: Evidence::Measured });
    }
    Ok(())
}
