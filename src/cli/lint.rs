//! `lockstep lint` and `lockstep explain`.

use super::args::{Explain, FailOn, Lint, LintFormat};
use super::lint_formats::{self as formats, FileReport, Report, SkippedReport};
use super::source::{self, Context, Source};
use super::{Status, inspect, output};
use crate::config::Config;
use crate::engine::Dialect;
use crate::plan::Severity;
use crate::risk::{self, rules};
use crate::schema::{Namespace, Schema};
use crate::{Error, ErrorCode, Result};
use std::path::Path;
use std::sync::Arc;

pub async fn run(args: Lint, config: &Config) -> Result<Status> {
    let (schema, dialect, connected) = if let Some(source) = &args.db {
        let context = Context { engine: Some(inspect::kind(args.engine)), ..Context::default() };
        let loaded = Source::parse(source, config)?.load(context).await?;
        loaded.notes.iter().for_each(|note| output::note(note));
        (loaded.schema, loaded.dialect, true)
    } else {
        let kind = inspect::kind(args.engine);
        let dialect = crate::engine::dialect(kind)?;
        let mut schema = Schema::empty(kind);
        schema.namespaces.insert(dialect.default_schema().to_owned(), Namespace::default());
        (schema, dialect, false)
    };
    let files: Result<Vec<FileReport>> =
        args.files.iter().map(|path| file(path, &schema, &dialect, connected)).collect();
    let report = Report::new(files?);
    match args.format {
        LintFormat::Text => output::print(&formats::text(&report)),
        LintFormat::Json => output::print_json(&report)?,
        LintFormat::Sarif => output::print_json(&formats::sarif(&report))?,
        LintFormat::Github => output::print(&formats::github(&report)),
        LintFormat::Gitlab => output::print_json(&formats::gitlab(&report))?,
        LintFormat::Markdown => output::print(&formats::markdown(&report)),
    }
    let limit = match args.fail_on {
        FailOn::Never => return Ok(Status::Yes),
        FailOn::Info => Severity::Info,
        FailOn::Low => Severity::Low,
        FailOn::Medium => Severity::Medium,
        FailOn::High => Severity::High,
        FailOn::Critical => Severity::Critical,
    };
    Ok(if report.worst().is_some_and(|worst| worst >= limit) { Status::No } else { Status::Yes })
}

fn file(path: &Path, schema: &Schema, dialect: &Arc<dyn Dialect>, connected: bool) -> Result<FileReport> {
    let text = source::read_file_or_stdin(path)?;
    let script = dialect.read(&text, schema);
    let findings = risk::lint_script(&script, schema, dialect.as_ref(), connected);
    let skipped = script.skipped.into_iter().map(|piece| SkippedReport {
        line: piece.line,
        column: piece.column,
        text: piece.text,
        why: piece.why,
    });
    Ok(FileReport { path: path.display().to_string(), statements: findings, skipped: skipped.collect() })
}

/// Says what a rule means, or lists all of them.
pub fn explain(args: Explain) -> Result<Status> {
    let Some(id) = args.rule else {
        let lines: Vec<String> = rules::all().iter().map(|rule| format!("{:<40} {}", rule.id, rule.title)).collect();
        output::print(&lines.join("\n"));
        return Ok(Status::Yes);
    };
    let rule = rules::explain(&id).ok_or_else(|| {
        Error::new(ErrorCode::NotFound, format!("there is no rule {id:?}")).hint("lockstep explain lists all rules.")
    })?;
    output::print(&format!(
        "{} (usually {})\n{}\n\nWhy: {}\n\nWhat to do: {}\n",
        rule.id, rule.severity, rule.title, rule.why, rule.advice
    ));
    Ok(Status::Yes)
}
