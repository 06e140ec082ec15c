//! Rules about what statements of one transaction, or of one file, do to each other.

use super::Group::Transaction;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{Critical, High, Info, Low, Medium};

const LOCKS: Page = manual("Explicit Locking, Table-Level Locks", "explicit-locking.html");
const TIMEOUTS: Page = manual("Client Connection Defaults, Statement Behavior", "runtime-config-client.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Transaction,
        "not-in-transaction",
        Info,
        "Cannot run in a transaction",
        "The server refuses this statement inside a transaction, and what it did stays when it breaks off.",
        "Run it on its own; tell your migration tool not to open a transaction for this file.",
    )
    .fact()
    .pages(&[manual("CREATE INDEX, CONCURRENTLY", "sql-createindex.html")]),
    rule(
        Transaction,
        "transaction-would-fail",
        Critical,
        "This step would fail",
        "A statement in it cannot run inside a transaction, together with others that need one.",
        "Make it a step of its own.",
    )
    .fact()
    .pages(&[manual("CREATE INDEX, CONCURRENTLY", "sql-createindex.html")]),
    rule(
        Transaction,
        "lock-timeout-missing",
        Low,
        "Waits for its lock without an end",
        "Behind one long transaction the statement queues, and everybody who wants the table queues behind it.",
        "SET lock_timeout = '2s' before it (or SET LOCAL in its transaction), and try again when it is hit.",
    )
    .pages(&[TIMEOUTS, LOCKS]),
    rule(
        Transaction,
        "lock-timeout-too-long",
        Low,
        "Lock timeout is off or longer than people wait",
        "While the statement waits for its lock, everybody who comes later waits too.",
        "A few seconds at most; try again rather than wait.",
    )
    .fact()
    .pages(&[TIMEOUTS]),
    rule(
        Transaction,
        "statement-timeout-missing",
        Info,
        "Nothing ends a statement that takes too long",
        "Work under a lock that keeps others out goes on until it is done, however long that is.",
        "SET statement_timeout to what others can bear, where the statement works under such a lock.",
    )
    .if_asked()
    .pages(&[TIMEOUTS]),
    rule(
        Transaction,
        "statement-while-locked",
        Medium,
        "More is done while a table is locked against everybody",
        "A lock is held until the transaction ends, so that each statement after it makes everybody wait longer.",
        "End the transaction after the statement that needs the lock, or put that one last.",
    )
    .pages(&[LOCKS]),
    rule(
        Transaction,
        "backfill-while-locked",
        High,
        "Rows are written while a table is locked against everybody",
        "The change of the schema takes a moment, but its lock is held until the rows are written too.",
        "Commit the change of the schema first, and write the rows in batches, each in a transaction of its own.",
    )
    .pages(&[LOCKS]),
    rule(
        Transaction,
        "several-tables-locked",
        Low,
        "One transaction locks several tables, one after the other",
        "While it waits for the next table it holds the others; two such transactions in another order are a deadlock.",
        "One table a transaction; where it must be several, always in the same order.",
    )
    .pages(&[manual("Explicit Locking, Deadlocks", "explicit-locking.html")]),
    rule(
        Transaction,
        "validate-in-same-transaction",
        High,
        "Validated in the transaction that added it",
        "The lock of ADD CONSTRAINT is held while every row is read, so that NOT VALID has won nothing.",
        "Commit after ADD CONSTRAINT … NOT VALID, and validate in a transaction of its own.",
    )
    .pages(&[manual("ALTER TABLE, VALIDATE CONSTRAINT", "sql-altertable.html")]),
    rule(
        Transaction,
        "alter-table-again",
        Info,
        "Several ALTER TABLEs of one table",
        "Each waits for the lock anew, and each rewrite or scan is done on its own.",
        "Join them: one ALTER TABLE takes several actions, and reads or writes the table once.",
    )
    .pages(&[manual("ALTER TABLE, Notes", "sql-altertable.html")]),
    rule(
        Transaction,
        "enum-value-in-transaction",
        Info,
        "Enum value added in a transaction",
        "The new value cannot be used before the transaction that adds it is committed.",
        "Add the value in a transaction of its own, before the statements that use it.",
    )
    .fact()
    .pages(&[manual("ALTER TYPE, Notes", "sql-altertype.html")]),
    rule(
        Transaction,
        "enum-value-used-too-soon",
        Critical,
        "Enum value used before it is committed",
        "The server refuses to use a value that the same transaction has added to an existing enum.",
        "Add the value in a transaction of its own, before the statements that use it.",
    )
    .fact()
    .pages(&[manual("ALTER TYPE, Notes", "sql-altertype.html")]),
    rule(
        Transaction,
        "schema-and-rows-mixed",
        Info,
        "Schema and rows changed in one transaction",
        "The strongest locks of the one are held for the time of the other, and they cannot be taken back apart.",
        "Put changes of rows into a migration of their own.",
    )
    .fact()
    .pages(&[LOCKS]),
    rule(
        Transaction,
        "transaction-not-ended",
        High,
        "Transaction without an end",
        "Without COMMIT everything after BEGIN is taken back when the session ends, or its locks are held until then.",
        "End it with COMMIT.",
    )
    .fact()
    .pages(&[manual("BEGIN", "sql-begin.html")]),
    rule(
        Transaction,
        "transaction-nested",
        Medium,
        "BEGIN inside a transaction",
        "There are no nested transactions: the second BEGIN is a warning, and the first COMMIT ends it all.",
        "Leave it out; where a part may fail on its own, use SAVEPOINT.",
    )
    .fact()
    .pages(&[manual("BEGIN", "sql-begin.html"), manual("SAVEPOINT", "sql-savepoint.html")]),
    rule(
        Transaction,
        "transaction-ends-early",
        High,
        "COMMIT or ROLLBACK inside the runner's transaction",
        "The tool runs the file in a transaction of its own; this ends it, so that what follows is not taken back when it \
         fails, and the tool's record may not be written.",
        "Leave it out, or tell the tool not to open a transaction for this file.",
    )
    .fact()
    .pages(&[manual("COMMIT", "sql-commit.html")]),
    rule(
        Transaction,
        "rewritten-after-index",
        Medium,
        "Index built, then built again by a rewrite",
        "A later statement of the same file writes the table anew, and with it every index.",
        "Do what rewrites the table first, and build the index then.",
    )
    .pages(&[manual("Populating a Database", "populate.html")]),
];
