//! The text difference of two definitions.

use similar::{ChangeTag, TextDiff};
use std::ops::Range;

/// One line of a text difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub sign: Sign,
    pub text: String,
    /// Bytes of `text` that differ from its counterpart on the other side; empty for lines without one.
    pub emphasis: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Same,
    Added,
    Removed,
    /// Stands for unchanged lines that are left out; `text` says how many.
    Gap,
}

impl Sign {
    /// The sign that is put before the line.
    pub fn symbol(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Gap => '~',
        }
    }
}

/// Lines of `before` and `after` with their signs; long runs without a change are left out but for `context` lines.
pub fn text_diff(before: &str, after: &str, context: usize) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let mut out = Vec::new();
    let mut at = 0;
    for group in diff.grouped_ops(context) {
        let first = group.first().map_or(at, |op| op.old_range().start);
        gap(first.saturating_sub(at), &mut out);
        for op in &group {
            out.extend(diff.iter_inline_changes(op).map(|change| line(change.tag(), change.values())));
            at = op.old_range().end;
        }
    }
    if !out.is_empty() {
        gap(before.lines().count().saturating_sub(at), &mut out);
    }
    out
}

fn gap(lines: usize, out: &mut Vec<Line>) {
    let text = match lines {
        0 => return,
        1 => "1 line unchanged".to_owned(),
        n => format!("{n} lines unchanged"),
    };
    out.push(Line { sign: Sign::Gap, text, emphasis: Vec::new() });
}

fn line(tag: ChangeTag, pieces: &[(bool, &str)]) -> Line {
    let sign = match tag {
        ChangeTag::Equal => Sign::Same,
        ChangeTag::Insert => Sign::Added,
        ChangeTag::Delete => Sign::Removed,
    };
    let (mut text, mut emphasis) = (String::new(), Vec::new());
    for (differs, piece) in pieces {
        let piece = piece.trim_end_matches(['\n', '\r']);
        if *differs && !piece.is_empty() {
            emphasis.push(text.len()..text.len() + piece.len());
        }
        text.push_str(piece);
    }
    if emphasis.first().is_some_and(|e| *e == (0..text.len())) {
        emphasis.clear();
    }
    Line { sign, text, emphasis }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|l| format!("{}{}", l.sign.symbol(), l.text)).collect()
    }

    #[test]
    fn what_differs_is_signed_and_the_rest_is_folded() {
        let before = "a\nb\nc\nd\ne\nf\ng";
        let after = "a\nb\nc\nd\nE\nf\ng";
        let lines = plain(&text_diff(before, after, 1));
        assert_eq!(lines, ["~3 lines unchanged", " d", "-e", "+E", " f", "~1 line unchanged"]);
        assert!(text_diff(before, before, 3).is_empty());
    }

    #[test]
    fn the_words_that_differ_are_marked() {
        let lines = text_diff("region text not null\n", "region varchar not null\n", 3);
        let marked: Vec<&str> = lines.iter().flat_map(|l| l.emphasis.iter().map(|e| &l.text[e.clone()])).collect();
        assert_eq!(marked, ["text", "varchar"]);
    }

    proptest! {
        #[test]
        fn without_folding_both_sides_can_be_read_back(
            before in prop::collection::vec("[a-c]{0,2}", 0..8), after in prop::collection::vec("[a-c]{0,2}", 0..8),
        ) {
            let lines = text_diff(&before.join("\n"), &after.join("\n"), 1_000);
            prop_assume!(before != after && !lines.is_empty());
            let side = |without: Sign| lines.iter().filter(move |l| l.sign != without).map(|l| l.text.clone());
            let same = |side: Vec<String>, text: &[String]| side == text.join("\n").lines().collect::<Vec<_>>();
            prop_assert!(same(side(Sign::Added).collect(), &before));
            prop_assert!(same(side(Sign::Removed).collect(), &after));
        }
    }
}
