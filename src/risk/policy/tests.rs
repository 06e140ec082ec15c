//! The policy at work on statements.

use super::Policy;
use crate::engine;
use crate::plan::Severity;
use crate::risk::{Conditions, Settings, Transactions, lint_by};
use crate::schema::{EngineKind, Namespace, Schema, TableStats};
use jiff::Timestamp;

fn found(policy: &str, at: Option<&str>, sql: &str) -> Vec<String> {
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.namespaces.insert("public".into(), Namespace::default());
    for statement in dialect.read("create table ledger_a (a int); create table big (a int)", &schema.clone()).statements
    {
        for change in &statement.reading.changes {
            schema.apply(change).unwrap();
        }
    }
    let names: Vec<_> = schema.tables.keys().cloned().collect();
    for name in names {
        schema.tables.get_mut(&name).unwrap().stats =
            TableStats { rows: Some(1 << 24), bytes: Some(1 << 30), ..TableStats::default() };
    }
    let settings = Settings {
        policy: toml::from_str(policy).unwrap(),
        at: at.map(|at| at.parse().unwrap()),
        ..Settings::default()
    };
    let script = dialect.read(sql, &schema);
    let conditions = Conditions { connected: true, transactions: Transactions::ByText, settings: &settings };
    let risks = lint_by(&script, &schema, dialect.as_ref(), &conditions).into_iter().flat_map(|f| f.risks);
    risks.filter(|r| r.rule.starts_with("policy-")).map(|r| format!("{}: {}", r.rule, r.message)).collect()
}

fn says(found: &[String], rule: &str, part: &str) -> bool {
    found.iter().any(|told| told.starts_with(rule) && told.contains(part))
}

#[test]
fn names_are_held_against_their_patterns() {
    let policy = "naming.table = '^[a-z]+$'\nnaming.index = '_idx$'\nnaming.primary_key = '^pk_'";
    let told = found(policy, None, "create table Orders2 (id int primary key); create index orders_i on big (a)");
    assert!(says(&told, "policy-naming", "table orders2"), "{told:?}");
    assert!(says(&told, "policy-naming", "primary key orders2_pkey") && says(&told, "policy-naming", "index orders_i"));
    let right = "create table orders (id int constraint pk_orders primary key); create index a_idx on big (a)";
    assert_eq!(found(policy, None, right), Vec::<String>::new());
}

#[test]
fn required_columns_may_come_later_in_the_file() {
    let policy = "[[required_columns]]\ncolumns = ['created_at']\nexcept = '_log$'";
    assert!(says(&found(policy, None, "create table x (a int)"), "policy-required-column", "no created_at"));
    for right in ["create table x (a int); alter table x add created_at timestamptz", "create table x_log (a int)"] {
        assert_eq!(found(policy, None, right), Vec::<String>::new());
    }
}

#[test]
fn what_is_forbidden_is_told_by_kind_and_by_rule() {
    let policy =
        "forbid = ['drop table', { what = 'truncate', tables = '^ledger_', why = 'auditors' }, 'rename-column']";
    assert!(says(&found(policy, None, "drop table big"), "policy-forbidden", "DROP TABLE"));
    assert!(says(&found(policy, None, "truncate ledger_a"), "policy-forbidden", "auditors"));
    assert!(says(&found(policy, None, "truncate ledger_unknown"), "policy-forbidden", "auditors"));
    assert!(says(&found(policy, None, "alter table big rename a to b"), "policy-forbidden", "rename-column"));
    assert_eq!(found(policy, None, "truncate big"), Vec::<String>::new());
}

#[test]
fn the_hour_counts_when_it_is_given() {
    let policy = "[[windows]]\nfrom = '22:00'\nto = '05:00'\n[[peak]]\nfrom = '08:00'\nto = '19:00'";
    let noon = Some("2026-01-12T12:00:00Z");
    let told = found(policy, noon, "alter table big add b int");
    assert!(says(&told, "policy-window", "22:00") && says(&told, "policy-peak", "08:00"), "{told:?}");
    assert!(!says(&found(policy, noon, "create index concurrently i on big (a)"), "policy-peak", ""));
    assert_eq!(found(policy, noon, "select 1"), Vec::<String>::new());
    assert_eq!(found(policy, None, "alter table big add b int"), Vec::<String>::new());
}

#[test]
fn tables_have_their_limits() {
    let policy = "limits = { columns = 2, indexes = 1, locked_bytes = 1_000_000 }";
    assert!(says(&found(policy, None, "create table x (a int, b int, c int)"), "policy-table-limit", "3 columns"));
    assert!(says(
        &found(policy, None, "create index i on big (a); create index j on big (a)"),
        "policy-table-limit",
        "2 indexes"
    ));
    assert!(says(&found(policy, None, "create index i on big (a)"), "policy-table-limit", "1024 MB"));
    assert_eq!(found(policy, None, "create index concurrently i on big (a)"), Vec::<String>::new());
}

fn policy(text: &str) -> Policy {
    toml::from_str(text).unwrap()
}

#[test]
fn a_policy_is_read_with_its_short_and_its_long_forms() {
    let read = policy(
        "forbid = ['DROP DATABASE', { what = 'truncate', tables = '^ledger_', why = 'auditors' }]\n\
         naming.table = '^[a-z_]+$'\n[[required_columns]]\ncolumns = ['created_at']\n[limits]\ncolumns = 9",
    );
    assert_eq!(read.forbid[0].what, "DROP DATABASE");
    assert_eq!(read.forbid[1].why.as_deref(), Some("auditors"));
    assert!(read.naming.table.unwrap().fits("orders"));
    assert_eq!((read.required_columns.len(), read.limits.columns), (1, Some(9)));
    assert!(toml::from_str::<Policy>("namings = 1").is_err(), "unknown keys are refused");
    assert!(toml::from_str::<Policy>("naming.table = '('").is_err(), "a broken pattern is refused");
}

#[test]
fn windows_and_peaks_hold_at_their_hours() {
    let read = policy(
        "[[windows]]\ndays = ['sat']\nfrom = '22:00'\nto = '05:00'\nzone = 'Europe/Vienna'\n\
         [[peak]]\nfrom = '08:00'\nto = '19:00'",
    );
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // Saturday the 10th of January 2026, 23:30 in Vienna; the window goes on into Sunday.
    assert_eq!(read.closed(at("2026-01-10T22:30:00Z")), None);
    assert_eq!(read.closed(at("2026-01-11T03:30:00Z")), None);
    assert!(read.closed(at("2026-01-11T04:30:00Z")).unwrap().contains("sat"));
    assert!(read.peak_at(at("2026-01-12T12:00:00Z")).is_some());
    assert!(read.peak_at(at("2026-01-12T19:00:00Z")).is_none());
}

#[test]
fn approval_is_by_the_named_and_never_by_the_operator() {
    let read = policy("[[approvals]]\nseverity = 'high'\nby = ['ana', 'ben']");
    let lacks = |severity, by: &[&str]| {
        let by: Vec<String> = by.iter().map(|n| (*n).to_owned()).collect();
        read.lacks_approval(severity, &by, "ana").is_some()
    };
    assert!(!lacks(Severity::Medium, &[]));
    assert!(lacks(Severity::High, &[]) && lacks(Severity::Critical, &["eve"]) && lacks(Severity::High, &["ana"]));
    assert!(!lacks(Severity::High, &["ben"]));
}
