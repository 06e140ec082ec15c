//! dbmate: `VERSION_name.sql` with `-- migrate:up` and `-- migrate:down` blocks, each of which may say
//! `transaction:false`; files run in the order of their names (github.com/amacneil/dbmate, README, "Migration files").

use super::{Claim, Framework, broken};
use crate::Result;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Part, Running, Side};
use crate::migrations::text::{Lines, leading_digits, lines, mark, slug};
use crate::migrations::{File, Layout};

#[derive(Debug)]
pub(in crate::migrations) struct Dbmate;

/// The side that a line begins, and its options.
fn block(line: &str) -> Option<(Side, &str)> {
    let word = line.starts_with("--").then(|| mark(line, "migrate:"))??;
    let (side, options) = match word.strip_prefix("up") {
        Some(rest) => (Side::Up, rest),
        None => (Side::Down, word.strip_prefix("down")?),
    };
    (options.is_empty() || options.starts_with(char::is_whitespace)).then_some((side, options))
}

/// The blocks of a file in order.
fn blocks(file: &File) -> Vec<(Side, Part)> {
    let mut out: Vec<(Side, Lines, usize)> = Vec::new();
    for line in lines(&file.text) {
        if let Some((side, options)) = block(line.1) {
            let outside = options.split_whitespace().any(|option| option == "transaction:false");
            let runs = if outside { Running::Together } else { Running::Transaction };
            out.push((side, Lines::of(&file.path, runs), line.0 + 1));
        } else if let Some((_, part, _)) = out.last_mut() {
            part.push(line);
        }
    }
    out.into_iter().map(|(side, part, line)| (side, part.end(line))).collect()
}

impl Framework for Dbmate {
    fn claim(&self, file: &File) -> Claim {
        let marked = file.is_sql() && lines(&file.text).any(|(_, line)| matches!(block(line), Some((Side::Up, _))));
        if marked { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut files: Vec<&File> = files.iter().collect();
        files.sort_by_key(|file| file.name());
        let mut out: Vec<Migration> = Vec::new();
        for file in files {
            let stem = file.name().trim_end_matches(".sql");
            let (version, rest) = leading_digits(stem).unwrap_or(("", stem));
            let start = out.len();
            for (side, part) in blocks(file) {
                match (side, out.get_mut(start..).and_then(<[_]>::last_mut)) {
                    (Side::Up, _) => out.push(Migration::new(version, rest.trim_start_matches('_'), part)),
                    (Side::Down, Some(migration)) if migration.down.is_none() => migration.down = Some(part),
                    (Side::Down, _) => {
                        let why = "-- migrate:down has no -- migrate:up before it";
                        return Err(broken(Layout::Dbmate, &file.path, part.line.saturating_sub(1), why));
                    }
                }
            }
        }
        Ok(out)
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let file = export.numbered().map(|(version, unit)| {
            let option = if unit.transactional { "" } else { " transaction:false" };
            let text =
                format!("-- migrate:up{option}\n{}\n-- migrate:down{option}\n{}", unit.up_sql(), unit.down_sql());
            File::new(format!("{version}_{}.sql", slug(&unit.title)), text)
        });
        Ok(file.collect())
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["schema_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a block that begins with -- migrate:up transaction:false."
    }

    fn reads(&self) -> &'static str {
        "VERSION_name.sql with the lines -- migrate:up and -- migrate:down"
    }

    fn sends_together(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_lines_and_their_own_transaction() {
        let text = "-- about it\n-- migrate:up transaction:false\nvacuum;\n\n-- migrate:down\nselect 1;\n";
        let read = Dbmate.read(&[File::new("7_a_b.sql", text)]).unwrap();
        let [only] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((only.version.as_str(), only.name.as_str()), ("7", "a_b"));
        assert_eq!((only.up.line, only.up.text.trim(), only.up.runs), (3, "vacuum;", Running::Together));
        let down = only.down.as_ref().unwrap();
        assert_eq!((down.line, down.text.trim(), down.runs), (6, "select 1;", Running::Transaction));
    }

    #[test]
    fn a_way_down_without_a_way_up_is_named_with_its_line() {
        let files = [File::new("1_a.sql", "\n-- migrate:down\n-- migrate:up\n")];
        assert_eq!(Dbmate.read(&files).unwrap_err().location.unwrap().line, 2);
    }
}
