//! What cannot be without what, as the server itself keeps it (`pg_depend`). Left out is what the model tells already:
//! columns and constraints in their table, indexes on their table's columns, foreign keys, parents, schemas.

use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use crate::Result;
use crate::schema::{Dependency, ObjectKind, ObjectRef, Other, QName, ROW_TYPE};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::{HashMap, HashSet};

/// An object by its catalog and number.
type Address = (Catalog, i64);

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    rewrites(connection, build).await?;
    types(connection, build).await?;
    indexes(connection, build).await?;
    extensions(connection, build).await?;
    let typed = |o: &&Other| o.id.kind == ObjectKind::TableSetting && o.id.part.as_deref() == Some(ROW_TYPE);
    let typed = build.schema.others.iter().filter(typed).map(|o| o.id.clone()).collect();
    let names = Names { build, typed, owners: owners(connection).await? };
    let mut found = Vec::new();
    for row in &rows(connection, DEPENDENCIES).await? {
        found.extend(dependency(row, &names)?);
    }
    for row in &rows(connection, KEYS).await? {
        found.extend(key(row, build)?);
    }
    build.schema.dependencies = found.into();
    build.schema.tracked = true;
    Ok(())
}

/// Numbers of catalogs as in [`Catalog::of_number`]; the first number of a database's own objects is 16384. Defaults
/// and constraints come with the place that they are named by.
const DEPENDENCIES: &str = "\
    SELECT d.classid::int8, d.objid::int8, d.objsubid, d.refclassid::int8, d.refobjid::int8, d.refobjsubid, \
        NULL::int8, NULL::int2, NULL::int8, NULL::int8, NULL::text FROM pg_depend d \
    WHERE d.deptype IN ('n', 'a') AND d.objid >= 16384 AND d.refobjid >= 16384 AND d.refclassid <> 2615 \
    AND d.classid NOT IN (2604, 2606) AND NOT (d.classid = 1259 AND d.objsubid = 0 AND d.refclassid = 1259) \
    UNION ALL \
    SELECT d.classid::int8, d.objid::int8, d.objsubid, d.refclassid::int8, d.refobjid::int8, d.refobjsubid, \
        f.adrelid::int8, f.adnum, NULL::int8, NULL::int8, NULL::text \
    FROM pg_attrdef f JOIN pg_depend d ON d.objid = f.oid AND d.classid = 2604 \
    WHERE d.deptype IN ('n', 'a') AND d.refobjid >= 16384 \
    AND (d.refclassid <> 1259 OR d.refobjid <> f.adrelid OR d.refobjsubid <> f.adnum) \
    UNION ALL \
    SELECT d.classid::int8, d.objid::int8, d.objsubid, d.refclassid::int8, d.refobjid::int8, d.refobjsubid, \
        NULL::int8, NULL::int2, k.conrelid::int8, k.contypid::int8, k.conname::text \
    FROM pg_constraint k JOIN pg_depend d ON d.objid = k.oid AND d.classid = 2606 \
    WHERE d.deptype IN ('n', 'a') AND d.refobjid >= 16384 AND d.refclassid <> 2615 \
    AND (d.refclassid <> 1259 OR k.contype IN ('c', 'x') AND d.refobjid <> k.conrelid)";

/// The key under a foreign key, where its table has several on the same columns: else the columns tell.
const KEYS: &str = "\
    SELECT f.conrelid::int8, f.conname::text, f.confrelid::int8, i.relname::text, k.conname::text \
    FROM pg_constraint f JOIN pg_class i ON i.oid = f.conindid \
    LEFT JOIN pg_constraint k ON k.conindid = f.conindid AND k.contype IN ('p', 'u') \
    WHERE f.contype = 'f' AND f.conparentid = 0 AND f.confrelid IN (SELECT o.indrelid FROM pg_index o \
        WHERE o.indisunique AND o.indrelid >= 16384 GROUP BY o.indrelid, o.indkey::int2[] HAVING count(*) > 1)";

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

/// Types that stand for themselves; arrays, rows of tables and multiranges belong to what they are made of.
async fn types(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = "SELECT t.oid::int8, n.nspname::text, t.typname::text FROM pg_type t \
               JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid \
               WHERE t.oid >= 16384 AND t.typtype IN ('b', 'c', 'd', 'e', 'r', 'p') AND t.typcategory <> 'A' \
               AND (c.oid IS NULL OR c.relkind = 'c')";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        if build.schema.types.contains_key(&name) {
            build.name(Catalog::Type, oid, ObjectRef::new(ObjectKind::Type, name));
        }
    }
    Ok(())
}

/// Indexes that need more than their table: a function, an operator class, a collation.
async fn indexes(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = "SELECT x.indexrelid::int8, x.indrelid::int8, c.relname::text, k.conname::text \
               FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid \
               LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x') \
               WHERE x.indexrelid IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 1259 AND d.objsubid = 0 \
                   AND d.refclassid NOT IN (1259, 2606, 2615) AND d.refobjid >= 16384)";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let (oid, relation): (i64, i64) = (cells.take()?, cells.take()?);
        let name: String = cells.take()?;
        let constraint: Option<String> = cells.take()?;
        let Some(owner) = build.relation(relation).cloned() else { continue };
        let object = match constraint {
            Some(constraint) => ObjectRef::part(ObjectKind::Constraint, owner, constraint),
            None => ObjectRef::part(ObjectKind::Index, owner, name),
        };
        build.name(Catalog::Relation, oid, object);
    }
    Ok(())
}

async fn extensions(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    for row in &rows(connection, "SELECT x.oid::int8, x.extname::text FROM pg_extension x").await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name: String = cells.take()?;
        if build.schema.extensions.contains_key(&name) {
            build.name(Catalog::Extension, oid, ObjectRef::new(ObjectKind::Extension, QName::new("", name)));
        }
    }
    Ok(())
}

/// What objects without a name of their own belong to: an array to its element, a table's row to the table, a member
/// to its extension, a published table to its publication.
async fn owners(connection: &mut PgConnection) -> Result<HashMap<Address, Address>> {
    let sql = "SELECT d.classid::int8, d.objid::int8, d.refclassid::int8, d.refobjid::int8 FROM pg_depend d \
               WHERE d.objid >= 16384 AND (d.deptype = 'e' \
               OR d.deptype = 'a' AND d.classid IN (6106, 6237) AND d.refclassid = 6104 \
               OR d.deptype = 'i' AND (d.classid IN (2602, 2603) OR d.classid = 1259 AND d.refclassid = 1247 \
               OR d.classid = 1247 AND d.objid IN (SELECT u.refobjid FROM pg_depend u WHERE u.refclassid = 1247 \
                   AND u.deptype = 'n' AND u.refobjid >= 16384)))";
    let mut out = HashMap::new();
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        if let (Some(member), Some(owner)) = (address(&mut cells)?, address(&mut cells)?) {
            out.insert(member, owner);
        }
    }
    Ok(out)
}

fn address(cells: &mut Cells<'_>) -> Result<Option<Address>> {
    let (catalog, oid): (i64, i64) = (cells.take()?, cells.take()?);
    Ok(Catalog::of_number(catalog).map(|catalog| (catalog, oid)))
}

struct Names<'a> {
    build: &'a Build,
    /// Tables' row types, which are settings of theirs.
    typed: HashSet<ObjectRef>,
    owners: HashMap<Address, Address>,
}

impl Names<'_> {
    /// The object at an address, or what it belongs to.
    fn get(&self, mut address: Address) -> Option<&ObjectRef> {
        // An array of rows belongs to the row type, which belongs to the table, which may belong to an extension.
        for _ in 0..4 {
            if let Some(object) = self.build.names.get(&address) {
                return Some(object);
            }
            address = *self.owners.get(&address)?;
        }
        None
    }

    fn part(&self, address: Address, number: i32) -> Option<ObjectRef> {
        let object = self.get(address)?;
        let number = i16::try_from(number).unwrap_or_default();
        if address.0 != Catalog::Relation || number == 0 {
            return Some(object.clone());
        }
        match self.build.column(address.1, number) {
            Some(column) => Some(ObjectRef::part(ObjectKind::Column, object.name.clone(), column)),
            // An attribute of a composite type, which is known as a whole.
            None => Some(object.clone()),
        }
    }
}

fn dependency(row: &PgRow, names: &Names<'_>) -> Result<Option<Dependency>> {
    let mut cells = Cells::new(row);
    let (dependant, number) = (address(&mut cells)?, cells.take::<i32>()?);
    let (on, on_number) = (address(&mut cells)?, cells.take::<i32>()?);
    let default: (Option<i64>, Option<i16>) = (cells.take()?, cells.take()?);
    let constraint: (Option<i64>, Option<i64>, Option<String>) = (cells.take()?, cells.take()?, cells.take()?);
    let (Some(dependant), Some(on)) = (dependant, on) else { return Ok(None) };
    let from = match (default, constraint) {
        ((Some(relation), Some(column)), _) => default_of(dependant, (relation, column), names),
        (_, (Some(relation), Some(domain), Some(name))) => constraint_of(relation, domain, name, names),
        _ => names.part(dependant, number),
    };
    let (Some(from), Some(on)) = (from, names.part(on, on_number)) else { return Ok(None) };
    let setting = ObjectRef::part(ObjectKind::TableSetting, from.name.clone(), ROW_TYPE);
    let by_setting = on.kind == ObjectKind::Type && from.part.is_none() && names.typed.contains(&setting);
    let from = if by_setting { setting } else { from };
    // That a part hangs on its own table, and a view on itself, says nothing.
    let own = from == on || on.part.is_none() && from.part.is_some() && from.name == on.name;
    Ok((!own).then_some(Dependency { from, on }))
}

/// A generated column is named as a column, because its expression cannot go without it.
fn default_of(dependant: Address, (relation, column): (i64, i16), names: &Names<'_>) -> Option<ObjectRef> {
    if let Some(generated) = names.build.names.get(&dependant) {
        return Some(generated.clone());
    }
    let owner = names.build.relation(relation)?.clone();
    Some(ObjectRef::part(ObjectKind::Default, owner, names.build.column(relation, column)?))
}

/// A table's constraint; a domain's belongs to the domain.
fn constraint_of(relation: i64, domain: i64, name: String, names: &Names<'_>) -> Option<ObjectRef> {
    if domain != 0 {
        return names.get((Catalog::Type, domain)).cloned();
    }
    let owner = names.build.relation(relation)?.clone();
    Some(ObjectRef::part(ObjectKind::Constraint, owner, name))
}

fn key(row: &PgRow, build: &Build) -> Result<Option<Dependency>> {
    let mut cells = Cells::new(row);
    let table: i64 = cells.take()?;
    let name: String = cells.take()?;
    let referenced: i64 = cells.take()?;
    let index: String = cells.take()?;
    let constraint: Option<String> = cells.take()?;
    let (Some(table), Some(referenced)) = (build.relation(table), build.relation(referenced)) else { return Ok(None) };
    let on = match constraint {
        Some(constraint) => ObjectRef::part(ObjectKind::Constraint, referenced.clone(), constraint),
        None => ObjectRef::part(ObjectKind::Index, referenced.clone(), index),
    };
    Ok(Some(Dependency { from: ObjectRef::part(ObjectKind::Constraint, table.clone(), name), on }))
}
