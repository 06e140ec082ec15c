//! Rules about rows: what happens to them, and which of them make a statement fail.

use super::Group::Data;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{Critical, High, Info, Low, Medium};

const CONSTRAINTS: Page = manual("Constraints", "ddl-constraints.html");
const ALTER_TABLE: Page = manual("ALTER TABLE, Notes", "sql-altertable.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Data,
        "truncate",
        High,
        "All rows removed",
        "TRUNCATE removes every row at once, under the strongest lock.",
        "Keep a copy, or delete in batches.",
    )
    .pages(&[manual("TRUNCATE", "sql-truncate.html")]),
    rule(
        Data,
        "truncate-cascade",
        Critical,
        "All rows removed from every table that points at it",
        "TRUNCATE … CASCADE empties all tables with a foreign key to the named one, and those that point at them.",
        "Name every table that is to be emptied, and leave CASCADE out.",
    )
    .fact()
    .pages(&[manual("TRUNCATE", "sql-truncate.html")]),
    rule(
        Data,
        "update-without-where",
        Medium,
        "Every row is updated at once",
        "One long transaction locks every row, bloats the table and delays replicas.",
        "Update in batches along the key.",
    )
    .pages(&[manual("Populating a Database", "populate.html"), manual("Routine Vacuuming", "routine-vacuuming.html")]),
    rule(
        Data,
        "delete-without-where",
        High,
        "Every row is deleted",
        "There is no condition, so all rows go.",
        "Add a condition, or say TRUNCATE when all rows are meant.",
    )
    .pages(&[manual("DELETE", "sql-delete.html")]),
    rule(
        Data,
        "long-backfill",
        Low,
        "Long backfill",
        "Many rows are written: it takes time, makes the table grow, and gives replicas work.",
        "Start when there is little load; it can be paused at any time.",
    )
    .fact()
    .pages(&[manual("Routine Vacuuming", "routine-vacuuming.html")]),
    rule(
        Data,
        "many-rows-changed",
        Medium,
        "Many rows changed in one transaction",
        "Their old versions stay until vacuum, other writers of the same rows wait, and replicas get all of it at once.",
        "Change them in batches along the key.",
    )
    .pages(&[manual("Routine Vacuuming", "routine-vacuuming.html")]),
    rule(
        Data,
        "may-fail-on-rows",
        Info,
        "Whether it succeeds depends on the rows",
        "The statement checks or converts every row, and fails as a whole at the first one that is not right.",
        "Look for such rows first: lint --db and plan ask the database, unless --no-probes is given.",
    )
    .pages(&[CONSTRAINTS, ALTER_TABLE]),
    rule(
        Data,
        "fails-on-nulls",
        Critical,
        "Rows without a value are there",
        "A column that is to be required, or part of a primary key, has NULLs, so the statement fails.",
        "Fill them first, or keep the column nullable.",
    )
    .fact()
    .pages(&[CONSTRAINTS]),
    rule(
        Data,
        "fails-on-duplicates",
        Critical,
        "Values that are to be unique are there more than once",
        "The index cannot be built, so the statement fails.",
        "Merge or remove the doubles first.",
    )
    .fact()
    .pages(&[manual("Unique Indexes", "indexes-unique.html")]),
    rule(
        Data,
        "fails-on-orphans",
        Critical,
        "Rows point at nothing",
        "Some values of the foreign key are not in the referenced table, so the statement fails.",
        "Remove or mend those rows first.",
    )
    .fact()
    .pages(&[CONSTRAINTS]),
    rule(
        Data,
        "fails-on-check",
        Critical,
        "Rows break the condition",
        "Some rows do not meet the check, so the statement fails.",
        "Mend those rows first, or add the check NOT VALID for new rows only.",
    )
    .fact()
    .pages(&[CONSTRAINTS]),
    rule(
        Data,
        "fails-on-values",
        Critical,
        "Values do not fit the new type",
        "Some values are longer or larger than the new type allows, or cannot be read as such, so the statement fails.",
        "Mend those values first, or choose a wider type.",
    )
    .fact()
    .pages(&[manual("ALTER TABLE, SET DATA TYPE", "sql-altertable.html")]),
    rule(
        Data,
        "fails-on-rows",
        Critical,
        "The table has rows",
        "A required column without a default can be added to an empty table only, so the statement fails.",
        "Give it a default, or add it as nullable, fill it, and require it then.",
    )
    .fact()
    .pages(&[manual("ALTER TABLE, ADD COLUMN", "sql-altertable.html")]),
    rule(
        Data,
        "unread-statement",
        High,
        "Not understood",
        "What cannot be read is never called safe.",
        "Try it on a copy of the database first and look at the locks that it takes.",
    )
    .fact()
    .pages(&[manual("Viewing Locks", "monitoring-locks.html")]),
    rule(
        Data,
        "hidden-code",
        Info,
        "What it does is in code",
        "A DO block does what its code decides while it runs; every branch is judged, whichever is taken.",
        "Write the statements out, or rehearse it and look at what it did.",
    )
    .fact()
    .pages(&[manual("DO", "sql-do.html")]),
    rule(
        Data,
        "copy-from-program",
        High,
        "A program runs on the server",
        "COPY … PROGRAM runs a shell command as the server's own user.",
        "Use COPY … FROM STDIN, or psql's \\copy.",
    )
    .fact()
    .pages(&[manual("COPY", "sql-copy.html")]),
    rule(
        Data,
        "null-comparison",
        Low,
        "A comparison with NULL is never true",
        "= NULL and <> NULL give NULL, so that no row is found.",
        "Say IS NULL or IS NOT NULL.",
    )
    .fact()
    .pages(&[manual("Comparison Functions and Operators", "functions-comparison.html")]),
    rule(
        Data,
        "insert-without-columns",
        Low,
        "INSERT without its columns",
        "When a column is added or moved, the values go to the wrong ones, or the statement fails.",
        "Name the columns.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("INSERT", "sql-insert.html")]),
];
