//! What a concurrent index build that broke off leaves behind: an index that every write maintains and no query uses.

use super::wire::literal;
use crate::plan::Step;
use crate::schema::{Change, QName};

/// A query for statements that clean up after `step`; none when the step leaves nothing that is not rolled back.
pub(super) fn query(step: &Step) -> Option<String> {
    if step.transactional {
        return None;
    }
    let names: Vec<String> = step
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::CreateIndex { table, index } => Some(table.sibling(&index.name)),
            Change::DropIndex { table, name } => Some(table.sibling(name)),
            _ => None,
        })
        .map(|index| pair(&index))
        .collect();
    if names.is_empty() {
        return None;
    }
    Some(format!(
        "SELECT pg_catalog.format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname) \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND c.relkind = 'i' \
         AND (n.nspname, c.relname) IN ({}) ORDER BY 1",
        names.join(", ")
    ))
}

fn pair(name: &QName) -> String {
    format!("({}, {})", literal(&name.schema), literal(&name.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Phase;
    use crate::schema::Index;

    #[test]
    fn only_steps_outside_a_transaction_leave_something_behind() {
        let mut step = Step::ddl("index", Phase::Expand, vec![]);
        step.changes = vec![Change::CreateIndex {
            table: QName::new("shop", "orders"),
            index: Index::on_columns("orders_total_idx", &["total"]),
        }];
        assert_eq!(query(&step), None);
        step.transactional = false;
        assert!(query(&step).unwrap().contains("('shop', 'orders_total_idx')"));
    }
}
