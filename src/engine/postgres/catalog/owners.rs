//! Owners that are not the database's own: those alone have to be said.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    for row in &rows(connection, &query(build)).await? {
        let mut cells = Cells::new(row);
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let word: String = cells.take()?;
        let target: String = cells.take()?;
        let owner: String = cells.take()?;
        let usual: String = cells.take()?;
        let id = ObjectRef::part(ObjectKind::Owner, name, word);
        let create = vec![format!("ALTER {target} OWNER TO {owner}")];
        build.schema.others.push(Other::new(id, create, format!("ALTER {target} OWNER TO {usual}")));
    }
    Ok(())
}

/// The number of `pg_database_owner`, who has the schema `public` from version 15 on, and of the first superuser, who
/// had it before (`pg_authid.dat`).
fn owner_of_public(build: &Build) -> &'static str {
    if build.version >= 15 { "6171" } else { "10" }
}

fn query(build: &Build) -> String {
    let kind = |catalog: &str, prefix: &str, name: &str, word: &str, target: &str, also: &str| {
        format!(
            "SELECT n.nspname::text, {name}, {word}, {target}, o.{prefix}owner, d.datdba \
             FROM {catalog} o JOIN pg_namespace n ON n.oid = o.{prefix}namespace, d \
             WHERE o.{prefix}owner <> d.datdba AND {NAMESPACE} AND {}{also}",
            own(catalog, "o.oid")
        )
    };
    let alone = |catalog: &str, prefix: &str, word: &str| {
        format!(
            "SELECT '', o.{prefix}name::text, '{}', format('{word} %I', o.{prefix}name), o.{prefix}owner, d.datdba \
             FROM {catalog} o, d WHERE o.{prefix}owner <> d.datdba AND o.oid >= 16384 AND {}",
            word.to_lowercase(),
            own(catalog, "o.oid")
        )
    };
    let kinds = [
        // A sequence that a column owns has the table's owner.
        kind(
            "pg_class",
            "rel",
            "o.relname::text",
            "CASE o.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
             WHEN 'f' THEN 'foreign table' ELSE 'table' END",
            "format('%s %I.%I', CASE o.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' \
             WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, o.relname)",
            " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT 1 FROM pg_depend w \
             WHERE w.classid = 'pg_class'::regclass AND w.objid = o.oid AND w.refclassid = 'pg_class'::regclass \
             AND o.relkind = 'S' AND w.refobjsubid > 0 AND w.deptype IN ('a', 'i'))",
        ),
        kind(
            "pg_proc",
            "pro",
            "o.proname::text || '(' || oidvectortypes(o.proargtypes) || ')'",
            "'function'",
            "format('ROUTINE %I.%I(%s)', n.nspname, o.proname, oidvectortypes(o.proargtypes))",
            " AND (o.prokind <> 'a' OR o.pronargs > 0) AND NOT EXISTS (SELECT 1 FROM pg_depend i \
             WHERE i.classid = 'pg_proc'::regclass AND i.objid = o.oid AND i.deptype = 'i')",
        ),
        kind(
            "pg_type",
            "typ",
            "o.typname::text",
            "'type'",
            "format('TYPE %I.%I', n.nspname, o.typname)",
            " AND o.typtype IN ('b', 'c', 'd', 'e', 'r') AND o.typelem = 0 AND (o.typrelid = 0 OR EXISTS \
             (SELECT 1 FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))",
        ),
        kind(
            "pg_statistic_ext",
            "stx",
            "o.stxname::text",
            "'statistics'",
            "format('STATISTICS %I.%I', n.nspname, o.stxname)",
            "",
        ),
        kind(
            "pg_collation",
            "coll",
            "o.collname::text",
            "'collation'",
            "format('COLLATION %I.%I', n.nspname, o.collname)",
            "",
        ),
        alone("pg_publication", "pub", "PUBLICATION"),
        alone("pg_event_trigger", "evt", "EVENT TRIGGER"),
        format!(
            "SELECT '', o.nspname::text, 'schema', format('SCHEMA %I', o.nspname), o.nspowner, usual.id \
             FROM pg_namespace o, d, LATERAL \
                 (SELECT CASE o.nspname WHEN 'public' THEN {}::oid ELSE d.datdba END) usual (id) \
             WHERE o.nspowner <> usual.id AND o.nspname !~ '^pg_' AND o.nspname NOT IN ('information_schema', 'lockstep') \
             AND {}",
            owner_of_public(build),
            own("pg_namespace", "o.oid")
        ),
    ];
    format!(
        "WITH d AS (SELECT datdba FROM pg_database WHERE datname = current_database()) \
         SELECT o.schema, o.name, o.word, o.target, quote_ident(pg_get_userbyid(o.owner)), \
         quote_ident(pg_get_userbyid(o.usual)) FROM ({}) o (schema, name, word, target, owner, usual)",
        kinds.join(" UNION ALL ")
    )
}
