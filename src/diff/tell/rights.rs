//! Owners and rights in sentences: "reader may now select from orders".

use super::words::{capital, list};
use crate::schema::{ALL, Grant, Grantee, ObjectKind, ObjectRef, Rights};
use crate::sql::one_line;
use std::collections::BTreeSet;

/// What a privilege lets do, before the object's name.
fn verb(privilege: &str, on: &ObjectRef) -> String {
    let sequence = on.kind == ObjectKind::Sequence;
    match privilege {
        "SELECT" if sequence => "look at".to_owned(),
        "SELECT" => "select from".to_owned(),
        "INSERT" => "insert into".to_owned(),
        "UPDATE" if sequence => "set".to_owned(),
        "DELETE" => "delete from".to_owned(),
        "REFERENCES" => "refer to".to_owned(),
        "TRIGGER" => "put triggers on".to_owned(),
        "CREATE" => "create in".to_owned(),
        "USAGE" if sequence => "take numbers from".to_owned(),
        "USAGE" => "use".to_owned(),
        "EXECUTE" => "call".to_owned(),
        ALL => "do everything with".to_owned(),
        other => one_line(&other.to_lowercase()),
    }
}

fn who(to: &Grantee) -> String {
    match to {
        Grantee::Public => "everybody".to_owned(),
        Grantee::Owner => "the owner".to_owned(),
        Grantee::Role(role) => one_line(role),
    }
}

fn what(on: &ObjectRef, column: Option<&String>) -> String {
    if on.kind == ObjectKind::DefaultPrivileges {
        let of = one_line(on.part.as_deref().unwrap_or_default());
        let place =
            if on.name.schema.is_empty() { String::new() } else { format!(" in {}", one_line(&on.name.schema)) };
        return format!("new {of}{place} that {} makes", one_line(&on.name.name));
    }
    let name = match on.kind {
        ObjectKind::Table => one_line(&on.name.short()),
        _ => one_line(&on.to_string()),
    };
    column.map_or_else(|| name.clone(), |column| format!("the {} of {name}", one_line(column)))
}

/// Each (role, privilege) of a list once; those that may be passed on are something else.
fn pairs(grants: &[Grant]) -> BTreeSet<(Grantee, String, bool)> {
    let each = |grant: &Grant| {
        let (to, pass) = (grant.to.clone(), grant.grantable.clone());
        grant.privileges.clone().into_iter().map(move |p| (to.clone(), p.clone(), pass.contains(&p)))
    };
    grants.iter().flat_map(each).collect()
}

/// What is allowed from now on and what no longer is; `before` is `None` when nothing is known but the rights after.
pub(super) fn told(on: &ObjectRef, before: Option<&Rights>, after: Option<&Rights>) -> String {
    let Some(known) = before.or(after) else { return "It has the rights that it has by itself.".to_owned() };
    let (usual, nothing) = (known.by_itself(), Vec::new());
    let (was, is) = (before.unwrap_or(&usual), after.unwrap_or(&usual));
    let mut said = sentences(on, None, &was.grants, &is.grants);
    let columns: BTreeSet<&String> = was.columns.keys().chain(is.columns.keys()).collect();
    for column in columns {
        let of = |rights: &'_ Rights| rights.columns.get(column).unwrap_or(&nothing).clone();
        said.extend(sentences(on, Some(column), &of(was), &of(is)));
    }
    if said.is_empty() {
        format!("Everybody may do with {} what they could do.", what(on, None))
    } else {
        said.join(" ")
    }
}

fn sentences(on: &ObjectRef, column: Option<&String>, was: &[Grant], is: &[Grant]) -> Vec<String> {
    let (was, is) = (pairs(was), pairs(is));
    let mut out = Vec::new();
    for (more, less, may) in [(&is, &was, "may now"), (&was, &is, "may no longer")] {
        let differing: BTreeSet<&(Grantee, String, bool)> = more.difference(less).collect();
        let roles: BTreeSet<&Grantee> = differing.iter().map(|(to, ..)| to).collect();
        for to in roles {
            let of_role = || differing.iter().filter(|(role, ..)| role == to);
            let verbs: Vec<String> = of_role().map(|(_, privilege, _)| verb(privilege, on)).collect();
            let pass = if of_role().any(|(.., pass)| *pass) { ", and let others do so" } else { "" };
            out.push(format!("{} {may} {} {}{pass}.", capital(&who(to)), list(&verbs), what(on, column)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::QName;
    use std::collections::BTreeMap;

    fn rights(grants: &[(&str, &[&str])]) -> Rights {
        let grant = |(to, privileges): &(&str, &[&str])| Grant {
            to: if *to == "PUBLIC" { Grantee::Public } else { Grantee::Role((*to).into()) },
            by: None,
            privileges: privileges.iter().map(|p| (*p).to_owned()).collect(),
            grantable: BTreeSet::new(),
        };
        Rights {
            on: ObjectRef::new(ObjectKind::Table, QName::new("public", "orders")),
            grants: grants.iter().map(grant).collect(),
            columns: BTreeMap::new(),
            usual: Vec::new(),
            adds_to: Vec::new(),
            belongs_to: None,
        }
    }

    #[test]
    fn who_may_do_what_is_said_by_role() {
        let before = rights(&[("writer", &["INSERT", "SELECT"])]);
        let after = rights(&[("reader", &["SELECT"]), ("writer", &["SELECT"]), ("PUBLIC", &["DELETE", "UPDATE"])]);
        assert_eq!(
            told(&after.on, Some(&before), Some(&after)),
            "Everybody may now delete from and update orders. Reader may now select from orders. \
             Writer may no longer insert into orders."
        );
    }
}
