//! Owners that are not the usual ones, and the roles that decide what is usual.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Owned, QName, Roles};
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    build.schema.roles = roles(connection, build).await?;
    let mut found = BTreeMap::new();
    for row in &rows(connection, &query(build)).await? {
        let mut cells = Cells::new(row);
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let kind: String = cells.take()?;
        let called: Option<String> = cells.take()?;
        let owner: String = cells.take()?;
        let object = ObjectRef::new(object_kind(&kind), called.clone().map_or(name.clone(), |c| name.sibling(c)));
        found.insert(object.clone(), Owned { object, owner, called });
    }
    build.schema.owners = found.into();
    Ok(())
}

fn object_kind(word: &str) -> ObjectKind {
    match word {
        "sequence" => ObjectKind::Sequence,
        "view" => ObjectKind::View,
        "materialized view" => ObjectKind::MaterializedView,
        "foreign table" => ObjectKind::ForeignTable,
        "table" => ObjectKind::Table,
        "function" => ObjectKind::Routine,
        "type" => ObjectKind::Type,
        "statistics" => ObjectKind::Statistics,
        "collation" => ObjectKind::Collation,
        "conversion" => ObjectKind::Conversion,
        "operator" => ObjectKind::Operator,
        "publication" => ObjectKind::Publication,
        "subscription" => ObjectKind::Subscription,
        "event trigger" => ObjectKind::EventTrigger,
        "language" => ObjectKind::Language,
        "foreign data wrapper" => ObjectKind::ForeignDataWrapper,
        "server" => ObjectKind::ForeignServer,
        "schema" => ObjectKind::Schema,
        "text search dictionary" => ObjectKind::TextSearchDictionary,
        _ => ObjectKind::TextSearchConfiguration,
    }
}

/// The number of `pg_database_owner`, who has the schema `public` from version 15 on, and of the first superuser, who
/// had it before (`pg_authid.dat`).
fn owner_of_public(build: &Build) -> &'static str {
    if build.version >= 15 { "6171" } else { "10" }
}

async fn roles(connection: &mut PgConnection, build: &Build) -> Result<Roles> {
    let mut roles = Roles::default();
    let sql = format!(
        "SELECT current_user::text, pg_get_userbyid(datdba)::text, pg_get_userbyid({})::text FROM pg_database \
         WHERE datname = current_database()",
        owner_of_public(build)
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        (roles.current, roles.owner, roles.owner_of_public) = (cells.take()?, cells.take()?, cells.take()?);
    }
    // PostgreSQL sorts what default privileges give by the numbers of the roles.
    let sql = "SELECT r.rolname::text FROM pg_roles r WHERE r.oid IN (SELECT defaclrole FROM pg_default_acl \
               UNION SELECT x.grantee FROM pg_default_acl CROSS JOIN LATERAL aclexplode(defaclacl) x) ORDER BY r.oid";
    for row in &rows(connection, sql).await? {
        roles.in_order.push(Cells::new(row).take()?);
    }
    Ok(roles)
}

/// Objects as `schema, name, kind, called, owner`; what their kind and name do not say is how they are called.
fn query(build: &Build) -> String {
    let kind = |catalog: &str, prefix: &str, name: &str, word: &str, called: &str, also: &str| {
        format!(
            "SELECT n.nspname::text, o.{name}, {word}, {called}, o.{prefix}owner \
             FROM {catalog} o JOIN pg_namespace n ON n.oid = o.{prefix}namespace, d \
             WHERE o.{prefix}owner <> d.datdba AND {NAMESPACE} AND {}{also}",
            own(catalog, "o.oid")
        )
    };
    let simple = |catalog: &str, prefix: &str, word: &str| {
        let called = format!("format('{} %I.%I', n.nspname, o.{prefix}name)", word.to_uppercase());
        kind(catalog, prefix, &format!("{prefix}name::text"), &format!("'{word}'"), &called, "")
    };
    let of_access = |catalog: &str, prefix: &str, word: &str| {
        let called = format!(
            "format('{word} %I.%I USING %I', n.nspname, o.{prefix}name, (SELECT m.amname FROM pg_am m \
             WHERE m.oid = o.{prefix}method))"
        );
        kind(catalog, prefix, &format!("{prefix}name::text"), "'operator'", &called, "")
    };
    let alone = |catalog: &str, prefix: &str, word: &str| {
        let (lower, of_here) = match word {
            "SUBSCRIPTION" => (word.to_lowercase(), " AND o.subdbid = d.oid"),
            _ => (word.to_lowercase(), ""),
        };
        format!(
            "SELECT '', o.{prefix}name::text, '{lower}', format('{word} %I', o.{prefix}name), o.{prefix}owner \
             FROM {catalog} o, d WHERE o.{prefix}owner <> d.datdba AND o.oid >= 16384 AND {}{of_here}",
            own(catalog, "o.oid")
        )
    };
    let kinds = [
        // A sequence that a column owns has the table's owner.
        kind(
            "pg_class",
            "rel",
            "relname::text",
            "CASE o.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
             WHEN 'f' THEN 'foreign table' ELSE 'table' END",
            "NULL::text",
            " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT 1 FROM pg_depend w \
             WHERE w.classid = 'pg_class'::regclass AND w.objid = o.oid AND w.refclassid = 'pg_class'::regclass \
             AND o.relkind = 'S' AND w.refobjsubid > 0 AND w.deptype IN ('a', 'i'))",
        ),
        kind(
            "pg_proc",
            "pro",
            "proname::text || '(' || oidvectortypes(o.proargtypes) || ')'",
            "'function'",
            "NULL::text",
            " AND NOT EXISTS (SELECT 1 FROM pg_depend i \
             WHERE i.classid = 'pg_proc'::regclass AND i.objid = o.oid AND i.deptype = 'i')",
        ),
        kind(
            "pg_type",
            "typ",
            "typname::text",
            "'type'",
            "NULL::text",
            " AND o.typtype IN ('b', 'c', 'd', 'e', 'r') AND NOT EXISTS (SELECT 1 FROM pg_type l WHERE l.typarray = o.oid) AND (o.typrelid = 0 OR EXISTS \
             (SELECT 1 FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))",
        ),
        simple("pg_statistic_ext", "stx", "statistics"),
        simple("pg_collation", "coll", "collation"),
        simple("pg_conversion", "con", "conversion"),
        simple("pg_ts_dict", "dict", "text search dictionary"),
        simple("pg_ts_config", "cfg", "text search configuration"),
        kind(
            "pg_operator",
            "opr",
            "oprname::text",
            "'operator'",
            "format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, \
             CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END, \
             CASE o.oprright WHEN 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END)",
            "",
        ),
        of_access("pg_opclass", "opc", "OPERATOR CLASS"),
        of_access("pg_opfamily", "opf", "OPERATOR FAMILY"),
        alone("pg_publication", "pub", "PUBLICATION"),
        alone("pg_subscription", "sub", "SUBSCRIPTION"),
        alone("pg_event_trigger", "evt", "EVENT TRIGGER"),
        alone("pg_language", "lan", "LANGUAGE"),
        alone("pg_foreign_data_wrapper", "fdw", "FOREIGN DATA WRAPPER"),
        alone("pg_foreign_server", "srv", "SERVER"),
        format!(
            "SELECT '', o.nspname::text, 'schema', NULL::text, o.nspowner \
             FROM pg_namespace o, d, LATERAL \
                 (SELECT CASE o.nspname WHEN 'public' THEN {}::oid ELSE d.datdba END) usual (id) \
             WHERE o.nspowner <> usual.id AND o.nspname !~ '^pg_' AND o.nspname NOT IN ('information_schema', 'lockstep') \
             AND {}",
            owner_of_public(build),
            own("pg_namespace", "o.oid")
        ),
    ];
    format!(
        "WITH d AS (SELECT oid, datdba FROM pg_database WHERE datname = current_database()) \
         SELECT o.schema, o.name, o.kind, o.called, pg_get_userbyid(o.owner)::text \
         FROM ({}) o (schema, name, kind, called, owner)",
        kinds.join(" UNION ALL ")
    )
}
