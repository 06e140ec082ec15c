//! Changes in an order that works: a graph of what must go before what, from the server's own dependencies of both
//! sides, from the model, and, where neither can say, from the words of SQL texts.

mod graph;
mod key;
mod mentions;
mod needs;
mod rank;
mod split;
#[cfg(test)]
mod tests;
mod told;

use crate::schema::{Change, Schema};
use crate::{Error, ErrorCode, Result};
use graph::Graph;
use needs::Tie;
use split::{Part, apart};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) use mentions::words;

/// How often parts are taken out of their objects before a circle counts as one that cannot be broken.
const ROUNDS: usize = 8;

/// Puts changes in an order that works, and keeps the given order where nothing speaks against it. `after` is the
/// schema that the changes lead to, where there is one.
///
/// Renames divide the list: the changes before one use the old name, those after it the new one, so nothing moves
/// across. Objects that need each other are made without the parts by which they do, which follow.
///
/// # Errors
/// When a rename among the changes does not fit `before`, or changes wait for each other and nothing can be taken out
/// of one of them.
pub fn order(changes: &[Change], before: &Schema, after: Option<&Schema>) -> Result<Vec<Change>> {
    if !changes.iter().any(is_rename) {
        return sort(changes, before, after);
    }
    let mut now = before.clone();
    let mut out: Vec<Change> = Vec::with_capacity(changes.len());
    for part in changes.split_inclusive(is_rename) {
        let (rename, rest) = match part.split_last() {
            Some((last, rest)) if is_rename(last) => (Some(last), rest),
            _ => (None, part),
        };
        let sorted = sort(rest, &now, after)?;
        for change in sorted.iter().chain(rename) {
            now.apply(change).map_err(|why| super::lay::does_not_fit(&why))?;
        }
        out.extend(sorted);
        out.extend(rename.cloned());
    }
    Ok(out)
}

fn is_rename(change: &Change) -> bool {
    matches!(
        change,
        Change::RenameTable { .. }
            | Change::SetTableSchema { .. }
            | Change::RenameColumn { .. }
            | Change::RenameConstraint { .. }
            | Change::RenameIndex { .. }
            | Change::RenameView { .. }
            | Change::RenameSequence { .. }
            | Change::RenameType { .. }
    )
}

fn sort(changes: &[Change], before: &Schema, after: Option<&Schema>) -> Result<Vec<Change>> {
    let mut changes = changes.to_vec();
    for _ in 0..ROUNDS {
        let mut graph = Graph::of(&changes, before, after);
        let all: Vec<usize> = (0..graph.len()).collect();
        let (mut sorted, stuck) = graph.sorted(&all, |_| true);
        if !stuck.is_empty() {
            let parts = loosen(&mut graph, &stuck)?;
            if !parts.is_empty() {
                changes = take_out(&changes, &parts, before).ok_or_else(|| circle(&graph, &stuck))?;
                continue;
            }
            sorted = graph.sorted(&all, |_| true).0;
        }
        let mut left: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
        return Ok(sorted.into_iter().filter_map(|node| left.get_mut(node)?.take()).collect());
    }
    let graph = Graph::of(&changes, before, after);
    let all: Vec<usize> = (0..graph.len()).collect();
    let stuck = graph.sorted(&all, |_| true).1;
    Err(circle(&graph, &stuck))
}

/// Breaks every circle among the nodes that are stuck at its weakest ties. Words are simply not heeded; where parts of
/// objects are in the way, they are given back, to be taken out of their objects.
fn loosen(graph: &mut Graph, stuck: &[usize]) -> Result<BTreeMap<usize, BTreeSet<Part>>> {
    let mut parts: BTreeMap<usize, BTreeSet<Part>> = BTreeMap::new();
    for members in graph.circles(stuck) {
        let weakest = [Tie::Word, Tie::Part(Part::Column(String::new())), Tie::Firm];
        let found = weakest.iter().map(|least| graph.sorted(&members, |edge| edge.tie >= *least));
        let Some((sorted, _)) = found.into_iter().find(|(_, left)| left.is_empty()) else {
            let firm = graph.sorted(&members, |edge| edge.tie == Tie::Firm).1;
            return Err(circle(graph, &firm));
        };
        let place: HashMap<usize, usize> = sorted.iter().enumerate().map(|(at, node)| (*node, at)).collect();
        let against = |(from, to): &(usize, usize)| place.get(from).zip(place.get(to)).is_some_and(|(f, t)| f > t);
        for edge in graph.edges.iter().filter(|(ends, _)| against(ends)).map(|(_, edge)| edge) {
            for (owner, part) in &edge.parts {
                parts.entry(*owner).or_default().insert(part.clone());
            }
        }
        graph.edges.retain(|ends, _| !against(ends));
    }
    Ok(parts)
}

/// The changes with `parts` taken out of their objects.
fn take_out(changes: &[Change], parts: &BTreeMap<usize, BTreeSet<Part>>, before: &Schema) -> Option<Vec<Change>> {
    let mut out = Vec::with_capacity(changes.len() + parts.len());
    for (at, change) in changes.iter().enumerate() {
        match parts.get(&at) {
            Some(parts) => out.extend(apart(change, parts, before)?),
            None => out.push(change.clone()),
        }
    }
    Some(out)
}

fn circle(graph: &Graph, stuck: &[usize]) -> Error {
    let names = graph.firm_circle(stuck).join(", ");
    Error::new(ErrorCode::Unsupported, format!("these changes wait for each other in a circle: {names}"))
        .hint("Make one of them without what it needs of the others first, and change it in a second plan.")
}
