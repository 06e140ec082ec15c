//! The rebuild of a table, for everything that ALTER TABLE cannot do (sqlite.org/lang_altertable.html, "Making Other
//! Kinds Of Table Schema Changes"): a new table, the rows copied, the old one dropped, the new one renamed, and what
//! hung on the old one made again.

use super::edit::{text_after, under_name};
use super::evolve::row_key;
use crate::engine::sqlite::reader::lex;
use crate::engine::sqlite::render::{bare, create_index, create_table, ident, is_on, literal, relation};
use crate::engine::sqlite::types::affinity;
use crate::schema::{Change, Column, ConstraintKind, Schema, Table};

/// Foreign keys are not enforced while the old table is gone, and a rename must not look into views that name it.
/// Both are settings of the connection; the first has no effect inside a transaction.
pub(super) fn session() -> Vec<String> {
    vec!["PRAGMA foreign_keys = OFF".to_owned(), "PRAGMA legacy_alter_table = ON".to_owned()]
}

/// Puts one of those settings back to what SQLite starts with.
pub(in crate::engine::sqlite) fn undo_setting(setting: &str) -> Option<String> {
    let (name, value) = setting.strip_prefix("PRAGMA ")?.split_once(" = ")?;
    let back = match value {
        "ON" => "OFF",
        "OFF" => "ON",
        _ => return None,
    };
    Some(format!("PRAGMA {name} = {back}"))
}

/// One table before and after, and the changes between.
pub(super) struct Rebuild<'a> {
    pub before: &'a Table,
    pub after: &'a Table,
    pub changes: &'a [Change],
    /// The schema that the other tables and the views are read from.
    pub schema: &'a Schema,
}

/// A kept copy of values that the rebuild drops or alters.
struct Kept {
    name: String,
    /// How rows are told: columns of both tables, or the rowid.
    key: Vec<String>,
    dropped: Vec<Column>,
    altered: Vec<String>,
}

impl Rebuild<'_> {
    pub fn forward(&self) -> Vec<String> {
        let text = text_after(self.before, self.changes, self.after);
        let copied = self.copied();
        let mut out = vec![under_name(&text, &self.temporary()).unwrap_or(text), self.copy(self.before, &copied, "")];
        if let Some(kept) = self.kept() {
            out.push(self.keep(&kept));
        }
        out.extend(self.exchange(self.before, self.after));
        out.extend(self.proofs(self.after));
        out
    }

    pub fn back(&self) -> Vec<String> {
        let text = super::edit::kept_text(self.before).map_or_else(|| create_table(self.before), bare);
        let kept = self.kept();
        let mut out = vec![under_name(&text, &self.temporary()).unwrap_or(text)];
        let (values, join) = self.restored(kept.as_ref());
        out.push(self.copy(self.after, &values, &join));
        out.extend(self.exchange(self.after, self.before));
        out.extend(self.proofs(self.before));
        out.extend(kept.map(|k| format!("DROP TABLE {}", ident(&k.name))));
        out
    }

    /// Whether data is kept apart for the way back.
    pub fn keeps(&self) -> Option<String> {
        self.kept().map(|k| k.name)
    }

    /// The copy of dropped values, made from the old table alone, for when there is no new one beside it.
    pub fn keep_dropped(&self) -> Option<String> {
        let kept = self.kept()?;
        let mut columns: Vec<String> =
            (1..).zip(&kept.key).map(|(n, key)| format!("{} AS lockstep_key_{n}", ident(key))).collect();
        columns.extend(kept.dropped.iter().map(|c| ident(&c.name)));
        let from = relation(&self.before.name);
        Some(format!("CREATE TABLE {} AS SELECT {} FROM {from}", ident(&kept.name), columns.join(", ")))
    }

    fn temporary(&self) -> String {
        format!("lockstep_new_{}", self.before.name.name)
    }

    /// Columns of the new table with the expressions that fill them from the old one.
    fn copied(&self) -> Vec<(String, String)> {
        let fresh = |name: &str| self.before.column(name).is_none();
        let mut out = Vec::new();
        for column in self.after.columns.iter().filter(|c| c.generated.is_none()) {
            let there = self.before.column(&column.name).is_some();
            let start = there.then(|| ident(&column.name));
            let value = self.changes.iter().fold(start, |value, change| through(change, column, value));
            // New columns that nothing fills get their default from SQLite.
            let Some(mut value) = value else { continue };
            for new in self.after.columns.iter().filter(|c| fresh(&c.name)) {
                // An expression over a new column sees what the column would hold: its default.
                let default = new.default.as_deref().unwrap_or("NULL");
                value = lex::rename(&value, &new.name, &format!("({default})"));
            }
            out.push((column.name.clone(), value));
        }
        out
    }

    /// `INSERT INTO new (…) SELECT … FROM old`, with the rowid where it is not a column of its own and stays free.
    fn copy(&self, from: &Table, values: &[(String, String)], join: &str) -> String {
        let old = relation(&self.before.name);
        let rowid = keeps_rowid(self.before) && keeps_rowid(self.after);
        let prefix = if join.is_empty() { String::new() } else { "o.".to_owned() };
        let mut columns: Vec<String> = rowid.then(|| "rowid".to_owned()).into_iter().collect();
        let mut expressions: Vec<String> = rowid.then(|| format!("{prefix}rowid")).into_iter().collect();
        columns.extend(values.iter().map(|(column, _)| ident(column)));
        expressions.extend(values.iter().map(|(_, value)| value.clone()));
        if columns.is_empty() {
            return format!("SELECT count(*) FROM {}", relation(&from.name));
        }
        let alias = if join.is_empty() { String::new() } else { format!(" o{join}") };
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM {old}{alias}",
            ident(&self.temporary()),
            columns.join(", "),
            expressions.join(", ")
        )
    }

    fn kept(&self) -> Option<Kept> {
        let stored = |c: &&Column| c.generated.is_none();
        let gone = |c: &&Column| self.after.column(&c.name).is_none_or(|a| a.generated.is_some());
        let dropped: Vec<Column> = self.before.columns.iter().filter(stored).filter(gone).cloned().collect();
        let filled = |name: &str| {
            self.changes.iter().any(|change| match change {
                Change::SetNotNull { column, fill: Some(_), .. } | Change::Backfill { column, .. } => column == name,
                Change::AlterColumnType { column, using, data_type, .. } => {
                    let retyped =
                        self.before.column(name).is_some_and(|c| affinity(&c.data_type) != affinity(data_type));
                    column == name && (using.is_some() || retyped)
                }
                _ => false,
            })
        };
        let same_name = |c: &&Column| self.after.column(&c.name).is_some_and(|a| a.generated.is_none());
        let altered: Vec<String> = self
            .before
            .columns
            .iter()
            .filter(stored)
            .filter(same_name)
            .filter(|c| filled(&c.name))
            .map(|c| c.name.clone())
            .collect();
        if dropped.is_empty() && altered.is_empty() {
            return None;
        }
        let key = row_key(self.before);
        let lasting = row_key(self.after) == key && !key.iter().any(|k| altered.contains(k));
        let key = if lasting { key } else { vec!["rowid".to_owned()] };
        Some(Kept { name: kept_name(self.before, self.after), key, dropped, altered })
    }

    fn keep(&self, kept: &Kept) -> String {
        let mut columns: Vec<String> =
            (1..).zip(&kept.key).map(|(n, key)| format!("o.{} AS lockstep_key_{n}", ident(key))).collect();
        columns.extend(kept.dropped.iter().map(|c| format!("o.{0} AS {0}", ident(&c.name))));
        for name in &kept.altered {
            columns.push(format!("o.{0} AS {0}", ident(name)));
            columns.push(format!("n.{} AS {}", ident(name), ident(&after_name(name))));
        }
        let on: Vec<String> = kept.key.iter().map(|k| format!("n.{0} = o.{0}", ident(k))).collect();
        let differs: Vec<String> = kept
            .altered
            .iter()
            .map(|c| format!("n.{0} IS NOT o.{0} OR typeof(n.{0}) <> typeof(o.{0})", ident(c)))
            .collect();
        let condition =
            if kept.dropped.is_empty() { format!(" WHERE {}", differs.join(" OR ")) } else { String::new() };
        format!(
            "CREATE TABLE {} AS SELECT {} FROM {} o JOIN {} n ON {}{condition}",
            ident(&kept.name),
            columns.join(", "),
            relation(&self.before.name),
            ident(&self.temporary()),
            on.join(" AND ")
        )
    }

    /// What fills the old table's columns on the way back, and the join with the kept copy.
    fn restored(&self, kept: Option<&Kept>) -> (Vec<(String, String)>, String) {
        let mut values = Vec::new();
        for column in self.before.columns.iter().filter(|c| c.generated.is_none()) {
            let name = ident(&column.name);
            let value = match kept {
                None => name,
                Some(kept) if kept.dropped.iter().any(|c| c.name == column.name) => {
                    let default = column.default.as_deref().unwrap_or("NULL");
                    format!("CASE WHEN k.lockstep_key_1 IS NULL THEN ({default}) ELSE k.{name} END")
                }
                Some(kept) if kept.altered.contains(&column.name) => {
                    let after = ident(&after_name(&column.name));
                    // What was written since stays.
                    format!(
                        "CASE WHEN k.lockstep_key_1 IS NOT NULL AND o.{name} IS k.{after} THEN k.{name} ELSE o.{name} END"
                    )
                }
                Some(_) => format!("o.{name}"),
            };
            values.push((column.name.clone(), value));
        }
        let join = kept.map(|kept| {
            let on: Vec<String> =
                (1..).zip(&kept.key).map(|(n, key)| format!("k.lockstep_key_{n} = o.{}", ident(key))).collect();
            format!(" LEFT JOIN {} k ON {}", ident(&kept.name), on.join(" AND "))
        });
        (values, join.unwrap_or_default())
    }

    /// The new table takes the old one's place, its sequence, indexes and triggers.
    fn exchange(&self, old: &Table, new: &Table) -> Vec<String> {
        let (name, temporary) = (&self.before.name, self.temporary());
        let mut out = Vec::new();
        if has_sequence(old) && has_sequence(new) {
            let new_name = literal(&temporary);
            out.push(format!("DELETE FROM sqlite_sequence WHERE name = {new_name}"));
            out.push(format!(
                "INSERT INTO sqlite_sequence (name, seq) SELECT {new_name}, seq FROM sqlite_sequence WHERE name = {}",
                literal(&name.name)
            ));
        }
        out.push(format!("DROP TABLE {}", relation(name)));
        out.push(format!("ALTER TABLE {} RENAME TO {}", ident(&temporary), ident(&name.name)));
        out.extend(new.indexes.values().map(|index| create_index(name, index)));
        out.extend(new.triggers.values().map(|trigger| bare(&trigger.definition)));
        out
    }

    /// Statements that fail when a reference leads nowhere or a view can no longer be read.
    fn proofs(&self, table: &Table) -> Vec<String> {
        let points = table.constraints.values().any(|c| matches!(c.kind, ConstraintKind::ForeignKey(_)));
        let mut tables: Vec<&str> = points.then_some(table.name.name.as_str()).into_iter().collect();
        tables.extend(self.schema.references_to(&table.name).map(|(t, _)| t.name.name.as_str()));
        tables.sort_unstable();
        tables.dedup();
        let mut out = reference_proof(&tables);
        let reads = |query: &str| lex::mentions(query, &table.name.name);
        let views = self.schema.views.values().filter(|v| reads(&v.query));
        out.extend(views.map(|v| format!("SELECT * FROM {} LIMIT 0", relation(&v.name))));
        out
    }
}

/// Statements that fail when a row of one of the tables points at a missing row. SQLite has no statement that raises
/// an error outside of a trigger; a check with a telling name does.
pub(super) fn reference_proof(tables: &[&str]) -> Vec<String> {
    if tables.is_empty() {
        return Vec::new();
    }
    let counts: Vec<String> =
        tables.iter().map(|t| format!("(SELECT count(*) FROM pragma_foreign_key_check({}))", literal(t))).collect();
    vec![
        "CREATE TEMP TABLE lockstep_proof (broken INTEGER \
         CONSTRAINT \"no row may point at a missing row\" CHECK (broken = 0))"
            .to_owned(),
        format!("INSERT INTO temp.lockstep_proof SELECT {}", counts.join(" + ")),
        "DROP TABLE temp.lockstep_proof".to_owned(),
    ]
}

/// The value of a column after one change, from its value before it.
fn through(change: &Change, column: &Column, value: Option<String>) -> Option<String> {
    let is_ours = |name: &String| *name == column.name;
    match change {
        Change::AlterColumnType { column: name, using: Some(using), .. } if is_ours(name) => Some(format!("({using})")),
        Change::SetNotNull { column: name, fill: Some(fill), .. } if is_ours(name) => {
            let otherwise = || column.default.clone().unwrap_or_else(|| "NULL".to_owned());
            Some(format!("coalesce({}, {fill})", value.unwrap_or_else(otherwise)))
        }
        Change::Backfill { column: name, value: new, only_where, .. } if is_ours(name) => Some(match only_where {
            None => format!("({new})"),
            Some(condition) => {
                let default = || column.default.clone().unwrap_or_else(|| "NULL".to_owned());
                let otherwise = value.unwrap_or_else(default);
                format!("CASE WHEN {condition} THEN {new} ELSE {otherwise} END")
            }
        }),
        Change::Reshape { into, .. } => match into.iter().find(|t| t.column.name == column.name) {
            Some(transform) => Some(format!("({})", transform.expression)),
            None => value,
        },
        _ => value,
    }
}

fn after_name(column: &str) -> String {
    format!("{column} after")
}

/// A table whose rowid is a thing apart: not without one, not under another name, not hidden by a column.
fn keeps_rowid(table: &Table) -> bool {
    let alias = matches!(table.primary_key(), [one] if table.column(one).is_some_and(|c| c.data_type.eq_ignore_ascii_case("integer")));
    !alias && !is_on(table, "without_rowid") && table.columns.iter().all(|c| !c.name.eq_ignore_ascii_case("rowid"))
}

fn has_sequence(table: &Table) -> bool {
    table.columns.iter().any(|c| c.identity.is_some())
}

/// A name that the same change has again, and another has not.
pub(super) fn kept_name(before: &Table, after: &Table) -> String {
    let text = format!("{} {}", create_table(before), create_table(after));
    let hash = text.bytes().fold(0x811c_9dc5_u32, |h, byte| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("lockstep_keep_{}_{hash:08x}", before.name.name)
}
