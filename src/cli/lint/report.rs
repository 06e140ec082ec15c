//! What was found, as every format tells it.

use crate::Error;
use crate::plan::{Risk, Severity};
use crate::risk::Finding;
use crate::sql::Skipped;
use serde::Serialize;
use std::collections::BTreeMap;

/// All that was found, in the order of the files and their statements.
#[derive(Debug, Serialize)]
pub struct Report {
    pub files: Vec<FileReport>,
    /// Findings by severity.
    pub summary: BTreeMap<String, usize>,
    pub coverage: Coverage,
    /// The first of `errors`, as every command tells of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Files that could not be judged. The others were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FileError>,
    /// What ends with status 1: this and graver.
    #[serde(skip)]
    pub limit: Option<Severity>,
}

/// How many of the statements were understood: their locks, rewrites and scans are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    pub statements: usize,
    pub understood: usize,
    pub unknown: usize,
}

#[derive(Debug, Serialize)]
pub struct FileReport {
    pub path: String,
    /// The path as fingerprints know it: the same from wherever the command is called.
    #[serde(skip)]
    pub key: String,
    pub statements: Vec<StatementReport>,
    /// What was named and left out: the client's own commands, transaction control.
    pub skipped: Vec<SkippedReport>,
}

/// One statement with what was found about it.
#[derive(Debug, Serialize)]
pub struct StatementReport {
    #[serde(flatten)]
    pub finding: Finding,
    /// Gravest first.
    pub risks: Vec<Found>,
}

/// A risk with its place in the file.
#[derive(Debug, Serialize)]
pub struct Found {
    #[serde(flatten)]
    pub risk: Risk,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    pub fingerprint: String,
}

#[derive(Debug, Serialize)]
pub struct SkippedReport {
    pub line: usize,
    pub column: usize,
    pub text: String,
    pub why: String,
}

/// A file that could not be judged.
#[derive(Debug, Serialize)]
pub struct FileError {
    pub path: String,
    #[serde(flatten)]
    pub error: Error,
}

impl SkippedReport {
    pub fn of(piece: &Skipped) -> Self {
        Self { line: piece.line, column: piece.column, text: piece.text.clone(), why: piece.why.clone() }
    }
}

impl StatementReport {
    pub fn of(mut finding: Finding) -> Self {
        let (line, column) = (finding.line, finding.column);
        let risks = std::mem::take(&mut finding.risks);
        let risks = risks.into_iter().map(|risk| Found { risk, line, column, fingerprint: String::new() }).collect();
        Self { finding, risks }
    }
}

impl FileReport {
    pub fn new(path: String) -> Self {
        Self { key: path.clone(), path, statements: Vec::new(), skipped: Vec::new() }
    }
}

impl Report {
    pub fn new(files: Vec<FileReport>, errors: Vec<FileError>, limit: Option<Severity>) -> Self {
        let mut summary: BTreeMap<String, usize> = BTreeMap::new();
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info] {
            summary.insert(severity.to_string(), 0);
        }
        let mut coverage = Coverage::default();
        for statement in files.iter().flat_map(|file| &file.statements) {
            coverage.statements += 1;
            coverage.understood += usize::from(statement.finding.understood);
            for found in &statement.risks {
                *summary.entry(found.risk.severity.to_string()).or_default() += 1;
            }
        }
        coverage.unknown = coverage.statements - coverage.understood;
        let error = errors.first().map(|first| first.error.clone());
        Self { files, summary, coverage, error, errors, limit }
    }

    /// The gravest finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings().map(|f| f.found.risk.severity).max()
    }

    /// Every finding with its file, in order.
    pub fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.files.iter().flat_map(|file| {
            file.statements.iter().flat_map(move |statement| {
                statement.risks.iter().map(move |found| Placed { path: &file.path, statement, found })
            })
        })
    }

    /// `12 statements, all understood`
    pub fn coverage_line(&self) -> String {
        let Coverage { statements, understood, unknown } = self.coverage;
        match (statements, unknown) {
            (1, 0) => "1 statement, understood".to_owned(),
            (_, 0) => format!("{statements} statements, all understood"),
            _ => format!("{statements} statements, {understood} understood, {unknown} unknown"),
        }
    }
}

/// One finding with where it is.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub path: &'a str,
    pub statement: &'a StatementReport,
    pub found: &'a Found,
}

impl Placed<'_> {
    pub fn rule(&self) -> &str {
        &self.found.risk.rule
    }

    pub fn severity(&self) -> Severity {
        self.found.risk.severity
    }

    /// What was found and what to do, as sentences on one line.
    pub fn message(&self) -> String {
        crate::cli::show::advice(&self.found.risk)
    }
}
