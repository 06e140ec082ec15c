//! What is to be judged: files, folders of them, standard input, and what git says has changed.

use super::bench::{Bench, Wanted, WantedFiles};
use super::report::{FileError, FileReport};
use crate::migrations::{File, Migration};
use crate::source::{Folder, Folders, folder, read_file};
use crate::{Error, ErrorCode, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Something that is asked for.
#[derive(Debug)]
pub enum Input {
    Folder(PathBuf),
    File(PathBuf),
    /// Text that stands for a file, or for none.
    Text {
        path: Option<PathBuf>,
        text: String,
    },
}

/// The inputs in their order, grouped by the folders that they are in, so that each folder is read and judged once.
#[derive(Debug)]
pub struct Inputs {
    folders: Folders,
    groups: Vec<(Rc<Folder>, WantedFiles)>,
    order: Vec<Slot>,
    errors: Vec<FileError>,
}

#[derive(Debug)]
enum Slot {
    /// A file of a group, by its path in the folder.
    In(usize, String),
    Alone(Wanted),
}

impl Inputs {
    /// Reads what is asked for. What cannot be read is kept as an error, and the rest goes on.
    pub fn read(inputs: Vec<Input>, folders: Folders) -> Self {
        let mut all = Self { folders, groups: Vec::new(), order: Vec::new(), errors: Vec::new() };
        for input in inputs {
            let path = match &input {
                Input::Folder(path) | Input::File(path) | Input::Text { path: Some(path), .. } => path.clone(),
                Input::Text { path: None, .. } => PathBuf::from("-"),
            };
            let read = match input {
                Input::Folder(root) => all.folder(&root),
                Input::File(path) => read_file(&path).and_then(|text| all.file(&path, text)),
                Input::Text { path: Some(path), text } => {
                    all.folders.put(&path, text.clone()).and_then(|()| all.file(&path, text))
                }
                Input::Text { path: None, text } => all.unnamed(text),
            };
            if let Err(error) = read {
                all.errors.push(FileError { path: path.display().to_string(), error });
            }
        }
        all
    }

    /// Judges all; the reports in the order of the inputs, what could not be judged, and what the reader should know.
    pub fn judge(self, bench: &Bench<'_>) -> (Vec<FileReport>, Vec<FileError>, Vec<String>) {
        let mut judged: Vec<BTreeMap<String, FileReport>> =
            self.groups.iter().map(|(folder, wanted)| bench.folder(folder, wanted)).collect();
        let mut take = |slot: Slot| match slot {
            Slot::In(group, name) => judged.get_mut(group).and_then(|reports| reports.remove(&name)),
            Slot::Alone(wanted) => bench.alone(wanted),
        };
        let mut reports: Vec<FileReport> = self.order.into_iter().filter_map(&mut take).collect();
        // Both ways of a migration stand in the file's order, which need not be that of judging.
        for report in &mut reports {
            report.statements.sort_by_key(|statement| (statement.finding.line, statement.finding.column));
            report.tell_as_written();
        }
        (reports, self.errors, self.folders.notes())
    }

    /// The files of a folder: migrations in their order, or plain SQL in the order of the names.
    fn folder(&mut self, root: &Path) -> Result<()> {
        let folder = self.folders.at(root)?;
        let names: Vec<String> = if let Some(history) = &folder.history {
            let up = |migration: &Migration| migration.up.file.clone();
            let down = |migration: &Migration| migration.down.as_ref().map(|part| part.file.clone());
            history.migrations.iter().flat_map(|m| std::iter::once(up(m)).chain(down(m))).collect()
        } else {
            let is_sql = |path: &&String| path.to_ascii_lowercase().ends_with(".sql");
            folder.files.iter().map(|file| &file.path).filter(is_sql).cloned().collect()
        };
        if names.is_empty() {
            return Err(Error::new(ErrorCode::File, format!("the folder {} has no .sql file", root.display()))
                .hint("Name a folder of .sql files, or the files themselves."));
        }
        for name in names {
            let shown = root.join(&name).display().to_string();
            let text = folder.text(&name).unwrap_or_default().to_owned();
            self.want(&folder, name, Wanted { shown, text });
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, text: String) -> Result<()> {
        let wanted = Wanted { shown: path.display().to_string(), text };
        match self.folders.of(path)? {
            Some((folder, name)) => self.want(&folder, name, wanted),
            None => self.order.push(Slot::Alone(wanted)),
        }
        Ok(())
    }

    /// Text of which nothing is known but what it says of itself.
    fn unnamed(&mut self, text: String) -> Result<()> {
        let name = "-.sql".to_owned();
        let history = folder::of_file(Path::new(&name), &text, None)?;
        let file = File::new(&name, text.clone());
        let folder = Rc::new(Folder { root: PathBuf::new(), files: vec![file], history });
        self.want(&folder, name, Wanted { shown: "-".to_owned(), text });
        Ok(())
    }

    /// Asks for a file of a folder, unless it is asked for already.
    fn want(&mut self, folder: &Rc<Folder>, name: String, wanted: Wanted) {
        let known = self.groups.iter().position(|(other, _)| Rc::ptr_eq(other, folder));
        let group = known.unwrap_or_else(|| {
            self.groups.push((Rc::clone(folder), WantedFiles::new()));
            self.groups.len() - 1
        });
        let Some((_, files)) = self.groups.get_mut(group) else { return };
        if files.insert(name.clone(), wanted).is_none() {
            self.order.push(Slot::In(group, name));
        }
    }
}
