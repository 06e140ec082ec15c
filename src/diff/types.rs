//! Differences of types: enums grow in place, everything else becomes what it is to be.

use super::compare::{Pair, comment};
use crate::schema::{Change, ObjectKind, ObjectRef, Place, QName, TypeDef, TypeKind};
use std::collections::HashSet;

pub(super) fn compare_type(name: &QName, pair: &Pair<'_, TypeDef>, out: &mut Vec<Change>) {
    let (b, a) = match pair {
        Pair::Gone(_) => return out.push(Change::DropType { name: name.clone() }),
        Pair::New(a) => return out.push(Change::CreateType { definition: (*a).clone() }),
        Pair::Both(b, a) => (*b, *a),
    };
    if b.kind != a.kind {
        match (&b.kind, &a.kind) {
            (TypeKind::Enum { values: old }, TypeKind::Enum { values: new }) => match added_values(name, old, new) {
                Some(added) => out.extend(added),
                None => out.push(alter(b, a)),
            },
            (old, new) if !is_text(old) && !is_text(new) => out.push(alter(b, a)),
            _ => {
                out.push(Change::DropType { name: name.clone() });
                out.push(Change::CreateType { definition: a.clone() });
                return;
            }
        }
    }
    comment(ObjectRef::new(ObjectKind::Type, name.clone()), b.comment.as_ref(), a.comment.as_ref(), out);
}

/// Ranges and the like, known only by their text, are dropped and made; any other type becomes what it is to be where
/// it is, so that columns of it keep their values.
fn is_text(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Other { .. })
}

fn alter(before: &TypeDef, after: &TypeDef) -> Change {
    Change::AlterType { definition: TypeDef { comment: before.comment.clone(), ..after.clone() } }
}

/// The additions that make `old` into `new`, each in its place; `None` when a value goes or moves.
fn added_values(name: &QName, old: &[String], new: &[String]) -> Option<Vec<Change>> {
    let known: HashSet<&String> = old.iter().collect();
    if !new.iter().filter(|v| known.contains(v)).eq(old.iter()) {
        return None;
    }
    let last_old = new.iter().rposition(|v| known.contains(v));
    let first_old = old.first();
    let mut out = Vec::new();
    let mut previous: Option<&String> = None;
    for (at, value) in new.iter().enumerate() {
        if !known.contains(value) {
            let place = match (previous, first_old) {
                _ if last_old.is_none_or(|last| at > last) => Place::Last,
                (Some(previous), _) => Place::After(previous.clone()),
                (None, Some(first)) => Place::Before(first.clone()),
                (None, None) => Place::Last,
            };
            out.push(Change::AddEnumValue { name: name.clone(), value: value.clone(), place });
        }
        previous = Some(value);
    }
    Some(out)
}
