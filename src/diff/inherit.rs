//! Parents before their children, and what of the parents has to be made anew for the children's sake.

use crate::schema::{QName, Schema};
use std::collections::HashSet;

/// All tables, no child before its parent.
pub(super) fn parents_first(schema: &Schema) -> Vec<&QName> {
    fn visit<'a>(schema: &'a Schema, name: &'a QName, seen: &mut HashSet<&'a QName>, out: &mut Vec<&'a QName>) {
        let Some(table) = schema.tables.get(name) else { return };
        if !seen.insert(name) {
            return;
        }
        for parent in table.parents() {
            visit(schema, parent, seen, out);
        }
        out.push(name);
    }
    let (mut seen, mut out) = (HashSet::new(), Vec::with_capacity(schema.tables.len()));
    for name in schema.tables.keys() {
        visit(schema, name, &mut seen, &mut out);
    }
    out
}

/// The indexes of a partitioned table that have to be made anew although they stay as they are, because a partition's
/// part of one has to change: nothing takes a part away from its index.
pub(super) fn made_anew(now: &Schema, after: &Schema, table: &QName) -> HashSet<String> {
    let (Some(before), Some(wanted)) = (now.tables.get(table), after.tables.get(table)) else { return HashSet::new() };
    let changes = |name: &&str| {
        let stays = before.part(name).zip(wanted.part(name)).is_some_and(|(old, new)| old.is_like(new));
        stays && parts_change(now, after, (table, name), (table, name))
    };
    before.keyed().map(crate::schema::IndexPart::name).filter(changes).map(str::to_owned).collect()
}

fn parts_change(now: &Schema, after: &Schema, from: (&QName, &str), to: (&QName, &str)) -> bool {
    let (old_index, new_index) = (from.0.sibling(from.1), to.0.sibling(to.1));
    now.tables.children(from.0).any(|child| {
        let Some(old) = child.part_of(&old_index) else { return false };
        let still =
            after.tables.get(&child.name).filter(|t| t.partition_of.as_ref().is_some_and(|p| p.parent == *to.0));
        // One that is detached keeps its index.
        let Some(wanted) = still else { return false };
        match wanted.part_of(&new_index) {
            Some(new) if old.is_like(new) => {
                parts_change(now, after, (&child.name, old.name()), (&child.name, new.name()))
            }
            _ => true,
        }
    })
}
