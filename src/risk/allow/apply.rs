//! Which findings are accepted, and which comments accept nothing.

use super::{Accepted, Allowance, Scope};
use crate::plan::Risk;
use crate::risk::rules::risk;
use jiff::civil::Date;

/// Where a statement is, and the rules that found something in it.
#[derive(Clone, Debug)]
pub struct Extent<'a> {
    /// 1-based line and column of its first character.
    pub start: (usize, usize),
    /// The same of the end, after the last one.
    pub end: (usize, usize),
    pub rules: Vec<&'a str>,
}

/// A finding about a comment itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    pub risk: Risk,
}

/// What the comments of a file come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// For each statement and each finding the comment that accepts it, by its place among the allowances.
    pub accepted: Vec<Vec<Option<usize>>>,
    /// In the order of the comments.
    pub problems: Vec<Problem>,
}

/// Goes through a file's comments. `statements` are in their order, and `today` is the day that expiry is measured by.
pub fn judge(allowances: &[Allowance], statements: &[Extent<'_>], today: Date) -> Verdict {
    let mut accepted: Vec<Vec<Option<usize>>> = statements.iter().map(|s| vec![None; s.rules.len()]).collect();
    let mut problems = Vec::new();
    for (at, allowance) in allowances.iter().enumerate() {
        let targets = match allowance.scope {
            Scope::File => 0..statements.len(),
            Scope::Statement => target(allowance, statements).map_or(0..0, |one| one..one + 1),
        };
        let counts = refusal(allowance, today).map(|why| problems.push(problem(allowance, why))).is_none();
        if !counts {
            continue;
        }
        let mut used: Vec<&str> = Vec::new();
        let places = accepted.iter_mut().zip(statements).skip(targets.start).take(targets.len());
        for (marks, statement) in places {
            for (mark, rule) in marks.iter_mut().zip(&statement.rules) {
                if allowance.rules.has(rule) {
                    mark.get_or_insert(at);
                    used.push(rule);
                }
            }
        }
        problems.extend(unused(allowance, &used));
    }
    Verdict { accepted, problems }
}

/// The statement that a comment is for: the one around it, else the one that ends before it in its line, else the next.
fn target(allowance: &Allowance, statements: &[Extent<'_>]) -> Option<usize> {
    let place = (allowance.line, allowance.column);
    let after = statements.partition_point(|statement| statement.start <= place);
    let before = after.checked_sub(1).and_then(|at| Some((at, statements.get(at)?)));
    if let Some((at, statement)) = before
        && (place < statement.end || (!allowance.alone && statement.end.0 == allowance.line))
    {
        return Some(at);
    }
    (after < statements.len()).then_some(after)
}

/// Why a comment does not count.
fn refusal(allowance: &Allowance, today: Date) -> Option<Risk> {
    if let Some(wrong) = &allowance.wrong {
        return Some(risk("allow-not-understood", format!("this comment accepts nothing: {wrong}")));
    }
    if allowance.by != "lockstep" {
        return None;
    }
    if allowance.reason.is_none() {
        return Some(risk("allow-without-reason", "this comment accepts nothing, because it gives no reason"));
    }
    let until = allowance.until.filter(|until| *until < today)?;
    Some(risk("allow-expired", format!("this comment accepts nothing any more: it was good until {until}")))
}

fn problem(allowance: &Allowance, risk: Risk) -> Problem {
    Problem { line: allowance.line, column: allowance.column, risk }
}

/// Another linter's comment may be about what no rule here looks for.
fn unused(allowance: &Allowance, used: &[&str]) -> Option<Problem> {
    let Accepted::Rules(rules) = &allowance.rules else { return None };
    let unused: Vec<&str> = rules.iter().map(String::as_str).filter(|rule| !used.contains(rule)).collect();
    if allowance.by != "lockstep" || unused.is_empty() {
        return None;
    }
    let message = format!("{} found nothing that this comment could accept", unused.join(" and "));
    Some(problem(allowance, risk("allow-unused", message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::allow::read;
    use std::ops::Range;

    const TODAY: Date = jiff::civil::date(2026, 11, 21);

    /// Judges a text in which each line that is no comment is a statement with these findings.
    fn verdict(text: &str, rules: &[&'static str]) -> (Vec<usize>, Vec<(usize, String)>) {
        let spans: Vec<Range<usize>> =
            text.match_indices("--").map(|(at, _)| at..at + text[at..].find('\n').unwrap_or(text.len() - at)).collect();
        let statements: Vec<Extent<'_>> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim_start().starts_with("--") && !line.is_empty())
            .map(|(line, text)| {
                let end = text.find("--").unwrap_or(text.len());
                Extent { start: (line, 1), end: (line, end + 1), rules: rules.to_vec() }
            })
            .collect();
        let verdict = judge(&read(text, &spans), &statements, TODAY);
        let left = verdict.accepted.iter().map(|marks| marks.iter().filter(|mark| mark.is_none()).count()).collect();
        (left, verdict.problems.into_iter().map(|p| (p.line, p.risk.rule)).collect())
    }

    #[test]
    fn a_comment_is_for_the_next_statement_or_the_one_in_its_line() {
        let next = verdict("-- lockstep: allow drop-table reason=x\none\ntwo", &["drop-table", "truncate"]);
        assert_eq!(next, (vec![1, 2], Vec::new()));
        let same = verdict("one; -- lockstep: allow drop-table reason=x\ntwo", &["drop-table"]);
        assert_eq!(same, (vec![0, 1], Vec::new()));
        let file = verdict("one\n-- lockstep: allow-file drop-table reason=x\ntwo", &["drop-table"]);
        assert_eq!(file, (vec![0, 0], Vec::new()));
    }

    #[test]
    fn what_does_not_count_is_told_and_the_finding_stays() {
        let told = |rest: &str| verdict(&format!("-- lockstep: allow drop-table{rest}\none"), &["drop-table"]);
        assert_eq!(told(""), (vec![1], vec![(1, "allow-without-reason".to_owned())]));
        assert_eq!(told(" reason=''"), (vec![1], vec![(1, "allow-without-reason".to_owned())]));
        assert_eq!(told(" reason=x until=2026-11-20"), (vec![1], vec![(1, "allow-expired".to_owned())]));
        assert_eq!(told(" reason=x until=2026-11-21"), (vec![0], Vec::new()));
        assert_eq!(told(" resaon=x"), (vec![1], vec![(1, "allow-not-understood".to_owned())]));
        assert_eq!(told(", truncate reason=x"), (vec![0], vec![(1, "allow-unused".to_owned())]));
        assert_eq!(verdict("one\n-- lockstep: allow drop-table reason=x", &["drop-table"]).0, [1]);
    }

    #[test]
    fn other_linters_need_no_reason_and_are_never_unused() {
        assert_eq!(verdict("-- squawk-ignore ban-drop-table\none\ntwo", &["drop-table"]), (vec![0, 1], Vec::new()));
        assert_eq!(verdict("-- squawk-ignore ban-char-field\none", &["drop-table"]), (vec![1], Vec::new()));
        assert_eq!(verdict("-- eugene: ignore\none", &["drop-table", "truncate"]), (vec![0], Vec::new()));
        assert_eq!(verdict("-- squawk-ignore-file\none\ntwo", &["drop-table"]), (vec![0, 0], Vec::new()));
    }
}
