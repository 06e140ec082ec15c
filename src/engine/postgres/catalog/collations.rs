//! Collations (`pg_collation`) and conversions between encodings (`pg_conversion`).

use super::super::scope::{NAMESPACE, own};
use super::build::{Build, Catalog};
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds(build: &Build) -> Vec<Kind> {
    vec![collations(build), conversions()]
}

fn collations(build: &Build) -> Kind {
    let locale = match build.version {
        17.. => {
            "CASE WHEN o.collprovider IN ('i', 'b') THEN format('LOCALE = %L', o.colllocale) \
                 ELSE format('LC_COLLATE = %L, LC_CTYPE = %L', o.collcollate, o.collctype) END \
                 || coalesce(', RULES = ' || quote_literal(o.collicurules), '')"
        }
        16 => {
            "CASE WHEN o.collprovider = 'i' THEN format('LOCALE = %L', o.colliculocale) \
               ELSE format('LC_COLLATE = %L, LC_CTYPE = %L', o.collcollate, o.collctype) END \
               || coalesce(', RULES = ' || quote_literal(o.collicurules), '')"
        }
        15 => {
            "CASE WHEN o.collprovider = 'i' THEN format('LOCALE = %L', o.colliculocale) \
               ELSE format('LC_COLLATE = %L, LC_CTYPE = %L', o.collcollate, o.collctype) END"
        }
        _ => {
            "CASE WHEN o.collprovider = 'i' THEN format('LOCALE = %L', o.collcollate) \
              ELSE format('LC_COLLATE = %L, LC_CTYPE = %L', o.collcollate, o.collctype) END"
        }
    };
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.collname::text, NULL::text, \
         format('CREATE COLLATION %I.%I (PROVIDER = %s, %s%s)', n.nspname, o.collname, \
             CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, {locale}, \
             CASE WHEN o.collisdeterministic THEN '' ELSE ', DETERMINISTIC = false' END), \
         '', format('COLLATION %I.%I', n.nspname, o.collname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_collation') \
         FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE {NAMESPACE} AND {}",
        own("pg_collation", "o.oid")
    );
    Kind { kind: ObjectKind::Collation, catalog: Some(Catalog::Collation), sql }
}

fn conversions() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.conname::text, NULL::text, \
         format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %I.%I', CASE WHEN o.condefault THEN 'DEFAULT ' END, \
             n.nspname, o.conname, pg_encoding_to_char(o.conforencoding), pg_encoding_to_char(o.contoencoding), \
             pn.nspname, p.proname), \
         '', format('CONVERSION %I.%I', n.nspname, o.conname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_conversion') \
         FROM pg_conversion o JOIN pg_namespace n ON n.oid = o.connamespace JOIN pg_proc p ON p.oid = o.conproc \
         JOIN pg_namespace pn ON pn.oid = p.pronamespace WHERE {NAMESPACE} AND {}",
        own("pg_conversion", "o.oid")
    );
    Kind { kind: ObjectKind::Conversion, catalog: Some(Catalog::Conversion), sql }
}
