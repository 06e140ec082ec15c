//! Why the SQL of somebody's files could not be loaded: where, which statement, and what to do.

use super::super::errors;
use super::work::{Item, place, shortened};
use crate::error::Location;
use crate::sql::{Agenda, SqlFile, line_column};
use crate::{Error, ErrorCode};

/// A statement's failure.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// It may go better when other statements have run.
    pub(super) may_pass: bool,
}

impl Failure {
    pub(super) fn of(why: sqlx::Error, item: &Item, files: &[SqlFile], server: &str) -> Self {
        let offset = errors::position(&why).and_then(|at| at.checked_sub(1));
        let within = offset.and_then(|chars| item.text.char_indices().nth(chars)).map_or(0, |(byte, _)| byte);
        let error = errors::explain(why);
        let state = error.engine_code.clone().unwrap_or_default();
        let may_pass = matches!(error.code, ErrorCode::Statement | ErrorCode::Permission | ErrorCode::NotFound)
            && !is_final(&state);
        let hint = advice(&state, &error, item, server).or(error.hint.clone());
        let error = located(error, item, files, within);
        Self { error: Error { hint, ..error }, may_pass }
    }

    /// Not the server's word, but ours.
    pub(super) fn ours(error: Error, item: &Item, files: &[SqlFile]) -> Self {
        Self { error: located(error, item, files, 0), may_pass: false }
    }
}

/// Whether nothing that runs later can mend it: a syntax error, or something that is there already.
pub(super) fn is_final(state: &str) -> bool {
    matches!(state, "42601") || is_duplicate(state)
}

/// Whether the object is there already.
pub(super) fn is_duplicate(state: &str) -> bool {
    matches!(state, "42P07" | "42710" | "42723" | "42P06" | "42701" | "42P04" | "42P05")
}

fn located(error: Error, item: &Item, files: &[SqlFile], within: usize) -> Error {
    let Some(file) = files.get(item.file) else { return error };
    let (line, column) = line_column(&file.text, item.span.start + within);
    // Somebody who has no file to open is told the line in words.
    let start = if file.path.is_none() { format!("line {line}: ") } else { String::new() };
    let message = format!("{start}{}, in the statement: {}", error.message, shortened(&item.text));
    // Whatever the server refuses to the statement, it was asked: the SQL cannot be loaded.
    let code = match error.code {
        ErrorCode::Permission | ErrorCode::NotFound | ErrorCode::ReadOnly => ErrorCode::Statement,
        code => code,
    };
    Error { code, message, ..error }.at(Location { file: file.path.clone(), line, column })
}

fn advice(state: &str, error: &Error, item: &Item, server: &str) -> Option<String> {
    if item.class == "CREATE EXTENSION" && !is_duplicate(state) {
        return Some(match error.code {
            ErrorCode::Permission => "Only a superuser may make this extension: name a server with --shadow where the \
                                      role may, or leave the extension out of the files."
                .to_owned(),
            _ => format!("Install the extension's files at {server}, or name a server that has them with --shadow."),
        });
    }
    let missing_role = state == "42704" && error.message.starts_with("role ");
    if missing_role {
        return Some(format!(
            "Roles are the whole server's, so none is made for a comparison: make it at {server} with CREATE ROLE, or \
             name a server that has it with --shadow."
        ));
    }
    match state {
        "42601" => Some("Correct the statement; psql would refuse it too.".to_owned()),
        _ if is_duplicate(state) => Some("Make it in one place only.".to_owned()),
        "42501" => Some("Name a server with --shadow where the role may do this.".to_owned()),
        _ => None,
    }
}

/// The failure to tell when `left` cannot be run: of a statement that waits for none of the others if there is one,
/// else of a circle.
pub(super) fn stuck(mut left: Vec<(usize, &Item, Failure)>, agenda: &Agenda, files: &[SqlFile]) -> Error {
    let names: Vec<usize> = left.iter().map(|(task, ..)| *task).collect();
    let waits =
        |task: usize| agenda.waits_for(task).into_iter().filter(|other| names.contains(other)).collect::<Vec<_>>();
    let root = left.iter().position(|(task, ..)| waits(*task).is_empty());
    let others: Vec<String> = match root {
        Some(_) => Vec::new(),
        None => left.iter().skip(1).take(4).map(|(_, item, _)| told(item, files)).collect(),
    };
    let count = left.len();
    let (_, item, failure) = left.swap_remove(root.unwrap_or(0));
    let mut error = failure.error;
    if root.is_none() && !others.is_empty() {
        let more =
            if count > others.len() + 1 { format!(" and {} more", count - others.len() - 1) } else { String::new() };
        error.message = format!(
            "{} (these wait for each other: {}, {}{more})",
            error.message,
            told(item, files),
            others.join(", ")
        );
        error.hint = Some(
            "Break the circle: make one of them without the part that needs the other, and add that part by a \
             statement of its own (ALTER TABLE … ADD CONSTRAINT, CREATE OR REPLACE)."
                .to_owned(),
        );
    } else if count > 1 {
        error.message = format!("{} ({} other statements cannot be run before it)", error.message, count - 1);
    }
    error.hint.get_or_insert_with(|| {
        "Nothing in the files makes what the statement needs: add it, or correct the name.".to_owned()
    });
    error
}

/// `shop.sql:3 CREATE VIEW`.
fn told(item: &Item, files: &[SqlFile]) -> String {
    let name = crate::sql::makes(&item.text).map_or_else(String::new, |name| format!(" {name}"));
    format!("{} {}{name}", place(item, files), item.class)
}
