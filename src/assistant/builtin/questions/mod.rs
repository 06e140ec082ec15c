//! Questions about the schema.

use super::super::{Answer, Proposal};
use super::tokens::Token;
use crate::schema::Schema;
use crate::sql::Syntax;

/// The answer to a question about the schema; `None` when the words are not such a question.
pub(super) fn answer(
    _tokens: &[Token],
    _schema: &Schema,
    _syntax: &dyn Syntax,
    _answers: &[Answer],
) -> Option<Proposal> {
    None
}
