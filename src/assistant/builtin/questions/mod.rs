//! Questions about the schema, answered from the model alone, with what the answer rests on.

mod dependants;
mod hypothetical;
mod lists;
mod parts;
mod relations;
mod structure;

use super::super::{Answer, Proposal, Reply};
use super::draft::{Draft, Flow, Stop};
use super::pattern::{Captures, Pattern};
use super::tokens::{Token, text_of};
use crate::schema::{ObjectRef, Schema};
use crate::sql::{Syntax, visible};
use std::sync::LazyLock;

/// An answer in the making: lines, and their sources.
#[derive(Clone, Debug, Default)]
struct Found {
    lines: Vec<String>,
    sources: Vec<ObjectRef>,
}

impl Found {
    fn line(line: impl Into<String>) -> Self {
        Self { lines: vec![line.into()], sources: Vec::new() }
    }

    fn add(&mut self, line: impl Into<String>, source: ObjectRef) {
        self.lines.push(line.into());
        self.source(source);
    }

    fn source(&mut self, source: ObjectRef) {
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
    }
}

type Act = fn(&mut Draft<'_>, &Captures<'_>) -> Flow<Found>;

struct Ask {
    patterns: Vec<Pattern>,
    act: Act,
}

fn question(act: Act, wordings: &[&str]) -> Ask {
    Ask { patterns: wordings.iter().map(|w| Pattern::new(w)).collect(), act }
}

static QUESTIONS: LazyLock<Vec<Ask>> = LazyLock::new(|| {
    let rooms = [
        dependants::questions(),
        lists::questions(),
        relations::questions(),
        parts::questions(),
        structure::questions(),
        hypothetical::questions(),
    ];
    rooms.into_iter().flatten().collect()
});

/// Words that begin a question rather than a request.
const BEGINS: &[&str] = &[
    "what", "which", "who", "where", "how", "does", "do", "is", "are", "whats", "list", "show", "describe", "tell",
    "explain", "count", "has", "have", "why", "when", "find", "give", "name", "display", "can", "could", "may",
];

/// Words that say nothing at the start or the end of a question.
const SILENT: &[&str] =
    &["?", ".", "!", "me", "tell", "please", "us", "and", "so", "ok", "hey", "all", "currently", "now"];

/// The answer to a question about the schema; `None` when the words are not such a question.
pub(super) fn answer(tokens: &[Token], schema: &Schema, syntax: &dyn Syntax, answers: &[Answer]) -> Option<Proposal> {
    let mut words: Vec<Token> = tokens.iter().filter(|t| !t.is_any(&["?", "!"])).cloned().collect();
    while words.first().is_some_and(|t| t.is_any(SILENT)) {
        words.remove(0);
    }
    // "show me the columns of …"
    if let [first, second, ..] = words.as_slice()
        && first.is_any(&["show", "list", "tell", "give"])
        && second.is_any(&["me", "us", "all"])
    {
        words.remove(1);
    }
    while words.last().is_some_and(|t| t.is_any(SILENT)) {
        words.pop();
    }
    let asks = tokens.iter().any(|t| t.is("?"));
    if words.len() > 40 || !words.first().is_some_and(|t| t.is_any(BEGINS)) {
        return None;
    }
    let draft = Draft::new(schema, syntax, answers);
    for strict in [true, false] {
        match read(&draft, &words, strict) {
            Err(Stop::No) => {}
            Ok(found) => return Some(reply(found)),
            Err(Stop::Ask(question)) if !strict && !asks && words.first().is_some_and(|t| t.is("describe")) => {
                // "describe orders as '…'" is a request.
                let _ = question;
                return None;
            }
            Err(Stop::Ask(question)) => return Some(Proposal::Question(question)),
            Err(Stop::Cannot(why)) => return Some(reply(Found::line(why))),
        }
    }
    asks.then(|| Proposal::NotUnderstood {
        what: crate::sql::one_line(&text_of(tokens)),
        nearest: super::examples::questions(&text_of(tokens), schema),
    })
    .filter(|_| !words.first().is_some_and(|t| t.is_any(&["give", "do", "can", "could", "may"])))
}

fn read(draft: &Draft<'_>, words: &[Token], strict: bool) -> Flow<Found> {
    let mut stopped = Stop::No;
    for ask in QUESTIONS.iter() {
        for pattern in &ask.patterns {
            let mut taken = None;
            pattern.each(words, &mut |captures| {
                let mut attempt = draft.clone();
                attempt.strict = strict;
                match (ask.act)(&mut attempt, captures) {
                    Err(Stop::No) => false,
                    Err(why @ Stop::Cannot(_)) => {
                        stopped = why;
                        false
                    }
                    found => {
                        taken = Some(found);
                        true
                    }
                }
            });
            if let Some(found) = taken {
                return found;
            }
        }
    }
    Err(stopped)
}

fn reply(found: Found) -> Proposal {
    Proposal::Reply(Reply { answer: visible(&found.lines.join("\n")), sources: found.sources })
}
