//! Sequences that are not an identity's own (`pg_sequence`).

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, QName, Sequence};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8, n.nspname::text, c.relname::text, format_type(s.seqtypid, NULL), s.seqstart, \
         s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, tn.nspname::text, t.relname::text, \
         a.attname::text, obj_description(c.oid, 'pg_class') \
         FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
             AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') \
         LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace \
         LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
         WHERE d.deptype IS DISTINCT FROM 'i' AND {NAMESPACE} AND {}",
        own("pg_class", "c.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let mut sequence = Sequence {
            name: name.clone(),
            data_type: cells.take()?,
            start: cells.take()?,
            increment: cells.take()?,
            min: cells.take()?,
            max: cells.take()?,
            cache: cells.take()?,
            cycle: cells.take()?,
            owned_by: None,
            comment: None,
        };
        let owner: (Option<String>, Option<String>, Option<String>) = (cells.take()?, cells.take()?, cells.take()?);
        if let (Some(schema), Some(table), Some(column)) = owner {
            sequence.owned_by = Some((QName::new(schema, table), column));
        }
        sequence.comment = cells.take()?;
        build.name_relation(oid, ObjectKind::Sequence, &name);
        build.schema.sequences.insert(name, sequence);
    }
    Ok(())
}
