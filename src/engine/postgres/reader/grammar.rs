//! Whether a statement is PostgreSQL at all: squawk's parser says, and no other module asks it.

use crate::sql::{Places, SyntaxProblem};

/// Statements nested deeper than this are not parsed: the parser recurses.
pub(super) const DEEPEST: usize = 500;

/// As for [`DEEPEST`], for operators in a row: `a or b or c …` makes a tree as deep as it is long.
pub(super) const LONGEST_CHAIN: usize = 5_000;

/// Stack for the parser, enough for the above with room to spare. Only what is touched takes memory.
pub(super) const STACK_BYTES: usize = 256 << 20;

/// An error with its byte in the statement.
pub(super) type Found = (usize, String);

/// As many statements are worth another thread.
const SOME: usize = 64;

/// Stack for a thread that reads no deep statement.
const PLAIN_STACK_BYTES: usize = 16 << 20;

/// What is wrong with each statement. One has nothing to do with another, so they are shared out among the processors,
/// unless some are deep and need the stack of this very thread.
pub(super) fn errors(statements: &[&str], deep: bool) -> Vec<Vec<Found>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8).min(statements.len() / SOME);
    if deep || threads < 2 {
        return statements.iter().map(|text| errors_of(text)).collect();
    }
    let share = statements.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let mut shares = statements.chunks(share);
        let own = shares.next().unwrap_or_default();
        let work = |share: &[&str]| share.iter().map(|text| errors_of(text)).collect::<Vec<_>>();
        let others: Vec<_> = shares
            .map(|share| {
                let builder = std::thread::Builder::new().stack_size(PLAIN_STACK_BYTES);
                (share, builder.spawn_scoped(scope, move || work(share)))
            })
            .collect();
        let mut out = work(own);
        for (share, thread) in others {
            // Where no thread was to be had, the work is done here.
            let done = thread.ok().and_then(|thread| thread.join().ok());
            out.extend(done.unwrap_or_else(|| work(share)));
        }
        out
    })
}

fn errors_of(text: &str) -> Vec<Found> {
    let parse = squawk_syntax::SourceFile::parse(text);
    let place = |error: &squawk_syntax::syntax_error::SyntaxError| usize::from(error.range().start()).min(text.len());
    parse.errors().iter().map(|error| (place(error), error.message().to_owned())).collect()
}

/// Errors with their places in the script. `places` stands at the statement's first byte, which is `start`.
pub(super) fn problems(found: Vec<Found>, start: usize, places: &Places<'_>) -> Vec<SyntaxProblem> {
    let mut places = places.clone();
    let problem = |(byte, message)| {
        let (line, column) = places.of(start + byte);
        SyntaxProblem { message, line, column }
    };
    found.into_iter().map(problem).collect()
}
