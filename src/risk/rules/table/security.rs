//! Rules about who may do what.

use super::Group::Security;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{High, Info, Low, Medium};

const ROW_SECURITY: Page = manual("Row Security Policies", "ddl-rowsecurity.html");
const PRIVILEGES: Page = manual("Privileges", "ddl-priv.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Security,
        "grant-to-public",
        Medium,
        "Given to everybody",
        "PUBLIC is every role that there is or will be.",
        "Grant it to the roles that need it.",
    )
    .fact()
    .pages(&[PRIVILEGES]),
    rule(
        Security,
        "grant-all",
        Low,
        "More given than named",
        "ALL includes what a reader or writer does not need, TRUNCATE and TRIGGER among it, and what later versions add.",
        "Name the privileges.",
    )
    .fact()
    .pages(&[PRIVILEGES]),
    rule(
        Security,
        "revoke",
        Medium,
        "Running code loses a privilege",
        "What uses it fails from this moment on.",
        "Make sure that no running code needs it.",
    )
    .fact()
    .pages(&[manual("REVOKE", "sql-revoke.html")]),
    rule(
        Security,
        "row-security-without-policy",
        High,
        "Row security without a policy hides every row",
        "With row security on and no policy, everybody but the owner and roles that bypass it sees and writes nothing.",
        "CREATE POLICY in the same transaction, before it is enabled.",
    )
    .fact()
    .pages(&[ROW_SECURITY]),
    rule(
        Security,
        "row-security-enabled",
        Low,
        "Rows are filtered from now on",
        "Roles that saw all rows see those that a policy allows.",
        "See with each application role what it still sees.",
    )
    .loss()
    .pages(&[ROW_SECURITY]),
    rule(
        Security,
        "row-security-disabled",
        High,
        "Row security switched off",
        "Everybody who may read the table sees all its rows from now on, whatever its policies say.",
        "Change the policies instead.",
    )
    .loss()
    .pages(&[ROW_SECURITY]),
    rule(
        Security,
        "policy-changed",
        Medium,
        "Row security policy changed",
        "Roles see or write other rows from now on.",
        "See with each application role what it sees before and after.",
    )
    .fact()
    .pages(&[ROW_SECURITY, manual("CREATE POLICY", "sql-createpolicy.html")]),
    rule(
        Security,
        "policy-allows-all",
        Medium,
        "Policy lets everybody through",
        "A policy of true for PUBLIC filters nothing: row security looks as if it were on.",
        "Say whose rows they are, or for which role it is.",
    )
    .fact()
    .pages(&[manual("CREATE POLICY", "sql-createpolicy.html")]),
    rule(
        Security,
        "security-definer-search-path",
        High,
        "Function with its owner's rights, without a fixed search path",
        "A caller who can make objects in a schema of the search path decides which ones the function uses, with the \
         owner's rights.",
        "Add SET search_path = pg_catalog, pg_temp (and your schema before pg_temp), and name objects with their schema.",
    )
    .fact()
    .pages(&[manual("CREATE FUNCTION, Writing SECURITY DEFINER Functions Safely", "sql-createfunction.html")]),
    rule(
        Security,
        "role-with-power",
        High,
        "Role that may do everything",
        "SUPERUSER, BYPASSRLS, CREATEROLE and REPLICATION go past what other privileges say.",
        "Grant what is needed, or a predefined role.",
    )
    .fact()
    .pages(&[manual("Role Attributes", "role-attributes.html"), manual("Predefined Roles", "predefined-roles.html")]),
    rule(
        Security,
        "password-in-text",
        High,
        "Password in the statement's text",
        "It stands in the migration, in the server's log and in pg_stat_statements.",
        "Set it with psql's \\password, or give the SCRAM verifier instead of the password.",
    )
    .fact()
    .pages(&[manual("CREATE ROLE, Notes", "sql-createrole.html")]),
    rule(
        Security,
        "set-role",
        Info,
        "Goes on as another role",
        "What follows is owned by, and allowed to, that role; without RESET ROLE it stays so for the session.",
        "RESET ROLE at the end, or use SET LOCAL ROLE.",
    )
    .fact()
    .pages(&[manual("SET ROLE", "sql-set-role.html")]),
    rule(
        Security,
        "untrusted-language",
        Medium,
        "Code of an untrusted language",
        "It can do on the server's machine whatever the server's user can.",
        "Use a trusted language, or keep the code in the application.",
    )
    .fact()
    .pages(&[manual("CREATE LANGUAGE", "sql-createlanguage.html")]),
];
