//! One hash for what a schema means: equal schemas, equal fingerprints.

use super::{Constraint, KeptText, Named, ObjectKind, ObjectRef, Schema, Table, TableStats, View};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Schema {
    /// `sha256:` and 64 hex digits over the digests of all objects in their canonical form.
    pub fn fingerprint(&self) -> String {
        let mut all = Sha256::new();
        self.each_digest(|kind, name, digest| {
            for part in [kind, name] {
                all.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                all.update(part);
            }
            all.update(digest);
        });
        format!("sha256:{}", hex(&all.finalize()))
    }

    /// The digest of each object in its canonical form, in a fixed order: without what changes by itself or by
    /// history, which are live figures, the server's version, dependencies (they are derived), the roles, the order of
    /// columns, of grants and of settings, whether a materialised view holds its rows yet, and kept statement texts.
    pub(super) fn each_digest(&self, mut tell: impl FnMut(&str, &str, [u8; 32])) {
        for (name, it) in &self.namespaces {
            tell("schema", name, digest(it));
        }
        for (name, it) in &self.extensions {
            tell("extension", name, digest(it));
        }
        for (name, it) in &self.types {
            tell("type", &name.to_string(), digest(it));
        }
        for (name, it) in &self.sequences {
            tell("sequence", &name.to_string(), digest(it));
        }
        for (name, it) in self.tables.iter() {
            tell("table", &name.to_string(), it.digest(|table| digest(&canonical(table))));
        }
        for (name, it) in &self.views {
            tell("view", &name.to_string(), digest(&View { sql: None, populated: true, ..it.clone() }));
        }
        for (name, it) in &self.routines {
            tell("function", &name.to_string(), digest(it));
        }
        let mut others: Vec<_> = self.others.iter().collect();
        others.sort_by(|a, b| a.id.cmp(&b.id));
        for other in others {
            tell(other.id.kind.word(), &in_full(&other.id), digest(&other.canonical()));
        }
        for (object, owned) in &self.owners {
            tell("owner of", &object.to_string(), digest(owned));
        }
        for rights in self.rights.values().filter(|rights| !rights.is_usual()) {
            let of = if rights.on.kind == ObjectKind::DefaultPrivileges { "what" } else { "rights on" };
            tell(of, &rights.on.to_string(), digest(&rights.canonical()));
        }
        let unmodelled: BTreeSet<_> = self.unmodelled.iter().collect();
        for id in unmodelled {
            tell("unmodelled", &format!("{} {}", id.kind.word(), in_full(id)), digest(id));
        }
    }
}

/// An object's name with its schema, and its part's.
fn in_full(object: &ObjectRef) -> String {
    let name = if object.name.schema.is_empty() { object.name.short() } else { object.name.to_string() };
    object.part.iter().fold(name, |name, part| format!("{name}.{part}"))
}

/// A table without live figures, kept texts and the order of its columns.
pub(super) fn canonical(table: &Table) -> Table {
    let mut table = table.clone();
    table.stats = TableStats::default();
    table.sql = None;
    let derived = table.partition_by.is_some();
    for (_, index) in table.indexes.iter_mut() {
        index.sql = KeptText::default();
        // A partitioned table's is valid when every partition has a part of it, which those tell.
        index.valid |= derived;
    }
    table.columns.sort_by(|a, b| a.name.cmp(&b.name));
    name_by_content(&mut table.constraints);
    table
}

/// SHA-256 of the value as JSON.
pub(super) fn digest<T: Serialize>(value: &T) -> [u8; 32] {
    // Serialising a value of our own types to memory cannot fail.
    let json = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(&json).into()
}

/// A constraint without a name of its own is what it says: the name made for it may be from before a rename.
fn name_by_content(constraints: &mut Named<Constraint>) {
    let (named, unnamed): (Vec<_>, Vec<_>) =
        std::mem::take(constraints).into_iter().map(|(_, c)| c).partition(|constraint| constraint.named);
    *constraints = named.into_iter().map(|constraint| (constraint.name.clone(), constraint)).collect();
    let mut contents: Vec<(String, Constraint)> = unnamed
        .into_iter()
        .map(|constraint| (format!("{:?} {:?}", constraint.kind, constraint.deferrable), constraint))
        .collect();
    contents.sort_by(|a, b| a.0.cmp(&b.0));
    for (number, (content, mut constraint)) in contents.into_iter().enumerate() {
        let name = format!("{content} {number}");
        constraint.name.clone_from(&name);
        constraints.insert(name, constraint);
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
