//! Fuzzy search over names.

use crate::schema::{ObjectKind, OutlineEntry, Schema};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Rows of an answer that are kept.
const KEPT: usize = 200;

/// A name that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Number of the object in the outline.
    pub at: usize,
    /// The column, index or constraint that was meant, for a search with a dot in it.
    pub part: Option<String>,
    pub score: u32,
}

/// The best matches first. With a dot in the text, columns are looked through as `table.column`.
pub fn find(text: &str, outline: &[OutlineEntry], schema: Option<&Schema>) -> Vec<Found> {
    let mut names = Names::new(text);
    let mut found: Vec<Found> = outline
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| names.score(&entry.name.name).map(|score| Found { at, part: None, score }))
        .collect();
    if let (true, Some(schema)) = (text.contains('.'), schema) {
        for (at, entry) in outline.iter().enumerate().filter(|(_, e)| e.kind == ObjectKind::Table) {
            let Some(table) = schema.tables.get(&entry.name) else { continue };
            found.extend(table.columns.iter().filter_map(|column| {
                let score = names.score(&format!("{}.{}", entry.name.name, column.name))?;
                Some(Found { at, part: Some(column.name.clone()), score })
            }));
        }
    }
    let length = |f: &Found| outline.get(f.at).map_or(0, |e| e.name.name.len());
    found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| length(a).cmp(&length(b))).then(a.at.cmp(&b.at)));
    found.truncate(KEPT);
    found
}

/// How well each of several texts fits one pattern.
pub struct Names {
    matcher: Matcher,
    pattern: Pattern,
    buffer: Vec<char>,
}

impl Names {
    pub fn new(pattern: &str) -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            pattern: Pattern::parse(pattern, CaseMatching::Smart, Normalization::Smart),
            buffer: Vec::new(),
        }
    }

    pub fn score(&mut self, text: &str) -> Option<u32> {
        self.pattern.score(Utf32Str::new(text, &mut self.buffer), &mut self.matcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::QName;

    #[test]
    fn the_nearest_and_shortest_name_comes_first() {
        let names = ["order_items", "orders", "customers", "recorder"];
        let outline: Vec<OutlineEntry> = names
            .iter()
            .map(|n| OutlineEntry { kind: ObjectKind::Table, name: QName::new("main", *n), rows: None, bytes: None })
            .collect();
        let found = find("ord", &outline, None);
        assert_eq!(found.first().map(|f| f.at), Some(1));
        assert_eq!(found.len(), 3);
        assert_eq!(find("zzz", &outline, None), []);
    }
}
