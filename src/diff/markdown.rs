//! What differs as Markdown, for a review.

use super::{Entry, text_diff};
use crate::sql::visible;

/// A heading, a sentence and the text difference for each object.
pub fn markdown(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nothing differs.\n".to_owned();
    }
    let mut out = String::new();
    for entry in entries {
        let impact = format!("{:?}", entry.impact).to_lowercase();
        out.push_str(&format!("### {} {} ({impact})\n\n", entry.effect.symbol(), escape(&entry.object.to_string())));
        out.push_str(&format!("{}\n\n", escape(&entry.sentence)));
        let lines = text_diff(entry.before.as_deref().unwrap_or(""), entry.after.as_deref().unwrap_or(""), 3);
        if !lines.is_empty() {
            let text: Vec<String> = lines.iter().map(|l| visible(&format!("{}{}", l.sign.symbol(), l.text))).collect();
            let text = text.join("\n");
            let fence = fence(&text);
            out.push_str(&format!("{fence}diff\n{text}\n{fence}\n\n"));
        }
    }
    out
}

/// A fence that the text cannot close.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// Text in which nothing is markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
