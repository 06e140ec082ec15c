//! What is happening now: gauges with their history, thresholds, who blocks whom.

mod gauges;
mod sampling;

pub use gauges::{Gauges, Light, Series};
pub use sampling::{Reading, Watch, watch};
