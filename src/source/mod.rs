//! Where a schema is read from: a database, SQL text that makes a schema, or a snapshot.

mod files;
pub mod folder;
mod folders;
mod ledger;
mod renames;

pub use files::{read_file, read_file_or_stdin};
pub use folders::{Folder, Folders};
pub use renames::renames;

use crate::config::{Config, Paces};
use crate::engine::{self, ConnectOptions, Database, Dialect, ServerInfo, Target};
use crate::error::Location;
use crate::migrations::{History, Layout};
use crate::schema::{EngineKind, Namespace, Schema};
use crate::sql::{Agenda, SqlFile, Task};
use crate::{Error, ErrorCode, Result};
use files::{follow_includes, read_folder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A schema with where it came from.
pub struct Loaded {
    pub schema: Schema,
    pub dialect: Arc<dyn Dialect>,
    pub database: Option<Arc<dyn Database>>,
    /// What the reader should know: that the schema is approximate, and why.
    pub notes: Vec<String>,
}

/// A source, told apart but not yet read.
#[derive(Debug)]
pub enum Source {
    Database(Target, ConnectOptions),
    Sql(SqlText),
    Snapshot(PathBuf),
}

/// SQL of a file, or of a folder's files, in whatever order they can be run.
#[derive(Debug)]
pub struct SqlText {
    pub path: String,
    pub files: Vec<SqlFile>,
    /// The migrations that stand for the files, where they are laid out as such.
    history: Option<History>,
}

/// Reads both sides of a comparison. SQL text is taken for the engine of the other side; `engine` is for where both
/// are SQL text and no shadow says it.
///
/// # Errors
/// Whatever reading either side gives; `Usage` when the two are of different engines.
pub async fn load_both(
    before: Source,
    after: Source,
    shadow: Option<&str>,
    engine: Option<EngineKind>,
) -> Result<(Loaded, Loaded)> {
    // Whichever side is no SQL text is loaded first: it says which engine the other is for.
    let (before, after) = if matches!(before, Source::Sql(_)) {
        let after = after.load(Context { shadow, engine, ..Context::default() }).await?;
        (before.load(Context { beside: Some(&after), shadow, engine }).await?, after)
    } else {
        let before = before.load(Context { shadow, engine, ..Context::default() }).await?;
        let after = after.load(Context { beside: Some(&before), shadow, engine }).await?;
        (before, after)
    };
    if before.schema.engine != after.schema.engine {
        return Err(Error::usage(format!(
            "a {} schema cannot be compared with a {} one",
            before.schema.engine, after.schema.engine
        ))
        .hint("Compare two of the same engine."));
    }
    Ok((before, after))
}

/// What SQL text is loaded with.
#[derive(Clone, Copy, Default)]
pub struct Context<'a> {
    /// The other side of a comparison: its engine is the text's.
    pub beside: Option<&'a Loaded>,
    /// The server named by `--shadow`.
    pub shadow: Option<&'a str>,
    /// The engine named by an option.
    pub engine: Option<EngineKind>,
}

impl Source {
    /// Tells what `text` means: a configured connection's name, a URL, or a path.
    pub fn parse(text: &str, config: &Config) -> Result<Self> {
        Self::parse_as(text, config, None)
    }

    /// As [`Source::parse`], with the layout that a folder of migrations is in.
    pub fn parse_as(text: &str, config: &Config, layout: Option<Layout>) -> Result<Self> {
        if let Some(named) = config.connections.get(text) {
            let mut target = Target::parse(&named.url)?;
            target.production = named.production;
            return Ok(Self::Database(target, ConnectOptions { read_only: named.read_only, ..Default::default() }));
        }
        let path = Path::new(text);
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        if path.is_dir() {
            let history = folder::history(path, layout)?;
            let files = if history.is_some() { Vec::new() } else { read_folder(path)? };
            return Ok(Self::Sql(SqlText { path: text.to_owned(), files, history }));
        }
        match extension.as_str() {
            "sql" if !text.contains("://") => {
                let sql = read_file(path)?;
                let history = folder::of_file(path, &sql, None)?.filter(|history| history.sure);
                let files = vec![SqlFile::new(text, sql)];
                Ok(Self::Sql(SqlText { path: text.to_owned(), files, history }))
            }
            "json" if !text.contains("://") => Ok(Self::Snapshot(path.to_path_buf())),
            _ => Target::parse(text).map(|target| Self::Database(target, ConnectOptions::default())).map_err(|why| {
                if text.contains(':') {
                    return why;
                }
                Error::new(ErrorCode::File, format!("there is no database, file or configured connection {text:?}"))
                    .hint("A source is a database URL, a .sql file or folder, or a snapshot (.json) made by inspect -f json.")
            }),
        }
    }

    /// Reads the schema.
    pub async fn load(self, context: Context<'_>) -> Result<Loaded> {
        match self {
            Self::Database(target, options) => {
                let database = engine::connect(&target, &paced(&target, &options)).await?;
                let schema = database.inspect().await?;
                Ok(Loaded { schema, dialect: database.dialect(), database: Some(database), notes: Vec::new() })
            }
            Self::Snapshot(path) => {
                let text = read_file(&path)?;
                let schema: Schema = serde_json::from_str(&text).map_err(|why| {
                    Error::new(ErrorCode::File, format!("{} is not a snapshot: {why}", path.display()))
                        .hint("Snapshots are made by lockstep inspect URL -f json.")
                })?;
                let version = schema.server_version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                let own = version.parse().ok().and_then(|version| engine::dialect_of(schema.engine, version).ok());
                let dialect = own.map_or_else(|| engine::dialect(schema.engine), Ok)?;
                Ok(Loaded { schema, dialect, database: None, notes: Vec::new() })
            }
            Self::Sql(sql) => sql.load(context).await,
        }
    }
}

impl SqlText {
    async fn load(mut self, context: Context<'_>) -> Result<Loaded> {
        let mut notes = Vec::new();
        let shadow = match context.shadow {
            Some(url) => Some(engine::connect(&Target::parse(url)?, &ConnectOptions::default()).await?),
            None => context.beside.and_then(|l| l.database.clone()),
        };
        let kind =
            shadow.as_ref().map(|d| d.info().engine).or(context.beside.map(|l| l.schema.engine)).or(context.engine);
        let kind = kind.ok_or_else(|| {
            Error::usage(format!("which engine is the SQL of {} for?", self.path))
                .hint("Name it with --engine, or name a server with --shadow URL.")
        })?;
        let dialect = match &shadow {
            Some(database) => database.dialect(),
            None => engine::dialect(kind)?,
        };
        if let Some(history) = &self.history {
            let root = Path::new(&self.path);
            let root = if root.is_dir() { root } else { root.parent().unwrap_or(Path::new("")) };
            self.files = history.files(kind, |file| root.join(file).display().to_string());
            notes.extend(history.notes.iter().map(|note| format!("{}: {note}", self.path)));
        }
        self.files = follow_includes(self.files, dialect.as_ref())?;
        if let Some(database) = &shadow {
            notes.extend(context.beside.and_then(|other| other_version(&other.schema, database.info())));
            match database.schema_of(&self.files).await {
                Ok(mut made) => {
                    notes.extend(made.notes);
                    ledger::keep(self.history.as_ref(), &mut made.schema, context.beside, &mut notes);
                    let kept = context.beside.map_or(0, |other| made.schema.adopt_owners(&other.schema));
                    if kept > 0 {
                        notes.push(format!(
                            "{}: {kept} objects whose owner is not said keep the owner that they have",
                            self.path
                        ));
                    }
                    return Ok(Loaded { schema: made.schema, dialect, database: None, notes });
                }
                Err(why) if why.code == ErrorCode::Permission && context.shadow.is_none() => notes.push(format!(
                    "{}: read without a server ({}), so types and expressions are approximate; --shadow URL loads it exactly",
                    self.path, why.message
                )),
                Err(why) => return Err(self.located(why)),
            }
        } else {
            notes.push(format!(
                "{}: read without a server, so types and expressions are approximate; --shadow URL loads it exactly",
                self.path
            ));
        }
        let mut schema = self.approximate(kind, dialect.as_ref(), &mut notes);
        ledger::keep(self.history.as_ref(), &mut schema, context.beside, &mut notes);
        Ok(Loaded { schema, dialect, database: None, notes })
    }

    /// The schema as the parser understands the files, run on an empty database.
    fn approximate(&self, kind: EngineKind, dialect: &dyn Dialect, notes: &mut Vec<String>) -> Schema {
        let mut schema = Schema::empty(kind);
        schema.namespaces.insert(dialect.default_schema().to_owned(), Namespace::default());
        let mut agenda = Agenda::new(
            self.files.iter().enumerate().map(|(file, f)| Task { file, texts: vec![f.text.clone()] }).collect(),
        );
        while let Some(task) = agenda.next_task() {
            let Some(file) = self.files.get(task) else { break };
            let mut after = schema.clone();
            let told = approximate_file(file, dialect, &mut after);
            if told.is_empty() {
                schema = after;
                agenda.done();
            } else {
                agenda.failed();
            }
        }
        // What does not fit in any order is taken as far as it goes.
        for task in agenda.left() {
            if let Some(file) = self.files.get(task) {
                notes.extend(approximate_file(file, dialect, &mut schema));
            }
        }
        schema
    }

    /// A failure of the text itself, with its place. What cannot be loaded could not be asked, so it is no finding.
    fn located(&self, mut why: Error) -> Error {
        if why.code == ErrorCode::Statement {
            why.code = ErrorCode::Syntax;
        }
        let location = why.location.get_or_insert(Location { file: None, line: 1, column: 1 });
        location.file.get_or_insert_with(|| self.path.clone());
        why
    }
}

/// Adds what a file makes to `schema`; what could not be added, one sentence each.
fn approximate_file(file: &SqlFile, dialect: &dyn Dialect, schema: &mut Schema) -> Vec<String> {
    let mut told = Vec::new();
    for statement in dialect.read(&file.text, &schema.clone()).statements {
        let place = file.place(statement.line);
        if !statement.parsed() {
            told.push(format!("{place}: not understood and left out"));
        }
        for change in &statement.reading.changes {
            if let Err(why) = schema.apply(change) {
                told.push(format!("{place}: {why}; left out"));
            }
        }
    }
    told
}

/// What to say when SQL for one version is loaded on a server of another.
fn other_version(beside: &Schema, shadow: &ServerInfo) -> Option<String> {
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    let (wanted, there) = (major(&beside.server_version), major(&shadow.version));
    (!wanted.is_empty() && wanted != there).then(|| {
        format!(
            "the shadow server has version {}, the other side is of version {}: what the versions do differently \
             shows as a difference of the schemas",
            shadow.version, beside.server_version
        )
    })
}

/// Opens a database for a command that needs a live one.
pub async fn connect(url: &str, config: &Config) -> Result<Arc<dyn Database>> {
    match Source::parse(url, config)? {
        Source::Database(target, options) => engine::connect(&target, &paced(&target, &options)).await,
        _ => Err(Error::usage(format!("{url} is not a database"))
            .hint("Name one by its URL: postgres://user@host/database or sqlite:file.")),
    }
}

/// The options with the pace that an earlier rehearsal has measured.
fn paced(target: &Target, options: &ConnectOptions) -> ConnectOptions {
    ConnectOptions { pace: Paces::open().of(&target.shown), ..options.clone() }
}
