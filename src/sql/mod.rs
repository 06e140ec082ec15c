//! What a text of SQL says: its statements with their places, what each changes, and how a change is written.
//!
//! The dialects themselves are in [`crate::engine`]; this room has what they share.

mod agenda;
mod file;
mod highlight;
mod mentions;
mod places;
mod statement;
mod words;

pub use agenda::{Agenda, Task};
pub use file::SqlFile;
pub use highlight::{Highlighter, Token};
pub use mentions::{makes, mentions};
pub use places::Places;
pub use statement::{Reading, RowWrite, Script, Skipped, Statement, SyntaxProblem};
pub use words::{line_column, one_line, visible};

use crate::schema::{Change, Schema};
use std::ops::Range;

/// The halves of a text by the `place` of a separator in it (1-based, 0 when it is not there).
pub fn split_at_place(text: &str, separator: &str, place: &str) -> (String, String) {
    let first = format!("CASE WHEN {place} > 0 THEN substr({text}, 1, {place} - 1) ELSE {text} END");
    let second = format!("CASE WHEN {place} > 0 THEN substr({text}, {place} + length({separator})) END");
    (first, second)
}

/// A dialect of SQL, as text: no connection, no state.
pub trait Syntax: Send + Sync {
    /// Splits a script into statements, exact for the engine's quoting, and reads each one.
    ///
    /// `schema` is the schema before the script; names without a schema are resolved in it, and a statement sees
    /// what the statements before it in the script have made.
    fn read(&self, text: &str, schema: &Schema) -> Script;

    /// The bytes of each comment of a script, in order.
    fn comments(&self, text: &str) -> Vec<Range<usize>>;

    /// A script in which the client's variables are names and strings of their own, byte for byte in the same places;
    /// `None` where it has none. What is judged so cannot be run.
    fn without_variables(&self, _text: &str) -> Option<String> {
        None
    }

    /// The bytes of each word and name of a statement, quoted ones with their quotes, in order.
    fn words(&self, statement: &str) -> Vec<Range<usize>>;

    /// The statements that make `change` in the direct way, without regard to locks. `schema` is the one before.
    fn render(&self, change: &Change, schema: &Schema) -> Vec<String>;

    /// An identifier, quoted where it must be.
    fn ident(&self, name: &str) -> String;

    /// A relation's name: qualified and quoted where it must be.
    fn relation(&self, name: &crate::schema::QName) -> String;

    /// A text as a literal.
    fn literal(&self, text: &str) -> String;

    /// The type that people mean by `words` (`string`, `int`, `money`), in the engine's canonical words, or `None`
    /// when no such type is known. `schema` has the user's own types.
    fn data_type(&self, words: &str, schema: &Schema) -> Option<String>;

    /// What is before and what is after the first `separator` in `text`, both SQL expressions: all of it and NULL
    /// where the separator does not occur.
    fn split_at_first(&self, text: &str, separator: &str) -> (String, String) {
        split_at_place(text, separator, &format!("position({separator} IN {text})"))
    }

    /// The schema that unqualified names mean: `public`, `main`.
    fn default_schema(&self) -> &str;

    /// A whole schema as SQL, in an order that can be run on an empty database.
    fn script(&self, schema: &Schema) -> String;

    /// One object's definition as SQL, for showing; `None` when there is no such object.
    fn definition(&self, object: &crate::schema::ObjectRef, schema: &Schema) -> Option<String>;
}
