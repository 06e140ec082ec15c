//! Speaking to one connection: everything goes as plain text in the simple protocol, so nothing is prepared that a
//! later ALTER could make stale, and a pooler in between does no harm.

use crate::{Error, ErrorCode, Result};
use futures::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Decode, Executor, Postgres, Row, Type};

/// The protocol ends a text at its first NUL, so a statement with one would be cut short.
fn whole(sql: &str) -> Result<String> {
    if sql.contains('\0') {
        return Err(Error::new(ErrorCode::Syntax, "the SQL has a NUL character in it, which PostgreSQL cannot read")
            .hint("Remove it and try again."));
    }
    Ok(sql.to_owned())
}

/// Runs a text as it stands; rows affected come back.
pub(super) async fn run(connection: &mut PgConnection, sql: &str) -> Result<u64> {
    let sql = whole(sql)?;
    let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
    done.map(|done| done.rows_affected()).map_err(super::errors::explain)
}

/// As [`run`], with the driver's own error, for those who need its position.
pub(super) async fn run_raw(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.map(|_| ())
}

/// Runs a text and reads all its rows, each value as text.
pub(super) async fn rows(connection: &mut PgConnection, sql: &str) -> Result<Vec<PgRow>> {
    let sql = whole(sql)?;
    connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(super::errors::explain)
}

/// Runs a text and hands over each row as it comes, so that a long answer is never held whole.
pub(super) async fn each_row(
    connection: &mut PgConnection,
    sql: &str,
    mut take: impl FnMut(&PgRow) -> Result<()>,
) -> Result<()> {
    let sql = whole(sql)?;
    let mut answer = connection.fetch(sqlx::raw_sql(AssertSqlSafe(sql)));
    while let Some(row) = answer.try_next().await.map_err(super::errors::explain)? {
        take(&row)?;
    }
    Ok(())
}

/// A text as a literal that reads the same whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// An identifier, always in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The values of a row, taken from left to right.
pub(super) struct Cells<'r> {
    row: &'r PgRow,
    at: usize,
}

impl<'r> Cells<'r> {
    pub(super) fn new(row: &'r PgRow) -> Self {
        Self { row, at: 0 }
    }

    /// The next value.
    ///
    /// # Errors
    /// When it is not of the type asked for: our query and its reader do not fit.
    pub(super) fn take<T>(&mut self) -> Result<T>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        let at = self.at;
        self.at += 1;
        self.row.try_get(at).map_err(|why| Error::internal(format!("the catalog gave an unexpected value: {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_survive_quotes_and_backslashes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b'c"), "E'a\\\\b''c'");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn a_nul_character_is_refused_before_it_cuts_the_statement() {
        assert_eq!(whole("drop table a\0_copy").unwrap_err().code, ErrorCode::Syntax);
    }
}
