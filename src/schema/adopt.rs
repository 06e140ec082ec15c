//! Owners that nobody has said.

use super::{ObjectKind, ObjectRef, Schema};
use std::collections::BTreeMap;

impl Schema {
    /// Takes a schema that one role has made in a database of its own for what it would be in the database of `other`,
    /// which somebody else owns: what that role has made without saying an owner keeps the owner that it has there,
    /// and what is said to be the other database's owner's is its usual owner's. How many owners were taken over.
    pub fn adopt_owners(&mut self, other: &Self) -> usize {
        let (maker, theirs) = (&self.roles.current, &other.roles.owner);
        if maker.is_empty() || theirs.is_empty() || maker == theirs || self.roles.owner != *maker {
            return 0;
        }
        let mut owners: BTreeMap<_, _> = BTreeMap::clone(&self.owners);
        owners.retain(|_, owned| owned.owner != *theirs);
        let unsaid = other.owners.iter().filter(|(object, _)| !self.owners.contains_key(*object) && self.has(object));
        let unsaid: Vec<_> = unsaid.map(|(object, owned)| (object.clone(), owned.clone())).collect();
        let count = unsaid.len();
        owners.extend(unsaid);
        self.owners = owners.into();
        count
    }

    /// Whether an object that can have an owner is there.
    fn has(&self, object: &ObjectRef) -> bool {
        let name = &object.name;
        match object.kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
                self.tables.contains_key(name) || self.views.contains_key(name)
            }
            ObjectKind::Type => self.types.contains_key(name),
            ObjectKind::Sequence => self.sequences.contains_key(name),
            ObjectKind::Routine => self.routines.contains_key(name),
            ObjectKind::Schema => self.namespaces.contains_key(&name.name),
            _ => self.others.iter().any(|other| super::rights_of_other(&other.id) == *object || other.id == *object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{EngineKind, Owned, QName, Table};

    fn owned(table: &str, owner: &str) -> (ObjectRef, Owned) {
        let object = ObjectRef::new(ObjectKind::Table, QName::new("public", table));
        (object.clone(), Owned { object, owner: owner.into(), called: None })
    }

    fn schema(owner: &str, tables: &[&str], owners: &[(&str, &str)]) -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        schema.roles.owner = owner.into();
        schema.roles.current = "app".into();
        for name in tables {
            let table = Table::new(QName::new("public", *name));
            schema.tables.insert(table.name.clone(), table.into());
        }
        schema.owners = owners.iter().map(|(table, owner)| owned(table, owner)).collect::<BTreeMap<_, _>>().into();
        schema
    }

    #[test]
    fn what_nobody_has_said_stays_as_it_is() {
        let target = schema("boss", &["a", "b", "c", "gone"], &[("a", "app"), ("b", "app"), ("gone", "app")]);
        let mut wanted = schema("app", &["a", "b", "c", "new"], &[("b", "carol"), ("c", "boss")]);
        assert_eq!(wanted.adopt_owners(&target), 1);
        let expected: BTreeMap<_, _> = [owned("a", "app"), owned("b", "carol")].into();
        assert_eq!(*wanted.owners, expected);
    }

    #[test]
    fn where_the_same_role_owns_both_what_is_not_said_is_its_own() {
        let target = schema("app", &["a"], &[("a", "carol")]);
        let mut wanted = schema("app", &["a"], &[]);
        assert_eq!(wanted.adopt_owners(&target), 0);
        assert!(wanted.owners.is_empty());
    }
}
