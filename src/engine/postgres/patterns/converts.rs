//! Statements that convert values to another type, with a copy of the values from before: no cast leads back from what
//! a USING clause made of them.

use super::drops::{kept_as, list, own_type};
use super::rows::Copies;
use super::{expression, names, retype, reverse};
use crate::engine::postgres::render::{ident, index, literal, relation};
use crate::plan::{KeptRows, Rollback};
use crate::schema::{Change, Column, Index, IndexTarget, QName, Schema, Table};
use crate::sql::Statement;

/// `None` for statements that convert nothing, or do what has no way back here.
pub(super) fn keeping(statement: &Statement, now: &Schema) -> Option<KeptRows> {
    let changes = &statement.reading.changes;
    if !statement.reading.complete || !changes.iter().any(|c| matches!(c, Change::AlterColumnType { .. })) {
        return None;
    }
    let mut copies = Copies::new(statement, now);
    let mut schema = now.clone();
    let mut parts = Vec::new();
    for change in changes {
        let before = schema.clone();
        schema.apply(change).ok()?;
        parts.push(match change {
            Change::AlterColumnType { table, column, .. } => {
                let (was, is) = (before.tables.get(table)?, schema.tables.get(table)?);
                Conversion { was, is, old: was.column(column)?, new: is.column(column)? }.back(&mut copies, now)
            }
            other => reverse::rollback(other, &before, &schema),
        });
    }
    copies.sql.push(statement.text.clone());
    Some(copies.kept_within(reverse::together(parts)))
}

struct Conversion<'a> {
    was: &'a Table,
    is: &'a Table,
    old: &'a Column,
    new: &'a Column,
}

impl Conversion<'_> {
    fn back(&self, copies: &mut Copies<'_>, now: &Schema) -> Rollback {
        let name = ident(&self.old.name);
        let table = relation(&self.was.name);
        let mut rollback = Rollback::exact(Vec::new());
        let value = if retype::is_free(&self.old.data_type, &self.new.data_type) {
            rollback.note = Some(format!("It fails if a value no longer fits {}.", self.old.data_type));
            format!("{name}::{}", self.old.data_type)
        } else if let Some(call) = self.kept_value(copies, now, &mut rollback.sql) {
            rollback.note = Some(format!(
                "{} comes back as it was kept; rows written since are converted back, and it fails if one cannot be.",
                self.old.name
            ));
            call
        } else {
            let what = format!("what the conversion of {} rounded or cut off does not come back", self.old.name);
            rollback = Rollback::lossy(Vec::new(), what);
            format!("{name}::text::{}", self.old.data_type)
        };
        // PostgreSQL would carry its own casts into what it converts along with the column.
        let rebuilt: Vec<&Index> = self.was.indexes.values().filter(|i| is_computed_from(i, &self.old.name)).collect();
        rollback.sql.extend(rebuilt.iter().map(|i| index::drop(&self.was.name, &i.name, false)));
        let alter = |action: &str| format!("ALTER COLUMN {name} {action}");
        let mut actions = Vec::new();
        if self.is.column(&self.old.name).is_some_and(|c| c.default.is_some()) {
            actions.push(alter("DROP DEFAULT"));
        }
        let collation = self.old.collation.as_ref().map(|c| format!(" COLLATE {c}")).unwrap_or_default();
        actions.push(alter(&format!("TYPE {}{collation} USING {value}", self.old.data_type)));
        actions.extend(self.old.default.iter().map(|default| alter(&format!("SET DEFAULT {default}"))));
        rollback.sql.push(format!("ALTER TABLE {table} {}", actions.join(", ")));
        rollback.sql.extend(rebuilt.iter().flat_map(|i| index::direct(&self.was.name, i, false)));
        rollback
    }

    /// Keeps the values, and gives the call that looks one up; a conversion cannot look into another table itself.
    fn kept_value(&self, copies: &mut Copies<'_>, now: &Schema, sql: &mut Vec<String>) -> Option<String> {
        // The row is found by what it has before and after the statement alike.
        let there = now.tables.get(&self.was.name)?;
        let key = copies.key(there).filter(|key| !key.contains(&self.old.name))?;
        let same = |column: &String| {
            there.column(column).map(|c| &c.data_type) == self.is.column(column).map(|c| &c.data_type)
        };
        if !key.iter().all(same) || there.column(&self.old.name).is_none() || there.partition_by.is_some() {
            return None;
        }
        let copy = copies.name(there);
        let kept: Vec<String> = key.iter().chain([&self.old.name]).cloned().collect();
        copies.sql.push(format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", relation(&there.name)));
        copies.sql.push(format!(
            "CREATE TABLE {} AS SELECT {} FROM {}",
            relation(&copy),
            list(&kept, |column| kept_as(there, column)),
            relation(&there.name)
        ));
        let look = QName::new(&copy.schema, names::with_suffix(&copy.name, "_was"));
        let types = key.iter().map(|column| match own_type(there, column) {
            Some(_) => "text".to_owned(),
            None => there.column(column).map(|c| c.data_type.clone()).unwrap_or_default(),
        });
        let arguments: Vec<String> = types.chain(["text".to_owned()]).collect();
        let rows = (1..=key.len()).zip(&key).map(|(at, column)| format!("{} = ${at}", ident(column)));
        let found = format!("FROM {} WHERE {}", relation(&copy), rows.collect::<Vec<_>>().join(" AND "));
        let (value, data_type) = (ident(&self.old.name), &self.old.data_type);
        let body = format!(
            "SELECT {value}::{data_type} {found} UNION ALL SELECT ${}::{data_type} WHERE NOT EXISTS (SELECT {found})",
            key.len() + 1
        );
        let arguments = arguments.join(", ");
        sql.push(format!("CREATE INDEX ON {} ({})", relation(&copy), list(&key, ident)));
        sql.push(format!(
            "CREATE FUNCTION {}({arguments}) RETURNS {data_type} LANGUAGE sql STABLE AS {}",
            relation(&look),
            literal(&body)
        ));
        copies.gone_after(format!("DROP FUNCTION {}({arguments})", relation(&look)));
        let keys = key.iter().map(|column| kept_argument(there, column));
        let values: Vec<String> = keys.chain([format!("{}::text", ident(&self.new.name))]).collect();
        Some(format!("{}({})", relation(&look), values.join(", ")))
    }
}

fn kept_argument(table: &Table, column: &str) -> String {
    let cast = own_type(table, column).map_or("", |_| "::text");
    format!("{}{cast}", ident(column))
}

/// Whether the index has an expression or a condition on the column.
fn is_computed_from(index: &Index, column: &str) -> bool {
    let texts = index.keys.iter().filter_map(|key| match &key.on {
        IndexTarget::Expression(text) => Some(text),
        IndexTarget::Column(_) => None,
    });
    texts.chain(&index.predicate).any(|text| expression::mentions(text, column))
}
