//! Columns that stand in another order. It is no difference: it means nothing to a query that names its columns, and
//! no engine here can move a column. But it is told, because `SELECT *` and INSERT without names show it.

use crate::schema::{QName, Schema};
use serde::Serialize;
use std::collections::HashSet;

/// A table whose columns stand in another order, with the columns that both sides have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnOrder {
    pub table: QName,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl ColumnOrder {
    /// `shop.orders has its columns in another order: id, total, note; wanted id, note, total`.
    pub fn sentence(&self) -> String {
        format!(
            "{} has its columns in another order, which is no difference: {}; wanted {}",
            self.table,
            self.before.join(", "),
            self.after.join(", ")
        )
    }
}

/// The tables of both schemas whose columns stand in another order.
pub fn column_orders(before: &Schema, after: &Schema) -> Vec<ColumnOrder> {
    let both = before.tables.iter().filter_map(|(name, table)| Some((name, table, after.tables.get(name)?)));
    both.filter_map(|(name, one, other)| {
        let shared = |mine: &crate::schema::Table, theirs: &crate::schema::Table| {
            let there: HashSet<&str> = theirs.columns.iter().map(|column| column.name.as_str()).collect();
            let names = mine.columns.iter().map(|column| &column.name).filter(|name| there.contains(name.as_str()));
            names.cloned().collect::<Vec<String>>()
        };
        let (before, after) = (shared(one, other), shared(other, one));
        (before != after).then(|| ColumnOrder { table: name.clone(), before, after })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, EngineKind, Table};

    fn schema(columns: &[&str]) -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(QName::new("shop", "orders"));
        table.columns = columns.iter().map(|name| Column::new(*name, "integer")).collect();
        schema.tables.insert(table.name.clone(), table.into());
        schema
    }

    #[test]
    fn only_columns_of_both_sides_count() {
        assert_eq!(column_orders(&schema(&["a", "x", "b"]), &schema(&["a", "b", "y"])), []);
        let found = column_orders(&schema(&["a", "x", "b"]), &schema(&["b", "a"]));
        assert_eq!(found[0].before, ["a", "b"]);
        assert!(found[0].sentence().ends_with("a, b; wanted b, a"), "{}", found[0].sentence());
        assert_eq!(schema(&["a", "b"]).fingerprint(), schema(&["b", "a"]).fingerprint());
    }
}
