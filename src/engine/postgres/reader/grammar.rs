//! Whether a statement is PostgreSQL at all: squawk's parser says, and no other module asks it.

use super::place::Places;
use crate::sql::SyntaxProblem;

/// Statements nested deeper than this are not parsed: the parser recurses.
pub(super) const DEEPEST: usize = 500;

/// As for [`DEEPEST`], for operators in a row: `a or b or c …` makes a tree as deep as it is long.
pub(super) const LONGEST_CHAIN: usize = 5_000;

/// Stack for the parser, enough for the above with room to spare. Only what is touched takes memory.
pub(super) const STACK_BYTES: usize = 256 << 20;

/// Where the statement does not read. `places` stands at the statement's first byte, which is `start`.
pub(super) fn problems(text: &str, start: usize, places: &Places<'_>) -> Vec<SyntaxProblem> {
    let parse = squawk_syntax::SourceFile::parse(text);
    let mut places = places.clone();
    let found = parse.errors().into_iter().map(|error| {
        let byte = usize::from(error.range().start()).min(text.len());
        let (line, column) = places.of(start + byte);
        SyntaxProblem { message: error.message().to_owned(), line, column }
    });
    found.collect()
}
