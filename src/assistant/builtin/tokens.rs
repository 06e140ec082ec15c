//! Words, numbers, quoted texts and punctuation.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// In single quotes: a value.
    Text,
    /// In double quotes or backticks: a name as it stands, or a value where one is wanted.
    Quoted,
    Symbol,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// As written, without quotes.
    pub text: String,
    /// Lower-cased, for comparing with words of the language.
    pub lower: String,
}

impl Token {
    fn new(kind: Kind, text: impl Into<String>) -> Self {
        let text = text.into();
        let lower = text.to_lowercase();
        Self { kind, text, lower }
    }

    /// Whether this is the language's own word or sign `word`; what is in quotes never is.
    pub fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Symbol) && self.lower == word
    }

    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Whether it may be (part of) a name.
    pub fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// The tokens as one text again, for showing what was not understood.
pub(super) fn text_of(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut tight = true;
    for token in tokens {
        let closes = matches!(token.text.as_str(), "," | ")" | ":" | ";") || token.is("(");
        if !tight && !closes {
            out.push(' ');
        }
        match token.kind {
            Kind::Text => out.push_str(&format!("'{}'", token.text)),
            Kind::Quoted => out.push_str(&format!("\"{}\"", token.text)),
            _ => out.push_str(&token.text),
        }
        tight = token.is("(");
    }
    out
}

/// Takes a text apart. Nothing is an error: an odd character is a symbol.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().map(straight).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let (token, next) = match c {
            '\n' => (Some(Token::new(Kind::Symbol, ";")), at + 1),
            c if c.is_whitespace() => (None, at + 1),
            '\'' | '"' | '`' => quoted(&chars, at),
            c if c.is_ascii_digit() => number(&chars, at),
            c if is_word(c) => word(&chars, at),
            '.' if chars.get(at + 1).is_some_and(char::is_ascii_digit) => number(&chars, at),
            '.' | '!' => (Some(Token::new(Kind::Symbol, sign(&chars, at))), at + sign(&chars, at).chars().count()),
            '<' | '>' | '=' | '≥' | '≤' | '≠' => {
                let sign = sign(&chars, at);
                let length = sign.chars().count().min(chars.len() - at);
                let length = if matches!(c, '≥' | '≤' | '≠') { 1 } else { length };
                (Some(Token::new(Kind::Symbol, sign)), at + length)
            }
            c => (Some(Token::new(Kind::Symbol, c)), at + 1),
        };
        out.extend(token);
        at = next;
    }
    without_articles(out)
}

/// Typographic quotes and dashes as the plain ones.
fn straight(c: char) -> char {
    match c {
        '‘' | '’' => '\'',
        '“' | '”' | '„' => '"',
        '–' | '—' => '-',
        c => c,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn sign(chars: &[char], at: usize) -> String {
    let two: String = chars.iter().skip(at).take(2).collect();
    match two.as_str() {
        ">=" | "<=" | "<>" => two,
        "!=" => "<>".to_owned(),
        "==" => "= ".trim().to_owned() + "",
        _ => match chars.get(at) {
            Some('≥') => ">=".to_owned(),
            Some('≤') => "<=".to_owned(),
            Some('≠') => "<>".to_owned(),
            Some(c) => c.to_string(),
            None => String::new(),
        },
    }
}

/// A quoted text; a doubled quote stands for itself. Without a closing quote the sign is only a sign.
fn quoted(chars: &[char], start: usize) -> (Option<Token>, usize) {
    let Some(&quote) = chars.get(start) else { return (None, start + 1) };
    let mut text = String::new();
    let mut at = start + 1;
    while let Some(&c) = chars.get(at) {
        if c != quote {
            text.push(c);
            at += 1;
        } else if chars.get(at + 1) == Some(&quote) {
            text.push(quote);
            at += 2;
        } else {
            let kind = if quote == '\'' { Kind::Text } else { Kind::Quoted };
            return (Some(Token::new(kind, text)), at + 1);
        }
    }
    (None, start + 1)
}

fn number(chars: &[char], start: usize) -> (Option<Token>, usize) {
    let mut at = start;
    let mut seen_dot = false;
    while let Some(&c) = chars.get(at) {
        let dot = c == '.' && !seen_dot && chars.get(at + 1).is_some_and(char::is_ascii_digit);
        if !(c.is_ascii_digit() || dot) {
            break;
        }
        seen_dot |= dot;
        at += 1;
    }
    if chars.get(at).copied().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return word(chars, start);
    }
    (Some(Token::new(Kind::Number, chars.iter().skip(start).take(at - start).collect::<String>())), at)
}

/// A word with the dots inside it (`orders.customer_id`), and what an apostrophe adds to it.
fn word(chars: &[char], start: usize) -> (Option<Token>, usize) {
    let mut at = start;
    while let Some(&c) = chars.get(at) {
        let dot = c == '.' && chars.get(at + 1).copied().is_some_and(is_word);
        if !is_word(c) && !dot {
            break;
        }
        at += 1;
    }
    let mut text: String = chars.iter().skip(start).take(at - start).collect();
    if chars.get(at) == Some(&'\'') {
        let tail: String = chars.iter().skip(at + 1).take_while(|c| c.is_alphabetic()).collect();
        at += 1 + tail.chars().count();
        match tail.as_str() {
            // "can't" is cannot; "don't" and the like lose the apostrophe only.
            "t" if text.eq_ignore_ascii_case("can") => text.push_str("not"),
            "t" => text.push('t'),
            "d" | "ll" | "re" | "ve" | "m" => text.push_str(&tail),
            // Possession: "the table's name", "users' email".
            _ => {}
        }
    }
    (Some(Token::new(Kind::Word, text)), at)
}

/// Articles and courtesies say nothing here. An article before punctuation or the end is a name ("one of a, b").
fn without_articles(tokens: Vec<Token>) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let before_more = rest.peek().is_some_and(|next| next.kind != Kind::Symbol && !next.is_any(&["and", "or"]));
        let silent = token.is_any(&["the", "a", "an"]) && before_more || token.is("please");
        if !silent {
            out.push(token);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn dots_stay_in_names_and_end_sentences() {
        assert_eq!(texts("Drop orders.total."), ["Drop", "orders.total", "."]);
        assert_eq!(texts("price >= 0.5"), ["price", ">=", "0.5"]);
    }

    #[test]
    fn quotes_make_values_and_names() {
        let all = tokens("set region to 'it''s' on \"Odd Name\"");
        assert_eq!(all[3].kind, Kind::Text);
        assert_eq!(all[3].text, "it's");
        assert_eq!(all[5].kind, Kind::Quoted);
        assert_eq!(all[5].text, "Odd Name");
    }

    #[test]
    fn apostrophes_are_possession_or_contraction() {
        assert_eq!(texts("users' email can't be the user's"), ["users", "email", "cannot", "be", "user"]);
    }

    proptest! {
        #[test]
        fn any_text_comes_apart(text in ".{0,80}") {
            tokens(&text);
        }
    }
}
