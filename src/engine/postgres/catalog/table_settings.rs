//! What tables have besides their definition: replica identity, clustering.

use super::super::scope::{NAMESPACE, own};
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    vec![replica_identities(), clustered()]
}

/// The replica identity, where it is not the primary key.
fn replica_identities() -> Kind {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, 'replica identity', \
         format('ALTER TABLE %I.%I REPLICA IDENTITY %s', n.nspname, c.relname, CASE c.relreplident WHEN 'f' THEN 'FULL' \
             WHEN 'n' THEN 'NOTHING' ELSE format('USING INDEX %I', ic.relname) END), '', '', \
         format('ALTER TABLE %I.%I REPLICA IDENTITY DEFAULT', n.nspname, c.relname), {NO_SETTINGS}, NULL::text \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisreplident LEFT JOIN pg_class ic ON ic.oid = i.indexrelid \
         WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'd' \
         AND (c.relreplident <> 'i' OR i.indexrelid IS NOT NULL) AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::TableSetting, catalog: None, sql }
}

/// The index by which a table or materialised view was last clustered.
fn clustered() -> Kind {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, 'clustering', \
         format('ALTER %s %I.%I CLUSTER ON %I', k.word, n.nspname, c.relname, ic.relname), '', '', \
         format('ALTER %s %I.%I SET WITHOUT CLUSTER', k.word, n.nspname, c.relname), {NO_SETTINGS}, NULL::text \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_class ic ON ic.oid = i.indexrelid CROSS JOIN LATERAL \
             (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END) k (word) \
         WHERE i.indisclustered AND c.relkind IN ('r', 'm') AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::TableSetting, catalog: None, sql }
}
