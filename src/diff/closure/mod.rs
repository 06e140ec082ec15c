//! What must be taken down and put up again because something beneath it changes.

mod keys;
mod parts;
mod tables;
#[cfg(test)]
mod tests;

use crate::schema::{Change, Dependency, ObjectKind, ObjectRef, QName, Schema, Table, TypeKind, View};
use std::collections::{HashMap, HashSet};

/// Adds the drop and the new making of whatever stands on a column that is retyped, or on anything that is dropped:
/// views, functions, defaults, constraints, indexes, triggers, policies, checks of domains, generated columns.
pub(super) fn rebuild_dependants(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    tables::free_from_old(before, after, changes);
    let mut rebuild = Rebuild::new(before, after, changes);
    rebuild.run();
    let Rebuild { down, up, anew, .. } = rebuild;
    if !down.is_empty() || !up.is_empty() {
        changes.retain(|change| !about(change).is_some_and(|object| anew.contains(&object)));
        let table_again =
            |name: &QName| anew.iter().any(|object| object.kind == ObjectKind::Table && object.name == *name);
        changes.retain(|change| !change.table().is_some_and(table_again));
        let kept = std::mem::replace(changes, down);
        changes.extend(kept);
        changes.extend(up);
    }
    keys::rebuild_foreign_keys(before, after, changes);
    parts::rebuild_parts(before, after, changes);
}

/// How an object changes beneath its dependants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    Gone,
    /// A column that gets another type: indexes, constraints and statistics of its table follow by themselves.
    Retyped,
}

struct Rebuild<'a> {
    before: &'a Schema,
    after: &'a Schema,
    /// By the name of what they are on.
    dependants: HashMap<&'a QName, Vec<&'a Dependency>>,
    /// What changes take away already, and what they make.
    taken: HashSet<ObjectRef>,
    put: HashSet<ObjectRef>,
    /// Tables and views that go with all their parts.
    whole: HashSet<QName>,
    queue: Vec<(ObjectRef, Disturbance)>,
    down: Vec<Change>,
    up: Vec<Change>,
    /// Objects that are dropped and made again here, so that no other change of theirs is needed.
    anew: HashSet<ObjectRef>,
}

impl<'a> Rebuild<'a> {
    fn new(before: &'a Schema, after: &'a Schema, changes: &[Change]) -> Self {
        let queue: Vec<_> = changes.iter().flat_map(|change| disturbed(change, before)).collect();
        let mut dependants: HashMap<&QName, Vec<&Dependency>> = HashMap::new();
        if !queue.is_empty() {
            before.dependencies.iter().for_each(|d| dependants.entry(&d.on.name).or_default().push(d));
        }
        let whole = |change: &Change| match change {
            Change::DropTable { name } | Change::DropView { name, .. } => Some(name.clone()),
            _ => None,
        };
        Self {
            before,
            after,
            dependants,
            taken: changes.iter().filter_map(Change::taken).collect(),
            put: changes.iter().filter_map(put).collect(),
            whole: changes.iter().filter_map(whole).collect(),
            queue,
            down: Vec::new(),
            up: Vec::new(),
            anew: HashSet::new(),
        }
    }

    fn run(&mut self) {
        while let Some((object, how)) = self.queue.pop() {
            let all = self.dependants.get(&object.name).cloned().unwrap_or_default();
            let standing = all.iter().filter(|d| stands_on(&d.on, &object) && concerns(&d.from, how));
            for from in standing.map(|d| &d.from) {
                self.again(from);
            }
        }
    }

    /// Takes a dependant down and puts it up as it is to be, where nobody else does.
    fn again(&mut self, object: &ObjectRef) {
        if object.part.is_some() && self.whole.contains(&object.name) {
            return;
        }
        match object.kind {
            ObjectKind::View | ObjectKind::MaterializedView => self.view_again(object),
            ObjectKind::Routine => self.routine_again(object),
            ObjectKind::Table => self.foreign_table_again(object),
            ObjectKind::Column => self.column_again(object),
            ObjectKind::Type => self.domain_again(object),
            _ => {
                let (down, up) = parts::around(object, self.before, self.after);
                self.add(object, down, up);
            }
        }
    }

    fn add(&mut self, object: &ObjectRef, down: Option<Change>, up: Option<Change>) {
        let Some(down) = down else { return };
        if up.is_none() && !self.taken.contains(object) {
            // It goes by another way: with its table, or as a difference of its own.
            return;
        }
        if self.taken.insert(object.clone()) {
            self.queue.push((object.clone(), Disturbance::Gone));
            self.down.push(down);
        }
        if let Some(up) = up
            && self.put.insert(object.clone())
        {
            self.up.push(up);
        }
    }

    /// Drops and makes a whole object, in place of any other change of it.
    fn replace(&mut self, object: &ObjectRef, down: Change, up: Change) {
        if self.taken.contains(object) || !self.anew.insert(object.clone()) {
            return;
        }
        self.queue.push((object.clone(), Disturbance::Gone));
        self.down.push(down);
        self.up.push(up);
    }

    fn view_again(&mut self, object: &ObjectRef) {
        let (Some(old), Some(new)) = (self.before.views.get(&object.name), self.after.views.get(&object.name)) else {
            return;
        };
        let down = Change::DropView { name: old.name.clone(), materialized: old.materialized };
        let view = View { populated: old.populated, ..new.clone() };
        self.replace(object, down, Change::CreateView { view: Box::new(view) });
        self.whole.insert(object.name.clone());
    }

    /// The rows of a foreign table are elsewhere and stay there; any other table holds its own.
    fn foreign_table_again(&mut self, object: &ObjectRef) {
        let (Some(old), Some(new)) = (self.before.tables.get(&object.name), self.after.tables.get(&object.name)) else {
            return;
        };
        if old.foreign.is_none() || new.foreign.is_none() || self.whole.contains(&object.name) {
            return;
        }
        let down = Change::DropTable { name: old.name.clone() };
        self.replace(object, down, Change::CreateTable { table: Box::new(Table::clone(new)) });
        self.whole.insert(object.name.clone());
    }

    fn routine_again(&mut self, object: &ObjectRef) {
        let (Some(old), Some(new)) = (self.before.routines.get(&object.name), self.after.routines.get(&object.name))
        else {
            return;
        };
        let down = Change::DropRoutine { key: old.key(), procedure: old.procedure };
        self.replace(object, down, Change::CreateRoutine { routine: Box::new(new.clone()) });
    }

    /// A computed column is dropped and added: its values are computed anew. Any other holds data, and stays.
    fn column_again(&mut self, object: &ObjectRef) {
        let name = object.part.as_deref().unwrap_or_default();
        let (Some(old), Some(new)) = (self.before.tables.get(&object.name), self.after.tables.get(&object.name)) else {
            return;
        };
        let (Some(was), Some(is)) = (old.column(name), new.column(name)) else { return };
        if was.generated.is_none() || is.generated.is_none() {
            return;
        }
        let table = || object.name.clone();
        let down = Change::DropColumn { table: table(), column: name.to_owned() };
        for part in parts::on_column(old, name) {
            let (down, up) = parts::around(&part, self.before, self.after);
            self.add(&part, down, up);
        }
        self.replace(object, down, Change::AddColumn { table: table(), column: is.clone() });
    }

    fn domain_again(&mut self, object: &ObjectRef) {
        let (Some(old), Some(new)) = (self.before.types.get(&object.name), self.after.types.get(&object.name)) else {
            return;
        };
        if !matches!((&old.kind, &new.kind), (TypeKind::Domain { .. }, TypeKind::Domain { .. }))
            || self.taken.contains(object)
        {
            return;
        }
        if self.anew.insert(object.clone()) {
            self.down.push(Change::AlterType { definition: old.without_body() });
            self.up.push(Change::AlterType { definition: new.clone() });
        }
    }
}

/// Whether what stands on `on` stands on `object`: on it, or on a part of it.
fn stands_on(on: &ObjectRef, object: &ObjectRef) -> bool {
    use ObjectKind::{MaterializedView, Table, View};
    let whole = object.part.is_none() && matches!(object.kind, Table | View | MaterializedView);
    on == object || whole && on.name == object.name && on.part.is_some()
}

fn concerns(dependant: &ObjectRef, how: Disturbance) -> bool {
    use ObjectKind::{Constraint, Default, Index, Statistics};
    how == Disturbance::Gone || !matches!(dependant.kind, Constraint | Default | Index | Statistics)
}

/// The objects that cannot change while others stand on them.
fn disturbed(change: &Change, before: &Schema) -> Vec<(ObjectRef, Disturbance)> {
    match change {
        Change::AlterColumnType { table, column, .. } | Change::SetGenerated { table, column, .. } => {
            of_column(before, table, column, Disturbance::Retyped)
        }
        Change::DropColumn { table, column } => of_column(before, table, column, Disturbance::Gone),
        Change::DropTable { name } => vec![(ObjectRef::new(ObjectKind::Table, name.clone()), Disturbance::Gone)],
        other => other.taken().into_iter().map(|object| (object, Disturbance::Gone)).collect(),
    }
}

/// A column, and those of the table's children that change with it.
fn of_column(before: &Schema, table: &QName, column: &str, how: Disturbance) -> Vec<(ObjectRef, Disturbance)> {
    let children = before.tables.children(table).filter(|t| t.column(column).is_some());
    let own = (ObjectRef::part(ObjectKind::Column, table.clone(), column), how);
    std::iter::once(own).chain(children.flat_map(|t| of_column(before, &t.name, column, how))).collect()
}

/// The part of an object, or object without a model, that a change makes.
fn put(change: &Change) -> Option<ObjectRef> {
    use ObjectKind::{Constraint, Default, Index, Trigger};
    Some(match change {
        Change::CreateOther { object } => object.id.clone(),
        Change::SetDefault { table, column, default: Some(_) } => ObjectRef::part(Default, table.clone(), column),
        Change::AddConstraint { table, constraint } => ObjectRef::part(Constraint, table.clone(), &constraint.name),
        Change::CreateIndex { table, index } => ObjectRef::part(Index, table.clone(), &index.name),
        Change::CreateTrigger { table, trigger } => ObjectRef::part(Trigger, table.clone(), &trigger.name),
        _ => return None,
    })
}

/// The object that a change alters and that making it anew would bring along, as the server would name it.
fn about(change: &Change) -> Option<ObjectRef> {
    use ObjectKind::{Column, MaterializedView, Routine, Type, View};
    Some(match change {
        Change::ReplaceView { view } => ObjectRef::new(ObjectKind::of_view(view.materialized), view.name.clone()),
        Change::ReplaceRoutine { routine } => ObjectRef::new(Routine, routine.key()),
        Change::AlterType { definition } => ObjectRef::new(Type, definition.name.clone()),
        Change::SetComment { object, .. } if matches!(object.kind, View | MaterializedView | Routine | Column) => {
            object.clone()
        }
        Change::AlterColumnType { table, column, .. }
        | Change::SetDefault { table, column, .. }
        | Change::SetNotNull { table, column, .. }
        | Change::DropNotNull { table, column }
        | Change::SetGenerated { table, column, .. }
        | Change::SetColumnOptions { table, column, .. } => ObjectRef::part(Column, table.clone(), column),
        Change::AlterOther { to, .. } => to.id.clone(),
        _ => return None,
    })
}
