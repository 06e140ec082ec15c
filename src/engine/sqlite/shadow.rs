//! The shadow: the same schema in a database in memory. SQLite locks a file as a whole and tells nothing of what it
//! rewrites, so what is seen is whether the statements run, and what schema they lead to.

use super::backfill;
use super::catalog;
use super::dialect::SqliteDialect;
use super::errors::from_sqlx;
use super::render::{ident, relation};
use super::scratch;
use super::session::query;
use crate::engine::{Dialect, Observed, Reach, Row, Seen, Shadow, Trial, Value};
use crate::risk::Pace;
use crate::schema::{QName, Schema};
use crate::sql::{SqlFile, Syntax};
use crate::{Error, ErrorCode, Result};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use tokio::time::Instant;

pub(super) struct SqliteShadow {
    connection: SqliteConnection,
}

impl SqliteShadow {
    pub(super) async fn make(schema: &Schema) -> Result<Self> {
        let text = SqliteDialect.script(schema);
        let connection = scratch::loaded(&[SqlFile::new("the schema", text)]).await?;
        Ok(Self { connection })
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

    async fn receive(&mut self, table: &QName, columns: &[String], rows: &[Row]) -> Result<u64> {
        // Triggers cannot be told to stand aside, so they are made again afterwards.
        let triggers =
            query(&mut self.connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'", &[]).await?;
        let texts = |row: &Row| match row.as_slice() {
            [Value::Text(name), Value::Text(sql)] => Some((name.clone(), sql.clone())),
            _ => None,
        };
        let triggers: Vec<(String, String)> = triggers.iter().filter_map(texts).collect();
        for (name, _) in &triggers {
            self.run(&format!("DROP TRIGGER {}", ident(name))).await?;
        }
        let names: Vec<String> = columns.iter().map(|column| ident(column)).collect();
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
        let sql = format!(
            "INSERT OR IGNORE INTO {} ({}) VALUES ({}) RETURNING 1",
            relation(table),
            names.join(", "),
            places.join(", ")
        );
        let mut put = 0;
        for row in rows {
            put += query(&mut self.connection, &sql, row).await?.len() as u64;
        }
        for (_, sql) in &triggers {
            self.run(sql).await?;
        }
        Ok(put)
    }

    async fn reach(&mut self, sql: &str) -> Result<Reach> {
        query(&mut self.connection, &format!("EXPLAIN QUERY PLAN {sql}"), &[]).await.map(|_| Reach::default())
    }

    async fn pace(&mut self) -> Result<Option<Pace>> {
        // Memory tells nothing of the file.
        Ok(None)
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>> {
        query(&mut self.connection, sql, &[]).await
    }

    async fn remove(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
