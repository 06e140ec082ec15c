//! Comments, read.

use super::{Accepted, Allowance, Scope, peers};
use crate::risk::rules;
use jiff::civil::Date;
use std::ops::Range;

/// What the comments of a text accept. `comments` has their bytes, in order.
pub fn read(text: &str, comments: &[Range<usize>]) -> Vec<Allowance> {
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    let mut out = Vec::new();
    for span in comments {
        let between = text.get(at..span.start).unwrap_or_default();
        line += between.matches('\n').count();
        line_start = between.rfind('\n').map_or(line_start, |end| at + end + 1);
        at = span.start;
        let Some(mut allowance) = of_comment(text.get(span.clone()).unwrap_or_default()) else { continue };
        let before = text.get(line_start..span.start).unwrap_or_default();
        allowance.line = line;
        allowance.column = before.chars().count() + 1;
        allowance.alone = before.trim().is_empty();
        out.push(allowance);
    }
    out
}

fn of_comment(comment: &str) -> Option<Allowance> {
    let inside = comment.strip_prefix("--").or_else(|| comment.strip_prefix("/*")?.strip_suffix("*/"))?.trim();
    match inside.strip_prefix("lockstep:") {
        // A structure line of a plan file.
        Some(own) if own.trim_start().starts_with('{') => None,
        Some(own) => Some(own_comment(own.trim_start())),
        None => peers::read(inside),
    }
}

/// An allowance with all but its place.
pub(super) fn allowance(by: &'static str, scope: Scope, rules: Accepted) -> Allowance {
    Allowance { by, scope, rules, reason: None, until: None, line: 0, column: 0, alone: true, wrong: None }
}

fn own_comment(text: &str) -> Allowance {
    let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let scope = match verb {
        "allow" => Scope::Statement,
        "allow-file" => Scope::File,
        _ => {
            let mut wrong = allowance("lockstep", Scope::Statement, Accepted::Rules(Vec::new()));
            wrong.wrong = Some(format!("{verb:?} is not understood; there are allow and allow-file"));
            return wrong;
        }
    };
    let mut out = allowance("lockstep", scope, Accepted::Rules(Vec::new()));
    out.wrong = parts(rest, &mut out).err();
    out
}

/// Reads rules, reason and day.
fn parts(text: &str, out: &mut Allowance) -> Result<(), String> {
    let mut ids: Vec<String> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == ',' || c == '=').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = if let Some(value) = after.strip_prefix('=') {
            let (value, after) = value_of(value)?;
            match word {
                "reason" => out.reason = Some(value.trim().to_owned()).filter(|reason| !reason.is_empty()),
                "until" => {
                    let day: Result<Date, _> = value.parse();
                    out.until = Some(day.map_err(|_| format!("{value:?} is no day, as 2027-01-31 is one"))?);
                }
                _ => return Err(format!("{word:?} is not understood; there are reason and until")),
            }
            after
        } else {
            if rules::explain(word).is_none() {
                return Err(format!("there is no rule {word:?}"));
            }
            ids.push(word.to_owned());
            after
        };
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    if ids.is_empty() {
        return Err("it names no rule".to_owned());
    }
    out.rules = Accepted::Rules(ids);
    Ok(())
}

/// A value in quotes, or up to the next blank, and what follows it.
fn value_of(text: &str) -> Result<(&str, &str), String> {
    let Some(quote) = text.chars().next().filter(|c| *c == '"' || *c == '\'') else {
        return Ok(text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())));
    };
    let inside = text.get(1..).unwrap_or_default();
    inside.split_once(quote).ok_or_else(|| format!("the quote {quote} is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(comment: &str) -> Allowance {
        of_comment(comment).unwrap()
    }

    #[test]
    fn rules_reason_and_day_are_read() {
        let read = one("-- lockstep: allow drop-column, drop-table reason=\"it's, said\" until=2027-01-31");
        assert_eq!(read.rules, Accepted::Rules(vec!["drop-column".into(), "drop-table".into()]));
        assert_eq!((read.reason.as_deref(), read.until), (Some("it's, said"), Some(jiff::civil::date(2027, 1, 31))));
        assert_eq!((read.scope, read.wrong), (Scope::Statement, None));
        let whole = one("/* lockstep: allow-file drop-table\n   reason='x' */");
        assert_eq!((whole.scope, whole.reason.as_deref()), (Scope::File, Some("x")));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| one(&format!("-- lockstep: {text}")).wrong.unwrap();
        assert!(wrong("alow drop-table").contains("alow"));
        assert!(wrong("allow drop-tabel reason=x").contains("drop-tabel"));
        assert!(wrong("allow drop-table until=soon").contains("soon"));
        assert!(wrong("allow drop-table reason=\"open").contains("never closed"));
        assert!(wrong("allow drop-table because=x").contains("because"));
        assert!(wrong("allow reason=\"x\"").contains("no rule"));
        assert_eq!(of_comment("-- lockstep: {\"plan\":{}}"), None);
        assert_eq!(of_comment("-- look at lockstep: allow"), None);
    }

    #[test]
    fn places_are_those_of_the_comments() {
        let text = "é; -- lockstep: allow drop-table reason=a\n\n  -- lockstep: allow drop-table reason=b\n";
        let spans: Vec<Range<usize>> =
            text.match_indices("--").map(|(at, _)| at..at + text[at..].find('\n').unwrap()).collect();
        let places: Vec<_> = read(text, &spans).into_iter().map(|a| (a.line, a.column, a.alone)).collect();
        assert_eq!(places, [(1, 4, false), (3, 3, true)]);
    }
}
