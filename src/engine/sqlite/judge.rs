//! What SQLite does while it runs a statement. Any write takes the one write lock of the whole database
//! (sqlite.org/lockingv3.html, wal.html): other writers wait from the first write to the commit. In WAL mode readers
//! go on; in the rollback-journal modes they wait while the commit is written. The text does not say which mode it
//! is, so the lock is told as EXCLUSIVE with a note.

use crate::plan::{Evidence, Lock, LockMode, Risk, Severity};
use crate::risk::{Context, Judgement};
use crate::schema::{Change, Column, QName};
use crate::sql::Statement;

pub(super) fn judge(statement: &Statement, context: &Context<'_>) -> Judgement {
    let mut judgement = Judgement { known: statement.parsed(), ..Judgement::default() };
    if !judgement.known || statement.reading.read_only {
        return judgement;
    }
    for change in &statement.reading.changes {
        of_change(change, context, &mut judgement);
    }
    let text = statement.text.to_ascii_uppercase();
    let touched = |judgement: &mut Judgement| {
        for name in &statement.reading.relations {
            lock(name, context, judgement);
        }
    };
    match statement.class.as_str() {
        "VACUUM" if !text.contains(" INTO ") => {
            let all: Vec<QName> = context.schema.tables.keys().cloned().collect();
            for name in &all {
                lock(name, context, &mut judgement);
                judgement.rewrites.push(name.to_string());
            }
            risk(
                &mut judgement,
                "sqlite-vacuum",
                Severity::High,
                "VACUUM writes the whole file anew and keeps everybody from writing meanwhile",
                "Run it when nobody writes; it needs twice the file's space.",
            );
        }
        "ANALYZE" | "REINDEX" => {
            let named: Vec<QName> = statement.reading.relations.clone();
            let all = if named.is_empty() { context.schema.tables.keys().cloned().collect() } else { named };
            for name in all {
                lock(&name, context, &mut judgement);
                judgement.scans.push(name.to_string());
                if statement.class == "REINDEX" {
                    judgement.index_builds.push(name.to_string());
                }
            }
        }
        "INSERT" | "REPLACE" | "WITH" => touched(&mut judgement),
        "UPDATE" | "DELETE" => {
            touched(&mut judgement);
            if !text.contains("WHERE") {
                judgement.scans.extend(statement.reading.relations.first().map(ToString::to_string));
                risk(
                    &mut judgement,
                    "sqlite-whole-table-write",
                    Severity::Medium,
                    "every row is written in one transaction, and nobody else can write until it ends",
                    "Do it in batches.",
                );
            }
        }
        "CREATE TABLE" if statement.reading.data => touched(&mut judgement),
        "PRAGMA" => pragma(&text, &mut judgement),
        _ => {}
    }
    if !judgement.locks.is_empty() {
        risk(
            &mut judgement,
            "sqlite-write-lock",
            Severity::Info,
            "the whole database has one write lock: other writers wait until this commits, and without WAL readers too",
            "Use WAL mode (PRAGMA journal_mode = WAL) and give connections a busy timeout.",
        );
    }
    judgement
}

fn pragma(text: &str, judgement: &mut Judgement) {
    if text.contains("WRITABLE_SCHEMA") {
        judgement.known = false;
        risk(
            judgement,
            "sqlite-writable-schema",
            Severity::Critical,
            "editing sqlite_schema by hand can make the file unreadable",
            "Use ALTER TABLE or a rebuild of the table instead.",
        );
    }
    if text.contains("FOREIGN_KEYS") && (text.contains("OFF") || text.contains('0')) {
        risk(
            judgement,
            "sqlite-foreign-keys-off",
            Severity::Low,
            "foreign keys are not enforced until they are switched on again",
            "Check with PRAGMA foreign_key_check before the commit.",
        );
    }
}

fn risk(judgement: &mut Judgement, rule: &str, severity: Severity, message: &str, suggestion: &str) {
    judgement.risks.push(Risk {
        rule: rule.to_owned(),
        severity,
        message: message.to_owned(),
        suggestion: Some(suggestion.to_owned()),
        evidence: Evidence::Predicted,
    });
}

fn lock(name: &QName, context: &Context<'_>, judgement: &mut Judgement) {
    let relation = name.to_string();
    let new = context.made_here.contains(name) || judgement.locks.iter().any(|l| l.relation == relation);
    if !new {
        judgement.locks.push(Lock::predicted(relation, LockMode::Exclusive));
    }
}

fn of_change(change: &Change, context: &Context<'_>, judgement: &mut Judgement) {
    let Some(table) = change.table() else { return };
    if matches!(change, Change::CreateTable { .. }) || context.made_here.contains(table) {
        return;
    }
    lock(table, context, judgement);
    let relation = table.to_string();
    match change {
        Change::CreateIndex { .. } => {
            judgement.scans.push(relation.clone());
            judgement.index_builds.push(relation);
        }
        Change::AddColumn { column, .. } => add_column(column, judgement),
        // ADD COLUMN with a check reads every row to test it.
        Change::AddConstraint { constraint, .. } => {
            if matches!(constraint.kind, crate::schema::ConstraintKind::Check { .. }) {
                judgement.scans.push(relation);
            }
        }
        Change::DropColumn { column, .. } => {
            judgement.rewrites.push(relation);
            let message = format!("the values of {}.{column} are destroyed", table.short());
            risk(judgement, "drop-column", Severity::High, &message, "Keep a copy of the column first.");
        }
        Change::DropTable { .. } => {
            let message = format!("{} is destroyed with all its rows", table.short());
            risk(judgement, "drop-table", Severity::High, &message, "Keep a copy, or rename the table first.");
        }
        Change::RenameTable { .. } | Change::RenameColumn { .. } => {
            risk(
                judgement,
                "rename-breaks-application",
                Severity::Medium,
                "whatever uses the old name fails from this moment on",
                "Change the application in the same moment, or add the new name beside the old one first.",
            );
        }
        _ => {}
    }
}

fn add_column(column: &Column, judgement: &mut Judgement) {
    let default = column.default.as_deref().is_some_and(|d| !d.trim().eq_ignore_ascii_case("null"));
    if !column.nullable && !default && column.generated.is_none() {
        risk(
            judgement,
            "sqlite-add-required-column",
            Severity::High,
            "SQLite refuses a NOT NULL column without a default",
            "Give it a default, or let the plan rebuild the table with a value for the rows that are there.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sqlite::SqliteDialect;
    use crate::risk::Judge;
    use crate::schema::{EngineKind, Schema};
    use crate::sql::Syntax;

    fn judged(sql: &str) -> Judgement {
        let mut schema = Schema::empty(EngineKind::Sqlite);
        for statement in SqliteDialect.read("CREATE TABLE t (a, b); CREATE TABLE u (a)", &schema.clone()).statements {
            for change in &statement.reading.changes {
                schema.apply(change).unwrap();
            }
        }
        let script = SqliteDialect.read(sql, &schema);
        let context = Context {
            schema: &schema,
            connected: true,
            made_here: &std::collections::HashSet::new(),
            in_transaction: true,
        };
        SqliteDialect.judge(&script.statements[0], &context)
    }

    #[test]
    fn writes_lock_and_reads_do_not() {
        assert_eq!(judged("SELECT * FROM t").locks, []);
        assert_eq!(judged("UPDATE t SET a = 1").locks[0].relation, "main.t");
        let index = judged("CREATE INDEX i ON t (a)");
        assert_eq!((index.scans.len(), index.index_builds.len(), index.locks.len()), (1, 1, 1));
        assert_eq!(judged("ALTER TABLE t DROP COLUMN b").rewrites, ["main.t"]);
        assert_eq!(judged("VACUUM").rewrites.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let judgement = judged("ALTER TABLE t FROBNICATE");
        assert!(!judgement.known && judgement.locks.is_empty());
    }
}
