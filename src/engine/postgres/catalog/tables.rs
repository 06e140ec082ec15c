//! Tables themselves (`pg_class`), their partitioning and inheritance (`pg_inherits`).

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use super::foreign::secret_options;
use super::text::options;
use crate::Result;
use crate::schema::{Foreign, ObjectKind, PartitionOf, QName, RowSecurity, Table, TableStats};
use sqlx::postgres::{PgConnection, PgRow};

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relpersistence = 'u', \
         CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, c.reloptions, t.reloptions, \
         c.relrowsecurity, c.relforcerowsecurity, obj_description(c.oid, 'pg_class'), \
         CASE WHEN c.relkind = 'r' AND c.reltuples >= 0 AND (c.reltuples > 0 OR c.relpages > 0) \
              THEN c.reltuples::int8 END, \
         CASE WHEN c.relkind = 'r' THEN c.relpages::int8 * b.size END, x.pages * b.size, \
         fs.srvname::text, ft.ftoptions \
         FROM (SELECT current_setting('block_size')::int8 AS size) b, pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid \
         LEFT JOIN (SELECT i.indrelid, sum(ic.relpages)::int8 AS pages FROM pg_index i \
             JOIN pg_class ic ON ic.oid = i.indexrelid GROUP BY 1) x ON x.indrelid = c.oid \
         LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid LEFT JOIN pg_foreign_server fs ON fs.oid = ft.ftserver \
         WHERE c.relkind IN ('r', 'p', 'f') AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    for row in &rows(connection, &sql).await? {
        let (oid, mut table) = table(row)?;
        if table.foreign.is_some() {
            secret_options(build, &table.name, &mut table.options);
        }
        build.name_relation(oid, ObjectKind::Table, &table.name);
        build.tables.insert(oid, table);
    }
    parents(connection, build).await
}

fn table(row: &PgRow) -> Result<(i64, Table)> {
    let mut cells = Cells::new(row);
    let oid: i64 = cells.take()?;
    let mut table = Table::new(QName::new(cells.take::<String>()?, cells.take::<String>()?));
    table.unlogged = cells.take()?;
    table.partition_by = cells.take()?;
    table.options = options(cells.take()?, "");
    table.options.extend(options(cells.take()?, "toast."));
    table.row_security = RowSecurity { enabled: cells.take()?, forced: cells.take()? };
    table.comment = cells.take()?;
    let mut size = || Ok::<_, crate::Error>(cells.take::<Option<i64>>()?.and_then(|n| u64::try_from(n).ok()));
    table.stats = TableStats { rows: size()?, bytes: size()?, index_bytes: size()?, ..TableStats::default() };
    if let Some(server) = cells.take()? {
        table.foreign = Some(Foreign { server });
        table.options = options(cells.take()?, "");
    }
    Ok((oid, table))
}

async fn parents(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = "SELECT i.inhrelid::int8, pn.nspname::text, p.relname::text, \
               CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END \
               FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent \
               JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relkind IN ('r', 'p', 'f') \
               ORDER BY i.inhrelid, i.inhseqno";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let child: i64 = cells.take()?;
        let parent = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let bound: Option<String> = cells.take()?;
        let Some(table) = build.tables.get_mut(&child) else { continue };
        match bound {
            Some(bound) => table.partition_of = Some(PartitionOf { parent, bound }),
            None => table.inherits.push(parent),
        }
    }
    Ok(())
}
