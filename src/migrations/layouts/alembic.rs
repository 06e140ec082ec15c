//! Alembic: its migrations are programs, so what is read is the SQL that it prints in offline mode, divided by its
//! `-- Running upgrade a -> b` lines; what is written are revisions with `op.execute`
//! (alembic.sqlalchemy.org: "Generating SQL Scripts", "autocommit_block").

use super::django::{note_line, string, text};
use super::{Claim, Framework, broken};
use crate::migrations::export::{Export, Unit};
use crate::migrations::history::{Migration, Part, Running};
use crate::migrations::text::{Lines, instead, lines, mark, slug};
use crate::migrations::{File, Layout};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub(in crate::migrations) struct Alembic;

/// What Alembic says before it prints the SQL from one revision to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Passage {
    down: bool,
    from: String,
    to: String,
}

fn running(line: &str) -> Option<Passage> {
    let rest = mark(line, "Running ")?;
    let (down, revisions) = match rest.strip_prefix("upgrade") {
        Some(revisions) => (false, revisions),
        None => (true, rest.strip_prefix("downgrade")?),
    };
    let (from, to) = revisions.split_once("->")?;
    let clean = |text: &str| text.split(',').next().unwrap_or_default().trim().to_owned();
    Some(Passage { down, from: from.trim().to_owned(), to: clean(to) })
}

/// A revision's part of a printed script.
struct Piece {
    running: Passage,
    part: Part,
}

fn pieces(file: &File) -> Vec<Piece> {
    let mut out: Vec<(Passage, Lines, usize)> = Vec::new();
    let (mut in_transaction, mut in_ledger) = (false, false);
    for (number, line) in lines(&file.text) {
        let word = line.trim();
        if let Some(running) = running(line) {
            let runs = if in_transaction { Running::Transaction } else { Running::Alone };
            out.push((running, Lines::of(&file.path, runs), number + 1));
            continue;
        }
        let control = match word.to_uppercase().as_str() {
            "BEGIN;" => {
                in_transaction = true;
                true
            }
            "COMMIT;" => {
                in_transaction = false;
                true
            }
            _ => false,
        };
        // The framework's own table is no part of the schema that its migrations make.
        in_ledger |= is_ledger(word);
        let kept = if control || in_ledger { instead(line, "") } else { line.to_owned() };
        in_ledger &= !word.ends_with(';');
        if let Some((_, part, _)) = out.last_mut() {
            part.push((number, &kept));
        }
    }
    out.into_iter().map(|(running, part, line)| Piece { running, part: part.end(line) }).collect()
}

fn is_ledger(line: &str) -> bool {
    ["CREATE TABLE ", "DROP TABLE ", "INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().any(|start| {
        line.strip_prefix(start).is_some_and(|rest| {
            let name = rest.split([' ', '(', ';']).next().unwrap_or_default();
            name.rsplit('.').next().unwrap_or_default().trim_matches('"') == "alembic_version"
        })
    })
}

impl Framework for Alembic {
    fn claim(&self, file: &File) -> Claim {
        let printed = file.is_sql() && lines(&file.text).any(|(_, line)| running(line).is_some());
        if printed { Claim::Mark } else { Claim::None }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut files: Vec<&File> = files.iter().collect();
        files.sort_by_key(|file| &file.path);
        let (downs, ups): (Vec<Piece>, Vec<Piece>) =
            files.into_iter().flat_map(pieces).partition(|piece| piece.running.down);
        let mut downs: BTreeMap<String, Part> =
            downs.into_iter().map(|piece| (piece.running.from, piece.part)).collect();
        let mut out: Vec<Migration> = Vec::new();
        for piece in in_order(ups)? {
            let mut migration = Migration::new(piece.running.to.clone(), "", piece.part);
            migration.down = downs.remove(&piece.running.to);
            out.push(migration);
        }
        Ok(out)
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let mut before = head(export.existing)?;
        let folder = if export.existing.iter().any(|f| f.path.starts_with("versions/")) { "versions/" } else { "" };
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            let told = format!("{version}{}{}", unit.title, unit.up.join(";"));
            let mut revision = crate::schema::hex(&Sha256::digest(told.as_bytes()));
            revision.truncate(12);
            let path = format!("{folder}{revision}_{}.py", slug(&unit.title));
            out.push(File::new(path, migration(unit, &revision, before.as_deref())));
            before = Some(revision);
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["alembic_version"]
    }

    fn outside(&self) -> &'static str {
        "Run it in a with op.get_context().autocommit_block()."
    }

    fn reads(&self) -> &'static str {
        "what alembic upgrade head --sql prints"
    }
}

/// Revisions after those that they go on from.
fn in_order(mut pieces: Vec<Piece>) -> Result<Vec<Piece>> {
    let all: BTreeSet<String> = pieces.iter().map(|piece| piece.running.to.clone()).collect();
    let mut done = BTreeSet::new();
    let mut out = Vec::new();
    while !pieces.is_empty() {
        let ready = |piece: &Piece| {
            piece.running.from.split(',').map(str::trim).all(|from| done.contains(from) || !all.contains(from))
        };
        let Some(at) = pieces.iter().position(ready) else {
            let file = pieces.first().map(|piece| piece.part.file.clone()).unwrap_or_default();
            return Err(broken(Layout::Alembic, &file, 1, "its revisions go round in a circle"));
        };
        let piece = pieces.remove(at);
        done.insert(piece.running.to.clone());
        out.push(piece);
    }
    Ok(out)
}

/// The revision that nothing goes on from yet.
fn head(existing: &[File]) -> Result<Option<String>> {
    let (mut revisions, mut followed) = (BTreeSet::new(), BTreeSet::new());
    for file in existing.iter().filter(|file| file.ends_in("py")) {
        for line in file.text.lines() {
            let Some((name, value)) = line.split_once('=') else { continue };
            let names = value.split(['\'', '"']).skip(1).step_by(2).map(str::to_owned);
            match name.split(':').next().unwrap_or_default().trim_end() {
                "revision" => revisions.extend(names.take(1)),
                "down_revision" => followed.extend(names),
                _ => {}
            }
        }
    }
    let heads: Vec<String> = revisions.difference(&followed).cloned().collect();
    if let [first, second, ..] = heads.as_slice() {
        return Err(Error::usage(format!("the folder has several last revisions: {first} and {second}"))
            .hint("Join them first with alembic merge heads."));
    }
    Ok(heads.into_iter().next())
}

fn migration(unit: &Unit, revision: &str, before: Option<&str>) -> String {
    let title = text(&unit.title);
    let title = title.trim_end_matches('"');
    let revises = before.unwrap_or_default();
    let mut out = format!("{title}\n\nRevision ID: {revision}\nRevises: {revises}\n\"\"\"\nfrom alembic import op\n\n");
    let before = before.map_or_else(|| "None".to_owned(), string);
    out.push_str(&format!("revision = {}\ndown_revision = {before}\n", string(revision)));
    out.push_str("branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n");
    out.extend(unit.notes.iter().map(|note| note_line("    ", note)));
    out.push_str(&body(&unit.up, unit.transactional));
    out.push_str("\n\ndef downgrade():\n");
    out.extend(unit.down_notes.iter().map(|note| note_line("    ", note)));
    match &unit.irreversible {
        Some(why) => out.push_str(&format!("    raise NotImplementedError({})\n", string(&crate::sql::one_line(why)))),
        None => out.push_str(&body(&unit.down, unit.transactional)),
    }
    out
}

fn body(statements: &[String], transactional: bool) -> String {
    if statements.is_empty() {
        return "    pass\n".to_owned();
    }
    let (open, indent) =
        if transactional { ("", "    ") } else { ("    with op.get_context().autocommit_block():\n", "        ") };
    let calls: Vec<String> =
        statements.iter().map(|sql| format!("{indent}op.execute({})\n", text(&without_parameters(sql)))).collect();
    format!("{open}{}", calls.concat())
}

/// The statement with a backslash before each colon in which SQLAlchemy would see a parameter
/// (docs.sqlalchemy.org, "text").
fn without_parameters(sql: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(sql.len());
    let mut before = ' ';
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let parameter = !is_word(before) && before != ':' && is_word(next);
        if c == ':' && (parameter || (before == '\\' && next != ':')) {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "BEGIN;\n\nCREATE TABLE alembic_version (\n    version_num VARCHAR(32) NOT NULL\n);\n\n\
        -- Running upgrade  -> a1\n\nCREATE TABLE t (id int);\n\nINSERT INTO alembic_version (version_num) VALUES ('a1');\n\n\
        -- Running upgrade a1 -> b2, add\n\nCOMMIT;\n\nCREATE INDEX CONCURRENTLY i ON t (id);\n\nBEGIN;\n\n\
        UPDATE alembic_version SET version_num='b2' WHERE alembic_version.version_num = 'a1';\n\nCOMMIT;\n\n";

    #[test]
    fn a_printed_script_is_divided_into_its_revisions() {
        let down = "-- Running downgrade b2 -> a1\n\nDROP INDEX i;\n";
        let files = [File::new("a_down.sql", down), File::new("up.sql", PRINTED)];
        let read = Alembic.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.version.as_str()).collect::<Vec<_>>(), ["a1", "b2"]);
        assert_eq!((read[0].up.line, read[0].up.text.trim()), (8, "CREATE TABLE t (id int);"));
        assert_eq!(read[1].up.text.trim(), "CREATE INDEX CONCURRENTLY i ON t (id);");
        assert_eq!(read[1].down.as_ref().unwrap().text.trim(), "DROP INDEX i;");
    }

    #[test]
    fn files_run_in_the_order_of_their_revisions() {
        let files = [
            File::new("a.sql", "-- Running upgrade a1 -> b2\nselect 2;\n"),
            File::new("b.sql", "-- Running upgrade  -> a1\nselect 1;\n"),
        ];
        let read = Alembic.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.version.as_str()).collect::<Vec<_>>(), ["a1", "b2"]);
    }

    #[test]
    fn the_last_revision_is_found_or_asked_for() {
        let revision = |name: &str, before: &str| {
            File::new(format!("{name}.py"), format!("revision: str = '{name}'\ndown_revision = {before}\n"))
        };
        let files = [revision("a", "None"), revision("b", "('a',)")];
        assert_eq!(head(&files).unwrap().as_deref(), Some("b"));
        assert!(head(&[revision("a", "None"), revision("b", "None")]).is_err());
        assert_eq!(head(&[]).unwrap(), None);
    }

    #[test]
    fn colons_are_no_parameters() {
        assert_eq!(without_parameters("select ':a', a::text, x[1:2]"), r"select '\:a', a::text, x[1:2]");
        assert_eq!(without_parameters(r"'\:b'"), r"'\\:b'");
    }
}
