//! A script cut into statements, with what is not one named and left out.

use super::lex::{Kind, Token, tokens};
use std::ops::Range;

/// A stretch of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Statement(Range<usize>),
    /// With the reason.
    Skipped(Range<usize>, String),
}

/// Where the end of a CREATE TRIGGER is: its body has semicolons of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trigger {
    No,
    /// Before BEGIN.
    Head,
    /// With the open BEGINs and CASEs.
    Body(usize),
}

pub(super) fn split(text: &str) -> Vec<Piece> {
    let all = tokens(text);
    let mut out = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut span: Option<Range<usize>> = None;
    let mut trigger = Trigger::No;
    let mut skip_to = 0;
    for token in &all {
        if token.span.start < skip_to || matches!(token.kind, Kind::Blank | Kind::Comment) {
            continue;
        }
        let word = text.get(token.span.clone()).unwrap_or_default();
        if span.is_none() && word == "." && begins_line(text, token) {
            let line =
                text.get(token.span.start..).and_then(|r| r.find('\n')).map_or(text.len(), |n| token.span.start + n);
            let name: String =
                text.get(token.span.start..line).unwrap_or_default().split_whitespace().take(1).collect();
            out.push(Piece::Skipped(token.span.start..line, format!("{name} is a command of the sqlite3 shell")));
            skip_to = line;
            continue;
        }
        if word == ";" && !matches!(trigger, Trigger::Body(_)) {
            out.extend(span.take().map(|s| piece(text, s, &words)));
            words.clear();
            trigger = Trigger::No;
            continue;
        }
        span = Some(span.map_or(token.span.clone(), |s| s.start..token.span.end));
        if token.kind == Kind::Word {
            let upper = word.to_ascii_uppercase();
            trigger = follow(trigger, &upper, &words);
            if words.len() < 4 {
                words.push(upper);
            }
        }
    }
    out.extend(span.take().map(|s| piece(text, s, &words)));
    out
}

fn begins_line(text: &str, token: &Token) -> bool {
    let before = text.get(..token.span.start).unwrap_or_default();
    before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
}

fn follow(trigger: Trigger, word: &str, words: &[String]) -> Trigger {
    match (trigger, word) {
        (Trigger::No, "TRIGGER") => {
            let rest: Vec<&str> = words.iter().map(String::as_str).collect();
            if matches!(rest.as_slice(), ["CREATE"] | ["CREATE", "TEMP" | "TEMPORARY"]) {
                Trigger::Head
            } else {
                trigger
            }
        }
        (Trigger::Head, "BEGIN") => Trigger::Body(1),
        (Trigger::Body(depth), "CASE") => Trigger::Body(depth + 1),
        (Trigger::Body(depth), "END") => {
            if depth <= 1 {
                Trigger::No
            } else {
                Trigger::Body(depth - 1)
            }
        }
        _ => trigger,
    }
}

fn piece(text: &str, span: Range<usize>, words: &[String]) -> Piece {
    let list: Vec<&str> = words.iter().map(String::as_str).collect();
    let control = match list.as_slice() {
        ["BEGIN" | "COMMIT" | "END" | "SAVEPOINT" | "RELEASE" | "ROLLBACK", ..] => list.first(),
        _ => None,
    };
    match control {
        Some(word) => {
            let why = format!("{word} is transaction control: each step has a transaction of its own");
            Piece::Skipped(span, why)
        }
        None => Piece::Statement(trimmed(text, span)),
    }
}

fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let inner = text.get(span.clone()).unwrap_or_default();
    span.start..span.start + inner.trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statements(text: &str) -> Vec<&str> {
        split(text)
            .into_iter()
            .filter_map(|p| match p {
                Piece::Statement(span) => Some(&text[span]),
                Piece::Skipped(..) => None,
            })
            .collect()
    }

    #[test]
    fn triggers_are_one_statement() {
        let trigger =
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN\n UPDATE a SET x = CASE WHEN 1 THEN 2 END; SELECT ';'; END";
        let text = format!("select 1; {trigger};\nselect `;`");
        assert_eq!(statements(&text), ["select 1", trigger, "select `;`"]);
    }

    #[test]
    fn shell_commands_and_transactions_are_named_and_left_out() {
        let text = ".headers on\nBEGIN;\nselect 1.5;\n  .quit now\nCOMMIT";
        assert_eq!(statements(text), ["select 1.5"]);
        let skipped: Vec<String> = split(text)
            .into_iter()
            .filter_map(|p| match p {
                Piece::Skipped(_, why) => Some(why),
                Piece::Statement(_) => None,
            })
            .collect();
        assert_eq!(skipped.len(), 4);
        assert!(skipped[0].starts_with(".headers"), "{skipped:?}");
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_inside(text in "[a-z;'\"\\[\\].\n -]{0,80}|create trigger [a-z ;]{0,40}") {
            let mut at = 0;
            for piece in split(&text) {
                let (Piece::Statement(span) | Piece::Skipped(span, _)) = piece;
                prop_assert!(span.start >= at && span.end <= text.len() && !text[span.clone()].is_empty());
                at = span.end;
            }
        }
    }
}
