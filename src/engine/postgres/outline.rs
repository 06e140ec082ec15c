//! All names for the browser, in one query that decompiles nothing and opens no relation.

use super::scope::{NAMESPACE, own};
use super::wire::{Cells, rows};
use crate::Result;
use crate::schema::{ObjectKind, OutlineEntry, QName};
use sqlx::postgres::{PgConnection, PgRow};

/// Kind, schema, name, rows and bytes. Sizes are the planner's page counts: the size functions would lock.
fn query() -> String {
    let relations = format!(
        "SELECT c.relkind::text, n.nspname::text, c.relname::text, \
         CASE WHEN c.relkind IN ('r', 'm') AND (c.reltuples > 0 OR c.relpages > 0) AND c.reltuples >= 0 \
              THEN c.reltuples::int8 END, \
         CASE WHEN c.relkind IN ('r', 'm', 'i') \
              THEN c.relpages::int8 * pg_catalog.current_setting('block_size')::int8 END \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND {NAMESPACE} AND {} \
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE c.relkind = 'S' AND d.deptype = 'i' \
             AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid)",
        own("pg_class", "c.oid")
    );
    let routines = format!(
        "SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'routine' END, n.nspname::text, \
         p.proname::text || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')', NULL::int8, NULL::int8 \
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         WHERE {NAMESPACE} AND {}",
        own("pg_proc", "p.oid")
    );
    let types = format!(
        "SELECT 'type', n.nspname::text, t.typname::text, NULL::int8, NULL::int8 \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
         WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c') AND {NAMESPACE} AND {}",
        own("pg_type", "t.oid")
    );
    let triggers = format!(
        "SELECT 'trigger', n.nspname::text, c.relname::text || '.' || t.tgname::text, NULL::int8, NULL::int8 \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    format!(
        "{relations} UNION ALL {routines} UNION ALL {types} UNION ALL {triggers} \
         UNION ALL SELECT 'extension', n.nspname::text, x.extname::text, NULL::int8, NULL::int8 \
         FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace \
         WHERE x.extname <> 'plpgsql' \
         UNION ALL SELECT 'schema', '', n.nspname::text, NULL::int8, NULL::int8 FROM pg_catalog.pg_namespace n \
         WHERE {NAMESPACE} AND {} \
         ORDER BY 2, 3",
        own("pg_namespace", "n.oid")
    )
}

pub(super) async fn outline(connection: &mut PgConnection) -> Result<Vec<OutlineEntry>> {
    rows(connection, &query()).await?.iter().filter_map(|row| entry(row).transpose()).collect()
}

fn entry(row: &PgRow) -> Result<Option<OutlineEntry>> {
    let mut cells = Cells::new(row);
    let kind: String = cells.take()?;
    let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
    let rows: Option<i64> = cells.take()?;
    let bytes: Option<i64> = cells.take()?;
    let size = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    Ok(kind_of(&kind).map(|kind| OutlineEntry { kind, name, rows: size(rows), bytes: size(bytes) }))
}

fn kind_of(word: &str) -> Option<ObjectKind> {
    Some(match word {
        "r" | "p" => ObjectKind::Table,
        "v" => ObjectKind::View,
        "m" => ObjectKind::MaterializedView,
        "f" => ObjectKind::ForeignTable,
        "S" => ObjectKind::Sequence,
        "i" | "I" => ObjectKind::Index,
        "routine" => ObjectKind::Routine,
        "aggregate" => ObjectKind::Aggregate,
        "type" => ObjectKind::Type,
        "trigger" => ObjectKind::Trigger,
        "extension" => ObjectKind::Extension,
        "schema" => ObjectKind::Schema,
        _ => return None,
    })
}
