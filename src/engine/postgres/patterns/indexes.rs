//! Indexes without keeping writers out.

use super::planner::{Planner, with_parent};
use super::{names, titles};
use crate::Result;
use crate::engine::postgres::render::index::{self, Build};
use crate::engine::postgres::render::{literal, relation, render};
use crate::plan::{Phase, Rollback, Step};
use crate::schema::{Change, Constraint, ConstraintKind, Index, IndexPart, IndexTarget, QName, Shared, Table};

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

pub(super) fn create(planner: &mut Planner<'_>, table: &QName, index: &Index, later: &[Change]) -> Result<()> {
    let change = Change::CreateIndex { table: table.clone(), index: index.clone() };
    if !planner.now.tables.contains_key(table) {
        return planner.direct(&change);
    }
    if planner.now.tables.children(table).next().is_some_and(|t| t.partition_of.is_some()) {
        return partitioned(planner, table, IndexPart::Index(index), later);
    }
    if !planner.is_busy(table) || planner.table(table)?.partition_by.is_some() {
        return planner.direct(&change);
    }
    match &index.attached_to {
        Some(parent) if planner.table(table)?.partition_of.is_some() => {
            let mut build = concurrently(table, &Index { attached_to: None, ..index.clone() });
            if planner.makes(parent) {
                // Attached, it goes with the parent's; where the plan broke off before that, it is still there then.
                build.rollback = with_parent();
                let name = relation(&table.sibling(&index.name));
                planner.keep_part(parent, vec![format!("DROP INDEX IF EXISTS {name}")]);
            }
            planner.push(build)?;
            planner.direct(&Change::AttachIndex {
                table: table.clone(),
                name: index.name.clone(),
                parent: parent.clone(),
            })
        }
        _ => planner.push(concurrently(table, index)),
    }
}

/// PostgreSQL builds no index concurrently on a partitioned table: an empty one is made on the parent alone, then one
/// on each partition, attached as it is ready; with the last one the parent's becomes valid. Parts that come `later`
/// in the plan are left to it; the others get the names that PostgreSQL would give them.
pub(super) fn partitioned(
    planner: &mut Planner<'_>,
    table: &QName,
    part: IndexPart<'_>,
    later: &[Change],
) -> Result<()> {
    let name = table.sibling(part.name());
    let change = part.create(table, part.attached_to());
    let mut step = planner.step_of(titles::title(&change), Phase::Expand, vec![change])?;
    step.note = Some("On the partitioned table alone, invalid until every partition has its own.".into());
    planner.push(step)?;
    let is_partition = |t: &&Shared<Table>| t.partition_of.as_ref().is_some_and(|p| p.parent == *table);
    let children: Vec<QName> =
        planner.now.tables.children(table).filter(is_partition).map(|t| t.name.clone()).collect();
    for child in children {
        if planner.table(&child)?.part_of(&name).is_some() || later.iter().any(|c| is_part(c, &child, &name)) {
            continue;
        }
        match part {
            IndexPart::Index(index) => {
                let own = part_name(planner, &child, table, index);
                let part = Index { name: own, comment: None, attached_to: Some(name.clone()), ..index.clone() };
                create(planner, &child, &part, later)?;
            }
            IndexPart::Key(key) => {
                let label = if matches!(key.kind, ConstraintKind::PrimaryKey { .. }) { "pkey" } else { "key" };
                let columns = if label == "pkey" { String::new() } else { key.kind.columns().join("_") };
                let usual = names::joined(&child.name, &columns, label);
                let taken = |name: &str| planner.now.tables.with_index(&child.sibling(name)).is_some();
                let own = names::free(&usual, "", taken);
                let part = Constraint { name: own, comment: None, attached_to: Some(name.clone()), ..key.clone() };
                super::constraints::add(planner, &child, &part, later)?;
            }
        }
    }
    Ok(())
}

/// An index that was the table's own becomes a part of the parent's; when that is dropped again, it goes too and has
/// to be made anew.
pub(super) fn attach(planner: &mut Planner<'_>, table: &QName, name: &str, parent: &QName) -> Result<()> {
    let own = planner.table(table)?.part(name).map(|part| part.create(table, None));
    let mut again = Vec::new();
    if let Some(create) = own {
        let index = literal(&relation(&table.sibling(name)));
        let made = render(&create, &planner.now).into_iter();
        again.extend(made.map(|sql| {
            format!("DO $lockstep$ BEGIN IF to_regclass({index}) IS NULL THEN {sql}; END IF; END $lockstep$")
        }));
    }
    planner.direct(&Change::AttachIndex { table: table.clone(), name: name.to_owned(), parent: parent.clone() })?;
    planner.keep_part(parent, again);
    Ok(())
}

/// Whether a change gives `child` its part of an index.
fn is_part(change: &Change, child: &QName, index: &QName) -> bool {
    match change {
        Change::CreateIndex { table, index: part } => table == child && part.attached_to.as_ref() == Some(index),
        Change::AddConstraint { table, constraint } => table == child && constraint.attached_to.as_ref() == Some(index),
        Change::AttachIndex { table, parent, .. } => table == child && parent == index,
        _ => false,
    }
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

pub(super) fn drop(planner: &mut Planner<'_>, table: &QName, name: &str) -> Result<()> {
    let change = Change::DropIndex { table: table.clone(), name: name.to_owned() };
    let alone = |t: &&Shared<Table>| t.partition_by.is_none();
    let was = planner.now.tables.get(table).filter(alone).and_then(|t| t.indexes.get(name));
    let Some(was) = was.filter(|i| i.attached_to.is_none()) else { return planner.direct(&change) };
    let mut back = Vec::new();
    if was.valid {
        back.push(index::create(table, was, Build { concurrently: true, only: false }));
        back.extend(index::comment(table, was));
    }
    let mut step = Step::ddl(titles::title(&change), Phase::Contract, vec![index::drop(table, name, true)]);
    step.transactional = false;
    step.rollback = outside_transaction(back);
    step.changes = vec![change];
    step.note = Some("Dropped concurrently: nobody waits behind it while it waits for old transactions.".into());
    planner.push(step)
}
