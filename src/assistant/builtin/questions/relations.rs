//! How tables hang together by foreign keys.

use super::super::draft::{Draft, Flow};
use super::super::pattern::Captures;
use super::{Ask, Found, question};
use crate::schema::{ConstraintKind, ObjectKind, ObjectRef, QName, Schema};
use std::collections::{BTreeMap, VecDeque};

pub(super) fn questions() -> Vec<Ask> {
    vec![
        question(
            path,
            &[
                "how (are|is) <one> and <other> (related|connected|linked|joined)",
                "how (are|is) <one> (related|connected|linked|joined) (to|with) <other>",
                "how (do|can) (i|we|you) (get|come|go|join) from <one> to <other>",
                "how (do|can) (i|we|you) (join|connect|link) <one> (and|to|with) <other>",
                "(are|is) <one> (related|connected|linked) (to|with) <other>",
            ],
        ),
        question(
            neighbours,
            &[
                "(which|what|list|show) tables (are|is) (related|connected|linked) (to|with) [table] <table>",
                "(which|what) tables (belong|relate|connect) to [table] <table>",
                "what is [table] <table> (related|connected|linked) to",
            ],
        ),
    ]
}

/// One foreign key as a sentence: `orders(customer_id) references customers(id)`.
struct Link {
    child: QName,
    parent: QName,
    told: String,
}

fn links(schema: &Schema) -> Vec<Link> {
    let keys = schema.tables.values().flat_map(|t| t.constraints.values().map(move |c| (t, c)));
    keys.filter_map(|(table, constraint)| {
        let ConstraintKind::ForeignKey(fk) = &constraint.kind else { return None };
        let to = if fk.referenced_columns.is_empty() {
            String::new()
        } else {
            format!("({})", fk.referenced_columns.join(", "))
        };
        let from = fk.columns.join(", ");
        let told = format!("- {}({from}) references {}{to}", table.name.short(), fk.references.short());
        Some(Link { child: table.name.clone(), parent: fk.references.clone(), told })
    })
    .collect()
}

fn source(table: &QName) -> ObjectRef {
    ObjectRef::new(ObjectKind::Table, table.clone())
}

fn path(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let (one, other) = (draft.table_ref(said.get("one"))?, draft.table_ref(said.get("other"))?);
    let links = links(draft.schema);
    let Some(way) = shortest(&links, &one, &other) else {
        return Ok(Found::line(format!("No foreign keys lead from {} to {}.", one.short(), other.short())));
    };
    let mut found = Found::line(format!("{} and {} hang together by:", one.short(), other.short()));
    for link in way {
        found.add(link.told.clone(), source(&link.child));
        found.source(source(&link.parent));
    }
    Ok(found)
}

/// The shortest way from one table to another over foreign keys in either direction.
fn shortest<'l>(links: &'l [Link], from: &QName, to: &QName) -> Option<Vec<&'l Link>> {
    let mut came: BTreeMap<&QName, (&QName, &'l Link)> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(at) = waiting.pop_front() {
        for link in links {
            let next = match (link.child == *at, link.parent == *at) {
                (true, _) => &link.parent,
                (_, true) => &link.child,
                _ => continue,
            };
            if next != from && !came.contains_key(next) {
                came.insert(next, (at, link));
                waiting.push_back(next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while at != from {
        let (before, link) = came.get(at)?;
        way.push(*link);
        at = before;
    }
    way.reverse();
    Some(way)
}

fn neighbours(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let table = draft.table_ref(said.get("table"))?;
    let links = links(draft.schema);
    let mut found = Found::line(format!("{} is linked by:", table.short()));
    for link in links.iter().filter(|l| l.child == table || l.parent == table) {
        found.add(link.told.clone(), source(&link.child));
    }
    if found.sources.is_empty() {
        return Ok(Found::line(format!("No foreign key links {} with another table.", table.short())));
    }
    Ok(found)
}
