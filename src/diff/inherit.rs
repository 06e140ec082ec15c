//! What partitions and children get by themselves when their parent changes.

use super::tables::{bare, bare_index};
use crate::schema::{Change, QName, Schema, Table};
use std::collections::{BTreeMap, HashMap, HashSet};

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

/// Changes of parents that their children get without being asked.
#[derive(Default)]
pub(super) struct Inherited {
    by_parent: HashMap<QName, Vec<Change>>,
    /// What was there, for changes that name only what they drop.
    before: HashMap<QName, Table>,
}

impl Inherited {
    /// Keeps what `changes` of a table mean for its children.
    pub(super) fn note(&mut self, name: &QName, before: &Table, changes: &[Change]) {
        let mut kept: Vec<Change> = changes.iter().filter(|c| hands_down(c)).cloned().collect();
        let from_above = before.parents().filter_map(|p| self.by_parent.get(p)).flatten().cloned();
        kept.extend(from_above.collect::<Vec<_>>());
        if !kept.is_empty() {
            self.by_parent.insert(name.clone(), kept);
            self.before.insert(name.clone(), before.clone());
        }
    }

    /// The child as its parents' changes leave it, when they touch it at all.
    pub(super) fn evolved(&self, before: &Table, after: &Table) -> Option<Table> {
        let still: HashSet<&QName> = after.parents().collect();
        let mut child: Option<Table> = None;
        for parent in before.parents().filter(|p| still.contains(p)) {
            for change in self.by_parent.get(parent).into_iter().flatten() {
                let child = child.get_or_insert_with(|| before.clone());
                hand_down(change, self.before.get(parent), child, after);
            }
        }
        child
    }
}

fn hands_down(change: &Change) -> bool {
    change.hands_down()
        || matches!(
            change,
            Change::AddConstraint { .. }
                | Change::DropConstraint { .. }
                | Change::CreateIndex { .. }
                | Change::DropIndex { .. }
        )
}

/// Carries a parent's change out on the child. Indexes and keys get names of their own, which only `after` knows.
fn hand_down(change: &Change, parent: Option<&Table>, child: &mut Table, after: &Table) {
    match change {
        Change::CreateIndex { index, .. } => {
            let same = after.indexes.values().find(|i| bare_index(i) == bare_index(index));
            if let Some(index) = same.filter(|i| !child.indexes.contains_key(&i.name)) {
                child.indexes.insert(index.name.clone(), index.clone());
            }
        }
        Change::DropIndex { name, .. } => {
            let gone = parent.and_then(|p| p.indexes.get(name)).map(bare_index);
            drop_first(&mut child.indexes, |i| Some(bare_index(i)) == gone);
        }
        Change::AddConstraint { constraint, .. } => {
            let same = after.constraints.values().find(|c| bare(c) == bare(constraint));
            if let Some(constraint) = same.filter(|c| !child.constraints.contains_key(&c.name)) {
                child.constraints.insert(constraint.name.clone(), constraint.clone());
            }
        }
        Change::DropConstraint { name, .. } => {
            let gone = parent.and_then(|p| p.constraints.get(name)).map(bare);
            drop_first(&mut child.constraints, |c| Some(bare(c)) == gone);
        }
        other => {
            // A child may already have what its parent gets; then it stays as it is.
            let _ = child.inherit(other);
        }
    }
}

fn drop_first<V>(map: &mut BTreeMap<String, V>, wanted: impl Fn(&V) -> bool) {
    if let Some(name) = map.iter().find(|(_, v)| wanted(v)).map(|(name, _)| name.clone()) {
        map.remove(&name);
    }
}
