//! Changes in sentences that somebody who is no DBA understands.

mod belongs;
mod impact;
mod rights;
mod sentence;
mod words;

pub use sentence::sentence;

use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema};
use crate::sql::Syntax;
use belongs::belongs;
use impact::impact;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Added,
    Removed,
    Changed,
    Renamed,
}

impl Effect {
    /// The sign before the object, readable without colour.
    pub fn symbol(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Changed | Self::Renamed => '~',
        }
    }
}

/// What it means to a running application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Nothing that works now stops working.
    Additive,
    /// Something that works now may stop working.
    Breaking,
    /// Data goes.
    Destructive,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub object: ObjectRef,
    pub effect: Effect,
    pub impact: Impact,
    /// "Every sale now has a region; it is 'EU' unless said otherwise." One sentence a change.
    pub sentence: String,
    /// The definition before, as SQL.
    pub before: Option<String>,
    /// The definition after, as SQL.
    pub after: Option<String>,
    pub changes: Vec<Change>,
}

/// What happens to one object, while it is being gathered.
struct Group {
    /// As it was called before.
    original: ObjectRef,
    changes: Vec<Change>,
}

/// What differs, object by object, in the order of the object's kinds and names. Columns and constraints are told
/// with their table, indexes and triggers on their own.
pub fn entries(before: &Schema, after: &Schema, changes: &[Change], syntax: &dyn Syntax) -> Vec<Entry> {
    let mut groups: BTreeMap<ObjectRef, Group> = BTreeMap::new();
    let mut called: HashMap<QName, QName> = HashMap::new();
    for change in changes {
        let object = object(change);
        let group = groups.remove(&object);
        let original = ObjectRef { name: called.get(&object.name).unwrap_or(&object.name).clone(), ..object.clone() };
        let mut group = group.unwrap_or(Group { original, changes: Vec::new() });
        group.changes.push(change.clone());
        let renamed = renamed(change, &object);
        if renamed.name != object.name {
            called.insert(renamed.name.clone(), group.original.name.clone());
        }
        groups.insert(renamed, group);
    }
    groups.into_iter().map(|(object, group)| entry(object, group, before, after, syntax)).collect()
}

fn entry(object: ObjectRef, group: Group, before: &Schema, after: &Schema, syntax: &dyn Syntax) -> Entry {
    let effect = effect(&group.changes);
    let told = told(&group.changes);
    let who = group.changes.iter().find_map(|change| match change {
        Change::SetRights { on, rights } => Some(rights::told(on, before.rights.get(on), rights.as_deref())),
        _ => None,
    });
    Entry {
        effect,
        impact: told.iter().map(|c| impact(c)).max().unwrap_or(Impact::Additive),
        sentence: who.unwrap_or_else(|| say(&group, &object, effect, before)),
        before: if effect == Effect::Added { None } else { syntax.definition(&group.original, before) },
        after: if effect == Effect::Removed { None } else { syntax.definition(&object, after) },
        object,
        changes: group.changes,
    }
}

fn say(group: &Group, object: &ObjectRef, effect: Effect, before: &Schema) -> String {
    let changes = &group.changes;
    if effect == Effect::Changed && changes.iter().any(Change::makes_object) && changes.iter().any(Change::takes_object)
    {
        let what = crate::sql::one_line(&object.to_string());
        return format!("The {what} is defined differently now.");
    }
    let mut told = told(changes);
    let mut said = Vec::new();
    let table = before.tables.get(&group.original.name).map(|table| &**table);
    while let Some((sentence, of)) = belongs(&told, table) {
        said.push(sentence);
        told.retain(|change| !of.iter().any(|other| std::ptr::eq(*other, *change)));
    }
    said.extend(told.iter().map(|c| sentence(c)));
    said.join(" ")
}

/// Without steps on the way: a default that is dropped for a type change and set again.
fn told(changes: &[Change]) -> Vec<&Change> {
    let later_set = |at: usize, table: &QName, column: &String| {
        changes.iter().skip(at + 1).any(
            |c| matches!(c, Change::SetDefault { table: t, column: c, default: Some(_) } if t == table && c == column),
        )
    };
    let on_the_way = |at: usize, change: &Change| match change {
        Change::SetDefault { table, column, default: None } => later_set(at, table, column),
        _ => false,
    };
    changes.iter().enumerate().filter(|(at, c)| !on_the_way(*at, c)).map(|(_, c)| c).collect()
}

fn effect(changes: &[Change]) -> Effect {
    let renames = |c: &Change| renamed(c, &object(c)) != object(c);
    match (changes.iter().any(Change::makes_object), changes.iter().any(Change::takes_object)) {
        (true, false) => Effect::Added,
        (false, true) => Effect::Removed,
        (false, false) if changes.iter().all(renames) => Effect::Renamed,
        _ => Effect::Changed,
    }
}

/// The object that a change is told with, as it is called just before the change.
fn object(change: &Change) -> ObjectRef {
    use ObjectKind::{Extension, Index, MaterializedView, Routine, Schema, Sequence, Table, Trigger, Type, View};
    let new = ObjectRef::new;
    match change {
        Change::CreateSchema { name } | Change::DropSchema { name } => new(Schema, QName::new("", name)),
        Change::CreateExtension { extension } | Change::AlterExtension { extension } => {
            new(Extension, QName::new("", &extension.name))
        }
        Change::DropExtension { name } => new(Extension, QName::new("", name)),
        Change::CreateView { view } | Change::ReplaceView { view } => {
            new(if view.materialized { MaterializedView } else { View }, view.name.clone())
        }
        Change::DropView { name, materialized } | Change::RenameView { from: name, materialized, .. } => {
            new(if *materialized { MaterializedView } else { View }, name.clone())
        }
        Change::CreateSequence { sequence } | Change::AlterSequence { sequence } => {
            new(Sequence, sequence.name.clone())
        }
        Change::DropSequence { name } | Change::RenameSequence { from: name, .. } => new(Sequence, name.clone()),
        Change::CreateType { definition } | Change::AlterType { definition } => new(Type, definition.name.clone()),
        Change::DropType { name }
        | Change::RenameType { from: name, .. }
        | Change::AddEnumValue { name, .. }
        | Change::RenameEnumValue { name, .. } => new(Type, name.clone()),
        Change::CreateRoutine { routine } | Change::ReplaceRoutine { routine } => new(Routine, routine.key()),
        Change::DropRoutine { key, .. } => new(Routine, key.clone()),
        Change::CreateIndex { table, index } => new(Index, table.sibling(&index.name)),
        Change::DropIndex { table, name } | Change::RenameIndex { table, from: name, .. } => {
            new(Index, table.sibling(name))
        }
        Change::CreateTrigger { table, trigger } => ObjectRef::part(Trigger, table.clone(), &trigger.name),
        Change::DropTrigger { table, name } => ObjectRef::part(Trigger, table.clone(), name),
        Change::SetOwner { object, .. } => new(ObjectKind::Owner, object.name.clone()),
        Change::SetRights { on, .. } if on.kind == ObjectKind::DefaultPrivileges => on.clone(),
        Change::SetRights { on, .. } => ObjectRef::part(ObjectKind::Privileges, on.name.clone(), on.kind.word()),
        Change::CreateOther { object } | Change::DropOther { object } | Change::AlterOther { to: object, .. } => {
            object.id.clone()
        }
        Change::SetComment { object, .. } => match object.kind {
            ObjectKind::Column | ObjectKind::Constraint => new(Table, object.name.clone()),
            _ => object.clone(),
        },
        other => new(Table, other.table().cloned().unwrap_or_else(|| QName::new("", ""))),
    }
}

/// The object as it is called after the change.
fn renamed(change: &Change, object: &ObjectRef) -> ObjectRef {
    let name = match change {
        Change::RenameTable { from, to }
        | Change::RenameView { from, to, .. }
        | Change::RenameSequence { from, to }
        | Change::RenameType { from, to } => from.sibling(to),
        Change::SetTableSchema { name, schema } => QName::new(schema, &name.name),
        Change::RenameIndex { table, to, .. } => table.sibling(to),
        _ => return object.clone(),
    };
    ObjectRef { name, ..object.clone() }
}
