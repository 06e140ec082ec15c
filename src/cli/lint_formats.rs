//! Findings in the forms that people and CI systems read.

use crate::plan::{Risk, Severity};
use crate::risk::Finding;
use crate::sql::one_line;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// All that was found, in the order of the files and their statements.
#[derive(Debug, Serialize)]
pub struct Report {
    pub files: Vec<FileReport>,
    /// Findings by severity.
    pub summary: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize)]
pub struct FileReport {
    pub path: String,
    pub statements: Vec<Finding>,
    /// What was named and left out: the client's own commands, transaction control.
    pub skipped: Vec<SkippedReport>,
}

#[derive(Debug, Serialize)]
pub struct SkippedReport {
    pub line: usize,
    pub column: usize,
    pub text: String,
    pub why: String,
}

impl SkippedReport {
    pub fn of(piece: &crate::sql::Skipped) -> Self {
        Self { line: piece.line, column: piece.column, text: piece.text.clone(), why: piece.why.clone() }
    }
}

impl Report {
    pub fn new(files: Vec<FileReport>) -> Self {
        let mut summary: BTreeMap<String, usize> = BTreeMap::new();
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info] {
            summary.insert(severity.to_string(), 0);
        }
        for risk in files.iter().flat_map(|f| &f.statements).flat_map(|s| &s.risks) {
            *summary.entry(risk.severity.to_string()).or_default() += 1;
        }
        Self { files, summary }
    }

    /// The gravest finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings().map(|f| f.risk.severity).max()
    }

    fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.files.iter().flat_map(|file| {
            file.statements.iter().flat_map(move |statement| {
                statement.risks.iter().map(move |risk| Placed { path: &file.path, statement, risk })
            })
        })
    }
}

/// One risk with where it is.
struct Placed<'a> {
    path: &'a str,
    statement: &'a Finding,
    risk: &'a Risk,
}

impl Placed<'_> {
    fn message(&self) -> String {
        super::show::advice(self.risk)
    }

    /// The same for the same finding on the same statement, wherever in the file it stands.
    fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.path, &self.risk.rule, &one_line(&self.statement.sql)] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        crate::schema::hex(&hash.finalize())
    }
}

/// For people.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for file in &report.files {
        for statement in &file.statements {
            let place = format!("{}:{}:{}", file.path, statement.line, statement.column);
            let excerpt: String = one_line(&statement.sql).chars().take(100).collect();
            let side = statement.side.map_or_else(String::new, |side| format!(" ({side})"));
            let _ = writeln!(out, "{place}:{side} {} {excerpt}", statement.class);
            for lock in &statement.locks {
                let _ = writeln!(out, "    lock     {} on {}", lock.mode, one_line(&lock.relation));
            }
            for (label, names) in [("rewrites", &statement.rewrites), ("scans", &statement.scans)] {
                if !names.is_empty() {
                    let _ = writeln!(out, "    {label:<8} {}", one_line(&names.join(", ")));
                }
            }
            for problem in &statement.problems {
                let _ = writeln!(
                    out,
                    "    unread   line {}, column {}: {}",
                    problem.line,
                    problem.column,
                    one_line(&problem.message)
                );
            }
            for risk in &statement.risks {
                let _ = writeln!(out, "    {}", super::show::risk(risk));
            }
        }
        for skipped in &file.skipped {
            let what = one_line(&skipped.text);
            let _ = writeln!(
                out,
                "{}:{}:{}: skipped {what}: {}",
                file.path,
                skipped.line,
                skipped.column,
                one_line(&skipped.why)
            );
        }
    }
    let counts: Vec<String> = ["critical", "high", "medium", "low", "info"]
        .iter()
        .map(|s| format!("{} {s}", report.summary.get(*s).copied().unwrap_or_default()))
        .collect();
    let statements: Vec<&Finding> = report.files.iter().flat_map(|f| &f.statements).collect();
    let unread = statements.iter().filter(|s| !s.parsed).count();
    let _ = writeln!(out, "{} statements, {unread} unread; findings: {}", statements.len(), counts.join(", "));
    out
}

/// GitHub's workflow commands, one annotation a finding.
pub fn github(report: &Report) -> String {
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let annotation = |f: Placed<'_>| {
        let level = match f.risk.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let (line, column) = (f.statement.line, f.statement.column);
        let (path, rule) = (property(f.path), property(&f.risk.rule));
        format!("::{level} file={path},line={line},col={column},title={rule}::{}\n", escape(&f.message()))
    };
    report.findings().map(annotation).collect()
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// GitLab's Code Quality report.
pub fn gitlab(report: &Report) -> Value {
    let entry = |f: Placed<'_>| {
        let severity = match f.risk.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        };
        json!({
            "description": f.message(), "check_name": f.risk.rule, "fingerprint": f.fingerprint(),
            "severity": severity, "location": {"path": f.path, "lines": {"begin": f.statement.line}},
        })
    };
    Value::Array(report.findings().map(entry).collect())
}

/// SARIF 2.1.0.
pub fn sarif(report: &Report) -> Value {
    let rules: BTreeMap<&str, &Risk> = report.findings().map(|f| (f.risk.rule.as_str(), f.risk)).collect();
    let rules: Vec<Value> = rules.keys().map(|id| json!({ "id": id })).collect();
    let result = |f: Placed<'_>| {
        let level = match f.risk.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "note",
        };
        json!({
            "ruleId": f.risk.rule, "level": level, "message": {"text": f.message()},
            "partialFingerprints": {"lockstep/v1": f.fingerprint()},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": f.path},
                "region": {"startLine": f.statement.line, "startColumn": f.statement.column},
            }}],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "lockstep", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": report.findings().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// For a comment on a pull request.
pub fn markdown(report: &Report) -> String {
    let mut out = String::from("| place | severity | rule | finding |\n| --- | --- | --- | --- |\n");
    let mut any = false;
    for f in report.findings() {
        any = true;
        let message = f.message().replace('|', "\\|");
        let _ = writeln!(
            out,
            "| `{}:{}` | {} | {} | {message} |",
            f.path.replace('|', "\\|"),
            f.statement.line,
            f.risk.severity,
            f.risk.rule
        );
    }
    if any { out } else { "No findings.\n".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Evidence;

    fn report() -> Report {
        let risk = Risk {
            rule: "table-rewrite".into(),
            severity: Severity::High,
            message: "every row | of it".into(),
            suggestion: None,
            evidence: Evidence::Predicted,
        };
        let statement = Finding {
            line: 3,
            column: 5,
            sql: "ALTER TABLE t …".into(),
            class: "ALTER TABLE".into(),
            side: None,
            parsed: true,
            transactional: true,
            locks: Vec::new(),
            rewrites: vec!["public.t".into()],
            scans: Vec::new(),
            risks: vec![risk],
            problems: Vec::new(),
        };
        Report::new(vec![FileReport { path: "a,b.sql".into(), statements: vec![statement], skipped: Vec::new() }])
    }

    #[test]
    fn annotations_escape_what_github_would_take_for_its_own() {
        let line = github(&report());
        assert_eq!(line, "::error file=a%2Cb.sql,line=3,col=5,title=table-rewrite::every row | of it\n");
    }

    #[test]
    fn every_format_has_the_finding_at_its_place() {
        let report = report();
        assert_eq!(report.worst(), Some(Severity::High));
        assert!(text(&report).contains("a,b.sql:3:5"));
        assert!(markdown(&report).contains("every row \\| of it"));
        assert_eq!(gitlab(&report)[0]["location"]["lines"]["begin"], 3);
        let sarif = sarif(&report);
        assert_eq!(sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 5);
    }
}
