//! Rules about who has to wait, and for how long.

use super::Group::Locking;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{Critical, High, Info, Low, Medium};

const LOCKS: Page = manual("Explicit Locking, Table-Level Locks", "explicit-locking.html");
const ALTER_TABLE: Page = manual("ALTER TABLE, Notes", "sql-altertable.html");
const CREATE_INDEX: Page = manual("CREATE INDEX, Building Indexes Concurrently", "sql-createindex.html");
const PARTITIONS: Page = manual("Table Partitioning, Partition Maintenance", "ddl-partitioning.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Locking,
        "index-not-concurrent",
        High,
        "Index built while writes wait",
        "A plain CREATE INDEX lets nobody write to the table until the whole index is built.",
        "Build it with CREATE INDEX CONCURRENTLY, outside a transaction.",
    )
    .pages(&[CREATE_INDEX]),
    rule(
        Locking,
        "drop-index-not-concurrent",
        Medium,
        "Index dropped under the strongest lock",
        "DROP INDEX waits for every reader and writer of the table, and everybody who comes later waits behind it.",
        "Use DROP INDEX CONCURRENTLY, outside a transaction.",
    )
    .pages(&[manual("DROP INDEX, Parameters", "sql-dropindex.html")]),
    rule(
        Locking,
        "reindex-not-concurrent",
        High,
        "Index built anew while writes wait",
        "REINDEX keeps writers out of the table, and readers who would use the index, until it is built.",
        "Use REINDEX (CONCURRENTLY), outside a transaction.",
    )
    .pages(&[manual("REINDEX, Rebuilding Indexes Concurrently", "sql-reindex.html")]),
    rule(
        Locking,
        "index-on-partitioned-table",
        High,
        "Index built on every partition at once",
        "An index on a partitioned table is built on one partition after the other, and all stay locked to the end.",
        "CREATE INDEX … ON ONLY the parent, build each partition's index CONCURRENTLY, then ALTER INDEX … ATTACH PARTITION.",
    )
    .pages(&[CREATE_INDEX, PARTITIONS]),
    rule(
        Locking,
        "exclusion-constraint-builds-index",
        High,
        "Exclusion constraint builds its index under the strongest lock",
        "There is no concurrent way to build it: nobody can read or write the table until the index is built and every \
         row is checked.",
        "Do it while nobody needs the table, or on a new table that takes over from the old one.",
    )
    .pages(&[manual("CREATE TABLE, EXCLUDE", "sql-createtable.html"), ALTER_TABLE]),
    rule(
        Locking,
        "constraint-not-valid-missing",
        High,
        "Constraint checked while writes wait",
        "Adding a check or foreign key reads the whole table under a lock that keeps writers out.",
        "Add it NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "unique-constraint-builds-index",
        High,
        "Unique constraint builds its index under the strongest lock",
        "ADD UNIQUE builds an index while nobody can read or write the table.",
        "Build a unique index CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX.",
    )
    .pages(&[manual("ALTER TABLE, ADD table_constraint_using_index", "sql-altertable.html")]),
    rule(
        Locking,
        "primary-key-builds-index",
        High,
        "Primary key builds its index under the strongest lock",
        "ADD PRIMARY KEY builds an index, and may check for NULLs, while nobody can read or write the table.",
        "Build a unique index CONCURRENTLY, make the columns NOT NULL, then ADD PRIMARY KEY USING INDEX.",
    )
    .pages(&[manual("ALTER TABLE, ADD table_constraint_using_index", "sql-altertable.html")]),
    rule(
        Locking,
        "primary-key-on-nullable-scan",
        High,
        "Primary key looks for NULLs under the strongest lock",
        "The index is there already, but its columns may be NULL, so that every row is read while nobody can use the \
         table.",
        "Make the columns NOT NULL first, by way of a validated check.",
    )
    .pages(&[manual("ALTER TABLE, ADD table_constraint_using_index", "sql-altertable.html")]),
    rule(
        Locking,
        "set-not-null-scan",
        High,
        "NOT NULL checked under the strongest lock",
        "SET NOT NULL reads every row while nobody can read or write the table, unless a valid check proves it.",
        "Add CHECK (column IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, then drop the check. From version 18 \
         on, ADD CONSTRAINT … NOT NULL column NOT VALID and VALIDATE do the same.",
    )
    .pages(&[manual("ALTER TABLE, SET NOT NULL", "sql-altertable.html")]),
    rule(
        Locking,
        "volatile-default-rewrite",
        High,
        "New column's values make the table be written anew",
        "A default that differs row by row, an identity, a stored generated column or a domain with constraints is \
         computed for every row at once.",
        "Add the column without it, set the default for new rows, and fill the old ones in batches.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "table-rewrite",
        High,
        "Table written anew",
        "Every row is copied while nobody can read or write the table, and twice the space is needed.",
        "Look for a way in smaller steps, or do it while nobody needs the table.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "rewrite-needs-space",
        Medium,
        "Space for a second copy is needed",
        "Until the rewrite commits, the old rows and indexes and the new ones exist together, and all of it goes through \
         the write-ahead log to every standby.",
        "Make sure that the disk has room for it, and that replicas and log archiving keep up.",
    )
    .pages(&[ALTER_TABLE, manual("Monitoring Disk Usage", "diskusage.html")]),
    rule(
        Locking,
        "type-change-rewrite",
        High,
        "Type change writes the table anew",
        "The old and the new type are stored differently, so every row is copied under the strongest lock.",
        "Add a new column of the new type, fill it in batches, switch the application over, then drop the old one.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "type-change-rechecks",
        High,
        "Type change reads the table or builds its indexes anew",
        "The rows stay as they are, but what depends on the column's type or collation is checked or built again while \
         nobody can read or write the table.",
        "Drop what depends on it first and make it again the online way afterwards, or change over to a new column.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "session-timezone-rewrite",
        Medium,
        "What the type change does depends on the session's time zone",
        "Between timestamp and timestamp with time zone the values are converted in the session's zone; only in UTC are \
         they the same, and the table is left as it is.",
        "Say USING column AT TIME ZONE 'Zone/City', or SET timezone = 'UTC' first where the values mean UTC.",
    )
    .pages(&[manual("Date/Time Types, Time Stamps", "datatype-datetime.html"), ALTER_TABLE]),
    rule(
        Locking,
        "generated-expression-rewrite",
        High,
        "Stored generated column computed anew for every row",
        "SET EXPRESSION writes the whole table anew under the strongest lock.",
        "Add a new generated or plain column, fill it in batches, and switch the application over.",
    )
    .from(17)
    .pages(&[manual("ALTER TABLE, SET EXPRESSION", "sql-altertable.html")]),
    rule(
        Locking,
        "set-logged-rewrite",
        High,
        "Table written anew to be logged or unlogged",
        "SET LOGGED and SET UNLOGGED copy the table; an unlogged table is empty after a crash and is not on standbys.",
        "Decide it when the table is made, or do it while nobody needs the table.",
    )
    .pages(&[manual("ALTER TABLE, SET LOGGED", "sql-altertable.html"), manual("CREATE TABLE, UNLOGGED", "sql-createtable.html")]),
    rule(
        Locking,
        "set-tablespace-copy",
        High,
        "Files copied to another tablespace under the strongest lock",
        "SET TABLESPACE copies the table's or index's files while nobody can use them.",
        "Do it while nobody needs the table; for indexes, REINDEX (CONCURRENTLY, TABLESPACE …) is the online way.",
    )
    .pages(&[manual("ALTER TABLE, SET TABLESPACE", "sql-altertable.html"), manual("REINDEX", "sql-reindex.html")]),
    rule(
        Locking,
        "access-method-rewrite",
        High,
        "Table written anew for another access method",
        "SET ACCESS METHOD copies every row while nobody can read or write the table.",
        "Make a new table with the method, copy in batches and swap.",
    )
    .from(15)
    .pages(&[manual("ALTER TABLE, SET ACCESS METHOD", "sql-altertable.html")]),
    rule(
        Locking,
        "vacuum-full-or-cluster",
        High,
        "Table written anew by maintenance",
        "VACUUM FULL and CLUSTER copy the table while nobody can read or write it.",
        "Plain VACUUM gives space back for reuse; pg_repack copies the table without keeping others out.",
    )
    .pages(&[manual("VACUUM, FULL", "sql-vacuum.html"), manual("CLUSTER", "sql-cluster.html")]),
    rule(
        Locking,
        "refresh-not-concurrent",
        Medium,
        "Materialized view cannot be read while it is refreshed",
        "REFRESH MATERIALIZED VIEW holds the strongest lock on the view until the whole query has run.",
        "Give it a unique index on plain columns and use REFRESH MATERIALIZED VIEW CONCURRENTLY.",
    )
    .pages(&[manual("REFRESH MATERIALIZED VIEW", "sql-refreshmaterializedview.html")]),
    rule(
        Locking,
        "attach-partition-scan",
        High,
        "Partition searched under the strongest lock while it is attached",
        "Without a valid check that says the same as the bound, every row of the new partition is read while nobody can \
         use it.",
        "Add a CHECK with the bound's condition to the table, NOT VALID, validate it, attach, then drop it.",
    )
    .pages(&[PARTITIONS, manual("ALTER TABLE, ATTACH PARTITION", "sql-altertable.html")]),
    rule(
        Locking,
        "default-partition-scan",
        High,
        "Default partition searched under the strongest lock",
        "A new partition may take rows that are in the default one, so all of that is read while nobody can use it.",
        "Add a CHECK to the default partition that excludes the new bound, NOT VALID, and validate it first.",
    )
    .pages(&[PARTITIONS, manual("ALTER TABLE, ATTACH PARTITION", "sql-altertable.html")]),
    rule(
        Locking,
        "detach-partition-not-concurrent",
        Medium,
        "Partition detached under the strongest lock on its parent",
        "Every reader and writer of the whole partitioned table waits while this queues for its lock.",
        "Use DETACH PARTITION … CONCURRENTLY, outside a transaction.",
    )
    .from(14)
    .pages(&[manual("ALTER TABLE, DETACH PARTITION", "sql-altertable.html")]),
    rule(
        Locking,
        "partition-ddl-locks-parent",
        Medium,
        "Making or dropping a partition locks the whole partitioned table",
        "CREATE TABLE … PARTITION OF and DROP TABLE of a partition take the strongest lock on the parent, and so wait for, \
         and stop, everybody who uses any partition.",
        "Make the table on its own and ATTACH it; DETACH CONCURRENTLY before dropping it.",
    )
    .pages(&[PARTITIONS, LOCKS]),
    rule(
        Locking,
        "trigger-ddl-locks-table",
        Low,
        "Trigger made, dropped or switched while writers wait",
        "CREATE TRIGGER and ENABLE or DISABLE TRIGGER keep writers out, DROP TRIGGER also readers, until the transaction \
         ends.",
        "Do it in a short transaction of its own, under a short lock timeout.",
    )
    .pages(&[manual("CREATE TRIGGER", "sql-createtrigger.html"), LOCKS]),
    rule(
        Locking,
        "domain-constraint-scan",
        High,
        "Domain's constraint checked in every table that uses it",
        "The server reads each table with a column of the domain, one after the other, and keeps writers out of all of \
         them.",
        "Add the constraint NOT VALID, and VALIDATE CONSTRAINT when there is little load.",
    )
    .pages(&[manual("ALTER DOMAIN, Notes", "sql-alterdomain.html")]),
    rule(
        Locking,
        "explicit-lock",
        Medium,
        "Table locked by hand",
        "The lock is held until the transaction ends, whatever it was needed for.",
        "Keep the transaction short, and take no stronger lock than needed.",
    )
    .pages(&[manual("LOCK", "sql-lock.html")]),
    rule(
        Locking,
        "lock-blocks-reads",
        High,
        "Readers and writers wait",
        "The lock conflicts with every use of the table, plain SELECT included. ACCESS EXCLUSIVE is replayed on standbys and \
         keeps or cancels their readers too; nothing weaker is.",
        "Run it with a short lock timeout and try again, so that nobody queues behind it.",
    )
    .pages(&[LOCKS]),
    rule(
        Locking,
        "lock-blocks-writes",
        Medium,
        "Writers wait",
        "INSERT, UPDATE and DELETE wait until the transaction ends.",
        "Run it with a short lock timeout, in a transaction that does nothing else.",
    )
    .pages(&[LOCKS]),
    rule(
        Locking,
        "busy-table",
        High,
        "Strong lock on a table that is used all the time",
        "While the lock is held, and while it queues behind a slow reader, everything that wants the table waits in line; \
         with many uses a second the connections run out within moments.",
        "Do it in a quiet hour, under a lock timeout of a second or less, and try again until it goes through.",
    )
    .fact()
    .pages(&[LOCKS, manual("Monitoring, pg_stat_all_tables", "monitoring-stats.html")]),
    rule(
        Locking,
        "autovacuum-disabled",
        Medium,
        "Autovacuum switched off for a table",
        "Dead rows pile up, statistics grow old, and in the end the server has to vacuum it all the same, against \
         wraparound, when it suits nobody.",
        "Tune its thresholds and cost limit for the table instead.",
    )
    .loss()
    .pages(&[manual("Routine Vacuuming, The Autovacuum Daemon", "routine-vacuuming.html")]),
    rule(
        Locking,
        "invalid-index-hidden",
        Medium,
        "IF NOT EXISTS accepts an index that is not valid",
        "A concurrent build that failed leaves an invalid index under the name; IF NOT EXISTS then skips the build and \
         nobody notices that queries cannot use the index.",
        "Drop the invalid index CONCURRENTLY first and leave IF NOT EXISTS out.",
    )
    .loss()
    .pages(&[CREATE_INDEX]),
    rule(
        Locking,
        "concurrent-build-on-partitioned",
        Critical,
        "No concurrent build on a partitioned table",
        "The server refuses CREATE INDEX CONCURRENTLY and DROP INDEX CONCURRENTLY on a partitioned table.",
        "CREATE INDEX … ON ONLY the parent, build each partition's index CONCURRENTLY, then ALTER INDEX … ATTACH PARTITION.",
    )
    .fact()
    .pages(&[CREATE_INDEX, PARTITIONS]),
    rule(
        Locking,
        "concurrent-build-may-corrupt",
        High,
        "Concurrent builds of this release may leave a corrupt index",
        "In 14.0 to 14.3, CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY may miss rows that change meanwhile.",
        "Upgrade to 14.4 or later first, and check older indexes with pg_amcheck --heapallindexed.",
    )
    .from(14)
    .up_to(14)
    .fact()
    .pages(&[manual("Release 14.4", "release-14-4.html")]),
    rule(
        Locking,
        "refresh-concurrently-needs-unique-index",
        Critical,
        "Concurrent refresh without a unique index fails",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY needs a unique index on plain columns, without a condition.",
        "Create such an index first, or refresh without CONCURRENTLY.",
    )
    .fact()
    .pages(&[manual("REFRESH MATERIALIZED VIEW", "sql-refreshmaterializedview.html")]),
    rule(
        Locking,
        "maintenance-of-whole-database",
        Medium,
        "Maintenance without a table goes through all of them",
        "Without a name, VACUUM, CLUSTER and REINDEX work on every table, and take hours where there is much data.",
        "Name the tables that need it.",
    )
    .fact()
    .pages(&[manual("VACUUM", "sql-vacuum.html"), manual("CLUSTER", "sql-cluster.html"), manual("REINDEX", "sql-reindex.html")]),
    rule(
        Locking,
        "validation-reads-table",
        Info,
        "Validation reads the whole table",
        "Others read and write meanwhile, but the transaction stays open for as long as it takes, and what it has locked \
         before stays locked.",
        "Validate in a transaction of its own, when there is little load.",
    )
    .pages(&[ALTER_TABLE]),
    rule(
        Locking,
        "replica-identity-full",
        Medium,
        "Every old row goes into the log in full",
        "With REPLICA IDENTITY FULL each UPDATE and DELETE logs the whole old row, and a subscriber without a fitting \
         index searches its table for every one.",
        "Use the primary key, or a unique index on NOT NULL columns.",
    )
    .loss()
    .pages(&[manual("Logical Replication, Publication", "logical-replication-publication.html"), manual("ALTER TABLE, REPLICA IDENTITY", "sql-altertable.html")]),
    rule(
        Locking,
        "foreign-key-enforced",
        High,
        "Foreign key enforced again checks every row",
        "ALTER CONSTRAINT … ENFORCED reads the whole table while writers wait on both tables; there is no NOT VALID for \
         it.",
        "Add a second foreign key NOT VALID, validate it, and drop the one that is not enforced.",
    )
    .from(18)
    .pages(&[manual("ALTER TABLE, ALTER CONSTRAINT", "sql-altertable.html")]),
    rule(
        Locking,
        "storage-only-for-new-rows",
        Info,
        "Setting holds for new values only",
        "A column's storage or compression and a table's fill factor do not change what is stored already.",
        "Rewrite the table in a quiet hour if old rows need it too.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET STORAGE", "sql-altertable.html"), manual("Database Physical Storage, TOAST", "storage-toast.html")]),
    rule(
        Locking,
        "many-partitions-locked",
        Low,
        "Lock goes down to many partitions",
        "One statement locks the parent and every partition; each takes a slot in the shared lock table, and all wait for \
         the slowest.",
        "Raise max_locks_per_transaction where there are thousands, or go partition by partition.",
    )
    .fact()
    .pages(&[manual("Lock Management", "runtime-config-locks.html")]),
];
