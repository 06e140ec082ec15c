//! How many rows and bytes tables have, as far as that is to be had without reading them.

use super::render::{ident, literal};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// Bytes of a file up to which `dbstat`, which reads every page, is asked for sizes.
const DBSTAT_LIMIT: i64 = 32 * 1024 * 1024;

/// Tables up to which the last rowid of each is looked up.
const ROWID_LIMIT: usize = 2_000;

/// Terms of one UNION ALL; SQLite's own limit is 500.
const TERMS: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Facts {
    pub rows: BTreeMap<String, u64>,
    pub bytes: BTreeMap<String, u64>,
    pub index_bytes: BTreeMap<String, u64>,
}

impl Facts {
    /// `with_rowid` are the tables that have one.
    pub(super) async fn read(
        connection: &mut SqliteConnection,
        with_rowid: &[String],
        sizes: bool,
    ) -> sqlx::Result<Self> {
        let mut facts = Self::default();
        if with_rowid.len() <= ROWID_LIMIT {
            for some in with_rowid.chunks(TERMS) {
                facts.read_last_rowids(connection, some).await?;
            }
        }
        facts.read_statistics(connection).await?;
        if sizes {
            facts.read_sizes(connection).await?;
        }
        Ok(facts)
    }

    /// The last rowid is one look into the table's tree; with rows deleted it is more than there are.
    async fn read_last_rowids(&mut self, connection: &mut SqliteConnection, tables: &[String]) -> sqlx::Result<()> {
        let terms: Vec<String> = tables
            .iter()
            .map(|name| format!("SELECT {}, (SELECT max(rowid) FROM {})", literal(name), ident(name)))
            .collect();
        for row in sqlx::query(AssertSqlSafe(terms.join(" UNION ALL "))).fetch_all(connection).await? {
            let last: Option<i64> = row.try_get(1)?;
            self.rows.insert(row.try_get(0)?, last.map_or(0, |n| u64::try_from(n).unwrap_or(0)));
        }
        Ok(())
    }

    /// The first number of `sqlite_stat1.stat` is the table's rows when ANALYZE was last run.
    async fn read_statistics(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let there: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'")
            .fetch_one(&mut *connection)
            .await?;
        if there == 0 {
            return Ok(());
        }
        let sql = "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 \
                   WHERE stat IS NOT NULL AND idx IS NOT NULL GROUP BY tbl";
        for row in sqlx::query(sql).fetch_all(connection).await? {
            let rows: i64 = row.try_get(1)?;
            // The statistics may be older than the last row.
            let name: String = row.try_get(0)?;
            self.rows.entry(name).or_insert(u64::try_from(rows).unwrap_or(0));
        }
        Ok(())
    }

    async fn read_sizes(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let bytes: i64 =
            sqlx::query_scalar("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
                .fetch_one(&mut *connection)
                .await?;
        if bytes > DBSTAT_LIMIT {
            return Ok(());
        }
        let sql = "SELECT m.tbl_name, m.type, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name \
                   WHERE d.aggregate = TRUE GROUP BY 1, 2";
        // An SQLite without dbstat has no sizes by table.
        let Ok(rows) = sqlx::query(sql).fetch_all(connection).await else { return Ok(()) };
        for row in rows {
            let bytes = u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
            let kind: String = row.try_get(1)?;
            let sizes = if kind == "index" { &mut self.index_bytes } else { &mut self.bytes };
            sizes.insert(row.try_get(0)?, bytes);
        }
        Ok(())
    }
}
