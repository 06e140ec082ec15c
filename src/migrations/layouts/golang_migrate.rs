//! golang-migrate: `VERSION_title.up.sql` with `VERSION_title.down.sql`. It opens no transaction on PostgreSQL: a
//! file goes to the server as one text (github.com/golang-migrate/migrate, MIGRATIONS.md and database/postgres).

use super::{Claim, Framework, Half, paired};
use crate::Result;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::{comment, numbered, slug};
use crate::migrations::{File, Layout};

#[derive(Debug)]
pub(in crate::migrations) struct GolangMigrate;

fn parts(file: &File) -> Option<(&str, &str, bool)> {
    let up = numbered(&file.path, ".up.sql").map(|(version, name)| (version, name, false));
    up.or_else(|| numbered(&file.path, ".down.sql").map(|(version, name)| (version, name, true)))
}

impl Framework for GolangMigrate {
    fn claim(&self, file: &File) -> Claim {
        if parts(file).is_some() { Claim::Name } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let halves = files.iter().filter_map(|file| {
            let (digits, name, down) = parts(file)?;
            let part = Part::whole(file, Running::Together);
            Some(Half { version: digits.parse().ok()?, digits, name, down, part })
        });
        paired(Layout::GolangMigrate, halves.collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let both = export.numbered().flat_map(|(version, unit)| {
            let name = format!("{version}_{}", slug(&unit.title));
            // On SQLite it does open a transaction, unless its URL says otherwise.
            let wrapped = !unit.transactional && !export.text_is_transaction;
            let note = if wrapped {
                comment("To be run with x-no-tx-wrap=true in the database's URL.")
            } else {
                String::new()
            };
            [
                File::new(format!("{name}.up.sql"), format!("{note}{}", unit.up_sql())),
                File::new(format!("{name}.down.sql"), format!("{note}{}", unit.down_sql())),
            ]
        });
        Ok(both.collect())
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["schema_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a file: a single statement runs outside a transaction."
    }

    fn reads(&self) -> &'static str {
        "VERSION_title.up.sql with VERSION_title.down.sql"
    }

    fn sends_together(&self) -> bool {
        true
    }
}
