//! Indexes without keeping writers out.

use super::planner::Planner;
use super::{names, titles};
use crate::Result;
use crate::engine::postgres::render::index::{self, Build};
use crate::engine::postgres::render::relation;
use crate::plan::{Phase, Rollback, Step};
use crate::schema::{Change, Index, IndexTarget, QName, Shared, Table};

/// The columns of an index that has nothing but columns.
pub(super) fn plain_columns(index: &Index) -> Option<Vec<String>> {
    index
        .keys
        .iter()
        .map(|key| match &key.on {
            IndexTarget::Column(name) => Some(name.clone()),
            IndexTarget::Expression(_) => None,
        })
        .collect()
}

fn outside_transaction(sql: Vec<String>) -> Rollback {
    Rollback { transactional: false, ..Rollback::exact(sql) }
}

/// A concurrent build as a step.
pub(super) fn concurrently(table: &QName, index: &Index) -> Step {
    let change = Change::CreateIndex { table: table.clone(), index: index.clone() };
    let mut sql = vec![index::create(table, index, Build { concurrently: true, only: false })];
    sql.extend(index::comment(table, index));
    let mut step = Step::ddl(titles::title(&change), Phase::Expand, sql);
    step.transactional = false;
    step.rollback = outside_transaction(vec![index::drop(table, &index.name, true)]);
    step.changes = vec![change];
    step.note = Some(
        "Built concurrently: reads and writes go on. It waits for transactions that are older than itself, and leaves \
         an invalid index behind if it breaks off."
            .into(),
    );
    step
}

pub(super) fn create(planner: &mut Planner<'_>, table: &QName, index: &Index) -> Result<()> {
    let change = Change::CreateIndex { table: table.clone(), index: index.clone() };
    if !planner.now.tables.contains_key(table) {
        return planner.direct(&change);
    }
    if planner.table(table)?.partition_by.is_none() {
        return planner.push(concurrently(table, index));
    }
    partitioned(planner, table, index)
}

/// PostgreSQL builds no index concurrently on a partitioned table: an empty one is made on the parent alone, then one
/// on each partition, attached as it is ready; with the last one the parent's becomes valid.
fn partitioned(planner: &mut Planner<'_>, table: &QName, index: &Index) -> Result<()> {
    let change = Change::CreateIndex { table: table.clone(), index: index.clone() };
    let mut sql = vec![index::create(table, index, Build { concurrently: false, only: true })];
    sql.extend(index::comment(table, index));
    let mut step = Step::ddl(titles::title(&change), Phase::Expand, sql);
    step.rollback = Rollback::exact(vec![index::drop(table, &index.name, false)]);
    // Attached parts have gone with it by then; what a broken plan has not attached yet is still there.
    let parts = parts_of(planner, table, index);
    step.rollback.sql.extend(parts.iter().map(|part| format!("DROP INDEX IF EXISTS {}", relation(part))));
    step.changes = vec![change];
    step.note = Some("On the partitioned table alone, invalid until every partition has its own.".into());
    planner.push(step)?;
    on_partitions(planner, table, index)
}

/// An attached index cannot be dropped by itself.
fn with_parent() -> Rollback {
    let note = "Nothing to do: this index is dropped when the parent's is, by the rollback of the step that made it.";
    Rollback { note: Some(note.into()), ..Rollback::exact(Vec::new()) }
}

/// The part's name as PostgreSQL would choose it (`ChooseRelationName`): table, columns, `idx`. Where something has or
/// may have that name, it is made from the parent's index.
fn part_name(planner: &Planner<'_>, partition: &QName, parent: &QName, index: &Index) -> String {
    let columns = column_part(index);
    let usual = names::joined(&partition.name, &columns, "idx");
    let now = &planner.now;
    let of_twin = now
        .tables
        .get(parent)
        .is_some_and(|t| t.indexes.values().any(|other| other.name != index.name && column_part(other) == columns));
    let name = partition.sibling(&usual);
    let in_tables = now.tables.values().filter(|t| t.name.schema == name.schema);
    let taken = of_twin
        || now.tables.contains_key(&name)
        || now.views.contains_key(&name)
        || now.sequences.contains_key(&name)
        || in_tables.flat_map(|t| t.indexes.keys().chain(t.constraints.keys())).any(|other| *other == usual);
    if taken { names::with_suffix(&format!("{}_{}", partition.name, index.name), "") } else { usual }
}

/// The columns of an index as they stand in its usual name.
fn column_part(index: &Index) -> String {
    let word = |on: &IndexTarget| match on {
        IndexTarget::Column(name) => name.clone(),
        IndexTarget::Expression(text) => {
            let call = text.split_once('(').map(|(name, _)| name.rsplit('.').next().unwrap_or(name));
            let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            call.filter(is_name).unwrap_or("expr").to_owned()
        }
    };
    index.keys.iter().map(|k| word(&k.on)).chain(index.include.iter().cloned()).collect::<Vec<_>>().join("_")
}

/// The names of the parts of an index on a partitioned table, on all its levels.
fn parts_of(planner: &Planner<'_>, parent: &QName, index: &Index) -> Vec<QName> {
    let tables = planner.now.tables.values();
    let children = tables.filter(|t| t.partition_of.as_ref().is_some_and(|p| p.parent == *parent));
    let mut out = Vec::new();
    for child in children {
        let name = part_name(planner, &child.name, parent, index);
        out.push(child.name.sibling(&name));
        out.extend(parts_of(planner, &child.name, &Index { name, ..index.clone() }));
    }
    out
}

fn on_partitions(planner: &mut Planner<'_>, parent: &QName, index: &Index) -> Result<()> {
    let of_parent = |t: &&Shared<Table>| t.partition_of.as_ref().is_some_and(|p| p.parent == *parent);
    let children: Vec<(QName, bool)> =
        planner.now.tables.values().filter(of_parent).map(|t| (t.name.clone(), t.partition_by.is_some())).collect();
    for (child, is_parent) in children {
        let name = part_name(planner, &child, parent, index);
        let part = Index { name: name.clone(), comment: None, ..index.clone() };
        let attach = format!(
            "ALTER INDEX {} ATTACH PARTITION {}",
            relation(&parent.sibling(&index.name)),
            relation(&child.sibling(&name))
        );
        // The parts are the parent's index, so that the model knows only the one.
        let mut build = concurrently(&child, &part);
        build.changes.clear();
        if is_parent {
            build.sql = vec![index::create(&child, &part, Build { concurrently: false, only: true })];
            build.transactional = true;
        }
        build.rollback = with_parent();
        planner.push(build)?;
        if is_parent {
            on_partitions(planner, &child, &part)?;
        }
        let mut step = Step::ddl(format!("Attach index {name} to {}", index.name), Phase::Expand, vec![attach]);
        step.rollback = with_parent();
        planner.push(step)?;
    }
    Ok(())
}

pub(super) fn drop(planner: &mut Planner<'_>, table: &QName, name: &str) -> Result<()> {
    let change = Change::DropIndex { table: table.clone(), name: name.to_owned() };
    let was = planner.now.tables.get(table).filter(|t| t.partition_by.is_none()).and_then(|t| t.indexes.get(name));
    let Some(was) = was else { return planner.direct(&change) };
    let mut back = vec![index::create(table, was, Build { concurrently: true, only: false })];
    back.extend(index::comment(table, was));
    let mut step = Step::ddl(titles::title(&change), Phase::Contract, vec![index::drop(table, name, true)]);
    step.transactional = false;
    step.rollback = outside_transaction(back);
    step.changes = vec![change];
    step.note = Some("Dropped concurrently: nobody waits behind it while it waits for old transactions.".into());
    planner.push(step)
}
