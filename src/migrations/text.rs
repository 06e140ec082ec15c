//! Lines of migration files: taken apart with their numbers, and put together.

use super::history::{Part, Running};
use crate::sql::one_line;

/// A line with its number (1-based) and its end.
pub(super) type Line<'t> = (usize, &'t str);

pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    (1..).zip(text.split_inclusive('\n'))
}

/// What follows `word` in a comment line that begins with it: `-- +goose up` for `+goose`. Any case, any blanks.
pub(super) fn mark<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let comment = line.trim_start().strip_prefix("--")?.trim_start();
    let (start, rest) = comment.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then(|| rest.trim())
}

/// A part under way, line by line.
pub(super) struct Lines {
    part: Part,
    next: usize,
}

impl Lines {
    pub(super) fn of(file: &str, runs: Running) -> Self {
        Self { part: Part { file: file.to_owned(), line: 0, text: String::new(), runs }, next: 0 }
    }

    /// Adds a line of the file; lines that were left out before it are blank.
    pub(super) fn push(&mut self, (number, text): Line<'_>) {
        if self.part.line == 0 {
            self.part.line = number;
            self.next = number;
        }
        while self.next < number {
            self.part.text.push('\n');
            self.next += 1;
        }
        self.part.text.push_str(text);
        self.next += text.matches('\n').count();
    }

    pub(super) fn is_blank(&self) -> bool {
        self.part.text.trim().is_empty()
    }

    /// The part. One without any line stands at `otherwise`.
    pub(super) fn end(mut self, otherwise: usize) -> Part {
        if self.part.line == 0 {
            self.part.line = otherwise;
        }
        self.part
    }
}

/// A line of the same length with nothing in it but blanks, and its end.
pub(super) fn blank(line: &str) -> String {
    line.chars().map(|c| if c.is_whitespace() { c } else { ' ' }).collect()
}

/// A line with `text` in the place of all that was there.
pub(super) fn instead(line: &str, text: &str) -> String {
    let end = line.get(line.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default();
    format!("{text}{end}")
}

/// The digits that a name begins with, and what follows.
pub(super) fn leading_digits(name: &str) -> Option<(&str, &str)> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    name.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())
}

/// `12_name.sql` with its version, name and nothing else of the ending: `(12, name)`.
pub(super) fn numbered<'n>(name: &'n str, ending: &str) -> Option<(&'n str, &'n str)> {
    let (digits, rest) = leading_digits(name.strip_suffix(ending)?)?;
    Some((digits, rest.strip_prefix('_')?))
}

/// A comment line for a migration file.
pub(super) fn comment(text: &str) -> String {
    format!("-- {}\n", one_line(text))
}

/// A statement with its end. A comment in the last line would swallow a semicolon there.
pub(super) fn terminated(sql: &str) -> String {
    let sql = sql.trim_end();
    let commented = sql.lines().last().is_some_and(|line| line.contains("--"));
    format!("{sql}{};\n", if commented { "\n" } else { "" })
}

/// A title as part of a file's name: at most 50 bytes of lower-case letters, digits and underscores.
pub(super) fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if out.len() >= 50 {
            break;
        }
    }
    let out = out.trim_end_matches('_');
    if out.is_empty() { "change".to_owned() } else { out.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_comments_alone() {
        assert_eq!(mark("-- +goose  Up \n", "+goose"), Some("Up"));
        assert_eq!(mark("--+GOOSE up", "+goose"), Some("up"));
        assert_eq!(mark("select '-- +goose up'", "+goose"), None);
        assert_eq!(mark("-- x", "+goose"), None);
    }

    #[test]
    fn lines_left_out_are_blank() {
        let mut part = Lines::of("f", Running::Alone);
        part.push((3, "a\n"));
        part.push((6, "b\n"));
        let part = part.end(1);
        assert_eq!((part.line, part.text.as_str()), (3, "a\n\n\nb\n"));
    }

    #[test]
    fn a_title_becomes_a_plain_name() {
        assert_eq!(slug("Add column region to sales"), "add_column_region_to_sales");
        assert_eq!(slug("créer « x »"), "cr_er_x");
        assert_eq!(slug("…"), "change");
        assert!(slug(&"a b".repeat(99)).len() <= 50);
    }

    #[test]
    fn a_comment_does_not_swallow_the_end() {
        assert_eq!(terminated("select 1 -- one"), "select 1 -- one\n;\n");
        assert_eq!(terminated("select 1\n"), "select 1;\n");
    }
}
