//! What changed: schema against schema as typed changes, told in plain sentences.

mod closure;
mod column_order;
mod compare;
mod inherit;
mod leftovers;
mod lines;
mod markdown;
mod renames;
mod rights;
mod suspects;
mod tables;
mod tell;
mod types;

pub use column_order::{ColumnOrder, column_orders};
pub use compare::compare;
pub use leftovers::{REPAIR, leftovers, repair};
pub use lines::{Line, Sign, text_diff};
pub use markdown::markdown;
pub use renames::Rename;
pub use suspects::{Suspect, suspected_renames};
pub use tell::{Effect, Entry, Impact, entries, sentence};
