//! What changed: schema against schema as typed changes, told in plain sentences.

mod compare;
mod lines;
mod tell;

pub use compare::{Rename, compare};
pub use lines::{Line, Sign, text_diff};
pub use tell::{Effect, Entry, Impact, entries, sentence};
