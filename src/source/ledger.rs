//! The tables in which migration frameworks keep what has run.

use super::Loaded;
use crate::migrations::History;
use crate::schema::{ObjectRef, QName, Schema};
use std::collections::BTreeSet;

/// Takes the framework's own tables over from the other side: no migration makes them, and they are not to go for that.
pub(super) fn keep(history: Option<&History>, schema: &mut Schema, beside: Option<&Loaded>, notes: &mut Vec<String>) {
    let (Some(history), Some(beside)) = (history, beside) else { return };
    let there = &beside.schema;
    let ledger = history.layout.ledger();
    let mut kept: BTreeSet<QName> = BTreeSet::new();
    for (name, table) in there.tables.iter().filter(|(name, _)| ledger.contains(&name.name.as_str())) {
        if schema.tables.contains_key(name) {
            continue;
        }
        notes.push(format!("{name} is the table of {} and stays as it is", history.layout));
        if let Some(namespace) = there.namespaces.get(&name.schema) {
            schema.namespaces.entry(name.schema.clone()).or_insert_with(|| namespace.clone());
        }
        schema.tables.insert(name.clone(), table.clone());
        kept.insert(name.clone());
    }
    let numbers = |table: &Option<(QName, String)>| table.as_ref().is_some_and(|(table, _)| kept.contains(table));
    let sequences: Vec<_> = there.sequences.iter().filter(|(_, sequence)| numbers(&sequence.owned_by)).collect();
    let owned: BTreeSet<QName> =
        sequences.iter().map(|(name, _)| (*name).clone()).chain(kept.iter().cloned()).collect();
    schema.sequences.extend(sequences.into_iter().map(|(name, sequence)| (name.clone(), sequence.clone())));
    if owned.is_empty() {
        return;
    }
    let is_kept = |object: &ObjectRef| owned.contains(&object.name);
    let owners = there.owners.iter().filter(|(object, _)| is_kept(object));
    schema.owners.extend(owners.map(|(object, owner)| (object.clone(), owner.clone())));
    let rights = there.rights.iter().filter(|(object, _)| is_kept(object));
    schema.rights.extend(rights.map(|(object, rights)| (object.clone(), rights.clone())));
}
