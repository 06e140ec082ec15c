//! sqlx: `VERSION_name.sql`, or `VERSION_name.up.sql` with `VERSION_name.down.sql`; a file that begins with
//! `-- no-transaction` runs outside of one (docs.rs/sqlx, "migrate!" and "MigrationSource").

use super::{Claim, Framework, Half, paired};
use crate::Result;
use crate::migrations::export::{Export, Unit};
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::{numbered, slug};
use crate::migrations::{File, Layout};

#[derive(Debug)]
pub(in crate::migrations) struct Sqlx;

const NO_TRANSACTION: &str = "-- no-transaction";

/// Version, name and whether it is the way down.
fn parts(file: &File) -> Option<(&str, &str, bool)> {
    let name = file.path.as_str();
    let (ending, down) = if name.ends_with(".up.sql") {
        (".up.sql", false)
    } else if name.ends_with(".down.sql") {
        (".down.sql", true)
    } else {
        (".sql", false)
    };
    let (version, name) = numbered(name, ending)?;
    version.parse::<i64>().is_ok_and(|n| n > 0).then_some((version, name, down))
}

impl Framework for Sqlx {
    fn claim(&self, file: &File) -> Claim {
        match parts(file) {
            Some(_) if file.text.starts_with(NO_TRANSACTION) => Claim::Mark,
            Some(_) => Claim::Name,
            None => Claim::None,
        }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let halves = files.iter().filter_map(|file| {
            let (digits, name, down) = parts(file)?;
            let alone = file.text.starts_with(NO_TRANSACTION);
            let part = Part::whole(file, if alone { Running::Together } else { Running::Transaction });
            Some(Half { version: digits.parse().ok()?, digits, name, down, part })
        });
        paired(Layout::Sqlx, halves.collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let file = |version: &str, unit: &Unit, way: &str, body: String| {
            let mark = if unit.transactional { String::new() } else { format!("{NO_TRANSACTION}\n") };
            File::new(format!("{version}_{}.{way}.sql", slug(&unit.title)), mark + &body)
        };
        let both = |(version, unit): (&str, &Unit)| {
            [file(version, unit, "up", unit.up_sql()), file(version, unit, "down", unit.down_sql())]
        };
        Ok(export.numbered().flat_map(both).collect())
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["_sqlx_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a file whose first line is -- no-transaction."
    }

    fn reads(&self) -> &'static str {
        "VERSION_name.sql, or VERSION_name.up.sql with VERSION_name.down.sql"
    }

    fn sends_together(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_pair_by_version_and_run_in_its_order() {
        let files = [
            File::new("10_b.up.sql", "-- no-transaction\nvacuum;"),
            File::new("10_b.down.sql", "select 1;"),
            File::new("9_a.sql", "select 2;"),
        ];
        let read = Sqlx.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.version.as_str()).collect::<Vec<_>>(), ["9", "10"]);
        assert_eq!((read[0].up.runs, read[1].up.runs), (Running::Transaction, Running::Together));
        assert!(read[0].down.is_none() && read[1].down.as_ref().unwrap().runs == Running::Transaction);
    }

    #[test]
    fn a_version_is_given_once() {
        let files = [File::new("1_a.sql", ""), File::new("01_b.up.sql", "")];
        assert!(Sqlx.read(&files).unwrap_err().message.contains("same version"));
    }
}
