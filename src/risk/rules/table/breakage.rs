//! Rules about what running code loses.

use super::Group::Breakage;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{Critical, High, Info, Low, Medium};

const DEPENDENCIES: Page = manual("Dependency Tracking", "ddl-depend.html");
const ALTER_TYPE: Page = manual("ALTER TYPE, Notes", "sql-altertype.html");
const SEQUENCES: Page = manual("ALTER SEQUENCE, Notes", "sql-altersequence.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Breakage,
        "query-breaks",
        High,
        "A statement of the application stops working",
        "A statement that the server has counted could be prepared on the shadow before the step and cannot be after it.",
        "Deploy code that does without what goes away first, or keep it under its old name.",
    )
    .pages(&[manual("pg_stat_statements", "pgstatstatements.html"), manual("PREPARE", "sql-prepare.html")]),
    rule(
        Breakage,
        "query-loses-index",
        Medium,
        "A statement of the application finds no index any more",
        "Before the step the server could reach the rows by an index; after it, it reads the whole table.",
        "Keep the index, or build the one that replaces it first.",
    )
    .pages(&[manual("Using EXPLAIN", "using-explain.html")]),
    rule(
        Breakage,
        "drop-table",
        High,
        "Table and its rows removed",
        "What is in the table is gone, and code that still names it fails.",
        "Make sure that nothing uses it, and keep a copy for a while.",
    )
    .loss()
    .pages(&[manual("DROP TABLE", "sql-droptable.html")]),
    rule(
        Breakage,
        "drop-column",
        High,
        "Column and its values removed",
        "The values are gone, and code that still names the column fails, SELECT * in cached plans included.",
        "Deploy code that does not use it first, and keep a copy of the values for a while.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, DROP COLUMN", "sql-altertable.html")]),
    rule(
        Breakage,
        "drop-other",
        Medium,
        "Object removed",
        "Code that still uses it fails.",
        "Make sure that nothing uses it.",
    )
    .loss()
    .pages(&[DEPENDENCIES]),
    rule(
        Breakage,
        "drop-database",
        Critical,
        "Database removed",
        "Everything in it is gone at once, and no transaction can take it back.",
        "Take a dump first, and do it by hand.",
    )
    .fact()
    .pages(&[manual("DROP DATABASE", "sql-dropdatabase.html")]),
    rule(
        Breakage,
        "drop-cascade",
        High,
        "CASCADE takes along what depends on it",
        "Views, foreign keys, functions and columns that need the object go too, without being named.",
        "Drop what depends on it by name, so that nothing goes by surprise, and leave CASCADE out.",
    )
    .fact()
    .pages(&[DEPENDENCIES]),
    rule(
        Breakage,
        "drop-constraint",
        Low,
        "Rows are no longer checked",
        "From now on rows can be written that code and reports do not expect; the constraint comes back only when all of \
         them are right.",
        "Make sure that something else keeps the rows right.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, DROP CONSTRAINT", "sql-altertable.html"), manual("Constraints", "ddl-constraints.html")]),
    rule(
        Breakage,
        "drop-primary-key",
        High,
        "Primary key removed",
        "Foreign keys need it, logical replication finds rows by it, and clients edit rows by it; without a replica \
         identity, UPDATE and DELETE fail on a published table.",
        "Put a unique index on NOT NULL columns in its place first, and set REPLICA IDENTITY USING INDEX.",
    )
    .loss()
    .pages(&[manual("Logical Replication, Publication", "logical-replication-publication.html")]),
    rule(
        Breakage,
        "drop-index",
        Low,
        "Queries lose an index",
        "Those that used it read the whole table from now on.",
        "See in pg_stat_user_indexes that it was not used lately, on standbys too.",
    )
    .pages(&[manual("Monitoring, pg_stat_all_indexes", "monitoring-stats.html")]),
    rule(
        Breakage,
        "drop-index-of-constraint",
        Critical,
        "An index that belongs to a constraint cannot be dropped",
        "The server refuses it: the index goes with its constraint only.",
        "Drop the constraint instead.",
    )
    .fact()
    .pages(&[manual("DROP INDEX", "sql-dropindex.html")]),
    rule(
        Breakage,
        "drop-default",
        Low,
        "Inserts no longer get a value",
        "An INSERT that leaves the column out writes NULL from now on, or fails where NULL is not allowed.",
        "Make sure that all code names the column.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET DEFAULT", "sql-altertable.html")]),
    rule(
        Breakage,
        "default-changed",
        Info,
        "New rows get another value",
        "Old rows keep what they have, and code that still relies on the old default gets the new one.",
        "Change what rows have already too, if they are meant as well.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET DEFAULT", "sql-altertable.html")]),
    rule(
        Breakage,
        "rename-table",
        High,
        "Running code loses the table",
        "Code that is running now uses the old name and fails from this moment on.",
        "Rename and leave a view under the old name until all code uses the new one.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, RENAME", "sql-altertable.html")]),
    rule(
        Breakage,
        "rename-column",
        High,
        "Running code loses the column",
        "Code that is running now uses the old name and fails from this moment on.",
        "Add the new column, keep both the same, switch the code over, then drop the old one.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, RENAME", "sql-altertable.html")]),
    rule(
        Breakage,
        "rename-other",
        Medium,
        "Running code loses an object's name",
        "Code that is running now uses the old name and fails from this moment on.",
        "Make the object under the new name too, switch the code over, then drop the old one.",
    )
    .loss()
    .pages(&[manual("SQL Commands", "sql-commands.html")]),
    rule(
        Breakage,
        "set-schema",
        High,
        "Moved to another schema",
        "Code that names the old schema, or finds the object by its search path, fails from this moment on.",
        "Leave a view under the old name, or put the new schema into every role's search path first.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET SCHEMA", "sql-altertable.html")]),
    rule(
        Breakage,
        "rename-enum-value",
        High,
        "Running code loses an enum value",
        "Code that writes or compares with the old text fails from this moment on.",
        "Add the new value, move the rows, switch the code over, and leave the old value unused.",
    )
    .fact()
    .pages(&[ALTER_TYPE]),
    rule(
        Breakage,
        "enum-value-cannot-be-removed",
        Info,
        "Enum value stays for good",
        "A value that was added to an enum can be renamed but not removed.",
        "Make sure of its name.",
    )
    .fact()
    .pages(&[manual("Enumerated Types, Implementation Details", "datatype-enum.html")]),
    rule(
        Breakage,
        "drop-not-null",
        Low,
        "Readers may meet NULL",
        "Code that has never seen a NULL in the column may fail at the first one.",
        "Deploy code that can read NULL first.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, DROP NOT NULL", "sql-altertable.html")]),
    rule(
        Breakage,
        "type-narrowing",
        High,
        "Values may not fit the new type",
        "The statement fails on the first value that does not fit, or cuts off what it cannot hold; and running code that \
         writes such values fails afterwards.",
        "See that every value fits, and that no code writes others, before the change.",
    )
    .pages(&[manual("ALTER TABLE, SET DATA TYPE", "sql-altertable.html")]),
    rule(
        Breakage,
        "type-change-breaks-code",
        Low,
        "Code gets another type",
        "Drivers and generated code bind parameters and read values by the old type.",
        "Deploy code that can read both types first.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET DATA TYPE", "sql-altertable.html")]),
    rule(
        Breakage,
        "view-replaced",
        Info,
        "View gives other rows from now on",
        "Code that reads the view gets what the new query says, in the very next transaction.",
        "Make sure that all readers expect it.",
    )
    .fact()
    .pages(&[manual("CREATE VIEW", "sql-createview.html")]),
    rule(
        Breakage,
        "routine-replaced",
        Info,
        "Function acts differently from now on",
        "Callers, triggers, defaults and indexes on its results use the new body at once; an index that was built with the \
         old one is not built again.",
        "Make sure that all callers expect it, and REINDEX expressions that use it.",
    )
    .fact()
    .pages(&[manual("CREATE FUNCTION, Notes", "sql-createfunction.html")]),
    rule(
        Breakage,
        "composite-type-changed",
        Medium,
        "Composite type changed under its users",
        "Functions and clients that build or read such values expect the old parts.",
        "Make a new type and switch over.",
    )
    .fact()
    .pages(&[ALTER_TYPE]),
    rule(
        Breakage,
        "identity-changed",
        Medium,
        "Generated numbers change",
        "Inserts that give their own value, or none, behave differently from now on.",
        "Look at the code that inserts, and at the sequence's next value.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, SET GENERATED", "sql-altertable.html")]),
    rule(
        Breakage,
        "sequence-changed",
        Medium,
        "Sequence gives other numbers",
        "A restart or other bounds may give numbers that rows have already, so that inserts fail.",
        "See that the next value is above every value in use.",
    )
    .fact()
    .pages(&[SEQUENCES]),
    rule(
        Breakage,
        "inheritance-changed",
        Low,
        "Queries on the parent see other rows",
        "A table that stops or starts to inherit takes its rows out of, or into, every query on the parent.",
        "Make sure that the readers of the parent expect it.",
    )
    .loss()
    .pages(&[manual("Inheritance", "ddl-inherit.html")]),
    rule(
        Breakage,
        "new-write-restriction",
        Info,
        "Writes that worked may fail from now on",
        "Running code may write rows that the new constraint or trigger does not let through.",
        "Deploy code that keeps to it first; NOT VALID does not help here, since it checks new rows too.",
    )
    .loss()
    .pages(&[manual("Constraints", "ddl-constraints.html")]),
    rule(
        Breakage,
        "trigger-disabled",
        Medium,
        "Trigger does not fire for anybody",
        "Everybody's writes go past it until it is enabled again; DISABLE TRIGGER ALL also stops foreign keys from being \
         checked.",
        "SET session_replication_role = replica goes past triggers in one session only.",
    )
    .loss()
    .pages(&[manual("ALTER TABLE, DISABLE TRIGGER", "sql-altertable.html")]),
    rule(
        Breakage,
        "setting-of-server-or-role",
        Medium,
        "Setting changed for everybody",
        "ALTER SYSTEM, ALTER DATABASE and ALTER ROLE change how other sessions behave, from a reload or their next \
         connection on.",
        "Keep it out of migrations; use SET in the session that needs it.",
    )
    .fact()
    .pages(&[manual("ALTER SYSTEM", "sql-altersystem.html"), manual("ALTER ROLE", "sql-alterrole.html")]),
    rule(
        Breakage,
        "extension-changed",
        Low,
        "Extension changed under its users",
        "An update runs the extension's own script, which may take locks, rewrite or drop; nothing here can read it.",
        "Try it on a copy, and read the extension's release notes.",
    )
    .fact()
    .pages(&[manual("ALTER EXTENSION", "sql-alterextension.html")]),
    rule(
        Breakage,
        "required-column-without-default",
        High,
        "Required column without a value for existing rows",
        "The statement fails when the table has rows, and afterwards inserts that do not know the column fail.",
        "Give it a default, or add it as nullable, fill it, and require it then.",
    )
    .pages(&[manual("ALTER TABLE, ADD COLUMN", "sql-altertable.html")]),
    rule(
        Breakage,
        "constraint-not-enforced",
        Medium,
        "Constraint is written down but not kept",
        "A NOT ENFORCED constraint checks nothing, neither old rows nor new ones.",
        "Enforce it, or say in a comment who keeps the rows right.",
    )
    .from(18)
    .fact()
    .pages(&[manual("CREATE TABLE, ENFORCED", "sql-createtable.html")]),
    rule(
        Breakage,
        "fk-without-index",
        Low,
        "Foreign key without an index",
        "Each delete or key change in the referenced table reads the whole referencing table.",
        "Build an index on the foreign key's columns.",
    )
    .pages(&[manual("Constraints, Foreign Keys", "ddl-constraints.html")]),
    rule(
        Breakage,
        "irreversible",
        Medium,
        "No way back",
        "When this turns out wrong it cannot be taken back by Lockstep.",
        "Have a backup, or a plan for going forward.",
    )
    .fact()
    .pages(&[manual("Backup and Restore", "backup.html")]),
    rule(
        Breakage,
        "breaks-dependants",
        High,
        "Something depends on it",
        "Views, functions, triggers and policies that use it make the statement fail, or stop working.",
        "Change what depends on it first, or in the same transaction.",
    )
    .fact()
    .pages(&[DEPENDENCIES]),
    rule(
        Breakage,
        "owner-changed",
        Low,
        "Somebody else owns it",
        "The old owner loses what only owners may do; default privileges and row security treat the new one differently.",
        "Make sure that the role which runs migrations can still change it.",
    )
    .fact()
    .pages(&[manual("ALTER TABLE, OWNER TO", "sql-altertable.html")]),
];
