//! The report in each format that is asked for: one on standard output, any number in files.

use super::report::Report;
use super::{github, gitlab, junit, markdown, sarif, text};
use crate::cli::args::{LintFormat, Output};
use crate::cli::output;
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

/// Prints the report in one format and writes it to files in others. Every file is tried.
///
/// # Errors
/// `File` for the first file that could not be written.
pub fn write(report: &Report, format: LintFormat, files: &[Output]) -> Result<()> {
    let mut failed = Ok(());
    for Output { format, path } in files {
        let text = render(report, *format)?;
        let written = std::fs::write(path, text).map_err(|why| {
            Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display()))
                .hint("Name a file in a folder that is there and may be written to.")
        });
        failed = failed.and(written);
    }
    output::print(&render(report, format)?);
    failed
}
