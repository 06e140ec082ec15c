//! Renames that old and new code live through together.

use super::drops::own_schema;
use super::planner::Planner;
use super::sync::Sync;
use super::{columns, indexes, names, titles};
use crate::Result;
use crate::engine::postgres::render::{ident, relation};
use crate::plan::{Phase, Rollback, Step, StepKind};
use crate::schema::{Change, Column, Index, IndexTarget, ObjectKind, ObjectRef, Owned, QName, Schema, View};

/// A step for people.
pub(super) fn wait(title: String, note: String) -> Step {
    let mut step = Step::ddl(title, Phase::Migrate, Vec::new());
    step.kind = StepKind::Wait;
    step.transactional = false;
    step.rollback = Rollback::exact(Vec::new());
    step.rollback.note = Some("Deploy the code of before again.".into());
    step.note = Some(note);
    step
}

/// The table takes its new name, and a view answers to the old one until no code uses it.
pub(super) fn table(planner: &mut Planner<'_>, from: &QName, to: &str) -> Result<()> {
    let found = planner.table(from)?;
    let columns: Vec<(String, String)> = found.columns.iter().map(|c| (c.name.clone(), c.data_type.clone())).collect();
    let renamed = from.sibling(to);
    let list: Vec<String> = columns.iter().map(|(name, _)| ident(name)).collect();
    let view =
        View { columns, ..View::new(from.clone(), format!("SELECT {}\nFROM {}", list.join(", "), relation(&renamed))) };
    let rename = Change::RenameTable { from: from.clone(), to: to.to_owned() };
    let title = titles::title(&rename);
    let mut changes = vec![rename, Change::CreateView { view: Box::new(view) }];
    changes.extend(rights_of_stand_in(&planner.now, from));
    let mut step = planner.step_of(title, Phase::Expand, changes)?;
    step.note = Some(format!(
        "In one transaction the table becomes {to} and a view takes the old name, which reads and writes through it. \
         Whoever may use the table may use the view in the same way."
    ));
    planner.push(step)?;
    planner.push(wait(
        format!("Deploy code that uses {to}"),
        format!("Go on when no running code names {} any more.", from.short()),
    ))?;
    let drop = Change::DropView { name: from.clone(), materialized: false };
    let title = format!("Drop the view that stands for the old name {}", from.short());
    let step = planner.step_of(title, Phase::Contract, vec![drop])?;
    planner.push(step)
}

/// The view that stands for a table has its owner, and allows what the table allows.
fn rights_of_stand_in(before: &Schema, table: &QName) -> Vec<Change> {
    let on = ObjectRef::new(ObjectKind::Table, table.clone());
    let view = ObjectRef::new(ObjectKind::View, table.clone());
    let owner = before.owners.get(&on).map(|owned| Owned { object: view.clone(), ..owned.clone() });
    let owner = owner.map(|owner| Change::SetOwner { object: view, owner: Some(owner) });
    let rights = before.rights.get(&on).cloned().map(Box::new);
    owner.into_iter().chain([Change::SetRights { on, rights }]).collect()
}

/// Who may use one column may use its twin.
fn rights_of_twin(before: &Schema, table: &QName, from: &str, to: &str) -> Option<Change> {
    let on = ObjectRef::new(ObjectKind::Table, table.clone());
    let mut rights = before.rights.get(&on)?.clone();
    let grants = rights.columns.get(from)?.clone();
    rights.columns.insert(to.to_owned(), grants);
    Some(Change::SetRights { on, rights: Some(Box::new(rights)) })
}

/// A twin under the new name is kept the same by a trigger until no code uses the old one; then the twin makes way
/// and the column itself takes the name, with its indexes, constraints and views.
pub(super) fn column(planner: &mut Planner<'_>, table: &QName, from: &str, to: &str) -> Result<()> {
    let rename = Change::RenameColumn { table: table.clone(), from: from.to_owned(), to: to.to_owned() };
    let found = planner.table(table)?;
    let Some(old) = found.column(from).cloned() else { return planner.direct(&rename) };
    let bound = found.partition_by.is_some() || found.partition_of.is_some() || !found.inherits.is_empty();
    if bound || old.generated.is_some() || old.identity.is_some() {
        let mut step = planner.step_of(titles::title(&rename), Phase::Migrate, vec![rename])?;
        step.note = Some(
            "Renamed directly: a twin cannot be kept for a computed or numbered column, nor on partitions. Code that \
             uses the old name fails from this moment on."
                .into(),
        );
        return planner.push(step);
    }
    let twin = Column { collation: old.collation.clone(), ..Column::new(to, old.data_type.clone()) };
    let sync = Sync::twins(table, from, to, lacks_equality(&old.data_type));
    let copies = twin_indexes(planner, table, from, to);
    let add = Change::AddColumn { table: table.clone(), column: twin.clone() };

    let title = format!("Add column {to} beside {from} on {}", table.short());
    let rights = rights_of_twin(&planner.now, table, from, to);
    let changes = [add.clone(), sync.created()].into_iter().chain(rights).collect();
    let mut step = planner.step_of(title, Phase::Expand, changes)?;
    step.sql.insert(0, own_schema());
    step.sql.insert(1, sync.create_function());
    step.rollback.sql.push(sync.drop_function());
    step.note = Some("A trigger keeps both columns the same, whichever of them a statement writes.".into());
    planner.push(step)?;
    let unequal = format!("{} IS NULL AND {} IS NOT NULL", ident(to), ident(from));
    columns::fill(planner, table, &[(to.to_owned(), ident(from))], Some(unequal), true)?;
    for index in &copies {
        planner.push(indexes::concurrently(table, index))?;
    }
    planner.push(wait(
        format!("Deploy code that uses {to}"),
        format!("Go on when no running code names {}.{from} any more.", table.short()),
    ))?;

    let drop_twin = Change::DropColumn { table: table.clone(), column: to.to_owned() };
    let mut step =
        planner.step_of(titles::title(&rename), Phase::Contract, vec![sync.dropped(), drop_twin, rename.clone()])?;
    step.sql.insert(1, sync.drop_function());
    step.rollback = rename_back(table, from, to, &sync, planner, &[add, sync.created()], &copies);
    step.note = Some(format!(
        "Nothing is lost: {to} was the same as {from}, which now takes its name and keeps its indexes, constraints and \
         views."
    ));
    planner.push(step)
}

/// The old name with its twin as they were before the last step.
fn rename_back(
    table: &QName,
    from: &str,
    to: &str,
    sync: &Sync,
    planner: &Planner<'_>,
    twin: &[Change],
    copies: &[Index],
) -> Rollback {
    let mut sql = vec![format!("ALTER TABLE {} RENAME COLUMN {} TO {}", relation(table), ident(to), ident(from))];
    let [add, trigger] = twin else { return Rollback::exact(sql) };
    let mut schema = planner.now.clone();
    let again = |schema: &Schema, change: &Change| crate::engine::postgres::render::render(change, schema);
    sql.extend(again(&schema, add));
    // The model as it is now has the twin; only the text of the statements matters here.
    let _ = schema.apply(add);
    sql.push(format!("UPDATE {} SET {} = {}", relation(table), ident(to), ident(from)));
    for index in copies {
        sql.extend(again(&schema, &Change::CreateIndex { table: table.clone(), index: index.clone() }));
    }
    sql.push(sync.create_function());
    sql.extend(again(&schema, trigger));
    let mut rollback = Rollback::exact(sql);
    rollback.note = Some("The twin is filled again in one statement, which takes its time on a large table.".into());
    rollback
}

/// Types whose values cannot be compared with `=`.
fn lacks_equality(data_type: &str) -> bool {
    ["json", "xml", "point", "polygon", "path", "box"].contains(&data_type)
}

/// Copies of a column's indexes for its twin, so that queries by the new name are as quick; those behind unique and
/// primary keys too, because ON CONFLICT needs them.
pub(super) fn twin_indexes(planner: &Planner<'_>, table: &QName, from: &str, to: &str) -> Vec<Index> {
    let Some(found) = planner.now.tables.get(table) else { return Vec::new() };
    let backing = found.constraints.values().filter(|c| super::retype::is_unique(&c.kind));
    let all = found.indexes.values().cloned().chain(backing.map(super::constraints::backing_index));
    all.filter(|index| names_column(index, from)).map(|index| twin_index(planner, table, &index, (from, to))).collect()
}

fn names_column(index: &Index, column: &str) -> bool {
    use super::expression::mentions;
    index.names_column(column)
        || index.predicate.as_ref().is_some_and(|text| mentions(text, column))
        || index.keys.iter().any(|k| matches!(&k.on, IndexTarget::Expression(text) if mentions(text, column)))
}

fn twin_index(planner: &Planner<'_>, table: &QName, index: &Index, (from, to): (&str, &str)) -> Index {
    let taken = |name: &str| planner.now.tables.with_index(&table.sibling(name)).is_some();
    Index { name: names::free(&index.name, "_new", taken), ..over(index, from, to) }
}

/// The same index with one column in another's place.
pub(super) fn over(index: &Index, from: &str, to: &str) -> Index {
    use super::expression::replace;
    let mut twin = index.clone();
    for key in &mut twin.keys {
        match &mut key.on {
            IndexTarget::Column(name) if name == from => to.clone_into(name),
            IndexTarget::Column(_) => {}
            IndexTarget::Expression(text) => *text = replace(text, from, &ident(to)),
        }
    }
    for name in twin.include.iter_mut().filter(|name| *name == from) {
        to.clone_into(name);
    }
    twin.predicate = twin.predicate.map(|text| replace(&text, from, &ident(to)));
    twin
}
