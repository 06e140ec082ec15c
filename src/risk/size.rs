//! How much a table is: what decides whether a lock or a scan hurts anybody.

use super::Context;
use crate::plan::Severity;
use crate::schema::{QName, TableStats};

/// Below this a scan or an index build is over before anybody notices.
const SMALL_BYTES: u64 = 8 << 20;
const SMALL_ROWS: u64 = 10_000;
/// Above this it is a matter of many minutes.
const HUGE_BYTES: u64 = 50 << 30;

/// A table's size, as far as it matters for risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Size {
    /// Made in the same plan or script: nobody uses it yet.
    New,
    Empty,
    Small,
    /// Not known: judged as if it were large.
    Unknown,
    Large,
    Huge,
}

impl Size {
    pub(super) fn of(table: &QName, context: &Context<'_>) -> Self {
        if context.made_here.contains(table) {
            return Self::New;
        }
        let Some(found) = context.schema.tables.get(table).filter(|_| context.connected) else { return Self::Unknown };
        if found.partition_by.is_some() {
            // Its rows are those of its partitions; the largest says how much it is.
            let children = context.schema.tables.children(table).map(|child| Self::of(&child.name, context));
            return children.max().unwrap_or(Self::Empty);
        }
        Self::of_stats(&found.stats)
    }

    fn of_stats(stats: &TableStats) -> Self {
        match (stats.rows, stats.bytes) {
            (_, Some(0)) => Self::Empty,
            // An estimate of no rows next to some pages: whatever there is, it is little.
            (Some(0), bytes) if bytes.is_none_or(|b| b <= 64 << 10) => Self::Empty,
            (_, Some(bytes)) if bytes >= HUGE_BYTES => Self::Huge,
            (Some(rows), Some(bytes)) if rows <= SMALL_ROWS && bytes <= SMALL_BYTES => Self::Small,
            (None, Some(bytes)) if bytes <= SMALL_BYTES => Self::Small,
            (Some(rows), None) if rows <= SMALL_ROWS => Self::Small,
            (None, None) => Self::Unknown,
            _ => Self::Large,
        }
    }

    /// A rule's severity on a table of this size; none where nobody can be hurt.
    pub(super) fn scale(self, base: Severity) -> Option<Severity> {
        match self {
            Self::New | Self::Empty => None,
            Self::Small => Some(base.min(Severity::Low)),
            Self::Unknown | Self::Large => Some(base),
            Self::Huge if base == Severity::High => Some(Severity::Critical),
            Self::Huge => Some(base),
        }
    }

    /// The severity of what code or people lose: little where there is nothing, and nobody knows what is new.
    pub(super) fn miss(self, base: Severity) -> Option<Severity> {
        match self {
            Self::New => None,
            Self::Empty => Some(base.min(Severity::Low)),
            _ => Some(base),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_follows_the_size() {
        let size = |rows, bytes| Size::of_stats(&TableStats { rows, bytes, ..TableStats::default() });
        assert_eq!(size(Some(0), Some(0)).scale(Severity::High), None);
        assert_eq!(size(Some(100), Some(8_192)).scale(Severity::High), Some(Severity::Low));
        assert_eq!(size(None, None).scale(Severity::High), Some(Severity::High));
        assert_eq!(size(Some(1_000_000), Some(1 << 30)).scale(Severity::High), Some(Severity::High));
        assert_eq!(size(Some(9_000_000), Some(60 << 30)).scale(Severity::High), Some(Severity::Critical));
    }
}
