//! Lockstep: a terminal workbench for changing the schema of a live database.
//!
//! # The house
//!
//! A room uses the rooms above it in this table, never one below it. The first six are pure: no I/O, no clock,
//! no runtime. What differs between databases is in [`engine`] and nowhere else.
//!
//! | room | what it answers |
//! | --- | --- |
//! | [`schema`] | what is a database made of: the model, its changes, its fingerprint |
//! | [`sql`] | what does this text say: statements with byte spans, positions, highlighting |
//! | [`diff`] | what changed: schema against schema as typed changes, told in plain sentences |
//! | [`plan`] | what will be done: changes to steps by safe patterns, order, rollback, the plan file |
//! | [`risk`] | what could go wrong: locks, rewrites, rules, estimates |
//! | [`migrations`] | migration folders of frameworks: their layouts read, and plans written in them |
//! | [`engine`] | how each database does it, behind one set of traits |
//! | [`project`] | what a project has decided about judging: the file `lockstep.toml` |
//! | `source` | a schema from wherever it is: a database, SQL files, a snapshot |
//! | [`rehearse`] | what happens when it is tried: plans and their rollbacks on a shadow database |
//! | [`watch`] | what is happening now: gauges with their history, thresholds |
//! | [`run`] | doing it: the executor, retries, backfills, the journal, rollback |
//! | [`history`] | what happened before: earlier runs and what they left unfinished |
//! | [`assistant`] | from words to changes: the built-in planner and the model providers |
//! | [`demo`] | the sample shop database and its application load |
//! | [`cli`] | the commands for scripts and CI |
//! | [`tui`] | the workbench itself |
//!
//! Data flows one way: words, SQL or a wanted schema become [`schema::Change`]s; [`plan`] lays them out as steps;
//! [`risk`] judges each step by reading its SQL again; [`run`] carries out what was confirmed and journals it.
#![forbid(unsafe_code)]

pub mod assistant;
pub mod cli;
pub mod config;
pub mod demo;
pub mod diff;
pub mod engine;
pub mod error;
pub mod history;
pub mod migrations;
pub mod plan;
pub mod project;
pub mod rehearse;
pub mod risk;
pub mod run;
pub mod schema;
mod source;
pub mod sql;
pub mod tui;
pub mod watch;

pub use error::{Error, ErrorCode, Result};
