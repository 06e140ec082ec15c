//! Long lines folded at words, with what follows hung under where the text began.

use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest lead that a fold is hung under.
const DEEPEST: usize = 16;

/// Folds the lines that are wider than `width`. A line whose first stretch ends in a space has that as its lead: `you  `,
/// a severity, an indent.
pub fn wrap(lines: Vec<Line<'_>>, width: usize) -> Vec<Line<'_>> {
    let width = width.max(1);
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        if line.width() <= width {
            out.push(line);
        } else {
            fold(&line, width, &mut out);
        }
    }
    out
}

/// How far the later rows of a folded line are indented.
fn hang(line: &Line, width: usize) -> usize {
    let Some(first) = line.spans.first() else { return 0 };
    let lead = if line.spans.len() > 1 && first.content.ends_with(' ') {
        first.width()
    } else {
        first.content.chars().take_while(|c| *c == ' ').count()
    };
    if lead <= DEEPEST && lead * 3 <= width { lead } else { 0 }
}

fn fold<'a>(line: &Line<'a>, width: usize, out: &mut Vec<Line<'a>>) {
    let hang = hang(line, width);
    let mut row = Row { spans: Vec::new(), used: 0, begun: false };
    for span in &line.spans {
        for word in words(&span.content) {
            if row.begun && row.used + word.trim_end().width() > width {
                out.push(row.end(line, hang));
            }
            row.add(word, span, width, |full| out.push(full.end(line, hang)));
        }
    }
    if row.begun {
        out.push(Line::from(row.spans).style(line.style));
    }
}

/// The row that is being filled.
struct Row<'a> {
    spans: Vec<Span<'a>>,
    used: usize,
    /// Something other than the hanging indent is in it.
    begun: bool,
}

impl<'a> Row<'a> {
    /// Gives out the row and begins the next with its indent.
    fn end(&mut self, line: &Line<'a>, hang: usize) -> Line<'a> {
        let indent = if hang > 0 { vec![Span::raw(" ".repeat(hang))] } else { Vec::new() };
        let spans = std::mem::replace(&mut self.spans, indent);
        (self.used, self.begun) = (hang, false);
        Line::from(spans).style(line.style)
    }

    /// Adds a word, which is broken only where it is wider than a whole row.
    fn add(&mut self, word: &str, span: &Span<'a>, width: usize, mut full: impl FnMut(&mut Self)) {
        let mut part = String::new();
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if self.used + wide > width && c != ' ' {
                self.push(std::mem::take(&mut part), span);
                full(self);
            }
            self.used += wide;
            part.push(c);
        }
        self.push(part, span);
    }

    fn push(&mut self, part: String, span: &Span<'a>) {
        if !part.is_empty() {
            self.begun = true;
            self.spans.push(Span::styled(part, span.style));
        }
    }
}

/// A text's words, each with the spaces behind it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(lines: Vec<Line>) -> Vec<String> {
        lines.into_iter().map(|l| l.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn a_folded_line_hangs_under_its_text() {
        let line = Line::from(vec![Span::raw("you  "), Span::raw("add a region to sales")]);
        assert_eq!(texts(wrap(vec![line], 18)), ["you  add a region", "     to sales"]);
    }

    #[test]
    fn a_word_wider_than_the_row_is_broken() {
        assert_eq!(texts(wrap(vec![Line::from("abcdefgh ij")], 4)), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn stretches_without_a_space_between_them_stay_together() {
        let line = Line::from(vec![Span::raw("one two"), Span::raw("  "), Span::raw("(rule)")]);
        assert_eq!(texts(wrap(vec![line], 9)), ["one two", "(rule)"]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_row_and_no_letter_is_lost(text in "[a-zé ]{0,80}", width in 1_usize..30) {
            let folded = texts(wrap(vec![Line::from(text.clone())], width));
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert!(folded.iter().all(|row| row.width() <= width));
            prop_assert_eq!(letters(&folded.concat()), letters(&text));
        }
    }
}
