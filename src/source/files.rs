//! SQL files and folders of them, read from the disk.

use crate::engine::Dialect;
use crate::schema::Schema;
use crate::sql::SqlFile;
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folders within folders are followed this far, and files that include files too.
const DEEPEST: usize = 32;

/// A file's text.
pub fn read_file(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|why| unreadable(path, &why))?;
    let text = String::from_utf8(bytes).map_err(|why| {
        let line = why.as_bytes().iter().take(why.utf8_error().valid_up_to()).filter(|b| **b == b'\n').count() + 1;
        Error::new(ErrorCode::File, format!("{} is not UTF-8 text (line {line})", path.display()))
            .hint("Convert it to UTF-8.")
    })?;
    // Some editors begin a file with a mark of its encoding, which is no SQL.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// A file's text, or standard input's for `-`.
pub fn read_file_or_stdin(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin())
            .map_err(|why| Error::new(ErrorCode::File, format!("standard input cannot be read: {why}")));
    }
    read_file(path)
}

pub(super) fn unreadable(path: &Path, why: &std::io::Error) -> Error {
    let hint = match why.kind() {
        ErrorKind::NotFound => "Check the path; it counts from the folder that the command is called in.",
        ErrorKind::IsADirectory => "Name the files in it, as in FOLDER/*.sql.",
        ErrorKind::PermissionDenied => "Have the right to read it granted, or run as its owner.",
        _ => "See that the file is there and whole, and try again.",
    };
    Error::new(ErrorCode::File, format!("{} cannot be read: {why}", path.display())).hint(hint)
}

/// The .sql files of a folder and of the folders in it, in the order of their names. Hidden ones, and files that take
/// something back (`.down.sql`), are none of the schema's.
pub fn read_folder(path: &Path) -> Result<Vec<SqlFile>> {
    let mut found = Vec::new();
    collect(path, &mut found, 0)?;
    if found.is_empty() {
        return Err(Error::new(ErrorCode::File, format!("the folder {} has no .sql file", path.display()))
            .hint("Name a folder that has .sql files in it, or in folders within it."));
    }
    found.sort();
    found.iter().map(|file| Ok(SqlFile::new(file.display().to_string(), read_file(file)?))).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) -> Result<()> {
    let failed = |why: std::io::Error| unreadable(folder, &why);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST {
                collect(&path, found, depth + 1)?;
            }
        } else if Path::new(&name).extension().is_some_and(|e| e == "sql") && !name.ends_with(".down.sql") {
            found.push(path);
        }
    }
    Ok(())
}

/// Puts files that others include (psql's `\i` and `\ir`) in the place where they are included, and nowhere else.
pub fn follow_includes(files: Vec<SqlFile>, dialect: &dyn Dialect) -> Result<Vec<SqlFile>> {
    let mut included = BTreeSet::new();
    let mut whole = Vec::new();
    for file in files {
        let mut parts = Vec::new();
        let path = file.path.clone().map(PathBuf::from).unwrap_or_default();
        expand(file, &path, dialect, &mut parts, &mut included, 0)?;
        whole.push((path, parts));
    }
    let apart = |(path, _): &(PathBuf, Vec<SqlFile>)| !included.contains(&real(path));
    Ok(whole.into_iter().filter(apart).flat_map(|(_, parts)| parts).collect())
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

fn expand(
    file: SqlFile,
    path: &Path,
    dialect: &dyn Dialect,
    parts: &mut Vec<SqlFile>,
    included: &mut BTreeSet<PathBuf>,
    depth: usize,
) -> Result<()> {
    if !file.text.lines().any(|line| include(line).is_some()) {
        parts.push(file);
        return Ok(());
    }
    let script = dialect.read(&file.text, &Schema::empty(dialect.kind()));
    let mut from = 0;
    for skipped in &script.skipped {
        let Some((relative, name)) = include(&skipped.text) else { continue };
        let base = if relative { path.parent().unwrap_or(Path::new("")) } else { Path::new("") };
        let inner = base.join(name);
        if depth >= DEEPEST {
            let message = format!("{} includes files that include each other without end", path.display());
            return Err(Error::new(ErrorCode::File, message).hint("Take one of the \\i commands out."));
        }
        parts.push(part_of(&file, from, skipped.span.start, parts.is_empty()));
        from = skipped.span.end;
        let text = read_file(&inner).map_err(|why| {
            let place = file.place(skipped.line);
            Error { message: format!("{place} includes a file: {}", why.message), ..why }
        })?;
        included.insert(real(&inner));
        let mut inner_file = SqlFile::new(inner.display().to_string(), text);
        inner_file.continues = true;
        expand(inner_file, &inner, dialect, parts, included, depth + 1)?;
    }
    parts.push(part_of(&file, from, file.text.len(), parts.is_empty()));
    Ok(())
}

/// The bytes of a file from `start` to `end`, with blanks for what comes before.
fn part_of(file: &SqlFile, start: usize, end: usize, first: bool) -> SqlFile {
    let before = file.text.get(..start).unwrap_or_default();
    let blank: String = before.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    let text = format!("{blank}{}", file.text.get(start..end).unwrap_or_default());
    SqlFile { path: file.path.clone(), text, continues: file.continues || !first }
}

/// The file that a line of psql's includes, and whether its name counts from the file that includes it.
fn include(line: &str) -> Option<(bool, &str)> {
    let (command, rest) = line.trim().split_once(char::is_whitespace)?;
    let relative = match command {
        "\\i" | "\\include" => false,
        "\\ir" | "\\include_relative" => true,
        _ => return None,
    };
    let name = rest.trim().trim_end_matches(';').trim_matches('\'');
    (!name.is_empty()).then_some((relative, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::schema::EngineKind;

    #[test]
    fn an_included_file_is_read_where_it_is_included_and_only_there() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        write("a.sql", "create table a ();\n\\ir deep/b.sql\ncreate table c ();\n");
        write("deep/b.sql", "create table b ();");
        write("deep/b.down.sql", "drop table b;");
        write("deep/.hidden.sql", "no SQL");
        let files = read_folder(folder.path()).unwrap();
        assert_eq!(files.len(), 2);
        let dialect = engine::dialect(EngineKind::Postgres).unwrap();
        let parts = follow_includes(files, dialect.as_ref()).unwrap();
        let texts: Vec<(&str, bool)> = parts.iter().map(|part| (part.text.trim(), part.continues)).collect();
        assert_eq!(texts, [("create table a ();", false), ("create table b ();", true), ("create table c ();", true)]);
        assert!(parts[2].text.starts_with("                  \n"), "the lines are the file's own");
    }

    #[test]
    fn files_that_include_each_other_are_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.sql"), "\\ir a.sql\n").unwrap();
        let dialect = engine::dialect(EngineKind::Postgres).unwrap();
        let why = follow_includes(read_folder(folder.path()).unwrap(), dialect.as_ref()).unwrap_err();
        assert!(why.message.contains("without end"), "{why:?}");
    }
}
