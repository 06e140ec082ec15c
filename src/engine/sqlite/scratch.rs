//! The schema that some SQL makes, found by running it on an empty database in memory.

use super::catalog;
use super::errors::from_sqlx;
use super::reader;
use crate::engine::Made;
use crate::error::Location;
use crate::schema::{EngineKind, Schema};
use crate::sql::{Agenda, SqlFile, Statement, Task};
use crate::{Error, ErrorCode, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::collections::HashMap;

pub(super) async fn schema_of(files: &[SqlFile]) -> Result<Made> {
    let mut connection = loaded(files).await?;
    let schema = catalog::inspect(&mut connection).await.map_err(|e| from_sqlx(&e))?;
    Ok(Made { schema, notes: Vec::new() })
}

/// A database in memory in which the files were run.
pub(super) async fn loaded(files: &[SqlFile]) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false).disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(|e| from_sqlx(&e))?;
    let mut statements: Vec<(usize, Statement)> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let script = reader::read(&file.text, &Schema::empty(EngineKind::Sqlite));
        statements.extend(script.statements.into_iter().map(|statement| (at, statement)));
    }
    for (file, statement) in &statements {
        refuse_reaching_out(statement, files.get(*file))?;
    }
    load(&mut connection, &statements, files).await?;
    Ok(connection)
}

/// A file of somebody else's must not reach outside of the scratch database.
fn refuse_reaching_out(statement: &Statement, file: Option<&SqlFile>) -> Result<()> {
    let reaches_out = ["ATTACH", "DETACH"].iter().any(|w| statement.class.starts_with(w))
        || statement.text.to_ascii_lowercase().contains("load_extension");
    if !reaches_out {
        return Ok(());
    }
    let error = Error::new(ErrorCode::Unsupported, format!("{} is not run on a scratch database", statement.class));
    Err(error.at(place(statement, file)).hint("Take the statement out of the text."))
}

/// Runs the statements in an order that can be run.
async fn load(connection: &mut SqliteConnection, statements: &[(usize, Statement)], files: &[SqlFile]) -> Result<()> {
    let task = |(file, statement): &(usize, Statement)| Task { file: *file, texts: vec![statement.text.clone()] };
    let mut agenda = Agenda::new(statements.iter().map(task).collect());
    let mut failures: HashMap<usize, Error> = HashMap::new();
    while let Some(task) = agenda.next_task() {
        let Some((file, statement)) = statements.get(task) else { break };
        let Err(why) = sqlx::raw_sql(AssertSqlSafe(statement.text.clone())).execute(&mut *connection).await else {
            agenda.done();
            continue;
        };
        let mut error = failed(&from_sqlx(&why), statement, files.get(*file));
        if error.message.contains(" already exists") {
            if let Some((file, first)) = agenda.made_before(task).and_then(|other| statements.get(other)) {
                let other = files.get(*file).map_or_else(String::new, |file| file.place(first.line));
                error.message = format!("{}; {other} makes it too", error.message);
            }
            return Err(error.hint("Make it in one place only."));
        }
        failures.insert(task, error);
        agenda.failed();
    }
    // What waits for none of the others is what is wrong.
    let left = agenda.left();
    let root = left.iter().find(|task| !agenda.waits_for(**task).iter().any(|other| left.contains(other)));
    match root.or(left.first()).and_then(|task| failures.remove(task)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn failed(error: &Error, statement: &Statement, file: Option<&SqlFile>) -> Error {
    let message = format!("line {}: {}", statement.line, error.message);
    Error { message, code: ErrorCode::Statement, ..error.clone() }.at(place(statement, file))
}

fn place(statement: &Statement, file: Option<&SqlFile>) -> Location {
    let file = file.and_then(|file| file.path.clone());
    Location { file, line: statement.line, column: statement.column }
}
