//! What is happening now: gauges with their history, thresholds, who blocks whom.

mod gauges;
mod sampling;
mod series;
mod waits;

pub use gauges::{Gauges, Light};
pub use sampling::{Reading, Watch, watch};
pub use series::Series;
pub use waits::foresee;
