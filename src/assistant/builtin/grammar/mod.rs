//! What can be asked for, each in its wordings.

mod columns;
mod constraints;
mod data;
mod indexes;
mod keys;
mod others;
mod tables;

pub(super) use others::view_ref;

use super::draft::{Draft, Flow, Stop};
use super::pattern::{Captures, Pattern};
use super::tokens::Token;
use std::sync::LazyLock;

/// What to do with a clause that fits a wording.
type Act = fn(&mut Draft<'_>, &Captures<'_>) -> Flow<()>;

/// An intent: its wordings, and what it makes of them.
struct Rule {
    patterns: Vec<Pattern>,
    act: Act,
}

fn rule(act: Act, wordings: &[&str]) -> Rule {
    Rule { patterns: wordings.iter().map(|w| Pattern::new(w)).collect(), act }
}

/// All intents, the more particular before the more general.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rooms = [
        data::rules(),
        others::rules(),
        tables::rules(),
        indexes::rules(),
        keys::rules(),
        constraints::rules(),
        columns::rules(),
    ];
    rooms.into_iter().flatten().collect()
});

/// The first reading of a clause that holds; else the first thing that stands in the way of one.
pub(super) fn read<'a>(draft: &Draft<'a>, clause: &[Token], strict: bool) -> Flow<Draft<'a>> {
    let mut stopped = Stop::No;
    for rule in RULES.iter() {
        for pattern in &rule.patterns {
            let mut taken = None;
            pattern.each(clause, &mut |captures| {
                let mut attempt = draft.clone();
                attempt.strict = strict;
                match (rule.act)(&mut attempt, captures) {
                    Ok(()) if !attempt.changes.is_empty() => {
                        taken = Some(Ok(attempt));
                        true
                    }
                    Ok(()) | Err(Stop::No) => false,
                    Err(Stop::Ask(question)) => {
                        taken = Some(Err(Stop::Ask(question)));
                        true
                    }
                    Err(why @ Stop::Cannot(_)) => {
                        if stopped == Stop::No {
                            stopped = why;
                        }
                        false
                    }
                }
            });
            if let Some(taken) = taken {
                return taken;
            }
        }
    }
    Err(stopped)
}
