//! What a plan asks of Lockstep, as statements that any client can run.

use super::render::literal;
use crate::plan::Check;

/// Fails with the check's message when its query gives a row.
pub(super) fn guard(check: &Check) -> String {
    let query = check.query.trim_end().trim_end_matches(';');
    // A comment at the query's end must not swallow the parenthesis.
    do_block(&format!(
        "BEGIN\n  IF EXISTS (\n{query}\n  ) THEN\n    RAISE EXCEPTION USING MESSAGE = {};\n  END IF;\nEND",
        literal(&check.message)
    ))
}

/// Fails, and says why.
pub(super) fn refusal(why: &str) -> String {
    do_block(&format!("BEGIN\n  RAISE EXCEPTION USING MESSAGE = {};\nEND", literal(&format!("No way back: {why}"))))
}

/// A block of PL/pgSQL in quotes that do not occur in it.
pub(super) fn do_block(body: &str) -> String {
    let mut tags = (0..=body.len()).map(|n| if n == 0 { "$lockstep$".to_owned() } else { format!("$lockstep_{n}$") });
    let tag = tags.find(|tag| !body.contains(tag.as_str())).unwrap_or_default();
    format!("DO {tag}\n{body}\n{tag}")
}

/// `RESET` for a `SET`; nothing for what ends with its transaction.
pub(super) fn undo_setting(setting: &str) -> Option<String> {
    let words: Vec<&str> = setting.split(|c: char| c.is_whitespace() || c == '=').filter(|w| !w.is_empty()).collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let (name, start) = match upper.as_slice() {
        ["SET", "LOCAL" | "CONSTRAINTS" | "TRANSACTION", ..] => return None,
        ["SET", "SESSION", "CHARACTERISTICS", ..] => return None,
        ["SET", "SESSION", "AUTHORIZATION", ..] => return Some("RESET SESSION AUTHORIZATION".to_owned()),
        ["SET", "SESSION", name, ..] => (*name, 2),
        ["SET", name, ..] => (*name, 1),
        _ => return None,
    };
    match name {
        "TIME" => Some("RESET TIME ZONE".to_owned()),
        "NAMES" => Some("RESET client_encoding".to_owned()),
        "SCHEMA" => Some("RESET search_path".to_owned()),
        _ => words.get(start).map(|name| format!("RESET {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_undone() {
        for (setting, undone) in [
            ("SET search_path = a, b", Some("RESET search_path")),
            ("set search_path=a", Some("RESET search_path")),
            ("SET SESSION statement_timeout TO '5s'", Some("RESET statement_timeout")),
            ("SET ROLE x", Some("RESET ROLE")),
            ("SET TIME ZONE 'UTC'", Some("RESET TIME ZONE")),
            ("SET LOCAL lock_timeout = '1s'", None),
            ("SET CONSTRAINTS ALL DEFERRED", None),
        ] {
            assert_eq!(undo_setting(setting).as_deref(), undone, "{setting}");
        }
    }

    #[test]
    fn blocks_have_quotes_of_their_own() {
        assert!(refusal("it's $lockstep$").starts_with("DO $lockstep_1$\nBEGIN"));
        assert!(refusal("it's").contains("'No way back: it''s'"));
    }
}
