//! Where to connect, and what is there.

use crate::schema::EngineKind;
use crate::{Error, ErrorCode, Result};
use serde::Serialize;
use std::fmt;

/// A text that is never shown, logged or serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the connection alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A database to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub engine: EngineKind,
    /// The URL with its password, for the engine alone.
    pub url: Secret,
    /// The URL without its password, for people, journals and the list of last connections.
    pub shown: String,
    /// Said by configuration or by the user: this is production.
    pub production: bool,
}

impl Target {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite:PATH`, `sqlite://PATH`, or the path of an existing SQLite file.
    ///
    /// # Errors
    /// `Usage` with the forms that are understood. The password never appears in the message.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let engine = match scheme.as_str() {
            "postgres" | "postgresql" => EngineKind::Postgres,
            "sqlite" | "sqlite3" => EngineKind::Sqlite,
            "mysql" => EngineKind::Mysql,
            "mariadb" => EngineKind::Mariadb,
            _ if std::path::Path::new(text).is_file() => {
                return Ok(Self {
                    engine: EngineKind::Sqlite,
                    url: Secret::new(format!("sqlite:{text}")),
                    shown: format!("sqlite:{text}"),
                    production: false,
                });
            }
            _ => {
                return Err(Error::usage("this is not a database URL")
                    .hint("Write postgres://user@host:5432/database or sqlite:path/to/file.db."));
            }
        };
        let shown = if engine == EngineKind::Sqlite {
            text.to_owned()
        } else {
            let mut url = url::Url::parse(text).map_err(|why| {
                Error::new(ErrorCode::Usage, format!("the database URL cannot be read: {why}"))
                    .hint("Write postgres://user@host:5432/database; special characters in a password are %-encoded.")
            })?;
            // Fails only for URLs that cannot have a password anyway.
            let _ = url.set_password(None);
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(key, _)| !key.to_ascii_lowercase().contains("pass"))
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect();
            url.set_query(None);
            for (key, value) in kept {
                url.query_pairs_mut().append_pair(&key, &value);
            }
            url.to_string()
        };
        Ok(Self { engine, url: Secret::new(text), shown, production: false })
    }
}

/// How to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// Set on the server's session: nothing can be written.
    pub read_only: bool,
    /// Give up connecting after this long.
    pub timeout: std::time::Duration,
    /// How fast the server works, where an earlier rehearsal has measured it.
    pub pace: Option<crate::risk::Pace>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { read_only: false, timeout: std::time::Duration::from_secs(10), pace: None }
    }
}

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerInfo {
    pub engine: EngineKind,
    /// `15.18`, `3.50.2`.
    pub version: String,
    /// `150018`, `3050002`.
    pub version_number: u32,
    pub database: String,
    /// Host and port, or the file's path.
    pub host: String,
    pub user: Option<String>,
    /// The URL without its password.
    pub shown: String,
    pub read_only: bool,
    /// A standby that replays another server's changes.
    pub standby: bool,
    pub production: bool,
    /// One sentence each: rights that are missing, a pooler in between.
    pub warnings: Vec<String>,
}
