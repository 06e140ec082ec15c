//! Parts of tables and views, and objects without a model, that are taken down and put up again.

use crate::schema::{
    Change, ConstraintKind, Index, IndexTarget, ObjectKind, ObjectRef, Other, QName, ROW_TYPE, Schema, Table, Trigger,
};
use std::collections::HashSet;

/// How a part, or an object without a model, is taken down, and how it is put up as it is to be.
pub(super) fn around(object: &ObjectRef, before: &Schema, after: &Schema) -> (Option<Change>, Option<Change>) {
    (down(object, before), up(object, after))
}

fn down(object: &ObjectRef, schema: &Schema) -> Option<Change> {
    let (table, name) = (object.name.clone(), object.part.clone().unwrap_or_default());
    let found = schema.tables.get(&table);
    Some(match object.kind {
        ObjectKind::Default => {
            found?.column(&name)?.default.as_ref()?;
            Change::SetDefault { table, column: name, default: None }
        }
        ObjectKind::Constraint => {
            found?.constraints.get(&name)?;
            Change::DropConstraint { table, name }
        }
        ObjectKind::Index => {
            index(schema, object)?;
            Change::DropIndex { table, name }
        }
        ObjectKind::Trigger => {
            trigger(schema, object)?;
            Change::DropTrigger { table, name }
        }
        _ => Change::DropOther { object: Box::new(other(schema, object)?) },
    })
}

fn up(object: &ObjectRef, schema: &Schema) -> Option<Change> {
    let (table, name) = (object.name.clone(), object.part.clone().unwrap_or_default());
    let found = schema.tables.get(&table);
    Some(match object.kind {
        ObjectKind::Default => {
            let default = found?.column(&name)?.default.clone()?;
            Change::SetDefault { table, column: name, default: Some(default) }
        }
        ObjectKind::Constraint => Change::AddConstraint { table, constraint: found?.constraints.get(&name)?.clone() },
        ObjectKind::Index => Change::CreateIndex { table, index: index(schema, object)? },
        ObjectKind::Trigger => Change::CreateTrigger { table, trigger: trigger(schema, object)? },
        _ => Change::CreateOther { object: Box::new(other(schema, object)?) },
    })
}

fn index(schema: &Schema, object: &ObjectRef) -> Option<Index> {
    let name = object.part.as_ref()?;
    let of_table = schema.tables.get(&object.name).and_then(|t| t.indexes.get(name));
    of_table.or_else(|| schema.views.get(&object.name)?.indexes.get(name)).cloned()
}

fn trigger(schema: &Schema, object: &ObjectRef) -> Option<Trigger> {
    let name = object.part.as_ref()?;
    let of_table = schema.tables.get(&object.name).and_then(|t| t.triggers.get(name));
    of_table.or_else(|| schema.views.get(&object.name)?.triggers.get(name)).cloned()
}

fn other(schema: &Schema, object: &ObjectRef) -> Option<Other> {
    schema.others.iter().find(|o| o.id == *object).cloned()
}

/// The constraints and indexes that a column takes along when it is dropped. An expression that has its name in it
/// counts: at worst it is made anew without need.
pub(super) fn on_column(table: &Table, column: &str) -> Vec<ObjectRef> {
    let names = |kind: &ConstraintKind| match kind {
        ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
            text.contains(column)
        }
        ConstraintKind::NotNull { .. } => false,
        kind => kind.columns().iter().any(|c| c == column),
    };
    let in_key = |on: &IndexTarget| matches!(on, IndexTarget::Expression(text) if text.contains(column));
    let on_it = |index: &Index| {
        index.names_column(column)
            || index.keys.iter().any(|k| in_key(&k.on))
            || index.predicate.as_ref().is_some_and(|text| text.contains(column))
    };
    let constraints = table.constraints.values().filter(|c| names(&c.kind));
    let constraints = constraints.map(|c| ObjectRef::part(ObjectKind::Constraint, table.name.clone(), &c.name));
    let indexes = table.indexes.values().filter(|i| on_it(i));
    constraints.chain(indexes.map(|i| ObjectRef::part(ObjectKind::Index, table.name.clone(), &i.name))).collect()
}

/// Policies, rules and comments go with the object that they are on: when that is made anew, so are they.
pub(super) fn rebuild_parts(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let again: HashSet<QName> = changes.iter().filter_map(made_whole).collect();
    let gone: HashSet<QName> = changes.iter().filter_map(dropped_whole).collect();
    let known: HashSet<ObjectRef> = changes
        .iter()
        .filter_map(|c| match c {
            Change::CreateOther { object } | Change::DropOther { object } => Some(object.id.clone()),
            _ => None,
        })
        .collect();
    let hangs_on = |id: &ObjectRef| id.part.is_some();
    for object in before.others.iter().filter(|o| hangs_on(&o.id) && !known.contains(&o.id)) {
        let still = after.others.iter().find(|o| o.id == object.id);
        let owner_again = gone.contains(&object.id.name) && again.contains(&object.id.name);
        if let Some(new) =
            still.filter(|_| owner_again || loses_part(object, changes) || fixes_columns(object, changes))
        {
            changes.retain(|c| !matches!(c, Change::AlterOther { to, .. } if to.id == object.id));
            changes.push(Change::DropOther { object: Box::new(object.clone()) });
            changes.push(Change::CreateOther { object: Box::new(new.clone()) });
        }
    }
}

/// Whether a setting of a table names an index that is dropped here.
fn loses_part(object: &Other, changes: &[Change]) -> bool {
    if object.id.kind != ObjectKind::TableSetting {
        return false;
    }
    let part = object.id.part.as_deref().unwrap_or_default();
    let ends_with = |name: &str| {
        let in_statement = object.create.iter().any(|sql| sql.trim_end_matches('"').ends_with(name));
        in_statement || part.strip_suffix(name).is_some_and(|rest| rest.ends_with(" of "))
    };
    changes.iter().any(|change| match change {
        Change::DropIndex { table, name } | Change::DropConstraint { table, name } => {
            *table == object.id.name && ends_with(name)
        }
        _ => false,
    })
}

/// Whether an object is that a table has a row type, whose columns change here: the table has to let go of it meanwhile.
fn fixes_columns(object: &Other, changes: &[Change]) -> bool {
    if object.id.kind != ObjectKind::TableSetting || object.id.part.as_deref() != Some(ROW_TYPE) {
        return false;
    }
    changes.iter().any(|change| match change {
        Change::AddColumn { table, .. } | Change::DropColumn { table, .. } | Change::AlterColumnType { table, .. } => {
            *table == object.id.name
        }
        Change::AlterType { definition } => {
            object.create.iter().any(|sql| sql.ends_with(&format!(" OF {}", definition.name)))
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
        Change::CreateOther { object } if object.id.part.is_none() => object.id.name.clone(),
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
        Change::DropOther { object } if object.id.part.is_none() => Some(object.id.name.clone()),
        _ => None,
    }
}
