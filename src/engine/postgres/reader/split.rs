//! A script into statements: where each begins and ends, by PostgreSQL's quoting and psql's habits.

use super::tokens::{Kind, Lexeme, lex};
use std::ops::Range;

/// A stretch of a script, without the blanks and comments around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Statement {
        span: Range<usize>,
        /// Where a quote or a comment begins that nothing ends.
        unclosed: Option<usize>,
        /// The deepest nesting of parentheses, brackets and CASE.
        depth: usize,
        /// The most operators in a row that no comma and no parenthesis interrupts.
        chain: usize,
    },
    /// A command of psql's, or rows for COPY.
    Skipped { span: Range<usize>, why: String },
}

/// Takes `text` apart. Every byte is in one piece, or is a blank, a comment or a semicolon between pieces.
pub(super) fn split(text: &str) -> Vec<Piece> {
    whole(text).pieces
}

/// The comments of `text`, between statements and in them. What psql takes for itself has none.
pub(super) fn comments(text: &str) -> Vec<Range<usize>> {
    whole(text).comments
}

fn whole(text: &str) -> Splitter<'_> {
    let mut splitter = Splitter { text, pieces: Vec::new(), comments: Vec::new() };
    let mut at = 0;
    while let Some(next) = splitter.from(at) {
        at = next;
    }
    splitter
}

struct Splitter<'a> {
    text: &'a str,
    pieces: Vec<Piece>,
    comments: Vec<Range<usize>>,
}

impl Splitter<'_> {
    /// Reads pieces from the byte `at` until the lexer has to be set anew, after a line that is not SQL; the byte to
    /// go on from, or `None` at the end.
    fn from(&mut self, at: usize) -> Option<usize> {
        let mut open = Open::default();
        for lexeme in lex(self.text, at) {
            let Some(kind) = lexeme.kind else {
                if !lexeme.closed {
                    open.unclosed(&lexeme);
                } else if self.text.get(lexeme.span.clone()).is_some_and(|t| t.starts_with(['-', '/'])) {
                    self.comments.push(lexeme.span);
                }
                continue;
            };
            match kind {
                Kind::Sign(';') if open.ends_here() => {
                    let copy = open.copies_from_stdin();
                    let start = open.span.start;
                    self.close(&mut open);
                    if copy {
                        return Some(self.copied_rows(start, lexeme.span.end));
                    }
                }
                Kind::Sign('\\') => {
                    self.close(&mut open);
                    return Some(self.meta_command(lexeme.span.start));
                }
                _ => open.take(self.text, kind, &lexeme),
            }
        }
        self.close(&mut open);
        None
    }

    fn close(&mut self, open: &mut Open) {
        let done = std::mem::take(open);
        if !done.span.is_empty() {
            let (span, unclosed) = (done.span, done.unclosed);
            self.pieces.push(Piece::Statement { span, unclosed, depth: done.deepest, chain: done.longest });
        }
    }

    fn meta_command(&mut self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let end = start + line.len();
        let word = line.split_whitespace().next().unwrap_or("\\");
        let trimmed = start + line.trim_end().len();
        let why = format!("{word} is a command of the client psql, not SQL");
        self.pieces.push(Piece::Skipped { span: start..trimmed, why });
        end
    }

    /// Makes the COPY statement that was read last, and the rows after it to the line `\.`, one skipped piece.
    fn copied_rows(&mut self, start: usize, semicolon: usize) -> usize {
        self.pieces.pop();
        let mut end = semicolon;
        let mut lines = self.text.get(semicolon..).unwrap_or_default().split_inclusive('\n');
        // The rest of the statement's own line.
        end += lines.next().map_or(0, str::len);
        let mut last = semicolon;
        for line in lines {
            end += line.len();
            let row = line.trim_end_matches(['\n', '\r']);
            if row == "\\." {
                last = end - line.len() + row.len();
                break;
            }
        }
        if last == semicolon {
            last = start + self.text.get(start..end).unwrap_or_default().trim_end().len();
        }
        let why = "COPY … FROM STDIN takes its rows from the client psql; load them with psql".to_owned();
        self.pieces.push(Piece::Skipped { span: start..last, why });
        end
    }
}

/// The statement being read.
#[derive(Default)]
struct Open {
    span: Range<usize>,
    unclosed: Option<usize>,
    /// The first words, in upper case: enough to know what may hold semicolons.
    lead: Vec<String>,
    last_from: bool,
    from_stdin: bool,
    last_begin: bool,
    /// Open `BEGIN ATOMIC` and, inside of one, `CASE`.
    blocks: usize,
    nested: usize,
    deepest: usize,
    cases: usize,
    chain: usize,
    longest: usize,
}

impl Open {
    fn unclosed(&mut self, lexeme: &Lexeme) {
        self.extend(&lexeme.span);
        self.unclosed.get_or_insert(lexeme.span.start);
    }

    fn extend(&mut self, span: &Range<usize>) {
        if self.span.is_empty() {
            self.span.start = span.start;
        }
        self.span.end = span.end;
    }

    fn is_rule(&self) -> bool {
        self.leads_with("RULE")
    }

    fn is_routine(&self) -> bool {
        self.leads_with("FUNCTION") || self.leads_with("PROCEDURE")
    }

    /// Whether it is `CREATE [OR REPLACE] what`.
    fn leads_with(&self, what: &str) -> bool {
        let lead: Vec<&str> = self.lead.iter().map(String::as_str).collect();
        match lead.as_slice() {
            ["CREATE", "OR", "REPLACE", word, ..] => *word == what,
            ["CREATE", word, ..] => *word == what,
            _ => false,
        }
    }

    fn ends_here(&self) -> bool {
        self.blocks == 0 && !(self.is_rule() && self.nested > 0)
    }

    fn copies_from_stdin(&self) -> bool {
        self.from_stdin && self.lead.first().is_some_and(|w| w == "COPY")
    }

    fn take(&mut self, text: &str, kind: Kind, lexeme: &Lexeme) {
        self.extend(&lexeme.span);
        if !lexeme.closed {
            self.unclosed.get_or_insert(lexeme.span.start);
        }
        match kind {
            Kind::Word => self.word(text.get(lexeme.span.clone()).unwrap_or_default()),
            Kind::Sign(sign) => self.sign(sign),
            _ => (self.last_from, self.last_begin) = (false, false),
        }
        self.deepest = self.deepest.max(self.nested + self.cases);
        self.longest = self.longest.max(self.chain);
    }

    fn word(&mut self, word: &str) {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        if self.lead.len() < 4 {
            self.lead.push(word.to_ascii_uppercase());
        }
        if is("stdin") && self.last_from {
            self.from_stdin = true;
        }
        if is("atomic") && self.last_begin && self.is_routine() {
            self.blocks += 1;
        }
        if is("case") {
            self.cases += 1;
            self.blocks += usize::from(self.blocks > 0);
        }
        if is("end") {
            self.cases = self.cases.saturating_sub(1);
            self.blocks = self.blocks.saturating_sub(1);
        }
        if ["and", "or", "not", "union", "intersect", "except", "join", "is"].into_iter().any(is) {
            self.chain += 1;
        }
        self.last_from = is("from");
        self.last_begin = is("begin");
    }

    fn sign(&mut self, sign: char) {
        (self.last_from, self.last_begin) = (false, false);
        match sign {
            '(' | '[' => (self.nested, self.chain) = (self.nested + 1, 0),
            ')' | ']' => self.nested = self.nested.saturating_sub(1),
            ',' | ';' => self.chain = 0,
            _ => self.chain += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statements(text: &str) -> Vec<&str> {
        let pieces = split(text);
        let spans = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Statement { span, .. } => Some(span),
            Piece::Skipped { .. } => None,
        });
        spans.map(|span| &text[span]).collect()
    }

    fn skipped(text: &str) -> Vec<&str> {
        let pieces = split(text);
        let spans = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Skipped { span, .. } => Some(span),
            Piece::Statement { .. } => None,
        });
        spans.map(|span| &text[span]).collect()
    }

    #[test]
    fn semicolons_in_quotes_and_comments_end_nothing() {
        let text = "select ';', E'\\';', U&';', $a$;$b$;$a$, \";\" /* ; /* ; */ ; */ -- ;\n from t; select 2";
        assert_eq!(statements(text).len(), 2);
        assert_eq!(statements(text)[1], "select 2");
    }

    #[test]
    fn bodies_of_functions_and_rules_stay_whole() {
        let body = "create function f() returns int begin atomic select case when true then 1 end; select 2; end";
        assert_eq!(statements(&format!("{body}; select 1")), [body, "select 1"]);
        let rule = "create or replace rule r as on insert to t do also (insert into a values (1); select 2)";
        assert_eq!(statements(&format!("{rule}; select 1")), [rule, "select 1"]);
    }

    #[test]
    fn an_open_parenthesis_does_not_swallow_the_rest() {
        assert_eq!(statements("create table t (a int; select 1"), ["create table t (a int", "select 1"]);
    }

    #[test]
    fn commands_of_psql_and_copied_rows_are_skipped() {
        let text = "\\set x 'it\nselect 1;\ncopy t (a) from stdin;\n1;\n'2\n\\.\nselect 2 \\gexec\n";
        assert_eq!(statements(text), ["select 1", "select 2"]);
        assert_eq!(skipped(text), ["\\set x 'it", "copy t (a) from stdin;\n1;\n'2\n\\.", "\\gexec"]);
    }

    #[test]
    fn comments_are_told_apart_from_what_looks_like_them() {
        let text =
            "-- a\nselect '-- b', $$ -- c $$ /* d */ from t; -- e\ncopy t from stdin;\n-- f\n\\.\n\\echo -- g\n/* h */";
        let found: Vec<&str> = comments(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, ["-- a", "/* d */", "-- e", "/* h */"]);
    }

    #[test]
    fn an_open_quote_takes_the_rest_and_is_named() {
        let pieces = split("select 1; select 'a; b");
        let Some(Piece::Statement { span, unclosed, .. }) = pieces.last() else { unreachable!() };
        assert_eq!((span.clone(), *unclosed), (10..22, Some(17)));
    }

    proptest! {
        #[test]
        fn what_is_between_pieces_is_only_blanks_comments_and_semicolons(
            text in "(?s)([a-z;()'\"$\\\\\\n/*é -]|begin atomic|end|create function|copy t from stdin;|\\$\\$){0,40}",
        ) {
            let mut at = 0;
            for piece in split(&text) {
                let (Piece::Statement { span, .. } | Piece::Skipped { span, .. }) = piece;
                prop_assert!(at <= span.start && !span.is_empty());
                prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                let between = lex(&text[at..span.start], 0);
                prop_assert!(between.into_iter().all(|l| matches!(l.kind, None | Some(Kind::Sign(';')))));
                at = span.end;
            }
        }
    }
}
