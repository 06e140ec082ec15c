//! JUnit's XML as build servers read it: a suite a file, a case a statement. What ends with status 1 is a failure, so
//! that the build server and the exit status agree; other findings are the case's output.

use super::report::{FileReport, Found, Report};
use crate::cli::show;
use crate::plan::Severity;
use crate::sql::one_line;
use std::fmt::Write as _;

pub fn junit(report: &Report) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for file in &report.files {
        let failed = cases(file).filter(|case| gravest(case.risks, report.limit).is_some()).count();
        tests += cases(file).count();
        failures += failed;
        suite(file, failed, report.limit, &mut suites);
    }
    for failed in &report.errors {
        let (path, message) = (escape(&failed.path), escape(&one_line(&failed.error.message)));
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{path}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"{path}\" \
             name=\"read\">\n      <error message=\"{message}\"/>\n    </testcase>\n  </testsuite>"
        );
    }
    let errors = report.errors.len();
    tests += errors;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lockstep lint\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"{errors}\">\n{suites}</testsuites>\n"
    )
}

/// A statement, or a comment that something was found about.
struct Case<'a> {
    name: String,
    risks: &'a [Found],
}

fn cases(file: &FileReport) -> impl Iterator<Item = Case<'_>> {
    let statements = file.statements.iter().map(|statement| {
        let excerpt: String = one_line(&statement.finding.sql).chars().take(100).collect();
        Case { name: format!("{}: {excerpt}", statement.finding.line), risks: &statement.risks }
    });
    let comments = file
        .comments
        .iter()
        .map(|found| Case { name: format!("{}: a comment", found.line), risks: std::slice::from_ref(found) });
    statements.chain(comments)
}

fn suite(file: &FileReport, failures: usize, limit: Option<Severity>, out: &mut String) {
    let (path, tests) = (escape(&file.path), cases(file).count());
    let _ = writeln!(out, "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    for case in cases(file) {
        let _ = write!(out, "    <testcase classname=\"{path}\" name=\"{}\"", escape(&case.name));
        if case.risks.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        let lines: Vec<String> = case.risks.iter().map(|found| line(&file.path, found)).collect();
        let text = escape(&lines.join("\n"));
        let _ = match gravest(case.risks, limit) {
            Some(found) => {
                let (rule, message) = (escape(&found.risk.rule), escape(&one_line(&found.risk.message)));
                writeln!(
                    out,
                    ">\n      <failure type=\"{rule}\" message=\"{message}\">{text}</failure>\n    </testcase>"
                )
            }
            None => writeln!(out, ">\n      <system-out>{text}</system-out>\n    </testcase>"),
        };
    }
    out.push_str("  </testsuite>\n");
}

/// The first of the gravest findings that end with status 1.
fn gravest(risks: &[Found], limit: Option<Severity>) -> Option<&Found> {
    let counts = |found: &&Found| limit.is_some_and(|limit| found.risk.severity >= limit);
    risks.iter().filter(counts).min_by_key(|found| std::cmp::Reverse(found.risk.severity))
}

fn line(path: &str, found: &Found) -> String {
    format!("{path}:{}:{}: {}", found.line, found.column, show::risk(&found.risk))
}

/// Text for an attribute or an element. What XML 1.0 has no way to write was made visible before.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
