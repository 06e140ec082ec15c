//! Django: its migrations are programs, so what is read is the SQL that `sqlmigrate` prints of them, one file each in
//! the order of their names (docs.djangoproject.com: "sqlmigrate"); what is written are migrations of `RunSQL`
//! ("Migration Operations").

use super::{Claim, Framework};
use crate::Result;
use crate::migrations::File;
use crate::migrations::export::{Export, Unit};
use crate::migrations::history::{Migration, Running};
use crate::migrations::numbering::Habit;
use crate::migrations::text::{Lines, instead, leading_digits, lines, slug};

#[derive(Debug)]
pub(in crate::migrations) struct Django;

/// What sqlmigrate writes above the SQL of each operation: two empty comments with its description between.
fn is_printed(text: &str) -> bool {
    let start = text.strip_prefix("BEGIN;").unwrap_or(text).trim_start();
    start.strip_prefix("--").is_some_and(|rest| rest.trim_start_matches('\r').starts_with("\n-- "))
}

fn is_word(line: &str, word: &str) -> bool {
    line.trim().trim_end_matches(';').eq_ignore_ascii_case(word)
}

impl Framework for Django {
    fn claim(&self, file: &File) -> Claim {
        let numbered = leading_digits(file.name()).is_some_and(|(digits, _)| digits.len() == 4);
        if !file.is_sql() || !numbered {
            Claim::None
        } else if is_printed(&file.text) {
            Claim::Mark
        } else {
            Claim::Name
        }
    }

    fn read(&self, files: &[File]) -> Result<Vec<Migration>> {
        let mut files: Vec<&File> = files.iter().collect();
        files.sort_by_key(|file| file.name());
        let read = |file: &&File| {
            let atomic = file.text.lines().find(|line| !line.trim().is_empty()).is_some_and(|l| is_word(l, "begin"));
            let mut part = Lines::of(&file.path, if atomic { Running::Transaction } else { Running::Alone });
            for (number, line) in lines(&file.text) {
                let control = atomic && (is_word(line, "begin") || is_word(line, "commit"));
                part.push((number, &if control { instead(line, "") } else { line.to_owned() }));
            }
            let stem = file.name().trim_end_matches(".sql");
            let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
            Migration::new(version, name, part.end(1))
        };
        Ok(files.iter().map(read).collect())
    }

    fn write(&self, export: &Export<'_>) -> Result<Vec<File>> {
        let mut before = last(export.existing);
        let mut out = Vec::new();
        for (version, unit) in export.numbered() {
            let name = format!("{version}_{}", slug(&unit.title));
            out.push(File::new(format!("{name}.py"), migration(unit, export.application, before.as_deref())));
            before = Some(name);
        }
        Ok(out)
    }

    fn ledger(&self) -> &'static [&'static str] {
        &["django_migrations"]
    }

    fn outside(&self) -> &'static str {
        "Put it alone into a migration with atomic = False."
    }

    fn reads(&self) -> &'static str {
        "what sqlmigrate prints, in files named 0001_name.sql"
    }

    fn habit(&self) -> Habit {
        Habit::Sequence(4)
    }
}

/// The last migration of the application.
fn last(existing: &[File]) -> Option<String> {
    let names = existing.iter().filter_map(|file| file.path.strip_suffix(".py"));
    names.filter(|name| leading_digits(name).is_some()).max().map(str::to_owned)
}

fn migration(unit: &Unit, application: &str, before: Option<&str>) -> String {
    let mut out = format!("\"\"\"{}\"\"\"\n\n", docstring(&unit.title));
    out.push_str("from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n");
    if !unit.transactional {
        out.push_str("    atomic = False\n\n");
    }
    let depends = before.map(|name| format!("({}, {})", string(application), string(name)));
    out.push_str(&format!("    dependencies = [{}]\n\n    operations = [\n", depends.unwrap_or_default()));
    for note in &unit.notes {
        out.push_str(&note_line("        ", note));
    }
    out.push_str("        migrations.RunSQL(\n            sql=");
    out.push_str(&list(&unit.up));
    for note in &unit.down_notes {
        out.push_str(&note_line("            ", note));
    }
    // Without reverse_sql the migration is irreversible, and Django says so.
    if unit.irreversible.is_none() {
        out.push_str("            reverse_sql=");
        out.push_str(&list(&unit.down));
    }
    out.push_str("        ),\n    ]\n");
    out
}

fn list(statements: &[String]) -> String {
    if statements.is_empty() {
        return "migrations.RunSQL.noop,\n".to_owned();
    }
    let texts: Vec<String> = statements.iter().map(|sql| format!("                {},\n", text(sql))).collect();
    format!("[\n{}            ],\n", texts.concat())
}

pub(super) fn note_line(indent: &str, note: &str) -> String {
    format!("{indent}# {}\n", crate::sql::one_line(note))
}

/// A text of one line or several as Python writes it.
pub(super) fn text(sql: &str) -> String {
    format!("\"\"\"{}\"\"\"", docstring(sql))
}

fn docstring(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}

/// A short text as Python writes it.
pub(super) fn string(text: &str) -> String {
    format!("\"{}\"", docstring(text).replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlmigrate_prints_is_read_without_its_transaction() {
        let printed = "BEGIN;\n--\n-- Create model A\n--\nCREATE TABLE a (id int);\nCOMMIT;\n";
        let files = [File::new("0002_b.sql", "--\n-- Raw\n--\nVACUUM;\n"), File::new("0001_a.sql", printed)];
        let read = Django.read(&files).unwrap();
        assert_eq!(read.iter().map(|m| m.version.as_str()).collect::<Vec<_>>(), ["0001", "0002"]);
        assert_eq!((read[0].up.runs, read[1].up.runs), (Running::Transaction, Running::Alone));
        assert_eq!(read[0].up.text, "\n--\n-- Create model A\n--\nCREATE TABLE a (id int);\n\n");
    }

    #[test]
    fn texts_are_quoted_for_python() {
        assert_eq!(text("a \"b\" \\ c\n"), "\"\"\"a \\\"b\\\" \\\\ c\n\"\"\"");
        assert_eq!(string("a\n"), "\"a\\n\"");
    }

    #[test]
    fn a_migration_depends_on_the_one_before_and_says_that_it_cannot_go_back() {
        let mut unit = Unit { title: "t".to_owned(), up: vec!["vacuum".to_owned()], ..Unit::default() };
        unit.irreversible = Some("x".to_owned());
        let text = migration(&unit, "shop", Some("0001_initial"));
        assert!(text.contains("dependencies = [(\"shop\", \"0001_initial\")]"), "{text}");
        assert!(text.contains("atomic = False") && !text.contains("reverse_sql"), "{text}");
    }
}
