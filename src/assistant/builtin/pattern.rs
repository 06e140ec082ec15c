//! Wordings as patterns: `rename [column] <old> (to|as) <new>`.
//!
//! A pattern is words, `(alternatives|of words)`, `[optional parts]`, `{class}` for a class of verbs, `<slot>` for one
//! token or more, and `<slot*>` for none or more. It matches a clause from end to end.

use super::tokens::Token;
use std::cell::Cell;

/// Verbs that mean the same here.
const CLASSES: &[(&str, &[&str])] = &[
    ("add", &["add", "create", "introduce", "append", "include", "insert", "define", "put"]),
    ("drop", &["drop", "remove", "delete", "eliminate", "kill", "discard", "scrap", "lose"]),
    ("set", &["set", "make", "change", "put", "update", "alter", "modify", "give"]),
    ("change", &["change", "alter", "modify", "convert", "turn", "cast", "switch", "migrate", "make", "retype"]),
    ("in", &["in", "on", "of", "from", "for", "to", "into", "at", "inside", "within"]),
    ("must", &["must", "should", "shall", "has", "have", "needs", "need", "is", "are", "can", "may", "ought"]),
    ("column", &["column", "columns", "field", "fields", "attribute", "attributes", "col", "cols", "property"]),
    ("join", &["merge", "combine", "join", "concatenate", "concat", "fuse", "unite", "unify"]),
    ("link", &["link", "connect", "relate", "tie", "point", "bind", "reference", "refer", "attach"]),
];

#[derive(Clone, Debug)]
enum Part {
    Words(Vec<String>),
    Slot { name: String, may_be_empty: bool },
}

/// A pattern, as the plain sequences that it stands for.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    sequences: Vec<Vec<Part>>,
}

/// What each slot holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Captures<'a> {
    clause: &'a [Token],
    slots: Vec<(&'a str, &'a [Token])>,
}

impl<'a> Captures<'a> {
    /// The tokens of a slot; none for one that was not filled.
    pub fn get(&self, name: &str) -> &'a [Token] {
        self.slots.iter().find(|(slot, _)| *slot == name).map_or(&[], |(_, tokens)| tokens)
    }

    /// The clause's first word.
    pub fn verb(&self) -> Option<&'a Token> {
        self.clause.first()
    }

    /// Whether the word is anywhere in the clause.
    pub fn says(&self, word: &str) -> bool {
        self.clause.iter().any(|t| t.is(word))
    }

    /// Whether none of the words is anywhere in the clause.
    pub fn clause_says_no(&self, words: &[&str]) -> bool {
        !self.clause.iter().any(|t| t.is_any(words))
    }

    pub fn has(&self, name: &str) -> bool {
        self.slots.iter().any(|(slot, _)| *slot == name)
    }
}

/// How much searching one clause is worth: far more than any sentence needs, little enough to be unnoticed.
const STEPS: u32 = 60_000;

impl Pattern {
    pub fn new(text: &str) -> Self {
        let mut rest = text.chars().peekable();
        Self { sequences: alternatives(&mut rest) }
    }

    /// Calls `visit` with each way in which the pattern fits, shortest slots first, until it says true.
    pub fn each<'a>(&'a self, tokens: &'a [Token], visit: &mut dyn FnMut(&Captures<'a>) -> bool) -> bool {
        let steps = Cell::new(STEPS);
        let mut captures = Captures { clause: tokens, slots: Vec::new() };
        self.sequences.iter().any(|parts| fit(parts, tokens, &mut captures, &steps, visit))
    }
}

fn fit<'a>(
    parts: &'a [Part],
    tokens: &'a [Token],
    captures: &mut Captures<'a>,
    steps: &Cell<u32>,
    visit: &mut dyn FnMut(&Captures<'a>) -> bool,
) -> bool {
    let left = steps.get();
    if left == 0 {
        return false;
    }
    steps.set(left - 1);
    match parts.split_first() {
        None => tokens.is_empty() && visit(captures),
        Some((Part::Words(words), parts)) => {
            let Some((first, tokens)) = tokens.split_first() else { return false };
            words.iter().any(|word| first.is(word)) && fit(parts, tokens, captures, steps, visit)
        }
        Some((Part::Slot { name, may_be_empty }, parts)) => {
            if parts.is_empty() {
                if tokens.is_empty() && !may_be_empty {
                    return false;
                }
                captures.slots.push((name, tokens));
                let found = visit(captures);
                captures.slots.pop();
                return found;
            }
            (usize::from(!may_be_empty)..=tokens.len()).any(|length| {
                let (taken, tokens) = tokens.split_at(length);
                captures.slots.push((name, taken));
                let found = fit(parts, tokens, captures, steps, visit);
                captures.slots.pop();
                found
            })
        }
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads `a b|c [d]` up to a closing bracket or the end.
fn alternatives(rest: &mut Chars<'_>) -> Vec<Vec<Part>> {
    let mut done = Vec::new();
    let mut now: Vec<Vec<Part>> = vec![Vec::new()];
    while let Some(c) = rest.next() {
        match c {
            ' ' => {}
            '|' => done.append(&mut std::mem::replace(&mut now, vec![Vec::new()])),
            ')' | ']' => break,
            '(' => now = product(&now, &merged(alternatives(rest))),
            '[' => {
                let mut inner = merged(alternatives(rest));
                inner.push(Vec::new());
                now = product(&now, &inner);
            }
            '{' => {
                let name = until(rest, '}');
                let words = CLASSES.iter().find(|(class, _)| *class == name).map_or(&[][..], |(_, words)| words);
                now = product(&now, &[vec![Part::Words(words.iter().map(|&w| w.to_owned()).collect())]]);
            }
            '<' => {
                let name = until(rest, '>');
                let may_be_empty = name.ends_with('*');
                let name = name.trim_end_matches('*').to_owned();
                now = product(&now, &[vec![Part::Slot { name, may_be_empty }]]);
            }
            c => {
                let mut word = c.to_string();
                while let Some(c) = rest.next_if(|c| !" |()[]{}<".contains(*c)) {
                    word.push(c);
                }
                now = product(&now, &[vec![Part::Words(vec![word])]]);
            }
        }
    }
    done.append(&mut now);
    done
}

fn until(rest: &mut Chars<'_>, end: char) -> String {
    rest.by_ref().take_while(|c| *c != end).collect()
}

/// Alternatives that are single words become one set of words, so that they do not multiply.
fn merged(all: Vec<Vec<Part>>) -> Vec<Vec<Part>> {
    let mut words = Vec::new();
    let mut others = Vec::new();
    for sequence in all {
        match sequence.as_slice() {
            [Part::Words(set)] => words.extend(set.iter().cloned()),
            _ => others.push(sequence),
        }
    }
    if !words.is_empty() {
        others.push(vec![Part::Words(words)]);
    }
    others
}

fn product(heads: &[Vec<Part>], tails: &[Vec<Part>]) -> Vec<Vec<Part>> {
    heads.iter().flat_map(|head| tails.iter().map(move |tail| head.iter().chain(tail).cloned().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{text_of, tokens};
    use super::*;

    fn slots(pattern: &str, text: &str) -> Option<Vec<String>> {
        let tokens = tokens(text);
        let mut found = None;
        Pattern::new(pattern).each(&tokens, &mut |c| {
            found = Some(c.slots.iter().map(|(_, t)| text_of(t)).collect());
            true
        });
        found
    }

    #[test]
    fn slots_hold_what_is_between_the_words() {
        let pattern = "rename [column|field] <old> [{in} <table>] (to|as) <new>";
        assert_eq!(slots(pattern, "rename the column total to amount").unwrap(), ["total", "amount"]);
        assert_eq!(slots(pattern, "rename total on orders as amount").unwrap(), ["total", "orders", "amount"]);
        assert_eq!(slots(pattern, "rename total"), None);
    }

    #[test]
    fn quoted_words_are_not_words_of_the_language() {
        assert_eq!(slots("<x> to <y>", "'to' to 'b'").unwrap(), ["'to'", "'b'"]);
    }
}
