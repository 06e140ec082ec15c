//! Extended statistics (`pg_statistic_ext`).

use super::super::scope::{NAMESPACE, own};
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    let sql = format!(
        "SELECT s.oid::int8, n.nspname::text, s.stxname::text, NULL::text, pg_get_statisticsobjdef(s.oid), '', \
         format('STATISTICS %I.%I', n.nspname, s.stxname), NULL::text, \
         CASE WHEN s.stxstattarget >= 0 THEN ARRAY['statistics target', t.set, t.set, \
             format('ALTER STATISTICS %I.%I SET STATISTICS -1', n.nspname, s.stxname), NULL] ELSE {NO_SETTINGS} END, \
         obj_description(s.oid, 'pg_statistic_ext') \
         FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace CROSS JOIN LATERAL \
             (SELECT format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget)) t (set) \
         WHERE {NAMESPACE} AND {}",
        own("pg_statistic_ext", "s.oid")
    );
    vec![Kind { kind: ObjectKind::Statistics, catalog: Some(Catalog::Statistics), sql }]
}
