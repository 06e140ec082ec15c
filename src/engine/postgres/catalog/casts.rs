//! What belongs to the database as a whole: casts, transforms, languages and access methods.

use super::super::scope::own;
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    vec![casts(), transforms(), languages(), access_methods()]
}

/// The user's: not the server's own, not an extension's, and made by nothing else (a range has a cast to its
/// multirange by itself).
fn users(catalog: &str) -> String {
    format!(
        "o.oid >= 16384 AND {} AND NOT EXISTS (SELECT 1 FROM pg_depend made WHERE made.classid = '{catalog}'::regclass \
         AND made.objid = o.oid AND made.deptype = 'i')",
        own(catalog, "o.oid")
    )
}

fn casts() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, '', format('%s AS %s', t.source, t.target), NULL::text, \
         format('CREATE CAST (%s AS %s) %s%s', t.source, t.target, \
             CASE o.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || o.castfunc::regprocedure \
                 WHEN 'b' THEN 'WITHOUT FUNCTION' ELSE 'WITH INOUT' END, \
             CASE o.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END), '', \
         format('CAST (%s AS %s)', t.source, t.target), NULL::text, {NO_SETTINGS}, obj_description(o.oid, 'pg_cast') \
         FROM pg_cast o CROSS JOIN LATERAL \
             (SELECT format_type(o.castsource, NULL), format_type(o.casttarget, NULL)) t (source, target) WHERE {}",
        users("pg_cast")
    );
    Kind { kind: ObjectKind::Cast, catalog: Some(Catalog::Cast), sql }
}

fn transforms() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, '', format('%s LANGUAGE %s', t.name, l.lanname), NULL::text, \
         format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', t.name, l.lanname, concat_ws(', ', \
             CASE WHEN o.trffromsql <> 0 THEN 'FROM SQL WITH FUNCTION ' || o.trffromsql::regprocedure END, \
             CASE WHEN o.trftosql <> 0 THEN 'TO SQL WITH FUNCTION ' || o.trftosql::regprocedure END)), '', \
         format('TRANSFORM FOR %s LANGUAGE %I', t.name, l.lanname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_transform') \
         FROM pg_transform o JOIN pg_language l ON l.oid = o.trflang \
         CROSS JOIN LATERAL (SELECT format_type(o.trftype, NULL)) t (name) WHERE {}",
        users("pg_transform")
    );
    Kind { kind: ObjectKind::Transform, catalog: Some(Catalog::Transform), sql }
}

fn languages() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, '', o.lanname::text, NULL::text, \
         concat_ws(' ', format('CREATE %sLANGUAGE %I', CASE WHEN o.lanpltrusted THEN 'TRUSTED ' END, o.lanname), \
             CASE WHEN o.lanplcallfoid <> 0 THEN 'HANDLER ' || o.lanplcallfoid::regproc END, \
             CASE WHEN o.laninline <> 0 THEN 'INLINE ' || o.laninline::regproc END, \
             CASE WHEN o.lanvalidator <> 0 THEN 'VALIDATOR ' || o.lanvalidator::regproc END), '', \
         format('LANGUAGE %I', o.lanname), NULL::text, {NO_SETTINGS}, obj_description(o.oid, 'pg_language') \
         FROM pg_language o WHERE {}",
        users("pg_language")
    );
    Kind { kind: ObjectKind::Language, catalog: Some(Catalog::Language), sql }
}

fn access_methods() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, '', o.amname::text, NULL::text, \
         format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', o.amname, \
             CASE o.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, o.amhandler), '', \
         format('ACCESS METHOD %I', o.amname), NULL::text, {NO_SETTINGS}, obj_description(o.oid, 'pg_am') \
         FROM pg_am o WHERE {}",
        users("pg_am")
    );
    Kind { kind: ObjectKind::AccessMethod, catalog: Some(Catalog::AccessMethod), sql }
}
