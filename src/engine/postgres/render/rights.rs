//! Owners and rights: the statements that make them what they shall be, from what they are.
//!
//! PostgreSQL keeps grants in the order in which they were first given. Entries stay where they are as long as the
//! wanted list begins with them; from the first that differs they are taken away and given again. What a role has by
//! itself has no place of its own: no dump tells it.

use super::{ident, major_version, relation, routine};
use crate::schema::{ALL, Grant, Grantee, ObjectKind, ObjectRef, Owned, QName, Rights, Schema};
use std::collections::{BTreeMap, BTreeSet};

/// `ALTER … OWNER TO`, unless it has that owner.
pub(super) fn set_owner(object: &ObjectRef, owner: Option<&Owned>, schema: &Schema) -> Vec<String> {
    let now = schema.owners.get(object);
    let called = owner.or(now).and_then(|owned| owned.called.clone());
    let target = called.unwrap_or_else(|| owned_as(object, schema));
    let wanted = owner.map_or_else(|| schema.usual_owner_of(object), |owned| &owned.owner);
    if wanted.is_empty() || wanted == schema.owner_of(object) {
        return Vec::new();
    }
    vec![format!("ALTER {target} OWNER TO {}", ident(wanted))]
}

fn owned_as(object: &ObjectRef, schema: &Schema) -> String {
    let name = &object.name;
    match object.kind {
        ObjectKind::Routine => format!("ROUTINE {}", routine(name)),
        ObjectKind::Schema | ObjectKind::Language | ObjectKind::Publication | ObjectKind::EventTrigger => {
            format!("{} {}", object.kind.word().to_uppercase(), ident(&name.name))
        }
        ObjectKind::ForeignServer => format!("SERVER {}", ident(&name.name)),
        ObjectKind::ForeignDataWrapper => format!("FOREIGN DATA WRAPPER {}", ident(&name.name)),
        ObjectKind::Table if schema.views.get(name).is_some_and(|v| v.materialized) => {
            format!("MATERIALIZED VIEW {}", relation(name))
        }
        ObjectKind::Table if schema.views.contains_key(name) => format!("VIEW {}", relation(name)),
        kind => format!("{} {}", kind.word().to_uppercase(), relation(name)),
    }
}

/// What makes the rights on an object those that are wanted: nothing where they are.
pub(super) fn set_rights(on: &ObjectRef, wanted: Option<&Rights>, schema: &Schema) -> Vec<String> {
    let now = schema.rights.get(on);
    let Some(known) = wanted.or(now) else { return Vec::new() };
    let now = now.cloned().unwrap_or_else(|| known.by_itself());
    let wanted = wanted.cloned().unwrap_or_else(|| now.by_itself());
    let mut way = Way {
        on: Target::of(on, schema),
        grants: now.grants,
        columns: now.columns,
        usual: known.usual.clone(),
        out: Vec::new(),
    };
    way.go(None, &wanted.grants);
    let columns: BTreeSet<String> = way.columns.keys().chain(wanted.columns.keys()).cloned().collect();
    for column in &columns {
        way.go(Some(column), wanted.columns.get(column).map_or(&[], Vec::as_slice));
    }
    way.statements()
}

/// What an object has to be given again that was made anew under its name: what `schema` says that it has.
pub(in crate::engine::postgres) fn again(object: &ObjectRef, schema: &Schema) -> Vec<String> {
    let mut anew = schema.clone();
    let on = crate::schema::rights_of_relation(object);
    let (owner, rights) = (anew.owners.remove(object), anew.rights.remove(&on));
    if let Some(made) = anew.rights_when_made(&on) {
        anew.rights.insert(on.clone(), made);
    }
    let mut out = owner.as_ref().map(|owner| set_owner(object, Some(owner), &anew)).unwrap_or_default();
    if let Some(owner) = owner {
        anew.owners.insert(object.clone(), owner);
    }
    out.extend(set_rights(&on, rights.as_ref(), &anew));
    out
}

/// All that there is to be given on an object, by what it is and the server's version.
pub(in crate::engine::postgres) fn everything(on: &ObjectRef, version: u32) -> &'static [&'static str] {
    const TABLE: &[&str] = &["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE", "MAINTAIN"];
    match (on.kind, on.part.as_deref()) {
        (ObjectKind::Table, _) | (_, Some("tables")) => {
            // MAINTAIN is the last and came with version 17.
            TABLE.get(..if version >= 17 { 8 } else { 7 }).unwrap_or_default()
        }
        (ObjectKind::Sequence, _) | (_, Some("sequences")) => &["SELECT", "UPDATE", "USAGE"],
        (ObjectKind::Routine, _) | (_, Some("functions")) => &["EXECUTE"],
        (ObjectKind::Schema, _) | (_, Some("schemas")) => &["CREATE", "USAGE"],
        (_, Some("large objects")) => &["SELECT", "UPDATE"],
        _ => &["USAGE"],
    }
}

/// All that there is to be given on a column.
pub(in crate::engine::postgres) const OF_COLUMNS: &[&str] = &["INSERT", "REFERENCES", "SELECT", "UPDATE"];

/// What GRANT and REVOKE name.
struct Target {
    before: String,
    name: String,
    owner: String,
    everything: &'static [&'static str],
    /// Whether the engine sorts the grants by itself.
    sorted: bool,
}

impl Target {
    fn of(on: &ObjectRef, schema: &Schema) -> Self {
        let defaults = on.kind == ObjectKind::DefaultPrivileges;
        let before = if defaults {
            let of = &on.name;
            let place = if of.schema.is_empty() { String::new() } else { format!(" IN SCHEMA {}", ident(&of.schema)) };
            format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{place} ", ident(&of.name))
        } else {
            String::new()
        };
        Self {
            before,
            name: on_what(on),
            owner: match schema.owner_of(on) {
                // Nobody is said to own what a schema in a file has: whoever runs it will.
                "" => "CURRENT_USER".to_owned(),
                owner => ident(owner),
            },
            everything: everything(on, major_version(schema)),
            sorted: defaults,
        }
    }

    fn role(&self, to: &Grantee) -> String {
        match to {
            Grantee::Public => "PUBLIC".to_owned(),
            Grantee::Owner => self.owner.clone(),
            Grantee::Role(role) => ident(role),
        }
    }
}

/// The object as GRANT names it after ON.
fn on_what(on: &ObjectRef) -> String {
    let alone = |name: &QName| ident(&name.name);
    match on.kind {
        ObjectKind::DefaultPrivileges => on.part.as_deref().unwrap_or_default().to_uppercase(),
        ObjectKind::Routine => format!("ROUTINE {}", routine(&on.name)),
        ObjectKind::Schema => format!("SCHEMA {}", alone(&on.name)),
        ObjectKind::Language => format!("LANGUAGE {}", alone(&on.name)),
        ObjectKind::ForeignDataWrapper => format!("FOREIGN DATA WRAPPER {}", alone(&on.name)),
        ObjectKind::ForeignServer => format!("FOREIGN SERVER {}", alone(&on.name)),
        kind => format!("{} {}", kind.word().to_uppercase(), relation(&on.name)),
    }
}

/// One GRANT or REVOKE; neighbours that differ in their role alone become one statement.
#[derive(PartialEq, Eq)]
struct Said {
    by: Option<String>,
    /// Up to the role's name, and what comes after it.
    head: String,
    tail: String,
    roles: Vec<String>,
}

/// On the way from one list of grants to another.
struct Way {
    on: Target,
    grants: Vec<Grant>,
    columns: BTreeMap<String, Vec<Grant>>,
    usual: Vec<Grant>,
    out: Vec<Said>,
}

impl Way {
    fn list(&self, column: Option<&String>) -> &[Grant] {
        match column {
            None => &self.grants,
            Some(column) => self.columns.get(column).map_or(&[], Vec::as_slice),
        }
    }

    fn find(&self, column: Option<&String>, grant: &Grant) -> Option<Grant> {
        self.list(column).iter().find(|g| g.is_entry_of(grant)).cloned()
    }

    /// Makes the list of the object, or of one column, what is wanted.
    fn go(&mut self, column: Option<&String>, wanted: &[Grant]) {
        let kept = self.kept(column, wanted);
        let stays = |grant: &Grant| kept.iter().any(|k: &Grant| k.is_entry_of(grant));
        // Those who were given something by others first: they would go with what those have.
        let mut gone: Vec<Grant> = self.list(column).iter().filter(|g| !stays(g)).cloned().collect();
        gone.sort_by_key(|g| g.by.is_none());
        for grant in gone {
            if let Some(left) = self.find(column, &grant) {
                let left = Grant { privileges: BTreeSet::from([ALL.to_owned()]), ..left };
                self.revoke(column, &left, false);
            }
        }
        for grant in wanted {
            self.give(column, grant);
        }
        for grant in wanted {
            self.take(column, grant);
        }
        // What was taken from one may have taken from others, to whom that one had given it.
        for grant in wanted {
            self.give(column, grant);
        }
    }

    /// The entries that can stay where they are.
    fn kept(&self, column: Option<&String>, wanted: &[Grant]) -> Vec<Grant> {
        let now = self.list(column);
        let is_there = |grant: &Grant| now.iter().any(|g| g.is_entry_of(grant));
        if self.on.sorted {
            return wanted.iter().filter(|g| is_there(g)).cloned().collect();
        }
        let is_usual = |grant: &Grant| column.is_none() && self.usual.contains(grant);
        let (usual, special): (Vec<&Grant>, Vec<&Grant>) = wanted.iter().partition(|g| is_usual(g));
        let mut kept: Vec<Grant> = usual.into_iter().filter(|g| is_there(g)).cloned().collect();
        let mut from = 0;
        for grant in special {
            let rest = now.get(from..).unwrap_or_default();
            let Some(at) = rest.iter().position(|g| g.is_entry_of(grant)) else { break };
            from += at + 1;
            kept.push(grant.clone());
        }
        kept
    }

    /// Grants what is wanted and not there yet.
    fn give(&mut self, column: Option<&String>, wanted: &Grant) {
        let everything = self.everything(column);
        let now = self.find(column, wanted);
        let empty = Grant { privileges: BTreeSet::new(), grantable: BTreeSet::new(), ..wanted.clone() };
        let now = now.unwrap_or(empty);
        let (has, may_pass) = (spelt(&now.privileges, everything), spelt(&now.grantable, everything));
        let (wants, wants_pass) = (spelt(&wanted.privileges, everything), spelt(&wanted.grantable, everything));
        let plain: BTreeSet<String> = wants.difference(&has).filter(|p| !wants_pass.contains(*p)).cloned().collect();
        let passed: BTreeSet<String> = wants_pass.difference(&may_pass).cloned().collect();
        for (list, tail) in [(&plain, ""), (&passed, " WITH GRANT OPTION")] {
            if !list.is_empty() {
                let text = self.privileges(list, column);
                let head = format!("{}GRANT {text} ON {} TO ", self.on.before, self.on.name);
                self.say(wanted, head, tail);
            }
        }
        let after = Grant {
            privileges: has.union(&wants).cloned().collect(),
            grantable: may_pass.union(&wants_pass).cloned().collect(),
            ..wanted.clone()
        };
        self.put(column, after);
    }

    /// Revokes what is there and not wanted.
    fn take(&mut self, column: Option<&String>, wanted: &Grant) {
        let everything = self.everything(column);
        let Some(now) = self.find(column, wanted) else { return };
        let extra: BTreeSet<String> =
            spelt(&now.privileges, everything).difference(&spelt(&wanted.privileges, everything)).cloned().collect();
        let (may_pass, wants_pass) = (spelt(&now.grantable, everything), spelt(&wanted.grantable, everything));
        let options: BTreeSet<String> =
            may_pass.difference(&wants_pass).filter(|p| !extra.contains(*p)).cloned().collect();
        for (privileges, option_only) in [(extra, false), (options, true)] {
            if !privileges.is_empty() {
                self.revoke(column, &Grant { privileges, ..wanted.clone() }, option_only);
            }
        }
    }

    fn revoke(&mut self, column: Option<&String>, what: &Grant, option_only: bool) {
        let lost = spelt(&what.privileges, self.everything(column));
        let text = self.privileges(&what.privileges, column);
        let option = if option_only { "GRANT OPTION FOR " } else { "" };
        let head = format!("{}REVOKE {option}{text} ON {} FROM ", self.on.before, self.on.name);
        let passed_on = self.lose(column, what, &lost, option_only);
        // Taken from the whole table, it is taken from the columns as well.
        let columns: Vec<String> = if column.is_none() { self.columns.keys().cloned().collect() } else { Vec::new() };
        let more = columns.iter().any(|of| self.lose(Some(of), what, &lost, option_only));
        self.say(what, head, if passed_on || more { " CASCADE" } else { "" });
    }

    /// Takes privileges out of an entry; gives whether others lost what they had been given from it.
    fn lose(&mut self, column: Option<&String>, what: &Grant, lost: &BTreeSet<String>, option_only: bool) -> bool {
        let everything = self.everything(column);
        let Some(now) = self.find(column, what) else { return false };
        let keep = |set: &BTreeSet<String>| spelt(set, everything).difference(lost).cloned().collect();
        let privileges = if option_only { now.privileges.clone() } else { keep(&now.privileges) };
        let after = Grant { privileges, grantable: keep(&now.grantable), ..now };
        self.put(column, after);
        let Grantee::Role(role) = &what.to else { return false };
        let from_it: Vec<Grant> = self
            .list(column)
            .iter()
            .filter(|g| g.by.as_ref() == Some(role) && !spelt(&g.privileges, everything).is_disjoint(lost))
            .cloned()
            .collect();
        for grant in &from_it {
            self.lose(column, grant, lost, false);
        }
        !from_it.is_empty()
    }

    /// Keeps an entry's place; one without privileges is none.
    fn put(&mut self, column: Option<&String>, grant: Grant) {
        let list = match column {
            None => &mut self.grants,
            Some(column) => self.columns.entry(column.clone()).or_default(),
        };
        match list.iter().position(|g| g.is_entry_of(&grant)) {
            Some(at) if grant.privileges.is_empty() => drop(list.remove(at)),
            Some(at) => {
                if let Some(entry) = list.get_mut(at) {
                    *entry = grant;
                }
            }
            None if grant.privileges.is_empty() => {}
            None => list.push(grant),
        }
    }

    fn everything(&self, column: Option<&String>) -> &'static [&'static str] {
        if column.is_some() { OF_COLUMNS } else { self.on.everything }
    }

    /// `SELECT, INSERT`, or those of a column, or `ALL`.
    fn privileges(&self, list: &BTreeSet<String>, column: Option<&String>) -> String {
        let of = column.map(|column| format!(" ({})", ident(column))).unwrap_or_default();
        let all = self.everything(column).iter().all(|p| list.contains(*p)) && self.everything(column).len() > 1;
        if all || list.contains(ALL) {
            return format!("{ALL}{of}");
        }
        list.iter().map(|privilege| format!("{privilege}{of}")).collect::<Vec<_>>().join(", ")
    }

    fn say(&mut self, grant: &Grant, head: String, tail: &str) {
        let role = self.on.role(&grant.to);
        let said = Said { by: grant.by.clone(), head, tail: tail.to_owned(), roles: Vec::new() };
        match self.out.last_mut() {
            Some(last) if (&last.by, &last.head, &last.tail) == (&said.by, &said.head, &said.tail) => {
                last.roles.push(role);
            }
            _ => self.out.push(Said { roles: vec![role], ..said }),
        }
    }

    /// What another than the owner gives, that role has to say.
    fn statements(self) -> Vec<String> {
        let mut out = Vec::new();
        let mut speaker = None;
        for said in self.out {
            if said.by != speaker {
                out.push(match &said.by {
                    Some(role) => format!("SET LOCAL ROLE {}", ident(role)),
                    None => "RESET ROLE".to_owned(),
                });
                speaker.clone_from(&said.by);
            }
            out.push(format!("{}{}{}", said.head, said.roles.join(", "), said.tail));
        }
        if speaker.is_some() {
            out.push("RESET ROLE".to_owned());
        }
        out
    }
}

/// Each privilege by its name.
fn spelt(list: &BTreeSet<String>, everything: &[&str]) -> BTreeSet<String> {
    if list.contains(ALL) { everything.iter().map(|p| (*p).to_owned()).collect() } else { list.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::EngineKind;

    fn grant(to: &str, privileges: &[&str], grantable: &[&str], by: Option<&str>) -> Grant {
        let set = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect();
        let to = match to {
            "PUBLIC" => Grantee::Public,
            "owner" => Grantee::Owner,
            role => Grantee::Role(role.into()),
        };
        Grant { to, by: by.map(str::to_owned), privileges: set(privileges), grantable: set(grantable) }
    }

    fn reads(to: &str) -> Grant {
        grant(to, &["SELECT"], &[], None)
    }

    fn table() -> ObjectRef {
        ObjectRef::new(ObjectKind::Table, QName::new("public", "t"))
    }

    fn rights(on: ObjectRef, grants: &[Grant]) -> Rights {
        let owner = grant("owner", &[ALL], &[], None);
        Rights {
            on,
            grants: std::iter::once(owner.clone()).chain(grants.iter().cloned()).collect(),
            columns: BTreeMap::new(),
            usual: vec![owner],
            adds_to: Vec::new(),
            belongs_to: None,
        }
    }

    fn between(before: Option<&Rights>, after: Option<&Rights>) -> Vec<String> {
        let mut schema = Schema::empty(EngineKind::Postgres);
        schema.server_version = "15.4".into();
        schema.roles.owner = "boss".into();
        let on = before.or(after).unwrap().on.clone();
        if let Some(before) = before {
            schema.rights.insert(on.clone(), before.clone());
        }
        set_rights(&on, after, &schema)
    }

    #[test]
    fn what_is_new_is_granted_and_what_is_gone_revoked() {
        let before = rights(table(), &[reads("a"), reads("b")]);
        let after = rights(table(), &[reads("a"), grant("b", &["INSERT"], &[], None), reads("c"), reads("PUBLIC")]);
        let wanted = [
            "GRANT INSERT ON TABLE public.t TO b",
            "GRANT SELECT ON TABLE public.t TO c, PUBLIC",
            "REVOKE SELECT ON TABLE public.t FROM b",
        ];
        assert_eq!(between(Some(&before), Some(&after)), wanted);
        assert_eq!(between(Some(&before), None), ["REVOKE ALL ON TABLE public.t FROM a, b"]);
        assert_eq!(between(None, Some(&before)), ["GRANT SELECT ON TABLE public.t TO a, b"]);
    }

    #[test]
    fn an_order_that_must_differ_is_made_anew_from_where_it_differs() {
        let before = rights(table(), &[reads("a"), reads("c")]);
        let after = rights(table(), &[reads("a"), reads("b"), reads("c")]);
        let wanted = ["REVOKE ALL ON TABLE public.t FROM c", "GRANT SELECT ON TABLE public.t TO b, c"];
        assert_eq!(between(Some(&before), Some(&after)), wanted);
    }

    #[test]
    fn default_privileges_have_no_order_of_their_own() {
        let on = crate::schema::default_privileges("app", "boss", "tables");
        let before = Rights { usual: Vec::new(), ..rights(on.clone(), &[reads("a"), reads("c")]) };
        let after = Rights { usual: Vec::new(), ..rights(on, &[reads("a"), reads("b"), reads("c")]) };
        let wanted = ["ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA app GRANT SELECT ON TABLES TO b"];
        assert_eq!(between(Some(&before), Some(&after)), wanted);
    }

    #[test]
    fn the_owner_may_take_rights_from_itself() {
        let mut after = rights(table(), &[]);
        after.grants = vec![grant("owner", &["INSERT", "SELECT"], &[], None)];
        assert_eq!(
            between(None, Some(&after)),
            ["REVOKE DELETE, REFERENCES, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t FROM boss"]
        );
        assert_eq!(
            between(Some(&after), None),
            ["GRANT DELETE, REFERENCES, TRIGGER, TRUNCATE, UPDATE ON TABLE public.t TO boss"]
        );
    }

    #[test]
    fn what_was_passed_on_is_given_by_who_passed_it_on() {
        let chain =
            rights(table(), &[grant("a", &["SELECT"], &["SELECT"], None), grant("b", &["SELECT"], &[], Some("a"))]);
        let made = [
            "GRANT SELECT ON TABLE public.t TO a WITH GRANT OPTION",
            "SET LOCAL ROLE a",
            "GRANT SELECT ON TABLE public.t TO b",
            "RESET ROLE",
        ];
        assert_eq!(between(None, Some(&chain)), made);
        let taken = [
            "SET LOCAL ROLE a",
            "REVOKE ALL ON TABLE public.t FROM b",
            "RESET ROLE",
            "REVOKE ALL ON TABLE public.t FROM a",
        ];
        assert_eq!(between(Some(&chain), None), taken);
        let ended = rights(table(), &[reads("a")]);
        let taken = [
            "SET LOCAL ROLE a",
            "REVOKE ALL ON TABLE public.t FROM b",
            "RESET ROLE",
            "REVOKE GRANT OPTION FOR SELECT ON TABLE public.t FROM a",
        ];
        assert_eq!(between(Some(&chain), Some(&ended)), taken);
    }

    #[test]
    fn what_is_taken_from_a_table_and_with_it_from_its_columns_is_given_to_these_again() {
        let mut before = rights(table(), &[reads("a")]);
        before.columns.insert("x".into(), vec![grant("a", &["UPDATE"], &[], None)]);
        let after = Rights { grants: rights(table(), &[]).grants, ..before.clone() };
        let wanted = ["REVOKE ALL ON TABLE public.t FROM a", "GRANT UPDATE (x) ON TABLE public.t TO a"];
        assert_eq!(between(Some(&before), Some(&after)), wanted);
    }
}
