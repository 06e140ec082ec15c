//! Personal and health data: which columns look like it, and what is done to them.

mod settings;

pub use settings::{Category, Set, Settings};
