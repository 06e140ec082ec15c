//! How long a step may take, from what it does to tables of known size. Always a range, and a guess.

use super::Pace;
use crate::plan::{Backfill, Estimate, Evidence, Needs};
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

/// How much slower than measured it may be on a busy server that reads from disk.
const BUSY: f64 = 8.0;

/// The range for the work, or `None` when a table's size is not known. With the server's own pace it is narrower.
pub(super) fn estimate(work: &Work<'_>, schema: &Schema, pace: Option<Pace>) -> Option<Estimate> {
    let (mut low, mut high) = CATALOG;
    let own = |rate: u64| (rate as f64, rate as f64 / BUSY);
    let rewrite = pace.map_or(REWRITE, |pace| own(pace.rewrite));
    let index = pace.map_or(INDEX, |pace| own(pace.index));
    let scan = pace.map_or(SCAN, |pace| own(pace.scan));
    let mut add = |amount: f64, (fast, slow): (f64, f64)| {
        low = low.saturating_add(millis(amount / fast));
        high = high.saturating_add(millis(amount / slow));
    };
    if let Some(backfill) = work.backfill {
        let rows = schema.tables.get(&backfill.table)?.stats.rows?;
        add(rows as f64, BACKFILL);
    }
    for relation in work.rewrites {
        add(bytes(relation, schema, true)? as f64, rewrite);
    }
    for relation in work.index_builds {
        add(bytes(relation, schema, false)? as f64, index);
    }
    for relation in work.scans {
        // A table that is written anew is read on the way; an index that is built has read its table.
        if !work.rewrites.contains(relation) && !work.index_builds.contains(relation) {
            add(bytes(relation, schema, false)? as f64, scan);
        }
    }
    let evidence = if pace.is_some() { Evidence::Rehearsed } else { Evidence::Predicted };
    Some(Estimate { low, high, evidence })
}

/// What the work needs besides time: room for second copies, and the log that it writes.
pub(super) fn needs(work: &Work<'_>, schema: &Schema) -> Option<Needs> {
    let mut needs = Needs::default();
    for relation in work.rewrites {
        needs.disk_bytes += bytes(relation, schema, true)?;
    }
    for relation in work.index_builds.iter().filter(|relation| !work.rewrites.contains(relation)) {
        // What an index takes depends on its columns; a third of the table is a usual share.
        needs.disk_bytes += bytes(relation, schema, false)? / 3;
    }
    // Each page that is written anew is logged whole.
    needs.wal_bytes = needs.disk_bytes;
    if let Some(backfill) = work.backfill {
        // Every row is written a second time, as is its entry in the log.
        let size = bytes(&backfill.table.to_string(), schema, false)?;
        needs.disk_bytes += size;
        needs.wal_bytes += size;
    }
    (needs != Needs::default()).then_some(needs)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{EngineKind, Table};

    fn shop() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(QName::new("public", "t"));
        table.stats.bytes = Some(100_000_000);
        table.stats.index_bytes = Some(50_000_000);
        schema.tables.insert(table.name.clone(), table.into());
        schema
    }

    #[test]
    fn a_measured_pace_makes_the_range_narrower_and_says_so() {
        let (schema, names) = (shop(), ["public.t".to_owned()]);
        let work = Work { rewrites: &names, ..Work::default() };
        let guess = estimate(&work, &schema, None).unwrap();
        let pace = Pace { scan: 1_000_000_000, index: 100_000_000, rewrite: 50_000_000 };
        let known = estimate(&work, &schema, Some(pace)).unwrap();
        assert_eq!((known.low, known.evidence), (3_001, Evidence::Rehearsed));
        assert!(known.high / known.low < guess.high / guess.low, "{known:?} {guess:?}");
    }

    #[test]
    fn a_rewrite_needs_room_for_the_table_and_its_indexes() {
        let (schema, names) = (shop(), ["public.t".to_owned()]);
        let rewrite = Work { rewrites: &names, index_builds: &names, ..Work::default() };
        assert_eq!(needs(&rewrite, &schema).unwrap().disk_bytes, 150_000_000);
        let scan = Work { scans: &names, ..Work::default() };
        assert_eq!(needs(&scan, &schema), None);
    }
}
