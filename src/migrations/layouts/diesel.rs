//! Diesel: a folder `VERSION_name` for each migration with `up.sql` and `down.sql`; its `metadata.toml` may say
//! `run_in_transaction = false`, for both ways (docs.rs/diesel_migrations, "FileBasedMigrations").

use super::{Claim, Framework};
use crate::Result;
use crate::migrations::File;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::{leading_digits, slug};

#[derive(Debug)]
pub(in crate::migrations) struct Diesel;

/// The file's name, where it stands directly in a folder that begins with a version.
fn own_name(file: &File) -> Option<&str> {
    let folder = file.folder();
    (!folder.contains('/') && leading_digits(folder).is_some()).then(|| file.name())
}

fn runs(folder: &str, files: &[File]) -> Running {
    let path = format!("{folder}/metadata.toml");
    let outside = files.iter().filter(|file| file.path == path).any(|file| {
        let table = file.text.parse::<toml::Table>();
        table.is_ok_and(|t| t.get("run_in_transaction").and_then(toml::Value::as_bool) == Some(false))
    });
    if outside { Running::Together } else { Running::Transaction }
}

impl Framework for Diesel {
    fn claim(&self, file: &File) -> Claim {
        match own_name(file) {
            Some("up.sql") => Claim::Mark,
            Some("down.sql" | "metadata.toml") => Claim::Name,
            _ => Claim::None,
        }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let up = files.iter().filter(|file| own_name(file) == Some("up.sql"));
        let mut out: Vec<Migration> = up
            .map(|file| {
                let folder = file.folder();
                let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
                let runs = runs(folder, files);
                let down = format!("{folder}/down.sql");
                let mut migration = Migration::new(version.replace('-', ""), name, Part::whole(file, runs));
                migration.down = files.iter().find(|f| f.path == down).map(|file| Part::whole(file, runs));
                migration
            })
            .collect();
        out.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(out)
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            let folder = format!("{}_{}", dashed(version), slug(&unit.title));
            out.push(File::new(format!("{folder}/up.sql"), unit.up_sql()));
            out.push(File::new(format!("{folder}/down.sql"), unit.down_sql()));
            if !unit.transactional {
                out.push(File::new(format!("{folder}/metadata.toml"), "run_in_transaction = false\n"));
            }
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["__diesel_schema_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a migration whose metadata.toml says run_in_transaction = false."
    }

    fn reads(&self) -> &'static str {
        "VERSION_name/up.sql with VERSION_name/down.sql"
    }

    fn sends_together(&self) -> bool {
        true
    }
}

/// `20260131101500` as Diesel's own command writes it.
fn dashed(version: &str) -> String {
    if version.len() != 14 {
        return version.to_owned();
    }
    let piece = |from: usize, to: usize| version.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-0000", piece(0, 4), piece(4, 6), piece(6, 8), piece(8, 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_migration_with_its_own_rule() {
        let files = [
            File::new("2026-02-01-101500-0000_b/up.sql", "vacuum;"),
            File::new("2026-02-01-101500-0000_b/metadata.toml", "run_in_transaction = false\n"),
            File::new("00000000000000_initial/up.sql", "select 1;"),
            File::new("00000000000000_initial/down.sql", "select 2;"),
        ];
        let read = Diesel.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["initial", "b"]);
        assert_eq!((read[0].up.runs, read[1].up.runs), (Running::Transaction, Running::Together));
        assert_eq!(read[1].version, "202602011015000000");
        assert!(read[0].down.is_some() && read[1].down.is_none());
        assert_eq!(dashed("20260201101500"), "2026-02-01-101500-0000");
    }
}
