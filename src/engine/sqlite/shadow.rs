//! The shadow: the same schema in a database in memory. SQLite locks a file as a whole and tells nothing of what it
//! rewrites, so what is seen is whether the statements run, and what schema they lead to.

use super::backfill;
use super::catalog;
use super::dialect::SqliteDialect;
use super::errors::from_sqlx;
use super::render::{ident, relation};
use super::scratch;
use super::session::query;
use crate::engine::{Dialect, Observed, Seen, Shadow, Trial};
use crate::schema::Schema;
use crate::sql::{SqlFile, Syntax};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) struct SqliteShadow {
    connection: SqliteConnection,
    /// The file that it is a shadow of.
    original: PathBuf,
}

impl SqliteShadow {
    pub(super) async fn make(schema: &Schema, original: PathBuf) -> Result<Self> {
        let text = SqliteDialect.script(schema);
        let connection = scratch::loaded(&[SqlFile::new("the schema", text)]).await?;
        Ok(Self { connection, original })
    }

    async fn run(&mut self, sql: &str) -> Result<()> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await;
        done.map(drop).map_err(|why| from_sqlx(&why))
    }

    async fn statements(&mut self, trial: &Trial<'_>) -> Result<Vec<Seen>> {
        if let Some(walked) = trial.backfill {
            let began = Instant::now();
            backfill::batch(&mut self.connection, walked, None, walked.batch_rows).await?;
            return Ok(vec![Seen { took: began.elapsed(), ..Seen::default() }]);
        }
        let mut seen = Vec::new();
        for sql in trial.sql {
            let began = Instant::now();
            self.run(sql).await?;
            seen.push(Seen { sql: sql.clone(), took: began.elapsed(), ..Seen::default() });
        }
        if let Some(check) = trial.check
            && !query(&mut self.connection, &check.query, &[]).await?.is_empty()
        {
            return Err(Error::new(ErrorCode::Refused, check.message.clone()));
        }
        Ok(seen)
    }
}

#[async_trait]
impl Shadow for SqliteShadow {
    fn place(&self) -> &'static str {
        "a database in memory"
    }

    fn notes(&self) -> &[String] {
        &[]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(SqliteDialect)
    }

    async fn inspect(&mut self) -> Result<Schema> {
        catalog::inspect(&mut self.connection).await.map_err(|why| from_sqlx(&why))
    }

    async fn attempt(&mut self, trial: &Trial<'_>) -> Result<Observed> {
        for setting in trial.session {
            self.run(setting).await?;
        }
        if trial.transactional {
            self.run("BEGIN").await?;
        }
        let done = self.statements(trial).await;
        if trial.transactional {
            self.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        }
        self.run("PRAGMA foreign_keys = OFF").await?;
        Ok(Observed { statements: done?, ..Observed::default() })
    }

    async fn sample(&mut self, rows: u64) -> Result<u64> {
        let schema = self.inspect().await?;
        let original = SqliteDialect.literal(&format!("file:{}?mode=ro", self.original.display()));
        self.run(&format!("ATTACH {original} AS original")).await?;
        let mut copied = 0;
        for table in schema.tables.values() {
            let columns: Vec<String> =
                table.columns.iter().filter(|c| c.generated.is_none()).map(|c| ident(&c.name)).collect();
            let columns = columns.join(", ");
            let sql = format!(
                "INSERT INTO {} ({columns}) SELECT {columns} FROM original.{} LIMIT {rows}",
                relation(&table.name),
                ident(&table.name.name)
            );
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await;
            copied += done.map_err(|why| from_sqlx(&why))?.rows_affected();
        }
        self.run("DETACH original").await?;
        Ok(copied)
    }

    async fn remove(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
