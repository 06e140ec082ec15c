//! Changes as a graph: an edge leads from what must go first to what must wait for it.

use super::key::Key;
use super::mentions::{self, ByKey, Mentions};
use super::needs::{Need, Tie, Touch};
use super::rank::rank;
use super::split::Part;
use super::told::Told;
use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

/// Why one change waits for another: the firmest tie, and the parts by which alone it waits.
#[derive(Debug)]
pub(super) struct Edge {
    pub tie: Tie,
    /// Each with the change whose part it is.
    pub parts: Vec<(usize, Part)>,
}

/// The changes as nodes, by their place in the list.
pub(super) struct Graph {
    ranks: Vec<u8>,
    pub edges: BTreeMap<(usize, usize), Edge>,
    subjects: Vec<String>,
}

impl Graph {
    /// `after` is the schema that the changes lead to, where there is one.
    pub(super) fn of(changes: &[Change], before: &Schema, after: Option<&Schema>) -> Self {
        let turns = Turns::of(changes);
        let tracked = after.is_some_and(|a| a.tracked);
        let mut touches: Vec<Touch> = changes.iter().map(|c| Touch::of(c, before, tracked)).collect();
        let (was, will_be) = (Told::of(Some(before), changes), Told::of(after, changes));
        for (at, (touch, change)) in touches.iter_mut().zip(changes).enumerate() {
            if let Some(body) = turns.second.get(&at) {
                // The object itself was made by the first; this one only completes it.
                touch.needs.extend(touch.makes.drain(..).map(|key| Need { key, tie: Tie::Firm }));
                touch.makes.push(body.clone());
            }
            if turns.strips.contains(&at) {
                touch.leaves.extend(touch.makes.drain(..).map(|key| Need { key, tie: Tie::Firm }));
            }
            if !touch.takes_away && !turns.first.contains(&at) {
                touch.needs.extend(will_be.on(change, before).into_iter().map(|(_, need)| need));
            }
            if touch.takes_away || alters(change) {
                let own = |from: &ObjectRef| turns.taken.get(from).is_none_or(|taker| *taker == at);
                // A foreign key that is dropped by itself no longer ties its table, nor does a parent that it has left.
                touch.leaves.retain(|need| match (&need.tie, change.table()) {
                    (Tie::Part(Part::Constraint(name)), Some(table)) => {
                        own(&ObjectRef::part(ObjectKind::Constraint, table.clone(), name))
                    }
                    (Tie::Part(Part::Body), Some(table)) => own(&descent(table)),
                    _ => true,
                });
                // What was stripped still stands on the types of its columns or its base.
                let left = was.on(change, before).into_iter().filter(|(from, need)| {
                    own(from) || (turns.stripped.contains(&at) && matches!(need.key, Key::Type(_)))
                });
                touch.leaves.extend(left.map(|(_, need)| need));
            }
        }
        let mut graph = Self {
            ranks: changes.iter().map(|c| rank(c, before)).collect(),
            edges: BTreeMap::new(),
            subjects: touches.iter().map(subject).collect(),
        };
        graph.connect(&touches);
        graph
    }

    fn connect(&mut self, touches: &[Touch]) {
        let (mut makers, mut removers): (ByKey<'_>, ByKey<'_>) = (HashMap::new(), HashMap::new());
        for (at, touch) in touches.iter().enumerate() {
            touch.makes.iter().for_each(|key| makers.entry(key).or_default().push(at));
            touch.removes.iter().for_each(|key| removers.entry(key).or_default().push(at));
        }
        let (made, gone) = (Overloads::of(&makers), Overloads::of(&removers));
        let all = |map: &ByKey<'_>, key: &Key| map.get(key).cloned().unwrap_or_default();
        // Where every side is tracked there is no text to look for words in.
        let mentions = touches.iter().any(|t| !t.text.is_empty()).then(|| Mentions::new(&makers, &removers));
        for (at, touch) in touches.iter().enumerate() {
            // Two keys on the same columns may stand side by side; any other name is free before it is taken again.
            for key in touch.makes.iter().filter(|key| !matches!(key, Key::Unique(..))) {
                for gone in all(&removers, key) {
                    self.tie(gone, at, at, &Tie::Firm);
                }
            }
            for need in &touch.needs {
                for made in all(&makers, &need.key) {
                    self.tie(made, at, at, &need.tie);
                }
            }
            for need in &touch.leaves {
                for gone in all(&removers, &need.key) {
                    self.tie(at, gone, at, &need.tie);
                }
            }
            // What is made while two functions have the name may be ambiguous, there or on the way back.
            for key in touch.needs.iter().chain(&touch.leaves).map(|need| &need.key) {
                for other in gone.namesakes(key) {
                    self.tie(other, at, at, &Tie::Word);
                }
                for other in made.namesakes(key) {
                    self.tie(at, other, at, &Tie::Word);
                }
            }
            for other in mentions.iter().flat_map(|m| m.of(touch)) {
                let (from, to) = if touch.takes_away { (at, other) } else { (other, at) };
                self.tie(from, to, at, &mentions::tie(touch));
            }
        }
    }

    /// An edge for the sake of `owner`.
    fn tie(&mut self, from: usize, to: usize, owner: usize, tie: &Tie) {
        if from == to {
            return;
        }
        let edge = self.edges.entry((from, to)).or_insert(Edge { tie: tie.clone(), parts: Vec::new() });
        if *tie > edge.tie {
            edge.tie = tie.clone();
        }
        if let Tie::Part(part) = tie {
            edge.parts.push((owner, part.clone()));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ranks.len()
    }

    pub(super) fn subject(&self, node: usize) -> &str {
        self.subjects.get(node).map_or("", String::as_str)
    }

    /// `nodes` in an order that the edges among them which `counts` allow, lower ranks first; and those that are stuck
    /// in a circle, or behind one.
    pub(super) fn sorted(&self, nodes: &[usize], counts: impl Fn(&Edge) -> bool) -> (Vec<usize>, Vec<usize>) {
        let inside: HashSet<usize> = nodes.iter().copied().collect();
        let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut waiting: HashMap<usize, usize> = HashMap::new();
        for ((from, to), _) in self.edges.iter().filter(|(_, edge)| counts(edge)) {
            if inside.contains(from) && inside.contains(to) {
                next.entry(*from).or_default().push(*to);
                *waiting.entry(*to).or_default() += 1;
            }
        }
        let key = |node: usize| Reverse((self.ranks.get(node).copied().unwrap_or_default(), node));
        let free = nodes.iter().filter(|node| !waiting.contains_key(*node));
        let mut ready: BinaryHeap<_> = free.map(|node| key(*node)).collect();
        let mut out = Vec::with_capacity(nodes.len());
        while let Some(Reverse((_, node))) = ready.pop() {
            out.push(node);
            for to in next.remove(&node).unwrap_or_default() {
                if let Some(left) = waiting.get_mut(&to) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        waiting.remove(&to);
                        ready.push(key(to));
                    }
                }
            }
        }
        let done: HashSet<usize> = out.iter().copied().collect();
        let stuck = nodes.iter().copied().filter(|node| !done.contains(node)).collect();
        (out, stuck)
    }

    /// The groups of `nodes` that wait for each other, each in the list's order.
    pub(super) fn circles(&self, nodes: &[usize]) -> Vec<Vec<usize>> {
        let inside: BTreeSet<usize> = nodes.iter().copied().collect();
        let (mut next, mut previous) = (HashMap::<usize, Vec<usize>>::new(), HashMap::<usize, Vec<usize>>::new());
        for (from, to) in self.edges.keys().filter(|(from, to)| inside.contains(from) && inside.contains(to)) {
            next.entry(*from).or_default().push(*to);
            previous.entry(*to).or_default().push(*from);
        }
        // What is reached last from the front, going forward, is looked at first, going back (Kosaraju).
        let mut seen = HashSet::new();
        let mut finished = Vec::new();
        for node in &inside {
            walk(*node, &next, &mut seen, &mut finished);
        }
        seen.clear();
        let mut out = Vec::new();
        for node in finished.into_iter().rev() {
            let mut circle = Vec::new();
            walk(node, &previous, &mut seen, &mut circle);
            if circle.len() > 1 {
                circle.sort_unstable();
                out.push(circle);
            }
        }
        out
    }

    /// One circle of firm ties among nodes that are stuck, by their names.
    pub(super) fn firm_circle(&self, stuck: &[usize]) -> Vec<&str> {
        let inside: HashSet<usize> = stuck.iter().copied().collect();
        let firm = |node: usize| {
            let into = self.edges.iter().filter(move |((_, to), edge)| *to == node && edge.tie == Tie::Firm);
            into.map(|((from, _), _)| *from)
        };
        let mut path: Vec<usize> = stuck.first().copied().into_iter().collect();
        while let Some(before) = path.last().and_then(|node| firm(*node).find(|from| inside.contains(from))) {
            if let Some(at) = path.iter().position(|node| *node == before) {
                path.drain(..at);
                break;
            }
            path.push(before);
        }
        let mut names: Vec<&str> = path.iter().rev().map(|node| self.subject(*node)).collect();
        names.dedup();
        names
    }
}

/// Adds `start` and all that is reached from it to `out`, each after what is reached from it.
fn walk(start: usize, next: &HashMap<usize, Vec<usize>>, seen: &mut HashSet<usize>, out: &mut Vec<usize>) {
    let mut open = vec![(start, false)];
    while let Some((node, left)) = open.pop() {
        if left {
            out.push(node);
        } else if seen.insert(node) {
            open.push((node, true));
            open.extend(next.get(&node).into_iter().flatten().map(|to| (*to, false)));
        }
    }
}

/// The changes that make or remove functions, by the functions' names without their arguments.
struct Overloads<'a>(HashMap<(&'a str, &'a str), Vec<(&'a Key, usize)>>);

impl<'a> Overloads<'a> {
    fn of(by_key: &ByKey<'a>) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for (key, nodes) in by_key {
            if let Some(name) = key.without_arguments() {
                by_name.entry(name).or_default().extend(nodes.iter().map(|node| (*key, *node)));
            }
        }
        Self(by_name)
    }

    /// The changes of the functions that have the name of this one, but other arguments.
    fn namesakes(&self, key: &Key) -> Vec<usize> {
        let all = key.without_arguments().and_then(|name| self.0.get(&name));
        all.into_iter().flatten().filter(|(other, _)| *other != key).map(|(_, node)| *node).collect()
    }
}

/// Whether the change turns an object that stays into another.
fn alters(change: &Change) -> bool {
    matches!(
        change,
        Change::ReplaceView { .. }
            | Change::ReplaceRoutine { .. }
            | Change::AlterType { .. }
            | Change::AlterColumnType { .. }
            | Change::SetDefault { .. }
            | Change::SetGenerated { .. }
            | Change::SetPartition { .. }
            | Change::SetInherits { .. }
            | Change::AlterOther { .. }
    )
}

/// Changes that come in turns: an object that is made bare and then completed, or stripped and then dropped.
#[derive(Default)]
struct Turns {
    /// The change that lets go of what an object stood on.
    taken: HashMap<ObjectRef, usize>,
    /// Make an object that another change completes.
    first: HashSet<usize>,
    /// Complete an object that another change made or stripped, and what they make of it.
    second: HashMap<usize, Key>,
    /// Leave of an object what is then dropped, and drop it.
    strips: HashSet<usize>,
    stripped: HashSet<usize>,
}

impl Turns {
    fn of(changes: &[Change]) -> Self {
        let mut turns = Self::default();
        // Each with whether it alters what is there.
        let mut made: HashMap<(ObjectKind, &QName), (usize, bool)> = HashMap::new();
        for (at, change) in changes.iter().enumerate() {
            if let Some(object) = taken(change) {
                match made.get(&(object.kind, &object.name)).copied() {
                    Some((strips, true)) if object.part.is_none() => {
                        turns.taken.insert(object, strips);
                        turns.strips.insert(strips);
                        turns.stripped.insert(at);
                    }
                    _ => {
                        turns.taken.entry(object).or_insert(at);
                    }
                }
            }
            let (kind, name, completes) = match change {
                Change::CreateView { view } => (ObjectKind::View, &view.name, false),
                Change::ReplaceView { view } => (ObjectKind::View, &view.name, true),
                Change::CreateType { definition } => (ObjectKind::Type, &definition.name, false),
                Change::AlterType { definition } => (ObjectKind::Type, &definition.name, true),
                _ => continue,
            };
            match made.insert((kind, name), (at, completes)) {
                Some((first, _)) if completes => {
                    turns.first.insert(first);
                    turns.second.insert(at, Key::Part(kind, name.clone(), "body".to_owned()));
                    turns.taken.entry(ObjectRef::new(kind, name.clone())).or_insert(first);
                }
                _ => {}
            }
        }
        turns
    }
}

/// The object, part or tie to parents that a change takes away by itself.
fn taken(change: &Change) -> Option<ObjectRef> {
    match change {
        Change::SetPartition { table, partition: None } => Some(descent(table)),
        Change::SetInherits { table, inherits } if inherits.is_empty() => Some(descent(table)),
        other => other.taken(),
    }
}

/// That a table is somebody's child.
fn descent(table: &QName) -> ObjectRef {
    ObjectRef::part(ObjectKind::Table, table.clone(), "parent")
}

/// What a change is about, for people.
fn subject(touch: &Touch) -> String {
    let needed = touch.needs.iter().chain(&touch.leaves).map(|need| &need.key);
    touch.makes.iter().chain(&touch.removes).chain(needed).next().map(ToString::to_string).unwrap_or_default()
}
