//! Findings that somebody has accepted, in a comment or in the baseline, and how grave the others are here.

use super::report::{Accepted, FileReport, Found, StatementReport};
use crate::engine::Dialect;
use crate::risk::allow::{self, Allowance, Extent};
use crate::risk::levels::Levelling;
use jiff::civil::Date;

/// Takes out what comments accept, adds what is found about the comments themselves, and sets the levels. Afterwards
/// each statement's findings are gravest first.
pub fn apply(file: &mut FileReport, levelling: &Levelling, dialect: &dyn Dialect, today: Date) {
    let allowances = allow::read(&file.text, &dialect.comments(&file.text));
    if !allowances.is_empty() {
        comments(file, &allowances, today);
    }
    let FileReport { key, statements, comments, .. } = file;
    for StatementReport { finding, risks, .. } in statements {
        risks.retain_mut(|found| level(found, levelling, finding, key));
        risks.sort_by_key(|found| std::cmp::Reverse(found.risk.severity));
    }
    let none = crate::risk::Finding::default();
    comments.retain_mut(|found| level(found, levelling, &none, key));
}

fn level(found: &mut Found, levelling: &Levelling, finding: &crate::risk::Finding, key: &str) -> bool {
    let severity = levelling.severity(&found.risk, finding, key);
    found.risk.severity = severity.unwrap_or(found.risk.severity);
    severity.is_some()
}

fn comments(file: &mut FileReport, allowances: &[Allowance], today: Date) {
    let extents: Vec<Extent<'_>> = file.statements.iter().map(extent).collect();
    let verdict = allow::judge(allowances, &extents, today);
    for (statement, marks) in file.statements.iter_mut().zip(verdict.accepted) {
        let mut marks = marks.into_iter();
        let (left, accepted): (Vec<_>, Vec<_>) = std::mem::take(&mut statement.risks)
            .into_iter()
            .map(|found| (found, marks.next().flatten().and_then(|at| allowances.get(at))))
            .partition(|(_, by)| by.is_none());
        statement.risks = left.into_iter().map(|(found, _)| found).collect();
        statement.accepted.extend(accepted.into_iter().filter_map(|(found, by)| {
            let by = by?;
            let until = by.until.map(|day| day.to_string());
            Some(Accepted { found, by: by.by.to_owned(), reason: by.reason.clone(), until })
        }));
    }
    file.comments =
        verdict.problems.into_iter().map(|problem| Found::at(problem.risk, (problem.line, problem.column))).collect();
}

fn extent(statement: &StatementReport) -> Extent<'_> {
    let finding = &statement.finding;
    let start = (finding.line, finding.column);
    let last = finding.sql.rsplit('\n').next().unwrap_or_default().chars().count();
    let end = match finding.sql.matches('\n').count() {
        0 => (start.0, start.1 + last),
        lines => (start.0 + lines, last + 1),
    };
    Extent { start, end, rules: statement.risks.iter().map(|found| found.risk.rule.as_str()).collect() }
}
