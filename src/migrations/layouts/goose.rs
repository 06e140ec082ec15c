//! goose: `VERSION_name.sql` with `-- +goose` annotations: Up, Down, StatementBegin and StatementEnd around what has
//! semicolons in it, NO TRANSACTION for both ways, ENVSUB (pressly.github.io/goose, "SQL file annotations").

use super::{Claim, Framework, broken};
use crate::Result;
use crate::migrations::export::Export;
use crate::migrations::history::{Migration, Running, Side};
use crate::migrations::text::{Lines, instead, leading_digits, lines, mark, slug, terminated};
use crate::migrations::{File, Layout};

#[derive(Debug)]
pub(in crate::migrations) struct Goose;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Annotation {
    Side(Side),
    Begin,
    End,
    NoTransaction,
}

fn annotation(line: &str) -> Option<Annotation> {
    let word = line.starts_with("--").then(|| mark(line, "+goose"))??;
    let is = |wanted: &str| word.split_whitespace().collect::<Vec<_>>().join(" ").eq_ignore_ascii_case(wanted);
    [
        ("up", Annotation::Side(Side::Up)),
        ("down", Annotation::Side(Side::Down)),
        ("statementbegin", Annotation::Begin),
        ("statementend", Annotation::End),
        ("no transaction", Annotation::NoTransaction),
    ]
    .into_iter()
    .find_map(|(wanted, found)| is(wanted).then_some(found))
}

fn read(file: &File) -> Result<Option<Migration>> {
    let outside = lines(&file.text).any(|(_, line)| annotation(line) == Some(Annotation::NoTransaction));
    let runs = if outside { Running::Alone } else { Running::Transaction };
    let (mut up, mut down) = (Lines::of(&file.path, runs), Lines::of(&file.path, runs));
    let (mut side, mut begun, mut last) = (None, 0, 1);
    for (number, line) in lines(&file.text) {
        last = number;
        let broken = |why: &str| Err(broken(Layout::Goose, &file.path, number, why));
        let kept = match annotation(line) {
            Some(Annotation::Side(new)) => {
                match (side, new) {
                    (None, Side::Up) | (Some(Side::Up), Side::Down) => side = Some(new),
                    (None, Side::Down) => return broken("-- +goose Down comes before -- +goose Up"),
                    (Some(_), _) => return broken("there is one more annotation of this kind above"),
                }
                continue;
            }
            Some(Annotation::Begin) => {
                begun = number;
                instead(line, "")
            }
            // What it closes may have no semicolon of its own.
            Some(Annotation::End) => {
                begun = 0;
                instead(line, ";")
            }
            Some(Annotation::NoTransaction) => instead(line, ""),
            None => line.to_owned(),
        };
        match side {
            Some(Side::Up) => up.push((number, &kept)),
            Some(Side::Down) => down.push((number, &kept)),
            None => {}
        }
    }
    if begun > 0 {
        return Err(broken(Layout::Goose, &file.path, begun, "-- +goose StatementBegin has no StatementEnd"));
    }
    if side.is_none() {
        return Ok(None);
    }
    let stem = file.name().trim_end_matches(".sql");
    let (version, rest) = leading_digits(stem).unwrap_or(("", stem));
    let mut migration = Migration::new(version, rest.trim_start_matches('_'), up.end(last));
    migration.down = (side == Some(Side::Down) && !down.is_blank()).then(|| down.end(last));
    Ok(Some(migration))
}

/// A statement as goose takes it: what has a semicolon inside is marked as one.
fn annotated(sql: &str) -> String {
    if sql.contains(';') {
        format!("-- +goose StatementBegin\n{}-- +goose StatementEnd\n", terminated(sql))
    } else {
        terminated(sql)
    }
}

impl Framework for Goose {
    fn claim(&self, file: &File) -> Claim {
        let up = Some(Annotation::Side(Side::Up));
        let marked = file.is_sql() && lines(&file.text).any(|(_, line)| annotation(line) == up);
        if marked { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut out = files.iter().filter_map(|file| read(file).transpose()).collect::<Result<Vec<_>>>()?;
        out.sort_by_key(|migration| migration.version.parse::<u128>().unwrap_or(0));
        Ok(out)
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let file = export.numbered().map(|(version, unit)| {
            let mark = if unit.transactional { "" } else { "-- +goose NO TRANSACTION\n" };
            let (up, down) = (unit.up_with(annotated), unit.down_with(annotated));
            let text = format!("{mark}-- +goose Up\n{up}\n-- +goose Down\n{down}");
            File::new(format!("{version}_{}.sql", slug(&unit.title)), text)
        });
        Ok(file.collect())
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["goose_db_version"]
    }

    fn outside(&self) -> &'static str {
        "Put it into a file that begins with -- +goose NO TRANSACTION."
    }

    fn reads(&self) -> &'static str {
        "VERSION_name.sql with the line -- +goose Up"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_divide_the_file_and_keep_its_lines() {
        let text = "-- +goose NO TRANSACTION\n-- +goose up\nselect 1;\n-- +goose StatementBegin\ndo $$ begin; end $$\n\
                    -- +goose StatementEnd\nselect 2;\n\n-- +goose Down\nselect 3;\n";
        let read = Goose.read(&[File::new("00002_a.sql", text)]).unwrap();
        let [only] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(only.up.text, "select 1;\n\ndo $$ begin; end $$\n;\nselect 2;\n\n");
        assert_eq!((only.up.line, only.up.runs), (3, Running::Alone));
        let down = only.down.as_ref().unwrap();
        assert_eq!((down.line, down.text.as_str(), down.runs), (10, "select 3;\n", Running::Alone));
    }

    #[test]
    fn what_goose_refuses_is_refused_with_its_line() {
        for (text, line) in [
            ("-- +goose Down\n", 1),
            ("-- +goose Up\n-- +goose Up\n", 2),
            ("-- +goose Up\n-- +goose StatementBegin\nselect 1\n", 2),
        ] {
            assert_eq!(Goose.read(&[File::new("1_a.sql", text)]).unwrap_err().location.unwrap().line, line);
        }
    }
}
