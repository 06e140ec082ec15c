//! The user's own editor, on the terminal that was given back for it.

use crate::{Error, ErrorCode, Result};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

/// Lets the user edit a text; what is in the file afterwards comes back.
///
/// # Errors
/// `File` when the file or the editor does not work; the text that was there stays as it was.
pub fn edit(text: &str) -> Result<String> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|key| std::env::var(key).ok().filter(|v| !v.trim().is_empty()));
    let editor = editor.unwrap_or_else(|| "vi".into());
    let name = format!("lockstep-{}-{:016x}.sql", std::process::id(), fastrand::u64(..));
    let path = std::env::temp_dir().join(name);
    let result = write_and_run(&editor, &path, text);
    // Best effort: the file has nothing secret, and a left-over one hurts nobody.
    let _ = std::fs::remove_file(&path);
    result
}

fn write_and_run(editor: &str, path: &std::path::Path, text: &str) -> Result<String> {
    let failed = |why: std::io::Error| {
        Error::new(ErrorCode::File, format!("the SQL could not be edited in {}: {why}", path.display()))
            .hint("Check $TMPDIR and $EDITOR.")
    };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    drop(file);
    // Through the shell, because $EDITOR may have arguments.
    let status =
        Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path).status().map_err(failed)?;
    if !status.success() {
        return Err(Error::new(ErrorCode::File, format!("the editor {editor:?} ended with {status}"))
            .hint("Set $EDITOR to an editor that is installed. The step was left as it was."));
    }
    std::fs::read_to_string(path).map_err(failed)
}
