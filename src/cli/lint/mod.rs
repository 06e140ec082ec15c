//! `lockstep lint`.

mod bench;
mod fingerprint;
mod git;
mod github;
mod gitlab;
mod inputs;
mod junit;
mod markdown;
mod outputs;
mod report;
mod sarif;
#[cfg(test)]
mod tests;
mod text;

use super::args::{FailOn, Lint, LintFormat};
use super::source::{Context, Folders, Source, read_file_or_stdin};
use super::{Status, inspect, output};
use crate::config::Config;
use crate::engine::{self, Dialect};
use crate::schema::{Namespace, Schema};
use crate::{Error, Result};
use bench::Bench;
use inputs::{Input, Inputs};
use report::Report;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub async fn run(args: Lint, config: &Config) -> Result<Status> {
    let ground = Ground::of(&args, config).await?;
    let inputs = Inputs::read(inputs(&args).await?, Folders::new(args.layout));
    let bench = Bench { dialect: ground.dialect.as_ref(), schema: &ground.schema, connected: ground.connected };
    let (mut files, errors, notes) = inputs.judge(&bench);
    notes.iter().for_each(|note| output::note(note));
    files.iter_mut().for_each(fingerprint::assign);
    let limit = args.fail_on.severity();
    let report = Report::new(files, errors, limit);
    outputs::write(&report, args.format, &args.output)?;
    if args.format != LintFormat::Json {
        report.errors.iter().for_each(|failed| output::print_error(&failed.error, false));
    }
    Ok(if !report.errors.is_empty() {
        Status::CouldNot
    } else if limit.is_some_and(|limit| report.worst().is_some_and(|worst| worst >= limit))
        || args.fail_on_unknown && report.coverage.unknown > 0
    {
        Status::No
    } else {
        Status::Yes
    })
}

/// What files are judged on.
struct Ground {
    schema: Schema,
    dialect: Arc<dyn Dialect>,
    /// Whether the schema is that of a database.
    connected: bool,
}

impl Ground {
    async fn of(args: &Lint, config: &Config) -> Result<Self> {
        let mut ground = if let Some(source) = &args.db {
            let context = Context { engine: Some(inspect::kind(args.engine)), ..Context::default() };
            let loaded = Source::parse(source, config)?.load(context).await?;
            loaded.notes.iter().for_each(|note| output::note(note));
            Self { schema: loaded.schema, dialect: loaded.dialect, connected: true }
        } else {
            let kind = inspect::kind(args.engine);
            let dialect = engine::dialect(kind)?;
            let mut schema = Schema::empty(kind);
            schema.namespaces.insert(dialect.default_schema().to_owned(), Namespace::default());
            Self { schema, dialect, connected: false }
        };
        if let Some(version) = args.pg_version {
            ground.dialect = engine::dialect_of(ground.schema.engine, version)?;
        }
        Ok(ground)
    }
}

/// What the command's words ask for.
async fn inputs(args: &Lint) -> Result<Vec<Input>> {
    if let Some(reference) = &args.git_diff {
        let here = [PathBuf::from(".")];
        let paths = if args.files.is_empty() { &here } else { args.files.as_slice() };
        let changed = git::changed(reference, paths).await?;
        if changed.is_empty() {
            output::note(&format!("no .sql file has changed since {reference}"));
        }
        return Ok(changed.into_iter().map(Input::File).collect());
    }
    let stdin = Path::new("-");
    if args.stdin_path.is_some() && args.files.iter().any(|path| path != stdin) {
        return Err(Error::usage("--stdin-path names what standard input is, and files are named as well")
            .hint("Name no file, or - alone."));
    }
    if args.stdin_path.is_some() {
        let text = read_file_or_stdin(stdin)?;
        return Ok(vec![Input::Text { path: args.stdin_path.clone(), text }]);
    }
    args.files.iter().map(|path| input(path)).collect()
}

fn input(path: &Path) -> Result<Input> {
    Ok(if path == Path::new("-") {
        Input::Text { path: None, text: read_file_or_stdin(path)? }
    } else if path.is_dir() {
        Input::Folder(path.to_path_buf())
    } else {
        Input::File(path.to_path_buf())
    })
}

impl FailOn {
    /// The severity that ends with status 1; none for `never`.
    fn severity(self) -> Option<crate::plan::Severity> {
        use crate::plan::Severity;
        match self {
            Self::Never => None,
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
        }
    }
}
