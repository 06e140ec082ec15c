//! Migration folders: what is in them, in the order and by the rules of the framework that runs them, and a plan
//! written as that framework's files.
//!
//! This room knows files as names and texts; reading and writing them on disk is the caller's. Each framework is one
//! file in `layouts`, behind one trait.

mod export;
mod history;
mod layouts;
mod lint;
mod numbering;
mod recognise;
mod text;

pub use export::{Export, export};
pub use history::{History, Migration, Part, Running, Side, in_place};
pub use lint::lint;
pub use numbering::Start;
pub use recognise::{read_as, recognise};

use crate::{Error, Result};
use layouts::Framework;
use std::fmt;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the folder, its parts separated by `/`.
    pub path: String,
    /// Empty where only the name matters.
    pub text: String,
}

impl File {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folders above it, as written.
    fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    fn is_sql(&self) -> bool {
        self.ends_in("sql")
    }

    fn ends_in(&self, wanted: &str) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case(wanted))
    }
}

/// A framework's way of laying out migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    Sqlx,
    GolangMigrate,
    Dbmate,
    Goose,
    Flyway,
    Liquibase,
    Diesel,
    Prisma,
    Django,
    Rails,
    Alembic,
}

impl Layout {
    pub const ALL: [Self; 11] = [
        Self::Sqlx,
        Self::GolangMigrate,
        Self::Dbmate,
        Self::Goose,
        Self::Flyway,
        Self::Liquibase,
        Self::Diesel,
        Self::Prisma,
        Self::Django,
        Self::Rails,
        Self::Alembic,
    ];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Flyway => "flyway",
            Self::Liquibase => "liquibase",
            Self::Diesel => "diesel",
            Self::Prisma => "prisma",
            Self::Django => "django",
            Self::Rails => "rails",
            Self::Alembic => "alembic",
        }
    }

    /// The layout of a name.
    ///
    /// # Errors
    /// `Usage` when there is no such layout; the hint lists all.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|layout| layout.name()).collect();
            Error::usage(format!("there is no layout {name:?}")).hint(format!("The layouts are {}.", names.join(", ")))
        })
    }

    /// The names of the tables in which the framework keeps what has run. No migration makes them.
    pub fn ledger(self) -> &'static [&'static str] {
        self.framework().ledger()
    }

    fn framework(self) -> &'static dyn Framework {
        use layouts::{alembic, dbmate, diesel, django, flyway, golang_migrate, goose, liquibase, prisma, rails, sqlx};
        match self {
            Self::Sqlx => &sqlx::Sqlx,
            Self::GolangMigrate => &golang_migrate::GolangMigrate,
            Self::Dbmate => &dbmate::Dbmate,
            Self::Goose => &goose::Goose,
            Self::Flyway => &flyway::Flyway,
            Self::Liquibase => &liquibase::Liquibase,
            Self::Diesel => &diesel::Diesel,
            Self::Prisma => &prisma::Prisma,
            Self::Django => &django::Django,
            Self::Rails => &rails::Rails,
            Self::Alembic => &alembic::Alembic,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
