//! One hash for what a schema means: equal schemas, equal fingerprints.

use super::{Schema, TableStats};
use sha2::{Digest, Sha256};

impl Schema {
    /// `sha256:` and 64 hex digits over the canonical JSON, without what changes by itself or by history: live
    /// figures, server version, dependencies (derived), column order and kept statement texts.
    pub fn fingerprint(&self) -> String {
        let mut canonical = self.clone();
        canonical.server_version.clear();
        canonical.dependencies.clear();
        canonical.others.sort_by(|a, b| a.id.cmp(&b.id));
        canonical.unmodelled.sort();
        for table in canonical.tables.values_mut() {
            table.stats = TableStats::default();
            table.sql = None;
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
        }
        for view in canonical.views.values_mut() {
            view.sql = None;
        }
        // Serialising a value of our own types to memory cannot fail.
        let json = serde_json::to_vec(&canonical).unwrap_or_default();
        let digest = Sha256::digest(&json);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }
}
