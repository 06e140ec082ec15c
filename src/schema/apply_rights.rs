//! What becomes of owners and rights when objects come, go and change their names.

use super::{Change, Column, Grantee, ObjectKind, ObjectRef, Owned, QName, Rights, Schema};

/// The object whose rights an object without a closer model has.
pub(crate) fn rights_of_other(id: &ObjectRef) -> ObjectRef {
    let kind = match id.kind {
        ObjectKind::Aggregate => ObjectKind::Routine,
        ObjectKind::ForeignTable => ObjectKind::Table,
        kind => kind,
    };
    ObjectRef { kind, ..id.clone() }
}

/// The object as its rights are kept by: views and foreign tables are tables there.
pub(crate) fn rights_of_relation(object: &ObjectRef) -> ObjectRef {
    let kind = if is_relation(object.kind) { ObjectKind::Table } else { object.kind };
    ObjectRef { kind, ..object.clone() }
}

/// The sequence that the engine makes for a column which is numbered by itself.
fn numbering(table: &QName, column: &Column) -> Option<ObjectRef> {
    let name = table.sibling(format!("{}_{}_seq", table.name, column.name));
    column.identity.is_some().then(|| ObjectRef::new(ObjectKind::Sequence, name))
}

/// The column that a sequence made by the change numbers, with which it goes.
fn numbered_by(on: &ObjectRef, change: &Change) -> Option<ObjectRef> {
    let (table, columns) = match change {
        Change::CreateTable { table } => (&table.name, table.columns.as_slice()),
        Change::AddColumn { table, column } => (table, std::slice::from_ref(column)),
        _ => return None,
    };
    let column = columns.iter().find(|column| numbering(table, column).as_ref() == Some(on))?;
    Some(ObjectRef::part(ObjectKind::Column, table.clone(), &column.name))
}

impl Change {
    /// The objects that the change makes whole, as rights are kept by.
    pub(crate) fn makes_with_rights(&self) -> Vec<ObjectRef> {
        use ObjectKind::{Routine, Schema, Sequence, Table, Type};
        let one = |kind, name: &QName| vec![ObjectRef::new(kind, name.clone())];
        match self {
            Self::CreateTable { table } => {
                let numbered = table.columns.iter().filter_map(|column| numbering(&table.name, column));
                one(Table, &table.name).into_iter().chain(numbered).collect()
            }
            Self::AddColumn { table, column } => numbering(table, column).into_iter().collect(),
            Self::CreateView { view } => one(Table, &view.name),
            Self::CreateSequence { sequence } => one(Sequence, &sequence.name),
            Self::CreateType { definition } => one(Type, &definition.name),
            Self::CreateRoutine { routine } => one(Routine, &routine.key()),
            Self::CreateSchema { name } => one(Schema, &QName::new("", name)),
            Self::CreateOther { object } if object.id.part.is_none() => vec![rights_of_other(&object.id)],
            _ => Vec::new(),
        }
    }
}

impl Schema {
    /// Follows a change that was just applied.
    pub(super) fn follow_with_rights(&mut self, change: &Change) {
        for on in change.makes_with_rights() {
            self.make_with_rights(&on, change);
        }
        match change {
            Change::SetRights { on, rights } => {
                match rights {
                    Some(rights) => self.rights.insert(on.clone(), (**rights).clone()),
                    None => self.rights.remove(on),
                };
            }
            Change::SetOwner { object, owner } => self.set_owner(object, owner.as_ref()),
            Change::RenameTable { from, to } | Change::RenameView { from, to, .. } => {
                self.move_rights(from, &from.sibling(to), is_relation);
            }
            Change::SetTableSchema { name, schema } => {
                self.move_rights(name, &QName::new(schema, &name.name), is_relation);
            }
            Change::RenameSequence { from, to } => {
                self.move_rights(from, &from.sibling(to), |kind| kind == ObjectKind::Sequence);
            }
            Change::RenameType { from, to } => {
                self.move_rights(from, &from.sibling(to), |kind| kind == ObjectKind::Type);
            }
            Change::RenameColumn { table, from, to } => self.in_columns(table, |columns| {
                if let Some(grants) = columns.remove(from) {
                    columns.insert(to.clone(), grants);
                }
            }),
            Change::DropColumn { table, column } => {
                self.in_columns(table, |columns| drop(columns.remove(column)));
                let kept = std::mem::take(&mut self.sequences);
                self.lose_rights(|on, of| match of {
                    Some(of) => of.name == *table && of.part.as_deref() == Some(column.as_str()),
                    None => on.kind == ObjectKind::Sequence && !kept.contains_key(&on.name),
                });
                self.sequences = kept;
            }
            Change::DropTable { name } => {
                let kept = std::mem::take(&mut self.sequences);
                self.lose_rights(|on, of| {
                    let of_table = of.is_none_or(|of| of.kind == ObjectKind::Column && of.name == *name);
                    on.name == *name && is_relation(on.kind)
                        || on.kind == ObjectKind::Sequence && of_table && !kept.contains_key(&on.name)
                });
                self.sequences = kept;
            }
            Change::DropView { name, .. } => self.lose_rights(|on, _| on.name == *name && is_relation(on.kind)),
            Change::DropSequence { name } => self.lose_rights(|on, _| lost(on, ObjectKind::Sequence, name)),
            Change::DropType { name } => self.lose_rights(|on, _| lost(on, ObjectKind::Type, name)),
            Change::DropRoutine { key, .. } => self.lose_rights(|on, _| lost(on, ObjectKind::Routine, key)),
            Change::DropSchema { name } => self.lose_rights(|on, _| {
                on.kind == ObjectKind::Schema && on.name.name == *name
                    || on.kind == ObjectKind::DefaultPrivileges && on.name.schema == *name
            }),
            Change::DropExtension { name } => {
                self.lose_rights(|_, of| {
                    of.is_some_and(|of| of.kind == ObjectKind::Extension && of.name.name == *name)
                });
            }
            Change::DropOther { object } => {
                let gone = rights_of_other(&object.id);
                self.lose_rights(|on, _| *on == gone);
                if let Some(called) = object.drop.strip_prefix("DROP ")
                    && self.owners.values().any(|o| o.called.as_deref() == Some(called))
                {
                    self.owners.retain(|_, owned| owned.called.as_deref() != Some(called));
                }
            }
            _ => {}
        }
    }

    /// A new object belongs to who makes it and has the rights of that moment.
    fn make_with_rights(&mut self, on: &ObjectRef, change: &Change) {
        if let Some(mut rights) = self.rights_when_made(on) {
            rights.belongs_to = numbered_by(on, change);
            self.rights.insert(on.clone(), rights);
        }
        let kind = match change {
            Change::CreateView { view } if view.materialized => ObjectKind::MaterializedView,
            Change::CreateView { .. } => ObjectKind::View,
            Change::CreateOther { .. } | Change::AddColumn { .. } => return,
            _ => on.kind,
        };
        let object = ObjectRef { kind, ..on.clone() };
        let owned = match change {
            Change::CreateSequence { sequence } => sequence.owned_by.is_some(),
            _ => kind == ObjectKind::Sequence,
        };
        let maker = &self.roles.current;
        if !owned && !maker.is_empty() && !self.roles.owner.is_empty() && *maker != self.roles.owner {
            let owned = Owned { object: object.clone(), owner: maker.clone(), called: None };
            self.owners.insert(object, owned);
        }
    }

    /// The new owner takes the old one's place in every grant.
    fn set_owner(&mut self, object: &ObjectRef, owner: Option<&Owned>) {
        match owner {
            Some(owner) => self.owners.insert(object.clone(), owner.clone()),
            None => self.owners.remove(object),
        };
        let on = rights_of_relation(object);
        let new = self.owner_of(&on).to_owned();
        if self.rights.contains_key(&on)
            && let Some(rights) = self.rights.get_mut(&on)
        {
            rights.pass_to(&new);
        }
    }

    fn move_rights(&mut self, from: &QName, to: &QName, of: impl Fn(ObjectKind) -> bool) {
        let moved: Vec<ObjectRef> = self.rights.keys().filter(|on| on.name == *from && of(on.kind)).cloned().collect();
        for on in moved {
            if let Some(mut rights) = self.rights.remove(&on) {
                rights.on.name = to.clone();
                self.rights.insert(rights.on.clone(), rights);
            }
        }
        let moved: Vec<ObjectRef> = self.owners.keys().filter(|on| on.name == *from && of(on.kind)).cloned().collect();
        for object in moved {
            if let Some(mut owned) = self.owners.remove(&object) {
                owned.object.name = to.clone();
                self.owners.insert(owned.object.clone(), owned);
            }
        }
    }

    fn in_columns(
        &mut self,
        table: &QName,
        change: impl FnOnce(&mut std::collections::BTreeMap<String, Vec<super::Grant>>),
    ) {
        let on = ObjectRef::new(ObjectKind::Table, table.clone());
        if self.rights.get(&on).is_some_and(|rights| !rights.columns.is_empty())
            && let Some(rights) = self.rights.get_mut(&on)
        {
            change(&mut rights.columns);
        }
    }

    /// Forgets the owners and rights of what is gone; the test is told what an object belongs to as well.
    fn lose_rights(&mut self, gone: impl Fn(&ObjectRef, Option<&ObjectRef>) -> bool) {
        // Looking first leaves what is shared with other copies alone.
        if self.rights.values().any(|r| gone(&r.on, r.belongs_to.as_ref())) {
            self.rights.retain(|on, rights| !gone(on, rights.belongs_to.as_ref()));
        }
        if self.owners.keys().any(|object| gone(object, None)) {
            self.owners.retain(|object, _| !gone(object, None));
        }
    }
}

fn lost(on: &ObjectRef, kind: ObjectKind, name: &QName) -> bool {
    on.kind == kind && on.name == *name
}

/// Whether rights of such an object are those of a table.
pub(crate) fn is_relation(kind: ObjectKind) -> bool {
    use ObjectKind::{ForeignTable, MaterializedView, Table, View};
    matches!(kind, Table | View | MaterializedView | ForeignTable)
}

impl Rights {
    /// What `role` had been given, and had given others, is the owner's now that it owns the object.
    fn pass_to(&mut self, role: &str) {
        for grants in std::iter::once(&mut self.grants).chain(self.columns.values_mut()) {
            let mut merged: Vec<super::Grant> = Vec::new();
            for mut grant in std::mem::take(grants) {
                if grant.by.as_deref() == Some(role) {
                    grant.by = None;
                }
                if grant.to == Grantee::Role(role.to_owned()) {
                    grant.to = Grantee::Owner;
                }
                match merged.iter_mut().find(|g| g.is_entry_of(&grant)) {
                    Some(known) => known.join(&grant),
                    None => merged.push(grant),
                }
            }
            *grants = merged;
        }
    }
}
