//! What must be taken down and put up again because something beneath it changes.

use super::tables::key_columns;
use crate::schema::{Change, ConstraintKind, ObjectKind, ObjectRef, Other, QName, Schema, View};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Adds the drop and the new making of views, triggers, policies and rules that stand on a column which is retyped or
/// dropped, or on a view or routine that is dropped, and of foreign keys that point at a key which is made anew.
pub(super) fn rebuild_dependants(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    rebuild_views(before, after, changes);
    rebuild_foreign_keys(before, after, changes);
    rebuild_parts(before, after, changes);
}

/// Policies, rules, owners and rights go with the object that they are on: when that is made anew, so are they.
fn rebuild_parts(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let again: HashSet<QName> = changes.iter().filter_map(made_whole).collect();
    let gone: HashSet<QName> = changes.iter().filter_map(dropped_whole).collect();
    let known: HashSet<ObjectRef> = changes
        .iter()
        .filter_map(|c| match c {
            Change::CreateOther { object } | Change::DropOther { object } => Some(object.id.clone()),
            _ => None,
        })
        .collect();
    let hangs_on = |id: &ObjectRef| id.part.is_some() && id.kind != ObjectKind::DefaultPrivileges;
    for object in before.others.iter().filter(|o| hangs_on(&o.id) && !known.contains(&o.id)) {
        let still = after.others.iter().find(|o| o.id == object.id);
        let owner_again = gone.contains(&object.id.name) && again.contains(&object.id.name);
        if let Some(new) = still.filter(|_| owner_again || loses_index(object, changes)) {
            changes.push(Change::DropOther { object: Box::new(object.clone()) });
            changes.push(Change::CreateOther { object: Box::new(new.clone()) });
        }
    }
}

/// Whether a setting of a table names an index that is dropped here.
fn loses_index(object: &Other, changes: &[Change]) -> bool {
    let part = object.id.part.as_deref().unwrap_or_default();
    let named = |name: &str| {
        let in_statement = object.create.iter().any(|sql| sql.trim_end_matches('"').ends_with(name));
        in_statement || part.strip_suffix(name).is_some_and(|rest| rest.ends_with(" of "))
    };
    object.id.kind == ObjectKind::TableSetting
        && changes.iter().any(|change| match change {
            Change::DropIndex { table, name } | Change::DropConstraint { table, name } => {
                *table == object.id.name && named(name)
            }
            _ => false,
        })
}

fn made_whole(change: &Change) -> Option<QName> {
    Some(match change {
        Change::CreateTable { table } => table.name.clone(),
        Change::CreateView { view } => view.name.clone(),
        Change::CreateRoutine { routine } => routine.key(),
        Change::CreateType { definition } => definition.name.clone(),
        Change::CreateSequence { sequence } => sequence.name.clone(),
        _ => return None,
    })
}

fn dropped_whole(change: &Change) -> Option<QName> {
    match change {
        Change::DropTable { name }
        | Change::DropView { name, .. }
        | Change::DropType { name }
        | Change::DropSequence { name }
        | Change::DropRoutine { key: name, .. } => Some(name.clone()),
        _ => None,
    }
}

/// The objects that cannot change while a view stands on them.
fn disturbed(changes: &[Change]) -> Vec<ObjectRef> {
    let column = |table: &QName, column: &String| ObjectRef::part(ObjectKind::Column, table.clone(), column);
    let one = |change: &Change| match change {
        Change::AlterColumnType { table, column: c, .. } | Change::DropColumn { table, column: c } => {
            vec![column(table, c)]
        }
        Change::DropTable { name } => vec![ObjectRef::new(ObjectKind::Table, name.clone())],
        Change::DropView { name, .. } => vec![
            ObjectRef::new(ObjectKind::View, name.clone()),
            ObjectRef::new(ObjectKind::MaterializedView, name.clone()),
        ],
        Change::DropRoutine { key, .. } => vec![ObjectRef::new(ObjectKind::Routine, key.clone())],
        Change::DropType { name } => vec![ObjectRef::new(ObjectKind::Type, name.clone())],
        _ => Vec::new(),
    };
    changes.iter().flat_map(one).collect()
}

fn rebuild_views(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let mut queue = disturbed(changes);
    if queue.is_empty() || before.dependencies.is_empty() {
        return;
    }
    let mut dependants: HashMap<ObjectRef, Vec<&ObjectRef>> = HashMap::new();
    for dependency in before.dependencies.iter() {
        dependants.entry(dependency.on.clone()).or_default().push(&dependency.from);
        if dependency.on.part.is_some() {
            // What needs a column needs what has the column.
            for kind in [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView] {
                let whole = ObjectRef::new(kind, dependency.on.name.clone());
                dependants.entry(whole).or_default().push(&dependency.from);
            }
        }
    }
    let dropped: HashSet<QName> = changes
        .iter()
        .filter_map(|c| if let Change::DropView { name, .. } = c { Some(name.clone()) } else { None })
        .collect();
    let mut again: BTreeSet<QName> = BTreeSet::new();
    let mut parts: BTreeSet<ObjectRef> = BTreeSet::new();
    while let Some(object) = queue.pop() {
        for from in dependants.get(&object).into_iter().flatten() {
            if from.part.is_some() {
                parts.insert((*from).clone());
            }
            let view = before.views.get(&from.name).filter(|_| from.part.is_none());
            if view.is_some() && !dropped.contains(&from.name) && again.insert(from.name.clone()) {
                queue.push(ObjectRef::new(ObjectKind::View, from.name.clone()));
                queue.push(ObjectRef::new(ObjectKind::MaterializedView, from.name.clone()));
            }
        }
    }
    changes.retain(|change| !about_view(change).is_some_and(|name| again.contains(name)));
    let made: HashSet<QName> = changes.iter().filter_map(dropped_whole).collect();
    let stays = |part: &&ObjectRef| !again.contains(&part.name) && !made.contains(&part.name);
    let let_go: Vec<Change> =
        parts.iter().filter(stays).filter_map(|part| again_part(part, before, after)).flatten().collect();
    changes.extend(let_go);
    for name in again {
        if let (Some(old), Some(new)) = (before.views.get(&name), after.views.get(&name)) {
            changes.push(Change::DropView { name, materialized: old.materialized });
            changes.push(Change::CreateView { view: Box::new(View { populated: old.populated, ..new.clone() }) });
        }
    }
}

/// Triggers, policies and rules that stay what they are, but must let go of what they stand on meanwhile.
fn again_part(part: &ObjectRef, before: &Schema, after: &Schema) -> Option<[Change; 2]> {
    let name = part.part.as_deref()?;
    if part.kind == ObjectKind::Trigger {
        let of = |schema: &'_ Schema| {
            let of_table = schema.tables.get(&part.name).and_then(|t| t.triggers.get(name));
            of_table.or_else(|| schema.views.get(&part.name)?.triggers.get(name)).cloned()
        };
        let trigger = of(after).filter(|new| of(before).as_ref() == Some(new))?;
        let table = part.name.clone();
        return Some([
            Change::DropTrigger { table: table.clone(), name: name.to_owned() },
            Change::CreateTrigger { table, trigger },
        ]);
    }
    let of = |schema: &'_ Schema| schema.others.iter().find(|o| o.id == *part).cloned();
    let object = of(after).filter(|new| of(before).as_ref() == Some(new))?;
    Some([Change::DropOther { object: Box::new(object.clone()) }, Change::CreateOther { object: Box::new(object) }])
}

/// The view that a change is about and that making the view anew would bring along.
fn about_view(change: &Change) -> Option<&QName> {
    match change {
        Change::ReplaceView { view } => Some(&view.name),
        Change::CreateTrigger { table, .. }
        | Change::DropTrigger { table, .. }
        | Change::CreateIndex { table, .. }
        | Change::RenameIndex { table, .. }
        | Change::DropIndex { table, .. } => Some(table),
        Change::SetComment { object, .. }
            if matches!(object.kind, ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Trigger) =>
        {
            Some(&object.name)
        }
        _ => None,
    }
}

fn rebuild_foreign_keys(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let mut keys: HashMap<&QName, Vec<&[String]>> = HashMap::new();
    let mut touched: HashSet<(&QName, &String)> = HashSet::new();
    for change in changes.iter() {
        if let Change::DropConstraint { table, name } = change {
            touched.insert((table, name));
            let constraint = before.tables.get(table).and_then(|t| t.constraints.get(name));
            if let Some(columns) = constraint.and_then(key_columns) {
                keys.entry(table).or_default().push(columns);
            }
        }
    }
    if keys.is_empty() {
        return;
    }
    let mut more = Vec::new();
    for table in before.tables.values() {
        for constraint in table.constraints.values() {
            let ConstraintKind::ForeignKey(fk) = &constraint.kind else { continue };
            let stands_on =
                |columns: &&[String]| fk.referenced_columns.is_empty() || **columns == fk.referenced_columns;
            if !keys.get(&fk.references).is_some_and(|all| all.iter().any(stands_on))
                || touched.contains(&(&table.name, &constraint.name))
            {
                continue;
            }
            let Some(new) = after.tables.get(&table.name).and_then(|t| t.constraints.get(&constraint.name)) else {
                continue;
            };
            more.push(Change::DropConstraint { table: table.name.clone(), name: constraint.name.clone() });
            more.push(Change::AddConstraint { table: table.name.clone(), constraint: new.clone() });
        }
    }
    changes.extend(more);
}
