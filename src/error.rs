//! The one error that a person or a script is shown: what failed, where, and what to do next.

use serde::Serialize;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it was. Its snake-case name is the `code` of the JSON error, so a variant is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The command's words, a URL or an option make no sense.
    Usage,
    /// The configuration file cannot be used.
    Config,
    /// A file cannot be read or written.
    File,
    /// No connection could be made.
    Connection,
    /// The connection was there and is gone.
    ConnectionLost,
    /// The server refused the user or the password.
    Authentication,
    /// The server lets us in but not do this.
    Permission,
    /// The named database, table or other object is not there.
    NotFound,
    /// The database, session or file is read-only.
    ReadOnly,
    /// A lock was not to be had in the time given.
    LockTimeout,
    /// The server chose this transaction as a deadlock's victim.
    Deadlock,
    /// Cancelled by us or by somebody else.
    Cancelled,
    /// The file is not a database of this engine.
    NotADatabase,
    /// SQL that cannot be read.
    Syntax,
    /// The schema is no longer the one the plan was made for.
    BaseChanged,
    /// Words that the planner does not understand.
    NotUnderstood,
    /// Asked for consent and did not get it.
    Refused,
    /// The server's answer to a statement was an error.
    Statement,
    /// This version of Lockstep cannot do it.
    Unsupported,
    /// A model provider failed.
    Provider,
    /// Something that should not happen.
    Internal,
}

/// A place in a text: 1-based line and column (in characters).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub line: usize,
    pub column: usize,
}

/// A failure in words for people, with a code for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: ErrorCode,
    /// What failed, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    pub location: Option<Location>,
    /// The engine's own code (SQLSTATE, or SQLite's extended result code), where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_code: Option<String>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, location: None, engine_code: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Names the file of the place where it went wrong, where there is a place.
    #[must_use]
    pub fn in_file(mut self, path: &std::path::Path) -> Self {
        if let Some(location) = &mut self.location {
            location.file.get_or_insert_with(|| path.display().to_string());
        }
        self
    }

    #[must_use]
    pub fn engine_code(mut self, code: impl Into<String>) -> Self {
        self.engine_code = Some(code.into());
        self
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Usage, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }
}
