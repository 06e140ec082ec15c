//! What statements do to the transaction and the session that they run in.

use crate::engine::postgres::reader::cursor::Cursor;
use crate::risk::{Guard, Timeout, TransactionWord};
use crate::sql::Statement;
use std::time::Duration;

/// What a piece that begins, ends or marks a transaction does.
pub(in crate::engine::postgres) fn transaction(text: &str) -> Option<TransactionWord> {
    let mut cursor = Cursor::new(text);
    let word = cursor.take_any(&[
        "begin",
        "start transaction",
        "commit",
        "end",
        "rollback",
        "abort",
        "savepoint",
        "release",
    ])?;
    Some(match word {
        "begin" | "start transaction" => TransactionWord::Begin,
        "commit" | "end" if cursor.sees("prepared") => return None,
        "commit" | "end" => TransactionWord::Commit,
        "rollback" if cursor.has("to") => TransactionWord::Savepoint,
        "rollback" | "abort" => TransactionWord::Rollback,
        _ => TransactionWord::Savepoint,
    })
}

/// The timeout that a SET or a `set_config` sets.
pub(in crate::engine::postgres) fn guard(statement: &Statement) -> Option<Guard> {
    if !statement.reading.session_setting {
        return None;
    }
    let mut cursor = Cursor::new(&statement.text);
    if cursor.take("set") {
        cursor.take("session");
        let local = cursor.take("local");
        let timeout = timeout(&cursor.ident()?)?;
        if !cursor.take("to") {
            cursor.take_sign('=');
        }
        let written = cursor.string().unwrap_or_else(|| cursor.rest().to_owned());
        return Some(Guard { timeout, local, limit: duration(&written) });
    }
    // SELECT set_config('lock_timeout', '2s', true)
    while !cursor.at_end() {
        if let Some(timeout) = cursor.string().and_then(|name| timeout(&name)) {
            cursor.take_sign(',');
            let written = cursor.string().unwrap_or_default();
            cursor.take_sign(',');
            return Some(Guard { timeout, local: cursor.sees("true"), limit: duration(&written) });
        }
        cursor.step();
    }
    None
}

fn timeout(name: &str) -> Option<Timeout> {
    match name {
        "lock_timeout" => Some(Timeout::Lock),
        "statement_timeout" => Some(Timeout::Statement),
        _ => None,
    }
}

/// A setting's time, in milliseconds unless a unit is said; `None` for 0 and DEFAULT, which are none.
fn duration(written: &str) -> Option<Duration> {
    let written = written.trim().trim_end_matches(';').trim();
    let digits = written.find(|c: char| !c.is_ascii_digit()).unwrap_or(written.len());
    let number: u64 = written.get(..digits)?.parse().ok()?;
    let unit = written.get(digits..).unwrap_or_default().trim();
    let millis = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    (number > 0).then(|| Duration::from_millis(number.saturating_mul(millis)))
}
