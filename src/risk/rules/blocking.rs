//! Rules for locks and rewrites that no closer rule has told of.

use super::{Case, risk};
use crate::plan::{Evidence, Lock, Risk, Severity};
use crate::risk::size::Size;
use crate::schema::{ObjectKind, QName};

/// Rules that already say that a table is held for as long as it is read or written.
const TOLD: &[&str] = &[
    "index-not-concurrent",
    "index-on-partitioned-table",
    "reindex-not-concurrent",
    "constraint-not-valid-missing",
    "unique-constraint-builds-index",
    "exclusion-constraint-builds-index",
    "primary-key-builds-index",
    "primary-key-on-nullable-scan",
    "set-not-null-scan",
    "volatile-default-rewrite",
    "type-change-rewrite",
    "type-change-rechecks",
    "generated-expression-rewrite",
    "set-logged-rewrite",
    "set-tablespace-copy",
    "access-method-rewrite",
    "attach-partition-scan",
    "default-partition-scan",
    "domain-constraint-scan",
    "foreign-key-enforced",
    "refresh-not-concurrent",
    "required-column-without-default",
    "truncate",
    "vacuum-full-or-cluster",
];

/// Uses a second from which a moment's lock makes a queue, and one that fills the connections.
const BUSY: u64 = 100;
const VERY_BUSY: u64 = 1_000;

/// Bytes from which a second copy is worth a word.
const NEEDS_SPACE: u64 = 1 << 30;

pub(super) fn find(case: &Case<'_>, out: &mut Vec<Risk>) {
    let told = out.iter().any(|r| TOLD.contains(&r.rule.as_str()));
    for relation in &case.judgement.rewrites {
        let Ok(table) = relation.parse::<QName>() else { continue };
        if !told {
            let message = format!("every row of {} is written anew", table.short());
            out.extend(case.on_table("table-rewrite", &table, message));
        }
        out.extend(space(case, &table));
    }
    // Whoever uses an index or a sequence uses its table.
    let of_tables = |lock: &&Lock| !matches!(lock.kind, ObjectKind::Index | ObjectKind::Sequence);
    for lock in case.judgement.locks.iter().filter(of_tables) {
        out.extend(of_lock(case, lock, told));
        out.extend(busy(case, lock));
    }
}

/// The room that old and new copy need together.
fn space(case: &Case<'_>, table: &QName) -> Option<Risk> {
    let stats = case.table(table).filter(|_| case.context.connected)?.stats;
    let bytes = stats.bytes?.saturating_add(stats.index_bytes.unwrap_or_default());
    let message = format!("about {} MB more are needed until {} is written", bytes >> 20, table.short());
    (bytes >= NEEDS_SPACE).then(|| case.on_table("rewrite-needs-space", table, message)).flatten()
}

/// A lock that everybody meets at once: even a moment makes a queue.
fn busy(case: &Case<'_>, lock: &Lock) -> Option<Risk> {
    let table: QName = lock.relation.parse().ok()?;
    let stats = case.table(&table)?.stats;
    let writes = stats.writes_per_s.unwrap_or_default();
    let (kept_out, what) = if lock.mode.blocks_reads() {
        (stats.reads_per_s.unwrap_or_default().saturating_add(writes), "uses")
    } else if lock.mode.blocks_writes() {
        (writes, "writes")
    } else {
        return None;
    };
    let works = case.scans(&table) || case.rewrites(&table) || case.builds_index(&table);
    let severity = match kept_out {
        VERY_BUSY.. if works => Severity::Critical,
        VERY_BUSY.. => Severity::High,
        BUSY.. => Severity::Medium,
        _ => return None,
    };
    let message = format!("{} has about {kept_out} {what} a second, which {} keeps out", table.short(), lock.mode);
    Some(Risk { severity, evidence: Evidence::Measured, ..risk("busy-table", message) })
}

fn of_lock(case: &Case<'_>, lock: &Lock, told: bool) -> Option<Risk> {
    let table: QName = lock.relation.parse().ok()?;
    let works = case.scans(&table) || case.rewrites(&table) || case.builds_index(&table);
    let (rule, who) = if lock.mode.blocks_reads() {
        ("lock-blocks-reads", "readers and writers wait")
    } else if lock.mode.blocks_writes() {
        ("lock-blocks-writes", "writers wait")
    } else {
        return None;
    };
    if works && told {
        return None;
    }
    let (short, mode) = (table.short(), lock.mode);
    if works {
        return case.on_table(rule, &table, format!("{who} at {short} ({mode}) for as long as it is read or written"));
    }
    // Held for a moment only; what hurts is queueing for it behind somebody slow.
    let severity = match case.size(&table) {
        Size::New | Size::Empty => return None,
        Size::Small => Severity::Info,
        _ => Severity::Low,
    };
    Some(Risk { severity, ..risk(rule, format!("{who} at {short} ({mode}) for a moment, and while it queues")) })
}
