//! Triggers of tables and views (`pg_trigger`).

use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, QName, Trigger};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT t.oid::int8, t.tgrelid::int8, t.tgname::text, pg_get_triggerdef(t.oid), t.tgenabled::text, \
         pn.nspname::text, p.proname::text, obj_description(t.oid, 'pg_trigger') \
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace \
         WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND {NAMESPACE}"
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let (oid, relation): (i64, i64) = (cells.take()?, cells.take()?);
        let name: String = cells.take()?;
        let trigger = Trigger {
            name: name.clone(),
            definition: cells.take()?,
            state: state(&cells.take::<String>()?),
            function: Some(QName::new(cells.take::<String>()?, cells.take::<String>()?)),
            comment: cells.take()?,
        };
        let owner = if let Some(table) = build.tables.get_mut(&relation) {
            table.triggers.insert(name.clone(), trigger);
            table.name.clone()
        } else if let Some(view) = build.views.get_mut(&relation) {
            view.triggers.insert(name.clone(), trigger);
            view.name.clone()
        } else {
            continue;
        };
        build.name(Catalog::Trigger, oid, ObjectRef::part(ObjectKind::Trigger, owner, name));
    }
    Ok(())
}

/// How `tgenabled` departs from being simply enabled.
fn state(letter: &str) -> Option<String> {
    let word = match letter {
        "D" => "disabled",
        "R" => "replica",
        "A" => "always",
        _ => return None,
    };
    Some(word.to_owned())
}
