//! Enums, domains, composite types and ranges (`pg_type`).

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use super::text::bare;
use crate::Result;
use crate::schema::{Attribute, DomainCheck, QName, TypeDef, TypeKind};
use sqlx::postgres::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// How a collation is written: the system's by its bare name, a user's qualified.
pub(super) const COLLATION: &str = "CASE WHEN cn.nspname = 'pg_catalog' THEN co.collname::text \
     ELSE '\"' || replace(cn.nspname, '\"', '\"\"') || '\".\"' || replace(co.collname, '\"', '\"\"') || '\"' END";

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    enums(connection, build).await?;
    domains(connection, build).await?;
    composites(connection, build).await?;
    ranges(connection, build).await
}

fn keep(build: &mut Build, name: QName, kind: TypeKind, comment: Option<String>) {
    build.schema.types.insert(name.clone(), TypeDef { name, kind, comment });
}

async fn enums(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT n.nspname::text, t.typname::text, obj_description(t.oid, 'pg_type'), \
         ARRAY(SELECT v.enumlabel::text FROM pg_enum v WHERE v.enumtypid = t.oid ORDER BY v.enumsortorder) \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND {NAMESPACE} AND {}",
        own("pg_type", "t.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let comment = cells.take()?;
        let values = cells.take()?;
        keep(build, name, TypeKind::Enum { values }, comment);
    }
    Ok(())
}

async fn domains(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let (mut checks, mut not_null_names) = domain_constraints(connection).await?;
    let sql = format!(
        "SELECT t.oid::int8, n.nspname::text, t.typname::text, obj_description(t.oid, 'pg_type'), \
         format_type(t.typbasetype, t.typtypmod), t.typnotnull, \
         coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault), \
         CASE WHEN t.typcollation <> b.typcollation THEN {COLLATION} END \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype \
         LEFT JOIN pg_collation co ON co.oid = t.typcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         WHERE t.typtype = 'd' AND {NAMESPACE} AND {}",
        own("pg_type", "t.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let comment = cells.take()?;
        let kind = TypeKind::Domain {
            base: cells.take()?,
            not_null: cells.take()?,
            default: cells.take()?,
            collation: cells.take()?,
            checks: checks.remove(&oid).unwrap_or_default(),
            not_null_name: not_null_names.remove(&oid).filter(|given| *given != format!("{}_not_null", name.name)),
        };
        keep(build, name, kind, comment);
    }
    Ok(())
}

/// The checks of domains, and the names of their not-null constraints (since 17), by the domain's number.
async fn domain_constraints(
    connection: &mut PgConnection,
) -> Result<(HashMap<i64, BTreeMap<String, DomainCheck>>, HashMap<i64, String>)> {
    let mut checks: HashMap<i64, BTreeMap<String, DomainCheck>> = HashMap::new();
    let mut not_null_names: HashMap<i64, String> = HashMap::new();
    let sql = "SELECT c.contypid::int8, c.conname::text, pg_get_expr(c.conbin, 0), c.convalidated, \
               obj_description(c.oid, 'pg_constraint') \
               FROM pg_constraint c WHERE c.contypid <> 0 AND c.contype IN ('c', 'n')";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let of: i64 = cells.take()?;
        let name: String = cells.take()?;
        let Some(expression) = cells.take::<Option<String>>()? else {
            not_null_names.insert(of, name);
            continue;
        };
        let expression = bare(&expression).to_owned();
        let check = DomainCheck { expression, validated: cells.take()?, comment: cells.take()? };
        checks.entry(of).or_default().insert(name, check);
    }
    Ok((checks, not_null_names))
}

async fn composites(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let mut attributes = attributes(connection).await?;
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, t.typname::text, obj_description(t.oid, 'pg_type') \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' WHERE t.typtype = 'c' AND {NAMESPACE} AND {}",
        own("pg_type", "t.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let comment = cells.take()?;
        let attributes = attributes.remove(&oid).unwrap_or_default();
        keep(build, name, TypeKind::Composite { attributes }, comment);
    }
    Ok(())
}

/// The attributes of composite types, by the number of the type's relation.
async fn attributes(connection: &mut PgConnection) -> Result<HashMap<i64, Vec<Attribute>>> {
    let sql = format!(
        "SELECT a.attrelid::int8, a.attname::text, format_type(a.atttypid, a.atttypmod), \
         CASE WHEN a.attcollation <> t.typcollation THEN {COLLATION} END, \
         col_description(a.attrelid, a.attnum) \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped AND {NAMESPACE} ORDER BY a.attrelid, a.attnum"
    );
    let mut out: HashMap<i64, Vec<Attribute>> = HashMap::new();
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let of: i64 = cells.take()?;
        let attribute = Attribute {
            name: cells.take()?,
            data_type: cells.take()?,
            collation: cells.take()?,
            comment: cells.take()?,
        };
        out.entry(of).or_default().push(attribute);
    }
    Ok(out)
}

/// What is said of a range type: its definition and comment, and where they are read from.
pub(super) fn range(build: &Build) -> String {
    let multirange = build.since(
        14,
        "(SELECT format('MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname) FROM pg_type m \
         JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = r.rngmultitypid)",
        "NULL",
    );
    format!(
        "format('AS RANGE (%s)', concat_ws(', ', 'SUBTYPE = ' || format_type(r.rngsubtype, NULL), \
             CASE WHEN NOT o.opcdefault THEN format('SUBTYPE_OPCLASS = %I.%I', opn.nspname, o.opcname) END, \
             CASE WHEN r.rngcollation <> s.typcollation THEN format('COLLATION = %I.%I', cn.nspname, co.collname) END, \
             CASE WHEN r.rngcanonical <> 0 THEN 'CANONICAL = ' || r.rngcanonical END, \
             CASE WHEN r.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff END, {multirange})), \
         obj_description(t.oid, 'pg_type') \
         FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace \
         JOIN pg_type s ON s.oid = r.rngsubtype \
         JOIN pg_opclass o ON o.oid = r.rngsubopc JOIN pg_namespace opn ON opn.oid = o.opcnamespace \
         LEFT JOIN pg_collation co ON co.oid = r.rngcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         WHERE {NAMESPACE} AND {}",
        own("pg_type", "t.oid")
    )
}

/// Range types without a canonical form, and shells: names of types that are still to be made.
async fn ranges(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT n.nspname::text, t.typname::text, {} AND r.rngcanonical = 0 UNION ALL \
         SELECT n.nspname::text, t.typname::text, '', obj_description(t.oid, 'pg_type') \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         WHERE t.typtype = 'p' AND NOT t.typisdefined AND {NAMESPACE} AND {}",
        range(build),
        own("pg_type", "t.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let definition = cells.take()?;
        let comment = cells.take()?;
        keep(build, name, TypeKind::Other { definition }, comment);
    }
    Ok(())
}
