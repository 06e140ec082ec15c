//! A text's words and signs with their places, without blanks and comments.

use squawk_lexer::{LiteralKind, TokenKind};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    Quoted,
    /// Any string constant.
    Text,
    Number,
    /// `$1`.
    Parameter,
    /// Any other character.
    Sign(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// A stretch of text as the lexer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lexeme {
    /// `None` for blanks and comments.
    pub kind: Option<Kind>,
    pub span: Range<usize>,
    /// False when the text ends inside of it: a string, a quoted name, a block comment.
    pub closed: bool,
}

/// The lexemes of `text` from the byte `from` on, without gaps.
pub(super) fn lex(text: &str, from: usize) -> impl Iterator<Item = Lexeme> + '_ {
    let mut at = from;
    squawk_lexer::tokenize(text.get(from..).unwrap_or_default()).map(move |token| {
        let span = at..at + token.len as usize;
        at = span.end;
        let first = text.get(span.clone()).and_then(|t| t.chars().next()).unwrap_or('\0');
        let (kind, closed) = kind(token.kind, first);
        Lexeme { kind, span, closed }
    })
}

fn kind(kind: TokenKind, first: char) -> (Option<Kind>, bool) {
    match kind {
        TokenKind::Whitespace | TokenKind::LineComment => (None, true),
        TokenKind::BlockComment { terminated } => (None, terminated),
        TokenKind::Ident => (Some(Kind::Word), true),
        TokenKind::QuotedIdent { terminated, .. } => (Some(Kind::Quoted), terminated),
        TokenKind::PositionalParam { .. } => (Some(Kind::Parameter), true),
        TokenKind::Literal { kind } => match kind {
            LiteralKind::Int { .. } | LiteralKind::Numeric { .. } => (Some(Kind::Number), true),
            LiteralKind::Str { terminated }
            | LiteralKind::NationalStr { terminated }
            | LiteralKind::ByteStr { terminated }
            | LiteralKind::BitStr { terminated }
            | LiteralKind::DollarQuotedString { terminated }
            | LiteralKind::UnicodeEscStr { terminated }
            | LiteralKind::EscStr { terminated } => (Some(Kind::Text), terminated),
        },
        _ => (Some(Kind::Sign(first)), true),
    }
}

/// The words and names of one statement.
pub(in crate::engine::postgres) fn words(text: &str) -> Vec<Range<usize>> {
    let is_word = |lexeme: &Lexeme| matches!(lexeme.kind, Some(Kind::Word | Kind::Quoted));
    lex(text, 0).filter(is_word).map(|lexeme| lexeme.span).collect()
}

/// The tokens of one statement.
pub(in crate::engine::postgres) fn tokens(text: &str) -> Vec<Token> {
    // Words of SQL are about so long, with the blank after them.
    let mut all = Vec::with_capacity(text.len() / 5 + 2);
    all.extend(with_meaning(text));
    all
}

/// The first tokens of one statement.
pub(in crate::engine::postgres) fn leading(text: &str, count: usize) -> Vec<Token> {
    with_meaning(text).take(count).collect()
}

fn with_meaning(text: &str) -> impl Iterator<Item = Token> + '_ {
    lex(text, 0).filter_map(|l| l.kind.map(|kind| Token { kind, span: l.span }))
}
