//! Aggregates of all kinds (`pg_aggregate`): ordinary, moving, ordered-set and hypothetical-set.

use super::super::scope::{NAMESPACE, own};
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    let sql = format!(
        "SELECT p.oid::int8, n.nspname::text, p.proname::text || '(' || oidvectortypes(p.proargtypes) || ')', NULL::text, \
         format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname, \
             CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END, {}), '', \
         format('AGGREGATE %I.%I(%s)', n.nspname, p.proname, \
             CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_identity_arguments(p.oid) END), \
         NULL::text, {NO_SETTINGS}, obj_description(p.oid, 'pg_proc') \
         FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace \
         WHERE {NAMESPACE} AND {}",
        parts(),
        own("pg_proc", "p.oid")
    );
    vec![Kind { kind: ObjectKind::Aggregate, catalog: Some(Catalog::Routine), sql }]
}

/// The definition's parts, in the manual's order; those that are as they would be by themselves are left out.
fn parts() -> String {
    let not_zero = |word: &str, column: &str| format!("CASE WHEN a.{column} <> 0 THEN '{word} = ' || a.{column} END");
    let bare = |word: &str, column: &str| format!("CASE WHEN a.{column} THEN '{word}' END");
    let text = |word: &str, column: &str| format!("'{word} = ' || quote_literal(a.{column})");
    // Ordered-set aggregates may change their state by themselves, others may not.
    let modify = |word: &str, function: &str, column: &str| {
        format!(
            "CASE WHEN a.{function} <> 0 AND a.{column} <> CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END::\"char\" \
             THEN '{word} = ' || CASE a.{column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' \
             ELSE 'READ_WRITE' END END"
        )
    };
    let parts = [
        "'SFUNC = ' || a.aggtransfn".to_owned(),
        "'STYPE = ' || format_type(a.aggtranstype, NULL)".to_owned(),
        not_zero("SSPACE", "aggtransspace"),
        not_zero("FINALFUNC", "aggfinalfn"),
        bare("FINALFUNC_EXTRA", "aggfinalextra"),
        modify("FINALFUNC_MODIFY", "aggfinalfn", "aggfinalmodify"),
        not_zero("COMBINEFUNC", "aggcombinefn"),
        not_zero("SERIALFUNC", "aggserialfn"),
        not_zero("DESERIALFUNC", "aggdeserialfn"),
        text("INITCOND", "agginitval"),
        not_zero("MSFUNC", "aggmtransfn"),
        not_zero("MINVFUNC", "aggminvtransfn"),
        "CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END".to_owned(),
        not_zero("MSSPACE", "aggmtransspace"),
        not_zero("MFINALFUNC", "aggmfinalfn"),
        bare("MFINALFUNC_EXTRA", "aggmfinalextra"),
        modify("MFINALFUNC_MODIFY", "aggmfinalfn", "aggmfinalmodify"),
        text("MINITCOND", "aggminitval"),
        "(SELECT format('SORTOP = OPERATOR(%I.%s)', sn.nspname, s.oprname) FROM pg_operator s \
             JOIN pg_namespace sn ON sn.oid = s.oprnamespace WHERE s.oid = a.aggsortop)"
            .to_owned(),
        "CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END".to_owned(),
        "CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END".to_owned(),
    ];
    format!("concat_ws(', ', {})", parts.join(", "))
}
