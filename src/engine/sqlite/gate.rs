//! The go/no-go before a step: whether the one write lock is to be had now.

use super::connect::journal_mode;
use super::session::text;
use crate::engine::{Gate, Verdict};
use crate::plan::{Step, StepKind};
use crate::{ErrorCode, Result};
use sqlx::sqlite::SqliteConnection;
use std::path::Path;

pub(super) async fn look(connection: &mut SqliteConnection, path: &Path, step: &Step, read_only: bool) -> Result<Gate> {
    let mut gate =
        Gate { verdict: Verdict::Go, holders: Vec::new(), longest: Vec::new(), replication: None, reasons: Vec::new() };
    if matches!(step.kind, StepKind::Wait | StepKind::Check) {
        return Ok(gate);
    }
    if read_only {
        gate.verdict = Verdict::NoGo;
        gate.reasons.push("The database was opened read-only, so the step cannot write.".to_owned());
        return Ok(gate);
    }
    text(connection, "PRAGMA busy_timeout = 0").await?;
    match text(connection, "BEGIN IMMEDIATE").await {
        Ok(_) => {
            text(connection, "ROLLBACK").await?;
        }
        Err(error) if error.code == ErrorCode::LockTimeout => {
            gate.verdict = Verdict::Caution;
            gate.reasons.push("Somebody is writing now, and SQLite has one write lock; the step waits for it.".into());
        }
        Err(error) if error.code == ErrorCode::ReadOnly => {
            gate.verdict = Verdict::NoGo;
            gate.reasons.push(error.message);
        }
        Err(error) => return Err(error),
    }
    if journal_mode(connection).await.is_ok_and(|mode| mode != "wal") {
        let heavy = !step.rewrites.is_empty() || step.backfill.is_some();
        gate.reasons.push(
            "The journal mode is not WAL: readers wait while the step commits, and open readers keep it from \
             committing."
                .to_owned(),
        );
        if heavy && gate.verdict == Verdict::Go {
            gate.verdict = Verdict::Caution;
        }
    }
    gate.reasons.extend(other_processes(path));
    Ok(gate)
}

/// Other processes that have the file open, where `/proc` shows them. What they hold cannot be told.
fn other_processes(path: &Path) -> Option<String> {
    let path = std::fs::canonicalize(path).ok()?;
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let pid = process.file_name().to_string_lossy().into_owned();
        if pid == own || !pid.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else { continue };
        if files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == path)) {
            found.push(pid);
        }
    }
    if found.is_empty() {
        return None;
    }
    Some(format!("Other processes have the file open: {}.", found.join(", ")))
}
