//! What in a statement the rules are about, where only PostgreSQL's syntax, catalog or version tells.

mod alter;
mod columns;
mod drops;
mod flow;
mod indexes;
mod maintenance;
mod names;
mod others;
mod partitions;
mod rights;
mod routines;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use columns::narrows;
pub(super) use flow::{guard, transaction};
pub(super) use rights::granted;

use super::judge::named;
use super::reader::cursor::{Cursor, Name};
use super::reader::parse::parse;
use super::reader::tree::Tree;
use crate::risk::{Context, Judgement, Spot};
use crate::schema::{QName, Table};
use crate::sql::Statement;

/// What is found in one statement, in the making.
struct Spots<'a> {
    /// Major version of the server.
    version: u32,
    statement: &'a Statement,
    context: &'a Context<'a>,
    judgement: &'a Judgement,
    out: Vec<Spot>,
}

/// What rules of PostgreSQL's are about in a statement that reads.
pub(super) fn spot(version: u32, statement: &Statement, context: &Context<'_>, judgement: &Judgement) -> Vec<Spot> {
    let mut spots = Spots { version, statement, context, judgement, out: Vec::new() };
    match parse(&statement.text) {
        Some(Tree::Alter(tree)) => alter::alter(&mut spots, &tree),
        Some(Tree::CreateIndex(tree)) => indexes::create(&mut spots, &tree),
        Some(Tree::Drop(tree)) => drops::objects(&mut spots, &tree),
        Some(Tree::CreateTable(tree)) => partitions::create_table(&mut spots, &tree),
        None => others::of_class(&mut spots),
    }
    columns::of_changes(&mut spots);
    names::of_statement(&mut spots);
    spots.out
}

impl<'a> Spots<'a> {
    fn cursor(&self) -> Cursor<'a> {
        Cursor::new(&self.statement.text)
    }

    /// Says that a rule is met, by the statement itself.
    fn tell(&mut self, rule: &'static str, message: impl Into<String>) {
        self.out.push(Spot { rule, table: None, message: message.into() });
    }

    /// Says that a rule is met on a table, whose size and use decide how grave that is.
    fn tell_of(&mut self, rule: &'static str, table: &QName, message: impl Into<String>) {
        self.out.push(Spot { rule, table: Some(table.clone()), message: message.into() });
    }

    /// The relation that a name of the statement means.
    fn relation(&self, name: &Name) -> QName {
        named(&self.statement.reading, name)
    }

    fn table(&self, name: &QName) -> Option<&'a Table> {
        self.context.schema.tables.get(name).map(|t| &**t)
    }

    fn is_new(&self, name: &QName) -> bool {
        self.context.made_here.contains(name)
    }

    fn rewrites(&self, name: &QName) -> bool {
        self.judgement.rewrites.contains(&name.to_string())
    }

    fn scans(&self, name: &QName) -> bool {
        self.judgement.scans.contains(&name.to_string())
    }

    fn is_partitioned(&self, name: &QName) -> bool {
        self.table(name).is_some_and(|t| t.partition_by.is_some())
    }
}
