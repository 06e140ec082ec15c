//! What was read from a folder: its migrations in order.

use super::{File, Layout};
use crate::schema::EngineKind;
use crate::sql::SqlFile;

/// The migrations of a folder, in the order that the framework runs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub layout: Layout,
    /// Whether nothing else could be meant. Names like `1_a.up.sql` fit several frameworks, which differ in how they
    /// use transactions: then nothing is judged by that.
    pub sure: bool,
    pub migrations: Vec<Migration>,
    /// What the reader should know: files that were left out, and why.
    pub notes: Vec<String>,
}

/// One migration, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// As the framework writes it down. Empty where it has none (Flyway's repeatable migrations).
    pub version: String,
    pub name: String,
    pub up: Part,
    pub down: Option<Part>,
    /// Run again whenever its text has changed.
    pub repeatable: bool,
    /// The databases that it is for, as Liquibase names them; empty for all.
    pub dbms: Vec<String>,
}

impl Migration {
    pub(super) fn new(version: impl Into<String>, name: impl Into<String>, up: Part) -> Self {
        Self { version: version.into(), name: name.into(), up, down: None, repeatable: false, dbms: Vec::new() }
    }

    /// Whether it runs on an engine.
    pub fn is_for(&self, engine: EngineKind) -> bool {
        let engine = engine.to_string();
        let is_it = |name: &str| name.eq_ignore_ascii_case(&engine);
        let (without, with): (Vec<&str>, Vec<&str>) =
            self.dbms.iter().map(String::as_str).partition(|name| name.starts_with('!'));
        !without.iter().any(|name| is_it(name.trim_start_matches('!')))
            && (with.is_empty() || with.iter().any(|name| is_it(name) || name.eq_ignore_ascii_case("all")))
    }
}

/// One way of a migration: whole lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The file's path in its folder.
    pub file: String,
    /// The file's line (1-based) that `text` begins with. What does not belong to the part is blank in it, so that
    /// every place in it is that of the file.
    pub line: usize,
    pub text: String,
    pub runs: Running,
}

impl Part {
    /// A whole file.
    pub(super) fn whole(file: &File, runs: Running) -> Self {
        Self { file: file.path.clone(), line: 1, text: file.text.clone(), runs }
    }
}

/// How a framework runs the statements of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// In one transaction.
    Transaction,
    /// Sent to the server as one text, of which PostgreSQL makes a transaction when it has several statements.
    Together,
    /// One by one, with no transaction around them.
    Alone,
    /// In a transaction unless a statement cannot be; statements of both kinds are refused.
    Detected,
}

/// Which way of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Up,
    Down,
}

impl History {
    /// The up parts that run on an engine, in order.
    pub fn ups(&self, engine: EngineKind) -> impl Iterator<Item = &Part> {
        self.migrations.iter().filter(move |m| m.is_for(engine)).map(|m| &m.up)
    }

    /// The up parts for an engine as texts of SQL, their files named by `named`.
    pub fn files(&self, engine: EngineKind, named: impl Fn(&str) -> String) -> Vec<SqlFile> {
        self.ups(engine).map(|part| SqlFile::new(named(&part.file), in_place([part]))).collect()
    }

    /// The parts of one file, in the file's order, with the way that each goes.
    pub fn of_file(&self, path: &str) -> Vec<(Side, &Part)> {
        let ups = self.migrations.iter().map(|m| (Side::Up, &m.up));
        let downs = self.migrations.iter().filter_map(|m| m.down.as_ref()).map(|part| (Side::Down, part));
        let mut out: Vec<_> = ups.chain(downs).filter(|(_, part)| part.file == path).collect();
        out.sort_by_key(|(_, part)| part.line);
        out
    }
}

/// Parts of one file as one text in which every line is the file's.
pub fn in_place<'p>(parts: impl IntoIterator<Item = &'p Part>) -> String {
    let mut out = String::new();
    let mut line = 1;
    for part in parts {
        if part.line > line {
            // The line of the mark between two parts is free for the end of a statement that has none.
            if !out.is_empty() {
                out.push(';');
            }
            out.push_str(&"\n".repeat(part.line - line));
            line = part.line;
        }
        out.push_str(&part.text);
        line += part.text.matches('\n').count();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(line: usize, text: &str) -> Part {
        Part { file: "f.sql".to_owned(), line, text: text.to_owned(), runs: Running::Transaction }
    }

    #[test]
    fn texts_keep_the_places_of_their_files() {
        let migrations = vec![Migration::new("1", "a", part(3, "one\ntwo"))];
        let history = History { layout: Layout::Goose, sure: true, migrations, notes: Vec::new() };
        let files = history.files(EngineKind::Postgres, |file| format!("m/{file}"));
        assert_eq!(files, [SqlFile::new("m/f.sql", "\n\none\ntwo")]);
    }

    #[test]
    fn parts_of_a_file_stand_where_they_were() {
        let parts = [part(2, "a\n"), part(5, "b")];
        assert_eq!(in_place(&parts), "\na\n;\n\nb");
    }

    #[test]
    fn a_changeset_runs_on_the_databases_that_it_names() {
        let mut migration = Migration::new("1", "a", part(1, ""));
        assert!(migration.is_for(EngineKind::Postgres));
        migration.dbms = vec!["postgresql".to_owned(), "h2".to_owned()];
        assert!(migration.is_for(EngineKind::Postgres) && !migration.is_for(EngineKind::Sqlite));
        migration.dbms = vec!["!sqlite".to_owned()];
        assert!(migration.is_for(EngineKind::Postgres) && !migration.is_for(EngineKind::Sqlite));
    }
}
