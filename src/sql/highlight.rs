//! SQL as coloured tokens, by meaning; the screen's theme decides the colours.

use std::sync::OnceLock;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// What a stretch of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Keyword,
    Type,
    Function,
    String,
    Number,
    Comment,
    Operator,
    Plain,
}

/// Finds tokens with syntect's SQL grammar. Loading the grammar takes some milliseconds, so it happens once, at the
/// first use.
#[derive(Debug, Default)]
pub struct Highlighter {
    grammar: OnceLock<Option<(SyntaxSet, SyntaxReference)>>,
}

impl Highlighter {
    /// One line after another, each as its stretches in order. Long texts beyond `max_lines` are left plain.
    pub fn lines(&self, sql: &str, max_lines: usize) -> Vec<Vec<(Token, String)>> {
        let grammar = self.grammar.get_or_init(|| {
            let set = SyntaxSet::load_defaults_newlines();
            let sql = set.find_syntax_by_extension("sql")?.clone();
            Some((set, sql))
        });
        let Some((set, syntax)) = grammar else {
            return sql.lines().map(|line| vec![(Token::Plain, line.to_owned())]).collect();
        };
        let mut state = ParseState::new(syntax);
        let mut stack = ScopeStack::new();
        let mut out = Vec::new();
        for (number, line) in sql.lines().enumerate() {
            let plain = || vec![(Token::Plain, line.to_owned())];
            if number >= max_lines || line.len() > 4_000 {
                out.push(plain());
                continue;
            }
            let with_end = format!("{line}\n");
            let Ok(ops) = state.parse_line(&with_end, set) else {
                out.push(plain());
                continue;
            };
            let mut stretches: Vec<(Token, String)> = Vec::new();
            let mut from = 0;
            for (at, op) in ops {
                push(&mut stretches, &stack, with_end.get(from..at).unwrap_or_default());
                from = at;
                if stack.apply(&op).is_err() {
                    break;
                }
            }
            push(&mut stretches, &stack, with_end.get(from..).unwrap_or_default().trim_end_matches('\n'));
            out.push(stretches);
        }
        out
    }
}

fn push(stretches: &mut Vec<(Token, String)>, stack: &ScopeStack, text: &str) {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return;
    }
    let token = token(stack.as_slice());
    match stretches.last_mut() {
        Some((last, run)) if *last == token => run.push_str(text),
        _ => stretches.push((token, text.to_owned())),
    }
}

fn token(scopes: &[Scope]) -> Token {
    for scope in scopes.iter().rev() {
        let name = scope.build_string();
        let found = match name.as_str() {
            n if n.starts_with("comment") => Token::Comment,
            n if n.starts_with("string") => Token::String,
            n if n.starts_with("constant.numeric") => Token::Number,
            n if n.starts_with("constant") => Token::Keyword,
            n if n.starts_with("storage") => Token::Type,
            n if n.starts_with("support.function") || n.starts_with("entity.name") => Token::Function,
            n if n.starts_with("keyword.operator") => Token::Operator,
            n if n.starts_with("keyword") => Token::Keyword,
            _ => continue,
        };
        return found;
    }
    Token::Plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_survives_and_strings_are_told_from_keywords() {
        let sql = "select 'a', 1 -- why\nfrom t";
        let lines = Highlighter::default().lines(sql, 100);
        let back: Vec<String> = lines.iter().map(|l| l.iter().map(|(_, s)| s.as_str()).collect()).collect();
        assert_eq!(back.join("\n"), sql);
        let first = &lines[0];
        assert!(first.iter().any(|(t, s)| *t == Token::Keyword && s.contains("select")), "{first:?}");
        assert!(first.iter().any(|(t, s)| *t == Token::String && s.contains('a')), "{first:?}");
        assert!(first.iter().any(|(t, s)| *t == Token::Comment && s.contains("why")), "{first:?}");
    }
}
