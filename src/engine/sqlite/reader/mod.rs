//! SQLite's SQL: exact tokens, statements with their places, and what each changes.

mod alter;
pub(super) mod create_index;
pub(super) mod create_table;
pub(super) mod lex;
mod problem;
pub(super) mod rows;
mod split;
mod statement;

use crate::schema::Schema;
use crate::sql::{Places, Script, Skipped, Statement};
use split::Piece;
use std::ops::Range;

/// The bytes of a script's comments. The shell's own commands have none.
pub(super) fn comments(text: &str) -> Vec<Range<usize>> {
    let pieces = split::split(text);
    let mut skipped = pieces.iter().filter_map(|piece| match piece {
        Piece::Skipped(span, _) => Some(span),
        Piece::Statement(_) => None,
    });
    let mut next = skipped.next();
    let mut out = Vec::new();
    for token in lex::tokens(text).into_iter().filter(|token| token.kind == lex::Kind::Comment) {
        while next.is_some_and(|span| span.end <= token.span.start) {
            next = skipped.next();
        }
        if next.is_none_or(|span| token.span.start < span.start) {
            out.push(token.span);
        }
    }
    out
}

/// The bytes of a statement's words and names.
pub(super) fn words(statement: &str) -> Vec<Range<usize>> {
    let is_word = |token: &lex::Token| matches!(token.kind, lex::Kind::Word | lex::Kind::Quoted);
    lex::tokens(statement).into_iter().filter(is_word).map(|token| token.span).collect()
}

pub(super) fn read(text: &str, schema: &Schema) -> Script {
    let mut schema = schema.clone();
    let mut script = Script::default();
    let mut places = Places::new(text);
    for piece in split::split(text) {
        match piece {
            Piece::Skipped(span, why) => {
                let (line, column) = places.of(span.start);
                let skipped = text.get(span.clone()).unwrap_or_default().to_owned();
                script.skipped.push(Skipped { span, line, column, text: skipped, why });
            }
            Piece::Statement(span) => {
                let (line, column) = places.of(span.start);
                let own = text.get(span.clone()).unwrap_or_default().to_owned();
                let read = statement::read(&own, &schema);
                let mut problems = Vec::new();
                if !read.understood {
                    problems.extend(problem::find(text, span.start, &own));
                }
                for change in &read.reading.changes {
                    // A change that does not fit leaves the schema as it was; running it would fail as well.
                    let _ = schema.apply(change);
                }
                let class = if problems.is_empty() { read.class } else { "unknown".to_owned() };
                script.statements.push(Statement {
                    span,
                    line,
                    column,
                    text: own,
                    class,
                    problems,
                    reading: read.reading,
                });
            }
        }
    }
    script.after = Some(Box::new(schema));
    script
}
