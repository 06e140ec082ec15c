//! Views and materialised views (`pg_class`, `pg_get_viewdef`).

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use super::text::options;
use crate::Result;
use crate::schema::{ObjectKind, QName, View};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind = 'm', pg_get_viewdef(c.oid), c.reloptions, \
         obj_description(c.oid, 'pg_class'), c.relispopulated FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('v', 'm') AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let materialized: bool = cells.take()?;
        let query: String = cells.take()?;
        let view = View {
            materialized,
            options: options(cells.take()?, ""),
            comment: cells.take()?,
            populated: cells.take()?,
            ..View::new(name.clone(), query.trim().trim_end_matches(';').trim_end().to_owned())
        };
        build.name_relation(oid, ObjectKind::of_view(materialized), &name);
        build.views.insert(oid, view);
    }
    Ok(())
}
