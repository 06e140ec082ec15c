//! `lockstep lint`.

mod accept;
mod baseline;
mod bench;
mod fingerprint;
mod fix;
mod git;
mod github;
mod gitlab;
mod inputs;
mod junit;
mod markdown;
mod outputs;
mod probes;
mod report;
mod sarif;
mod settings;
#[cfg(test)]
mod tests;
mod text;

use super::args::{Lint, LintFormat};
use super::source::{Context, Folders, Source, read_file_or_stdin};
use super::{Status, output};
use crate::config::Config;
use crate::engine::{self, Database, Dialect};
use crate::risk;
use crate::schema::{Namespace, Schema};
use crate::{Error, Result};
use baseline::Baseline;
use bench::Bench;
use fix::{Fixed, Workshop};
use inputs::{Input, Inputs};
use report::{FileError, FileReport, Report};
use settings::Settings;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub async fn run(args: Lint, config: &Config) -> Result<Status> {
    let settings = Settings::of(&args)?;
    if args.show_config {
        output::print(&settings.show());
        return Ok(Status::Yes);
    }
    let known = settings.baseline.as_deref().map(Baseline::read).transpose()?;
    let ground = Ground::of(&args, &settings, config).await?;
    let inputs = Inputs::read(inputs(&args).await?, Folders::new(settings.layout));
    let mut report = judge(inputs, &ground, &settings, &args).await;
    if let Some(path) = &args.write_baseline {
        let count = baseline::write(&report, path)?;
        output::note(&format!("{count} known findings written to {}", path.display()));
        Baseline::read(path)?.apply(&mut report);
    } else if let Some(known) = known {
        known.apply(&mut report);
    }
    report.count();
    if args.fix {
        let refused = fix(&report, &ground, &settings);
        report.fail(refused);
    }
    let unwritten = outputs::write(&report, &args.output);
    report.fail(unwritten);
    output::print(&outputs::render(&report, args.format)?);
    if args.format != LintFormat::Json {
        for failed in &report.errors {
            output::print_error(&failed.error, false);
        }
    }
    let could_not = |failed: &FileError| super::status_of(failed.error.code) == Status::CouldNot;
    Ok(if report.errors.iter().any(could_not) {
        Status::CouldNot
    } else if !report.errors.is_empty() || report.fails() || settings.fail_on_unknown && report.has_unknown() {
        Status::No
    } else {
        Status::Yes
    })
}

/// Judges the inputs, by what the project and comments in the files say.
async fn judge(inputs: Inputs, ground: &Ground, settings: &Settings, args: &Lint) -> Report {
    let (dialect, schema, connected) = (ground.dialect.as_ref(), &ground.schema, ground.connected);
    let decided = risk::Settings { at: args.at, ..settings.project.settings() };
    let bench = Bench { dialect, schema, connected, settings: &decided, keeps_schema: args.fix };
    let (mut files, errors, notes) = inputs.judge(&bench);
    for note in &notes {
        output::note(note);
    }
    for file in &mut files {
        file.key = settings.key(&file.path);
    }
    let ignored = settings.project.ignore.as_ref();
    files.retain(|file| ignored.is_none_or(|globs| !globs.fits_path(&file.key)));
    if let Some(database) = ground.database.as_deref().filter(|_| !args.no_probes) {
        probes::settle(&mut files, database, schema).await;
    }
    let (levelling, today) = (settings.project.levelling(), jiff::Zoned::now().date());
    for file in &mut files {
        fingerprint::assign(file);
        accept::apply(file, &levelling, dialect, today);
        fingerprint::assign_to_comments(file);
    }
    Report::new(files, errors, settings.fail_on.severity())
}

/// Writes plans beside the files, and tells of each; those that could not be written. Every file is tried.
fn fix(report: &Report, ground: &Ground, settings: &Settings) -> Vec<FileError> {
    let (dialect, connected) = (ground.dialect.as_ref(), ground.connected);
    let workshop = Workshop { dialect, layout: settings.layout, connected };
    let mut refused = Vec::new();
    let is_file = |file: &&FileReport| file.path != "-";
    for file in report.files.iter().filter(is_file) {
        let Some(before) = &file.before else { continue };
        match workshop.fix(file, before) {
            Ok(Fixed::Written { path, steps }) => {
                output::note(&format!("the safe way for {} written to {}, {steps} steps", file.path, path.display()));
            }
            Ok(Fixed::Nothing) => {}
            Err(error) => refused.push(FileError { path: file.path.clone(), error }),
        }
    }
    refused
}

/// What files are judged on.
struct Ground {
    schema: Schema,
    dialect: Arc<dyn Dialect>,
    /// Whether the schema is that of a database.
    connected: bool,
    database: Option<Arc<dyn Database>>,
}

impl Ground {
    async fn of(args: &Lint, settings: &Settings, config: &Config) -> Result<Self> {
        let Some(source) = &args.db else {
            let kind = settings.engine;
            // A project of two engines says the version of one.
            let known = settings.pg_version.map(|version| engine::dialect_of(kind, version));
            let dialect = match known {
                Some(Err(why)) if settings.asked_version.is_some() => return Err(why),
                Some(Ok(dialect)) => dialect,
                _ => engine::dialect(kind)?,
            };
            let mut schema = Schema::empty(kind);
            schema.namespaces.insert(dialect.default_schema().to_owned(), Namespace::default());
            return Ok(Self { schema, dialect, connected: false, database: None });
        };
        let context = Context { engine: Some(settings.engine), ..Context::default() };
        let loaded = Source::parse(source, config)?.load(context).await?;
        loaded.notes.iter().for_each(|note| output::note(note));
        // A server says its own version; only an option counts before it.
        let says_version = loaded.database.is_some() || !loaded.schema.server_version.is_empty();
        let version = if says_version { settings.asked_version } else { settings.pg_version };
        let dialect = match version {
            Some(version) => engine::dialect_of(loaded.schema.engine, version)?,
            None => loaded.dialect,
        };
        let (mut schema, database) = (loaded.schema, loaded.database);
        if let Some(database) = &database {
            engine::note_use(&mut schema, &database.table_use().await?);
        }
        Ok(Self { schema, dialect, connected: true, database })
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
