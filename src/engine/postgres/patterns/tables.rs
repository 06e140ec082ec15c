//! New tables, and changes of views and types that need more than one statement.

use super::planner::Planner;
use super::{columns, enums};
use super::{reverse, titles};
use crate::Result;
use crate::engine::postgres::render::view::replaceable;
use crate::plan::{Phase, Step};
use crate::schema::{Change, ConstraintKind, ObjectKind, ObjectRef, QName, Schema, Table, TypeDef, View};

/// A table that nobody uses yet is made as it is; a foreign key to a table that is still to come waits for it.
pub(super) fn create(planner: &mut Planner<'_>, table: &Table) -> Result<()> {
    let mut table = table.clone();
    table.columns = table.columns.iter().map(columns::numbered).collect();
    let name = table.name.clone();
    let is_there = |other: &QName| *other == name || planner.now.tables.contains_key(other);
    let early = |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey(fk) if !is_there(&fk.references));
    let (waiting, ready) = std::mem::take(&mut table.constraints).into_iter().partition(|(_, c)| early(&c.kind));
    table.constraints = ready;
    planner.waiting_keys.extend(
        waiting.into_iter().map(|(_, c)| c).map(|constraint| Change::AddConstraint { table: name.clone(), constraint }),
    );
    planner.made.insert(name.clone());
    planner.direct(&Change::CreateTable { table: Box::new(table) })?;
    add_waiting_keys(planner, &name)
}

fn add_waiting_keys(planner: &mut Planner<'_>, made: &QName) -> Result<()> {
    let points_here = |change: &Change| match change {
        Change::AddConstraint { constraint, .. } => {
            matches!(&constraint.kind, ConstraintKind::ForeignKey(fk) if fk.references == *made)
        }
        _ => false,
    };
    let (ready, waiting) = std::mem::take(&mut planner.waiting_keys).into_iter().partition(points_here);
    planner.waiting_keys = waiting;
    for change in Vec::from_iter::<Vec<Change>>(ready) {
        let step = planner.step_of(titles::title(&change), Phase::Expand, vec![change])?;
        planner.push(step)?;
    }
    Ok(())
}

/// A new value cannot be used in the transaction that adds it.
pub(super) fn add_enum_value(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let mut step = planner.step_of(titles::title(change), Phase::Expand, vec![change.clone()])?;
    step.note =
        Some("In a transaction of its own, because PostgreSQL lets nobody use the value before it ends.".into());
    planner.push(step)
}

/// In place where the columns only grow; else it is dropped and made again, with the views that stand on it.
pub(super) fn replace_view(planner: &mut Planner<'_>, view: &View) -> Result<()> {
    let change = Change::ReplaceView { view: Box::new(view.clone()) };
    let Some(old) = planner.now.views.get(&view.name) else { return planner.direct(&change) };
    if replaceable(old, view) || (view.columns.is_empty() && !view.materialized && !old.materialized) {
        return planner.direct(&change);
    }
    let kind = ObjectKind::of_view(old.materialized);
    let above = views_on(&planner.now, &[ObjectRef::new(kind, view.name.clone())]);
    let mut changes: Vec<Change> = above.iter().rev().map(drop_view).collect();
    changes.push(drop_view(old));
    changes.push(Change::CreateView { view: Box::new(view.clone()) });
    changes.extend(above.iter().map(|v| Change::CreateView { view: Box::new(v.clone()) }));
    changes.extend(above.iter().chain([old]).flat_map(|v| rights_of_view(&planner.now, v)));
    let mut step = planner.step_of(titles::title(&change), Phase::Migrate, changes)?;
    step.note = Some(
        "Its columns change, so PostgreSQL cannot replace it in place: it is dropped and made again together with the \
         views on it, in one transaction, and everybody is given the rights again that they had."
            .into(),
    );
    planner.push(step)
}

/// What a view has that is lost when it is dropped and made again.
pub(super) fn rights_of_view(schema: &Schema, view: &View) -> Vec<Change> {
    let on = ObjectRef::new(ObjectKind::Table, view.name.clone());
    let kind = ObjectKind::of_view(view.materialized);
    let object = ObjectRef { kind, ..on.clone() };
    let owner = schema.owners.get(&object).cloned();
    let owner = owner.map(|owner| Change::SetOwner { object, owner: Some(owner) });
    let rights = schema.rights.get(&on).cloned().map(Box::new);
    // Without rights of its own as well, where default privileges would give it some.
    let differs = rights.is_some() || schema.rights_when_made(&on).is_some();
    let rights = differs.then_some(Change::SetRights { on, rights });
    owner.into_iter().chain(rights).collect()
}

/// What takes a view's replacement back where that cannot be done in place: with the views on it, and with what is said
/// of all of them apart from their definitions.
pub(super) fn view_back(change: &Change, before: &Schema) -> Option<Vec<Change>> {
    let Change::ReplaceView { view } = change else { return None };
    let was = before.views.get(&view.name)?;
    if view.columns.is_empty() || was.columns.is_empty() || replaceable(view, was) {
        return None;
    }
    let kind = ObjectKind::of_view(was.materialized);
    let above = views_on(before, &[ObjectRef::new(kind, was.name.clone())]);
    let again: Vec<&View> = std::iter::once(was).chain(&above).collect();
    let mut changes: Vec<Change> = above.iter().rev().map(drop_view).collect();
    changes.push(drop_view(view));
    changes.extend(again.iter().map(|v| Change::CreateView { view: Box::new((*v).clone()) }));
    let said = before.others.iter().filter(|o| o.id.part.is_some() && again.iter().any(|v| v.name == o.id.name));
    changes.extend(said.map(|o| Change::CreateOther { object: Box::new(o.clone()) }));
    Some(changes)
}

pub(super) fn drop_view(view: &View) -> Change {
    Change::DropView { name: view.name.clone(), materialized: view.materialized }
}

/// The views that need any of `objects`, directly or through others, in an order in which they can be made.
pub(super) fn views_on(schema: &Schema, objects: &[ObjectRef]) -> Vec<View> {
    let mut found: Vec<QName> = Vec::new();
    let mut at: Vec<ObjectRef> = objects.to_vec();
    while let Some(object) = at.pop() {
        for dependant in schema.dependencies.iter().filter(|d| covers(&object, &d.on)).map(|d| &d.from) {
            let is_view = matches!(dependant.kind, ObjectKind::View | ObjectKind::MaterializedView);
            if is_view && schema.views.contains_key(&dependant.name) {
                // Found again from further down: it has to come after what was found since.
                found.retain(|name| *name != dependant.name);
                found.push(dependant.name.clone());
                at.push(ObjectRef::new(dependant.kind, dependant.name.clone()));
            }
        }
    }
    found.iter().filter_map(|name| schema.views.get(name).cloned()).collect()
}

/// A view's columns are the view.
fn covers(object: &ObjectRef, on: &ObjectRef) -> bool {
    on == object
        || (object.part.is_none()
            && on.name == object.name
            && (on.kind == object.kind || on.kind == ObjectKind::Column))
}

/// A type that becomes what no statement makes of it is made anew: an enum that loses or reorders values, a domain with
/// another base, an enum that becomes a domain.
pub(super) fn alter_type(planner: &mut Planner<'_>, definition: &TypeDef) -> Result<()> {
    let change = Change::AlterType { definition: definition.clone() };
    let Some(before) = planner.now.types.get(&definition.name) else {
        return Err(super::planner::misfit(&crate::schema::ApplyError::Missing(ObjectRef::new(
            ObjectKind::Type,
            definition.name.clone(),
        ))));
    };
    if enums::made_anew(before, definition) {
        return rebuild_type(planner, change, definition);
    }
    let mut step = planner.step_of(titles::title(&change), Phase::Expand, vec![change.clone()])?;
    let mut after = planner.now.clone();
    after.apply(&change).map_err(|why| super::planner::misfit(&why))?;
    step.rollback = reverse::rollback(&change, &planner.now, &after);
    planner.push(step)
}

fn rebuild_type(planner: &mut Planner<'_>, change: Change, definition: &TypeDef) -> Result<()> {
    let sql = enums::rebuild(&planner.now, definition);
    let mut after = planner.now.clone();
    after.apply(&change).map_err(|why| super::planner::misfit(&why))?;
    let mut step = Step::ddl(titles::title(&change), Phase::Migrate, sql);
    step.rollback = reverse::rollback(&change, &planner.now, &after);
    step.changes = vec![change];
    step.note = Some(
        "The type is made anew and every column that has it is written again under a lock. It fails, and changes \
         nothing, if a row holds a value that goes."
            .into(),
    );
    planner.push(step)
}
