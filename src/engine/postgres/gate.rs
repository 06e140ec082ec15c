//! The go/no-go before a step: who holds conflicting locks now, how old the longest transactions are, how far the
//! replicas are behind. It reads views only, and never queues for a lock itself.

use super::wire::{Cells, literal, rows};
use crate::Result;
use crate::engine::{Blocker, Gate, Replica, ServerInfo, Verdict};
use crate::plan::{LockMode, Step};
use crate::sql::{one_line, visible};
use sqlx::postgres::{PgConnection, PgRow};

/// A holder's transaction older than this will not end by itself before anybody notices.
const SLOW_MS: f64 = 200.0;
/// A transaction older than this keeps a concurrent build waiting for long.
const OLD_MS: f64 = 60_000.0;
/// A replica further behind than this suffers from more writing.
const LAG_MS: f64 = 10_000.0;
const LAG_BYTES: i64 = 256 * 1024 * 1024;

/// How a table of the manual's lock modes is called in `pg_locks`.
pub(super) fn mode_of(name: &str) -> Option<LockMode> {
    Some(match name {
        "AccessShareLock" => LockMode::AccessShare,
        "RowShareLock" => LockMode::RowShare,
        "RowExclusiveLock" => LockMode::RowExclusive,
        "ShareUpdateExclusiveLock" => LockMode::ShareUpdateExclusive,
        "ShareLock" => LockMode::Share,
        "ShareRowExclusiveLock" => LockMode::ShareRowExclusive,
        "ExclusiveLock" => LockMode::Exclusive,
        "AccessExclusiveLock" => LockMode::AccessExclusive,
        _ => return None,
    })
}

/// Reads the go/no-go of one step.
pub(super) async fn gate(connection: &mut PgConnection, step: &Step, info: &ServerInfo) -> Result<Gate> {
    let mut holders = Vec::new();
    for held in held(connection, step).await? {
        let conflicts = |mode: LockMode| {
            step.locks.iter().any(|l| Some(&l.relation) == held.wanted.as_ref() && l.mode.conflicts(mode))
        };
        if held.blocker.mode.is_some_and(conflicts) {
            holders.push(held);
        }
    }
    let longest = longest(connection).await?;
    let replication = if info.standby { None } else { Some(replicas(connection).await?) };
    Ok(judge(step, holders, longest, replication))
}

struct Held {
    /// The relation as the step calls it.
    wanted: Option<String>,
    /// What the server calls the backend: `autovacuum worker`, `prepared transaction`.
    backend_type: String,
    blocker: Blocker,
}

const ACTIVITY: &str = "a.usename::text, a.application_name, a.state, \
     (extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start) * 1000)::float8, \
     pg_catalog.left(a.query, 200)";

async fn held(connection: &mut PgConnection, step: &Step) -> Result<Vec<Held>> {
    if step.locks.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<String> = step.locks.iter().map(|l| format!("({})", literal(&l.relation))).collect();
    let sql = format!(
        "SELECT w.name, coalesce(a.backend_type, 'prepared transaction'), coalesce(l.pid, 0), l.mode, {ACTIVITY} \
         FROM (SELECT DISTINCT name, pg_catalog.to_regclass(name)::oid AS oid FROM (VALUES {}) AS v(name)) AS w \
         JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.relation = w.oid AND l.granted \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() ORDER BY a.xact_start NULLS FIRST",
        wanted.join(", ")
    );
    rows(connection, &sql).await?.iter().map(read_held).collect()
}

fn read_held(row: &PgRow) -> Result<Held> {
    let mut cells = Cells::new(row);
    let wanted: String = cells.take()?;
    let backend_type: String = cells.take()?;
    let backend: i32 = cells.take()?;
    let mode: String = cells.take()?;
    let mut blocker = activity(i64::from(backend), &mut cells)?;
    blocker.mode = mode_of(&mode);
    blocker.relation = Some(visible(&wanted));
    Ok(Held { wanted: Some(wanted), backend_type, blocker })
}

/// Reads the columns of [`ACTIVITY`].
fn activity(backend: i64, cells: &mut Cells<'_>) -> Result<Blocker> {
    let shown = |text: Option<String>| text.filter(|t| !t.is_empty()).map(|t| one_line(&t));
    Ok(Blocker {
        backend,
        user: shown(cells.take()?),
        application: shown(cells.take()?),
        state: cells.take()?,
        transaction_ms: cells.take()?,
        relation: None,
        mode: None,
        query: shown(cells.take()?),
    })
}

async fn longest(connection: &mut PgConnection) -> Result<Vec<Blocker>> {
    let sql = format!(
        "SELECT a.pid, {ACTIVITY} FROM pg_catalog.pg_stat_activity a \
         WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() \
         AND a.xact_start IS NOT NULL AND a.backend_type = 'client backend' \
         AND a.application_name NOT IN ('lockstep-sampler', 'lockstep-probe', 'lockstep-control', 'lockstep-catalog') \
         ORDER BY a.xact_start LIMIT 5"
    );
    let mut out = Vec::new();
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let backend: i32 = cells.take()?;
        out.push(activity(i64::from(backend), &mut cells)?);
    }
    let prepared = "SELECT p.owner::text, p.gid, \
         (extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared) * 1000)::float8 \
         FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database() ORDER BY p.prepared LIMIT 5";
    for row in &rows(connection, prepared).await? {
        let mut cells = Cells::new(row);
        out.push(Blocker {
            backend: 0,
            user: cells.take::<Option<String>>()?.map(|u| one_line(&u)),
            application: cells.take::<Option<String>>()?.map(|gid| format!("prepared transaction {}", one_line(&gid))),
            state: Some("prepared".to_owned()),
            transaction_ms: cells.take()?,
            relation: None,
            mode: None,
            query: None,
        });
    }
    out.sort_by(|a, b| b.transaction_ms.unwrap_or(0.0).total_cmp(&a.transaction_ms.unwrap_or(0.0)));
    Ok(out)
}

async fn replicas(connection: &mut PgConnection) -> Result<Vec<Replica>> {
    let sql = "SELECT application_name, state, \
         pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)::int8, \
         (extract(epoch FROM replay_lag) * 1000)::float8 FROM pg_catalog.pg_stat_replication";
    let mut out = Vec::new();
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        out.push(Replica {
            name: one_line(&cells.take::<Option<String>>()?.unwrap_or_default()),
            state: cells.take()?,
            lag_bytes: cells.take()?,
            lag_ms: cells.take()?,
        });
    }
    Ok(out)
}

fn judge(step: &Step, held: Vec<Held>, longest: Vec<Blocker>, replication: Option<Vec<Replica>>) -> Gate {
    let mut verdict = Verdict::Go;
    let mut reasons = Vec::new();
    let mut say = |grade: Verdict, reason: String| {
        verdict = graver(verdict, grade);
        reasons.push(reason);
    };
    for held in &held {
        let (grade, reason) = judge_holder(held);
        say(grade, reason);
    }
    if !step.transactional {
        for old in longest.iter().filter(|b| b.transaction_ms.is_some_and(|ms| ms > OLD_MS)) {
            say(
                Verdict::Caution,
                format!(
                    "{} has been in a transaction for {}; a concurrent build waits for it to end.",
                    who(old),
                    age(old.transaction_ms)
                ),
            );
        }
    }
    for replica in replication.iter().flatten() {
        if replica.lag_ms.is_some_and(|ms| ms > LAG_MS) || replica.lag_bytes.is_some_and(|b| b > LAG_BYTES) {
            say(
                Verdict::Caution,
                format!("The replica {} is far behind; more writing sets it back further.", replica.name),
            );
        }
    }
    if step.locks.is_empty() && !step.parsed {
        say(Verdict::Unknown, "The statement could not be read, so its locks are not known.".to_owned());
    }
    Gate { verdict, holders: held.into_iter().map(|h| h.blocker).collect(), longest, replication, reasons }
}

fn graver(a: Verdict, b: Verdict) -> Verdict {
    let rank = |v: Verdict| match v {
        Verdict::Go => 0,
        Verdict::Caution => 1,
        Verdict::Unknown => 2,
        Verdict::NoGo => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}

fn judge_holder(held: &Held) -> (Verdict, String) {
    let blocker = &held.blocker;
    let what = format!(
        "{} holds {} on {}",
        who(blocker),
        blocker.mode.map_or("a lock", LockMode::sql),
        blocker.relation.as_deref().unwrap_or("a relation of this step"),
    );
    let to_prevent_wraparound = blocker.query.as_deref().is_some_and(|q| q.contains("to prevent wraparound"));
    match (held.backend_type.as_str(), blocker.transaction_ms) {
        ("prepared transaction", _) => (
            Verdict::NoGo,
            format!(
                "A prepared transaction holds a conflicting lock on {}; it stays until it is committed or rolled back by name.",
                blocker.relation.as_deref().unwrap_or("this relation")
            ),
        ),
        ("autovacuum worker", _) if to_prevent_wraparound => {
            (Verdict::NoGo, format!("{what}: a vacuum to prevent wraparound, which does not give way."))
        }
        ("autovacuum worker", _) => {
            (Verdict::Caution, format!("{what}: autovacuum, which gives way after a second of waiting."))
        }
        (_, Some(ms)) if ms > SLOW_MS => (Verdict::NoGo, format!("{what} for {}.", age(Some(ms)))),
        (_, Some(_)) => (Verdict::Caution, format!("{what}; its transaction is young.")),
        (_, None) => (Verdict::Caution, format!("{what}; this role may not see since when.")),
    }
}

fn who(blocker: &Blocker) -> String {
    if blocker.backend == 0 {
        return blocker.application.clone().unwrap_or_else(|| "a prepared transaction".to_owned());
    }
    match (&blocker.user, &blocker.application) {
        (Some(user), Some(application)) => format!("Session {} ({user}, {application})", blocker.backend),
        (Some(user), None) => format!("Session {} ({user})", blocker.backend),
        _ => format!("Session {}", blocker.backend),
    }
}

fn age(ms: Option<f64>) -> String {
    match ms {
        None => "an unknown time".to_owned(),
        Some(ms) if ms < 1_000.0 => format!("{ms:.0} ms"),
        Some(ms) if ms < 120_000.0 => format!("{:.1} s", ms / 1_000.0),
        Some(ms) => format!("{:.0} min", ms / 60_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Phase;

    fn held(backend_type: &str, ms: Option<f64>) -> Held {
        let blocker = Blocker {
            backend: 7,
            user: Some("app".into()),
            application: None,
            state: Some("idle in transaction".into()),
            transaction_ms: ms,
            relation: Some("public.orders".into()),
            mode: Some(LockMode::AccessShare),
            query: None,
        };
        Held { wanted: Some("public.orders".into()), backend_type: backend_type.into(), blocker }
    }

    fn verdict(held: Vec<Held>) -> Verdict {
        judge(&Step::ddl("t", Phase::Expand, vec![]), held, vec![], None).verdict
    }

    #[test]
    fn a_slow_holder_stops_a_step_and_a_young_one_does_not() {
        assert_eq!(verdict(vec![]), Verdict::Go);
        assert_eq!(verdict(vec![held("client backend", Some(20.0))]), Verdict::Caution);
        assert_eq!(
            verdict(vec![held("client backend", Some(9_000.0)), held("client backend", Some(20.0))]),
            Verdict::NoGo
        );
        assert_eq!(verdict(vec![held("autovacuum worker", Some(9_000.0))]), Verdict::Caution);
        assert_eq!(verdict(vec![held("prepared transaction", None)]), Verdict::NoGo);
    }

    #[test]
    fn an_unread_step_cannot_be_told() {
        let mut step = Step::ddl("t", Phase::Expand, vec![]);
        step.parsed = false;
        assert_eq!(judge(&step, vec![], vec![], None).verdict, Verdict::Unknown);
    }
}
