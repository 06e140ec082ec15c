//! Walking through the words of one statement.

use super::tokens::{Kind, Token, leading, tokens};
use std::ops::Range;

/// A name as written: its parts, folded to lower case where they were not quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Name {
    pub schema: Option<String>,
    pub name: String,
}

/// A place between the tokens of a statement. Asking moves it only when the answer is yes.
#[derive(Clone, Debug)]
pub(in crate::engine::postgres) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, tokens: tokens(text), at: 0 }
    }

    /// At the first words of a text, for those who need no more of it: it ends after `count` of them.
    pub fn leading(text: &'a str, count: usize) -> Self {
        Self { text, tokens: leading(text, count), at: 0 }
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn slice(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next token as it is written; empty at the end.
    pub fn raw(&self, ahead: usize) -> &'a str {
        self.token(ahead).map_or("", |t| self.slice(t.span.clone()))
    }

    pub fn kind(&self) -> Option<Kind> {
        self.token(0).map(|t| t.kind)
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    pub fn step(&mut self) {
        self.at += 1;
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        self.token(ahead).is_some_and(|t| t.kind == Kind::Word && self.slice(t.span.clone()).eq_ignore_ascii_case(word))
    }

    /// Whether the words (separated by blanks) come next.
    pub fn sees(&self, words: &str) -> bool {
        // Asked of long lists of words, of which nearly all begin with another letter.
        let here = self.token(0).and_then(|token| self.text.as_bytes().get(token.span.start));
        let begins = words.as_bytes().first().zip(here).is_some_and(|(word, here)| word.eq_ignore_ascii_case(here));
        begins && words.split(' ').enumerate().all(|(ahead, word)| self.is_word(ahead, word))
    }

    /// Passes the words if they come next.
    pub fn take(&mut self, words: &str) -> bool {
        let seen = self.sees(words);
        if seen {
            self.at += words.split(' ').count();
        }
        seen
    }

    /// Passes the first of the phrases that comes next, and says which.
    pub fn take_any<'w>(&mut self, phrases: &[&'w str]) -> Option<&'w str> {
        phrases.iter().copied().find(|words| self.take(words))
    }

    pub fn sees_sign(&self, sign: char) -> bool {
        self.kind() == Some(Kind::Sign(sign))
    }

    /// Whether the token after the next is a dot, so that the next is a schema.
    pub fn sees_dot_next(&self) -> bool {
        self.token(1).is_some_and(|t| t.kind == Kind::Sign('.'))
    }

    pub fn take_sign(&mut self, sign: char) -> bool {
        let seen = self.sees_sign(sign);
        self.at += usize::from(seen);
        seen
    }

    /// An identifier, as PostgreSQL keeps it.
    pub fn ident(&mut self) -> Option<String> {
        let token = self.token(0)?;
        let raw = self.slice(token.span.clone());
        let name = match token.kind {
            Kind::Word => raw.to_ascii_lowercase(),
            Kind::Quoted => unquote(raw)?,
            _ => return None,
        };
        self.at += 1;
        Some(truncate(&name))
    }

    /// `name` or `schema.name`. A database's name before them is dropped.
    pub fn name(&mut self) -> Option<Name> {
        let mut parts = self.dotted()?;
        let name = parts.pop()?;
        Some(Name { schema: parts.pop(), name })
    }

    /// The parts of a dotted name.
    pub fn dotted(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![self.ident()?];
        while self.sees_sign('.') && self.token(1).is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Quoted)) {
            self.at += 1;
            parts.extend(self.ident());
        }
        Some(parts)
    }

    /// `(a, b)` as names; anything else in the parentheses is `None`.
    pub fn name_list(&mut self) -> Option<Vec<String>> {
        let start = self.at;
        let list = self.try_name_list();
        if list.is_none() {
            self.at = start;
        }
        list
    }

    fn try_name_list(&mut self) -> Option<Vec<String>> {
        if !self.take_sign('(') {
            return None;
        }
        let mut names = vec![self.ident()?];
        while self.take_sign(',') {
            names.push(self.ident()?);
        }
        self.take_sign(')').then_some(names)
    }

    /// A string constant's value.
    pub fn string(&mut self) -> Option<String> {
        let token = self.token(0).filter(|t| t.kind == Kind::Text)?;
        let value = string_value(self.slice(token.span.clone()))?;
        self.at += 1;
        Some(value)
    }

    /// A whole number, with an optional sign.
    pub fn integer(&mut self) -> Option<i64> {
        let start = self.at;
        let negative = self.take_sign('-');
        if !negative {
            self.take_sign('+');
        }
        let value = if self.kind() == Some(Kind::Number) { self.raw(0).parse::<i128>().ok() } else { None };
        let value = value.and_then(|v| i64::try_from(if negative { -v } else { v }).ok());
        self.at = if value.is_some() { self.at + 1 } else { start };
        value
    }

    /// Passes a balanced `( … )`, and gives what is inside, trimmed.
    pub fn parenthesised(&mut self) -> Option<&'a str> {
        let open = self.token(0).filter(|t| t.kind == Kind::Sign('('))?.span.end;
        let mut depth = 0_usize;
        let mut ahead = 0;
        while let Some(token) = self.token(ahead) {
            match token.kind {
                Kind::Sign('(') => depth += 1,
                Kind::Sign(')') => depth -= 1,
                _ => {}
            }
            ahead += 1;
            if depth == 0 {
                let inside = self.slice(open..token.span.start).trim();
                self.at += ahead;
                return Some(inside);
            }
        }
        None
    }

    /// The text up to a comma, a closing parenthesis, or one of `stops` outside of all parentheses; trimmed.
    pub fn until(&mut self, stops: &[&str]) -> &'a str {
        let start = self.token(0).map_or(self.text.len(), |t| t.span.start);
        let mut end = start;
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            let outside = depth == 0 && end > start;
            match token.kind {
                Kind::Sign('(' | '[') => depth += 1,
                Kind::Sign(')' | ']') if depth == 0 => break,
                Kind::Sign(')' | ']') => depth -= 1,
                Kind::Sign(',') if depth == 0 => break,
                Kind::Word if outside && stops.iter().any(|words| self.sees(words)) => break,
                _ => {}
            }
            end = token.span.end;
            self.at += 1;
        }
        self.slice(start..end)
    }

    /// The rest of the text.
    pub fn rest(&mut self) -> &'a str {
        let start = self.token(0).map_or(self.text.len(), |t| t.span.start);
        self.at = self.tokens.len();
        self.slice(start..self.text.len()).trim_end()
    }

    /// The text from a position of before to here, trimmed.
    pub fn since(&self, position: usize) -> &'a str {
        let start = self.tokens.get(position).map_or(self.text.len(), |t| t.span.start);
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |t| t.span.end);
        self.slice(start..end.max(start))
    }

    /// The byte where the next token begins.
    pub fn byte(&self) -> usize {
        self.token(0).map_or(self.text.len(), |t| t.span.start)
    }

    /// Whether the word is anywhere from here on, outside of quotes.
    pub fn has(&self, words: &str) -> bool {
        let mut ahead = self.clone();
        while !ahead.at_end() {
            if ahead.sees(words) {
                return true;
            }
            ahead.at += 1;
        }
        false
    }
}

/// A name without its double quotes; `None` for `U&"…"`, which is rare and not read.
fn unquote(raw: &str) -> Option<String> {
    Some(raw.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\""))
}

/// A name cut as PostgreSQL does it: to 63 bytes, at a character's boundary.
pub(super) fn truncate(name: &str) -> String {
    let mut end = name.len().min(63);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default().to_owned()
}

/// The value of a plain, escaped (with `\'`, `\\`, `\n`, `\t`) or dollar-quoted string.
fn string_value(raw: &str) -> Option<String> {
    if raw.starts_with('$') {
        let tag = raw.get(..raw.get(1..)?.find('$')? + 2)?;
        return Some(raw.strip_prefix(tag)?.strip_suffix(tag)?.to_owned());
    }
    let body = raw.trim_start_matches(['e', 'E', 'n', 'N']).strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = body.replace("''", "'");
    if !raw.starts_with(['e', 'E']) || !plain.contains('\\') {
        return Some(plain);
    }
    let mut out = String::new();
    let mut chars = plain.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(c @ ('\\' | '\''))) => out.push(c),
            ('\\', _) => return None,
            _ => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_unless_quoted_and_cut_at_63_bytes() {
        let name = Cursor::new("App.\"Ord\"\"ers\"").name().unwrap();
        assert_eq!(name, Name { schema: Some("app".into()), name: "Ord\"ers".into() });
        assert_eq!(truncate(&"é".repeat(40)).len(), 62);
    }

    #[test]
    fn text_runs_to_a_stop_outside_of_parentheses() {
        let mut cursor = Cursor::new("coalesce(a, b) + 1 not null, c");
        assert_eq!(cursor.until(&["not null"]), "coalesce(a, b) + 1");
        assert!(cursor.take("not null") && cursor.take_sign(','));
        assert_eq!(cursor.rest(), "c");
    }

    #[test]
    fn strings_of_every_quoting_have_their_value() {
        let mut cursor = Cursor::new("'it''s' E'a\\nb' $x$c'd$x$");
        let values: Vec<_> = std::iter::from_fn(|| cursor.string()).collect();
        assert_eq!(values, ["it's", "a\nb", "c'd"]);
    }
}
