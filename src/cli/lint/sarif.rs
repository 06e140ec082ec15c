//! SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as code scanning services read it.

use super::report::{Placed, Report};
use crate::plan::Severity;
use crate::risk::rules;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn sarif(report: &Report) -> Value {
    let ids: BTreeSet<&str> = report.findings().map(|f| f.found.risk.rule.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let results: Vec<Value> = report.findings().map(|f| result(f, &ids)).collect();
    let notifications: Vec<Value> = report.errors.iter().map(notification).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "lockstep", "version": env!("CARGO_PKG_VERSION"),
                "rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

fn rule(id: &str) -> Value {
    let Some(rule) = rules::explain(id) else { return json!({ "id": id }) };
    json!({
        "id": id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.advice},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

fn result(f: Placed<'_>, ids: &[&str]) -> Value {
    let finding = &f.statement.finding;
    json!({
        "ruleId": f.rule(), "ruleIndex": ids.iter().position(|id| *id == f.rule()),
        "level": level(f.severity()), "message": {"text": f.message()},
        "partialFingerprints": {"lockstep/v1": f.found.fingerprint},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(f.path)},
                "region": {"startLine": f.found.line, "startColumn": f.found.column},
                "contextRegion": {
                    "startLine": finding.line, "startColumn": finding.column,
                    "snippet": {"text": crate::sql::visible(&finding.sql)},
                },
            },
        }],
    })
}

fn notification(failed: &super::report::FileError) -> Value {
    json!({
        "level": "error", "message": {"text": crate::sql::one_line(&failed.error.message)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(&failed.path)}}}],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A path as a URI reference (RFC 3986): relative where the path is.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
