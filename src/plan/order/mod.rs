//! Changes in an order that works.

mod needs;
mod rank;

use crate::schema::{Change, ConstraintKind, QName, Schema};
use needs::{Key, Touch};
use rank::rank;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

/// Puts changes in an order that works, and keeps the given order where nothing speaks against it.
///
/// Renames divide the list: the changes before one use the old name, those after it the new one, so nothing moves
/// across. Tables that need each other are made first and given their foreign keys afterwards.
///
/// # Errors
/// When a rename among the changes does not fit `before`.
pub fn order(changes: &[Change], before: &Schema) -> crate::Result<Vec<Change>> {
    if !changes.iter().any(is_rename) {
        return Ok(sort(changes, before));
    }
    let mut now = before.clone();
    let mut out: Vec<Change> = Vec::with_capacity(changes.len());
    for part in changes.split_inclusive(is_rename) {
        let (rename, rest) = match part.split_last() {
            Some((last, rest)) if is_rename(last) => (Some(last), rest),
            _ => (None, part),
        };
        let sorted = sort(rest, &now);
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

/// The changes as a graph: an edge from what must go first.
struct Graph {
    ranks: Vec<u8>,
    next: Vec<Vec<usize>>,
    /// How many must still go before.
    waiting: Vec<usize>,
}

impl Graph {
    fn of(changes: &[Change], before: &Schema) -> Self {
        let touches: Vec<Touch> = changes.iter().map(|c| Touch::of(c, before)).collect();
        let mut makers: HashMap<&Key, Vec<usize>> = HashMap::new();
        let mut removers: HashMap<&Key, Vec<usize>> = HashMap::new();
        for (at, touch) in touches.iter().enumerate() {
            touch.makes.iter().for_each(|key| makers.entry(key).or_default().push(at));
            touch.removes.iter().for_each(|key| removers.entry(key).or_default().push(at));
        }
        let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
        let all = |map: &HashMap<&Key, Vec<usize>>, key: &Key| map.get(key).cloned().unwrap_or_default();
        for (at, touch) in touches.iter().enumerate() {
            for key in &touch.makes {
                edges.extend(all(&removers, key).into_iter().map(|gone| (gone, at)));
            }
            for key in &touch.needs {
                edges.extend(all(&makers, key).into_iter().map(|made| (made, at)));
            }
            for key in &touch.leaves {
                edges.extend(all(&removers, key).into_iter().map(|gone| (at, gone)));
            }
        }
        mentions(&touches, &makers, &removers, &mut edges);
        let mut graph = Self {
            ranks: changes.iter().map(|c| rank(c, before)).collect(),
            next: vec![Vec::new(); changes.len()],
            waiting: vec![0; changes.len()],
        };
        for (from, to) in edges.into_iter().filter(|(from, to)| from != to) {
            if let (Some(next), Some(waiting)) = (graph.next.get_mut(from), graph.waiting.get_mut(to)) {
                next.push(to);
                *waiting += 1;
            }
        }
        graph
    }

    fn rank(&self, node: usize) -> u8 {
        self.ranks.get(node).copied().unwrap_or_default()
    }

    /// Lets go of the nodes that waited for `node`; gives those that are ready now.
    fn finish(&mut self, node: usize) -> Vec<usize> {
        let next = self.next.get_mut(node).map(std::mem::take).unwrap_or_default();
        let mut ready = Vec::new();
        for to in next {
            if let Some(waiting) = self.waiting.get_mut(to) {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    ready.push(to);
                }
            }
        }
        ready
    }
}

/// Edges from SQL text that mentions a name which is made or removed here.
fn mentions(
    touches: &[Touch],
    makers: &HashMap<&Key, Vec<usize>>,
    removers: &HashMap<&Key, Vec<usize>>,
    edges: &mut BTreeSet<(usize, usize)>,
) {
    let (made, gone) = (by_word(makers), by_word(removers));
    for (at, touch) in touches.iter().enumerate() {
        let names = if touch.takes_away { &gone } else { &made };
        let mut seen = HashSet::new();
        for word in touch.text.iter().flat_map(|text| words(text)).filter(|word| seen.insert(*word)) {
            for (key, node) in names.get(&word.to_lowercase()).into_iter().flatten() {
                if !is_meant(touch, key) {
                    continue;
                }
                edges.insert(if touch.takes_away { (at, *node) } else { (*node, at) });
            }
        }
    }
}

/// The keys and their changes by the word that SQL has for them.
fn by_word<'a>(map: &HashMap<&'a Key, Vec<usize>>) -> HashMap<String, Vec<(&'a Key, usize)>> {
    let mut words: HashMap<String, Vec<(&Key, usize)>> = HashMap::new();
    for (key, nodes) in map {
        if let Some(word) = key.word() {
            words.entry(word.to_lowercase()).or_default().extend(nodes.iter().map(|node| (*key, *node)));
        }
    }
    words
}

/// Whether a text that has the word of `key` in it means it, and not the thing of the same name that it is about:
/// an overloaded function or a twin in another schema, which would have to be named with it.
fn is_meant(touch: &Touch, key: &Key) -> bool {
    let Some((schema, name)) = key.qualified() else { return true };
    let own = if touch.takes_away { &touch.removes } else { &touch.makes };
    let mut twins = own.iter().filter_map(Key::qualified).filter(|(_, own)| *own == name).peekable();
    if twins.peek().is_none() {
        return true;
    }
    let dotted = [format!("{schema}.{name}"), format!("\"{schema}\".{name}"), format!("{schema}.\"{name}\"")];
    twins.all(|(own, _)| own != schema) && touch.text.iter().any(|text| dotted.iter().any(|d| text.contains(d)))
}

/// The words of a SQL text: runs of letters, digits, `_` and `$`, whatever stands between.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|word| !word.is_empty())
}

fn sort(changes: &[Change], before: &Schema) -> Vec<Change> {
    let mut graph = Graph::of(changes, before);
    let mut left: BTreeSet<(u8, usize)> = (0..changes.len()).map(|node| (graph.rank(node), node)).collect();
    let is_free = |node: &usize| graph.waiting.get(*node).is_some_and(|w| *w == 0);
    let mut ready: BinaryHeap<Reverse<(u8, usize)>> =
        (0..changes.len()).filter(is_free).map(|node| Reverse((graph.rank(node), node))).collect();
    let mut out = Vec::with_capacity(changes.len());
    let mut afterwards = Vec::new();
    while let Some(first) = left.first().copied() {
        let node = match ready.pop() {
            Some(Reverse(next)) if left.remove(&next) => next.1,
            Some(_) => continue,
            None => {
                // A circle: the one that would come first goes first, without what ties it to the others.
                let stuck = choose_stuck(changes, &left).unwrap_or(first);
                left.remove(&stuck);
                stuck.1
            }
        };
        let Some(change) = changes.get(node) else { continue };
        if graph.waiting.get(node).is_some_and(|w| *w > 0) {
            untie(change, changes, &left, before, &mut out, &mut afterwards);
        } else {
            out.push(change.clone());
        }
        let freed = graph.finish(node);
        ready.extend(freed.into_iter().map(|node| Reverse((graph.rank(node), node))));
    }
    // Foreign keys that were taken out of their tables come when all tables are there, before views and drops.
    if !afterwards.is_empty() {
        let place = out.iter().rposition(|c| matches!(c, Change::CreateTable { .. })).map_or(out.len(), |at| at + 1);
        out.splice(place..place, afterwards);
    }
    out
}

/// A table is the easiest to free from a circle.
fn choose_stuck(changes: &[Change], left: &BTreeSet<(u8, usize)>) -> Option<(u8, usize)> {
    let is_table = |c: &Change| matches!(c, Change::CreateTable { .. } | Change::DropTable { .. });
    left.iter().find(|(_, node)| changes.get(*node).is_some_and(is_table)).copied()
}

/// Emits a change that waits in a circle, with its foreign keys apart.
fn untie(
    change: &Change,
    changes: &[Change],
    left: &BTreeSet<(u8, usize)>,
    before: &Schema,
    out: &mut Vec<Change>,
    afterwards: &mut Vec<Change>,
) {
    let others = || left.iter().filter_map(|(_, node)| changes.get(*node));
    match change {
        Change::CreateTable { table } => {
            let missing: HashSet<&QName> = others()
                .filter_map(|c| if let Change::CreateTable { table } = c { Some(&table.name) } else { None })
                .collect();
            let mut table = table.clone();
            let name = table.name.clone();
            let (later, now): (Vec<_>, Vec<_>) = std::mem::take(&mut table.constraints).into_iter().partition(
                |(_, c)| matches!(&c.kind, ConstraintKind::ForeignKey(fk) if missing.contains(&fk.references)),
            );
            table.constraints = now.into_iter().collect();
            afterwards.extend(
                later.into_iter().map(|(_, constraint)| Change::AddConstraint { table: name.clone(), constraint }),
            );
            out.push(Change::CreateTable { table });
        }
        Change::DropTable { name } => {
            for other in others() {
                let Change::DropTable { name: table } = other else { continue };
                let constraints = before.tables.get(table).into_iter().flat_map(|t| t.constraints.values());
                let pointing =
                    constraints.filter(|c| matches!(&c.kind, ConstraintKind::ForeignKey(fk) if fk.references == *name));
                out.extend(pointing.map(|c| Change::DropConstraint { table: table.clone(), name: c.name.clone() }));
            }
            out.push(change.clone());
        }
        other => out.push(other.clone()),
    }
}
