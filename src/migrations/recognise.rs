//! Which framework's a folder is.

use super::history::History;
use super::layouts::Claim;
use super::text::leading_digits;
use super::{File, Layout};
use crate::{Error, ErrorCode, Result};

/// The migrations in `files`, or `None` where they are plain SQL in nobody's layout.
///
/// # Errors
/// `Usage` when the files are of several frameworks. `File` when they are migrations in a programming language, or
/// break a rule of their framework.
pub fn recognise(files: &[File]) -> Result<Option<History>> {
    let mut sql: Vec<&File> = files.iter().filter(|file| file.is_sql()).collect();
    sql.sort_by_key(|file| &file.path);
    if sql.is_empty() {
        return unreadable(files).map_or(Ok(None), Err);
    }
    let marked: Vec<(Layout, &File)> = Layout::ALL
        .into_iter()
        .filter_map(|layout| {
            let mut marked = sql.iter().filter(|file| layout.framework().claim(file) == Claim::Mark);
            marked.next().map(|file| (layout, *file))
        })
        .collect();
    match marked.as_slice() {
        [] => by_names(&sql, files),
        [(layout, _)] => read(*layout, files, true).map(Some),
        [(one, first), (other, second), ..] => Err(Error::usage(format!(
            "the files are of several frameworks: {} is {one}'s, {} is {other}'s",
            first.path, second.path
        ))
        .hint("Name the one that is meant with --layout; its files alone are read then.")),
    }
}

/// The migrations in `files` as one framework reads them.
///
/// # Errors
/// `File` when none of the files could be the framework's, or one breaks its rules.
pub fn read_as(layout: Layout, files: &[File]) -> Result<History> {
    let history = read(layout, files, true)?;
    if history.migrations.is_empty() {
        let error = Error::new(ErrorCode::File, format!("there is no migration in the layout of {layout}"));
        return Err(
            unreadable(files).unwrap_or_else(|| error.hint(format!("{layout} reads {}.", layout.framework().reads())))
        );
    }
    Ok(history)
}

fn read(layout: Layout, files: &[File], sure: bool) -> Result<History> {
    let framework = layout.framework();
    let (own, others): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| framework.claim(file) != Claim::None);
    let own: Vec<File> = own.into_iter().cloned().collect();
    let migrations = framework.read(&own)?;
    let mut notes: Vec<String> = others
        .iter()
        .filter(|file| file.is_sql())
        .map(|file| format!("{}: left out, because it is no migration of {layout}", file.path))
        .collect();
    notes.extend(
        files
            .iter()
            .filter(|file| is_program(file))
            .map(|file| format!("{}: left out, because only the SQL migrations of {layout} can be read", file.path)),
    );
    Ok(History { layout, sure, migrations, notes })
}

/// Whether it is a migration of a framework that mixes SQL and programs in one folder.
fn is_program(file: &File) -> bool {
    let name = file.name();
    let numbered = leading_digits(name).is_some() || name.starts_with('V') && name.contains("__");
    numbered && [".go", ".java", ".kt"].iter().any(|end| name.ends_with(end)) && !name.ends_with("_test.go")
}

/// `1_a.up.sql` with `1_a.down.sql` is laid out alike by sqlx and golang-migrate, and `20260131101500_a.sql` by many.
fn by_names(sql: &[&File], files: &[File]) -> Result<Option<History>> {
    let all = |layout: Layout| sql.iter().all(|file| layout.framework().claim(file) != Claim::None);
    let digits = |file: &File| leading_digits(file.name()).map_or(0, |(digits, _)| digits.len());
    if all(Layout::GolangMigrate) {
        let dated = sql.iter().all(|file| digits(file) >= 14);
        let (layout, other) =
            if dated { (Layout::Sqlx, Layout::GolangMigrate) } else { (Layout::GolangMigrate, Layout::Sqlx) };
        let mut history = read(layout, files, false)?;
        history.notes.push(format!(
            "read as migrations of {layout}; by their names they may be {other}'s as well, which --layout {other} says"
        ));
        return Ok(Some(history));
    }
    // Names in whose order the numbers are not, or with dates in front, are a history; others are just a folder.
    let numbers: Vec<u128> = sql.iter().filter_map(|f| leading_digits(f.name())?.0.parse().ok()).collect();
    let dated = sql.iter().all(|file| digits(file) >= 8);
    let pairs = sql.iter().any(|file| file.name().ends_with(".down.sql"));
    if all(Layout::Sqlx) && (dated || pairs || !numbers.is_sorted()) {
        return read(Layout::Sqlx, files, false).map(Some);
    }
    Ok(None)
}

/// Why a folder without SQL cannot be read, where it has migrations in a language or a format of its own.
fn unreadable(files: &[File]) -> Option<Error> {
    let has = |end: &str, words: &str| files.iter().find(|f| f.name().ends_with(end) && f.text.contains(words));
    let (file, what, hint) = if let Some(file) = has(".py", "migrations.Migration") {
        (
            file,
            "Django's migrations in Python",
            "Write their SQL to files with manage.py sqlmigrate APP NAME > NAME.sql.",
        )
    } else if let Some(file) = has(".py", "down_revision") {
        (file, "Alembic's migrations in Python", "Write their SQL to a file with alembic upgrade head --sql > all.sql.")
    } else if let Some(file) = has(".rb", "ActiveRecord::Migration") {
        let hint =
            "Name the folder of db/structure.sql, which Rails writes with config.active_record.schema_format = :sql.";
        (file, "Rails' migrations in Ruby", hint)
    } else {
        let changelog = |end: &str| has(end, "databaseChangeLog");
        let file = changelog(".xml").or_else(|| changelog(".yaml")).or_else(|| changelog(".yml"))?;
        (file, "a changelog of Liquibase that is not formatted SQL", "Write its SQL with liquibase update-sql.")
    };
    Some(Error::new(ErrorCode::File, format!("{} is {what}, which only that framework can read", file.path)).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Vec<File> {
        list.iter().map(|(path, text)| File::new(*path, *text)).collect()
    }

    fn layout(list: &[(&str, &str)]) -> Option<(Layout, bool)> {
        recognise(&files(list)).unwrap().map(|history| (history.layout, history.sure))
    }

    #[test]
    fn each_layout_is_told_by_what_is_its_own() {
        let up_down = "-- migrate:up\nselect 1;\n-- migrate:down\n";
        for (list, wanted) in [
            (&[("1_a.sql", "-- no-transaction\nvacuum;")] as &[_], (Layout::Sqlx, true)),
            (&[("20260101000000_a.sql", "select 1")], (Layout::Sqlx, false)),
            (&[("9_a.sql", ""), ("10_b.sql", "")], (Layout::Sqlx, false)),
            (&[("20260101000000_a.up.sql", ""), ("20260101000000_a.down.sql", "")], (Layout::Sqlx, false)),
            (&[("1_a.up.sql", ""), ("1_a.down.sql", "")], (Layout::GolangMigrate, false)),
            (&[("1_a.sql", up_down)], (Layout::Dbmate, true)),
            (&[("1_a.sql", "-- +goose Up\nselect 1;\n")], (Layout::Goose, true)),
            (&[("V1_2__a.sql", "select 1;")], (Layout::Flyway, true)),
            (&[("a.sql", "--liquibase formatted sql\n--changeset a:1\nselect 1;")], (Layout::Liquibase, true)),
            (&[("2026-01-01-000000_a/up.sql", ""), ("2026-01-01-000000_a/down.sql", "")], (Layout::Diesel, true)),
            (&[("20260101000000_a/migration.sql", ""), ("migration_lock.toml", "")], (Layout::Prisma, true)),
            (
                &[("0001_initial.sql", "BEGIN;\n--\n-- Create model A\n--\nselect 1;\nCOMMIT;\n")],
                (Layout::Django, true),
            ),
            (&[("structure.sql", "INSERT INTO \"schema_migrations\" (version) VALUES ('1');")], (Layout::Rails, true)),
            (&[("all.sql", "BEGIN;\n-- Running upgrade  -> a1\nselect 1;\n")], (Layout::Alembic, true)),
        ] {
            assert_eq!(layout(list), Some(wanted), "{list:?}");
        }
    }

    #[test]
    fn a_folder_of_plain_sql_is_nobodys() {
        assert_eq!(layout(&[("01_tables.sql", "create table t ()"), ("02_views.sql", "")]), None);
        assert_eq!(layout(&[("tables.sql", "create table t ()"), ("1_a.up.sql", "")]), None);
        assert_eq!(layout(&[]), None);
    }

    #[test]
    fn several_frameworks_in_one_folder_are_refused_with_their_files() {
        let mixed = files(&[("1_a.sql", "-- +goose Up\n"), ("V1__b.sql", "select 1")]);
        let error = recognise(&mixed).unwrap_err();
        assert!(error.message.contains("1_a.sql is goose's") && error.message.contains("V1__b.sql is flyway's"));
        let forced = read_as(Layout::Flyway, &mixed).unwrap();
        assert_eq!(forced.migrations.len(), 1);
        assert!(forced.notes[0].starts_with("1_a.sql"), "{:?}", forced.notes);
        assert!(read_as(Layout::Prisma, &mixed).unwrap_err().hint.unwrap().contains("migration.sql"));
    }

    #[test]
    fn migrations_in_a_language_are_refused_with_the_way_to_their_sql() {
        for (path, text, way) in [
            ("0001_initial.py", "class Migration(migrations.Migration):", "sqlmigrate"),
            ("versions/a1_x.py", "down_revision = None", "--sql"),
            ("1_a.rb", "class A < ActiveRecord::Migration[7.0]", "structure.sql"),
            ("master.xml", "<databaseChangeLog>", "update-sql"),
        ] {
            let error = recognise(&files(&[(path, text)])).unwrap_err();
            assert!(error.hint.unwrap().contains(way), "{path}");
        }
        let goose = files(&[("1_a.sql", "-- +goose Up\nselect 1;"), ("2_b.go", "")]);
        assert!(recognise(&goose).unwrap().unwrap().notes[0].contains("2_b.go"));
    }
}
