//! What a statement is found to do, gathered.

use crate::plan::{Evidence, Lock, LockMode, Risk, Severity};
use crate::risk::{Context, Judgement};
use crate::schema::{Change, ObjectKind, QName, Schema, Shared, Table};
use crate::sql::Reading;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::engine::postgres::PostgresDialect;
use crate::engine::postgres::reader::cursor::Name;

/// A judgement in the making.
pub(super) struct Work<'a> {
    pub server: &'a PostgresDialect,
    /// Major version of the server.
    pub version: u32,
    pub context: &'a Context<'a>,
    pub reading: &'a Reading,
    locks: BTreeMap<QName, LockMode>,
    rewrites: BTreeSet<QName>,
    scans: BTreeSet<QName>,
    builds: BTreeSet<QName>,
    risks: Vec<Risk>,
    assumed: Vec<Change>,
    /// Locks on indexes, by the index's name.
    indexes: BTreeMap<QName, LockMode>,
}

impl<'a> Work<'a> {
    pub fn new(server: &'a PostgresDialect, reading: &'a Reading, context: &'a Context<'a>) -> Self {
        Self {
            server,
            version: server.version,
            context,
            reading,
            locks: BTreeMap::new(),
            rewrites: BTreeSet::new(),
            scans: BTreeSet::new(),
            builds: BTreeSet::new(),
            risks: Vec::new(),
            assumed: Vec::new(),
            indexes: BTreeMap::new(),
        }
    }

    pub fn done(self) -> Judgement {
        let schema = self.context.schema;
        let lock = |(relation, mode): (QName, LockMode)| {
            let kind = kind_of(&relation, schema);
            Lock { kind, ..Lock::predicted(relation.to_string(), mode) }
        };
        let index = |(name, mode): (QName, LockMode)| Lock {
            kind: ObjectKind::Index,
            ..Lock::predicted(name.to_string(), mode)
        };
        let rewrites = self.rewrites;
        // A rewrite checks and reads what there is to check on its way.
        let scans = self.scans.into_iter().filter(|name| !rewrites.contains(name));
        let names = |set: BTreeSet<QName>| set.iter().map(QName::to_string).collect();
        Judgement {
            locks: self.locks.into_iter().map(lock).chain(self.indexes.into_iter().map(index)).collect(),
            scans: scans.map(|name| name.to_string()).collect(),
            rewrites: names(rewrites),
            index_builds: names(self.builds),
            risks: self.risks,
            assumed: self.assumed,
            known: true,
        }
    }

    /// Whether what happens to a relation matters: it is not new, and may exist.
    fn counts(&self, name: &QName) -> bool {
        let schema = self.context.schema;
        let exists =
            schema.tables.contains_key(name) || schema.views.contains_key(name) || schema.sequences.contains_key(name);
        !self.context.made_here.contains(name) && (exists || !self.context.connected)
    }

    /// A lock on one relation; the strongest of several counts.
    pub fn lock(&mut self, name: &QName, mode: LockMode) {
        if self.counts(name) {
            let held = self.locks.entry(name.clone()).or_insert(mode);
            *held = mode.max(*held);
        }
    }

    /// A lock on each index of a table.
    pub fn lock_indexes(&mut self, table: &QName, mode: LockMode) {
        let Some(found) = self.table(table).filter(|t| self.counts(&t.name)) else { return };
        let backing = found.constraints.iter().filter(|(_, c)| c.kind.has_index()).map(|(name, _)| name);
        let names: Vec<QName> = found.indexes.keys().chain(backing).map(|name| table.sibling(name)).collect();
        for name in names {
            self.lock_index(name, mode);
        }
    }

    /// A lock on one index of a relation that was there before.
    pub fn lock_index(&mut self, index: QName, mode: LockMode) {
        let held = self.indexes.entry(index).or_insert(mode);
        *held = mode.max(*held);
    }

    /// What another statement does becomes part of what this one does; what it does to relations `made` on the way is
    /// nobody's concern.
    pub fn include(&mut self, other: Judgement, made: &HashSet<QName>) {
        let old = |name: &QName| !made.contains(name);
        for lock in other.locks {
            let Ok(name) = lock.relation.parse::<QName>() else { continue };
            match lock.kind {
                ObjectKind::Index => self.lock_index(name, lock.mode),
                _ if old(&name) => self.lock(&name, lock.mode),
                _ => {}
            }
        }
        let names = |list: Vec<String>| list.into_iter().filter_map(|n| n.parse().ok()).filter(old).collect::<Vec<_>>();
        self.rewrites.extend(names(other.rewrites));
        self.scans.extend(names(other.scans));
        self.builds.extend(names(other.index_builds));
        self.risks.extend(other.risks);
        self.assumed.extend(other.assumed);
    }

    pub fn assume(&mut self, change: Change) {
        self.assumed.push(change);
    }

    /// Whether a table is known to have no row.
    pub fn is_empty(&self, table: &QName) -> bool {
        self.context.connected
            && self.stored(table).iter().all(|name| self.table(name).is_some_and(|t| t.stats.bytes == Some(0)))
    }

    /// A lock on a table and on all its partitions and children.
    pub fn lock_all(&mut self, name: &QName, mode: LockMode) {
        for relation in self.with_children(name) {
            self.lock(&relation, mode);
        }
    }

    pub fn rewrite(&mut self, name: &QName) {
        for table in self.stored(name) {
            let (indexed, counts) = (self.has_indexes(&table), self.counts(&table));
            if counts {
                if indexed {
                    self.builds.insert(table.clone());
                    self.lock_indexes(&table, LockMode::AccessExclusive);
                }
                self.rewrites.insert(table);
            }
        }
    }

    pub fn scan(&mut self, name: &QName) {
        for table in self.stored(name) {
            if self.counts(&table) {
                self.scans.insert(table);
            }
        }
    }

    pub fn build(&mut self, name: &QName) {
        for table in self.stored(name) {
            if self.counts(&table) {
                self.builds.insert(table);
            }
        }
    }

    pub fn risk(&mut self, rule: &str, severity: Severity, message: String, suggestion: &str) {
        let suggestion = Some(suggestion.to_owned());
        self.risks.push(Risk { rule: rule.to_owned(), severity, message, suggestion, evidence: Evidence::Predicted });
    }

    pub fn table(&self, name: &QName) -> Option<&'a Table> {
        self.context.schema.tables.get(name).map(|t| &**t)
    }

    fn has_indexes(&self, name: &QName) -> bool {
        self.table(name).is_some_and(|t| {
            let backing = t.constraints.values().any(|c| c.kind.has_index());
            !t.indexes.is_empty() || backing
        })
    }

    /// The direct partitions and inheriting tables.
    pub fn children(&self, name: &QName) -> Vec<QName> {
        self.context.schema.tables.children(name).map(|t| t.name.clone()).collect()
    }

    /// A table and everything below it.
    pub fn with_children(&self, name: &QName) -> Vec<QName> {
        let mut all = vec![name.clone()];
        let mut next = 0;
        while let Some(parent) = all.get(next).cloned() {
            next += 1;
            for child in self.children(&parent) {
                if !all.contains(&child) {
                    all.push(child);
                }
            }
        }
        all
    }

    /// The tables among a table and its children that have rows of their own.
    fn stored(&self, name: &QName) -> Vec<QName> {
        let mut all = self.with_children(name);
        all.retain(|table| self.table(table).is_none_or(|t| t.partition_by.is_none() && t.foreign.is_none()));
        all
    }

    /// The partition that takes what no other does.
    pub fn default_partition(&self, parent: &QName) -> Option<QName> {
        let is_default = |t: &&Shared<Table>| {
            t.partition_of.as_ref().is_some_and(|p| p.parent == *parent && p.bound.eq_ignore_ascii_case("default"))
        };
        self.context.schema.tables.children(parent).find(is_default).map(|t| t.name.clone())
    }

    /// The relation that a name means. The reader has resolved what exists by the script's search path; the rest is
    /// taken for `public`'s.
    pub fn relation(&self, name: &Name) -> QName {
        named(self.reading, name)
    }

    /// The table of an index.
    pub fn index_table(&self, index: &Name) -> Option<QName> {
        let schema = self.context.schema;
        let fits = |owner: &QName| index.schema.as_ref().is_none_or(|s| *s == owner.schema);
        let of_table = match &index.schema {
            Some(in_schema) => schema.tables.with_index(&QName::new(in_schema, &index.name)),
            None => schema
                .tables
                .values()
                .find(|t| t.indexes.contains_key(&index.name) || t.constraints.contains_key(&index.name)),
        };
        let of_view = || schema.views.values().find(|v| fits(&v.name) && v.indexes.contains_key(&index.name));
        of_table.map(|t| t.name.clone()).or_else(|| of_view().map(|v| v.name.clone()))
    }
}

/// What a relation is; what is not in the schema is taken for a table.
fn kind_of(name: &QName, schema: &Schema) -> ObjectKind {
    if let Some(table) = schema.tables.get(name) {
        return if table.foreign.is_some() { ObjectKind::ForeignTable } else { ObjectKind::Table };
    }
    if let Some(view) = schema.views.get(name) {
        return ObjectKind::of_view(view.materialized);
    }
    if schema.sequences.contains_key(name) { ObjectKind::Sequence } else { ObjectKind::Table }
}

/// The relation that a name of a statement means. The reader has resolved what exists by the script's search path; the
/// rest is taken for `public`'s.
pub(in crate::engine::postgres) fn named(reading: &Reading, name: &Name) -> QName {
    if let Some(schema) = &name.schema {
        return QName::new(schema, &name.name);
    }
    let named = reading.relations.iter().find(|q| q.name == name.name);
    let about = || reading.changes.iter().filter_map(|c| c.table()).find(|q| q.name == name.name);
    named.or_else(about).cloned().unwrap_or_else(|| QName::new("public", &name.name))
}
