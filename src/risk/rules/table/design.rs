//! Rules about how a schema is best made. Findings for information; they are looked at only when asked for, but for
//! those that are mistakes rather than tastes.

use super::Group::Design;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{Critical, Info, Low};

const CHARACTER: Page = manual("Character Types", "datatype-character.html");
const NUMERIC: Page = manual("Numeric Types", "datatype-numeric.html");
const TIME: Page = manual("Date/Time Types", "datatype-datetime.html");
const CONSTRAINTS: Page = manual("Constraints", "ddl-constraints.html");
const INDEXES: Page = manual("Multicolumn Indexes", "indexes-multicolumn.html");
const NAMES: Page = manual("Lexical Structure, Identifiers and Key Words", "sql-syntax-lexical.html");

pub(super) static RULES: &[Rule] = &[
    rule(
        Design,
        "length-limit",
        Info,
        "Length limit in the type",
        "varchar(n) is no smaller or faster than text, and making n smaller later reads or rewrites the table.",
        "Use text, with a CHECK on the length where there is a real limit.",
    )
    .fact()
    .if_asked()
    .pages(&[CHARACTER]),
    rule(
        Design,
        "padded-text",
        Info,
        "Type that pads with blanks",
        "char(n) stores and compares with blanks that nobody sees.",
        "Use text or varchar.",
    )
    .fact()
    .if_asked()
    .pages(&[CHARACTER]),
    rule(
        Design,
        "time-without-zone",
        Info,
        "Time without a zone",
        "The moment that is meant depends on who reads it; changing it later may rewrite the table.",
        "Use timestamp with time zone.",
    )
    .fact()
    .if_asked()
    .pages(&[TIME]),
    rule(
        Design,
        "money-type",
        Info,
        "Money in a type that rounds or follows the locale",
        "money shows and reads values by a setting of the session, and floating point does not hold cents exactly.",
        "Use numeric, or whole cents in bigint.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("Monetary Types", "datatype-money.html"), NUMERIC]),
    rule(
        Design,
        "key-may-run-out",
        Info,
        "Key of four bytes or less",
        "An integer key ends at 2,147,483,647; making it bigint later rewrites the table and everything that points at it.",
        "Use bigint for keys.",
    )
    .fact()
    .if_asked()
    .pages(&[NUMERIC]),
    rule(
        Design,
        "serial-type",
        Info,
        "serial instead of an identity",
        "serial's sequence has its own rights and owner, and a plain default that any insert overrides.",
        "Use GENERATED … AS IDENTITY.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("Identity Columns", "ddl-identity-columns.html")]),
    rule(
        Design,
        "json-type",
        Info,
        "json instead of jsonb",
        "json has no equality, so that DISTINCT, GROUP BY and unique indexes fail, and each read parses it anew.",
        "Use jsonb, unless the exact text matters.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("JSON Types", "datatype-json.html")]),
    rule(
        Design,
        "enum-type",
        Info,
        "Enum type",
        "Its values can be added and renamed, but never removed or put in another order.",
        "Use a table of values with a foreign key, or text with a CHECK.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("Enumerated Types", "datatype-enum.html")]),
    rule(
        Design,
        "primary-key-missing",
        Low,
        "Table without a primary key",
        "Rows cannot be told apart: logical replication, batched changes and many tools need a key.",
        "Give it a primary key.",
    )
    .fact()
    .if_asked()
    .pages(&[CONSTRAINTS]),
    rule(
        Design,
        "on-delete-not-said",
        Info,
        "Foreign key does not say what happens on delete",
        "Without ON DELETE the referenced row cannot be deleted; nobody can tell whether that is meant.",
        "Say ON DELETE RESTRICT, CASCADE or SET NULL.",
    )
    .fact()
    .if_asked()
    .pages(&[CONSTRAINTS]),
    rule(
        Design,
        "on-delete-cascade",
        Info,
        "Foreign key deletes along",
        "One DELETE may take many rows of other tables with it, all in one transaction.",
        "RESTRICT, and delete in batches in the application.",
    )
    .fact()
    .if_asked()
    .pages(&[CONSTRAINTS]),
    rule(
        Design,
        "wide-index",
        Info,
        "Index on many columns",
        "Columns after the third rarely narrow a search, and make the index larger and each write slower.",
        "Leave them out, or put them into INCLUDE.",
    )
    .fact()
    .if_asked()
    .pages(&[INDEXES]),
    rule(
        Design,
        "duplicate-index",
        Low,
        "Another index begins with the same columns",
        "Each write keeps both up to date, and queries gain nothing.",
        "Keep the longer one.",
    )
    .fact()
    .pages(&[INDEXES]),
    rule(
        Design,
        "constraint-not-named",
        Info,
        "Constraint or index without a name",
        "The server makes one up, which may differ from database to database, so that no later migration can name it.",
        "Give it a name.",
    )
    .fact()
    .if_asked()
    .pages(&[CONSTRAINTS]),
    rule(
        Design,
        "identifier-too-long",
        Low,
        "Name longer than 63 bytes",
        "The server cuts it off, with a notice only; two long names may become one.",
        "Use a shorter name.",
    )
    .fact()
    .pages(&[NAMES]),
    rule(
        Design,
        "name-needs-quotes",
        Info,
        "Name that has to be quoted",
        "A reserved word, capitals or signs in a name make every statement that uses it quote it.",
        "Use lower case letters, digits and underscores.",
    )
    .fact()
    .if_asked()
    .pages(&[NAMES, manual("SQL Key Words", "sql-keywords-appendix.html")]),
    rule(
        Design,
        "partition-key-not-in-key",
        Critical,
        "Unique key without the partition key",
        "On a partitioned table a primary key or unique constraint has to include every column of the partition key; the \
         server refuses it otherwise.",
        "Add the partition key's columns to it.",
    )
    .fact()
    .pages(&[manual("Table Partitioning, Limitations", "ddl-partitioning.html")]),
    rule(
        Design,
        "volatile-check",
        Low,
        "Check that may change its mind",
        "A CHECK is looked at when a row is written; with a volatile function, or the time of day, rows that passed may \
         not pass when a dump is restored.",
        "Use immutable conditions on the row itself; put the rest into a trigger.",
    )
    .fact()
    .pages(&[manual("CREATE TABLE, CHECK", "sql-createtable.html")]),
    rule(
        Design,
        "schema-not-named",
        Info,
        "Object made in whatever schema comes first",
        "Where it is made depends on the session's search_path.",
        "Write schema.name.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("Schemas, The Schema Search Path", "ddl-schemas.html")]),
    rule(
        Design,
        "extension-not-pinned",
        Info,
        "Extension without a version",
        "Which version is made depends on what is installed on the server.",
        "Say VERSION.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("CREATE EXTENSION", "sql-createextension.html")]),
    rule(
        Design,
        "comment-missing",
        Info,
        "Table without a comment",
        "Nobody can see in the database what it is for.",
        "COMMENT ON TABLE … IS '…' in the same migration.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("COMMENT", "sql-comment.html")]),
    rule(
        Design,
        "not-repeatable",
        Info,
        "Cannot be run again",
        "When the file breaks off outside a transaction, what was done before makes the second try fail.",
        "IF EXISTS and IF NOT EXISTS, with a look at what is there.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("CREATE TABLE, IF NOT EXISTS", "sql-createtable.html")]),
    rule(
        Design,
        "select-star",
        Info,
        "View or statement on all columns",
        "A view keeps the columns of the moment it was made; other statements get more when a column is added.",
        "Name the columns.",
    )
    .fact()
    .if_asked()
    .pages(&[manual("CREATE VIEW, Notes", "sql-createview.html")]),
    rule(
        Design,
        "unlogged-table",
        Info,
        "Table that a crash empties",
        "An unlogged table is not on standbys and is emptied after a crash.",
        "Leave UNLOGGED out where rows matter.",
    )
    .fact()
    .pages(&[manual("CREATE TABLE, UNLOGGED", "sql-createtable.html")]),
];
