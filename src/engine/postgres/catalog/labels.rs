//! Security labels (`pg_seclabel`): what a module such as sepgsql has to say about an object of any kind.

use super::super::render::{ident, literal};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = "SELECT upper(l.objtype), l.objname, coalesce(n.nspname::text, ''), l.provider, l.label \
               FROM pg_seclabels l LEFT JOIN pg_namespace n ON n.oid = l.objnamespace \
               WHERE l.objtype NOT IN ('database', 'role', 'tablespace', 'large object')";
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let (kind, called): (String, String) = (cells.take()?, cells.take()?);
        let (schema, provider, label): (String, String, String) = (cells.take()?, cells.take()?, cells.take()?);
        let on = |label: &str| format!("SECURITY LABEL FOR {} ON {kind} {called} IS {label}", ident(&provider));
        let part = format!("{provider} on {} {called}", kind.to_lowercase());
        let id = ObjectRef::part(ObjectKind::SecurityLabel, QName::new("", schema), part);
        build.schema.others.push(Other::new(id, vec![on(&literal(&label))], on("NULL")));
    }
    Ok(())
}
