//! Changes made in the kept text of a CREATE TABLE, so that its comments and its layout survive a rebuild. What comes
//! out is read again and must say what the model says; where it does not, the model is written out instead.

use crate::engine::sqlite::reader::create_table::{self, ColumnText, CreateTable, PartKind};
use crate::engine::sqlite::reader::lex;
use crate::engine::sqlite::render::{
    column_definition, constraint_definition, create_table as written, default_value, ident,
};
use crate::schema::{Change, Constraint, Table};
use std::ops::Range;

/// The table's kept text, if it still says what the model says.
pub(in crate::engine::sqlite) fn kept_text(table: &Table) -> Option<&str> {
    let sql = table.sql.as_deref()?;
    if table.options.contains_key("virtual") {
        return Some(sql);
    }
    says(sql, table).then_some(sql)
}

/// The text of a table that has been renamed since, under its name of now; if it still says what the model says.
pub(in crate::engine::sqlite) fn text_under_its_name(table: &Table) -> Option<String> {
    if let Some(kept) = kept_text(table) {
        return Some(kept.to_owned());
    }
    let sql = table.sql.as_deref()?;
    let renamed = lex::rename(sql, &create_table::parse(sql)?.name, &ident(&table.name.name));
    says(&renamed, table).then_some(renamed)
}

/// Whether a text makes the table of the model, but for the names of what has none.
fn says(sql: &str, table: &Table) -> bool {
    let Some(read) = create_table::parse(sql) else { return false };
    let read = read.table(sql);
    let mut theirs = read.columns;
    let mut ours = table.columns.clone();
    theirs.sort_by(|a, b| a.name.cmp(&b.name));
    ours.sort_by(|a, b| a.name.cmp(&b.name));
    read.name.name == table.name.name
        && theirs == ours
        && read.options == table.options
        && constraints(read.constraints.values()) == constraints(table.constraints.values())
}

/// Constraints in an order of their own, the unnamed without their made names.
fn constraints<'a>(all: impl Iterator<Item = &'a Constraint>) -> Vec<String> {
    let mut out: Vec<String> = all
        .map(|c| {
            let name = if c.named { c.name.as_str() } else { "" };
            format!("{name} {:?} {:?}", c.kind, c.deferrable)
        })
        .collect();
    out.sort();
    out
}

/// The CREATE TABLE of `after`: the kept text of `before` with `changes` made in it, or the model written out.
pub(super) fn text_after(before: &Table, changes: &[Change], after: &Table) -> String {
    let edited = kept_text(before)
        .and_then(|sql| changes.iter().try_fold(sql.to_owned(), |sql, change| edit(&sql, change, after)));
    match edited {
        Some(sql) if says(&sql, after) => sql,
        _ => written(after),
    }
}

/// The same statement for a table of another name.
pub(super) fn under_name(sql: &str, name: &str) -> Option<String> {
    let read = create_table::parse(sql)?;
    Some(replaced(sql, read.name_span, &ident(name)))
}

fn replaced(sql: &str, span: Range<usize>, with: &str) -> String {
    let before = sql.get(..span.start).unwrap_or_default();
    let after = sql.get(span.end..).unwrap_or_default();
    format!("{before}{with}{after}")
}

/// One change made in the text; `None` where this module has no way.
fn edit(sql: &str, change: &Change, after: &Table) -> Option<String> {
    let read = create_table::parse(sql)?;
    let column = |name: &str| read.columns.iter().find(|c| c.column.name == name);
    match change {
        Change::AddColumn { column, .. } => Some(with_column(sql, &read, &column_definition(column, None))),
        Change::Reshape { from, into, .. } => {
            let mut sql = sql.to_owned();
            for transform in into {
                let read = create_table::parse(&sql)?;
                sql = with_column(&sql, &read, &column_definition(&transform.column, None));
            }
            from.iter().try_fold(sql, |sql, name| without_column(&sql, name, after))
        }
        Change::DropColumn { column, .. } => without_column(sql, column, after),
        Change::AlterColumnType { column: name, data_type, collation, .. } => {
            let found = column(name)?;
            let blank = if found.data_type.is_empty() { " " } else { "" };
            let sql = replaced(sql, found.data_type.clone(), &format!("{blank}{data_type}"));
            let collation = collation.as_ref().map(|c| format!("COLLATE {}", ident(c)));
            with_part(&sql, name, PartKind::Collate, collation)
        }
        Change::SetDefault { column, default, .. } => {
            let part = default.as_ref().map(|d| format!("DEFAULT {}", default_value(d)));
            with_part(sql, column, PartKind::Default, part)
        }
        Change::SetNotNull { column, .. } => with_part(sql, column, PartKind::NotNull, Some("NOT NULL".into())),
        Change::DropNotNull { column, .. } => with_part(sql, column, PartKind::NotNull, None),
        Change::SetGenerated { column, generated, .. } => {
            let part = generated.as_ref().map(|g| {
                let stored = if g.stored { "STORED" } else { "VIRTUAL" };
                format!("GENERATED ALWAYS AS ({}) {stored}", g.expression)
            });
            with_part(sql, column, PartKind::Generated, part)
        }
        Change::AddConstraint { constraint, .. } => {
            let inner_end = read.body.start + sql.get(read.body.clone())?.trim_end().len();
            Some(with_item(sql, last_item_end(&read)?, inner_end, &constraint_definition(constraint)))
        }
        Change::DropConstraint { name, .. } => {
            let found = read.constraints.iter().find(|c| c.constraint.name == *name)?;
            Some(if found.inline {
                without_stretch(sql, found.span.clone())
            } else {
                without_item(sql, &read, found.span.clone())
            })
        }
        Change::Backfill { .. } => Some(sql.to_owned()),
        _ => None,
    }
}

fn last_item_end(read: &CreateTable) -> Option<usize> {
    let columns = read.columns.iter().map(|c| c.span.end);
    columns.chain(read.constraints.iter().map(|c| c.span.end)).max()
}

/// Writes a definition after the last column, before the table's constraints.
fn with_column(sql: &str, read: &CreateTable, definition: &str) -> String {
    let end = read.columns.iter().map(|c| c.span.end).max().unwrap_or(read.body.start);
    with_item(sql, end, end, definition)
}

/// Writes `, item` after `end`, on a line of its own where the items have one. The comma goes right behind the item
/// before, so that a comment between keeps its place.
fn with_item(sql: &str, end: usize, _limit: usize, item: &str) -> String {
    let before = sql.get(..end).unwrap_or_default();
    let line_start = before.rfind('\n').map(|at| at + 1);
    let indent = line_start.and_then(|at| {
        let line = before.get(at..)?;
        Some(format!("\n{}", line.get(..line.len() - line.trim_start().len())?))
    });
    let blank = indent.unwrap_or_else(|| " ".to_owned());
    replaced(sql, end..end, &format!(",{blank}{item}"))
}

/// Takes a column out with everything beside it, and the constraints that the model has no longer.
fn without_column(sql: &str, name: &str, after: &Table) -> Option<String> {
    let read = create_table::parse(sql)?;
    let found = read.columns.iter().find(|c| c.column.name == name)?;
    let mut sql = without_item(sql, &read, found.span.clone());
    while let Some(gone) = gone_constraint(&sql, name, after) {
        sql = gone;
    }
    Some(sql)
}

fn gone_constraint(sql: &str, column: &str, after: &Table) -> Option<String> {
    let read = create_table::parse(sql)?;
    let kept = constraints(after.constraints.values());
    let gone = read.constraints.iter().find(|c| {
        let mentions = sql.get(c.span.clone()).is_some_and(|text| lex::mentions(text, column));
        mentions && !kept.contains(&constraints(std::iter::once(&c.constraint)).concat())
    })?;
    Some(if gone.inline {
        without_stretch(sql, gone.span.clone())
    } else {
        without_item(sql, &read, gone.span.clone())
    })
}

/// Takes an item of the list out, with one comma.
fn without_item(sql: &str, read: &CreateTable, span: Range<usize>) -> String {
    let meaning = |t: &&lex::Token| !matches!(t.kind, lex::Kind::Blank | lex::Kind::Comment);
    let tokens = lex::tokens(sql);
    let is_comma = |t: &&lex::Token| sql.get(t.span.clone()) == Some(",");
    let next = tokens.iter().filter(meaning).find(|t| t.span.start >= span.end).filter(is_comma);
    if let Some(comma) = next {
        // The blanks before the next item go too, so that it takes this one's place.
        let rest = sql.get(comma.span.end..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start().len();
        return replaced(sql, span.start..comma.span.end + blanks, "");
    }
    let before = tokens.iter().rev().filter(meaning).find(|t| t.span.end <= span.start).filter(is_comma);
    match before {
        Some(comma) if comma.span.start >= read.body.start => {
            let without = replaced(sql, span.clone(), "");
            replaced(&without, comma.span.clone(), "")
        }
        _ => replaced(sql, span, ""),
    }
}

/// Takes a stretch out of a column's definition, with the blanks before it.
fn without_stretch(sql: &str, span: Range<usize>) -> String {
    let before = sql.get(..span.start).unwrap_or_default();
    // Not the line's end: a comment before it would swallow what follows.
    replaced(sql, before.trim_end_matches([' ', '\t']).len()..span.end, "")
}

/// Replaces, adds or (with `None`) removes one part of a column's definition.
fn with_part(sql: &str, column: &str, kind: PartKind, part: Option<String>) -> Option<String> {
    let read = create_table::parse(sql)?;
    let found: &ColumnText = read.columns.iter().find(|c| c.column.name == column)?;
    let there = found.parts.iter().find(|p| p.kind == kind);
    Some(match (there, part) {
        (Some(there), Some(part)) => replaced(sql, there.span.clone(), &part),
        (Some(there), None) => without_stretch(sql, there.span.clone()),
        (None, Some(part)) => match found.parts.first() {
            Some(first) => replaced(sql, first.span.start..first.span.start, &format!("{part} ")),
            None => replaced(sql, found.span.end..found.span.end, &format!(" {part}")),
        },
        (None, None) => sql.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::QName;

    const SQL: &str = "CREATE TABLE t (\n  id INTEGER PRIMARY KEY, -- the key\n  a text /* why */ DEFAULT 'x',\n  b int CHECK (b > 0),\n  UNIQUE (a)\n)";

    fn name() -> QName {
        QName::new("main", "t")
    }

    fn after(changes: &[Change]) -> String {
        let before = create_table::parse(SQL).unwrap().table(SQL);
        let mut schema = crate::schema::Schema::empty(crate::schema::EngineKind::Sqlite);
        schema.tables.insert(name(), before.clone().into());
        for change in changes {
            super::super::evolve::evolve(&mut schema, change).unwrap();
        }
        text_after(&before, changes, &schema.tables[&name()])
    }

    #[test]
    fn comments_and_layout_survive() {
        let changes = [
            Change::DropColumn { table: name(), column: "b".into() },
            Change::SetDefault { table: name(), column: "a".into(), default: Some("lower('Y')".into()) },
            Change::SetNotNull { table: name(), column: "a".into(), fill: None },
            Change::AddColumn { table: name(), column: crate::schema::Column::new("c d", "REAL") },
        ];
        assert_eq!(
            after(&changes),
            "CREATE TABLE t (\n  id INTEGER PRIMARY KEY, -- the key\n  a text /* why */ NOT NULL DEFAULT (lower('Y')),\n  \"c d\" REAL,\n  UNIQUE (a)\n)"
        );
    }

    #[test]
    fn a_dropped_column_takes_its_constraints_along() {
        let changes = [Change::DropColumn { table: name(), column: "a".into() }];
        assert_eq!(
            after(&changes),
            "CREATE TABLE t (\n  id INTEGER PRIMARY KEY, -- the key\n  b int CHECK (b > 0)\n  \n)"
        );
    }
}
