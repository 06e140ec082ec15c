//! What acts by itself: policies, rules, event triggers.

use super::super::scope::{NAMESPACE, own};
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    vec![policies(), rules(), event_triggers()]
}

fn policies() -> Kind {
    let sql = format!(
        "SELECT p.oid::int8, n.nspname::text, c.relname::text, p.polname::text, \
         format('CREATE POLICY %I ON %I.%I%s FOR %s TO %s%s%s', p.polname, n.nspname, c.relname, \
             CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END, \
             CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' \
                 WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
             (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ' \
                 ORDER BY CASE WHEN r = 0 THEN '' ELSE pg_get_userbyid(r) END) FROM unnest(p.polroles) r), \
             coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''), \
             coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')), \
         '', format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname), NULL::text, {NO_SETTINGS}, \
         obj_description(p.oid, 'pg_policy') \
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::Policy, catalog: Some(Catalog::Policy), sql }
}

fn rules() -> Kind {
    let sql = format!(
        "SELECT r.oid::int8, n.nspname::text, c.relname::text, r.rulename::text, pg_get_ruledef(r.oid), '', \
         format('RULE %I ON %I.%I', r.rulename, n.nspname, c.relname), NULL::text, \
         CASE r.ev_enabled WHEN 'O' THEN {NO_SETTINGS} ELSE ARRAY['state', s.set, s.set, \
             format('ALTER TABLE %I.%I ENABLE RULE %I', n.nspname, c.relname, r.rulename), NULL] END, \
         obj_description(r.oid, 'pg_rewrite') \
         FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL (SELECT format('ALTER TABLE %I.%I %s RULE %I', n.nspname, c.relname, \
             CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, \
             r.rulename)) s (set) \
         WHERE r.rulename <> '_RETURN' AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::Rule, catalog: None, sql }
}

fn event_triggers() -> Kind {
    let sql = format!(
        "SELECT e.oid::int8, '', e.evtname::text, NULL::text, \
         format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %I.%I()', e.evtname, e.evtevent, \
             coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ') FROM unnest(e.evttags) t) || ')', ''), \
             pn.nspname, p.proname), \
         '', format('EVENT TRIGGER %I', e.evtname), NULL::text, \
         CASE e.evtenabled WHEN 'O' THEN {NO_SETTINGS} ELSE ARRAY['state', s.set, s.set, \
             format('ALTER EVENT TRIGGER %I ENABLE', e.evtname), NULL] END, \
         obj_description(e.oid, 'pg_event_trigger') \
         FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace \
         CROSS JOIN LATERAL (SELECT format('ALTER EVENT TRIGGER %I %s', e.evtname, CASE e.evtenabled \
             WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END)) s (set) \
         WHERE {}",
        own("pg_event_trigger", "e.oid")
    );
    Kind { kind: ObjectKind::EventTrigger, catalog: Some(Catalog::EventTrigger), sql }
}
