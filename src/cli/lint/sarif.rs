//! SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as code scanning services read it.

use super::report::{Accepted, Placed, Report};
use crate::plan::Severity;
use crate::risk::rules;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn sarif(report: &Report) -> Value {
    let accepted: Vec<(Placed<'_>, &Accepted)> = report.accepted().collect();
    let all = report.findings().chain(accepted.iter().map(|(placed, _)| *placed));
    let ids: BTreeSet<&str> = all.map(|f| f.rule()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let open = report.findings().map(|f| result(f, None, &ids));
    let closed = accepted.iter().map(|(f, accepted)| result(*f, Some(accepted), &ids));
    let results: Vec<Value> = open.chain(closed).collect();
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

fn result(f: Placed<'_>, accepted: Option<&Accepted>, ids: &[&str]) -> Value {
    let mut place = json!({
        "artifactLocation": {"uri": uri(f.path())},
        "region": {"startLine": f.found.line, "startColumn": f.found.column},
    });
    if let (Some(statement), Some(place)) = (f.statement, place.as_object_mut()) {
        let (line, column) = (statement.finding.line, statement.finding.column);
        let snippet = json!({"text": crate::sql::visible(&statement.finding.sql)});
        place.insert("contextRegion".into(), json!({"startLine": line, "startColumn": column, "snippet": snippet}));
    }
    let mut result = json!({
        "ruleId": f.rule(), "ruleIndex": ids.iter().position(|id| *id == f.rule()),
        "level": level(f.severity()), "message": {"text": f.message()},
        "partialFingerprints": {"lockstep/v1": f.found.fingerprint},
        "locations": [{"physicalLocation": place}],
    });
    if let (Some(accepted), Some(result)) = (accepted, result.as_object_mut()) {
        let kind = if accepted.by == "baseline" { "external" } else { "inSource" };
        let mut suppression = json!({"kind": kind});
        if let (Some(reason), Some(suppression)) = (&accepted.reason, suppression.as_object_mut()) {
            suppression.insert("justification".into(), reason.as_str().into());
        }
        result.insert("suppressions".into(), json!([suppression]));
    }
    result
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
