//! Prisma: a folder for each migration with `migration.sql`, run in the order of the folders' names, each file sent to
//! the server as one text; a `down.sql` beside it is run by hand (prisma.io/docs: "Migration histories", "Generating
//! down migrations").

use super::{Claim, Framework};
use crate::Result;
use crate::migrations::File;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::slug;

#[derive(Debug)]
pub(in crate::migrations) struct Prisma;

fn own_name(file: &File) -> Option<&str> {
    let folder = file.folder();
    (!folder.is_empty() && !folder.contains('/')).then(|| file.name())
}

impl Framework for Prisma {
    fn claim(&self, file: &File) -> Claim {
        match own_name(file) {
            Some("migration.sql") => Claim::Mark,
            Some("down.sql") => Claim::Name,
            _ => Claim::None,
        }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut ups: Vec<&File> = files.iter().filter(|file| own_name(file) == Some("migration.sql")).collect();
        ups.sort_by_key(|file| file.folder());
        let read = |file: &File| {
            let folder = file.folder();
            let down = format!("{folder}/down.sql");
            let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
            let mut migration = Migration::new(version, name, Part::whole(file, Running::Together));
            migration.down = files.iter().find(|f| f.path == down).map(|file| Part::whole(file, Running::Together));
            migration
        };
        Ok(ups.into_iter().map(read).collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            let folder = format!("{version}_{}", slug(&unit.title));
            out.push(File::new(format!("{folder}/migration.sql"), unit.up_sql()));
            out.push(File::new(format!("{folder}/down.sql"), unit.down_sql()));
        }
        if !export.existing.iter().any(|file| file.path == "migration_lock.toml") {
            out.push(File::new("migration_lock.toml", format!("provider = \"{}\"\n", export.provider())));
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["_prisma_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a migration: a single statement runs outside a transaction."
    }

    fn reads(&self) -> &'static str {
        "NAME/migration.sql"
    }

    fn sends_together(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_run_in_the_order_of_their_names() {
        let files = [
            File::new("20260201000000_b/migration.sql", "select 2;"),
            File::new("20260201000000_b/down.sql", "select 3;"),
            File::new("20260101000000_a/migration.sql", "select 1;"),
        ];
        let read = Prisma.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(read[0].down.is_none() && read[1].down.is_some());
        assert_eq!(read[0].up.runs, Running::Together);
    }
}
