//! Liquibase's formatted SQL: `--liquibase formatted sql`, then changesets with their attributes, each followed by its
//! SQL and its `--rollback` lines (docs.liquibase.com: "SQL changelog example", "Changeset attributes").

use super::{Claim, Framework};
use crate::Result;
use crate::migrations::File;
use crate::migrations::export::{Export, Unit};
use crate::migrations::history::{Migration, Running};
use crate::migrations::text::{Lines, blank, comment, instead, lines, mark, slug, terminated};

#[derive(Debug)]
pub(in crate::migrations) struct Liquibase;

/// What a changeset's line says.
struct Head<'l> {
    author: &'l str,
    id: &'l str,
    attributes: &'l str,
}

impl<'l> Head<'l> {
    fn of(line: &'l str) -> Option<Self> {
        let rest = mark(line, "changeset").filter(|rest| !rest.is_empty())?;
        let (author, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\":")?,
            None => rest.split_once(':')?,
        };
        let rest = rest.trim_start();
        let (id, attributes) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        Some(Self { author, id, attributes })
    }

    /// The value of an attribute: `name:value` or `name:"a value"`.
    fn get(&self, name: &str) -> Option<&'l str> {
        self.attributes.match_indices(':').find_map(|(at, _)| {
            let (before, after) = self.attributes.split_at_checked(at)?;
            let word = before.rsplit(char::is_whitespace).next()?;
            if !word.eq_ignore_ascii_case(name) {
                return None;
            }
            let value = after.get(1..)?;
            match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => value.split_whitespace().next(),
            }
        })
    }

    fn is(&self, name: &str, wanted: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    }
}

/// A changeset under way.
struct Changeset<'f> {
    head: Head<'f>,
    line: usize,
    up: Lines,
    down: Lines,
    /// That nothing has to be taken back.
    no_rollback: bool,
}

impl<'f> Changeset<'f> {
    fn new(head: Head<'f>, line: usize, file: &str) -> Self {
        let runs = if head.is("runInTransaction", "false") { Running::Alone } else { Running::Transaction };
        let lines = || Lines::of(file, runs);
        Self { head, line, up: lines(), down: lines(), no_rollback: false }
    }

    fn rollback(&mut self, number: usize, line: &str, text: &str) {
        let word = text.trim().to_lowercase();
        if word.starts_with("not required") || word == "empty" || word.starts_with("changesetid:") {
            self.no_rollback = true;
            return;
        }
        let before = line.trim_end().len() - text.len();
        let kept =
            format!("{}{}", blank(line.get(..before).unwrap_or_default()), line.get(before..).unwrap_or_default());
        self.down.push((number, &undelimited(&kept, self.head.get("rollbackEndDelimiter"))));
    }

    fn end(self) -> Option<Migration> {
        if self.head.is("ignore", "true") {
            return None;
        }
        let version = format!("{}:{}", self.head.author, self.head.id);
        let mut migration = Migration::new(version, self.head.id, self.up.end(self.line + 1));
        let has_down = self.no_rollback || !self.down.is_blank();
        migration.down = has_down.then(|| self.down.end(self.line + 1));
        migration.repeatable = self.head.is("runOnChange", "true") || self.head.is("runAlways", "true");
        migration.dbms = self.head.get("dbms").unwrap_or_default().split(',').map(|d| d.trim().to_owned()).collect();
        migration.dbms.retain(|name| !name.is_empty());
        Some(migration)
    }
}

/// The line with a semicolon where the changeset's own delimiter ends a statement. Without one, a slash or GO on a
/// line of its own does so as well.
fn undelimited(line: &str, delimiter: Option<&str>) -> String {
    let bare = line.trim_end();
    let delimiter = delimiter.map(|d| d.trim_start_matches("\\n").trim_start_matches("\\s*"));
    match delimiter {
        Some(";") => line.to_owned(),
        Some(delimiter) if !delimiter.is_empty() && delimiter != SLASH => {
            let at = bare.len().checked_sub(delimiter.len());
            let ends =
                at.and_then(|at| bare.split_at_checked(at)).filter(|(_, end)| end.eq_ignore_ascii_case(delimiter));
            ends.map_or_else(|| line.to_owned(), |(start, _)| instead(line, &format!("{start};")))
        }
        _ if bare.trim() == "/" || bare.trim().eq_ignore_ascii_case("go") => {
            instead(line, &bare.replace(|c: char| !c.is_whitespace(), ";"))
        }
        _ => line.to_owned(),
    }
}

fn is_formatted(file: &File) -> bool {
    let first = file.text.lines().find(|line| !line.trim().is_empty());
    first.and_then(|line| mark(line, "liquibase")).is_some_and(|rest| rest.to_lowercase().starts_with("formatted"))
}

fn read(file: &File) -> Vec<Migration> {
    let mut out = Vec::new();
    let mut current: Option<Changeset<'_>> = None;
    let (mut in_rollback, mut ignored) = (false, 0usize);
    for (number, line) in lines(&file.text) {
        if let Some(count) = mark(line, "ignoreLines:") {
            ignored = if count == "start" { usize::MAX } else { count.parse().unwrap_or(0) };
            continue;
        }
        if ignored > 0 {
            ignored -= 1;
            continue;
        }
        if let Some(head) = Head::of(line) {
            out.extend(current.replace(Changeset::new(head, number, &file.path)).and_then(Changeset::end));
            continue;
        }
        let Some(changeset) = &mut current else { continue };
        if in_rollback {
            let text = line.trim_end();
            in_rollback = !text.ends_with("*/");
            let text = text.trim_end_matches("*/");
            let kept = format!("{text}{}", line.get(line.trim_end().len()..).unwrap_or_default());
            changeset.down.push((number, &undelimited(&kept, changeset.head.get("rollbackEndDelimiter"))));
        } else if let Some(rollback) = mark(line, "rollback ") {
            changeset.rollback(number, line, rollback);
        } else if opens_rollback(line) {
            in_rollback = true;
        } else {
            changeset.up.push((number, &undelimited(line, changeset.head.get("endDelimiter"))));
        }
    }
    out.extend(current.and_then(Changeset::end));
    out
}

fn opens_rollback(line: &str) -> bool {
    let words: Vec<&str> = line.trim().trim_start_matches("/*").split_whitespace().collect();
    line.trim_start().starts_with("/*") && words.join(" ").eq_ignore_ascii_case("liquibase rollback")
}

/// Ends a statement where it stands alone on a line.
const SLASH: &str = "/";

/// What can stand between statements that have semicolons inside: the first that no line of theirs ends with.
fn delimiter(list: &[String]) -> Option<&'static str> {
    let ends = |with: &str| list.iter().flat_map(|sql| sql.lines()).any(|line| line.trim_end().ends_with(with));
    let needed = list.iter().any(|sql| sql.contains(';'));
    [SLASH, "@@", "~~", "!!", "%%"].into_iter().find(|delimiter| !ends(delimiter)).filter(|_| needed)
}

/// A changeset of a migration. Its comments begin with a word that means nothing to Liquibase.
fn changeset(version: &str, unit: &Unit) -> String {
    let mut head = format!("--changeset lockstep:{version} stripComments:false");
    if !unit.transactional {
        head.push_str(" runInTransaction:false");
    }
    for (attribute, list) in [("endDelimiter", &unit.up), ("rollbackEndDelimiter", &unit.down)] {
        head.extend(delimiter(list).map(|delimiter| format!(" {attribute}:{delimiter}")));
    }
    let statements = |list: &[String]| -> String {
        let delimiter = delimiter(list);
        let ended = |sql: &String| match delimiter {
            Some(delimiter) => format!("{}\n{delimiter}\n", sql.trim_end()),
            None => terminated(sql),
        };
        list.iter().map(ended).collect()
    };
    let mut out = format!("{head}\n--comment: {}\n", crate::sql::one_line(&unit.title));
    for note in unit.notes.iter().chain(&unit.down_notes) {
        out.push_str(&comment(&format!("Lockstep: {note}")));
    }
    out.push_str(&statements(&unit.up));
    if unit.irreversible.is_some() {
        return out;
    }
    if unit.down.is_empty() {
        out.push_str("--rollback not required\n");
    }
    out.extend(statements(&unit.down).lines().map(|line| format!("--rollback {line}\n")));
    out
}

impl Framework for Liquibase {
    fn claim(&self, file: &File) -> Claim {
        if file.is_sql() && is_formatted(file) { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut files: Vec<&File> = files.iter().collect();
        files.sort_by_key(|file| &file.path);
        Ok(files.into_iter().flat_map(read).collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let sets: Vec<String> = export.numbered().map(|(version, unit)| changeset(version, unit)).collect();
        let first = export.versions.first().map_or("", String::as_str);
        let text = format!("--liquibase formatted sql\n\n{}", sets.join("\n"));
        Ok(vec![File::new(format!("{first}_{}.sql", slug(export.title)), text)])
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["databasechangelog", "databasechangeloglock", "DATABASECHANGELOG", "DATABASECHANGELOGLOCK"]
    }

    fn outside(&self) -> &'static str {
        "Put it into a changeset of its own with runInTransaction:false."
    }

    fn reads(&self) -> &'static str {
        "SQL files whose first line is --liquibase formatted sql"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "--liquibase formatted sql\n\n\
        --changeset ann:1 dbms:postgresql,h2 splitStatements:true\n\
        --comment: the first\n\
        create table a (id int);\n\
        --rollback drop table a;\n\
        \n\
        --changeset \"bob b\":two runInTransaction:false endDelimiter:// rollbackEndDelimiter:/\n\
        do $$ begin; end $$//\n\
        /* liquibase rollback\n\
        select 1\n\
        /\n\
        */\n\
        --changeset ann:3 ignore:true\n\
        select 3;\n\
        --changeset ann:4 runOnChange:true\n\
        select 4\n\
        --rollback not required\n";

    #[test]
    fn changesets_have_their_attributes_and_both_ways() {
        let read = Liquibase.read(&[File::new("a.sql", LOG)]).unwrap();
        let [first, second, fourth] = read.as_slice() else { panic!("{read:#?}") };
        assert_eq!((first.version.as_str(), first.up.line, first.up.runs), ("ann:1", 4, Running::Transaction));
        assert_eq!(first.dbms, ["postgresql", "h2"]);
        let down = first.down.as_ref().unwrap();
        assert_eq!((down.line, down.text.as_str()), (6, "           drop table a;\n"));
        assert_eq!((second.version.as_str(), second.up.runs), ("bob b:two", Running::Alone));
        assert_eq!(second.up.text, "do $$ begin; end $$;\n");
        assert_eq!(second.down.as_ref().unwrap().text, "select 1\n;\n\n");
        assert!(fourth.repeatable && fourth.down.as_ref().unwrap().text.is_empty());
    }

    #[test]
    fn statements_with_semicolons_get_a_delimiter_that_is_read_again() {
        let unit = Unit {
            title: "t".to_owned(),
            up: vec!["do $$ begin; end $$".to_owned(), "select 1".to_owned()],
            down: vec!["select 2".to_owned()],
            transactional: true,
            ..Unit::default()
        };
        let text = format!("--liquibase formatted sql\n{}", changeset("1", &unit));
        let read = Liquibase.read(&[File::new("a.sql", text)]).unwrap();
        assert!(read[0].up.text.ends_with("do $$ begin; end $$\n;\nselect 1\n;\n"), "{:?}", read[0].up.text);
        assert_eq!(read[0].down.as_ref().unwrap().text.trim(), "select 2;");
    }
}
