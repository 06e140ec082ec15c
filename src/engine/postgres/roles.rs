//! The roles that statements name, and which of them the server does not have.

use super::reader::cursor::Cursor;
use super::wire::{Cells, literal, rows};
use crate::Result;
use crate::plan::Step;
use sqlx::postgres::PgConnection;
use std::collections::BTreeSet;

/// Words that stand where a role would, and mean one that is there.
const ALWAYS_THERE: [&str; 5] = ["public", "current_user", "current_role", "session_user", "none"];

/// Roles that the steps name and neither the server has nor a step makes.
pub(super) async fn missing(connection: &mut PgConnection, steps: &[Step]) -> Result<Vec<String>> {
    let mut named = BTreeSet::new();
    for sql in steps.iter().flat_map(|step| &step.sql) {
        if makes_roles(sql) {
            return Ok(Vec::new());
        }
        named.extend(named_in(sql));
    }
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<String> = named.iter().map(|role| literal(role)).collect();
    let sql = format!(
        "SELECT asked.role FROM pg_catalog.unnest(ARRAY[{}]::text[]) asked (role) \
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = asked.role) ORDER BY 1",
        list.join(", ")
    );
    rows(connection, &sql).await?.iter().map(|row| Cells::new(row).take()).collect()
}

/// Whether a statement may make roles: which ones a block of code makes is not told by its text.
fn makes_roles(sql: &str) -> bool {
    let text = sql.to_ascii_lowercase();
    ["create role", "create user", "create group", "alter role"].iter().any(|words| text.contains(words))
}

/// The roles in one statement about rights, owners or policies; none in any other.
fn named_in(sql: &str) -> BTreeSet<String> {
    let mut cursor = Cursor::new(sql);
    let mut out = BTreeSet::new();
    if cursor.take_any(&["grant", "revoke"]).is_some() {
        if passes(&mut cursor, &["to", "from"]) {
            list(&mut cursor, &mut out);
        }
    } else if cursor.take("alter default privileges") {
        if cursor.take_any(&["for role", "for user"]).is_some() {
            list(&mut cursor, &mut out);
        }
        if passes(&mut cursor, &["to", "from"]) {
            list(&mut cursor, &mut out);
        }
    } else if cursor.take("create policy") {
        let mut before = Cursor::new(sql);
        passes(&mut before, &["using", "with check"]);
        if passes(&mut cursor, &["to"]) && cursor.position() < before.position() {
            list(&mut cursor, &mut out);
        }
    } else if cursor.take_any(&["set local role", "set role"]).is_some()
        || cursor.take("alter") && passes(&mut cursor, &["owner to"])
    {
        list(&mut cursor, &mut out);
    }
    out.retain(|role| !ALWAYS_THERE.contains(&role.as_str()));
    out
}

/// Goes on until one of the phrases has passed; false, and at the end, where there is none.
fn passes(cursor: &mut Cursor<'_>, phrases: &[&str]) -> bool {
    while !cursor.at_end() {
        if cursor.take_any(phrases).is_some() {
            return true;
        }
        cursor.step();
    }
    false
}

/// `a, "B", PUBLIC`, each perhaps after GROUP.
fn list(cursor: &mut Cursor<'_>, out: &mut BTreeSet<String>) {
    loop {
        cursor.take("group");
        let Some(role) = cursor.ident() else { return };
        out.insert(role);
        if !cursor.take_sign(',') {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_where_statements_name_them() {
        let named = |sql: &str| named_in(sql).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(
            named("GRANT SELECT (a, b) ON TABLE t TO reader, \"Web User\", PUBLIC WITH GRANT OPTION"),
            "Web User reader"
        );
        assert_eq!(named("REVOKE ALL ON ROUTINE f(integer) FROM old CASCADE"), "old");
        assert_eq!(named("ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA s GRANT SELECT ON TABLES TO a"), "a boss");
        assert_eq!(named("ALTER TABLE public.t OWNER TO app"), "app");
        assert_eq!(named("ALTER TABLE public.t ADD COLUMN owner text"), "");
        assert_eq!(named("CREATE POLICY p ON t FOR ALL TO clerk USING (true)"), "clerk");
        assert_eq!(named("CREATE POLICY p ON t USING (true)"), "");
        assert_eq!(named("SELECT 'GRANT x TO y'"), "");
    }

    #[test]
    fn a_plan_that_makes_roles_may_name_them() {
        assert!(makes_roles("create role x"));
        assert!(makes_roles("DO $$BEGIN CREATE ROLE x; END$$"));
        assert!(!makes_roles("ALTER TABLE t RENAME TO u"));
    }
}
