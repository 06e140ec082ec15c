//! For a comment on a pull request.

use super::report::{FileReport, Placed, Report};
use crate::plan::Severity;
use crate::sql::one_line;
use std::fmt::Write as _;

pub fn markdown(report: &Report) -> String {
    let mut out = format!("**{}** · {}\n", verdict(report), report.coverage_line());
    for failed in &report.errors {
        let _ = writeln!(out, "\n`{}` could not be judged: {}", code(&failed.path), plain(&failed.error.message));
    }
    let mut rows = report.findings().map(row).peekable();
    if rows.peek().is_some() {
        out.push_str("\n| place | severity | rule | finding |\n| --- | --- | --- | --- |\n");
        out.extend(rows);
    }
    out.push_str(&baseline(report));
    let locks: String = report.files.iter().map(locks).collect();
    if !locks.is_empty() {
        let _ = write!(
            out,
            "\n<details><summary>Locks</summary>\n\n| place | lock | relation | work |\n| --- | --- | --- | --- |\n\
             {locks}\n</details>\n"
        );
    }
    out
}

/// What is not in the table and what was told beside it.
fn baseline(report: &Report) -> String {
    report.baseline_line().map_or_else(String::new, |line| format!("\n{}\n", plain(&line)))
}

/// `2 high, 1 medium`
fn verdict(report: &Report) -> String {
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let counts: Vec<String> = severities
        .iter()
        .filter_map(|severity| {
            let count = report.summary.get(&severity.to_string()).copied().filter(|count| *count > 0)?;
            Some(format!("{count} {severity}"))
        })
        .collect();
    if counts.is_empty() { "No findings".to_owned() } else { counts.join(", ") }
}

fn row(f: Placed<'_>) -> String {
    format!("| `{}:{}` | {} | `{}` | {} |\n", code(f.path()), f.found.line, f.severity(), f.rule(), plain(&f.message()))
}

/// The lock of every relation, statement by statement.
fn locks(file: &FileReport) -> String {
    let mut out = String::new();
    for finding in file.statements.iter().map(|statement| &statement.finding) {
        for lock in &finding.locks {
            let does = |names: &[String], what| names.contains(&lock.relation).then_some(what);
            let work: Vec<&str> =
                [does(&finding.rewrites, "written anew"), does(&finding.scans, "read")].into_iter().flatten().collect();
            let (path, relation, work) = (code(&file.path), code(&lock.relation), work.join(", "));
            let _ = writeln!(out, "| `{path}:{}` | {} | `{relation}` | {work} |", finding.line, lock.mode);
        }
    }
    out
}

/// Text between backquotes in a table.
fn code(text: &str) -> String {
    one_line(text).replace('`', "'").replace('|', "\\|")
}

/// Text in which nothing is markup, a mention or the end of a cell.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            _ => out.push(c),
        }
    }
    out
}
