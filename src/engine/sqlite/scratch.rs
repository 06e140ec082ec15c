//! The schema that some SQL makes, found by running it on an empty database in memory.

use super::catalog;
use super::errors::from_sqlx;
use super::reader;
use crate::error::Location;
use crate::schema::{EngineKind, Schema};
use crate::{Error, ErrorCode, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

pub(super) async fn schema_of(sql: &str) -> Result<Schema> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false).disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(|e| from_sqlx(&e))?;
    let script = reader::read(sql, &Schema::empty(EngineKind::Sqlite));
    for statement in script.statements {
        // A file of somebody else's must not reach outside of the scratch database.
        let reaches_out = ["ATTACH", "DETACH"].iter().any(|w| statement.class.starts_with(w))
            || statement.text.to_ascii_lowercase().contains("load_extension");
        let place = Location { file: None, line: statement.line, column: statement.column };
        if reaches_out {
            let error =
                Error::new(ErrorCode::Unsupported, format!("{} is not run on a scratch database", statement.class));
            return Err(error.at(place).hint("Take the statement out of the text."));
        }
        let done = sqlx::raw_sql(AssertSqlSafe(statement.text)).execute(&mut connection).await;
        done.map_err(|e| {
            let error = from_sqlx(&e);
            let message = format!("line {}: {}", statement.line, error.message);
            Error { message, code: ErrorCode::Statement, ..error }.at(place)
        })?;
    }
    catalog::inspect(&mut connection).await.map_err(|e| from_sqlx(&e))
}
