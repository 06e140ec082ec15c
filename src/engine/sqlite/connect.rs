//! From a URL to an open file. A file that is not there is never made.

use super::SqliteDialect;
use super::catalog;
use super::errors::{at_file, from_sqlx};
use super::gate;
use super::sampler::SqliteSampler;
use super::scratch;
use super::session::{SqliteSession, text};
use super::shadow::SqliteShadow;
use crate::engine::{
    ConnectOptions, Database, Dialect, Gate, Sampler, ServerInfo, Session, SessionRole, Shadow, Target,
};
use crate::plan::Step;
use crate::schema::{EngineKind, OutlineEntry, Schema};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// What a URL asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    path: PathBuf,
    read_only: bool,
}

/// An open database. Every session has a connection of its own; this one reads the catalog.
pub(super) struct SqliteDatabase {
    info: ServerInfo,
    path: PathBuf,
    options: SqliteConnectOptions,
    reader: Mutex<SqliteConnection>,
}

pub(super) async fn connect(target: &Target, options: &ConnectOptions) -> Result<Arc<dyn Database>> {
    let place = place(target.url.expose())?;
    look_at_file(&place.path)?;
    let mut warnings = Vec::new();
    let asked = options.read_only || place.read_only;
    let writable = is_writable(&place.path, &mut warnings);
    let read_only = asked || !writable;
    let sqlite = SqliteConnectOptions::new()
        .filename(&place.path)
        .create_if_missing(false)
        .read_only(read_only)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(0)
        .disable_statement_logging();
    let opening = async {
        let mut reader = SqliteConnection::connect_with(&sqlite).await?;
        // Opening reads nothing: the first query is what finds out whether this is a database.
        sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut reader).await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut reader).await?;
        Ok::<_, sqlx::Error>((reader, version))
    };
    let (reader, version) = tokio::time::timeout(options.timeout, opening)
        .await
        .map_err(|_| {
            let error = Error::new(ErrorCode::LockTimeout, "the database did not answer in time");
            at_file(error.hint("Another process may hold it exclusively."), &place.path)
        })?
        .map_err(|e| at_file(from_sqlx(&e), &place.path))?;
    let file = place.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let info = ServerInfo {
        engine: EngineKind::Sqlite,
        version_number: version_number(&version),
        version,
        database: file,
        host: place.path.to_string_lossy().into_owned(),
        user: None,
        shown: target.shown.clone(),
        read_only,
        standby: false,
        production: target.production,
        warnings,
    };
    Ok(Arc::new(SqliteDatabase { info, path: place.path, options: sqlite, reader: Mutex::new(reader) }))
}

/// `3.50.2` is 3050002, as `SQLITE_VERSION_NUMBER` has it.
fn version_number(version: &str) -> u32 {
    version.split('.').filter_map(|part| part.parse::<u32>().ok()).fold(0, |sum, part| sum * 1000 + part)
}

/// Reads `sqlite:PATH`, `sqlite://PATH`, with `?mode=ro` or `?immutable=1` behind it.
fn place(url: &str) -> Result<Place> {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    if Path::new(rest).is_file() {
        return Ok(Place { path: rest.into(), read_only: false });
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    let says = |key: &str, value: &str| pairs.iter().any(|(k, v)| k == key && v == value);
    if path == ":memory:" || path.is_empty() || says("mode", "memory") {
        return Err(Error::usage("a database in memory cannot be shared by the workbench's connections")
            .hint("Name a file: sqlite:path/to/file.db."));
    }
    let read_only = says("mode", "ro") || says("immutable", "1");
    let path = if Path::new(path).exists() { PathBuf::from(path) } else { PathBuf::from(percent_decoded(path)) };
    Ok(Place { path, read_only })
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *byte == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let decoded = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        out.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn look_at_file(path: &Path) -> Result<()> {
    let error = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Error::new(ErrorCode::NotADatabase, "this is a directory, not a file"),
        Ok(_) => match std::fs::File::open(path) {
            Ok(_) => return Ok(()),
            Err(why) => Error::new(ErrorCode::Permission, format!("the file cannot be read: {why}"))
                .hint("Check the rights on the file."),
        },
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            Error::new(ErrorCode::NotFound, "there is no such file")
                .hint("Check the path. Lockstep never makes a database file by itself; `lockstep demo` has a sample.")
        }
        Err(why) => Error::new(ErrorCode::Permission, format!("the file cannot be looked at: {why}"))
            .hint("Check the rights on the directories of the path."),
    };
    Err(at_file(error, path))
}

/// Whether the file may be written, with a warning where it may not or where its journal cannot be made.
fn is_writable(path: &Path, warnings: &mut Vec<String>) -> bool {
    // Opening for writing changes nothing; the database's locks are not touched, since nobody has it open here yet.
    if let Err(why) = std::fs::OpenOptions::new().write(true).open(path) {
        warnings.push(format!("The file cannot be written ({why}), so it is opened read-only."));
        return false;
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if std::fs::metadata(directory).is_ok_and(|m| m.permissions().readonly()) {
        warnings.push("The file's directory cannot be written, so SQLite cannot make its journal there.".to_owned());
        return false;
    }
    true
}

impl SqliteDatabase {
    async fn open(&self) -> Result<SqliteConnection> {
        let opened = SqliteConnection::connect_with(&self.options).await;
        opened.map_err(|e| at_file(from_sqlx(&e), &self.path))
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    fn info(&self) -> &ServerInfo {
        &self.info
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(SqliteDialect)
    }

    async fn outline(&self) -> Result<Vec<OutlineEntry>> {
        catalog::outline(&mut *self.reader.lock().await).await.map_err(|e| from_sqlx(&e))
    }

    async fn inspect(&self) -> Result<Schema> {
        catalog::inspect(&mut *self.reader.lock().await).await.map_err(|e| from_sqlx(&e))
    }

    async fn session(&self, role: SessionRole) -> Result<Box<dyn Session>> {
        let connection = self.open().await?;
        let session = SqliteSession::open(connection, self.path.clone(), role, self.info.read_only).await?;
        Ok(Box::new(session))
    }

    async fn sampler(&self) -> Result<Box<dyn Sampler>> {
        Ok(Box::new(SqliteSampler::new(self.open().await?, self.path.clone())))
    }

    async fn gate(&self, step: &Step) -> Result<Gate> {
        let mut connection = self.open().await?;
        gate::look(&mut connection, &self.path, step, self.info.read_only).await
    }

    async fn schema_of(&self, files: &[crate::sql::SqlFile]) -> Result<crate::engine::Made> {
        scratch::schema_of(files).await
    }

    async fn shadow(&self, schema: &Schema, _manners: &[String]) -> Result<Box<dyn Shadow>> {
        Ok(Box::new(SqliteShadow::make(schema).await?))
    }

    async fn signal(&self, _backend: i64, _terminate: bool) -> Result<()> {
        Err(Error::new(ErrorCode::Unsupported, "SQLite has no server that could end another process's session")
            .hint("End the process that has the file open, or wait for it."))
    }
}

/// The journal mode in lower case: `wal`, `delete` …
pub(super) async fn journal_mode(connection: &mut SqliteConnection) -> Result<String> {
    Ok(text(connection, "PRAGMA journal_mode").await?.unwrap_or_default().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files_in_several_ways() {
        let read = |url: &str| place(url).unwrap();
        assert_eq!(read("sqlite:a%20b.db"), Place { path: "a b.db".into(), read_only: false });
        assert_eq!(read("sqlite:///x/y.db?mode=ro"), Place { path: "/x/y.db".into(), read_only: true });
        assert_eq!(read("sqlite:100%.db").path, PathBuf::from("100%.db"));
        assert!(place("sqlite::memory:").is_err());
    }

    #[test]
    fn the_version_is_sqlite_s_own_number() {
        assert_eq!(version_number("3.50.2"), 3_050_002);
    }
}
