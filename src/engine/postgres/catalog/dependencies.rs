//! What cannot be without what (`pg_depend`): views, rules, routines, triggers, policies and generated columns on
//! tables, columns, views, sequences and routines.

use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use crate::Result;
use crate::schema::{Dependency, ObjectKind, ObjectRef};
use sqlx::postgres::{PgConnection, PgRow};

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    rewrites(connection, build).await?;
    let sql = "SELECT DISTINCT d.classid::regclass::text, d.objid::int8, d.objsubid, d.refclassid::regclass::text, \
               d.refobjid::int8, d.refobjsubid FROM pg_depend d \
               WHERE d.deptype IN ('n', 'a') AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) \
               AND (d.classid IN ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass, \
                   'pg_proc'::regclass, 'pg_attrdef'::regclass) OR d.classid = 'pg_class'::regclass AND d.objsubid > 0)";
    for row in &rows(connection, sql).await? {
        if let Some(dependency) = dependency(row, build)? {
            build.schema.dependencies.push(dependency);
        }
    }
    Ok(())
}

/// A view depends by its rewrite rule `_RETURN`, so that rule stands for the view.
async fn rewrites(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = "SELECT r.oid::int8, r.ev_class::int8, r.rulename::text FROM pg_rewrite r WHERE r.oid >= 16384";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let (oid, relation): (i64, i64) = (cells.take()?, cells.take()?);
        let rule: String = cells.take()?;
        let Some(owner) = build.names.get(&(Catalog::Relation, relation)).cloned() else { continue };
        let object = if rule == "_RETURN" { owner } else { ObjectRef::part(ObjectKind::Rule, owner.name, rule) };
        build.name(Catalog::Rewrite, oid, object);
    }
    Ok(())
}

fn catalog_of(name: &str) -> Option<Catalog> {
    Some(match name {
        "pg_class" => Catalog::Relation,
        "pg_proc" => Catalog::Routine,
        "pg_rewrite" => Catalog::Rewrite,
        "pg_trigger" => Catalog::Trigger,
        "pg_policy" => Catalog::Policy,
        "pg_attrdef" => Catalog::Default,
        _ => return None,
    })
}

fn dependency(row: &PgRow, build: &Build) -> Result<Option<Dependency>> {
    let mut cells = Cells::new(row);
    let from = object(&mut cells, build)?;
    let on = object(&mut cells, build)?;
    let (Some(from), Some(on)) = (from, on) else { return Ok(None) };
    // That a part hangs on its own table, and a view on itself, says nothing.
    let own = from == on || on.part.is_none() && from.part.is_some() && from.name == on.name;
    // Of what is within a table only generated columns can depend on another column.
    Ok((!own).then_some(Dependency { from, on }))
}

fn object(cells: &mut Cells<'_>, build: &Build) -> Result<Option<ObjectRef>> {
    let catalog: String = cells.take()?;
    let oid: i64 = cells.take()?;
    let part: i32 = cells.take()?;
    let Some(catalog) = catalog_of(&catalog) else { return Ok(None) };
    let Some(object) = build.names.get(&(catalog, oid)) else { return Ok(None) };
    let number = i16::try_from(part).unwrap_or_default();
    if catalog != Catalog::Relation || number == 0 {
        return Ok(Some(object.clone()));
    }
    Ok(build.column(oid, number).map(|column| ObjectRef::part(ObjectKind::Column, object.name.clone(), column)))
}
