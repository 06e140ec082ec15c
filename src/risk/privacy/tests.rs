//! The privacy rules at work.

use crate::engine;
use crate::risk::{Conditions, Settings, Transactions, lint_by};
use crate::schema::{EngineKind, Namespace, Schema};

const BASE: &str = "
    create table users (id bigint primary key, email text, name text, created_at timestamptz);
    create table products (id bigint primary key, name text);
    create table patients (id bigint primary key, name text, diagnosis text, created_at timestamptz, updated_by text);
    alter table patients enable row level security;
    create table audit_log (id bigint, what text);";

fn found(settings: &Settings, sql: &str) -> Vec<String> {
    let dialect = engine::dialect(EngineKind::Postgres).unwrap();
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.namespaces.insert("public".into(), Namespace::default());
    for statement in dialect.read(BASE, &schema.clone()).statements {
        for change in &statement.reading.changes {
            schema.apply(change).unwrap();
        }
    }
    let script = dialect.read(sql, &schema);
    let conditions = Conditions { connected: true, transactions: Transactions::ByText, settings };
    let findings = lint_by(&script, &schema, dialect.as_ref(), &conditions);
    assert!(findings.iter().all(|f| f.parsed), "{sql} does not read");
    findings.into_iter().flat_map(|f| f.risks).map(|r| format!("{}: {}", r.rule, r.message)).collect()
}

#[test]
fn each_rule_fires_where_it_should_and_not_next_to_it() {
    let cases = [
        ("personal-data-added", "alter table users add phone text", "alter table users add score int"),
        ("special-category-added", "alter table users add religion text", "alter table users add theme text"),
        ("child-data-added", "create table pupils (id int, name text)", "create table schools (id int, name text)"),
        (
            "credentials-in-plain-text",
            "alter table users add password text",
            "alter table users add password_hash text",
        ),
        (
            "personal-data-without-retention",
            "create table leads (id int, email text)",
            "create table leads (id int, email text, expires_at timestamptz)",
        ),
        (
            "personal-data-without-erasure-path",
            "create table letters (id int, email text, user_id bigint references users, created_at date)",
            "create table letters (id int, email text, user_id bigint references users on delete cascade, created_at date)",
        ),
        (
            "health-data-without-row-security",
            "create table visits (id int, diagnosis text)",
            "create table visits (id int, diagnosis text); alter table visits enable row level security",
        ),
        (
            "health-data-not-encrypted",
            "create table visits (id int, diagnosis text)",
            "create table visits (id int, diagnosis bytea)",
        ),
        (
            "health-data-without-audit",
            "create table visits (id int, diagnosis text)",
            "create table visits (id int, diagnosis text, changed_by text)",
        ),
        ("personal-data-indexed", "create index i on patients (diagnosis)", "create index i on products (name)"),
        ("personal-data-in-view", "create view v as select email from users", "create view v as select id from users"),
        (
            "personal-data-in-view",
            "create view v as select * from users",
            "create view v as select count(*) from users",
        ),
        ("personal-data-granted", "grant select on users to public", "grant select on products to public"),
        ("personal-data-granted", "grant select (email) on users to ana", "grant select (id) on users to ana"),
        ("personal-data-granted", "grant all on users to ana", "grant insert on users to ana"),
        ("audit-trail-removed", "drop table audit_log", "drop table products"),
        ("audit-trail-removed", "alter table patients drop updated_by", "alter table patients drop name"),
        (
            "protection-removed",
            "alter table patients disable row level security",
            "alter table products disable row level security",
        ),
        ("personal-data-replicated", "create publication p for table users", "create publication p for table products"),
        (
            "personal-data-copied",
            "create table copies as select * from users",
            "create table copies as select id from users",
        ),
        (
            "personal-data-copied",
            "insert into products select id, name from users",
            "insert into users (id) select id from products",
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, meets, passes) in cases {
        for (sql, wanted) in [(meets, true), (passes, false)] {
            let found = found(&Settings::default(), sql);
            if found.iter().any(|told| told.starts_with(&format!("{rule}:"))) != wanted {
                wrong.push(format!("{sql}: {rule} {wanted}; found {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_names_what_it_rests_on_in_the_laws_that_count() {
    let both = found(&Settings::default(), "create table visits (id int, diagnosis text)");
    let told = both.iter().find(|told| told.starts_with("health-data-not-encrypted")).unwrap();
    assert!(told.contains("HIPAA 164.312(a)(2)(iv)") && told.contains("GDPR Art. 32(1)(a)"), "{told}");
    let gdpr = Settings { privacy: toml::from_str("sets = ['gdpr']").unwrap(), ..Settings::default() };
    let told = found(&gdpr, "create table visits (id int, diagnosis text)");
    assert!(told.iter().all(|told| !told.contains("HIPAA")), "{told:?}");
    assert!(!told.iter().any(|told| told.starts_with("health-data-without-audit")), "that rests on HIPAA alone");
    let none = Settings { privacy: toml::from_str("sets = []").unwrap(), ..Settings::default() };
    let told = found(&none, "create table visits (id int, diagnosis text)");
    assert!(!told.iter().any(|told| told.contains("data-")), "{told:?}");
}
