//! Comments on what the model has no place for one: columns of views, indexes that a constraint made.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, literal, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    for (kind, sql) in [(ObjectKind::Column, view_columns()), (ObjectKind::Index, indexes_of_constraints())] {
        for row in &rows(connection, &sql).await? {
            let mut cells = Cells::new(row);
            let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
            let part: String = cells.take()?;
            let target: String = cells.take()?;
            let text: String = cells.take()?;
            let create = vec![format!("COMMENT ON {target} IS {}", literal(&text))];
            let id = ObjectRef::part(kind, name, part);
            build.schema.others.push(Other::new(id, create, format!("COMMENT ON {target} IS NULL")));
        }
    }
    Ok(())
}

fn view_columns() -> String {
    format!(
        "SELECT n.nspname::text, c.relname::text, 'comment on ' || a.attname, \
         format('COLUMN %I.%I.%I', n.nspname, c.relname, a.attname), d.description \
         FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid \
         WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND c.relkind IN ('v', 'm') AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    )
}

fn indexes_of_constraints() -> String {
    format!(
        "SELECT n.nspname::text, t.relname::text, 'comment on ' || c.relname, \
         format('INDEX %I.%I', n.nspname, c.relname), d.description \
         FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') JOIN pg_class t ON t.oid = k.conrelid \
         WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND {NAMESPACE} AND {}",
        own("pg_class", "t.oid")
    )
}
