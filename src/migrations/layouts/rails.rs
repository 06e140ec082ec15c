//! Rails: its migrations are programs, so what is read is `structure.sql`, the dump that Rails keeps of the database
//! after all of them, with the versions at its end; what is written are migrations with `execute`
//! (guides.rubyonrails.org, "Active Record Migrations").

use super::{Claim, Framework};
use crate::Result;
use crate::migrations::File;
use crate::migrations::export::{Export, Unit};
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::slug;
use std::collections::BTreeSet;

#[derive(Debug)]
pub(in crate::migrations) struct Rails;

/// The text that lists the versions of all migrations.
fn versions(text: &str) -> Option<&str> {
    let at = text.rfind("INSERT INTO \"schema_migrations\"").or_else(|| text.rfind("INSERT INTO schema_migrations"))?;
    text.get(at..)
}

impl Framework for Rails {
    fn claim(&self, file: &File) -> Claim {
        let is_dump = file.name() == "structure.sql" && versions(&file.text).is_some();
        if is_dump { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let read = |file: &File| {
            let listed = versions(&file.text).unwrap_or_default().split('\'').filter(|word| !word.is_empty());
            let last = listed.filter(|word| word.bytes().all(|b| b.is_ascii_digit())).max().unwrap_or_default();
            Migration::new(last, "structure", Part::whole(file, Running::Alone))
        };
        Ok(files.iter().map(read).collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let files = || export.existing.iter().filter(|file| file.ends_in("rb"));
        let mut taken: BTreeSet<String> = files()
            .filter_map(|file| file.name().trim_end_matches(".rb").split_once('_'))
            .map(|(_, n)| n.to_owned())
            .collect();
        // The release that the other migrations were written for.
        let release =
            files().filter_map(|file| file.text.split("ActiveRecord::Migration[").nth(1)?.split(']').next()).max();
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            // A class is named after its file, and two migrations cannot have one name.
            let plain = slug(&unit.title);
            let name = (1..=taken.len() + 1)
                .map(|n| if n == 1 { plain.clone() } else { format!("{plain}_{n}") })
                .find(|name| !taken.contains(name))
                .unwrap_or(plain.clone());
            taken.insert(name.clone());
            out.push(File::new(format!("{version}_{name}.rb"), migration(unit, &name, release.unwrap_or("7.0"))));
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["schema_migrations", "ar_internal_metadata"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a migration with disable_ddl_transaction!."
    }

    fn reads(&self) -> &'static str {
        "structure.sql"
    }
}

fn migration(unit: &Unit, name: &str, release: &str) -> String {
    let mut out = format!("# {}\n", crate::sql::one_line(&unit.title));
    out.push_str(&format!("class {} < ActiveRecord::Migration[{release}]\n", class(name)));
    if !unit.transactional {
        out.push_str("  disable_ddl_transaction!\n\n");
    }
    out.push_str("  def up\n");
    out.extend(unit.notes.iter().map(|note| super::django::note_line("    ", note)));
    out.extend(unit.up.iter().map(|sql| execute(sql)));
    out.push_str("  end\n\n  def down\n");
    out.extend(unit.down_comments().map(|note| super::django::note_line("    ", &note)));
    match &unit.irreversible {
        Some(why) => out.push_str(&format!("    raise ActiveRecord::IrreversibleMigration, {}\n", string(why))),
        None => out.extend(unit.down.iter().map(|sql| execute(sql))),
    }
    out.push_str("  end\nend\n");
    out
}

/// A statement in a text in which Ruby changes nothing.
fn execute(sql: &str) -> String {
    let is_free = |word: &String| !sql.lines().any(|line| line.trim() == word);
    let end =
        (0..=sql.lines().count()).map(|n| if n == 0 { "SQL".to_owned() } else { format!("SQL_{n}") }).find(is_free);
    let end = end.unwrap_or_default();
    format!("    execute <<-'{end}'\n{}\n    {end}\n", sql.trim_end())
}

fn string(text: &str) -> String {
    format!("'{}'", crate::sql::one_line(text).replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `add_region_2` as `AddRegion2`.
fn class(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{}{rest}", first.to_uppercase())
    };
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dump_stands_for_all_versions_listed_in_it() {
        let text = "CREATE TABLE a ();\nINSERT INTO \"schema_migrations\" (version) VALUES\n('20260201000000'),\n('20260101000000');\n";
        let read = Rails.read(&[File::new("structure.sql", text)]).unwrap();
        assert_eq!(read[0].version, "20260201000000");
    }

    #[test]
    fn a_statement_is_written_so_that_ruby_leaves_it_alone() {
        assert_eq!(execute("select '#{x}'\nSQL\n"), "    execute <<-'SQL_1'\nselect '#{x}'\nSQL\n    SQL_1\n");
        assert_eq!(class("add_region_2"), "AddRegion2");
        assert_eq!(string("it's\n"), "'it\\'s'");
    }
}
