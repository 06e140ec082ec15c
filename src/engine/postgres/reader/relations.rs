//! The existing relations that a statement names.

use super::cursor::Cursor;
use super::tokens::Kind;
use super::world::World;
use crate::schema::QName;

/// Words after which a relation's name may come; a comma goes on with the list.
const BEFORE: &[&str] = &[
    "from",
    "join",
    "into",
    "update",
    "table",
    "on",
    "references",
    "only",
    "exists",
    "truncate",
    "using",
    "copy",
    "lock",
    "of",
    "like",
    "inherits",
    "analyze",
    "vacuum",
    "view",
    "index",
    "sequence",
    "merge",
    "cluster",
    "reindex",
    "partition",
    "concurrently",
    "verbose",
    "full",
    "inherit",
    "to",
];

/// In the order of the text, each once. Found by position, not by scope: a common table expression that is called
/// like a table counts as that table.
pub(super) fn named(text: &str, world: &World<'_>) -> Vec<QName> {
    let mut cursor = Cursor::new(text);
    let mut found: Vec<QName> = Vec::new();
    let mut lists = vec![false];
    let mut expects = false;
    while !cursor.at_end() {
        match cursor.kind() {
            Some(Kind::Sign('(')) => {
                lists.push(expects);
                cursor.step();
                continue;
            }
            Some(Kind::Sign(')')) => {
                lists.pop();
                expects = false;
            }
            Some(Kind::Sign(',')) => expects = lists.last().copied().unwrap_or_default(),
            Some(Kind::Word) if BEFORE.iter().any(|word| cursor.raw(0).eq_ignore_ascii_case(word)) => {
                expects = true;
                set_last(&mut lists, true);
            }
            Some(Kind::Word | Kind::Quoted) => {
                let start = cursor.position();
                if expects && let Some(name) = cursor.name() {
                    let name = world.relation(&name);
                    if super::world::relation_exists(&world.schema, &name) && !found.contains(&name) {
                        found.push(name);
                    }
                    expects = false;
                    continue;
                }
                cursor.go_to(start);
                if ["where", "set", "select", "values", "group", "order", "returning"].iter().any(|w| cursor.sees(w)) {
                    set_last(&mut lists, false);
                }
                expects = false;
            }
            _ => expects = false,
        }
        cursor.step();
    }
    found
}

fn set_last(lists: &mut [bool], value: bool) {
    if let Some(last) = lists.last_mut() {
        *last = value;
    }
}
