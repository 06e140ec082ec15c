//! What hangs on a table that is dropped and made anew, and must be free of the old one meanwhile.

use crate::schema::{Change, QName, Schema, Sequence, Table};
use std::collections::{BTreeMap, HashSet};

/// Partitions and children that stay, and sequences that its columns own, would go with the old table.
pub(super) fn free_from_old(before: &Schema, after: &Schema, changes: &mut Vec<Change>) {
    let dropped: HashSet<&QName> =
        changes.iter().filter_map(|c| if let Change::DropTable { name } = c { Some(name) } else { None }).collect();
    let again: HashSet<QName> =
        dropped.iter().copied().filter(|name| after.tables.contains_key(name)).cloned().collect();
    if again.is_empty() {
        return;
    }
    let stays = |name: &QName| after.tables.contains_key(name) && !dropped.contains(name);
    let mut more = Vec::new();
    let children: BTreeMap<&QName, &Table> =
        again.iter().flat_map(|name| before.tables.children(name)).map(|t| (&t.name, &**t)).collect();
    for child in children.into_values().filter(|t| stays(&t.name)) {
        let Some(new) = after.tables.get(&child.name) else { continue };
        let table = || child.name.clone();
        if child.partition_of.as_ref().is_some_and(|p| again.contains(&p.parent)) {
            let told = |c: &Change| matches!(c, Change::SetPartition { table, .. } if *table == child.name);
            if new.partition_of.is_some() {
                more.push(Change::SetPartition { table: table(), partition: None });
            }
            if new.partition_of == child.partition_of && !changes.iter().any(told) {
                more.push(Change::SetPartition { table: table(), partition: new.partition_of.clone() });
            }
        }
        if child.inherits.iter().any(|parent| again.contains(parent)) {
            let told = |c: &Change| matches!(c, Change::SetInherits { table, .. } if *table == child.name);
            if !new.inherits.is_empty() {
                more.push(Change::SetInherits { table: table(), inherits: Vec::new() });
            }
            if new.inherits == child.inherits && !changes.iter().any(told) {
                more.push(Change::SetInherits { table: table(), inherits: new.inherits.clone() });
            }
        }
    }
    for sequence in before.sequences.values() {
        let of_old = sequence.owned_by.as_ref().is_some_and(|(table, _)| again.contains(table));
        let Some(new) = after.sequences.get(&sequence.name).filter(|_| of_old) else { continue };
        let freed = Sequence { owned_by: None, ..sequence.clone() };
        if changes.contains(&Change::AlterSequence { sequence: freed.clone() }) {
            continue;
        }
        more.push(Change::AlterSequence { sequence: freed });
        let told = |c: &Change| matches!(c, Change::AlterSequence { sequence: s } if s.name == sequence.name);
        if !changes.iter().any(told) {
            more.push(Change::AlterSequence {
                sequence: Sequence { comment: sequence.comment.clone(), ..new.clone() },
            });
        }
    }
    changes.extend(more);
}
