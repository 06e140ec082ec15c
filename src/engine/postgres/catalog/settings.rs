//! Settings of parts that the model has no place for: defaults of views' columns, storage of materialised views'
//! columns, statistics targets of indexes' expressions, triggers of a partition that fire otherwise than its parent's,
//! the types of typed tables, tablespaces, table access methods, storage parameters of keys, unlogged sequences.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName, ROW_TYPE};
use sqlx::postgres::PgConnection;

/// Each query gives schema, relation, what the setting is called, the statement that makes it and the one that takes
/// it back.
pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let columns = [view_defaults(), stored_columns(build), index_statistics(), partition_triggers(build)];
    let whole = [row_types(), tablespaces(), access_methods(build), keys(), unlogged_sequences()];
    for sql in columns.into_iter().chain(whole) {
        for row in &rows(connection, &sql).await? {
            let mut cells = Cells::new(row);
            let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
            let id = ObjectRef::part(ObjectKind::TableSetting, name, cells.take::<String>()?);
            let create = vec![cells.take::<String>()?];
            let drop: String = cells.take()?;
            build.schema.others.push(Other::new(id, create, drop));
        }
    }
    Ok(())
}

/// Storage parameters of the indexes of keys, which the constraints do not tell.
fn keys() -> String {
    format!(
        "SELECT n.nspname::text, t.relname::text, 'storage parameters of ' || c.relname, \
         format('ALTER INDEX %I.%I SET (%s)', n.nspname, c.relname, array_to_string(c.reloptions, ', ')), \
         format('ALTER INDEX %I.%I RESET (%s)', n.nspname, c.relname, \
             (SELECT string_agg(split_part(o, '=', 1), ', ') FROM unnest(c.reloptions) o)) \
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conindid JOIN pg_class t ON t.oid = k.conrelid \
         JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE k.contype IN ('p', 'u') AND c.reloptions IS NOT NULL AND {NAMESPACE} AND {}",
        own("pg_class", "t.oid")
    )
}

/// Those of identity columns follow their tables.
fn unlogged_sequences() -> String {
    format!(
        "SELECT n.nspname::text, c.relname::text, 'persistence', \
         format('ALTER SEQUENCE %I.%I SET UNLOGGED', n.nspname, c.relname), \
         format('ALTER SEQUENCE %I.%I SET LOGGED', n.nspname, c.relname) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'S' AND c.relpersistence = 'u' AND {NAMESPACE} AND {} AND NOT EXISTS ( \
             SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i')",
        own("pg_class", "c.oid")
    )
}

fn row_types() -> String {
    format!(
        "SELECT n.nspname::text, c.relname::text, '{ROW_TYPE}', \
         format('ALTER TABLE %I.%I OF %I.%I', n.nspname, c.relname, tn.nspname, t.typname), \
         format('ALTER TABLE %I.%I NOT OF', n.nspname, c.relname) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = c.reloftype \
         JOIN pg_namespace tn ON tn.oid = t.typnamespace WHERE {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    )
}

/// Of what is not in the database's own (`pg_class.reltablespace` is 0 there).
fn tablespaces() -> String {
    format!(
        "SELECT n.nspname::text, coalesce(t.relname, c.relname)::text, \
         CASE WHEN t.oid IS NULL THEN 'tablespace' ELSE 'tablespace of ' || c.relname END, \
         format('ALTER %s %I.%I SET TABLESPACE %I', k.word, n.nspname, c.relname, s.spcname), \
         format('ALTER %s %I.%I SET TABLESPACE %I', k.word, n.nspname, c.relname, usual.spcname) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_tablespace s ON s.oid = c.reltablespace \
         JOIN pg_database d ON d.datname = current_database() JOIN pg_tablespace usual ON usual.oid = d.dattablespace \
         LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid \
         CROSS JOIN LATERAL (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'i' THEN 'INDEX' \
             WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END) k (word) \
         WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND {NAMESPACE} AND {}",
        own("pg_class", "coalesce(t.oid, c.oid)")
    )
}

/// Those besides `heap`. Before version 15 a table is made with one and stays with it: what is made for another here
/// says `SET ACCESS METHOD` all the same, which those servers refuse.
fn access_methods(build: &Build) -> String {
    let kinds = build.since(17, "'r', 'p', 'm'", "'r', 'm'");
    format!(
        "SELECT n.nspname::text, c.relname::text, 'access method', \
         format('ALTER %s %I.%I SET ACCESS METHOD %I', k.word, n.nspname, c.relname, a.amname), \
         format('ALTER %s %I.%I SET ACCESS METHOD heap', k.word, n.nspname, c.relname) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam \
         CROSS JOIN LATERAL (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END) k (word) \
         WHERE c.relkind IN ({kinds}) AND a.amname <> 'heap' AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    )
}

/// What an INSERT through a view gives a column that it leaves out.
fn view_defaults() -> String {
    format!(
        "SELECT n.nspname::text, c.relname::text, 'default of ' || a.attname, \
         format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname, \
             pg_get_expr(d.adbin, d.adrelid)), \
         format('ALTER VIEW %I.%I ALTER COLUMN %I DROP DEFAULT', n.nspname, c.relname, a.attname) \
         FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
         WHERE c.relkind = 'v' AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    )
}

/// How the columns of materialised views are kept, where it is not as their type has it.
fn stored_columns(build: &Build) -> String {
    let word = "CASE %s WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END";
    let storage = |of: &str| word.replace("%s", of);
    let compression = build.since(
        14,
        " UNION ALL SELECT 'compression', 'SET COMPRESSION ' || CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END, \
         'SET COMPRESSION default' WHERE a.attcompression <> ''",
        "",
    );
    format!(
        "SELECT n.nspname::text, c.relname::text, s.word || ' of ' || a.attname, \
         format('ALTER MATERIALIZED VIEW %I.%I ALTER COLUMN %I %s', n.nspname, c.relname, a.attname, s.make), \
         format('ALTER MATERIALIZED VIEW %I.%I ALTER COLUMN %I %s', n.nspname, c.relname, a.attname, s.undo) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         JOIN pg_type t ON t.oid = a.atttypid, LATERAL ( \
             SELECT 'storage', 'SET STORAGE ' || {}, 'SET STORAGE ' || {} WHERE a.attstorage <> t.typstorage \
             UNION ALL SELECT 'statistics', 'SET STATISTICS ' || a.attstattarget, 'SET STATISTICS -1' \
             WHERE a.attstattarget >= 0 \
             UNION ALL SELECT 'options', 'SET (' || array_to_string(a.attoptions, ', ') || ')', 'RESET (' || \
                 (SELECT string_agg(o.option_name, ', ') FROM pg_options_to_table(a.attoptions) o) || ')' \
             WHERE a.attoptions IS NOT NULL{compression}) s (word, make, undo) \
         WHERE c.relkind = 'm' AND {NAMESPACE} AND {}",
        storage("a.attstorage"),
        storage("t.typstorage"),
        own("pg_class", "c.oid")
    )
}

/// Only expressions can have a target of their own.
fn index_statistics() -> String {
    format!(
        "SELECT n.nspname::text, r.relname::text, format('statistics of key %s of %s', a.attnum, c.relname), \
         format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS %s', n.nspname, c.relname, a.attnum, a.attstattarget), \
         format('ALTER INDEX %I.%I ALTER COLUMN %s SET STATISTICS -1', n.nspname, c.relname, a.attnum) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indexrelid = c.oid \
         JOIN pg_class r ON r.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relkind IN ('i', 'I') AND a.attstattarget >= 0 AND {NAMESPACE} AND {}",
        own("pg_class", "r.oid")
    )
}

/// A partition has its parent's triggers, but may have them fire otherwise.
fn partition_triggers(build: &Build) -> String {
    if build.version < 13 {
        return "SELECT '', '', '', '', '' WHERE false".to_owned();
    }
    let state = |of: &str| {
        format!(
            "CASE {of} WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END"
        )
    };
    format!(
        "SELECT n.nspname::text, c.relname::text, 'state of trigger ' || t.tgname, \
         format('ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname, {}, t.tgname), \
         format('ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname, {}, t.tgname) \
         FROM pg_trigger t JOIN pg_trigger p ON p.oid = t.tgparentid JOIN pg_class c ON c.oid = t.tgrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT p.tgisinternal AND t.tgenabled <> p.tgenabled AND {NAMESPACE} AND {}",
        state("t.tgenabled"),
        state("p.tgenabled"),
        own("pg_class", "c.oid")
    )
}
