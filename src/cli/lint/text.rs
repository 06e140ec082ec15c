//! For people.

use super::report::{Found, Report, StatementReport};
use crate::cli::show;
use crate::sql::one_line;
use std::fmt::Write as _;

pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for file in &report.files {
        for statement in &file.statements {
            of_statement(&file.path, statement, &mut out);
        }
        for found in &file.comments {
            let _ = writeln!(out, "{}:{}:{}: {}", file.path, found.line, found.column, show::risk(&found.risk));
        }
        for skipped in &file.skipped {
            let (what, why) = (one_line(&skipped.text), one_line(&skipped.why));
            let _ = writeln!(out, "{}:{}:{}: skipped {what}: {why}", file.path, skipped.line, skipped.column);
        }
    }
    let counts: Vec<String> = ["critical", "high", "medium", "low", "info"]
        .iter()
        .map(|s| format!("{} {s}", report.summary.get(*s).copied().unwrap_or_default()))
        .collect();
    let _ = writeln!(out, "findings: {}", counts.join(", "));
    if let Some(line) = report.baseline_line() {
        let _ = writeln!(out, "baseline: {line}");
    }
    let _ = writeln!(out, "coverage: {}", report.coverage_line());
    out
}

fn of_statement(path: &str, statement: &StatementReport, out: &mut String) {
    let finding = &statement.finding;
    let excerpt: String = one_line(&finding.sql).chars().take(100).collect();
    let side = finding.side.map_or_else(String::new, |side| format!(" ({side})"));
    let _ = writeln!(out, "{path}:{}:{}:{side} {} {excerpt}", finding.line, finding.column, finding.class);
    for lock in &finding.locks {
        let _ = writeln!(out, "    lock     {} on {}", lock.mode, one_line(&lock.relation));
    }
    for (label, names) in [("rewrites", &finding.rewrites), ("scans", &finding.scans)] {
        if !names.is_empty() {
            let _ = writeln!(out, "    {label:<8} {}", one_line(&names.join(", ")));
        }
    }
    for problem in &finding.problems {
        let message = one_line(&problem.message);
        let _ = writeln!(out, "    unread   line {}, column {}: {message}", problem.line, problem.column);
    }
    for found in &statement.risks {
        let _ = writeln!(out, "    {}{}", show::risk(&found.risk), place(found, statement));
    }
    for accepted in &statement.accepted {
        let reason = accepted.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", one_line(reason)));
        let _ = writeln!(out, "    accepted {} by {}{reason}", accepted.found.risk.rule, accepted.by);
    }
}

/// Where in the statement it is, unless at its beginning.
fn place(found: &Found, statement: &StatementReport) -> String {
    if (found.line, found.column) == (statement.finding.line, statement.finding.column) {
        return String::new();
    }
    format!(" (line {}, column {})", found.line, found.column)
}
