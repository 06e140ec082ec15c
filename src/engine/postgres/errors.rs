//! The server's errors in our words: SQLSTATE to [`ErrorCode`] (manual, appendix "PostgreSQL Error Codes").

use crate::sql::visible;
use crate::{Error, ErrorCode};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};
use std::io;

/// What a failure of the driver or the server means to a person.
pub(super) fn explain(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
            Some(server) => from_server(server),
            None => Error::new(ErrorCode::Statement, visible(inner.message())),
        },
        sqlx::Error::Io(why) if why.kind() == io::ErrorKind::UnexpectedEof => lost("the server closed it"),
        sqlx::Error::Io(why) => lost(&why.to_string()),
        sqlx::Error::Tls(why) => lost(&why.to_string()),
        sqlx::Error::Protocol(why) => lost(&format!("the server's answer makes no sense ({why})")),
        sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => lost("the connection was closed"),
        other => Error::internal(visible(&format!("the driver failed: {other}"))),
    }
}

fn lost(why: &str) -> Error {
    Error::new(ErrorCode::ConnectionLost, format!("the connection to the server was lost: {}", visible(why)))
        .hint("Check that the server is up and reachable, then connect again; what ran is in the journal.")
}

/// The place of an error in the statement, in characters from 1, where the server says one.
pub(super) fn position(error: &sqlx::Error) -> Option<usize> {
    let sqlx::Error::Database(inner) = error else { return None };
    match inner.try_downcast_ref::<PgDatabaseError>()?.position()? {
        PgErrorPosition::Original(at) => Some(at),
        PgErrorPosition::Internal { .. } => None,
    }
}

fn from_server(server: &PgDatabaseError) -> Error {
    let code = code_of(server.code());
    let mut message = visible(server.message());
    if let Some(detail) = server.detail() {
        message.push_str(&format!(" ({})", visible(detail).trim_end_matches('.')));
    }
    let error = Error::new(code, message).engine_code(server.code());
    match server.hint().map(visible).or_else(|| usual_hint(code).map(str::to_owned)) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn code_of(state: &str) -> ErrorCode {
    match state {
        "55P03" => ErrorCode::LockTimeout,
        "57014" => ErrorCode::Cancelled,
        "40P01" => ErrorCode::Deadlock,
        "42501" => ErrorCode::Permission,
        "25006" => ErrorCode::ReadOnly,
        "3D000" => ErrorCode::NotFound,
        // An idle transaction that the server ended (25P03) has lost its connection too.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" => ErrorCode::ConnectionLost,
        _ if state.starts_with("08") => ErrorCode::ConnectionLost,
        _ if state.starts_with("28") => ErrorCode::Authentication,
        _ => ErrorCode::Statement,
    }
}

fn usual_hint(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::LockTimeout => {
            Some("Somebody holds a lock that this needs; look at the gauges to see who, and try again.")
        }
        ErrorCode::Deadlock => Some("The server ended this side of a deadlock; nothing of it was kept. Try again."),
        ErrorCode::Permission => Some("Connect as the owner of the object, or have the right granted."),
        ErrorCode::ReadOnly => {
            Some("The session or the server is read-only; connect to the primary without --read-only.")
        }
        ErrorCode::ConnectionLost => Some("Connect again; what ran is in the journal."),
        _ => None,
    }
}

/// Why no connection could be made to `place` (host and port, or the socket's folder), and what to do.
pub(super) fn refused(error: sqlx::Error, place: &str, user: &str, database: &str) -> Error {
    match error {
        sqlx::Error::Database(inner) => match inner.try_downcast_ref::<PgDatabaseError>() {
            Some(server) => turned_away(server, place, user, database),
            None => connection(format!("{place} answered with an error: {}", visible(inner.message()))),
        },
        sqlx::Error::Io(why) => unreachable(&why, place),
        sqlx::Error::Tls(why) => {
            connection(format!("no encrypted connection to {place}: {}", visible(&why.to_string())))
                .hint("Check sslmode and sslrootcert in the URL; sslmode=disable connects without encryption.")
        }
        sqlx::Error::Configuration(why) => {
            Error::usage(format!("the database URL cannot be used: {}", visible(&why.to_string())))
                .hint("Write postgres://user@host:5432/database?sslmode=prefer.")
        }
        sqlx::Error::Protocol(why) => connection(format!("{place} does not speak PostgreSQL: {}", visible(&why)))
            .hint("Check the port: another kind of server may be listening there."),
        other => connection(format!("no connection to {place}: {}", visible(&other.to_string()))),
    }
}

fn connection(message: String) -> Error {
    Error::new(ErrorCode::Connection, message)
}

fn unreachable(why: &io::Error, place: &str) -> Error {
    let text = visible(&why.to_string());
    match why.kind() {
        io::ErrorKind::ConnectionRefused => connection(format!("nothing listens at {place}"))
            .hint("Check that the server is running and that host and port are right."),
        io::ErrorKind::NotFound => connection(format!("there is no server socket at {place}"))
            .hint("Check the host parameter: it is the folder that holds .s.PGSQL.PORT."),
        io::ErrorKind::PermissionDenied => connection(format!("the system does not allow a connection to {place}"))
            .hint("Check the rights of the socket's folder, or a firewall."),
        _ if text.contains("lookup") => connection(format!("the host of {place} is not known: {text}"))
            .hint("Check the spelling of the host name and the name service."),
        _ => connection(format!("no connection to {place}: {text}")).hint("Check host, port and network."),
    }
}

fn turned_away(server: &PgDatabaseError, place: &str, user: &str, database: &str) -> Error {
    let said = visible(server.message());
    let (code, message, hint) = match server.code() {
        "28P01" => (
            ErrorCode::Authentication,
            format!("{place} refuses the password of {}", visible(user)),
            "Check user and password; ~/.pgpass and PGPASSWORD are read where the URL has no password.",
        ),
        "28000" if said.contains("pg_hba") => (
            ErrorCode::Authentication,
            format!("{place} does not let this client in: {said}"),
            "The server's pg_hba.conf needs a line for this address, user and database, or sslmode is not what it asks.",
        ),
        state if state.starts_with("28") => (
            ErrorCode::Authentication,
            format!("{place} refuses the user: {said}"),
            "Check the user's name and its rights.",
        ),
        "3D000" => (
            ErrorCode::NotFound,
            format!("{place} has no database {}", visible(database)),
            "Check the database's name at the end of the URL.",
        ),
        "53300" => (
            ErrorCode::Connection,
            format!("{place} has no connection left: {said}"),
            "Lockstep needs a handful of connections; raise max_connections or close some.",
        ),
        "57P03" => (
            ErrorCode::Connection,
            format!("{place} is not ready: {said}"),
            "It starts up or recovers; try again soon.",
        ),
        "42501" => (
            ErrorCode::Permission,
            format!("{place} does not let {} in: {said}", visible(user)),
            "Have CONNECT granted on the database.",
        ),
        _ => (ErrorCode::Connection, format!("{place} refuses the connection: {said}"), "See the server's log."),
    };
    Error::new(code, message).hint(hint).engine_code(server.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_the_executor_acts_on_have_their_own_codes() {
        for (state, code) in [
            ("55P03", ErrorCode::LockTimeout),
            ("57014", ErrorCode::Cancelled),
            ("40P01", ErrorCode::Deadlock),
            ("42501", ErrorCode::Permission),
            ("25006", ErrorCode::ReadOnly),
            ("08006", ErrorCode::ConnectionLost),
            ("57P01", ErrorCode::ConnectionLost),
            ("28P01", ErrorCode::Authentication),
            ("42P01", ErrorCode::Statement),
        ] {
            assert_eq!(code_of(state), code, "{state}");
        }
    }

    #[test]
    fn an_unknown_host_and_a_closed_port_say_different_things() {
        let unknown = io::Error::other("failed to lookup address information: Name or service not known");
        assert!(unreachable(&unknown, "nowhere:5432").message.contains("not known"));
        let closed = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(unreachable(&closed, "here:1").message.contains("nothing listens"));
    }
}
