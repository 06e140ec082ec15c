//! PostgreSQL's SQL: a script into statements, each with what it does to the schema.
//!
//! [`split`] finds the statements, [`grammar`] asks squawk's parser whether each is right (no other module sees that
//! parser), and the words of those that are right are read into typed changes.

mod class;
mod cursor;
mod grammar;
mod place;
mod split;
mod tokens;

use crate::schema::Schema;
use crate::sql::{Reading, Script, Skipped, Statement, SyntaxProblem};
use place::Places;
use split::Piece;

/// Reads a script. Deep nesting needs a deep stack, so the work is done on a thread that has one.
pub(super) fn read(text: &str, schema: &Schema) -> Script {
    let pieces = split::split(text);
    let deep = pieces.iter().any(|p| matches!(p, Piece::Statement { depth, chain, .. } if *depth > 20 || *chain > 100));
    if !deep {
        return read_pieces(text, pieces, schema);
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(grammar::STACK_BYTES);
        let script = builder.spawn_scoped(scope, || read_pieces(text, pieces, schema));
        script.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
    })
}

fn read_pieces(text: &str, pieces: Vec<Piece>, _schema: &Schema) -> Script {
    let mut script = Script::default();
    let mut places = Places::new(text);
    for piece in pieces {
        match piece {
            Piece::Skipped { span, why } => {
                let (line, column) = places.of(span.start);
                let text = text.get(span.clone()).unwrap_or_default().to_owned();
                script.skipped.push(Skipped { span, line, column, text, why });
            }
            Piece::Statement { span, unclosed, depth, chain } => {
                let (line, column) = places.of(span.start);
                let own = text.get(span.clone()).unwrap_or_default();
                if let Some(why) = transaction_control(own) {
                    script.skipped.push(Skipped { span, line, column, text: own.to_owned(), why });
                    continue;
                }
                let problems = if let Some(byte) = unclosed {
                    let (line, column) = places.clone().of(byte);
                    vec![SyntaxProblem { message: open_end(text, byte).to_owned(), line, column }]
                } else if depth > grammar::DEEPEST || chain > grammar::LONGEST_CHAIN {
                    vec![SyntaxProblem { message: "nested too deeply to be read".to_owned(), line, column }]
                } else {
                    grammar::problems(own, span.start, &places)
                };
                let class = class::class(own);
                let reading = Reading::default();
                script.statements.push(Statement {
                    span,
                    line,
                    column,
                    text: own.to_owned(),
                    class,
                    problems,
                    reading,
                });
            }
        }
    }
    script
}

/// What the text is in the middle of at its end.
fn open_end(text: &str, from: usize) -> &'static str {
    match text.get(from..).unwrap_or_default().chars().next() {
        Some('"') => "this quoted name is never closed",
        Some('/') => "this comment is never closed",
        _ => "this string is never closed",
    }
}

/// Why a statement that begins, ends or marks a transaction is left out.
fn transaction_control(text: &str) -> Option<String> {
    let mut cursor = cursor::Cursor::new(text);
    let word = cursor.take_any(&[
        "begin",
        "start transaction",
        "commit",
        "rollback",
        "abort",
        "end",
        "savepoint",
        "release",
        "prepare transaction",
    ])?;
    let word = word.to_ascii_uppercase();
    Some(format!("{word}: each step has a transaction of its own"))
}
