//! Publications, and what each publishes: a part of the table or schema, so that it follows when that is made anew.

use super::super::scope::{NAMESPACE, own};
use super::build::{Build, Catalog};
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds(build: &Build) -> Vec<Kind> {
    let mut kinds = vec![publications(build), tables(build)];
    if build.version >= 15 {
        kinds.push(schemas());
    }
    kinds
}

fn publications(build: &Build) -> Kind {
    let generated =
        build.since(18, "CASE WHEN p.pubgencols <> 'n' THEN ', publish_generated_columns = stored' END", "NULL");
    let sql = format!(
        "SELECT p.oid::int8, '', p.pubname::text, NULL::text, format('CREATE PUBLICATION %I%s WITH (%s)', p.pubname, \
             w.what, o.options), format('PUBLICATION %I%s', p.pubname, w.what), \
         format('PUBLICATION %I', p.pubname), NULL::text, \
         ARRAY['options', format('ALTER PUBLICATION %I SET (%s)', p.pubname, o.options), \
             format('ALTER PUBLICATION %I SET (%s)', p.pubname, o.options), '', 'inline'], \
         obj_description(p.oid, 'pg_publication') \
         FROM pg_publication p CROSS JOIN LATERAL \
             (SELECT CASE WHEN p.puballtables THEN ' FOR ALL TABLES' END) w (what) CROSS JOIN LATERAL \
             (SELECT format('publish = %L, publish_via_partition_root = %s%s', concat_ws(', ', \
                 CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, \
                 CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), p.pubviaroot::text, \
                 {generated})) o (options) \
         WHERE {}",
        own("pg_publication", "p.oid")
    );
    Kind { kind: ObjectKind::Publication, catalog: Some(Catalog::Publication), sql }
}

/// From version 15 on a table may be published with a column list and a row filter.
fn tables(build: &Build) -> Kind {
    let detail = build.since(
        15,
        "coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a \
             WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) || ')', '') \
         || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')",
        "''",
    );
    let sql = format!(
        "SELECT r.oid::int8, n.nspname::text, c.relname::text, p.pubname::text, \
         format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', p.pubname, n.nspname, c.relname) || {detail}, '', '', \
         format('ALTER PUBLICATION %I DROP TABLE ONLY %I.%I', p.pubname, n.nspname, c.relname), {NO_SETTINGS}, NULL::text \
         FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {NAMESPACE} AND {}",
        own("pg_publication", "p.oid")
    );
    Kind { kind: ObjectKind::Publication, catalog: Some(Catalog::PublishedTable), sql }
}

fn schemas() -> Kind {
    let sql = format!(
        "SELECT r.oid::int8, '', n.nspname::text, p.pubname::text, \
         format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', p.pubname, n.nspname), '', '', \
         format('ALTER PUBLICATION %I DROP TABLES IN SCHEMA %I', p.pubname, n.nspname), {NO_SETTINGS}, NULL::text \
         FROM pg_publication_namespace r JOIN pg_publication p ON p.oid = r.pnpubid \
         JOIN pg_namespace n ON n.oid = r.pnnspid WHERE {NAMESPACE} AND {}",
        own("pg_publication", "p.oid")
    );
    Kind { kind: ObjectKind::Publication, catalog: Some(Catalog::PublishedSchema), sql }
}
