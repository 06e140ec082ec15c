//! How each database does it. Every other room speaks to a database through the traits here, and what differs
//! between databases is behind them and nowhere else.

mod gauges;
mod private;
mod probing;
mod shadow;
mod target;
mod tidy;
mod traits;

pub mod postgres;
pub mod sqlite;

pub use gauges::{
    Activity, Blocker, Gate, HeldLock, Latency, Locks, Progress, Replica, Sample, Throughput, Verdict, WaitingLock,
};
pub use private::{Private, PrivateFolder, is_alive};
pub use probing::{BUDGET, probe};
pub use shadow::{Counted, Observed, Reach, Seen, Shadow, Statements, Trial};
pub use target::{ConnectOptions, Secret, ServerInfo, Target};
pub use tidy::settled;
pub use traits::{
    BatchResult, Canceller, Database, Dialect, Engine, Focus, Made, Row, Sampler, Session, SessionRole, TableUse,
    Value, note_use,
};

use crate::schema::EngineKind;
use crate::{Error, Result};
use std::sync::Arc;

/// The engine for a kind of database.
///
/// # Errors
/// For kinds that this version cannot talk to.
pub fn engine(kind: EngineKind) -> Result<Arc<dyn Engine>> {
    match kind {
        EngineKind::Postgres => Ok(Arc::new(postgres::Postgres)),
        EngineKind::Sqlite => Ok(Arc::new(sqlite::Sqlite)),
        EngineKind::Mysql | EngineKind::Mariadb => {
            Err(Error::new(crate::ErrorCode::Unsupported, format!("{kind} is not supported yet"))
                .hint("Lockstep speaks to PostgreSQL and SQLite in this version."))
        }
    }
}

/// The dialect of an engine for text alone, with no server: the newest version that the engine's reader knows.
///
/// # Errors
/// As [`engine`].
pub fn dialect(kind: EngineKind) -> Result<Arc<dyn Dialect>> {
    Ok(engine(kind)?.dialect())
}

/// The dialect of a major version of an engine, with no server.
///
/// # Errors
/// As [`engine`]; `Usage` when the version is not known, or makes no difference for the engine.
pub fn dialect_of(kind: EngineKind, version: u32) -> Result<Arc<dyn Dialect>> {
    engine(kind)?.dialect_of(version).ok_or_else(|| {
        Error::usage(format!("{kind} is not judged as version {version}"))
            .hint("Versions are told apart for PostgreSQL 13 to 18.")
    })
}

/// Opens a database.
///
/// # Errors
/// When no connection can be made; the message says what failed and what to try.
pub async fn connect(target: &Target, options: &ConnectOptions) -> Result<Arc<dyn Database>> {
    engine(target.engine)?.connect(target, options).await
}
