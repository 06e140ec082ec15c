//! Statements that change rows, with a copy of what they change: the rollback brings the rows back from it.
//!
//! The copy is made in the statement's own transaction, under locks on the same rows, by the statement's own condition.

use super::drops::{kept_as, list, own_schema, put_back, same_key};
use super::planner::Planner;
use super::{erased, names};
use crate::engine::postgres::judge::volatile::is_volatile;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::reader::rows::{RowStatement, Verb, parse};
use crate::engine::postgres::render::{ident, ident_list, relation};
use crate::plan::{KeptRows, PlanOptions, Rollback, RollbackKind};
use crate::schema::{QName, Schema, Table};
use crate::sql::Statement;

/// `None` where no copy can be kept: the rows have no key to be found by again, or the text does not tell which rows
/// it changes.
pub(super) fn keeping(statement: &Statement, now: &Schema) -> Option<KeptRows> {
    let mut copies = Copies::new(statement, now);
    if statement.class == "TRUNCATE" {
        erased::truncate(&mut copies, statement)?;
        copies.sql.push(statement.text.clone());
        return Some(copies.kept());
    }
    let found = parse(&statement.text)?;
    let table = now.tables.get(&statement.reading.writes.first()?.table)?;
    let changes_rows_above = found.with.is_some_and(writes);
    if changes_rows_above || copies.has_other_rows_below(table, found.only) {
        return None;
    }
    match found.verb {
        Verb::Update => update(&mut copies, table, &found)?,
        Verb::Delete => erased::delete(&mut copies, table, &which(table, &found, now)),
        Verb::Insert => {
            insert(&mut copies, table, &found)?;
            return Some(copies.kept());
        }
        Verb::Other => return None,
    }
    copies.sql.push(statement.text.clone());
    Some(copies.kept())
}

/// Whether common table expressions change rows themselves.
fn writes(with: &str) -> bool {
    let cursor = Cursor::new(with);
    ["insert into", "update", "delete from", "merge into"].iter().any(|words| cursor.has(words))
}

/// The rows that a statement changes, as what follows FROM.
pub(super) struct Which {
    /// Common table expressions that the rest names, with a blank after them.
    pub with: String,
    pub from: String,
}

impl Which {
    /// Of a plain table with a condition on `t`.
    pub fn of(table: &QName, condition: Option<&str>) -> Self {
        let condition = condition.map(|text| format!(" WHERE {text}")).unwrap_or_default();
        Self { with: String::new(), from: format!("{} AS t{condition}", relation(table)) }
    }
}

fn which(table: &Table, found: &RowStatement<'_>, now: &Schema) -> Which {
    let only = if found.only { "ONLY " } else { "" };
    let alias = found.alias.as_ref().map(|alias| format!(" AS {}", ident(alias))).unwrap_or_default();
    let text = [found.condition, found.sources, found.with].into_iter().flatten();
    // A condition that gives another answer each time does not say which rows these are.
    let telling = !text.clone().any(|text| is_volatile(text, now));
    let condition = match (found.sources, found.condition) {
        _ if !telling => String::new(),
        (None, None) => String::new(),
        (None, Some(condition)) => format!(" WHERE {condition}"),
        (Some(sources), None) => format!(" WHERE EXISTS (SELECT FROM {sources}\n)"),
        (Some(sources), Some(condition)) => format!(" WHERE EXISTS (SELECT FROM {sources} WHERE {condition}\n)"),
    };
    let with = found.with.filter(|_| telling).map(|with| format!("{with} ")).unwrap_or_default();
    Which { with, from: format!("{only}{}{alias}{condition}\n", relation(&table.name)) }
}

fn update(copies: &mut Copies<'_>, table: &Table, found: &RowStatement<'_>) -> Option<()> {
    let key = copies.key(table)?;
    if found.sets.iter().any(|column| key.contains(column)) {
        return None;
    }
    // Triggers may set other columns of the row.
    let all = found.sets.is_empty() || !table.triggers.is_empty();
    let touched = |name: &String| !key.contains(name) && (all || found.sets.contains(name));
    let columns: Vec<String> = stored(table).filter(touched).collect();
    if columns.is_empty() {
        return None;
    }
    copies.values(table, &key, &columns, &which(table, found, copies.now));
    Some(())
}

fn insert(copies: &mut Copies<'_>, table: &Table, found: &RowStatement<'_>) -> Option<()> {
    let key = copies.key(table)?;
    if found.conflict == Some("update") {
        return None;
    }
    let keys = list(&key, |column| kept_as(table, column));
    let copy = copies.name(table);
    copies.sql.push(format!(
        "CREATE TABLE {} AS SELECT {keys} FROM {} WITH NO DATA",
        relation(&copy),
        relation(&table.name)
    ));
    copies.sql.push(format!(
        "WITH made AS (\n{}\nRETURNING {keys}) INSERT INTO {} SELECT * FROM made",
        found.body,
        relation(&copy)
    ));
    let same: Vec<String> = key.iter().map(|column| same_key(table, column)).collect();
    let delete = format!(
        "DELETE FROM {} AS t USING {} AS kept WHERE {}",
        relation(&table.name),
        relation(&copy),
        same.join(" AND ")
    );
    copies.put_back(table, delete);
    copies.how = "The rows that it adds are told by their keys";
    Some(())
}

/// Columns with values of their own.
pub(super) fn stored(table: &Table) -> impl Iterator<Item = String> + '_ {
    table.columns.iter().filter(|c| c.generated.is_none()).map(|c| c.name.clone())
}

/// The copies that one statement needs, and the way back from them.
pub(super) struct Copies<'a> {
    pub now: &'a Schema,
    /// Tells the copies of this statement from those of others.
    mark: String,
    pub sql: Vec<String>,
    back: Vec<String>,
    names: Vec<QName>,
    /// What does not come back.
    pub lost: Vec<String>,
    /// What else the way back drops at its end.
    after: Vec<String>,
    how: &'static str,
}

impl<'a> Copies<'a> {
    pub fn new(statement: &Statement, now: &'a Schema) -> Self {
        let bytes = statement.text.bytes().chain(statement.span.start.to_le_bytes());
        let mark = bytes.fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self {
            now,
            mark: format!("{mark:08x}"),
            sql: vec![own_schema()],
            back: Vec::new(),
            names: Vec::new(),
            lost: Vec::new(),
            after: Vec::new(),
            how: "The rows come back as they were kept",
        }
    }

    /// Whether a statement on the table reaches rows of tables that inherit from it.
    pub fn has_other_rows_below(&self, table: &Table, only: bool) -> bool {
        !only && self.now.tables.values().any(|below| below.inherits.contains(&table.name))
    }

    pub fn key(&self, table: &Table) -> Option<Vec<String>> {
        let options = PlanOptions::default();
        Planner::new(self.now, &options).key(&table.name)
    }

    /// The name of another copy.
    pub fn name(&mut self, table: &Table) -> QName {
        let number = if self.names.is_empty() { String::new() } else { format!("_{}", self.names.len() + 1) };
        let name = names::own("keep", &table.name, &format!("{}{number}", self.mark));
        self.names.push(name.clone());
        name
    }

    /// Copies `columns` of the rows, and locks these against others.
    pub fn copy(&mut self, table: &Table, columns: &[String], rows: &Which) -> QName {
        let copy = self.name(table);
        self.sql.push(format!(
            "CREATE TABLE {} AS {}SELECT {} FROM {} FOR UPDATE",
            relation(&copy),
            rows.with,
            list(columns, |column| kept_as(table, column)),
            rows.from.trim_end()
        ));
        copy
    }

    /// Keeps the values of `columns`; the way back writes them into the rows of the same key.
    pub fn values(&mut self, table: &Table, key: &[String], columns: &[String], rows: &Which) {
        let kept: Vec<String> = key.iter().chain(columns).cloned().collect();
        let copy = self.copy(table, &kept, rows);
        let set = list(columns, |column| format!("{} = {}", ident(column), put_back(table, column, "kept.")));
        let same: Vec<String> = key.iter().map(|column| same_key(table, column)).collect();
        let update = format!(
            "UPDATE {} AS t SET {set} FROM {} AS kept WHERE {}",
            relation(&table.name),
            relation(&copy),
            same.join(" AND ")
        );
        self.put_back(table, update);
    }

    /// The way back puts the kept rows into the table again.
    pub fn rows_again(&mut self, table: &Table, columns: &[String], copy: &QName) {
        let identity = table.columns.iter().any(|c| c.identity.is_some());
        let insert = format!(
            "INSERT INTO {} ({}){} SELECT {} FROM {}",
            relation(&table.name),
            ident_list(columns),
            if identity { " OVERRIDING SYSTEM VALUE" } else { "" },
            list(columns, |column| put_back(table, column, "")),
            relation(copy)
        );
        self.put_back(table, insert);
    }

    /// Triggers stay still meanwhile: they have done their part for these rows.
    fn put_back(&mut self, table: &Table, statement: String) {
        let triggers: Vec<String> =
            table.triggers.values().filter(|t| t.state.is_none()).map(|t| ident(&t.name)).collect();
        let switch = |word: &'static str| {
            let each = triggers.iter().map(move |name| format!("{word} TRIGGER {name}")).collect::<Vec<_>>().join(", ");
            format!("ALTER TABLE {} {each}", relation(&table.name))
        };
        if triggers.is_empty() {
            self.back.push(statement);
            return;
        }
        self.lost.push(format!("what triggers of {} did elsewhere", table.name.short()));
        // Foreign keys that are checked at the end would keep the triggers from being switched.
        let check_now = "SET CONSTRAINTS ALL IMMEDIATE".to_owned();
        self.back.extend([switch("DISABLE"), statement, check_now, switch("ENABLE")]);
    }

    pub fn gone_after(&mut self, drop: String) {
        self.after.push(drop);
    }

    fn drops(&self) -> impl Iterator<Item = String> + '_ {
        self.after.iter().cloned().chain(self.names.iter().map(|name| format!("DROP TABLE {}", relation(name))))
    }

    /// What is told of the copies.
    fn told(&self) -> String {
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        format!("in {}, which may be dropped when no way back is wanted any more", names.join(", "))
    }

    /// With a way back that was made elsewhere, from the copies.
    pub fn kept_within(mut self, mut rollback: Rollback) -> KeptRows {
        if self.names.is_empty() {
            // Nothing is kept, so the schema for it is not needed either.
            self.sql.remove(0);
            return KeptRows { sql: self.sql, rollback };
        }
        rollback.sql.extend(self.drops().collect::<Vec<_>>());
        if rollback.kind == RollbackKind::Exact {
            rollback.kind = RollbackKind::Restores;
        }
        let note = rollback.note.take().unwrap_or_default();
        rollback.note = Some(format!("{note} The values from before are {}.", self.told()).trim_start().to_owned());
        KeptRows { sql: self.sql, rollback }
    }

    fn kept(mut self) -> KeptRows {
        let note = format!("{} {}; rows that others write meanwhile are not kept.", self.how, self.told());
        let drops: Vec<String> = self.drops().collect();
        let mut sql = std::mem::take(&mut self.back);
        sql.extend(drops);
        let rollback = if self.lost.is_empty() {
            Rollback::restores(sql, note)
        } else {
            Rollback::lossy(sql, format!("{note} Not brought back: {}.", self.lost.join("; ")))
        };
        KeptRows { sql: self.sql, rollback }
    }
}
