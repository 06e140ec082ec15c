//! Text search: parsers, templates, dictionaries and configurations (`pg_ts_*`).

use super::super::scope::{NAMESPACE, own};
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    vec![parsers(), templates(), dictionaries(), configurations()]
}

/// `WORD = function` for each function that is there.
fn functions(columns: &[(&str, &str)]) -> String {
    let each =
        columns.iter().map(|(word, column)| format!("CASE WHEN o.{column} <> 0 THEN '{word} = ' || o.{column} END"));
    format!("concat_ws(', ', {})", each.collect::<Vec<_>>().join(", "))
}

fn parsers() -> Kind {
    let functions = functions(&[
        ("START", "prsstart"),
        ("GETTOKEN", "prstoken"),
        ("END", "prsend"),
        ("LEXTYPES", "prslextype"),
        ("HEADLINE", "prsheadline"),
    ]);
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.prsname::text, NULL::text, \
         format('CREATE TEXT SEARCH PARSER %I.%I (%s)', n.nspname, o.prsname, {functions}), '', \
         format('TEXT SEARCH PARSER %I.%I', n.nspname, o.prsname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_ts_parser') \
         FROM pg_ts_parser o JOIN pg_namespace n ON n.oid = o.prsnamespace WHERE {NAMESPACE} AND {}",
        own("pg_ts_parser", "o.oid")
    );
    Kind { kind: ObjectKind::TextSearchParser, catalog: Some(Catalog::SearchParser), sql }
}

fn templates() -> Kind {
    let functions = functions(&[("INIT", "tmplinit"), ("LEXIZE", "tmpllexize")]);
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.tmplname::text, NULL::text, \
         format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, o.tmplname, {functions}), '', \
         format('TEXT SEARCH TEMPLATE %I.%I', n.nspname, o.tmplname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_ts_template') \
         FROM pg_ts_template o JOIN pg_namespace n ON n.oid = o.tmplnamespace WHERE {NAMESPACE} AND {}",
        own("pg_ts_template", "o.oid")
    );
    Kind { kind: ObjectKind::TextSearchTemplate, catalog: Some(Catalog::SearchTemplate), sql }
}

/// One option in the text that a dictionary's options are kept in, `language = 'english', stopwords = 'english'`: a
/// name, in quotes or not, and a value, a literal with doubled quotes or a bare word.
const OPTION: &str = r#"$option$("(?:[^"]|"")+"|[^\s,="]+)\s*=\s*(E?'(?:[^']|'')*'|[^\s,]+)$option$"#;

/// In ALTER an option without a value goes.
fn dictionaries() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.dictname::text, NULL::text, \
         format('CREATE %s (TEMPLATE = %I.%I%s)', c.called, tn.nspname, t.tmplname, ', ' || o.dictinitoption), \
         format('TEMPLATE = %I.%I', tn.nspname, t.tmplname), c.called, NULL::text, \
         ARRAY(SELECT unnest(ARRAY['option ' || x.pair[1], s.set, s.set, format('ALTER %s (%s)', c.called, x.pair[1]), \
             'inline']) FROM regexp_matches(coalesce(o.dictinitoption, ''), {OPTION}, 'g') x (pair) CROSS JOIN LATERAL \
             (SELECT format('ALTER %s (%s = %s)', c.called, x.pair[1], x.pair[2])) s (set)), \
         obj_description(o.oid, 'pg_ts_dict') \
         FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace JOIN pg_ts_template t ON t.oid = o.dicttemplate \
         JOIN pg_namespace tn ON tn.oid = t.tmplnamespace \
         CROSS JOIN LATERAL (SELECT format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, o.dictname)) c (called) \
         WHERE {NAMESPACE} AND {}",
        own("pg_ts_dict", "o.oid")
    );
    Kind { kind: ObjectKind::TextSearchDictionary, catalog: Some(Catalog::SearchDictionary), sql }
}

/// The dictionaries that each type of token is looked up in, in order.
fn configurations() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, o.cfgname::text, NULL::text, \
         format('CREATE %s (PARSER = %I.%I)', c.called, pn.nspname, p.prsname), \
         format('PARSER = %I.%I', pn.nspname, p.prsname), c.called, NULL::text, \
         ARRAY(SELECT unnest(ARRAY['token ' || t.alias, \
             format('ALTER %s ADD MAPPING FOR %I WITH %s', c.called, t.alias, m.dictionaries), \
             format('ALTER %s ALTER MAPPING FOR %I WITH %s', c.called, t.alias, m.dictionaries), \
             format('ALTER %s DROP MAPPING FOR %I', c.called, t.alias), '']) \
             FROM (SELECT w.maptokentype, string_agg(w.mapdict::regdictionary::text, ', ' ORDER BY w.mapseqno) \
                 FROM pg_ts_config_map w WHERE w.mapcfg = o.oid GROUP BY 1) m (token, dictionaries) \
             JOIN ts_token_type(o.cfgparser) t ON t.tokid = m.token), \
         obj_description(o.oid, 'pg_ts_config') \
         FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace JOIN pg_ts_parser p ON p.oid = o.cfgparser \
         JOIN pg_namespace pn ON pn.oid = p.prsnamespace \
         CROSS JOIN LATERAL (SELECT format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, o.cfgname)) c (called) \
         WHERE {NAMESPACE} AND {}",
        own("pg_ts_config", "o.oid")
    );
    Kind { kind: ObjectKind::TextSearchConfiguration, catalog: Some(Catalog::SearchConfiguration), sql }
}
