//! Findings that were known when a project began to look: they do not count, and those that have gone are told.

use super::report::{Accepted, Placed, Report};
use crate::source::read_file;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A file of known findings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

/// A known finding. What counts is its fingerprint; the rest is for those who read the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    path: String,
    rule: String,
    statement: String,
    fingerprint: String,
}

impl Known {
    fn of(placed: Placed<'_>) -> Self {
        let statement = placed.statement.map(|s| one_line(&s.finding.sql).chars().take(100).collect());
        Self {
            path: placed.file.key.clone(),
            rule: placed.rule().to_owned(),
            statement: statement.unwrap_or_default(),
            fingerprint: placed.found.fingerprint.clone(),
        }
    }
}

impl Baseline {
    /// # Errors
    /// `File` when it cannot be read or is no baseline.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_file(path)?;
        let wrong = |why: String| {
            Error::new(ErrorCode::File, format!("{} is not a baseline: {why}", path.display()))
                .hint("Baselines are written by lockstep lint … --write-baseline FILE.")
        };
        let read: Self = serde_json::from_str(&text).map_err(|why| wrong(why.to_string()))?;
        if read.version != 1 {
            return Err(wrong(format!("it has version {}, and only 1 is known", read.version)));
        }
        Ok(read)
    }

    /// Takes the known findings out of the report, and tells it which of them have gone from the files that were
    /// judged.
    pub fn apply(&self, report: &mut Report) {
        let known: BTreeSet<&str> = self.findings.iter().map(|known| known.fingerprint.as_str()).collect();
        let mut met: BTreeSet<String> = BTreeSet::new();
        for file in &mut report.files {
            for statement in &mut file.statements {
                // What a comment accepts is still there.
                met.extend(statement.accepted.iter().map(|accepted| accepted.found.fingerprint.clone()));
                let (old, new) = std::mem::take(&mut statement.risks)
                    .into_iter()
                    .partition(|found| known.contains(found.fingerprint.as_str()));
                statement.risks = new;
                met.extend(old.iter().map(|found| found.fingerprint.clone()));
                statement.accepted.extend(old.into_iter().map(Accepted::by_baseline));
            }
            file.comments.retain(|found| {
                let old = known.contains(found.fingerprint.as_str());
                if old {
                    met.insert(found.fingerprint.clone());
                }
                !old
            });
        }
        let judged: BTreeSet<&str> = report.files.iter().map(|file| file.key.as_str()).collect();
        let gone = |known: &&Known| judged.contains(known.path.as_str()) && !met.contains(&known.fingerprint);
        let gone: Vec<Known> = self.findings.iter().filter(gone).cloned().collect();
        let known = met.iter().filter(|print| known.contains(print.as_str())).count();
        report.baseline = Some(super::report::BaselineReport { known, gone });
    }
}

/// Writes the report's findings as known. Those of files that were not judged stay as they were in a file that is there.
///
/// # Errors
/// `File` when the file cannot be written, or is there and is no baseline.
pub fn write(report: &Report, path: &Path) -> Result<usize> {
    let judged: BTreeSet<&str> = report.files.iter().map(|file| file.key.as_str()).collect();
    let mut all: BTreeMap<String, Known> = BTreeMap::new();
    if path.exists() {
        let others = Baseline::read(path)?.findings.into_iter().filter(|known| !judged.contains(known.path.as_str()));
        all.extend(others.map(|known| (known.fingerprint.clone(), known)));
    }
    all.extend(report.findings().map(Known::of).map(|known| (known.fingerprint.clone(), known)));
    let mut findings: Vec<Known> = all.into_values().collect();
    findings.sort();
    let written = findings.len();
    let text = super::outputs::json(&Baseline { version: 1, findings })?;
    std::fs::write(path, text).map_err(|why| {
        Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display()))
            .hint("Name a file in a folder that is there and may be written to.")
    })?;
    Ok(written)
}
