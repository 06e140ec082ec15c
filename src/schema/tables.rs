//! The tables of a schema, by name, with what is asked of them most: which table has an index, which inherit from a
//! table, which refer to it.

use super::{ConstraintKind, QName, Shared, Table};
use rpds::{HashTrieMapSync, RedBlackTreeMapSync};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Index;
use std::sync::{Arc, OnceLock};

/// Tables in the order of their names. A copy costs the same however many there are, and so does a change to it:
/// planning and judging follow a schema from step to step.
#[derive(Clone, Default)]
pub struct Tables {
    by_name: RedBlackTreeMapSync<QName, Shared<Table>>,
    /// Of the tables as they were at some time; shared with the copies made since.
    links: Arc<OnceLock<Links>>,
    /// Of the tables that are new or have changed since `links` were made.
    recent: Recent,
    /// The table that was handed out last: what it is now is not known before the next one is.
    touched: Option<QName>,
}

/// As [`Links`], for changes that come one by one: by the kind of link and the hash of the name.
#[derive(Clone, Default)]
struct Recent {
    names: HashTrieMapSync<(Kind, u64), Arc<Vec<QName>>>,
    changes: usize,
}

/// What a link goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    BareName,
    Index,
    Parent,
    Referenced,
}

/// What a table can be found by, with the hash of each.
fn keys(table: &Table) -> impl Iterator<Item = (Kind, u64)> {
    let schema = &table.name.schema;
    let own = table.indexes.keys().chain(table.constraints.keys());
    let bare = std::iter::once((Kind::BareName, hash("", &table.name.name)));
    bare.chain(own.map(|index| (Kind::Index, hash(schema, index))))
        .chain(table.parents().map(|parent| (Kind::Parent, hash(&parent.schema, &parent.name))))
        .chain(table.referenced().map(|other| (Kind::Referenced, hash(&other.schema, &other.name))))
}

impl Recent {
    fn add(&mut self, table: &Table) {
        self.changes += 1;
        for key in keys(table) {
            let known = self.names.get(&key);
            if known.is_some_and(|names| names.contains(&table.name)) {
                continue;
            }
            let mut names = known.map(|names| (**names).clone()).unwrap_or_default();
            names.push(table.name.clone());
            self.names.insert_mut(key, Arc::new(names));
        }
    }

    fn find(&self, kind: Kind, key: u64) -> impl Iterator<Item = &QName> {
        self.names.get(&(kind, key)).into_iter().flat_map(|names| names.iter())
    }
}

/// Candidates by the hash of a name. What is found is checked against the table as it is now, so that a collision or
/// an entry that no longer holds costs a look and nothing else.
#[derive(Debug, Default)]
struct Links {
    names: Vec<QName>,
    /// The kind of link, a hash, and the place of a name in `names`; sorted by the first two.
    candidates: Vec<(u8, u64, usize)>,
}

fn hash(schema: &str, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (schema, name).hash(&mut hasher);
    hasher.finish()
}

impl Links {
    fn of(tables: &RedBlackTreeMapSync<QName, Shared<Table>>) -> Self {
        let mut links = Self::default();
        for (at, (name, table)) in tables.iter().enumerate() {
            links.names.push(name.clone());
            links.candidates.extend(keys(table).map(|(kind, key)| (kind as u8, key, at)));
        }
        links.candidates.sort_unstable();
        links.candidates.dedup();
        links
    }

    fn find(&self, kind: Kind, key: u64) -> impl Iterator<Item = &QName> {
        let wanted = (kind as u8, key);
        let start = self.candidates.partition_point(|(kind, key, _)| (*kind, *key) < wanted);
        let same = self.candidates.get(start..).unwrap_or_default().iter();
        same.take_while(move |(kind, key, _)| (*kind, *key) == wanted).filter_map(|(_, _, at)| self.names.get(*at))
    }
}

impl Tables {
    pub fn get(&self, name: &QName) -> Option<&Shared<Table>> {
        self.by_name.get(name)
    }

    pub fn get_mut(&mut self, name: &QName) -> Option<&mut Shared<Table>> {
        if !self.by_name.contains_key(name) {
            return None;
        }
        self.touch(name);
        self.by_name.get_mut(name)
    }

    /// Puts a table in the place of whatever has the name.
    pub fn insert(&mut self, name: QName, table: Shared<Table>) {
        self.touch(&name);
        self.by_name.insert_mut(name, table);
    }

    pub fn remove(&mut self, name: &QName) -> Option<Shared<Table>> {
        let table = self.by_name.get(name).cloned()?;
        self.touch(name);
        self.by_name.remove_mut(name);
        Some(table)
    }

    pub fn contains_key(&self, name: &QName) -> bool {
        self.by_name.contains_key(name)
    }

    pub fn len(&self) -> usize {
        self.by_name.size()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&QName, &Shared<Table>)> {
        self.by_name.iter()
    }

    pub fn keys(&self) -> impl ExactSizeIterator<Item = &QName> {
        self.by_name.keys()
    }

    pub fn values(&self) -> impl ExactSizeIterator<Item = &Shared<Table>> {
        self.by_name.values()
    }

    /// The table that has an index of that name, be it for itself or behind a constraint.
    pub fn with_index(&self, index: &QName) -> Option<&Shared<Table>> {
        let has = |table: &Table| {
            let behind = || table.constraints.get(&index.name).is_some_and(|c| c.kind.has_index());
            table.name.schema == index.schema && (table.indexes.contains_key(&index.name) || behind())
        };
        self.found(Kind::Index, hash(&index.schema, &index.name), has).next()
    }

    /// The tables that are called so, whatever their schema.
    pub fn in_any_schema(&self, name: &str) -> impl Iterator<Item = &Shared<Table>> {
        let called = name.to_owned();
        self.found(Kind::BareName, hash("", name), move |table| table.name.name == called)
    }

    /// Partitions of `parent` and tables that inherit from it, directly.
    pub fn children(&self, parent: &QName) -> impl Iterator<Item = &Shared<Table>> {
        self.found(Kind::Parent, hash(&parent.schema, &parent.name), move |table| table.parents().any(|p| p == parent))
    }

    /// Tables with a foreign key that points at `table`, itself among them if it does.
    pub fn referring_to(&self, table: &QName) -> impl Iterator<Item = &Shared<Table>> {
        self.found(Kind::Referenced, hash(&table.schema, &table.name), move |other| {
            other.referenced().any(|r| r == table)
        })
    }

    /// In the order of their names, each once.
    fn found(&self, kind: Kind, key: u64, holds: impl Fn(&Table) -> bool) -> impl Iterator<Item = &Shared<Table>> {
        let links = self.links.get_or_init(|| Links::of(&self.by_name));
        let mut names: Vec<&QName> = links.find(kind, key).chain(self.recent.find(kind, key)).collect();
        names.extend(&self.touched);
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter_map(|name| self.by_name.get(name)).filter(move |table| holds(table))
    }

    /// Remembers that the links of a table may no longer be as they were.
    fn touch(&mut self, name: &QName) {
        /// After so many changes, or a part of all tables, the links are made again and the recent ones forgotten.
        const MANY: usize = 256;
        if self.touched.as_ref() == Some(name) {
            return;
        }
        if let Some(before) = self.touched.take().and_then(|before| self.by_name.get(&before)) {
            self.recent.add(before);
        }
        if self.recent.changes > MANY.max(self.by_name.size()) {
            self.links = Arc::default();
            self.recent = Recent::default();
        }
        // Made before the change: a copy that makes them later would not know what was changed here.
        self.links.get_or_init(|| Links::of(&self.by_name));
        self.touched = Some(name.clone());
    }
}

impl Table {
    /// What it is a partition of, and what it inherits from.
    pub fn parents(&self) -> impl Iterator<Item = &QName> {
        self.partition_of.iter().map(|p| &p.parent).chain(&self.inherits)
    }

    /// The tables that its foreign keys point at.
    fn referenced(&self) -> impl Iterator<Item = &QName> {
        self.constraints.values().filter_map(|c| match &c.kind {
            ConstraintKind::ForeignKey(key) => Some(&key.references),
            _ => None,
        })
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Tables {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Tables {}

impl Index<&QName> for Tables {
    type Output = Shared<Table>;

    /// For tests, as for the maps of the standard library: panics when there is no such table.
    #[allow(clippy::indexing_slicing, reason = "what indexing is")]
    fn index(&self, name: &QName) -> &Shared<Table> {
        &self.by_name[name]
    }
}

impl FromIterator<(QName, Shared<Table>)> for Tables {
    fn from_iter<I: IntoIterator<Item = (QName, Shared<Table>)>>(tables: I) -> Self {
        Self { by_name: tables.into_iter().collect(), ..Self::default() }
    }
}

impl Serialize for Tables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = RedBlackTreeMapSync::deserialize(deserializer)?;
        Ok(Self { by_name, ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Action, Constraint, ForeignKey, Index as TableIndex, PartitionOf};
    use proptest::prelude::*;

    fn name(text: &str) -> QName {
        QName::new("public", text)
    }

    /// What happens to a table: it is put there with an index, a parent and a table that it refers to, or taken away.
    #[derive(Clone, Debug)]
    enum Deed {
        Put { table: String, index: String, parent: Option<String>, refers: Option<String> },
        Remove { table: String },
        Copy,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let table = || "[a-h]";
        prop_oneof![
            4 => (table(), "[p-s]", prop::option::of(table()), prop::option::of(table()))
                .prop_map(|(table, index, parent, refers)| Deed::Put { table, index, parent, refers }),
            2 => table().prop_map(|table| Deed::Remove { table }),
            1 => Just(Deed::Copy),
        ]
    }

    fn made(table: &str, index: &str, parent: Option<&String>, refers: Option<&String>) -> Table {
        let mut made = Table::new(name(table));
        made.indexes.insert(index.to_owned(), TableIndex::on_columns(index, &["a"]));
        made.partition_of = parent.map(|parent| PartitionOf { parent: name(parent), bound: "DEFAULT".into() });
        if let Some(refers) = refers {
            let key = ForeignKey {
                columns: vec!["a".into()],
                references: name(refers),
                referenced_columns: vec!["a".into()],
                on_update: Action::NoAction,
                on_delete: Action::NoAction,
                match_full: false,
            };
            made.constraints.insert("fk".into(), Constraint::new("fk", ConstraintKind::ForeignKey(key)));
        }
        made
    }

    /// Each answer against a walk over all tables.
    fn holds(tables: &Tables) -> Result<(), TestCaseError> {
        for key in ('a'..='s').map(|c| name(&c.to_string())) {
            let with: Vec<_> = tables.values().filter(|t| t.indexes.contains_key(&key.name)).collect();
            prop_assert_eq!(tables.with_index(&key).is_some(), !with.is_empty());
            let children: Vec<_> = tables.values().filter(|t| t.parents().any(|p| *p == key)).collect();
            prop_assert_eq!(tables.children(&key).collect::<Vec<_>>(), children);
            let referring: Vec<_> = tables.values().filter(|t| t.referenced().any(|r| *r == key)).collect();
            prop_assert_eq!(tables.referring_to(&key).collect::<Vec<_>>(), referring);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_walk_finds(deeds in prop::collection::vec(deed(), 0..24)) {
            let mut tables = Tables::default();
            let mut copies = Vec::new();
            for deed in deeds {
                match deed {
                    Deed::Put { table, index, parent, refers } => {
                        let new = made(&table, &index, parent.as_ref(), refers.as_ref());
                        match tables.get_mut(&name(&table)) {
                            Some(old) => **old = new,
                            None => tables.insert(name(&table), new.into()),
                        }
                    }
                    Deed::Remove { table } => {
                        tables.remove(&name(&table));
                    }
                    Deed::Copy => copies.push(tables.clone()),
                }
            }
            copies.push(tables);
            for tables in &copies {
                holds(tables)?;
            }
        }
    }

    #[test]
    fn many_changes_make_the_links_again() {
        let mut tables = Tables::default();
        for number in 0..500 {
            let table = format!("t{number}");
            tables.insert(name(&table), made(&table, &format!("i{number}"), None, None).into());
        }
        for number in (0..500).chain(0..500) {
            tables.get_mut(&name(&format!("t{number}")));
        }
        assert!(tables.recent.changes < 600, "they were made again on the way");
        assert_eq!(tables.with_index(&name("i7")).map(|t| &t.name), Some(&name("t7")));
        assert_eq!(tables.with_index(&name("i499")).map(|t| &t.name), Some(&name("t499")));
    }
}
