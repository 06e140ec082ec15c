//! Lines and columns, counted once from the beginning of a text to its end.

/// Walks through a text; the places asked for must not go back.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Places<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, column: 1 }
    }

    /// The 1-based line and column, in characters, of a byte at or after the last one asked for.
    pub fn of(&mut self, byte: usize) -> (usize, usize) {
        let stretch = self.text.get(self.at..byte).unwrap_or_default();
        for c in stretch.chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at = self.at.max(byte);
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::sql::line_column;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_counting_anew(text in "[aé\\n]{0,40}") {
            let mut places = Places::new(&text);
            for (byte, _) in text.char_indices() {
                prop_assert_eq!(places.of(byte), line_column(&text, byte));
            }
        }
    }
}
