//! Schemas and extensions (`pg_namespace`, `pg_extension`).

use super::super::scope::{COMMENT_ON_PUBLIC, NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{Extension, Namespace};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT n.nspname::text, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n WHERE {NAMESPACE} AND {}",
        own("pg_namespace", "n.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let name: String = cells.take()?;
        let mut comment: Option<String> = cells.take()?;
        if name == "public" {
            // The comment that it is born with says nothing; that it is gone does.
            comment = Some(comment.unwrap_or_default()).filter(|c| c != COMMENT_ON_PUBLIC);
        }
        build.schema.namespaces.insert(name, Namespace { comment });
    }
    let sql = "SELECT x.extname::text, n.nspname::text, x.extversion, obj_description(x.oid, 'pg_extension'), \
               (SELECT a.comment FROM pg_available_extensions a WHERE a.name = x.extname) \
               FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql'";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let (name, schema, version) = (cells.take::<String>()?, cells.take()?, cells.take()?);
        let comment: Option<String> = cells.take()?;
        let own_comment: Option<String> = cells.take()?;
        // An extension brings its comment along; only another one is the user's.
        let comment = comment.filter(|c| Some(c) != own_comment.as_ref());
        build.schema.extensions.insert(name.clone(), Extension { name, schema, version, comment });
    }
    Ok(())
}
