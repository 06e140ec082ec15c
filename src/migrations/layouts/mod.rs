//! The frameworks, one file each: what is theirs in a folder, how it reads, and how a plan is written for them.

pub(super) mod alembic;
pub(super) mod dbmate;
pub(super) mod diesel;
pub(super) mod django;
pub(super) mod flyway;
pub(super) mod golang_migrate;
pub(super) mod goose;
pub(super) mod liquibase;
pub(super) mod prisma;
pub(super) mod rails;
pub(super) mod sqlx;

use super::export::Export;
use super::history::{Migration, Part};
use super::numbering::Habit;
use super::{File, Layout};
use crate::error::Location;
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;

/// Whether a file is a framework's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    None,
    /// Its name fits.
    Name,
    /// It has what no other framework writes.
    Mark,
}

/// What one framework does with its files.
pub(super) trait Framework: Sync {
    fn claim(&self, file: &File) -> Claim;

    /// The migrations of files that are claimed, in order.
    fn read(&self, files: &[File]) -> Result<Vec<Migration>>;

    /// The files of a plan.
    fn write(&self, export: &Export<'_>) -> Result<Vec<File>>;

    /// Tables in which it keeps what has run.
    fn ledger(&self) -> &'static [&'static str];

    /// How a migration is told to run outside a transaction, as a sentence.
    fn outside(&self) -> &'static str;

    /// What it reads, for a hint.
    fn reads(&self) -> &'static str;

    /// How it counts where a folder is empty.
    fn habit(&self) -> Habit {
        Habit::Time
    }

    /// Whether a file's statements go to the server in one text.
    fn sends_together(&self) -> bool {
        false
    }
}

/// A file that breaks a rule of its framework.
fn broken(layout: Layout, file: &str, line: usize, why: &str) -> Error {
    Error::new(ErrorCode::File, format!("{layout} cannot run {file}: {why}"))
        .hint("Mend the file, or name another layout with --layout.")
        .at(Location { file: Some(file.to_owned()), line, column: 1 })
}

/// One way of a migration that has a file for each.
struct Half<'f> {
    version: u128,
    digits: &'f str,
    name: &'f str,
    down: bool,
    part: Part,
}

/// Pairs files for up and down by their version, in the order of the versions.
fn paired(layout: Layout, halves: Vec<Half<'_>>) -> Result<Vec<Migration>> {
    let mut downs = BTreeMap::new();
    let mut ups = BTreeMap::new();
    for half in halves {
        let side = if half.down { &mut downs } else { &mut ups };
        let file = half.part.file.clone();
        if let Some(Half { part, .. }) = side.insert(half.version, half) {
            return Err(broken(layout, &file, 1, &format!("{} has the same version", part.file)));
        }
    }
    Ok(ups
        .into_iter()
        .map(|(version, up)| {
            let down = downs.remove(&version).map(|half| half.part);
            Migration { down, ..Migration::new(up.digits, up.name, up.part) }
        })
        .collect())
}
