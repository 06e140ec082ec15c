//! The tables and columns that a script makes: what is written to them goes with them.

use crate::schema::{Change, QName};
use crate::sql::RowWrite;
use std::collections::BTreeSet;

/// What the statements so far have made, under its name of the moment.
#[derive(Debug, Default)]
pub(super) struct Made {
    tables: BTreeSet<QName>,
    columns: BTreeSet<(QName, String)>,
}

impl Made {
    pub fn note(&mut self, change: &Change) {
        match change {
            Change::CreateTable { table } => {
                self.tables.insert(table.name.clone());
            }
            Change::DropTable { name } => {
                self.tables.remove(name);
                self.columns.retain(|(table, _)| table != name);
            }
            Change::RenameTable { from, to } => self.moved(from, &from.sibling(to)),
            Change::SetTableSchema { name, schema } => self.moved(name, &QName::new(schema, &name.name)),
            Change::AddColumn { table, column } => {
                self.columns.insert((table.clone(), column.name.clone()));
            }
            Change::DropColumn { table, column } => {
                self.columns.remove(&(table.clone(), column.clone()));
            }
            Change::RenameColumn { table, from, to } if self.columns.remove(&(table.clone(), from.clone())) => {
                self.columns.insert((table.clone(), to.clone()));
            }
            _ => {}
        }
    }

    fn moved(&mut self, from: &QName, to: &QName) {
        if self.tables.remove(from) {
            self.tables.insert(to.clone());
        }
        let columns = std::mem::take(&mut self.columns);
        let moved = |(table, column)| if table == *from { (to.clone(), column) } else { (table, column) };
        self.columns = columns.into_iter().map(moved).collect();
    }

    /// Whether all that is written is new.
    pub fn has(&self, write: &RowWrite) -> bool {
        let new = |column: &String| self.columns.contains(&(write.table.clone(), column.clone()));
        self.tables.contains(&write.table) || (!write.columns.is_empty() && write.columns.iter().all(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    #[test]
    fn what_was_made_is_known_under_its_new_name() {
        let name = |text: &str| QName::new("public", text);
        let write = |table: &str, columns: &[&str]| RowWrite {
            table: name(table),
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        };
        let mut made = Made::default();
        made.note(&Change::AddColumn { table: name("t"), column: Column::new("a", "text") });
        assert!(made.has(&write("t", &["a"])) && !made.has(&write("t", &["a", "b"])) && !made.has(&write("t", &[])));
        made.note(&Change::RenameTable { from: name("t"), to: "u".into() });
        made.note(&Change::RenameColumn { table: name("u"), from: "a".into(), to: "c".into() });
        assert!(made.has(&write("u", &["c"])) && !made.has(&write("t", &["a"])));
        made.note(&Change::DropColumn { table: name("u"), column: "c".into() });
        assert!(!made.has(&write("u", &["c"])));
    }
}
