//! The report in each format that is asked for: one on standard output, any number in files.

use super::report::{FileError, Report};
use super::{github, gitlab, junit, markdown, sarif, text};
use crate::cli::args::{LintFormat, Output};
use crate::{Error, ErrorCode, Result};

/// The report as text of a format, which ends with a line feed.
pub fn render(report: &Report, format: LintFormat) -> Result<String> {
    Ok(match format {
        LintFormat::Text => text::text(report),
        LintFormat::Json => json(report)?,
        LintFormat::Sarif => json(&sarif::sarif(report))?,
        LintFormat::Github => github::github(report),
        LintFormat::Gitlab => json(&gitlab::gitlab(report))?,
        LintFormat::Junit => junit::junit(report),
        LintFormat::Markdown => markdown::markdown(report),
    })
}

/// A value as JSON that ends with a line feed.
pub fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|why| Error::internal(format!("the result cannot be written as JSON: {why}")))?;
    Ok(text + "\n")
}

/// Writes the report to files, each in its format; those that could not be written. Every file is tried.
pub fn write(report: &Report, files: &[Output]) -> Vec<FileError> {
    let failed = |Output { format, path }: &Output| {
        let written = render(report, *format).and_then(|text| {
            std::fs::write(path, text).map_err(|why| {
                Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display()))
                    .hint("Name a file in a folder that is there and may be written to.")
            })
        });
        written.err().map(|error| FileError { path: path.display().to_string(), error })
    };
    files.iter().filter_map(failed).collect()
}
