//! The schema of the moment while a script is read, and how names are found in it.

use super::cursor::{Name, truncate};
use super::types::TypeName;
use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema};
use crate::sql::Reading;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What is known before a statement, and what has been read of it so far.
pub(super) struct World<'a> {
    /// Copied at the first change.
    pub schema: Cow<'a, Schema>,
    /// `search_path`, as the script has set it.
    pub path: Vec<String>,
    pub reading: Reading,
}

impl<'a> World<'a> {
    pub fn new(schema: &'a Schema) -> Self {
        Self { schema: Cow::Borrowed(schema), path: vec!["public".to_owned()], reading: Reading::default() }
    }

    /// Records a change, and carries it out so that the next statement sees it.
    pub fn change(&mut self, change: Change) {
        // What does not fit the schema (a table that is not known here) is recorded but not understood in full.
        self.reading.complete &= self.schema.to_mut().apply(&change).is_ok();
        self.reading.changes.push(change);
    }

    /// The table (or materialised view) that an index is on, when both exist.
    pub fn index_table(&self, index: &QName) -> Option<&QName> {
        let on_view = || {
            self.schema.views.values().find(|v| v.indexes.contains_key(&index.name) && v.name.schema == index.schema)
        };
        self.schema.tables.with_index(index).map(|t| &t.name).or_else(|| on_view().map(|v| &v.name))
    }

    /// Whether a table, view, sequence or index has the name.
    pub fn relation_exists(&self, name: &QName) -> bool {
        relation_exists(&self.schema, name) || self.index_table(name).is_some()
    }

    /// The name of something that a statement makes.
    pub fn made(&self, name: &Name) -> QName {
        let first = || self.path.first().cloned().unwrap_or_else(|| "public".to_owned());
        QName::new(name.schema.clone().unwrap_or_else(first), &name.name)
    }

    /// The relation that a name means: by the search path, else the only one so called in any schema.
    pub fn relation(&self, name: &Name) -> QName {
        self.find(name, |q| self.relation_exists(q)).unwrap_or_else(|| {
            if name.schema.is_some() {
                return self.made(name);
            }
            let views = self.schema.views.keys().filter(|q| q.name == name.name);
            let mut named = self.schema.tables.in_any_schema(&name.name).map(|t| &t.name).chain(views);
            match (named.next(), named.next()) {
                (Some(only), None) => only.clone(),
                _ => self.made(name),
            }
        })
    }

    /// The first name in the search path that `exists`.
    pub fn find(&self, name: &Name, exists: impl Fn(&QName) -> bool) -> Option<QName> {
        if name.schema.is_some() {
            return Some(self.made(name)).filter(|q| exists(q));
        }
        self.path.iter().map(|schema| QName::new(schema, &name.name)).find(|q| exists(q))
    }

    /// A type that is not built in.
    pub fn user_type(&self, name: &Name) -> QName {
        let exists = |q: &QName| self.schema.types.contains_key(q) || relation_exists(&self.schema, q);
        self.find(name, exists).unwrap_or_else(|| self.made(name))
    }

    pub fn data_type(&self, data_type: &TypeName) -> String {
        match &data_type.user {
            None => data_type.words.clone(),
            Some(name) => {
                let array = if data_type.array { "[]" } else { "" };
                format!("{}{}{array}", self.user_type(name), data_type.words)
            }
        }
    }

    /// Says that something is destroyed: a relation, or a part of one.
    pub fn destroys(&mut self, name: &QName, part: Option<&str>) {
        let text = match part {
            Some(part) => format!("{}.{part}", name.short()),
            None => name.short(),
        };
        if !self.reading.destroys.contains(&text) {
            self.reading.destroys.push(text);
        }
    }

    /// An unused relation name of the form `table_columns_label` (`ChooseRelationName` of PostgreSQL's index code).
    pub fn free_relation(&self, table: &QName, columns: &str, label: &str, taken: &BTreeSet<String>) -> String {
        numbered(
            label,
            |label| object_name(&table.name, columns, label),
            |name| taken.contains(name) || self.relation_exists(&table.sibling(name)),
        )
    }
}

/// The first of `name(label)`, `name(label1)` … that is not taken.
pub(super) fn numbered(label: &str, name: impl Fn(&str) -> String, is_taken: impl Fn(&str) -> bool) -> String {
    let mut found = name(label);
    let mut number = 0;
    while is_taken(&found) {
        number += 1;
        found = name(&format!("{label}{number}"));
    }
    found
}

/// `first_second_label` in 63 bytes, shortening the longer of the two (`makeObjectName` of PostgreSQL).
pub(super) fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let room = 63_usize.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let clip = |text: &str, mut end: usize| {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default().to_owned()
    };
    let (first, second) = (clip(first, a), clip(second, b));
    truncate(&if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") })
}

pub(super) fn relation_exists(schema: &Schema, name: &QName) -> bool {
    schema.tables.contains_key(name) || schema.views.contains_key(name) || schema.sequences.contains_key(name)
}

/// Views that cannot be without `object`, with their own dependants first.
pub(super) fn dependants(schema: &Schema, object: &ObjectRef) -> Vec<ObjectRef> {
    let mut found = Vec::new();
    let mut open = vec![object.clone()];
    while let Some(next) = open.pop() {
        let on_it = schema.dependencies.iter().filter(|d| {
            d.on == next
                || next.part.is_none() && d.on.name == next.name && is_relation(d.on.kind) && is_relation(next.kind)
        });
        for dependency in on_it {
            if !found.contains(&dependency.from) && dependency.from != *object {
                found.push(dependency.from.clone());
                open.push(dependency.from.clone());
            }
        }
    }
    found.reverse();
    found
}

fn is_relation(kind: ObjectKind) -> bool {
    use ObjectKind::{Column, MaterializedView, Table, View};
    matches!(kind, Table | View | MaterializedView | Column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_names_fit_and_are_numbered() {
        assert_eq!(object_name("orders", "a_b", "key"), "orders_a_b_key");
        assert_eq!(object_name("orders", "", "pkey"), "orders_pkey");
        let long = object_name(&"t".repeat(60), &"c".repeat(30), "fkey");
        assert_eq!(long, format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28)));
        assert_eq!(numbered("idx", |l| format!("t_a_{l}"), |n| n == "t_a_idx"), "t_a_idx1");
    }
}
