//! How long a step may take, from what it does to tables of known size. Always a range, and a guess.

use crate::plan::{Backfill, Estimate, Evidence};
use crate::schema::{QName, Schema};

/// Bytes a second, from a fast machine with the table in memory to a busy one that reads from disk.
const SCAN: (f64, f64) = (1_500e6, 100e6);
const INDEX: (f64, f64) = (150e6, 15e6);
const REWRITE: (f64, f64) = (120e6, 12e6);
/// Rows a second of a batched backfill.
const BACKFILL: (f64, f64) = (60_000.0, 4_000.0);
/// A step that changes only the catalog, in milliseconds.
const CATALOG: (u64, u64) = (1, 20);

/// What a step does to tables, by name.
#[derive(Debug, Default)]
pub(super) struct Work<'a> {
    pub scans: &'a [String],
    pub rewrites: &'a [String],
    pub index_builds: &'a [String],
    pub backfill: Option<&'a Backfill>,
}

/// The range for the work, or `None` when a table's size is not known.
pub(super) fn estimate(work: &Work<'_>, schema: &Schema) -> Option<Estimate> {
    let (mut low, mut high) = CATALOG;
    let mut add = |amount: f64, (fast, slow): (f64, f64)| {
        low = low.saturating_add(millis(amount / fast));
        high = high.saturating_add(millis(amount / slow));
    };
    if let Some(backfill) = work.backfill {
        let rows = schema.tables.get(&backfill.table)?.stats.rows?;
        add(rows as f64, BACKFILL);
    }
    for (relations, rate) in [(work.rewrites, REWRITE), (work.index_builds, INDEX), (work.scans, SCAN)] {
        for relation in relations {
            // A table that is written anew is read on the way; an index that is built has read its table.
            let told = |list: &[String]| list.contains(relation);
            if rate == SCAN && (told(work.rewrites) || told(work.index_builds)) {
                continue;
            }
            add(bytes(relation, schema, rate == REWRITE)? as f64, rate);
        }
    }
    Some(Estimate { low, high, evidence: Evidence::Predicted })
}

fn bytes(relation: &str, schema: &Schema, with_indexes: bool) -> Option<u64> {
    let stats = schema.tables.get(&relation.parse::<QName>().ok()?)?.stats;
    let indexes = if with_indexes { stats.index_bytes.unwrap_or_default() } else { 0 };
    Some(stats.bytes?.saturating_add(indexes))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn millis(seconds: f64) -> u64 {
    // The cast saturates, and the amount is never negative.
    (seconds * 1_000.0).ceil() as u64
}
