//! Where a statement does not read.

use super::lex::{Kind, tokens};
use crate::sql::{SyntaxProblem, line_column};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::{Parser, ParserError};

/// The first thing in a statement that cannot be read; `start` is the statement's first byte in the script.
pub(super) fn find(script: &str, start: usize, statement: &str) -> Option<SyntaxProblem> {
    let at = |byte: usize, message: String| {
        let (line, column) = line_column(script, start + byte);
        Some(SyntaxProblem { message, line, column })
    };
    if let Some(open) = tokens(statement).into_iter().find(|t| t.kind == Kind::Open) {
        return at(open.span.start, "this quote is never closed".to_owned());
    }
    match Parser::parse_sql(&SQLiteDialect {}, statement) {
        Ok(_) => None,
        Err(ParserError::RecursionLimitExceeded) => at(0, "it is nested too deeply to be read".to_owned()),
        Err(ParserError::ParserError(message) | ParserError::TokenizerError(message)) => {
            let (words, byte) = located(statement, &message);
            at(byte, words)
        }
    }
}

/// Takes ` at Line: 1, Column: 8` off the parser's message.
fn located(statement: &str, message: &str) -> (String, usize) {
    let Some((words, place)) = message.rsplit_once(" at Line: ") else { return (message.to_owned(), 0) };
    let mut numbers = place.split(", Column: ").map(|n| n.trim().parse::<usize>().unwrap_or(1));
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let line_start: usize = statement.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = statement.get(line_start..).unwrap_or_default();
    let in_line = rest.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
    (words.to_owned(), line_start + in_line)
}
