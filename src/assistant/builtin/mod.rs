//! The built-in planner: plain English without a key or a network.
//!
//! A request is taken apart into [`tokens`], then [`clauses`]; each clause is tried against the wordings of
//! [`grammar`], first with names that must fit the schema as they stand, then with questions about those that do
//! not. What was understood so far is in a [`draft`]. Questions about the schema are in [`questions`].

mod clauses;
mod conditions;
mod draft;
mod emit;
mod examples;
mod grammar;
mod names;
mod pattern;
mod questions;
mod refs;
mod rewording;
mod spec;
mod tokens;
mod types;
mod values;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wordings;

use super::{Answer, Proposal};
use crate::schema::{Change, Schema};
use crate::sql::{Syntax, one_line};
use draft::{Draft, Flow, Stop};
use tokens::Token;

/// The words of a text in lower case and in the singular.
pub(super) fn name_words(text: &str) -> Vec<String> {
    names::words(text).iter().map(|word| names::singular(word)).collect()
}

/// A request longer than this is no sentence (characters).
const LONGEST: usize = 20_000;
/// A clause longer than this is not one (tokens).
const LONGEST_CLAUSE: usize = 300;

/// Understands `text` against `schema`. Pure: the same words and answers give the same proposal.
pub fn interpret(text: &str, schema: &Schema, syntax: &dyn Syntax, answers: &[Answer]) -> Proposal {
    if text.chars().count() > LONGEST {
        return not_understood(&text.chars().take(60).collect::<String>(), schema);
    }
    let tokens = tokens::tokens(text);
    if let Some(reply) = questions::answer(&tokens, schema, syntax, answers) {
        return reply;
    }
    let clauses = clauses::clauses(&tokens);
    if clauses.is_empty() {
        return not_understood(text, schema);
    }
    match read(&clauses, schema, syntax, answers) {
        Ok((changes, notes)) => Proposal::Changes { title: title(text), changes, notes },
        Err(proposal) => *proposal,
    }
}

fn read(
    clauses: &[Vec<Token>],
    schema: &Schema,
    syntax: &dyn Syntax,
    answers: &[Answer],
) -> Result<(Vec<Change>, Vec<String>), Box<Proposal>> {
    let mut becoming = schema.clone();
    let mut place = Draft::new(schema, syntax, answers);
    let (mut changes, mut notes) = (Vec::new(), Vec::new());
    for clause in clauses.iter().cloned().flat_map(rewording::apart) {
        let mut draft = place.on(&becoming, syntax, answers);
        let clause = match rewording::topic(&mut draft, &clause) {
            Some((table, asked)) => {
                draft.look_at(&table, &[]);
                asked
            }
            None => &clause,
        };
        let taken = clause_of(&draft, clause).map_err(|stop| Box::new(stopped(stop, clause, schema)))?;
        let (new_changes, new_notes) = (taken.changes.clone(), taken.notes.clone());
        place = taken.on(schema, syntax, answers);
        for change in new_changes {
            if let Err(error) = becoming.apply(&change) {
                return Err(Box::new(cannot(&format!("{error}"), schema)));
            }
            changes.push(change);
        }
        notes.extend(new_notes);
    }
    Ok((changes, notes))
}

/// The first reading of a clause that fits: with known names, else with questions about names.
fn clause_of<'a>(draft: &Draft<'a>, clause: &[Token]) -> Flow<Draft<'a>> {
    if clause.len() > LONGEST_CLAUSE {
        return Err(Stop::No);
    }
    let strict = grammar::read(draft, clause, true);
    let Err(stop) = strict else { return strict };
    if stop != Stop::No {
        return Err(stop);
    }
    let Some((mended, notes)) = rewording::mended(clause) else { return grammar::read(draft, clause, false) };
    let mut taken = grammar::read(draft, &mended, true).or_else(|_| grammar::read(draft, &mended, false))?;
    for note in notes {
        taken.note(note);
    }
    Ok(taken)
}

fn stopped(stop: Stop, clause: &[Token], schema: &Schema) -> Proposal {
    match stop {
        Stop::Ask(question) => Proposal::Question(question),
        Stop::Cannot(why) => cannot(&why, schema),
        Stop::No => not_understood(&tokens::text_of(clause), schema),
    }
}

/// Understood, but it does not fit the schema: said as what is in the way.
fn cannot(why: &str, schema: &Schema) -> Proposal {
    Proposal::NotUnderstood { what: one_line(why), nearest: examples::fitting(why, schema) }
}

fn not_understood(what: &str, schema: &Schema) -> Proposal {
    Proposal::NotUnderstood { what: one_line(what), nearest: examples::fitting(what, schema) }
}

/// The request as a plan's title: one line, not too long.
fn title(text: &str) -> String {
    let line = one_line(text.trim());
    let line = line.trim_end_matches(['.', '!']);
    let mut out: String = line.chars().take(100).collect();
    if out.len() < line.len() {
        out.push('…');
    }
    let mut chars = out.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => out,
    }
}
