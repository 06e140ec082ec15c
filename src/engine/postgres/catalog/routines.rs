//! Functions, window functions and procedures (`pg_proc`); aggregates are among the others.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, QName, Routine};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT p.oid::int8, n.nspname::text, p.proname::text, oidvectortypes(p.proargtypes), p.prokind = 'p', \
         l.lanname::text, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc') \
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang \
         WHERE p.prokind <> 'a' AND {NAMESPACE} AND {} \
         AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid \
             AND i.deptype = 'i')",
        own("pg_proc", "p.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        if build.names.contains_key(&(Catalog::Routine, oid)) {
            // It belongs to a type.
            continue;
        }
        let routine = Routine {
            name: QName::new(cells.take::<String>()?, cells.take::<String>()?),
            arguments: cells.take()?,
            procedure: cells.take()?,
            language: cells.take()?,
            definition: cells.take::<String>()?.trim_end().to_owned(),
            comment: cells.take()?,
        };
        let key = routine.key();
        build.name(Catalog::Routine, oid, ObjectRef::new(ObjectKind::Routine, key.clone()));
        build.schema.routines.insert(key, routine);
    }
    Ok(())
}
