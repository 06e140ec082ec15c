//! Partitions: what an index or constraint of a partitioned table has beneath it, and what changes hands when a
//! partition comes or goes.

use super::apply::ApplyError;
use super::{Change, Constraint, ConstraintKind, Index, ObjectKind, ObjectRef, PartitionOf, QName, Schema, Table};

/// What a partition has as its part of an index or constraint of the parent.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    Index(&'a Index),
    /// A constraint with an index of its name.
    Key(&'a Constraint),
}

impl<'a> Part<'a> {
    pub fn name(self) -> &'a str {
        match self {
            Self::Index(index) => &index.name,
            Self::Key(constraint) => &constraint.name,
        }
    }

    pub fn attached_to(self) -> Option<&'a QName> {
        match self {
            Self::Index(index) => index.attached_to.as_ref(),
            Self::Key(constraint) => constraint.attached_to.as_ref(),
        }
    }

    /// Whether the two index the same, whatever they are called and rest on.
    pub fn indexes_like(self, other: Part<'_>) -> bool {
        match (self, other) {
            (Self::Index(a), Part::Index(b)) => a.without_name() == b.without_name(),
            (Self::Key(a), Part::Key(b)) => a.kind == b.kind && a.deferrable == b.deferrable,
            (Self::Index(index), Part::Key(key)) => backs(index, key),
            (Self::Key(key), Part::Index(index)) => backs(index, key),
        }
    }

    /// Whether a child's part needs nothing but another name to be `other`.
    pub fn is_like(self, other: Part<'_>) -> bool {
        matches!((self, other), (Self::Index(_), Part::Index(_)) | (Self::Key(_), Part::Key(_)))
            && self.indexes_like(other)
    }

    /// The same thing made for itself, or as a part of `parent`.
    pub fn create(self, table: &QName, parent: Option<&QName>) -> Change {
        match self {
            Self::Index(index) => {
                let index = Index { attached_to: parent.cloned(), ..index.clone() };
                Change::CreateIndex { table: table.clone(), index }
            }
            Self::Key(constraint) => {
                let constraint = Constraint { attached_to: parent.cloned(), ..constraint.clone() };
                Change::AddConstraint { table: table.clone(), constraint }
            }
        }
    }

    pub fn drop(self, table: &QName) -> Change {
        let (table, name) = (table.clone(), self.name().to_owned());
        match self {
            Self::Index(_) => Change::DropIndex { table, name },
            Self::Key(_) => Change::DropConstraint { table, name },
        }
    }
}

/// Whether a plain index is such as the one behind a key.
fn backs(index: &Index, key: &Constraint) -> bool {
    let columns = |names: &[String]| {
        let plain = |k: &super::IndexKey, name: &String| *k == super::IndexKey::column(name.clone());
        index.keys.len() == names.len() && index.keys.iter().zip(names).all(|(k, name)| plain(k, name))
    };
    let distinct = match &key.kind {
        ConstraintKind::PrimaryKey { columns: names } => {
            columns(names) && index.include.is_empty() && !index.nulls_not_distinct
        }
        ConstraintKind::Unique { columns: names, nulls_not_distinct, include } => {
            columns(names) && index.include == *include && index.nulls_not_distinct == *nulls_not_distinct
        }
        _ => false,
    };
    distinct && index.unique && index.method == "btree" && index.predicate.is_none()
}

impl Index {
    /// The definition alone: without name, comment, settings, state and place.
    pub fn without_name(&self) -> Self {
        Self {
            name: String::new(),
            comment: None,
            options: super::Options::new(),
            valid: true,
            attached_to: None,
            ..self.clone()
        }
    }
}

impl Table {
    /// Its indexes and its constraints that have one.
    pub fn keyed(&self) -> impl Iterator<Item = Part<'_>> {
        let keys = self.constraints.values().filter(|c| c.kind.has_index()).map(Part::Key);
        self.indexes.values().map(Part::Index).chain(keys)
    }

    pub fn part(&self, name: &str) -> Option<Part<'_>> {
        let key = || self.constraints.get(name).filter(|c| c.kind.has_index()).map(Part::Key);
        self.indexes.get(name).map(Part::Index).or_else(key)
    }

    /// What is its part of an index of the parent.
    pub fn part_of(&self, index: &QName) -> Option<Part<'_>> {
        self.keyed().find(|part| part.attached_to() == Some(index))
    }

    /// Makes the index of that name, or the one behind a constraint, a part of another, or of none.
    pub fn attach(&mut self, name: &str, to: Option<&QName>) {
        if let Some(index) = self.indexes.get_mut(name) {
            index.attached_to = to.cloned();
        } else if let Some(constraint) = self.constraints.get_mut(name) {
            constraint.attached_to = to.cloned();
        }
    }

    /// Gives the table as its own what it had from `parent` only, or (`absorb`) takes back what that has as well.
    fn shared_with(&mut self, parent: &Self, absorb: bool) {
        for (name, from) in &parent.constraints {
            let is_shared = match &from.kind {
                ConstraintKind::Check { no_inherit, .. } => !no_inherit,
                ConstraintKind::ForeignKey(_) => true,
                _ => false,
            };
            if !is_shared {
                continue;
            }
            if absorb {
                let by_name = matches!(from.kind, ConstraintKind::Check { .. });
                self.constraints.retain(|own, c| c.kind != from.kind || by_name && own != name);
            } else if !self.constraints.contains_key(name) {
                let own = Constraint { comment: None, ..from.clone() };
                self.constraints.insert(name.clone(), own);
            }
        }
    }
}

impl Schema {
    /// Attaches a table to a parent, moves its bound or detaches it.
    pub(super) fn set_partition(&mut self, name: &QName, to: Option<&PartitionOf>) -> Result<(), ApplyError> {
        let missing = || ApplyError::Missing(ObjectRef::new(ObjectKind::Table, name.clone()));
        let old = self.tables.get(name).ok_or_else(missing)?.partition_of.clone();
        let parent_of = |p: Option<&PartitionOf>| p.and_then(|p| self.tables.get(&p.parent)).cloned();
        let (from, into) = (parent_of(old.as_ref()), parent_of(to));
        let table = self.tables.get_mut(name).ok_or_else(missing)?;
        if let Some(from) = from {
            table.shared_with(&from, false);
            let attached: Vec<String> =
                table.keyed().filter(|p| p.attached_to().is_some()).map(|p| p.name().to_owned()).collect();
            for part in &attached {
                table.attach(part, None);
            }
        }
        table.partition_of = to.cloned();
        if let Some(into) = into {
            table.shared_with(&into, true);
            for part in into.keyed() {
                let parent = into.name.sibling(part.name());
                if table.part_of(&parent).is_some() {
                    continue;
                }
                let fits = |own: &Part<'_>| own.attached_to().is_none() && part.indexes_like(*own);
                let found = table.keyed().find(fits).map(|own| own.name().to_owned());
                if let Some(found) = found {
                    table.attach(&found, Some(&parent));
                }
            }
        }
        Ok(())
    }

    /// An index of a partitioned table goes with all its parts.
    pub(super) fn drop_parts(&mut self, table: &QName, index: &QName) {
        for (child, part) in self.parts_of(table, index) {
            if let Some(table) = self.tables.get_mut(&child) {
                table.indexes.remove(&part);
                table.constraints.remove(&part);
            }
            self.drop_parts(&child, &child.sibling(&part));
        }
    }

    /// Lets the parts of an index know its new name.
    pub(super) fn rename_parts(&mut self, table: &QName, from: &QName, to: &QName) {
        for (child, part) in self.parts_of(table, from) {
            if let Some(table) = self.tables.get_mut(&child) {
                table.attach(&part, Some(to));
            }
        }
    }

    /// Partition and name of each part of an index of a partitioned table, one level down.
    pub fn parts_of(&self, table: &QName, index: &QName) -> Vec<(QName, String)> {
        let part = |child: &Table| Some((child.name.clone(), child.part_of(index)?.name().to_owned()));
        self.tables.children(table).filter_map(|child| part(child)).collect()
    }

    /// What makes the parts of an index again, on all levels.
    pub fn parts_again(&self, table: &QName, index: &QName) -> Vec<Change> {
        let mut out = Vec::new();
        for (child, name) in self.parts_of(table, index) {
            if let Some(part) = self.tables.get(&child).and_then(|t| t.part(&name)) {
                out.push(part.create(&child, Some(index)));
                out.extend(self.parts_again(&child, &child.sibling(&name)));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, EngineKind};

    fn name(text: &str) -> QName {
        QName::new("public", text)
    }

    fn measured() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for table in ["m", "m_1"] {
            let mut made = Table::new(name(table));
            made.columns.push(Column::new("at", "date"));
            let mut index = Index::on_columns(format!("{table}_at"), &["at"]);
            if table == "m_1" {
                index.attached_to = Some(name("m_at"));
                made.partition_of = Some(PartitionOf { parent: name("m"), bound: "DEFAULT".into() });
            } else {
                made.partition_by = Some("RANGE (at)".into());
                let kind = ConstraintKind::Check { expression: "at > '1970-01-01'".into(), no_inherit: false };
                made.constraints.insert("late".into(), Constraint::new("late", kind));
            }
            made.indexes.insert(index.name.clone(), index);
            schema.tables.insert(made.name.clone(), made.into());
        }
        schema
    }

    #[test]
    fn the_parts_of_an_index_go_with_it_and_come_again() {
        let mut schema = measured();
        let again = schema.parts_again(&name("m"), &name("m_at"));
        assert_eq!(again.len(), 1);
        schema.apply(&Change::DropIndex { table: name("m"), name: "m_at".into() }).unwrap();
        assert!(schema.tables.get(&name("m_1")).unwrap().indexes.is_empty());
    }

    #[test]
    fn a_detached_partition_keeps_what_it_had_and_gives_it_back() {
        let mut schema = measured();
        let before = schema.clone();
        schema.apply(&Change::SetPartition { table: name("m_1"), partition: None }).unwrap();
        let alone = schema.tables.get(&name("m_1")).unwrap();
        assert!(alone.constraints.contains_key("late"));
        assert!(alone.part("m_1_at").is_some_and(|part| part.attached_to().is_none()));
        let partition = Some(PartitionOf { parent: name("m"), bound: "DEFAULT".into() });
        schema.apply(&Change::SetPartition { table: name("m_1"), partition }).unwrap();
        assert_eq!(schema.fingerprint(), before.fingerprint());
    }

    #[test]
    fn a_unique_constraint_can_be_the_part_of_a_unique_index() {
        let index = Index { unique: true, ..Index::on_columns("i", &["a"]) };
        let kind = ConstraintKind::Unique { columns: vec!["a".into()], nulls_not_distinct: false, include: vec![] };
        let key = Constraint::new("k", kind);
        assert!(Part::Index(&index).indexes_like(Part::Key(&key)));
        assert!(!Part::Index(&index).is_like(Part::Key(&key)));
    }
}
