//! The built-in planner: plain English without a key or a network.

use super::{Answer, Proposal};
use crate::schema::Schema;
use crate::sql::Syntax;

/// Understands `text` against `schema`.
pub fn interpret(text: &str, _schema: &Schema, _syntax: &dyn Syntax, _answers: &[Answer]) -> Proposal {
    Proposal::NotUnderstood { what: text.to_owned(), nearest: Vec::new() }
}
