//! A plan in the files of a migration framework.

use super::output;
use super::source::folder;
use crate::migrations::{self, File, Layout, Start};
use crate::plan::{Patterns, Plan};
use crate::{Error, ErrorCode, Result};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the files go, and how they are numbered.
pub struct Place<'a> {
    /// A folder, or a file for a framework that writes one; none for standard output.
    pub output: Option<&'a Path>,
    pub version_from: Option<&'a str>,
}

/// Writes `plan` for a framework: into a folder, where nothing is overwritten, or to standard output.
pub fn write(plan: &Plan, layout: Layout, patterns: &dyn Patterns, place: &Place<'_>) -> Result<()> {
    let (folder, file) = match place.output {
        Some(path) if path.extension().is_some_and(|end| end == "sql") && !path.is_dir() => {
            (path.parent(), path.file_name())
        }
        other => (other, None),
    };
    let existing = match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => folder::files(folder)?,
        None => Vec::new(),
    };
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let start = Start { now, from: place.version_from.map(str::to_owned) };
    let files = migrations::export(plan, layout, patterns, &existing, &application(folder), &start)?;
    plan.notes.iter().for_each(|note| output::note(note));
    match (folder, file, files.as_slice()) {
        (None, ..) => output::print_sql(&printed(&files)),
        (Some(folder), None, _) => write_all(files.iter().map(|f| (folder.join(&f.path), f.text.as_str())))?,
        (Some(folder), Some(name), [only]) => write_all([(folder.join(name), only.text.as_str())])?,
        (Some(folder), Some(_), _) => {
            return Err(Error::usage(format!("{layout} needs {} files for this plan, not one", files.len()))
                .hint(format!("Name a folder with -o, such as {}.", folder.join("migrations").display())));
        }
    }
    Ok(())
}

/// The application that a folder of migrations belongs to: the folder that has it.
fn application(folder: Option<&Path>) -> String {
    let absolute = folder.and_then(|folder| std::path::absolute(folder).ok());
    let own =
        absolute.as_deref().map(|path| if path.ends_with("migrations") { path.parent().unwrap_or(path) } else { path });
    own.and_then(Path::file_name).map_or_else(|| "app".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn printed(files: &[File]) -> String {
    let one = |file: &File| format!("==> {} <==\n{}\n", file.path, file.text);
    files.iter().map(one).collect()
}

/// Writes files that are not there yet: all of them, or none.
fn write_all<'f>(files: impl IntoIterator<Item = (PathBuf, &'f str)>) -> Result<()> {
    let files: Vec<(PathBuf, &str)> = files.into_iter().collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Error::new(ErrorCode::File, format!("{} is there already; nothing was written", path.display()))
            .hint("Take another folder, or another version with --version-from."));
    }
    for (path, text) in &files {
        let cannot = |why: std::io::Error| {
            Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display()))
                .hint("Name a folder with -o where files may be made.")
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(cannot)?;
        }
        let mut file = std::fs::File::create_new(path).map_err(cannot)?;
        file.write_all(text.as_bytes()).map_err(cannot)?;
        output::note(&format!("{} written", path.display()));
    }
    Ok(())
}
