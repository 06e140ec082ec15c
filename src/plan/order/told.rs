//! What the server says that a change needs and lets go of.

use super::key::Key;
use super::needs::{Need, Tie};
use super::split::Part;
use crate::schema::{Change, Dependency, ObjectKind, ObjectRef, QName, Schema, Table, TypeKind};
use std::collections::{HashMap, HashSet};

/// The dependencies of the objects that some changes are about, by the dependant's name.
pub(super) struct Told<'a> {
    by_name: HashMap<&'a QName, Vec<&'a Dependency>>,
}

impl<'a> Told<'a> {
    pub(super) fn of(schema: Option<&'a Schema>, changes: &[Change]) -> Self {
        let names: HashSet<QName> = changes.iter().filter_map(name_of).collect();
        let mut by_name: HashMap<&QName, Vec<&Dependency>> = HashMap::new();
        for dependency in schema.into_iter().flat_map(|s| s.dependencies.iter()) {
            if names.contains(&dependency.from.name) {
                by_name.entry(&dependency.from.name).or_default().push(dependency);
            }
        }
        Self { by_name }
    }

    /// What a change's object stands on, as far as the change makes, alters or removes it. `before` knows what goes.
    pub(super) fn on(&self, change: &Change, before: &Schema) -> Vec<(&'a ObjectRef, Need)> {
        let Some(name) = name_of(change) else { return Vec::new() };
        let all = self.by_name.get(&name).into_iter().flatten();
        let about = all.filter_map(|d| Some((d, tie(change, &d.from, before)?)));
        about
            .flat_map(|(d, tie)| keys(&d.on).into_iter().map(move |key| (&d.from, Need { key, tie: tie.clone() })))
            .collect()
    }
}

/// An object, and what it is a part of: a view's column is not made apart.
fn keys(object: &ObjectRef) -> Vec<Key> {
    let whole = (object.kind == ObjectKind::Column).then(|| Key::Relation(object.name.clone()));
    whole.into_iter().chain([Key::of(object)]).collect()
}

/// The name that the dependencies of a change's object stand under.
fn name_of(change: &Change) -> Option<QName> {
    Some(match change {
        Change::CreateTable { table } => table.name.clone(),
        Change::CreateView { view } | Change::ReplaceView { view } => view.name.clone(),
        Change::DropView { name, .. } | Change::DropType { name } | Change::DropTable { name } => name.clone(),
        Change::CreateType { definition } | Change::AlterType { definition } => definition.name.clone(),
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => routine.key(),
        Change::DropRoutine { key, .. } => key.clone(),
        Change::CreateOther { object } | Change::DropOther { object } | Change::AlterOther { to: object, .. } => {
            object.id.name.clone()
        }
        Change::CreateExtension { extension } => QName::new("", &extension.name),
        Change::DropExtension { name } => QName::new("", name),
        other => other.table()?.clone(),
    })
}

/// How `from` ties the change, when that is about it.
fn tie(change: &Change, from: &ObjectRef, before: &Schema) -> Option<Tie> {
    let part = from.part.as_deref().unwrap_or_default();
    let is = |kind: ObjectKind, name: &str| (from.kind == kind && part == name).then_some(Tie::Firm);
    match change {
        Change::CreateTable { table } => tie_of_table(table, from),
        Change::DropTable { name } => tie_of_table(before.tables.get(name)?, from),
        Change::AddColumn { column, .. } => match from.kind {
            ObjectKind::Column if part == column.name => Some(Tie::Firm),
            ObjectKind::Default if part == column.name && column.default.is_some() => {
                Some(Tie::Part(Part::Default(part.to_owned())))
            }
            _ => None,
        },
        Change::DropColumn { column, .. } => {
            is(ObjectKind::Column, column).or_else(|| is(ObjectKind::Default, column)).or_else(|| {
                let table = before.tables.get(&from.name)?;
                let falls = match from.kind {
                    ObjectKind::Constraint => table.constraints.get(part)?.kind.columns().contains(column),
                    ObjectKind::Index => table.indexes.get(part)?.names_column(column),
                    _ => false,
                };
                falls.then_some(Tie::Firm)
            })
        }
        Change::SetDefault { column, .. } => is(ObjectKind::Default, column),
        Change::SetGenerated { column, .. } | Change::AlterColumnType { column, .. } => is(ObjectKind::Column, column),
        Change::AddConstraint { constraint, .. } => is(ObjectKind::Constraint, &constraint.name),
        Change::DropConstraint { name, .. } => is(ObjectKind::Constraint, name),
        Change::CreateIndex { index, .. } => is(ObjectKind::Index, &index.name),
        Change::DropIndex { name, .. } => is(ObjectKind::Index, name),
        Change::CreateTrigger { trigger, .. } => is(ObjectKind::Trigger, &trigger.name),
        Change::DropTrigger { name, .. } => is(ObjectKind::Trigger, name),
        Change::CreateOther { object } | Change::DropOther { object } | Change::AlterOther { to: object, .. } => {
            (*from == object.id).then_some(Tie::Firm)
        }
        other => tie_of_object(other, from, before),
    }
}

fn tie_of_object(change: &Change, from: &ObjectRef, before: &Schema) -> Option<Tie> {
    use ObjectKind::{MaterializedView, View};
    let is_view = matches!(from.kind, View | MaterializedView | ObjectKind::Index | ObjectKind::Trigger);
    let plain = |materialized: bool| if !materialized && from.kind == View { Tie::Part(Part::Body) } else { Tie::Firm };
    match change {
        Change::CreateView { view } if is_view => Some(plain(view.materialized)),
        Change::DropView { materialized, .. } if is_view => Some(plain(*materialized)),
        Change::ReplaceView { .. } if is_view => Some(Tie::Firm),
        Change::CreateType { definition } => (from.kind == ObjectKind::Type).then(|| of_type(&definition.kind)),
        Change::DropType { name } => {
            (from.kind == ObjectKind::Type).then(|| before.types.get(name).map_or(Tie::Firm, |t| of_type(&t.kind)))
        }
        Change::AlterType { .. } => (from.kind == ObjectKind::Type).then_some(Tie::Firm),
        Change::CreateRoutine { .. } | Change::ReplaceRoutine { .. } | Change::DropRoutine { .. } => {
            (from.kind == ObjectKind::Routine).then_some(Tie::Firm)
        }
        Change::CreateExtension { .. } | Change::DropExtension { .. } => {
            (from.kind == ObjectKind::Extension).then_some(Tie::Firm)
        }
        _ => None,
    }
}

/// A domain can be made without its checks and default.
fn of_type(kind: &TypeKind) -> Tie {
    match kind {
        TypeKind::Domain { checks, default, .. } if !checks.is_empty() || default.is_some() => Tie::Part(Part::Body),
        _ => Tie::Firm,
    }
}

fn tie_of_table(table: &Table, from: &ObjectRef) -> Option<Tie> {
    let name = from.part.clone().unwrap_or_default();
    let part = match from.kind {
        ObjectKind::Table => return Some(Tie::Firm),
        // A column that comes from a parent comes with it.
        ObjectKind::Column if table.partition_of.is_some() || !table.inherits.is_empty() => return Some(Tie::Firm),
        ObjectKind::Column => table.column(&name).map(|_| Part::Column(name)),
        ObjectKind::Default => table.column(&name)?.default.as_ref().map(|_| Part::Default(name)),
        ObjectKind::Constraint => table.constraints.get(&name).map(|_| Part::Constraint(name)),
        ObjectKind::Index => table.indexes.get(&name).map(|_| Part::Index(name)),
        ObjectKind::Trigger => table.triggers.get(&name).map(|_| Part::Trigger(name)),
        _ => None,
    };
    part.map(Tie::Part)
}
