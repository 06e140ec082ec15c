//! Statements about triggers, policies, views, comments, domains and the like.

use super::tables::lock_named;
use super::work::Work;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::plan::LockMode::{AccessExclusive, AccessShare, Share, ShareRowExclusive, ShareUpdateExclusive};
use crate::schema::{Change, ObjectKind, QName};

pub(super) fn judge(work: &mut Work<'_>, text: &str, class: &str) {
    match class {
        "CREATE TRIGGER" => {
            if let Some(table) = after_on(work, text) {
                work.lock_all(&table, ShareRowExclusive);
            }
        }
        "CREATE POLICY" | "ALTER POLICY" | "CREATE RULE" | "ALTER TRIGGER" | "ALTER RULE" => {
            if let Some(table) = after_on(work, text) {
                work.lock(&table, AccessExclusive);
            }
        }
        "CREATE STATISTICS" | "CREATE PUBLICATION" | "ALTER PUBLICATION" | "SECURITY LABEL" => {
            lock_named(work, ShareUpdateExclusive);
        }
        "COMMENT" => comment(work),
        "GRANT" | "REVOKE" if work.version >= 18 => lock_named(work, AccessShare),
        "CREATE VIEW" | "CREATE MATERIALIZED VIEW" => {
            lock_named(work, AccessShare);
            for change in &work.reading.changes {
                if let Change::ReplaceView { view } = change {
                    work.lock(&view.name, AccessExclusive);
                }
            }
        }
        // Its values are kept in a row of its own, which others read with each nextval.
        "ALTER SEQUENCE" => lock_named(work, ShareRowExclusive),
        "DROP SEQUENCE" => lock_named(work, AccessExclusive),
        "DROP STATISTICS" => statistics_dropped(work, text),
        "ALTER DOMAIN" => domain(work, text),
        _ => {}
    }
}

/// The relation after the first ON that a name follows: `… ON table`.
fn after_on(work: &Work<'_>, text: &str) -> Option<QName> {
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() {
        // A rule's `ON event TO table`.
        let event = cursor.take_any(&["on select to", "on insert to", "on update to", "on delete to"]).is_some();
        if event || cursor.take("on") {
            let name = cursor.name()?;
            return Some(work.relation(&name));
        }
        cursor.step();
    }
    None
}

fn comment(work: &mut Work<'_>) {
    let kinds = [ObjectKind::Table, ObjectKind::Column, ObjectKind::View, ObjectKind::MaterializedView];
    for change in &work.reading.changes {
        if let Change::SetComment { object, .. } = change
            && kinds.contains(&object.kind)
        {
            work.lock(&object.name, ShareUpdateExclusive);
        }
    }
}

/// A constraint that a domain gets or validates is checked on every column of the domain.
fn domain(work: &mut Work<'_>, text: &str) {
    let mut cursor = Cursor::new(text);
    cursor.take("alter domain");
    let Some(name) = cursor.name() else { return };
    let checks = cursor.take_any(&["add", "validate constraint", "set not null"]).is_some();
    if !checks || cursor.has("not valid") {
        return;
    }
    let is_it = |data_type: &str| {
        data_type
            .parse::<QName>()
            .is_ok_and(|q| q.name == name.name && name.schema.as_ref().is_none_or(|s| *s == q.schema))
    };
    let tables = work.context.schema.tables.values().filter(|t| t.columns.iter().any(|c| is_it(&c.data_type)));
    let tables: Vec<QName> = tables.map(|t| t.name.clone()).collect();
    for table in tables {
        work.lock(&table, Share);
        work.scan(&table);
    }
}

/// The tables that extended statistics are about.
fn statistics_dropped(work: &mut Work<'_>, text: &str) {
    let mut cursor = Cursor::new(text);
    cursor.take("drop statistics");
    cursor.take("if exists");
    let Some(name) = cursor.name() else { return };
    let about = work.context.schema.dependencies.iter().filter(|d| {
        let own = &d.from.name;
        d.from.kind == ObjectKind::Statistics
            && own.name == name.name
            && name.schema.as_ref().is_none_or(|schema| *schema == own.schema)
    });
    let tables: Vec<QName> = about.map(|d| d.on.name.clone()).collect();
    for table in tables {
        work.lock(&table, ShareUpdateExclusive);
    }
}
