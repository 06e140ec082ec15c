//! Owners and rights: what has to be said so that every object ends with those that it shall have.

use crate::schema::{Change, ObjectKind, ObjectRef, QName, Rights, Schema};
use std::collections::{BTreeSet, HashSet};

/// Adds the changes of owners and rights. Comes last: what is made anew by the other changes has lost both, and what is
/// made while default privileges hold is given what they say.
pub(super) fn compare_rights(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    let nothing = before.owners.is_empty() && after.owners.is_empty();
    if nothing && before.rights.is_empty() && after.rights.is_empty() {
        return;
    }
    let made: BTreeSet<ObjectRef> = out.iter().flat_map(Change::makes_with_rights).collect();
    let sides = Sides { before: Side::of(before), after: Side::of(after) };
    let mut changes = owners(&sides, &made, out);
    let columns = out.iter().filter_map(|change| match change {
        Change::AddColumn { table, column } => Some((table, column.name.as_str())),
        _ => None,
    });
    changes.extend(rights(&sides, &made, &columns.collect()));
    out.extend(changes);
}

/// One schema, with a quick way to tell what is in it.
struct Side<'a> {
    schema: &'a Schema,
    others: HashSet<ObjectRef>,
    called: HashSet<&'a str>,
}

struct Sides<'a> {
    before: Side<'a>,
    after: Side<'a>,
}

impl<'a> Side<'a> {
    fn of(schema: &'a Schema) -> Self {
        let others = schema.others.iter();
        Self {
            schema,
            others: others.clone().map(|o| crate::schema::rights_of_other(&o.id)).collect(),
            called: others.filter_map(|o| o.drop.strip_prefix("DROP ")).collect(),
        }
    }

    fn has(&self, object: &ObjectRef) -> bool {
        let (schema, name) = (self.schema, &object.name);
        self.others.contains(&crate::schema::rights_of_other(object))
            || match object.kind {
                ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView => {
                    schema.tables.contains_key(name) || schema.views.contains_key(name)
                }
                ObjectKind::Type => schema.types.contains_key(name) || schema.tables.contains_key(name),
                ObjectKind::Sequence => schema.sequences.contains_key(name),
                ObjectKind::Routine => schema.routines.contains_key(name),
                ObjectKind::Schema => schema.namespaces.contains_key(&name.name),
                ObjectKind::DefaultPrivileges => name.schema.is_empty() || schema.namespaces.contains_key(&name.schema),
                ObjectKind::Extension => schema.extensions.contains_key(&name.name),
                ObjectKind::Column => {
                    let column = |part| schema.tables.get(name).and_then(|t| t.column(part));
                    object.part.as_deref().and_then(column).is_some_and(|c| c.identity.is_some())
                }
                _ => false,
            }
    }
}

impl Sides<'_> {
    /// Whether the object goes away. What neither side knows is the system's and stays.
    fn loses(&self, object: &ObjectRef, belongs_to: Option<&ObjectRef>) -> bool {
        let object = belongs_to.unwrap_or(object);
        self.before.has(object) && !self.after.has(object)
    }

    /// Whether default privileges of either side may reach an object of this kind.
    fn have_defaults(&self) -> bool {
        let any = |side: &Side<'_>| side.schema.rights.keys().any(|on| on.kind == ObjectKind::DefaultPrivileges);
        any(&self.before) || any(&self.after)
    }
}

fn owners(sides: &Sides<'_>, made: &BTreeSet<ObjectRef>, others: &[Change]) -> Vec<Change> {
    let (before, after) = (&sides.before.schema.owners, &sides.after.schema.owners);
    let made_anew: HashSet<&str> = others
        .iter()
        .filter_map(|c| if let Change::CreateOther { object } = c { object.drop.strip_prefix("DROP ") } else { None })
        .collect();
    let is_made = |object: &ObjectRef, called: Option<&str>| {
        made.contains(&crate::schema::rights_of_relation(object)) || called.is_some_and(|c| made_anew.contains(c))
    };
    let mut out = Vec::new();
    for (object, owned) in before.iter().filter(|(object, _)| !after.contains_key(*object)) {
        let called = owned.called.as_deref();
        let gone = match called {
            Some(called) => sides.before.called.contains(called) && !sides.after.called.contains(called),
            None => sides.loses(object, None),
        };
        if !gone && !is_made(object, called) {
            out.push(Change::SetOwner { object: object.clone(), owner: None });
        }
    }
    for (object, owned) in after {
        let known = before.get(object).is_some_and(|was| was.owner == owned.owner);
        if !known || is_made(object, owned.called.as_deref()) {
            out.push(Change::SetOwner { object: object.clone(), owner: Some(owned.clone()) });
        }
    }
    out
}

fn rights(sides: &Sides<'_>, made: &BTreeSet<ObjectRef>, columns: &HashSet<(&QName, &str)>) -> Vec<Change> {
    let (before, after) = (&sides.before.schema.rights, &sides.after.schema.rights);
    let defaults = sides.have_defaults();
    let keys: BTreeSet<&ObjectRef> =
        before.keys().chain(after.keys()).chain(made.iter().filter(|_| defaults)).collect();
    let mut out = Vec::new();
    for on in keys {
        let (was, wanted) = (before.get(on), after.get(on));
        let belongs_to = was.or(wanted).and_then(|r| r.belongs_to.as_ref());
        if sides.loses(on, belongs_to) {
            continue;
        }
        let wanted = wanted.map(|wanted| Box::new(with_columns_that_go(was, wanted.clone(), sides.after.schema)));
        let of_new_column = |column: &String| columns.contains(&(&on.name, column.as_str()));
        let made = made.contains(on)
            || belongs_to.is_some_and(|of| !sides.before.has(of))
            || wanted.as_ref().is_some_and(|wanted| wanted.columns.keys().any(of_new_column));
        let same = match (was, wanted.as_deref()) {
            (Some(was), Some(wanted)) => was.same(wanted),
            (Some(was), None) => with_columns_that_go(Some(was), was.by_itself(), sides.after.schema).same(was),
            (None, wanted) => wanted.is_none(),
        };
        if made || !same {
            let closes = on.kind == ObjectKind::Schema && takes_away(was, wanted.as_deref());
            out.push((closes, Change::SetRights { on: on.clone(), rights: wanted }));
        }
    }
    // Whoever grants on another's behalf must still be let into the schema.
    out.sort_by_key(|(closes, _)| *closes);
    out.into_iter().map(|(_, change)| change).collect()
}

/// Whether somebody loses a right.
fn takes_away(was: Option<&Rights>, wanted: Option<&Rights>) -> bool {
    let Some(known) = was.or(wanted) else { return false };
    let usual = known.by_itself();
    let (was, wanted) = (was.unwrap_or(&usual), wanted.unwrap_or(&usual));
    was.grants.iter().any(|grant| !wanted.grants.contains(grant))
}

/// Rights on columns that are dropped go with them.
fn with_columns_that_go(was: Option<&Rights>, mut wanted: Rights, after: &Schema) -> Rights {
    let Some(table) = after.tables.get(&wanted.on.name) else { return wanted };
    for (column, grants) in was.iter().flat_map(|was| &was.columns).filter(|(c, _)| table.column(c).is_none()) {
        wanted.columns.insert(column.clone(), grants.clone());
    }
    wanted
}

#[cfg(test)]
mod tests {
    use crate::diff::compare;
    use crate::schema::{
        ALL, Change, Column, EngineKind, Grant, Grantee, ObjectKind, ObjectRef, Owned, QName, Rights, Schema, Table,
        default_privileges,
    };
    use std::collections::{BTreeMap, BTreeSet};

    fn grant(to: Grantee, privilege: &str) -> Grant {
        Grant { to, by: None, privileges: [privilege.to_owned()].into(), grantable: BTreeSet::new() }
    }

    fn on() -> ObjectRef {
        ObjectRef::new(ObjectKind::Table, QName::new("public", "t"))
    }

    fn rights(on: ObjectRef, to: &[&str]) -> Rights {
        let usual = vec![grant(Grantee::Owner, ALL)];
        let given = to.iter().map(|role| grant(Grantee::Role((*role).into()), "SELECT"));
        let grants = usual.iter().cloned().chain(given).collect();
        Rights { on, grants, columns: BTreeMap::new(), usual, adds_to: Vec::new(), belongs_to: None }
    }

    fn with(to: &[&str]) -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        schema.namespaces.insert("public".into(), crate::schema::Namespace::default());
        let mut table = Table::new(on().name);
        table.columns.push(Column::new("a", "integer"));
        schema.tables.insert(table.name.clone(), table.into());
        if !to.is_empty() {
            schema.rights.insert(on(), rights(on(), to));
        }
        schema
    }

    #[test]
    fn another_order_of_grants_is_no_change() {
        assert_eq!(compare(&with(&["a", "b"]), &with(&["b", "a"]), &[]), []);
        assert_eq!(compare(&with(&["a"]), &with(&["b", "a"]), &[]).len(), 1);
    }

    #[test]
    fn what_is_dropped_takes_its_rights_and_owner_along() {
        let mut before = with(&["a"]);
        before.owners.insert(on(), Owned { object: on(), owner: "x".into(), called: None });
        let mut after = with(&[]);
        after.tables.remove(&on().name);
        assert_eq!(compare(&before, &after, &[]), [Change::DropTable { name: on().name }]);
    }

    #[test]
    fn what_is_made_under_default_privileges_ends_with_the_rights_that_it_shall_have() {
        let defaults = default_privileges("", "boss", "tables");
        let mut before = with(&[]);
        before.roles.current = "boss".into();
        before.tables.remove(&on().name);
        before.rights.insert(defaults.clone(), rights(defaults.clone(), &["a"]));
        let mut after = with(&[]);
        after.rights.insert(defaults.clone(), rights(defaults, &["a"]));
        let changes = compare(&before, &after, &[]);
        assert_eq!(changes.last(), Some(&Change::SetRights { on: on(), rights: None }));
        let mut now = before;
        for change in &changes {
            now.apply(change).unwrap();
        }
        assert_eq!(now.fingerprint(), after.fingerprint());
    }
}
