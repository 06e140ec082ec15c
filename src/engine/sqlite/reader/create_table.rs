//! A CREATE TABLE statement, taken apart with the place of every part: the catalog, the reader and the rebuild of a
//! table all need what only this text says (names of constraints, checks, generated columns, deferral).

use super::lex::{Cursor, Kind, bare_names, list};
use crate::schema::{
    Action, Column, Constraint, ConstraintKind, Deferrable, ForeignKey, Generated, Identity, QName, Table,
};
use std::ops::Range;

/// What one stretch of a column's definition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) enum PartKind {
    NotNull,
    Default,
    Collate,
    Generated,
    /// A constraint of the table that is written beside the column; its place in [`CreateTable::constraints`].
    Constraint(usize),
    /// `NULL`, or anything that changes nothing.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct Part {
    pub kind: PartKind,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct ColumnText {
    pub column: Column,
    /// The whole definition.
    pub span: Range<usize>,
    pub name: Range<usize>,
    /// Empty, just after the name, when there is no type.
    pub data_type: Range<usize>,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct ConstraintText {
    pub constraint: Constraint,
    /// The whole definition, with `CONSTRAINT name`.
    pub span: Range<usize>,
    /// Whether it is written beside a column.
    pub inline: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct CreateTable {
    pub name: String,
    /// `temp`, `main` or an attached database, where it is said.
    pub schema: Option<String>,
    pub name_span: Range<usize>,
    pub temporary: bool,
    pub if_not_exists: bool,
    pub columns: Vec<ColumnText>,
    pub constraints: Vec<ConstraintText>,
    /// Inside the parentheses.
    pub body: Range<usize>,
    pub strict: bool,
    pub without_rowid: bool,
}

/// The standard types, which SQLite keeps in capitals whatever was written.
const STANDARD_TYPES: [&str; 6] = ["ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT"];

/// A type as `pragma_table_xinfo` says it.
pub(in crate::engine::sqlite) fn canonical_type(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let standard = STANDARD_TYPES.iter().find(|t| t.eq_ignore_ascii_case(&words));
    standard.map_or(words, |t| (*t).to_owned())
}

/// Reads `CREATE TABLE name (…)`; `None` for anything else, `CREATE TABLE … AS` included.
pub(in crate::engine::sqlite) fn parse(text: &str) -> Option<CreateTable> {
    let mut c = Cursor::new(text);
    if !c.take(&["CREATE"]) {
        return None;
    }
    let temporary = c.take(&["TEMP"]) || c.take(&["TEMPORARY"]);
    if !c.take(&["TABLE"]) {
        return None;
    }
    let if_not_exists = c.take(&["IF", "NOT", "EXISTS"]);
    let name_start = c.start();
    let (schema, name) = c.qualified()?;
    let name_span = name_start..c.end();
    let body = c.group()?;
    let (mut strict, mut without_rowid) = (false, false);
    while !c.done() {
        if c.take(&["STRICT"]) {
            strict = true;
        } else if c.take(&["WITHOUT", "ROWID"]) {
            without_rowid = true;
        } else if !c.take(&[","]) && !c.take(&[";"]) {
            return None;
        }
    }
    let mut table = CreateTable {
        name,
        schema,
        name_span,
        temporary,
        if_not_exists,
        columns: Vec::new(),
        constraints: Vec::new(),
        body: body.clone(),
        strict,
        without_rowid,
    };
    for item in list(text, body) {
        read_item(text, item, &mut table)?;
    }
    settle_expressions(&mut table);
    settle_keys(&mut table);
    name_the_unnamed(&mut table);
    Some(table)
}

fn read_item(text: &str, item: Range<usize>, table: &mut CreateTable) -> Option<()> {
    let offset = item.start;
    let mut c = Cursor::new(text.get(item)?);
    if table_constraint_is_next(&c) && !table.columns.is_empty() {
        while !c.done() {
            let start = c.start();
            let name = constraint_name(&mut c);
            let constraint = read_constraint(&mut c, None)?;
            let span = offset + start..offset + c.end();
            table.constraints.push(ConstraintText { constraint: named(name, constraint), span, inline: false });
            // SQLite does not ask for a comma between the constraints of a table.
        }
        return Some(());
    }
    let column = read_column(&mut c, offset, table)?;
    table.columns.push(column);
    Some(())
}

fn table_constraint_is_next(c: &Cursor<'_>) -> bool {
    let quoted = c.peek().is_some_and(|t| t.kind != Kind::Word);
    !quoted
        && [&["CONSTRAINT"][..], &["PRIMARY", "KEY"], &["UNIQUE", "("], &["CHECK", "("], &["FOREIGN", "KEY"]]
            .iter()
            .any(|words| c.at_words(words))
}

fn constraint_name(c: &mut Cursor<'_>) -> Option<String> {
    let mut name = None;
    while c.take(&["CONSTRAINT"]) {
        name = c.name();
    }
    name
}

fn named(name: Option<String>, mut constraint: Constraint) -> Constraint {
    constraint.named = name.is_some();
    constraint.name = name.unwrap_or_default();
    constraint
}

fn read_column(c: &mut Cursor<'_>, offset: usize, table: &mut CreateTable) -> Option<ColumnText> {
    let start = c.start();
    let name = c.name()?;
    let name_span = start + offset..c.end() + offset;
    let data_type = read_type(c);
    let mut column = Column::new(name.clone(), canonical_type(c.text.get(data_type.clone())?));
    let mut parts = Vec::new();
    while !c.done() {
        let part_start = c.start();
        let constraint = constraint_name(c);
        let kind = if c.take(&["NOT", "NULL"]) {
            skip_conflict_clause(c);
            column.nullable = false;
            PartKind::NotNull
        } else if c.take(&["NULL"]) {
            skip_conflict_clause(c);
            PartKind::Other
        } else if c.take(&["DEFAULT"]) {
            column.default = Some(read_default(c)?);
            PartKind::Default
        } else if c.take(&["COLLATE"]) {
            column.collation = Some(c.name()?);
            PartKind::Collate
        } else if c.take(&["GENERATED", "ALWAYS", "AS"]) || c.take(&["AS"]) {
            let inner = c.group()?;
            let expression = c.slice(inner);
            let stored = c.take(&["STORED"]);
            c.take(&["VIRTUAL"]);
            column.generated = Some(Generated { expression, stored });
            PartKind::Generated
        } else if c.done() {
            PartKind::Other
        } else {
            let read = read_constraint(c, Some(&name))?;
            if c.take(&["AUTOINCREMENT"]) {
                column.identity = Some(Identity { always: false, options: crate::schema::Options::new() });
            }
            let span = part_start + offset..c.end() + offset;
            table.constraints.push(ConstraintText { constraint: named(constraint, read), span, inline: true });
            PartKind::Constraint(table.constraints.len() - 1)
        };
        parts.push(Part { kind, span: part_start + offset..c.end() + offset });
    }
    let data_type = data_type.start + offset..data_type.end + offset;
    Some(ColumnText { column, span: start + offset..c.end() + offset, name: name_span, data_type, parts })
}

/// The words that end a column's type.
fn ends_type(c: &Cursor<'_>) -> bool {
    let words: [&[&str]; 11] = [
        &["CONSTRAINT"],
        &["PRIMARY", "KEY"],
        &["NOT", "NULL"],
        &["NULL"],
        &["UNIQUE"],
        &["CHECK"],
        &["DEFAULT"],
        &["COLLATE"],
        &["REFERENCES"],
        &["GENERATED", "ALWAYS"],
        &["AS", "("],
    ];
    words.iter().any(|w| c.at_words(w))
}

fn read_type(c: &mut Cursor<'_>) -> Range<usize> {
    let after_name = c.end();
    let mut span: Option<Range<usize>> = None;
    while let Some(token) = c.peek() {
        if !matches!(token.kind, Kind::Word | Kind::Quoted | Kind::Text) || ends_type(c) {
            break;
        }
        let token = token.span.clone();
        c.advance();
        span = Some(span.map_or(token.clone(), |s| s.start..token.end));
    }
    if let Some(words) = &mut span
        && c.group().is_some()
    {
        words.end = c.end();
    }
    span.unwrap_or(after_name..after_name)
}

/// A default as `pragma_table_xinfo` says it: an expression without its parentheses.
fn read_default(c: &mut Cursor<'_>) -> Option<String> {
    if c.at_words(&["("]) {
        let inner = c.group()?;
        return Some(c.slice(inner));
    }
    let start = c.start();
    while c.take(&["-"]) || c.take(&["+"]) {}
    c.advance()?;
    Some(c.slice(start..c.end()))
}

fn skip_conflict_clause(c: &mut Cursor<'_>) {
    if c.take(&["ON", "CONFLICT"]) {
        c.advance();
    }
}

/// Reads a constraint after its name; `column` is the one it is written beside.
fn read_constraint(c: &mut Cursor<'_>, column: Option<&str>) -> Option<Constraint> {
    let mut deferrable = Deferrable::No;
    let kind = if c.take(&["PRIMARY", "KEY"]) {
        let columns = columns_of(c, column)?;
        skip_order(c);
        skip_conflict_clause(c);
        ConstraintKind::PrimaryKey { columns }
    } else if c.take(&["UNIQUE"]) {
        let columns = columns_of(c, column)?;
        skip_conflict_clause(c);
        ConstraintKind::Unique { columns, nulls_not_distinct: false, include: Vec::new() }
    } else if c.take(&["CHECK"]) {
        let inner = c.group()?;
        skip_conflict_clause(c);
        ConstraintKind::Check { expression: c.slice(inner), no_inherit: false }
    } else if c.take(&["FOREIGN", "KEY"]) || c.at_words(&["REFERENCES"]) {
        let columns = columns_of(c, column)?;
        let (foreign_key, when) = read_references(c, columns)?;
        deferrable = when;
        ConstraintKind::ForeignKey(foreign_key)
    } else {
        return None;
    };
    Some(Constraint { deferrable, ..Constraint::new("", kind) })
}

fn skip_order(c: &mut Cursor<'_>) {
    if !c.take(&["ASC"]) {
        c.take(&["DESC"]);
    }
}

fn columns_of(c: &mut Cursor<'_>, column: Option<&str>) -> Option<Vec<String>> {
    if let Some(column) = column {
        return Some(vec![column.to_owned()]);
    }
    let inner = c.group()?;
    names(c.text, inner)
}

/// The first name of each part of a list: `a COLLATE nocase DESC, b` is `a`, `b`.
fn names(text: &str, within: Range<usize>) -> Option<Vec<String>> {
    list(text, within).into_iter().map(|span| Cursor::new(text.get(span)?).name()).collect()
}

fn read_references(c: &mut Cursor<'_>, columns: Vec<String>) -> Option<(ForeignKey, Deferrable)> {
    if !c.take(&["REFERENCES"]) {
        return None;
    }
    let references = QName::new("main", c.name()?);
    let referenced_columns = match c.group() {
        Some(inner) => names(c.text, inner)?,
        None => Vec::new(),
    };
    let mut key = ForeignKey {
        columns,
        references,
        referenced_columns,
        on_update: Action::NoAction,
        on_delete: Action::NoAction,
        match_full: false,
    };
    let mut deferrable = Deferrable::No;
    loop {
        if c.take(&["ON", "DELETE"]) {
            key.on_delete = action(c);
        } else if c.take(&["ON", "UPDATE"]) {
            key.on_update = action(c);
        } else if c.take(&["MATCH"]) {
            // SQLite reads MATCH and treats every foreign key as MATCH SIMPLE.
            c.advance();
        } else if c.take(&["NOT", "DEFERRABLE"]) {
            initially(c);
        } else if c.take(&["DEFERRABLE"]) {
            deferrable = if initially(c) { Deferrable::InitiallyDeferred } else { Deferrable::InitiallyImmediate };
        } else {
            return Some((key, deferrable));
        }
    }
}

fn initially(c: &mut Cursor<'_>) -> bool {
    let deferred = c.take(&["INITIALLY", "DEFERRED"]);
    c.take(&["INITIALLY", "IMMEDIATE"]);
    deferred
}

fn action(c: &mut Cursor<'_>) -> Action {
    for (words, action) in [
        (&["NO", "ACTION"][..], Action::NoAction),
        (&["RESTRICT"], Action::Restrict),
        (&["CASCADE"], Action::Cascade),
        (&["SET", "NULL"], Action::SetNull),
        (&["SET", "DEFAULT"], Action::SetDefault),
    ] {
        if c.take(words) {
            return action;
        }
    }
    Action::NoAction
}

/// Constraints without a name get one that is made from what they say, so that the same constraint has the same name
/// wherever it stands.
fn name_the_unnamed(table: &mut CreateTable) {
    let mut taken: Vec<String> =
        table.constraints.iter().filter(|c| c.constraint.named).map(|c| c.constraint.name.clone()).collect();
    for text in table.constraints.iter_mut().filter(|c| !c.constraint.named) {
        let base = made_name(&text.constraint.kind);
        let mut name = base.clone();
        let mut number = 2;
        while taken.contains(&name) {
            name = format!("{base}_{number}");
            number += 1;
        }
        taken.push(name.clone());
        text.constraint.name = name;
    }
}

/// The name of a constraint that has none: `unique_email`, `fk_customer_id`, `check_` and a hash.
pub(in crate::engine::sqlite) fn made_name(kind: &ConstraintKind) -> String {
    match kind {
        ConstraintKind::PrimaryKey { .. } => "primary_key".to_owned(),
        ConstraintKind::Unique { columns, .. } => format!("unique_{}", columns.join("_")),
        ConstraintKind::ForeignKey(key) => format!("fk_{}", key.columns.join("_")),
        ConstraintKind::NotNull { column, .. } => format!("not_null_{column}"),
        ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
            format!("check_{}", hash(text))
        }
    }
}

/// Eight hex digits of a text without regard to white space (FNV-1a, which is the same on every machine).
fn hash(text: &str) -> String {
    let folded = text.split_whitespace().collect::<String>().to_lowercase();
    let hash = folded.bytes().fold(0x811c_9dc5_u32, |h, byte| (h ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// Writes the table's own columns in its expressions without the quotes that they do not need.
fn settle_expressions(table: &mut CreateTable) {
    let names: Vec<String> = table.columns.iter().map(|c| c.column.name.clone()).collect();
    for text in &mut table.constraints {
        if let ConstraintKind::Check { expression, .. } = &mut text.constraint.kind {
            *expression = bare_names(expression, &names);
        }
    }
    for generated in table.columns.iter_mut().filter_map(|c| c.column.generated.as_mut()) {
        generated.expression = bare_names(&generated.expression, &names);
    }
}

/// Spells the columns of keys as the table does, and says which of them can hold no NULL: the alias of the rowid,
/// and every key column of WITHOUT ROWID and STRICT tables (sqlite.org/lang_createtable.html, "The PRIMARY KEY").
fn settle_keys(table: &mut CreateTable) {
    let spelled: Vec<String> = table.columns.iter().map(|c| c.column.name.clone()).collect();
    let mut key = Vec::new();
    for text in &mut table.constraints {
        match &mut text.constraint.kind {
            ConstraintKind::PrimaryKey { columns } => {
                spell(columns, &spelled);
                key.clone_from(columns);
            }
            ConstraintKind::Unique { columns, .. } => spell(columns, &spelled),
            ConstraintKind::ForeignKey(foreign) => spell(&mut foreign.columns, &spelled),
            _ => {}
        }
    }
    let single = key.len() == 1;
    for text in table.columns.iter_mut().filter(|c| key.contains(&c.column.name)) {
        let alias = single && text.column.data_type.eq_ignore_ascii_case("integer");
        if alias || table.without_rowid || table.strict {
            text.column.nullable = false;
        }
    }
}

fn spell(names: &mut [String], spelled: &[String]) {
    for name in names {
        if let Some(right) = spelled.iter().find(|s| s.eq_ignore_ascii_case(name)) {
            name.clone_from(right);
        }
    }
}

impl CreateTable {
    /// The table as the model has it, with `sql` as its kept statement.
    pub fn table(&self, sql: &str) -> Table {
        let mut table = Table::new(QName::new("main", self.name.clone()));
        table.columns = self.columns.iter().map(|c| c.column.clone()).collect();
        table.constraints =
            self.constraints.iter().map(|c| (c.constraint.name.clone(), c.constraint.clone())).collect();
        if self.strict {
            table.options.insert("strict".into(), "true".into());
        }
        if self.without_rowid {
            table.options.insert("without_rowid".into(), "true".into());
        }
        table.sql = Some(sql.to_owned());
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_only_the_text_says_is_read() {
        let sql = "CREATE TABLE IF NOT EXISTS main.\"order line\" (
            id integer PRIMARY KEY AUTOINCREMENT, -- the key
            [sku] varchar (20) NOT NULL DEFAULT 'a,b' COLLATE nocase UNIQUE,
            total decimal(10, 2) GENERATED ALWAYS AS (price * (qty)) STORED,
            price real DEFAULT (1 + 1) CONSTRAINT positive CHECK (price > 0),
            parent references \"order line\" on delete cascade deferrable initially deferred,
            UNIQUE (SKU, price),
            CONSTRAINT far FOREIGN KEY (sku) REFERENCES items (sku) ON UPDATE SET NULL
        ) STRICT";
        let read = parse(sql).unwrap();
        let table = read.table(sql);
        assert_eq!(table.name.name, "order line");
        assert!(table.column("id").unwrap().identity.is_some());
        let sku = table.column("sku").unwrap();
        assert_eq!((sku.data_type.as_str(), sku.default.as_deref()), ("varchar (20)", Some("'a,b'")));
        assert_eq!(sku.collation.as_deref(), Some("nocase"));
        assert_eq!(table.column("price").unwrap().default.as_deref(), Some("1 + 1"));
        assert_eq!(table.column("total").unwrap().generated.as_ref().unwrap().expression, "price * (qty)");
        let names: Vec<&str> = table.constraints.keys().map(String::as_str).collect();
        assert_eq!(names, ["far", "fk_parent", "positive", "primary_key", "unique_sku", "unique_sku_price"]);
        assert_eq!(table.constraints.get("fk_parent").unwrap().deferrable, Deferrable::InitiallyDeferred);
        assert!(!table.constraints.get("unique_sku").unwrap().named);
        assert!(!table.column("id").unwrap().nullable);
    }
}
