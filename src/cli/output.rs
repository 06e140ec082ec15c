//! Standard output and standard error.

use crate::Error;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Prints a result. A reader that went away (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    if out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush()).is_err() {
        tracing::debug!("standard output is closed");
    }
}

/// Prints SQL: exactly as it is for a file or a pipe, with control characters made visible on a terminal.
pub fn print_sql(text: &str) {
    if std::io::stdout().is_terminal() { print(&crate::sql::visible(text)) } else { print(text) }
}

/// Prints one line; false when nobody reads any more.
pub fn print_line(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
}

/// Prints a result as one JSON document.
pub fn print_json<T: Serialize>(value: &T) -> crate::Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|why| Error::internal(format!("the result cannot be written as JSON: {why}")))?;
    print(&text);
    Ok(())
}

/// Tells of a failure: as JSON on standard output, or in words on standard error.
pub fn print_error(error: &Error, json: bool) {
    if json {
        let document = serde_json::json!({ "error": error });
        print(&format!("{document:#}"));
        return;
    }
    let place = error.location.as_ref().map_or_else(String::new, |at| {
        let file = at.file.as_deref().map_or_else(String::new, |f| format!("{f}:"));
        format!("{file}{}:{}: ", at.line, at.column)
    });
    eprintln!("error: {place}{}", crate::sql::visible(&error.message));
    if let Some(hint) = &error.hint {
        eprintln!("  hint: {}", crate::sql::visible(hint));
    }
}

/// A message for people, on standard error.
pub fn note(text: &str) {
    eprintln!("{}", crate::sql::visible(text));
}
