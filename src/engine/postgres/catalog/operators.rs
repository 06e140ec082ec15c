//! Operators, and the families and classes that bring them to indexes (`pg_operator`, `pg_opfamily`, `pg_opclass`).

use super::super::scope::{NAMESPACE, own};
use super::build::Catalog;
use super::others::{Kind, NO_SETTINGS};
use crate::schema::ObjectKind;

pub(super) fn kinds() -> Vec<Kind> {
    vec![operators(), families(), classes()]
}

/// An operator that is only named by another (its commutator, say) is not one yet, and comes into being with that.
fn operators() -> Kind {
    let named = |word: &str, column: &str| {
        format!(
            "(SELECT format('{word} = OPERATOR(%I.%s)', xn.nspname, x.oprname) FROM pg_operator x \
             JOIN pg_namespace xn ON xn.oid = x.oprnamespace WHERE x.oid = o.{column})"
        )
    };
    let estimator = |name: &str, word: &str, column: &str| {
        format!(
            "CASE WHEN o.{column} <> 0 THEN ARRAY['{name}', format('ALTER %s SET ({word} = %s)', c.called, o.{column}), \
             format('ALTER %s SET ({word} = %s)', c.called, o.{column}), \
             format('ALTER %s SET ({word} = NONE)', c.called), 'inline'] ELSE {NO_SETTINGS} END"
        )
    };
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, format('%s(%s,%s)', o.oprname, c.l, c.r), NULL::text, \
         format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ', f.fixed, \
             CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest END, \
             CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin END)), \
         f.fixed, c.called, NULL::text, {} || {}, obj_description(o.oid, 'pg_operator') \
         FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace CROSS JOIN LATERAL \
             (SELECT t.l, t.r, format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, t.l, t.r) FROM (SELECT \
                 CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END, \
                 CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END) t (l, r)) c (l, r, called) \
         CROSS JOIN LATERAL (SELECT concat_ws(', ', 'FUNCTION = ' || o.oprcode, \
             CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || c.l END, CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || c.r END, \
             {}, {}, CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END)) f (fixed) \
         WHERE o.oprcode <> 0 AND {NAMESPACE} AND {}",
        estimator("restriction estimator", "RESTRICT", "oprrest"),
        estimator("join estimator", "JOIN", "oprjoin"),
        named("COMMUTATOR", "oprcom"),
        named("NEGATOR", "oprnegate"),
        own("pg_operator", "o.oid")
    );
    Kind { kind: ObjectKind::Operator, catalog: Some(Catalog::Operator), sql }
}

/// Members of a family or class. Those of a family alone, in no class, hang on the family.
fn members(catalog: &str, of: &str) -> String {
    let belongs = |member: &str| {
        format!(
            "(SELECT 1 FROM pg_depend d WHERE d.classid = '{member}'::regclass AND d.objid = m.oid \
             AND d.refclassid = '{catalog}'::regclass AND d.refobjid = {of})"
        )
    };
    format!(
        "(SELECT format('OPERATOR %s', m.amopstrategy), \
             format('(%s, %s)', format_type(m.amoplefttype, NULL), format_type(m.amoprighttype, NULL)), \
             m.amopopr::regoperator::text || coalesce((SELECT format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) \
                 FROM pg_opfamily s JOIN pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = m.amopsortfamily), ''), \
             false FROM pg_amop m WHERE EXISTS {} \
         UNION ALL SELECT format('FUNCTION %s', m.amprocnum), \
             format('(%s, %s)', format_type(m.amproclefttype, NULL), format_type(m.amprocrighttype, NULL)), \
             m.amproc::regprocedure::text, true FROM pg_amproc m WHERE EXISTS {}) m (word, types, what, is_function)",
        belongs("pg_amop"),
        belongs("pg_amproc")
    )
}

fn families() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, format('%s USING %s', o.opfname, am.amname), NULL::text, \
         'CREATE ' || c.called, c.called, c.called, NULL::text, \
         ARRAY(SELECT unnest(ARRAY[concat_ws(' ', m.word, m.types), \
             format('ALTER %s ADD %s %s', c.called, m.word, \
                 CASE WHEN m.is_function THEN m.types || ' ' || m.what ELSE m.what END), '', \
             format('ALTER %s DROP %s %s', c.called, m.word, m.types), '']) FROM {}), \
         obj_description(o.oid, 'pg_opfamily') \
         FROM pg_opfamily o JOIN pg_am am ON am.oid = o.opfmethod JOIN pg_namespace n ON n.oid = o.opfnamespace \
         CROSS JOIN LATERAL \
             (SELECT format('OPERATOR FAMILY %I.%I USING %I', n.nspname, o.opfname, am.amname)) c (called) \
         WHERE {NAMESPACE} AND {}",
        members("pg_opfamily", "o.oid"),
        own("pg_opfamily", "o.oid")
    );
    Kind { kind: ObjectKind::OperatorFamily, catalog: Some(Catalog::OperatorFamily), sql }
}

/// A class has to say something: an empty one says that it keeps the type itself.
fn classes() -> Kind {
    let sql = format!(
        "SELECT o.oid::int8, n.nspname::text, format('%s USING %s', o.opcname, am.amname), NULL::text, \
         format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, o.opcname, \
             CASE WHEN o.opcdefault THEN ' DEFAULT' END, format_type(o.opcintype, NULL), am.amname, \
             fn.nspname, f.opfname, coalesce(nullif(concat_ws(', ', \
                 CASE WHEN o.opckeytype <> 0 THEN 'STORAGE ' || format_type(o.opckeytype, NULL) END, \
                 (SELECT string_agg(concat_ws(' ', m.word, CASE WHEN m.is_function THEN m.types END, m.what), ', ' \
                      ORDER BY m.word, m.types) FROM {})), ''), 'STORAGE ' || format_type(o.opcintype, NULL))), '', \
         format('OPERATOR CLASS %I.%I USING %I', n.nspname, o.opcname, am.amname), NULL::text, {NO_SETTINGS}, \
         obj_description(o.oid, 'pg_opclass') \
         FROM pg_opclass o JOIN pg_am am ON am.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace \
         JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace \
         WHERE {NAMESPACE} AND {}",
        members("pg_opclass", "o.oid"),
        own("pg_opclass", "o.oid")
    );
    Kind { kind: ObjectKind::OperatorClass, catalog: Some(Catalog::OperatorClass), sql }
}
