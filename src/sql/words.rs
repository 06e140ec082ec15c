//! Text from outside, made fit for a screen.

/// The 1-based line and column (in characters) of a byte of `text`.
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Whether a character could move, hide or reorder what a terminal shows.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{061c}' | '\u{00ad}')
}

/// Text from a database, a model or a file as it may be printed: control, bidirectional and invisible characters
/// are spelled out (`\x1b`, `\u{202e}`); line feeds and tabs stay.
pub fn visible(text: &str) -> String {
    if !text.chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) && u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if is_unsafe(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// [`visible`] text on one line: runs of white space become one blank.
pub fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_are_spelled_out() {
        assert_eq!(visible("a\x1b[31mb\u{202e}c\rd"), "a\\x1b[31mb\\u{202e}c\\rd");
        assert_eq!(one_line("select\n\t1\x07"), "select 1\\x07");
    }

    #[test]
    fn positions_count_characters_from_one() {
        assert_eq!(line_column("é;\nab", 5), (2, 2));
        assert_eq!(line_column("", 9), (1, 1));
    }

    proptest! {
        #[test]
        fn nothing_that_moves_the_cursor_survives(text in "\\PC*|.*") {
            prop_assert!(visible(&text).chars().all(|c| !is_unsafe(c) || c == '\n' || c == '\t'));
        }
    }
}
