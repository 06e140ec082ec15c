//! Who owns an object, and who may do what with it.
//!
//! An object without an entry has the rights that it has by itself and its usual owner. The engine keeps grants in an
//! order that means nothing, so that it is no part of the canonical form; it is known all the same, because a way back
//! has to lead to the very same list.

use super::{ObjectKind, ObjectRef, QName, Schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// To whom something is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grantee {
    Public,
    /// Whoever owns the object; of default privileges, the role whose they are.
    Owner,
    Role(String),
}

/// What one role was given by one other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    pub to: Grantee,
    /// Who gave it, where that is not the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `SELECT`, `USAGE`, …, or `ALL` for everything that there is for such an object.
    pub privileges: BTreeSet<String>,
    /// Those of them that may be passed on.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grantable: BTreeSet<String>,
}

impl Grant {
    /// Whether both are the entry of the same role, given by the same.
    pub fn is_entry_of(&self, other: &Self) -> bool {
        self.to == other.to && self.by == other.by
    }

    /// Has also what `other` has.
    pub(super) fn join(&mut self, other: &Self) {
        self.privileges.extend(other.privileges.iter().cloned());
        self.grantable.extend(other.grantable.iter().cloned());
        for set in [&mut self.privileges, &mut self.grantable] {
            if set.contains(ALL) {
                *set = BTreeSet::from([ALL.to_owned()]);
            }
        }
    }
}

/// Everything that there is for an object of its kind.
pub const ALL: &str = "ALL";

/// The rights on one object, or those that a role's new objects get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// A table, view or foreign table is a [`ObjectKind::Table`] here. Default privileges have their schema (or
    /// none) and their role for a name, and the objects that they are for as their part: `tables`.
    pub on: ObjectRef,
    /// In the engine's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// Grants on single columns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Vec<Grant>>,
    /// What it has by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usual: Vec<Grant>,
    /// Of default privileges that only add: what the objects have by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adds_to: Vec<Grant>,
    /// What the object comes and goes with: an extension, or the column that a sequence numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub belongs_to: Option<ObjectRef>,
}

impl Rights {
    /// Whether both allow the same to the same, in whatever order.
    pub fn same(&self, other: &Self) -> bool {
        same(&self.grants, &other.grants)
            && self.columns.len() == other.columns.len()
            && self.columns.iter().all(|(name, grants)| other.columns.get(name).is_some_and(|o| same(grants, o)))
    }

    /// Whether the object has nothing but what it has by itself.
    pub fn is_usual(&self) -> bool {
        self.columns.values().all(Vec::is_empty) && same(&self.grants, &self.usual)
    }

    /// As it was before anything was granted or revoked.
    #[must_use]
    pub fn by_itself(&self) -> Self {
        Self { grants: self.usual.clone(), columns: BTreeMap::new(), ..self.clone() }
    }

    /// All grants, those on columns last.
    pub fn all(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().chain(self.columns.values().flatten())
    }

    /// Sorted, and without what follows from the kind of the object.
    pub(super) fn canonical(&self) -> Self {
        let mut canonical = Self { usual: Vec::new(), adds_to: Vec::new(), ..self.clone() };
        canonical.grants.sort();
        canonical.columns.values_mut().for_each(|grants| grants.sort());
        canonical.columns.retain(|_, grants| !grants.is_empty());
        canonical
    }
}

fn same(one: &[Grant], other: &[Grant]) -> bool {
    one.len() == other.len() && one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

/// An object that somebody else than usual owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub object: ObjectRef,
    pub owner: String,
    /// How the engine calls the object, where its kind and name do not say it: `OPERATOR public.= (a, b)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

/// The roles that decide what new objects get. No part of what a schema means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// Who reads the schema, and would make what is new.
    #[serde(default)]
    pub current: String,
    /// Who owns the database, and so whatever has no owner of its own here.
    #[serde(default)]
    pub owner: String,
    /// Who has the schema `public` by itself.
    #[serde(default)]
    pub owner_of_public: String,
    /// Those that default privileges name, in the order in which the engine keeps what they are given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_order: Vec<String>,
}

impl Roles {
    pub(super) fn are_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Where the engine puts a role's entry among those that default privileges give.
    fn place(&self, to: &Grantee, maker: &str) -> usize {
        let role = match to {
            Grantee::Public => return 0,
            Grantee::Owner => maker,
            Grantee::Role(role) => role,
        };
        self.in_order.iter().position(|r| r == role).map_or(usize::MAX, |at| at + 1)
    }
}

impl Schema {
    /// The role that owns an object.
    pub fn owner_of<'a>(&'a self, object: &'a ObjectRef) -> &'a str {
        use ObjectKind::{ForeignTable, MaterializedView, Table, View};
        let kinds: &[ObjectKind] = match object.kind {
            Table => &[Table, View, MaterializedView, ForeignTable],
            _ => std::slice::from_ref(&object.kind),
        };
        let own = kinds.iter().find_map(|kind| self.owners.get(&ObjectRef::new(*kind, object.name.clone())));
        own.map_or_else(|| self.usual_owner_of(object), |own| &own.owner)
    }

    /// The role that owns an object unless something else is said.
    pub fn usual_owner_of<'a>(&'a self, object: &'a ObjectRef) -> &'a str {
        match object.kind {
            ObjectKind::DefaultPrivileges => &object.name.name,
            ObjectKind::Schema if object.name.name == "public" => &self.roles.owner_of_public,
            ObjectKind::Sequence => {
                let of = self.sequences.get(&object.name).and_then(|s| s.owned_by.as_ref()).map(|(table, _)| table);
                let table = of.map(|table| ObjectRef::new(ObjectKind::Table, table.clone()));
                table.and_then(|table| self.owners.get(&table)).map_or(&self.roles.owner, |own| &own.owner)
            }
            _ => &self.roles.owner,
        }
    }

    /// The rights that an object gets when it is made now, where default privileges give others than it has by itself.
    pub fn rights_when_made(&self, on: &ObjectRef) -> Option<Rights> {
        let plural = match on.kind {
            ObjectKind::Table => "tables",
            ObjectKind::Sequence => "sequences",
            ObjectKind::Routine => "functions",
            ObjectKind::Type => "types",
            ObjectKind::Schema => "schemas",
            _ => return None,
        };
        let maker = if self.roles.current.is_empty() { &self.roles.owner } else { &self.roles.current };
        let find = |schema: &str| self.rights.get(&default_privileges(schema, maker, plural));
        let global = find("");
        let local = if on.kind == ObjectKind::Schema { None } else { find(&on.name.schema) };
        let usual = global.map(|g| &g.usual).or(local.map(|l| &l.adds_to))?.clone();
        let mut grants = global.map_or(&usual, |g| &g.grants).clone();
        for more in local.iter().flat_map(|l| &l.grants) {
            match grants.iter_mut().find(|g| g.is_entry_of(more)) {
                Some(grant) => grant.join(more),
                None => grants.push(more.clone()),
            }
        }
        grants.sort_by_key(|grant| self.roles.place(&grant.to, maker));
        let made =
            Rights { on: on.clone(), grants, columns: BTreeMap::new(), usual, adds_to: Vec::new(), belongs_to: None };
        (!made.is_usual()).then_some(made)
    }
}

/// The key of a role's default privileges; `schema` is empty for those that hold in every schema.
pub fn default_privileges(schema: &str, role: &str, plural: &str) -> ObjectRef {
    ObjectRef::part(ObjectKind::DefaultPrivileges, QName::new(schema, role), plural)
}

/// Something that stands in a map under the object it is about, and in JSON in a list.
pub(super) trait About {
    fn object(&self) -> &ObjectRef;
}

impl About for Rights {
    fn object(&self) -> &ObjectRef {
        &self.on
    }
}

impl About for Owned {
    fn object(&self) -> &ObjectRef {
        &self.object
    }
}

/// Serialises a map by object as the list of its values.
pub(super) mod by_object {
    use super::{About, Deserialize, Deserializer, ObjectRef, Serialize, Serializer};
    use crate::schema::Shared;
    use std::collections::BTreeMap;

    type Map<T> = Shared<BTreeMap<ObjectRef, T>>;

    pub(in crate::schema) fn is_empty<T>(map: &Map<T>) -> bool {
        map.is_empty()
    }

    pub(in crate::schema) fn empty<T>() -> Map<T> {
        BTreeMap::new().into()
    }

    pub(in crate::schema) fn serialize<T: Serialize, S: Serializer>(map: &Map<T>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map.values())
    }

    pub(in crate::schema) fn deserialize<'de, T, D>(from: D) -> Result<Map<T>, D::Error>
    where
        T: About + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let list = Vec::<T>::deserialize(from)?;
        Ok(list.into_iter().map(|one| (one.object().clone(), one)).collect::<BTreeMap<_, _>>().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::EngineKind;

    fn grant(to: Grantee, privileges: &[&str]) -> Grant {
        let privileges = privileges.iter().map(|p| (*p).to_owned()).collect();
        Grant { to, by: None, privileges, grantable: BTreeSet::new() }
    }

    fn role(name: &str) -> Grantee {
        Grantee::Role(name.into())
    }

    fn rights(on: ObjectRef, grants: Vec<Grant>, usual: Vec<Grant>) -> Rights {
        Rights { on, grants, columns: BTreeMap::new(), usual, adds_to: Vec::new(), belongs_to: None }
    }

    fn table() -> ObjectRef {
        ObjectRef::new(ObjectKind::Table, QName::new("app", "t"))
    }

    #[test]
    fn the_order_of_grants_means_nothing_and_is_kept() {
        let mut one = Schema::empty(EngineKind::Postgres);
        let grants = vec![grant(role("b"), &["SELECT"]), grant(role("a"), &["SELECT"])];
        let mut other = one.clone();
        one.rights.insert(table(), rights(table(), grants.clone(), Vec::new()));
        other.rights.insert(table(), rights(table(), grants.into_iter().rev().collect(), Vec::new()));
        assert_eq!(one.fingerprint(), other.fingerprint());
        assert_ne!(one.rights, other.rights);
        assert_ne!(one.fingerprint(), Schema::empty(EngineKind::Postgres).fingerprint());
        let read: Schema = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!(read, one);
    }

    #[test]
    fn new_objects_get_what_default_privileges_say_in_the_order_of_the_engine() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        schema.roles.current = "maker".into();
        schema.roles.in_order = vec!["maker".into(), "old".into(), "young".into()];
        let owner = grant(Grantee::Owner, &[ALL]);
        let everywhere = default_privileges("", "maker", "tables");
        let here = default_privileges("app", "maker", "tables");
        let global = vec![owner.clone(), grant(role("young"), &["SELECT"])];
        schema.rights.insert(everywhere.clone(), rights(everywhere, global, vec![owner.clone()]));
        let local = vec![grant(role("old"), &["SELECT"]), grant(role("young"), &["INSERT"])];
        schema.rights.insert(here.clone(), rights(here, local, Vec::new()));
        let made = schema.rights_when_made(&table()).unwrap();
        let wanted = [owner, grant(role("old"), &["SELECT"]), grant(role("young"), &["INSERT", "SELECT"])];
        assert_eq!(made.grants, wanted);
        schema.roles.current = "another".into();
        assert_eq!(schema.rights_when_made(&table()), None);
    }
}
