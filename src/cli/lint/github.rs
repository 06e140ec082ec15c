//! GitHub's workflow commands, one annotation a finding.
//!
//! docs.github.com, "Workflow commands for GitHub Actions", "Setting an error message".

use super::report::{Placed, Report};
use crate::plan::Severity;

pub fn github(report: &Report) -> String {
    let failed = report.errors.iter().map(|failed| {
        let message = escape(&crate::sql::one_line(&failed.error.message));
        format!("::error file={},title={}::{message}\n", property(&failed.path), property("lockstep lint"))
    });
    report.findings().map(annotation).chain(failed).collect()
}

fn annotation(f: Placed<'_>) -> String {
    let level = match f.severity() {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let (path, rule, message) = (property(f.path()), property(f.rule()), escape(&f.message()));
    format!("::{level} file={path},line={},col={},title={rule}::{message}\n", f.found.line, f.found.column)
}

/// A value among the command's properties, which commas and colons end.
fn property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
