//! The folders that files were found in, each read once.

use super::folder;
use crate::migrations::{File, History, Layout};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A folder of SQL.
#[derive(Debug)]
pub struct Folder {
    pub root: PathBuf,
    /// What is in it, in the order of the names.
    pub files: Vec<File>,
    /// Its migrations, where it is laid out as such.
    pub history: Option<History>,
}

impl Folder {
    /// A file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

/// Folders that were read.
#[derive(Debug, Default)]
pub struct Folders {
    layout: Option<Layout>,
    /// Texts that stand for what is on the disk, by absolute path.
    instead: BTreeMap<PathBuf, String>,
    known: BTreeMap<PathBuf, Rc<Folder>>,
}

impl Folders {
    /// Folders in one layout, where it is given.
    pub fn new(layout: Option<Layout>) -> Self {
        Self { layout, ..Self::default() }
    }

    /// Takes `text` for what is in a file, which need not be there. Folders that were read before do not know it.
    ///
    /// # Errors
    /// `File` when the path can be none.
    pub fn put(&mut self, path: &Path, text: String) -> Result<()> {
        self.instead.insert(absolute(path)?, text);
        Ok(())
    }

    /// A folder with its migrations in the layout that is asked for or recognised.
    ///
    /// # Errors
    /// `File` when it cannot be read; when its files are of several layouts or break the rules of theirs.
    pub fn at(&mut self, root: &Path) -> Result<Rc<Folder>> {
        let key = absolute(root)?;
        if let Some(known) = self.known.get(&key) {
            return Ok(Rc::clone(known));
        }
        let mut files = folder::files(root)?;
        for (path, text) in &self.instead {
            let Some(below) = path.strip_prefix(&key).ok().and_then(Path::to_str) else { continue };
            match files.binary_search_by(|file| file.path.as_str().cmp(below)) {
                Ok(at) => files.iter_mut().skip(at).take(1).for_each(|file| file.text.clone_from(text)),
                Err(at) => files.insert(at, File::new(below, text.clone())),
            }
        }
        let history = folder::of_files(&files, self.layout).map_err(|why| folder::in_folder(why, root))?;
        let read = Rc::new(Folder { root: root.to_path_buf(), files, history });
        self.known.insert(key, Rc::clone(&read));
        Ok(read)
    }

    /// The folder that a file belongs to, with the file's path in it; `None` where the folder cannot be made sense
    /// of, so that the file stands for itself.
    ///
    /// # Errors
    /// When the layout that was asked for cannot be read.
    pub fn of(&mut self, file: &Path) -> Result<Option<(Rc<Folder>, String)>> {
        let absolute = absolute(file)?;
        let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name().and_then(|name| name.to_str()))
        else {
            return Ok(None);
        };
        let own_folder = matches!(name, "up.sql" | "down.sql" | "migration.sql");
        let (root, path) = match (folder.parent(), folder.file_name().and_then(|name| name.to_str())) {
            (Some(root), Some(folder)) if own_folder => (root, format!("{folder}/{name}")),
            _ => (folder, name.to_owned()),
        };
        match (self.at(root), self.layout) {
            (Ok(read), _) => Ok(Some((read, path))),
            (Err(why), Some(_)) => Err(why),
            (Err(_), None) => Ok(None),
        }
    }

    /// What the reader should know of the folders that were read.
    pub fn notes(&self) -> Vec<String> {
        let notes = |folder: &Rc<Folder>| {
            let notes = folder.history.iter().flat_map(|history| &history.notes);
            notes.map(|note| format!("{}: {note}", folder.root.display())).collect::<Vec<_>>()
        };
        self.known.values().flat_map(notes).collect()
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|why| Error::new(ErrorCode::File, format!("{} has no place: {why}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::folder::tests::folder;

    #[test]
    fn a_file_is_found_in_the_folder_of_its_layout() {
        let on_disk = folder(&[("1_a/up.sql", "select 1;"), ("1_a/down.sql", "select 2;"), ("1_a/.x/y.sql", "\u{0}")]);
        let (found, path) = Folders::default().of(&on_disk.path().join("1_a/down.sql")).unwrap().unwrap();
        let history = found.history.as_ref().unwrap();
        assert_eq!((history.layout, path.as_str()), (Layout::Diesel, "1_a/down.sql"));
        assert_eq!(history.of_file("1_a/down.sql").len(), 1);
    }

    #[test]
    fn a_text_stands_for_a_file_that_is_there_or_not() {
        let on_disk = folder(&[("1_a.sql", "select 1;"), ("3_c.sql", "select 3;")]);
        let mut folders = Folders::default();
        folders.put(&on_disk.path().join("2_b.sql"), "select 2;".to_owned()).unwrap();
        folders.put(&on_disk.path().join("3_c.sql"), "select 4;".to_owned()).unwrap();
        let read = folders.at(on_disk.path()).unwrap();
        let files: Vec<(&str, &str)> = read.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        assert_eq!(files, [("1_a.sql", "select 1;"), ("2_b.sql", "select 2;"), ("3_c.sql", "select 4;")]);
        assert_eq!(read.text("2_b.sql"), Some("select 2;"));
    }
}
