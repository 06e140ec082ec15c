//! Personal and health data: which columns look like it, and what is done to them.
//!
//! A column is told by the words of its name, weighed with its table's, by its type and by its comment; never by its
//! values. The findings are rules like any other, each with the articles and sections that it rests on.

mod find;
mod lexicon;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

pub(super) use find::find;
pub(super) use lexicon::Lexicon;
pub use settings::{Category, Set, Settings};
