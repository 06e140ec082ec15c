//! Rows of a table that is dropped and made anew, as when it becomes partitioned: from their copy into the new one.

use super::drops::{list, next_after, put_back};
use super::planner::Planner;
use crate::Result;
use crate::engine::postgres::render::{ident, ident_list, literal, relation};
use crate::plan::{Phase, Rollback, RollbackKind, Step};
use crate::schema::{Change, Column, PartitionOf, QName, Schema, Table};
use std::collections::{BTreeMap, BTreeSet};

/// The copy of a table that was dropped.
#[derive(Debug)]
pub(super) struct KeptTable {
    /// The table, or the one that it was a partition of.
    pub root: QName,
    pub copy: QName,
    pub table: Table,
}

/// The partitioned table that a table's rows are seen through.
pub(super) fn root(schema: &Schema, name: &QName) -> QName {
    let mut at = name;
    while let Some(PartitionOf { parent, .. }) = schema.tables.get(at).and_then(|t| t.partition_of.as_ref()) {
        at = parent;
    }
    at.clone()
}

/// The columns of a table that a sequence of its own counts.
pub(super) fn numbered(schema: &Schema, name: &QName) -> Vec<String> {
    let identities = schema.tables.get(name).into_iter().flat_map(|t| &t.columns).filter(|c| c.identity.is_some());
    let owned = schema.sequences.values().filter_map(|s| s.owned_by.as_ref()).filter(|(table, _)| table == name);
    identities.map(|c| c.name.clone()).chain(owned.map(|(_, column)| column.clone())).collect()
}

/// By the place of a change, the tables made anew that are whole after it.
pub(super) fn whole_after(changes: &[Change]) -> BTreeMap<usize, Vec<QName>> {
    let dropped: BTreeSet<&QName> = changes.iter().filter_map(dropped).collect();
    let mut parents: BTreeMap<&QName, &QName> = BTreeMap::new();
    let mut last: BTreeMap<&QName, usize> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        let (name, partition_of) = match change {
            Change::CreateTable { table } => (&table.name, table.partition_of.as_ref()),
            Change::SetPartition { table, partition } => (table, partition.as_ref()),
            _ => continue,
        };
        parents.extend(partition_of.map(|of| (name, &of.parent)));
        let mut top = name;
        while let Some(parent) = parents.get(top) {
            top = parent;
        }
        last.insert(top, at);
    }
    let mut out: BTreeMap<usize, Vec<QName>> = BTreeMap::new();
    for (name, at) in last.into_iter().filter(|(name, _)| dropped.contains(name)) {
        out.entry(at).or_default().push(name.clone());
    }
    out
}

fn dropped(change: &Change) -> Option<&QName> {
    if let Change::DropTable { name } = change { Some(name) } else { None }
}

/// A step for each copy of the rows of `name`, which is there again.
pub(super) fn move_rows(planner: &mut Planner<'_>, name: &QName) -> Result<()> {
    let (of_it, others) = std::mem::take(&mut planner.kept).into_iter().partition(|kept| kept.root == *name);
    planner.kept = others;
    let Some(new) = planner.now.tables.get(name).filter(|t| t.foreign.is_none()).map(|t| Table::clone(t)) else {
        return Ok(());
    };
    if new.partition_by.is_some() && planner.now.tables.children(name).next().is_none() {
        // Nowhere to put them.
        return Ok(());
    }
    for kept in Vec::<KeptTable>::from_iter::<Vec<_>>(of_it) {
        if let Some(step) = moving(&kept, &new) {
            planner.push(step)?;
        }
    }
    Ok(())
}

fn moving(kept: &KeptTable, new: &Table) -> Option<Step> {
    let stored = |table: &Table, name: &str| table.column(name).is_some_and(|c| c.generated.is_none());
    let both = |c: &&Column| c.generated.is_none() && stored(&kept.table, &c.name);
    let columns: Vec<String> = new.columns.iter().filter(both).map(|c| c.name.clone()).collect();
    if columns.is_empty() {
        return None;
    }
    let value = |name: &str| {
        let value = put_back(&kept.table, name, "");
        let (old, wanted) = (kept.table.column(name), new.column(name));
        match wanted.filter(|wanted| old.is_none_or(|old| old.data_type != wanted.data_type)) {
            Some(wanted) => format!("{value}::{}", wanted.data_type),
            None => value,
        }
    };
    let numbered = new.columns.iter().any(|c| c.identity.is_some());
    let overriding = if numbered { " OVERRIDING SYSTEM VALUE" } else { "" };
    let (table, copy) = (relation(&new.name), relation(&kept.copy));
    let (into, values) = (ident_list(&columns), list(&columns, value));
    // The rows have been through the triggers when they were written first.
    let triggers: Vec<String> = new.triggers.values().filter(|t| t.state.is_none()).map(|t| ident(&t.name)).collect();
    let switch = |word: &str| triggers.iter().map(|t| format!("ALTER TABLE {table} {word} TRIGGER {t}")).collect();
    let mut sql: Vec<String> = switch("DISABLE");
    sql.push(format!("INSERT INTO {table} ({into}){overriding} SELECT {values} FROM {copy}"));
    sql.extend::<Vec<String>>(switch("ENABLE"));
    sql.extend(new.columns.iter().filter(|c| columns.contains(&c.name)).filter_map(|c| go_on(&new.name, c)));
    let title = format!("Move the rows of {} into the new table", kept.table.name.short());
    let mut step = Step::ddl(title, Phase::Migrate, sql);
    step.note = Some(format!(
        "The table was made anew, and its rows are put back from {}. Columns that are new have their default; it fails \
         if a row does not fit the new table. Nobody should write to the table before this is done.",
        kept.copy
    ));
    step.rollback = Rollback {
        kind: RollbackKind::Restores,
        note: Some("Nothing to do: the rows go with the new table, and the old one comes back with its copy.".into()),
        ..Rollback::exact(Vec::new())
    };
    Some(step)
}

/// Lets a column's numbers go on after the highest.
fn go_on(table: &QName, column: &Column) -> Option<String> {
    if column.identity.is_some() {
        return Some(next_after(table, &column.name));
    }
    let sequence = column.default.as_deref()?.strip_prefix("nextval('")?.split_once("'::regclass)")?.0;
    let (sequence, name, table) = (literal(&sequence.replace("''", "'")), ident(&column.name), relation(table));
    Some(format!("SELECT setval({sequence}, coalesce((SELECT max({name}) FROM {table}), 0) + 1, false)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, parent: Option<&str>) -> Change {
        let mut table = Table::new(QName::new("public", name));
        let of = |parent: &str| PartitionOf { parent: QName::new("public", parent), bound: "DEFAULT".into() };
        table.partition_of = parent.map(of);
        Change::CreateTable { table: Box::new(table) }
    }

    #[test]
    fn a_table_made_anew_is_whole_after_its_last_partition() {
        let drop = |name: &str| Change::DropTable { name: QName::new("public", name) };
        let changes = [drop("t"), drop("gone"), table("t", None), table("t_1", Some("t")), table("new", None)];
        assert_eq!(whole_after(&changes), BTreeMap::from([(3, vec![QName::new("public", "t")])]));
    }
}
