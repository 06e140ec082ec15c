//! The tests that need a database, a terminal or the program itself, in one binary so that it is linked once.
//!
//! `LOCKSTEP_TEST_POSTGRES` names a PostgreSQL server where databases may be made; `tests/run` starts one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its thread may sleep; the linter knows only the test functions as tests"
)]

mod bad_input;
mod cli;
mod desired;
mod leftovers;
mod lint_formats;
mod lint_inputs;
mod lint_project;
mod lint_rows;
mod migration_folders;
mod migrations;
mod model;
mod postgres_catalog;
mod postgres_dependencies;
mod postgres_gauges;
mod postgres_kinds;
mod postgres_rights;
mod postgres_scratch;
mod postgres_session;
mod postgres_tables;
mod random_changes;
mod random_schemas;
mod rehearsals;
mod rows_moved;
mod run_postgres;
mod run_sqlite;
mod runs;
mod screen;
mod sqlite_engine;
mod sqlite_file;
mod story_postgres;
mod story_sqlite;
mod strange_names;
