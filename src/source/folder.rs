//! Migration folders on disk.

use super::read_file;
use crate::migrations::{self, File, History, Layout, in_place};
use crate::schema::EngineKind;
use crate::{Error, Result};
use std::path::Path;

/// How far below the folder migrations may be.
const DEPTH: usize = 2;

/// A program longer than this is no migration; its text is not needed to say so.
const LONGEST_PROGRAM: u64 = 256 * 1024;

/// The files of a folder and of those in it: their texts where a layout may be told by them, else their names.
///
/// # Errors
/// `File` when the folder or SQL in it cannot be read.
pub fn files(root: &Path) -> Result<Vec<File>> {
    let mut out = Vec::new();
    collect(root, "", DEPTH, &mut out)?;
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

fn collect(folder: &Path, prefix: &str, depth: usize, out: &mut Vec<File>) -> Result<()> {
    let unreadable = |why: std::io::Error| super::files::unreadable(folder, &why);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let below = format!("{prefix}{name}");
        if path.is_dir() {
            // What cannot be entered below the folder has nothing to do with it.
            if depth > 0 && std::fs::read_dir(&path).is_ok() {
                collect(&path, &format!("{below}/"), depth - 1, out)?;
            }
            continue;
        }
        let end = name.rsplit_once('.').map_or("", |(_, end)| end).to_ascii_lowercase();
        let text = match end.as_str() {
            "sql" => read_file(&path)?,
            "conf" | "toml" | "py" | "rb" | "xml" | "yaml" | "yml" => {
                let short = path.metadata().is_ok_and(|data| data.len() <= LONGEST_PROGRAM);
                let text = if short { std::fs::read_to_string(&path) } else { Ok(String::new()) };
                text.unwrap_or_default()
            }
            _ => String::new(),
        };
        out.push(File::new(below, text));
    }
    Ok(())
}

/// The migrations of a folder, in the layout that is asked for or recognised; `None` for a folder of plain SQL.
///
/// # Errors
/// As [`files`]; when the files are of several layouts or break the rules of theirs.
pub fn history(root: &Path, layout: Option<Layout>) -> Result<Option<History>> {
    of_files(&files(root)?, layout).map_err(|why| in_folder(why, root))
}

/// The migrations of a file by itself.
pub fn of_file(path: &Path, text: &str, layout: Option<Layout>) -> Result<Option<History>> {
    let name = path.file_name().map_or_else(|| "-.sql".to_owned(), |name| name.to_string_lossy().into_owned());
    let folder = path.parent().unwrap_or(Path::new(""));
    of_files(&[File::new(name, text)], layout).map_err(|why| in_folder(why, folder))
}

pub(super) fn of_files(files: &[File], layout: Option<Layout>) -> Result<Option<History>> {
    match layout {
        Some(layout) => migrations::read_as(layout, files).map(Some),
        None => migrations::recognise(files),
    }
}

/// An error that names a file by its path in the folder, with the path that the reader knows.
pub(super) fn in_folder(mut why: Error, root: &Path) -> Error {
    if let Some(file) = why.location.as_mut().and_then(|location| location.file.as_mut()) {
        *file = root.join(&*file).display().to_string();
    }
    why
}

/// The statements of a migration file that go up, each where it stands in the file; all of a file that is no
/// migration, or only the way down of one.
///
/// # Errors
/// When the file breaks the rules of its layout.
pub fn way_up(path: &Path, text: String, layout: Option<Layout>, engine: EngineKind) -> Result<String> {
    let Some(history) = of_file(path, &text, layout)? else { return Ok(text) };
    let up = in_place(history.ups(engine));
    Ok(if up.is_empty() && history.migrations.is_empty() { text } else { up })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A folder with files in it, by their paths.
    pub(in crate::source) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn the_way_up_of_a_file_keeps_its_places() {
        let text = "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n".to_owned();
        let up = way_up(Path::new("1_a.sql"), text, None, EngineKind::Postgres).unwrap();
        assert_eq!(up, "\nselect 1;\n");
        let down = "drop table t;".to_owned();
        assert_eq!(way_up(Path::new("1_a.down.sql"), down.clone(), None, EngineKind::Postgres).unwrap(), down);
        let plain = "select 1;".to_owned();
        assert_eq!(way_up(Path::new("-"), plain.clone(), None, EngineKind::Postgres).unwrap(), plain);
    }

    #[test]
    fn an_error_names_the_file_as_the_reader_knows_it() {
        let folder = folder(&[("1_a.sql", "-- +goose Up\n-- +goose Up\n")]);
        let place = history(folder.path(), None).unwrap_err().location.unwrap();
        assert_eq!((place.file.unwrap(), place.line), (folder.path().join("1_a.sql").display().to_string(), 2));
    }
}
