//! `lockstep lint`.

use super::args::{FailOn, Lint, LintFormat};
use super::lint_formats::{self as formats, FileReport, Report, SkippedReport};
use super::lint_history::Bench;
use super::source::folder::{self, Folders};
use super::source::{self, Context, Source};
use super::{Status, inspect, output};
use crate::config::Config;
use crate::migrations::Layout;
use crate::plan::Severity;
use crate::risk;
use crate::schema::{Namespace, Schema};
use crate::{Error, ErrorCode, Result};
use std::path::{Path, PathBuf};

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
    let bench = Bench { dialect: dialect.as_ref(), connected };
    let mut folders = Folders::new(args.layout);
    let mut files = Vec::new();
    for path in &args.files {
        if path.is_dir() {
            files.extend(of_folder(path, args.layout, &schema, &bench, &mut folders)?);
        } else {
            files.push(file(path, &schema, &bench, &mut folders)?);
        }
    }
    folders.notes().iter().for_each(|note| output::note(note));
    let report = Report::new(files);
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

/// The files of a folder: migrations in their order, or plain SQL in the order of the names.
fn of_folder(
    root: &Path,
    layout: Option<Layout>,
    schema: &Schema,
    bench: &Bench<'_>,
    folders: &mut Folders,
) -> Result<Vec<FileReport>> {
    if let Some(history) = folder::history(root, layout)? {
        history.notes.iter().for_each(|note| output::note(&format!("{}: {note}", root.display())));
        return Ok(bench.folder(root, &history, schema.clone()));
    }
    let mut files: Vec<PathBuf> = folder::files(root)?
        .into_iter()
        .filter(|file| file.path.to_ascii_lowercase().ends_with(".sql"))
        .map(|file| root.join(file.path))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Error::new(ErrorCode::File, format!("the folder {} has no .sql file", root.display()))
            .hint("Name a folder of .sql files, or the files themselves."));
    }
    files.iter().map(|path| file(path, schema, bench, folders)).collect()
}

fn file(path: &Path, schema: &Schema, bench: &Bench<'_>, folders: &mut Folders) -> Result<FileReport> {
    let text = source::read_file_or_stdin(path)?;
    let there = if path == Path::new("-") {
        folder::of_file(Path::new("-.sql"), &text, None)?.map(|history| (history.into(), "-.sql".to_owned()))
    } else {
        folders.of(path)?
    };
    if let Some(report) = there.and_then(|(history, name)| bench.file(path, &history, &name, schema)) {
        return Ok(report);
    }
    let script = bench.dialect.read(&text, schema);
    let findings = risk::lint_script(&script, schema, bench.dialect, bench.connected);
    let skipped = script.skipped.iter().map(SkippedReport::of).collect();
    Ok(FileReport { path: path.display().to_string(), statements: findings, skipped })
}
