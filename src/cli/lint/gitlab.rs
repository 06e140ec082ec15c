//! GitLab's Code Quality report.
//!
//! docs.gitlab.com, "Code Quality", "Code Quality report format".

use super::report::{Placed, Report};
use crate::plan::Severity;
use serde_json::{Value, json};

pub fn gitlab(report: &Report) -> Value {
    let failed = report.errors.iter().map(|failed| {
        json!({
            "description": crate::sql::one_line(&failed.error.message), "check_name": "not-judged",
            "fingerprint": super::fingerprint::of(&[&failed.path, "not-judged"]),
            "severity": "blocker", "location": {"path": failed.path, "lines": {"begin": 1}},
        })
    });
    Value::Array(report.findings().map(entry).chain(failed).collect())
}

fn entry(f: Placed<'_>) -> Value {
    let severity = match f.severity() {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    };
    json!({
        "description": f.message(), "check_name": f.rule(), "fingerprint": f.found.fingerprint,
        "severity": severity, "location": {"path": f.path(), "lines": {"begin": f.found.line}},
    })
}
