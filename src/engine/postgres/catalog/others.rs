//! Objects that are known by the statements which make and remove them: policies, rules, statistics objects, event
//! triggers, aggregates, publications and collations. The server writes the statements, so its quoting holds.

use super::super::render::faithful;
use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, literal, rows};
use super::build::{Build, Catalog};
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName};
use sqlx::postgres::PgConnection;

/// One kind's query: number, schema, name (of the table for its parts), part, the statement that makes it, how it is
/// called after `DROP` and `COMMENT ON`, a further statement or nothing, and its comment.
struct Kind {
    kind: ObjectKind,
    catalog: Option<Catalog>,
    sql: String,
}

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    for kind in [
        replica_identities(),
        clustered(),
        policies(),
        rules(),
        statistics(),
        event_triggers(),
        aggregates(),
        publications(build),
        collations(build),
    ] {
        for row in &rows(connection, &kind.sql).await? {
            let mut cells = Cells::new(row);
            let oid: i64 = cells.take()?;
            let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
            let part: Option<String> = cells.take()?;
            let create: Option<String> = cells.take()?;
            let called: String = cells.take()?;
            let further: Option<String> = cells.take()?;
            let comment: Option<String> = cells.take()?;
            let id = ObjectRef { kind: kind.kind, name, part };
            if let Some(catalog) = kind.catalog {
                build.name(catalog, oid, id.clone());
            }
            let Some(create) = create else {
                build.schema.unmodelled.push(id);
                continue;
            };
            let create = faithful(create.trim_end().trim_end_matches(';'));
            let comment = comment.map(|c| format!("COMMENT ON {called} IS {}", literal(&c)));
            let create = [Some(create), further, comment].into_iter().flatten().collect();
            let drop = if called.starts_with("ALTER ") { called } else { format!("DROP {called}") };
            build.schema.others.push(Other::new(id, create, drop));
        }
    }
    Ok(())
}

/// The replica identity, where it is not the primary key.
fn replica_identities() -> Kind {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, 'replica identity', \
         format('ALTER TABLE %I.%I REPLICA IDENTITY %s', n.nspname, c.relname, CASE c.relreplident WHEN 'f' THEN 'FULL' \
             WHEN 'n' THEN 'NOTHING' ELSE format('USING INDEX %I', ic.relname) END), \
         format('ALTER TABLE %I.%I REPLICA IDENTITY DEFAULT', n.nspname, c.relname), NULL::text, NULL::text \
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
         format('ALTER %s %I.%I CLUSTER ON %I', k.word, n.nspname, c.relname, ic.relname), \
         format('ALTER %s %I.%I SET WITHOUT CLUSTER', k.word, n.nspname, c.relname), NULL::text, NULL::text \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_class ic ON ic.oid = i.indexrelid CROSS JOIN LATERAL \
             (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END) k (word) \
         WHERE i.indisclustered AND c.relkind IN ('r', 'm') AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::TableSetting, catalog: None, sql }
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
         format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname), NULL::text, obj_description(p.oid, 'pg_policy') \
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::Policy, catalog: Some(Catalog::Policy), sql }
}

fn rules() -> Kind {
    let sql = format!(
        "SELECT r.oid::int8, n.nspname::text, c.relname::text, r.rulename::text, pg_get_ruledef(r.oid), \
         format('RULE %I ON %I.%I', r.rulename, n.nspname, c.relname), \
         CASE r.ev_enabled WHEN 'O' THEN NULL ELSE format('ALTER TABLE %I.%I %s RULE %I', n.nspname, c.relname, \
             CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, \
             r.rulename) END, obj_description(r.oid, 'pg_rewrite') \
         FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE r.rulename <> '_RETURN' AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    Kind { kind: ObjectKind::Rule, catalog: None, sql }
}

fn statistics() -> Kind {
    let sql = format!(
        "SELECT s.oid::int8, n.nspname::text, s.stxname::text, NULL::text, pg_get_statisticsobjdef(s.oid), \
         format('STATISTICS %I.%I', n.nspname, s.stxname), \
         CASE WHEN s.stxstattarget >= 0 THEN \
             format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget) END, \
         obj_description(s.oid, 'pg_statistic_ext') \
         FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {NAMESPACE} AND {}",
        own("pg_statistic_ext", "s.oid")
    );
    Kind { kind: ObjectKind::Statistics, catalog: Some(Catalog::Statistics), sql }
}

fn event_triggers() -> Kind {
    let sql = format!(
        "SELECT e.oid::int8, '', e.evtname::text, NULL::text, \
         format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %I.%I()', e.evtname, e.evtevent, \
             coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ') FROM unnest(e.evttags) t) || ')', ''), \
             pn.nspname, p.proname), \
         format('EVENT TRIGGER %I', e.evtname), \
         CASE e.evtenabled WHEN 'O' THEN NULL ELSE format('ALTER EVENT TRIGGER %I %s', e.evtname, \
             CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END) END, \
         obj_description(e.oid, 'pg_event_trigger') \
         FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace \
         WHERE {}",
        own("pg_event_trigger", "e.oid")
    );
    Kind { kind: ObjectKind::EventTrigger, catalog: Some(Catalog::EventTrigger), sql }
}

/// Ordinary aggregates; ordered-set ones have no statement here and are only named.
fn aggregates() -> Kind {
    let sql = format!(
        "SELECT p.oid::int8, n.nspname::text, p.proname::text || '(' || oidvectortypes(p.proargtypes) || ')', NULL::text, \
         CASE WHEN a.aggkind = 'n' THEN \
         format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s%s%s%s%s%s%s%s%s)', n.nspname, p.proname, \
             CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END, a.aggtransfn, \
             format_type(a.aggtranstype, NULL), \
             CASE WHEN a.aggtransspace <> 0 THEN ', SSPACE = ' || a.aggtransspace ELSE '' END, \
             CASE WHEN a.aggfinalfn <> 0 THEN ', FINALFUNC = ' || a.aggfinalfn ELSE '' END, \
             CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END, \
             CASE WHEN a.aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || a.aggcombinefn ELSE '' END, \
             CASE WHEN a.agginitval IS NOT NULL THEN ', INITCOND = ' || quote_literal(a.agginitval) ELSE '' END, \
             CASE WHEN a.aggsortop <> 0 THEN (SELECT format(', SORTOP = OPERATOR(%I.%s)', onsp.nspname, o.oprname) \
                 FROM pg_operator o JOIN pg_namespace onsp ON onsp.oid = o.oprnamespace WHERE o.oid = a.aggsortop) \
                 ELSE '' END, \
             CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END, \
             CASE WHEN a.aggmtransfn <> 0 THEN concat(', MSFUNC = ', a.aggmtransfn, ', MINVFUNC = ', a.aggminvtransfn, \
                 ', MSTYPE = ', format_type(a.aggmtranstype, NULL), \
                 CASE WHEN a.aggmtransspace <> 0 THEN ', MSSPACE = ' || a.aggmtransspace END, \
                 CASE WHEN a.aggmfinalfn <> 0 THEN ', MFINALFUNC = ' || a.aggmfinalfn END, \
                 CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' END, \
                 ', MINITCOND = ' || quote_literal(a.aggminitval)) ELSE '' END) END, \
         format('AGGREGATE %I.%I(%s)', n.nspname, p.proname, \
             CASE WHEN p.pronargs = 0 THEN '*' ELSE oidvectortypes(p.proargtypes) END), \
         NULL::text, obj_description(p.oid, 'pg_proc') \
         FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace \
         WHERE {NAMESPACE} AND {}",
        own("pg_proc", "p.oid")
    );
    Kind { kind: ObjectKind::Aggregate, catalog: Some(Catalog::Routine), sql }
}

/// Publications; from version 15 on a table may be published with a column list, a row filter, or by its schema.
fn publications(build: &Build) -> Kind {
    let detail = build.since(
        15,
        "coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a \
             WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) || ')', '') \
         || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')",
        "''",
    );
    let schemas = build.since(
        15,
        "(SELECT string_agg('TABLES IN SCHEMA ' || quote_ident(sn.nspname), ', ' ORDER BY sn.nspname) \
         FROM pg_publication_namespace pn JOIN pg_namespace sn ON sn.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)",
        "NULL::text",
    );
    let sql = format!(
        "SELECT p.oid::int8, '', p.pubname::text, NULL::text, \
         format('CREATE PUBLICATION %I%s WITH (publish = %L, publish_via_partition_root = %s)', p.pubname, \
             CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE coalesce(' FOR ' || nullif(concat_ws(', ', \
                 (SELECT string_agg(format('TABLE ONLY %I.%I', n.nspname, c.relname) || {detail}, ', ' \
                     ORDER BY n.nspname, c.relname) \
                  FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid \
                  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid), \
                 {schemas}), ''), '') END, \
             concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, \
                 CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), p.pubviaroot::text), \
         format('PUBLICATION %I', p.pubname), NULL::text, obj_description(p.oid, 'pg_publication') \
         FROM pg_publication p WHERE {}",
        own("pg_publication", "p.oid")
    );
    Kind { kind: ObjectKind::Publication, catalog: Some(Catalog::Publication), sql }
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
         format('COLLATION %I.%I', n.nspname, o.collname), NULL::text, obj_description(o.oid, 'pg_collation') \
         FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE {NAMESPACE} AND {}",
        own("pg_collation", "o.oid")
    );
    Kind { kind: ObjectKind::Collation, catalog: Some(Catalog::Collation), sql }
}
