//! SQLite's tokens, exactly as its own tokenizer cuts them (sqlite.org/lang_expr.html, "Literal values", and
//! lang_keywords.html for the four kinds of quotes).

use crate::engine::sqlite::render::ident;
use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) enum Kind {
    /// A keyword or a bare name.
    Word,
    /// `"x"`, `` `x` `` or `[x]`.
    Quoted,
    /// `'x'`, also `x'00'`.
    Text,
    Number,
    /// One character of punctuation, or an operator of several.
    Symbol,
    Comment,
    Blank,
    /// A quote or a comment that is never closed; it runs to the end.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::sqlite) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_word(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}

/// Length of the leading characters for which `keep` holds.
fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

/// Length of a quoted stretch that begins with its opening quote; the closing quote doubled stands for itself.
fn quoted(text: &str, close: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(close)? + close.len_utf8();
        if close == ']' || !text.get(at..)?.starts_with(close) {
            return Some(at);
        }
        at += close.len_utf8();
    }
}

fn next(rest: &str) -> Option<(Kind, usize)> {
    let first = rest.chars().next()?;
    let open = (Kind::Open, rest.len());
    let closed = |kind, length: Option<usize>| length.map_or(open, |n| (kind, n));
    Some(match first {
        c if c.is_ascii_whitespace() || c == '\u{feff}' => {
            (Kind::Blank, run(rest, |c| c.is_ascii_whitespace() || c == '\u{feff}'))
        }
        '-' if rest.starts_with("--") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        // SQLite closes an open block comment at the end of the text.
        '/' if rest.starts_with("/*") => {
            (Kind::Comment, rest.get(2..).and_then(|r| r.find("*/")).map_or(rest.len(), |n| n + 4))
        }
        '\'' => closed(Kind::Text, quoted(rest, '\'')),
        'x' | 'X' if rest.get(1..).is_some_and(|r| r.starts_with('\'')) => {
            closed(Kind::Text, rest.get(1..).and_then(|r| quoted(r, '\'')).map(|n| n + 1))
        }
        '"' => closed(Kind::Quoted, quoted(rest, '"')),
        '`' => closed(Kind::Quoted, quoted(rest, '`')),
        '[' => closed(Kind::Quoted, quoted(rest, ']')),
        c if is_word_start(c) => (Kind::Word, run(rest, is_word)),
        '0'..='9' => (Kind::Number, number(rest)),
        '.' if rest.get(1..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())) => {
            (Kind::Number, number(rest))
        }
        '?' | ':' | '@' | '$' | '#' => (Kind::Symbol, 1 + rest.get(1..).map_or(0, |r| run(r, is_word))),
        _ => {
            let double = ["->>", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "->"];
            let length = double.iter().find(|s| rest.starts_with(**s)).map_or(first.len_utf8(), |s| s.len());
            (Kind::Symbol, length)
        }
    })
}

fn number(rest: &str) -> usize {
    if rest.starts_with("0x") || rest.starts_with("0X") {
        return 2 + rest.get(2..).map_or(0, |r| run(r, |c| c.is_ascii_hexdigit() || c == '_'));
    }
    let mut length = run(rest, |c| c.is_ascii_digit() || c == '.' || c == '_');
    if let Some(exponent) = rest.get(length..).filter(|r| r.starts_with(['e', 'E'])) {
        let sign = usize::from(exponent.get(1..).is_some_and(|r| r.starts_with(['+', '-'])));
        let digits = exponent.get(1 + sign..).map_or(0, |r| run(r, |c| c.is_ascii_digit()));
        if digits > 0 {
            length += 1 + sign + digits;
        }
    }
    length
}

/// Every token of `text`, blanks and comments with them: the spans follow each other and cover the whole text.
pub(in crate::engine::sqlite) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some((kind, length)) = text.get(at..).and_then(next) {
        out.push(Token { kind, span: at..at + length });
        at += length;
    }
    out
}

/// A name without its quotes.
pub(in crate::engine::sqlite) fn unquote(text: &str) -> String {
    let inner = || text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    match text.chars().next() {
        Some('"') => inner().replace("\"\"", "\""),
        Some('`') => inner().replace("``", "`"),
        Some('\'') => inner().replace("''", "'"),
        Some('[') => inner().to_owned(),
        _ => text.to_owned(),
    }
}

/// The names and keywords of a text, without quotes: where something may be mentioned.
pub(in crate::engine::sqlite) fn mentions(text: &str, name: &str) -> bool {
    tokens(text).into_iter().any(|t| {
        matches!(t.kind, Kind::Word | Kind::Quoted)
            && text.get(t.span).is_some_and(|word| unquote(word).eq_ignore_ascii_case(name))
    })
}

/// `text` with every name that is `from` written as `to` (which is quoted already where it must be).
pub(in crate::engine::sqlite) fn rename(text: &str, from: &str, to: &str) -> String {
    tokens(text)
        .into_iter()
        .map(|t| {
            let word = text.get(t.span).unwrap_or_default();
            let names = matches!(t.kind, Kind::Word | Kind::Quoted) && unquote(word).eq_ignore_ascii_case(from);
            if names { to } else { word }
        })
        .collect()
}

/// `text` with those of `names` that stand in quotes and need none written bare: a rename leaves quotes behind.
pub(in crate::engine::sqlite) fn bare_names(text: &str, names: &[String]) -> String {
    tokens(text)
        .into_iter()
        .map(|t| {
            let word = text.get(t.span).unwrap_or_default();
            let name = if t.kind == Kind::Quoted { unquote(word) } else { return word.to_owned() };
            if names.contains(&name) && ident(&name) == name { name } else { word.to_owned() }
        })
        .collect()
}

/// Walks the tokens that mean something.
#[derive(Clone, Debug)]
pub(in crate::engine::sqlite) struct Cursor<'a> {
    pub text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        let tokens = tokens(text).into_iter().filter(|t| !matches!(t.kind, Kind::Blank | Kind::Comment)).collect();
        Self { text, tokens, at: 0 }
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_text(&self, ahead: usize) -> Option<(Kind, &'a str)> {
        let token = self.tokens.get(self.at + ahead)?;
        Some((token.kind, self.text.get(token.span.clone())?))
    }

    /// The next token's own text.
    pub fn word(&self) -> Option<&'a str> {
        self.peek_text(0).map(|(_, text)| text)
    }

    /// Where the next token begins; the end of the text when there is none.
    pub fn start(&self) -> usize {
        self.peek().map_or(self.text.len(), |t| t.span.start)
    }

    /// Where the last token that was taken ends.
    pub fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |t| t.span.end)
    }

    pub fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned()?;
        self.at += 1;
        Some(token)
    }

    pub fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Whether the next tokens are these bare words or symbols.
    pub fn at_words(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| {
            self.peek_text(ahead).is_some_and(|(kind, text)| {
                matches!(kind, Kind::Word | Kind::Symbol) && text.eq_ignore_ascii_case(word)
            })
        })
    }

    /// Takes these words if they are next.
    pub fn take(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            self.at += words.len();
        }
        found
    }

    /// A name: a word, or something in any of the four quotes.
    pub fn name(&mut self) -> Option<String> {
        let (kind, text) = self.peek_text(0)?;
        if !matches!(kind, Kind::Word | Kind::Quoted | Kind::Text) {
            return None;
        }
        self.at += 1;
        Some(unquote(text))
    }

    /// A name with an optional schema before it; the last part alone comes back, with the schema if one was said.
    pub fn qualified(&mut self) -> Option<(Option<String>, String)> {
        let first = self.name()?;
        if self.take(&["."]) { Some((Some(first), self.name()?)) } else { Some((None, first)) }
    }

    /// A balanced group in parentheses: the span of what is inside.
    pub fn group(&mut self) -> Option<Range<usize>> {
        if !self.at_words(&["("]) {
            return None;
        }
        let open = self.advance()?;
        let mut depth = 1_usize;
        while let Some(token) = self.advance() {
            match self.text.get(token.span.clone()) {
                Some("(") => depth += 1,
                Some(")") => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(open.span.end..token.span.start);
            }
        }
        None
    }

    /// The text of a span, trimmed.
    pub fn slice(&self, span: Range<usize>) -> String {
        self.text.get(span).unwrap_or_default().trim().to_owned()
    }
}

/// The parts of a list at commas outside parentheses, as spans of `text` without blanks and comments around them.
pub(in crate::engine::sqlite) fn list(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut part: Option<Range<usize>> = None;
    for token in tokens(text.get(within.clone()).unwrap_or_default()) {
        if matches!(token.kind, Kind::Blank | Kind::Comment) {
            continue;
        }
        let span = token.span.start + within.start..token.span.end + within.start;
        match text.get(span.clone()) {
            Some("(") => depth += 1,
            Some(")") => depth = depth.saturating_sub(1),
            Some(",") if depth == 0 => {
                out.extend(part.take());
                continue;
            }
            _ => {}
        }
        part = Some(part.map_or(span.clone(), |p| p.start..span.end));
    }
    out.extend(part);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        tokens(text).into_iter().filter(|t| t.kind != Kind::Blank).map(|t| (t.kind, &text[t.span])).collect()
    }

    #[test]
    fn every_quote_of_sqlite_is_one_token() {
        let text = r#"'it''s' "a""b" `c``d` [e]f]"#;
        let found = kinds(text);
        assert_eq!(
            found[..4],
            [(Kind::Text, "'it''s'"), (Kind::Quoted, r#""a""b""#), (Kind::Quoted, "`c``d`"), (Kind::Quoted, "[e]")]
        );
        assert_eq!(kinds("'open"), [(Kind::Open, "'open")]);
    }

    #[test]
    fn block_comments_do_not_nest() {
        assert_eq!(kinds("/* /* */ x"), [(Kind::Comment, "/* /* */"), (Kind::Word, "x")]);
    }

    #[test]
    fn lists_are_cut_at_outer_commas_only() {
        let text = "a decimal(1,2), b /* , */, check (x in (1,2))";
        let parts: Vec<&str> = list(text, 0..text.len()).into_iter().map(|s| &text[s]).collect();
        assert_eq!(parts, ["a decimal(1,2)", "b", "check (x in (1,2))"]);
    }

    proptest! {
        #[test]
        fn tokens_cover_any_text(text in "\\PC*|[-'\"`\\[\\]/* x0e.+()\n]*") {
            let mut at = 0;
            for token in tokens(&text) {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(token.span.end > at);
                at = token.span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
