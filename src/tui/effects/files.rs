//! Files and the clipboard.

use super::super::message::Message;
use super::super::state::Purpose;
use crate::{Error, ErrorCode, Result};
use base64::Engine as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Larger files are not read: a migration is not that long.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Terminals drop longer texts.
const MAX_COPIED: usize = 100_000;

pub async fn read(purpose: Purpose, path: PathBuf) -> Message {
    let result = read_text(&path).await;
    Message::File(purpose, path, result)
}

async fn read_text(path: &PathBuf) -> Result<String> {
    let shown = crate::sql::one_line(&path.display().to_string());
    let failed = |why: std::io::Error| {
        Error::new(ErrorCode::File, format!("{shown} cannot be read: {why}")).hint("Check the path and its rights.")
    };
    let size = tokio::fs::metadata(path).await.map_err(failed)?;
    if !size.is_file() || size.len() > MAX_BYTES {
        return Err(Error::new(ErrorCode::File, format!("{shown} is no file of SQL, or larger than 16 MB"))
            .hint("Give the path of an SQL file or of a saved plan."));
    }
    let bytes = tokio::fs::read(path).await.map_err(failed)?;
    String::from_utf8(bytes).map_err(|why| {
        Error::new(ErrorCode::File, format!("{shown} is not UTF-8 text (byte {})", why.utf8_error().valid_up_to()))
            .hint("Convert it to UTF-8 first.")
    })
}

pub async fn save(path: PathBuf, text: String, overwrite: bool) -> Message {
    if !overwrite && tokio::fs::try_exists(&path).await.unwrap_or(false) {
        return Message::WouldOverwrite(path);
    }
    let result = tokio::fs::write(&path, text).await.map_err(|why| {
        let shown = crate::sql::one_line(&path.display().to_string());
        Error::new(ErrorCode::File, format!("{shown} cannot be written: {why}")).hint("Choose another place.")
    });
    Message::Saved(path, result)
}

/// Hands a text to the terminal's clipboard (OSC 52), which works over ssh too.
pub fn copy(text: &str) -> Result<String> {
    if text.len() > MAX_COPIED {
        return Err(Error::new(ErrorCode::Unsupported, "the text is too long for the terminal's clipboard")
            .hint("Save the plan with w instead."));
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let mut out = std::io::stdout();
    out.write_all(format!("\x1b]52;c;{encoded}\x07").as_bytes())
        .and_then(|()| out.flush())
        .map_err(|why| Error::new(ErrorCode::File, format!("the terminal took no clipboard text: {why}")))?;
    Ok("Copied, where the terminal lets programs set the clipboard (OSC 52).".into())
}
