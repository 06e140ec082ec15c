//! What was found, as every format tells it.

use crate::Error;
use crate::plan::{Risk, Severity};
use crate::risk::{self, Finding};
use crate::schema::Schema;
use crate::sql::{Skipped, Syntax, line_column};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Rules that tell of statements that are not understood.
const UNKNOWN: [&str; 2] = ["unread-statement", "hidden-code"];

/// All that was found, in the order of the files and their statements.
#[derive(Debug, Serialize)]
pub struct Report {
    pub files: Vec<FileReport>,
    /// Findings by severity.
    pub summary: BTreeMap<String, usize>,
    pub coverage: Coverage,
    /// Where known findings were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    /// The first of `errors`, as every command tells of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
    /// Files that could not be judged, or written. The others were.
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
    /// Findings about comments that accept findings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Found>,
    #[serde(skip)]
    pub text: String,
    /// The schema that the file met, where it is asked for.
    #[serde(skip)]
    pub before: Option<Schema>,
}

/// What came of the baseline.
#[derive(Debug, Serialize)]
pub struct BaselineReport {
    /// How many known findings are still there.
    pub known: usize,
    /// Those of the judged files that are not.
    pub gone: Vec<super::baseline::Known>,
}

/// One statement with what was found about it.
#[derive(Debug, Serialize)]
pub struct StatementReport {
    #[serde(flatten)]
    pub finding: Finding,
    /// Gravest first.
    pub risks: Vec<Found>,
    /// What was found too, and somebody has accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
}

/// A finding that counts no more, and by whom.
#[derive(Debug, Serialize)]
pub struct Accepted {
    #[serde(flatten)]
    pub found: Found,
    /// `lockstep` and other linters for their comments; `baseline`.
    pub by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Accepted {
    pub fn by_baseline(found: Found) -> Self {
        Self { found, by: "baseline".to_owned(), reason: None, until: None }
    }
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

/// A file that could not be judged, or written.
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

impl Found {
    /// A finding at a line and a column; its fingerprint is given when the whole file is known.
    pub fn at(risk: Risk, (line, column): (usize, usize)) -> Self {
        Self { risk, line, column, fingerprint: String::new() }
    }
}

impl StatementReport {
    pub fn of(mut finding: Finding, syntax: &dyn Syntax) -> Self {
        let risks = std::mem::take(&mut finding.risks);
        let words = if risks.is_empty() { Vec::new() } else { syntax.words(&finding.sql) };
        let found = |risk: Risk| {
            let place = place(&risk, &finding, &words);
            Found::at(risk, place)
        };
        let risks = risks.into_iter().map(found).collect();
        Self { finding, risks, accepted: Vec::new() }
    }
}

/// The line and the column in the file of a finding in a statement.
fn place(risk: &Risk, finding: &Finding, words: &[Range<usize>]) -> (usize, usize) {
    if let Some(problem) = finding.problems.first() {
        return (problem.line, problem.column);
    }
    match line_column(&finding.sql, risk::place(risk, finding, words)) {
        (1, column) => (finding.line, finding.column + column - 1),
        (line, column) => (finding.line + line - 1, column),
    }
}

impl FileReport {
    pub fn new(path: String, text: String) -> Self {
        let (statements, skipped, comments) = (Vec::new(), Vec::new(), Vec::new());
        Self { key: path.clone(), path, statements, skipped, comments, text, before: None }
    }

    /// Gives each statement the text of the file where it was read with the client's variables as names.
    pub fn tell_as_written(&mut self) {
        let mut starts = vec![0];
        starts.extend(self.text.match_indices('\n').map(|(at, _)| at + 1));
        for finding in self.statements.iter_mut().map(|statement| &mut statement.finding) {
            let start = finding.line.checked_sub(1).and_then(|line| starts.get(line)).copied().unwrap_or_default();
            let line = self.text.get(start..).unwrap_or_default();
            let column = line.char_indices().nth(finding.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
            let written = line.get(column..).and_then(|rest| rest.get(..finding.sql.len()));
            let same = |written: &&str| {
                let pairs = written.bytes().zip(finding.sql.bytes());
                pairs.filter(|(w, r)| w != r).all(|pair| pair == (b':', b' '))
            };
            if let Some(written) = written.filter(same).filter(|written| *written != finding.sql) {
                written.clone_into(&mut finding.sql);
            }
        }
    }
}

impl Report {
    pub fn new(files: Vec<FileReport>, errors: Vec<FileError>, limit: Option<Severity>) -> Self {
        let mut coverage = Coverage::default();
        for statement in files.iter().flat_map(|file| &file.statements) {
            coverage.statements += 1;
            coverage.understood += usize::from(statement.finding.understood);
        }
        coverage.unknown = coverage.statements - coverage.understood;
        let (summary, baseline, error) = (BTreeMap::new(), None, None);
        let mut report = Self { files, summary, coverage, baseline, error, errors: Vec::new(), limit };
        report.fail(errors);
        report.count();
        report
    }

    /// Adds files that could not be judged, or written.
    pub fn fail(&mut self, errors: Vec<FileError>) {
        self.errors.extend(errors);
        self.error = self.errors.first().map(|first| first.error.clone());
    }

    /// Counts the findings anew.
    pub fn count(&mut self) {
        let all = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
        let mut summary: BTreeMap<String, usize> = all.into_iter().map(|severity| (severity.to_string(), 0)).collect();
        for placed in self.findings() {
            *summary.entry(placed.severity().to_string()).or_default() += 1;
        }
        self.summary = summary;
    }

    /// Whether a statement is not understood and nobody has accepted that.
    pub fn has_unknown(&self) -> bool {
        let accepted = |statement: &StatementReport| {
            statement.accepted.iter().any(|accepted| UNKNOWN.contains(&accepted.found.risk.rule.as_str()))
        };
        let mut all = self.files.iter().flat_map(|file| &file.statements);
        all.any(|statement| !statement.finding.understood && !accepted(statement))
    }

    /// Whether a finding is as grave as what ends with status 1.
    pub fn fails(&self) -> bool {
        self.limit.is_some_and(|limit| self.findings().any(|placed| placed.severity() >= limit))
    }

    /// Every finding with its file, in order: of the statements, then of the comments.
    pub fn findings(&self) -> impl Iterator<Item = Placed<'_>> {
        self.files.iter().flat_map(|file| {
            let statements = file.statements.iter().flat_map(move |statement| {
                statement.risks.iter().map(move |found| Placed { file, statement: Some(statement), found })
            });
            statements.chain(file.comments.iter().map(move |found| Placed { file, statement: None, found }))
        })
    }

    /// What somebody has accepted, with its file.
    pub fn accepted(&self) -> impl Iterator<Item = (Placed<'_>, &Accepted)> {
        self.files.iter().flat_map(|file| {
            file.statements.iter().flat_map(move |statement| {
                statement.accepted.iter().map(move |accepted| {
                    (Placed { file, statement: Some(statement), found: &accepted.found }, accepted)
                })
            })
        })
    }

    /// `3 known findings left out, 1 gone`, where there is a baseline.
    pub fn baseline_line(&self) -> Option<String> {
        let BaselineReport { known, gone } = self.baseline.as_ref()?;
        let findings = if *known == 1 { "finding" } else { "findings" };
        let gone = match gone.len() {
            0 => String::new(),
            count => format!(", {count} of the baseline gone"),
        };
        Some(format!("{known} known {findings} left out{gone}"))
    }

    /// `12 statements, all understood`
    pub fn coverage_line(&self) -> String {
        let Coverage { statements, understood, unknown } = self.coverage;
        match (statements, unknown) {
            (0, _) => "no statements".to_owned(),
            (1, 0) => "1 statement, understood".to_owned(),
            (_, 0) => format!("{statements} statements, all understood"),
            _ => format!("{statements} statements, {understood} understood, {unknown} unknown"),
        }
    }
}

/// One finding with where it is.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub file: &'a FileReport,
    /// None for a finding about a comment.
    pub statement: Option<&'a StatementReport>,
    pub found: &'a Found,
}

impl<'a> Placed<'a> {
    pub fn path(&self) -> &'a str {
        &self.file.path
    }

    pub fn rule(&self) -> &'a str {
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
