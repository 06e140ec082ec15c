//! What moves fast: locks, waits, activity, the log's position and progress, in one statement and one answer.

use super::super::gate::mode_of;
use crate::engine::{Activity, Blocker, Focus, HeldLock, Progress, Sample, WaitingLock};
use crate::sql::{one_line, visible};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

#[derive(Debug, Deserialize)]
pub(super) struct Fast {
    held: Vec<Held>,
    waiting: Vec<Waiting>,
    blockers: Vec<BlockerRow>,
    /// Nothing for a role that does not see what other users do.
    activity: Option<ActivityRow>,
    progress: Vec<ProgressRow>,
    pub(super) wal_bytes: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Held {
    relation: String,
    mode: String,
    granted: bool,
}

#[derive(Debug, Deserialize)]
struct Waiting {
    pid: i64,
    blocked_by: Vec<i64>,
    relation: Option<String>,
    mode: Option<String>,
    wait_ms: Option<f64>,
    query: Option<String>,
}

#[derive(Debug, Deserialize)]
struct BlockerRow {
    pid: i64,
    user: Option<String>,
    application: Option<String>,
    state: Option<String>,
    transaction_ms: Option<f64>,
    relation: Option<String>,
    mode: Option<String>,
    query: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ActivityRow {
    active: u64,
    idle_in_transaction: u64,
    oldest_xact_ms: Option<f64>,
    oldest_query_ms: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct ProgressRow {
    what: String,
    relation: Option<String>,
    phase: Option<String>,
    done: Option<f64>,
    total: Option<f64>,
}

/// The statement, with the backend in focus written in. Regclass output reads the catalog's caches and opens nothing.
pub(super) fn query(version: u32, focus: &Focus, probe: i64) -> String {
    let focus = focus.backend.unwrap_or(-1);
    let since = if version >= 14 { "l.waitstart" } else { "NULL::timestamptz" };
    let age = |of: &str| format!("(extract(epoch FROM clock_timestamp() - {of}) * 1000)::float8");
    let here = "(SELECT oid FROM pg_database WHERE datname = current_database())";
    format!(
        "WITH waits AS MATERIALIZED (SELECT a.pid, pg_blocking_pids(a.pid) AS by, left(a.query, 200) AS query, \
             a.query_start FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' AND a.datname = current_database() \
             AND a.pid <> {probe}), \
         locks AS MATERIALIZED (SELECT l.pid, l.locktype, l.mode, l.granted, l.relation, {since} AS since \
             FROM pg_locks l WHERE NOT l.granted OR l.pid = {focus} \
             OR l.pid IN (SELECT unnest(by) FROM waits WHERE pid = {focus})), \
         asked AS (SELECT DISTINCT ON (pid) pid, relation, mode, locktype, since FROM locks WHERE NOT granted \
             ORDER BY pid, since), \
         ours AS (SELECT DISTINCT unnest(by) AS pid FROM waits WHERE pid = {focus}) \
         SELECT pg_catalog.json_build_object( \
         'held', (SELECT coalesce(json_agg(json_build_object('relation', coalesce(relation::regclass::text, locktype), \
             'mode', mode, 'granted', granted)), '[]') FROM locks LEFT JOIN pg_class c ON c.oid = relation \
             WHERE pid = {focus} AND locktype = 'relation' \
             AND (c.relnamespace IS NULL OR c.relnamespace <> 'pg_catalog'::regnamespace)), \
         'waiting', (SELECT coalesce(json_agg(json_build_object('pid', w.pid, 'blocked_by', w.by, \
             'relation', q.relation::regclass::text, 'mode', q.mode, 'wait_ms', {}, 'query', w.query)), '[]') \
             FROM waits w LEFT JOIN asked q ON q.pid = w.pid), \
         'blockers', (SELECT coalesce(json_agg(json_build_object('pid', o.pid, 'user', a.usename, \
             'application', a.application_name, 'state', a.state, 'transaction_ms', {}, \
             'relation', h.relation::regclass::text, 'mode', h.mode, 'query', left(a.query, 200))), '[]') \
             FROM ours o LEFT JOIN pg_stat_activity a ON a.pid = o.pid LEFT JOIN LATERAL (SELECT l.relation, l.mode \
                 FROM locks l JOIN asked q ON q.pid = {focus} AND q.relation = l.relation \
                 WHERE l.pid = o.pid AND l.granted LIMIT 1) h ON true), \
         'activity', (SELECT CASE WHEN pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN json_build_object('active', count(*) FILTER (WHERE a.state = 'active'), \
             'idle_in_transaction', count(*) FILTER (WHERE a.state LIKE 'idle in transaction%'), \
             'oldest_xact_ms', max({}), \
             'oldest_query_ms', max({}) FILTER (WHERE a.state = 'active')) END \
             FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.datname = current_database() \
             AND a.pid <> pg_backend_pid() AND a.application_name NOT IN ('lockstep-sampler', 'lockstep-probe')), \
         'progress', (SELECT coalesce(json_agg(p), '[]') FROM ({}) p), \
         'wal_bytes', CASE WHEN pg_is_in_recovery() THEN NULL \
             ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 END)::text",
        age("q.since"),
        age("a.xact_start"),
        age("a.xact_start"),
        age("a.query_start"),
        progress(version, here),
    )
}

/// The progress views, each in the same five columns.
fn progress(version: u32, here: &str) -> String {
    let mut parts = vec![
        format!(
            "SELECT lower(command) AS what, relid::regclass::text AS relation, phase, \
             (CASE WHEN tuples_total > 0 THEN tuples_done WHEN blocks_total > 0 THEN blocks_done ELSE lockers_done END)::float8 \
             AS done, (CASE WHEN tuples_total > 0 THEN tuples_total WHEN blocks_total > 0 THEN blocks_total \
             ELSE lockers_total END)::float8 AS total FROM pg_stat_progress_create_index WHERE datid = {here}"
        ),
        format!(
            "SELECT lower(command), relid::regclass::text, phase, heap_blks_scanned::float8, heap_blks_total::float8 \
             FROM pg_stat_progress_cluster WHERE datid = {here}"
        ),
        format!(
            "SELECT 'vacuum', relid::regclass::text, phase, heap_blks_scanned::float8, heap_blks_total::float8 \
             FROM pg_stat_progress_vacuum WHERE datid = {here}"
        ),
        format!(
            "SELECT 'analyze', relid::regclass::text, phase, sample_blks_scanned::float8, sample_blks_total::float8 \
             FROM pg_stat_progress_analyze WHERE datid = {here}"
        ),
    ];
    if version >= 14 {
        parts.push(format!(
            "SELECT lower(command), nullif(relid, 0)::regclass::text, lower(type), bytes_processed::float8, \
             nullif(bytes_total, 0)::float8 FROM pg_stat_progress_copy WHERE datid = {here}"
        ));
    }
    parts.join(" UNION ALL ")
}

/// Since when each session waits, for servers that do not say (before 14, and for an instant after it began).
#[derive(Debug, Default)]
pub(super) struct Waits {
    seen: HashMap<i64, Instant>,
}

impl Waits {
    pub(super) fn fill(&mut self, sample: &mut Sample, fast: &Fast, focus: &Focus) {
        self.remember(fast);
        let shown = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(one_line);
        let waiting: Vec<WaitingLock> = fast
            .waiting
            .iter()
            .map(|w| WaitingLock {
                backend: w.pid,
                relation: w.relation.as_deref().map(visible),
                mode: w.mode.as_deref().and_then(mode_of),
                wait_ms: w.wait_ms.map(|ms| ms.max(0.0)).or_else(|| self.seen_for(w.pid)),
                blocked_by: distinct(&w.blocked_by),
                query: shown(&w.query),
            })
            .collect();
        let blocked = match focus.backend {
            Some(backend) => victims(backend, &waiting),
            None => waiting.iter().filter(|w| !w.blocked_by.is_empty()).map(|w| w.backend).collect(),
        };
        let longest = waiting.iter().filter(|w| blocked.contains(&w.backend)).filter_map(|w| w.wait_ms);
        // Nobody waiting is known, and no gap.
        sample.locks.longest_wait_ms = if blocked.is_empty() { Some(0.0) } else { longest.reduce(f64::max) };
        sample.locks.blocked_sessions = Some(blocked.len() as u64);
        sample.locks.waiting = Some(waiting);
        sample.locks.held = focus.backend.map(|_| fast.held.iter().filter_map(held).collect());
        sample.locks.blockers = fast.blockers.iter().map(blocker).collect();
        sample.activity = fast.activity.as_ref().map(|activity| Activity {
            active: activity.active,
            idle_in_transaction: activity.idle_in_transaction,
            oldest_xact_ms: activity.oldest_xact_ms.map(|ms| ms.max(0.0)),
            oldest_query_ms: activity.oldest_query_ms.map(|ms| ms.max(0.0)),
        });
        sample.progress = fast.progress.iter().map(progress_of).collect();
    }

    fn remember(&mut self, fast: &Fast) {
        let now = Instant::now();
        let waiting: HashSet<i64> = fast.waiting.iter().map(|w| w.pid).collect();
        self.seen.retain(|pid, _| waiting.contains(pid));
        for pid in waiting {
            self.seen.entry(pid).or_insert(now);
        }
    }

    fn seen_for(&self, pid: i64) -> Option<f64> {
        self.seen.get(&pid).map(|since| since.elapsed().as_secs_f64() * 1000.0)
    }
}

/// Parallel workers make the server name a leader more than once.
fn distinct(pids: &[i64]) -> Vec<i64> {
    let mut seen = HashSet::new();
    pids.iter().copied().filter(|pid| seen.insert(*pid)).collect()
}

/// Who waits for `backend`, directly or behind one who does.
fn victims(backend: i64, waiting: &[WaitingLock]) -> HashSet<i64> {
    let mut found = HashSet::new();
    let mut blockers = vec![backend];
    while let Some(blocker) = blockers.pop() {
        for victim in waiting.iter().filter(|w| w.blocked_by.contains(&blocker) && w.backend != backend) {
            if found.insert(victim.backend) {
                blockers.push(victim.backend);
            }
        }
    }
    found
}

fn held(row: &Held) -> Option<HeldLock> {
    Some(HeldLock { relation: visible(&row.relation), mode: mode_of(&row.mode)?, granted: row.granted })
}

fn blocker(row: &BlockerRow) -> Blocker {
    let shown = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(one_line);
    Blocker {
        backend: row.pid,
        user: shown(&row.user),
        application: if row.pid == 0 { Some("prepared transaction".to_owned()) } else { shown(&row.application) },
        state: shown(&row.state),
        transaction_ms: row.transaction_ms.map(|ms| ms.max(0.0)),
        relation: row.relation.as_deref().map(visible),
        mode: row.mode.as_deref().and_then(mode_of),
        query: shown(&row.query),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of blocks and rows, never negative"
)]
fn progress_of(row: &ProgressRow) -> Progress {
    let count = |n: Option<f64>| n.map(|n| n.max(0.0) as u64);
    Progress {
        what: visible(&row.what),
        relation: row.relation.as_deref().map(visible),
        phase: row.phase.as_deref().map(visible),
        done: count(row.done),
        total: count(row.total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(backend: i64, blocked_by: &[i64]) -> WaitingLock {
        WaitingLock { backend, relation: None, mode: None, wait_ms: None, blocked_by: blocked_by.to_vec(), query: None }
    }

    #[test]
    fn victims_are_found_behind_victims() {
        let all = [waiting(2, &[1]), waiting(3, &[2]), waiting(4, &[9]), waiting(1, &[9])];
        assert_eq!(victims(1, &all), HashSet::from([2, 3]));
        assert_eq!(victims(9, &all), HashSet::from([1, 2, 3, 4]));
        assert_eq!(victims(5, &all), HashSet::new());
    }

    #[test]
    fn a_circle_of_waits_ends() {
        assert_eq!(victims(1, &[waiting(1, &[2]), waiting(2, &[1])]), HashSet::from([2]));
    }
}
