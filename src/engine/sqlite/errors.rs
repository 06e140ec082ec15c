//! SQLite's result codes in words for people (sqlite.org/rescode.html).

use crate::{Error, ErrorCode};
use std::path::Path;

/// What an error of the driver means. The engine's own code is the extended result code.
pub(super) fn from_sqlx(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(database) => {
            let extended: i32 = database.code().and_then(|c| c.parse().ok()).unwrap_or(1);
            from_code(extended, database.message())
        }
        sqlx::Error::WorkerCrashed => Error::new(ErrorCode::ConnectionLost, "the connection to the file has ended")
            .hint("Connect again; the journal says what had run."),
        other => Error::new(ErrorCode::Statement, format!("SQLite could not do this: {other}")),
    }
}

fn from_code(extended: i32, message: &str) -> Error {
    let error = match extended & 0xff {
        3 | 23 => Error::new(ErrorCode::Permission, format!("SQLite refused: {message}"))
            .hint("Check the rights on the file and its directory."),
        5 | 6 => Error::new(ErrorCode::LockTimeout, format!("somebody else holds the database's lock: {message}"))
            .hint("Another connection is writing, or reads in rollback-journal mode. Try again when it has ended."),
        8 => Error::new(ErrorCode::ReadOnly, format!("the database cannot be written: {message}"))
            .hint("SQLite needs to write the file and to make its journal in the same directory."),
        9 => Error::new(ErrorCode::Cancelled, "cancelled: the statement was interrupted"),
        10 => Error::new(ErrorCode::File, format!("reading or writing the file failed: {message}"))
            .hint("Look at the disk and at the system's log."),
        11 => Error::new(ErrorCode::NotADatabase, format!("the database file is damaged: {message}"))
            .hint("Run PRAGMA integrity_check, and restore a backup if it finds faults."),
        13 => Error::new(ErrorCode::File, format!("there is no room for the change: {message}"))
            .hint("Free disk space; a rebuild needs about twice the table's size."),
        14 => Error::new(ErrorCode::Connection, format!("the file cannot be opened: {message}"))
            .hint("Check that the path is right and that file and directory may be read."),
        26 => Error::new(ErrorCode::NotADatabase, format!("this is not an SQLite database: {message}"))
            .hint("The file has another format, or it is encrypted."),
        _ => Error::new(ErrorCode::Statement, message.to_owned()),
    };
    error.engine_code(extended.to_string())
}

/// Says which file an error is about.
pub(super) fn at_file(mut error: Error, path: &Path) -> Error {
    error.message = format!("{}: {}", crate::sql::one_line(&path.to_string_lossy()), error.message);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_of_every_kind_is_a_lock_that_was_not_to_be_had() {
        for code in [5, 6, 261, 517, 773, 262] {
            assert_eq!(from_code(code, "x").code, ErrorCode::LockTimeout);
        }
        assert_eq!(from_code(26, "x").code, ErrorCode::NotADatabase);
        assert_eq!(from_code(787, "FOREIGN KEY constraint failed").code, ErrorCode::Statement);
    }
}
