//! The table of rules.

use crate::plan::Severity;
use crate::plan::Severity::{Critical, High, Info, Low, Medium};

/// A rule, with what a person needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Permanent: configurations and ignore lists rely on it.
    pub id: &'static str,
    /// On a large or unknown table; a finding on a small one is graver than nothing but not more than low.
    pub severity: Severity,
    pub title: &'static str,
    pub why: &'static str,
    /// What to do instead.
    pub advice: &'static str,
}

const fn rule(
    id: &'static str,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    advice: &'static str,
) -> Rule {
    Rule { id, severity, title, why, advice }
}

static RULES: &[Rule] = &[
    rule(
        "index-not-concurrent",
        High,
        "Index built while writes wait",
        "A plain CREATE INDEX lets nobody write to the table until the whole index is built.",
        "Build it with CREATE INDEX CONCURRENTLY, outside a transaction.",
    ),
    rule(
        "drop-index-not-concurrent",
        Medium,
        "Index dropped under the strongest lock",
        "DROP INDEX waits for every reader and writer of the table, and everybody who comes later waits behind it.",
        "Use DROP INDEX CONCURRENTLY, outside a transaction.",
    ),
    rule(
        "constraint-not-valid-missing",
        High,
        "Constraint checked while writes wait",
        "Adding a check or foreign key reads the whole table under a lock that keeps writers out.",
        "Add it NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.",
    ),
    rule(
        "unique-constraint-builds-index",
        High,
        "Unique constraint builds its index under the strongest lock",
        "ADD UNIQUE builds an index while nobody can read or write the table.",
        "Build a unique index CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX.",
    ),
    rule(
        "primary-key-builds-index",
        High,
        "Primary key builds its index under the strongest lock",
        "ADD PRIMARY KEY builds an index, and may check for NULLs, while nobody can read or write the table.",
        "Build a unique index CONCURRENTLY, make the columns NOT NULL, then ADD PRIMARY KEY USING INDEX.",
    ),
    rule(
        "set-not-null-scan",
        High,
        "NOT NULL checked under the strongest lock",
        "SET NOT NULL reads every row while nobody can read or write the table, unless a valid check proves it.",
        "Add CHECK (column IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, then drop the check.",
    ),
    rule(
        "volatile-default-rewrite",
        High,
        "New column's values make the table be written anew",
        "A default that differs row by row, an identity or a stored generated column is computed for every row at once.",
        "Add the column without it, set the default for new rows, and fill the old ones in batches.",
    ),
    rule(
        "table-rewrite",
        High,
        "Table written anew",
        "Every row is copied while nobody can read or write the table, and twice the space is needed.",
        "Look for a way in smaller steps, or do it while nobody needs the table.",
    ),
    rule(
        "type-change-rewrite",
        High,
        "Type change writes the table anew",
        "The old and the new type are stored differently, so every row is copied under the strongest lock.",
        "Add a new column of the new type, fill it in batches, switch the application over, then drop the old one.",
    ),
    rule(
        "drop-table",
        High,
        "Table and its rows removed",
        "What is in the table is gone, and code that still names it fails.",
        "Make sure that nothing uses it, and keep a copy for a while.",
    ),
    rule(
        "drop-column",
        High,
        "Column and its values removed",
        "The values are gone, and code that still names the column fails, SELECT * in cached plans included.",
        "Deploy code that does not use it first, and keep a copy of the values for a while.",
    ),
    rule("drop-other", Medium, "Object removed", "Code that still uses it fails.", "Make sure that nothing uses it."),
    rule(
        "truncate",
        High,
        "All rows removed",
        "TRUNCATE removes every row at once, under the strongest lock.",
        "Keep a copy, or delete in batches.",
    ),
    rule(
        "rename-table",
        High,
        "Running code loses the table",
        "Code that is running now uses the old name and fails from this moment on.",
        "Rename and leave a view under the old name until all code uses the new one.",
    ),
    rule(
        "rename-column",
        High,
        "Running code loses the column",
        "Code that is running now uses the old name and fails from this moment on.",
        "Add the new column, keep both the same, switch the code over, then drop the old one.",
    ),
    rule(
        "required-column-without-default",
        High,
        "Required column without a value for existing rows",
        "The statement fails when the table has rows, and afterwards inserts that do not know the column fail.",
        "Give it a default, or add it as nullable, fill it, and require it then.",
    ),
    rule(
        "update-without-where",
        Medium,
        "Every row is updated at once",
        "One long transaction locks every row, bloats the table and delays replicas.",
        "Update in batches along the key.",
    ),
    rule(
        "delete-without-where",
        High,
        "Every row is deleted",
        "There is no condition, so all rows go.",
        "Add a condition, or say TRUNCATE when all rows are meant.",
    ),
    rule(
        "unread-statement",
        High,
        "Not understood",
        "What cannot be read is never called safe.",
        "Try it on a copy of the database first and look at the locks that it takes.",
    ),
    rule(
        "lock-blocks-reads",
        High,
        "Readers and writers wait",
        "The lock conflicts with every use of the table, plain SELECT included.",
        "Run it with a short lock timeout and try again, so that nobody queues behind it.",
    ),
    rule(
        "lock-blocks-writes",
        Medium,
        "Writers wait",
        "INSERT, UPDATE and DELETE wait until the transaction ends.",
        "Run it with a short lock timeout, in a transaction that does nothing else.",
    ),
    rule(
        "fk-without-index",
        Low,
        "Foreign key without an index",
        "Each delete or key change in the referenced table reads the whole referencing table.",
        "Build an index on the foreign key's columns.",
    ),
    rule(
        "irreversible",
        Medium,
        "No way back",
        "When this turns out wrong it cannot be taken back by Lockstep.",
        "Have a backup, or a plan for going forward.",
    ),
    rule(
        "long-backfill",
        Low,
        "Long backfill",
        "Many rows are written: it takes time, makes the table grow, and gives replicas work.",
        "Start when there is little load; it can be paused at any time.",
    ),
    rule(
        "enum-value-cannot-be-removed",
        Info,
        "Enum value stays for good",
        "A value that was added to an enum can be renamed but not removed.",
        "Make sure of its name.",
    ),
    rule(
        "vacuum-full-or-cluster",
        High,
        "Table written anew by maintenance",
        "VACUUM FULL and CLUSTER copy the table while nobody can read or write it.",
        "Plain VACUUM gives space back for reuse; pg_repack copies the table without keeping others out.",
    ),
    rule(
        "not-in-transaction",
        Info,
        "Cannot run in a transaction",
        "The server refuses this statement inside a transaction, and what it did stays when it breaks off.",
        "Run it on its own; tell your migration tool not to open a transaction for this file.",
    ),
    rule(
        "explicit-lock",
        Medium,
        "Table locked by hand",
        "The lock is held until the transaction ends, whatever it was needed for.",
        "Keep the transaction short, and take no stronger lock than needed.",
    ),
    rule(
        "transaction-would-fail",
        Critical,
        "This step would fail",
        "A statement in it cannot run inside a transaction, together with others that need one.",
        "Make it a step of its own.",
    ),
];

/// Every rule.
pub fn all() -> &'static [Rule] {
    RULES
}

/// The rule of an id.
pub fn explain(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_given_once() {
        let mut seen = std::collections::HashSet::new();
        for rule in all() {
            assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
            assert!(seen.insert(rule.id), "{} is there twice", rule.id);
            assert_eq!(explain(rule.id), Some(rule));
        }
    }
}
