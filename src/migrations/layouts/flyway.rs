//! Flyway: `V1_2__name.sql` in the order of the versions' numbers, `U1_2__name.sql` to undo it, `R__name.sql` after all
//! of them and again when changed, `B2__name.sql` instead of all up to it on an empty database; a `.conf` beside a file
//! may say `executeInTransaction=false` (documentation.red-gate.com/fd: "Migrations", "Script configuration files").

use super::{Claim, Framework, broken};
use crate::Result;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::slug;
use crate::migrations::{File, Layout};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(in crate::migrations) struct Flyway;

/// A version, compared number by number; missing ones are zero.
type Version = Vec<u128>;

/// What a name says: its letter, its version as written and in numbers, and the description.
struct Name<'n> {
    kind: char,
    written: &'n str,
    version: Version,
    description: &'n str,
}

fn name(file: &File) -> Option<Name<'_>> {
    let (start, description) = file.name().strip_suffix(".sql")?.split_once("__")?;
    let kind = start.chars().next().filter(|kind| "VURB".contains(*kind))?;
    let written = start.get(1..)?;
    if kind == 'R' {
        return written.is_empty().then_some(Name { kind, written, version: Vec::new(), description });
    }
    let mut version = written.split(['.', '_']).map(|number| number.parse().ok()).collect::<Option<Version>>()?;
    while version.last() == Some(&0) {
        version.pop();
    }
    Some(Name { kind, written, version, description })
}

fn runs(file: &File, files: &[File]) -> Running {
    let conf = format!("{}.conf", file.path);
    let outside = files.iter().filter(|other| other.path == conf).flat_map(|conf| conf.text.lines()).any(|line| {
        line.split_once('=').is_some_and(|(key, value)| {
            matches!(key.trim(), "executeInTransaction" | "flyway.executeInTransaction") && value.trim() == "false"
        })
    });
    if outside { Running::Alone } else { Running::Detected }
}

impl Framework for Flyway {
    fn claim(&self, file: &File) -> Claim {
        if file.name().ends_with(".sql.conf") {
            return Claim::Name;
        }
        if name(file).is_some() { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let (mut versioned, mut undos, mut repeatable) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut baselines = BTreeMap::new();
        for file in files {
            let Some(name) = name(file) else { continue };
            let part = Part::whole(file, runs(file, files));
            let migration = Migration::new(name.written, name.description, part.clone());
            let there = match name.kind {
                'V' => versioned.insert(name.version, migration),
                'B' => baselines.insert(name.version, migration),
                'U' => undos.insert(name.version, migration),
                _ => {
                    repeatable.push(Migration { repeatable: true, ..migration });
                    None
                }
            };
            if let Some(there) = there {
                let why = format!("{} has the same version", there.up.file);
                return Err(broken(Layout::Flyway, &file.path, 1, &why));
            }
        }
        for (version, migration) in &mut versioned {
            migration.down = undos.remove(version).map(|undo| undo.up);
        }
        let mut out = Vec::new();
        if let Some((version, baseline)) = baselines.pop_last() {
            versioned.retain(|other, _| *other > version);
            out.push(baseline);
        }
        out.extend(versioned.into_values());
        repeatable.sort_by(|a, b| a.name.cmp(&b.name));
        out.extend(repeatable);
        Ok(out)
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            for (letter, body) in [('V', unit.up_sql()), ('U', unit.down_sql())] {
                let path = format!("{letter}{version}__{}.sql", slug(&unit.title));
                if !unit.transactional {
                    out.push(File::new(format!("{path}.conf"), "executeInTransaction=false\n"));
                }
                out.push(File::new(path, body));
            }
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["flyway_schema_history"]
    }

    fn outside(&self) -> &'static str {
        "Put it into a file of its own, with executeInTransaction=false in a .sql.conf beside it."
    }

    fn reads(&self) -> &'static str {
        "V1__name.sql, U1__name.sql and R__name.sql"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers_and_repeatable_ones_come_last() {
        let files: Vec<File> = ["R__a.sql", "V1.10__c.sql", "V1_2__b.sql", "U1.2.0__b.sql", "V02__d.sql"]
            .map(|path| File::new(path, format!("-- {path}")))
            .into();
        let read = Flyway.read(&files).unwrap();
        let order: Vec<&str> = read.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(order, ["b", "c", "d", "a"]);
        assert_eq!(read[0].down.as_ref().unwrap().file, "U1.2.0__b.sql");
        assert!(read[3].repeatable);
    }

    #[test]
    fn a_baseline_stands_for_what_is_before_it() {
        let files = ["V1__a.sql", "V2__b.sql", "B2__all.sql", "V3__c.sql"].map(|path| File::new(path, ""));
        let read = Flyway.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["all", "c"]);
    }

    #[test]
    fn the_file_beside_it_says_how_a_script_runs() {
        let files = [File::new("V1__a.sql", ""), File::new("V1__a.sql.conf", "executeInTransaction = false\n")];
        assert_eq!(Flyway.read(&files).unwrap()[0].up.runs, Running::Alone);
        assert!(Flyway.read(&[File::new("V1__a.sql", ""), File::new("V1.0__b.sql", "")]).is_err());
    }
}
