//! One hash for what a schema means: equal schemas, equal fingerprints.

use super::{Constraint, KeptText, Schema, TableStats};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl Schema {
    /// `sha256:` and 64 hex digits over the canonical JSON.
    pub fn fingerprint(&self) -> String {
        // Serialising a value of our own types to memory cannot fail.
        let json = serde_json::to_vec(&self.canonical()).unwrap_or_default();
        format!("sha256:{}", hex(&Sha256::digest(&json)))
    }

    /// Without what changes by itself or by history: live figures, server version, dependencies (derived), column
    /// order and kept statement texts.
    pub(super) fn canonical(&self) -> Self {
        let mut canonical = self.clone();
        canonical.server_version.clear();
        canonical.dependencies.clear();
        canonical.others.sort_by(|a, b| a.id.cmp(&b.id));
        canonical.unmodelled.sort();
        for table in canonical.tables.values_mut() {
            table.stats = TableStats::default();
            table.sql = None;
            table.indexes.values_mut().for_each(|index| index.sql = KeptText::default());
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            name_by_content(&mut table.constraints);
        }
        for view in canonical.views.values_mut() {
            view.sql = None;
        }
        canonical
    }
}

/// A constraint without a name of its own is what it says: the name made for it may be from before a rename.
fn name_by_content(constraints: &mut BTreeMap<String, Constraint>) {
    let (named, unnamed): (Vec<_>, Vec<_>) =
        std::mem::take(constraints).into_values().partition(|constraint| constraint.named);
    constraints.extend(named.into_iter().map(|constraint| (constraint.name.clone(), constraint)));
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
