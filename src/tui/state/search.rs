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

/// The objects whose names fit a text, kept so that typing on looks through these alone.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    text: String,
    objects: Vec<usize>,
}

impl Matching {
    /// Whether whatever fits `text` is among these: it only has letters more, none with a meaning of its own.
    fn covers(&self, text: &str) -> bool {
        let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        !self.text.is_empty() && text.starts_with(&self.text) && plain(text)
    }
}

/// The best matches first. With a dot in the text, columns are looked through as `table.column`. `matching` is what
/// the text before this one has left, and is brought up to date.
pub fn find(text: &str, outline: &[OutlineEntry], schema: Option<&Schema>, matching: &mut Matching) -> Vec<Found> {
    let mut names = Names::new(text);
    let mut score = |at: usize| {
        let score = names.score(&outline.get(at)?.name.name)?;
        Some(Found { at, part: None, score })
    };
    let mut found: Vec<Found> = if matching.covers(text) {
        matching.objects.iter().filter_map(|at| score(*at)).collect()
    } else {
        (0..outline.len()).filter_map(score).collect()
    };
    *matching = Matching { text: text.to_owned(), objects: found.iter().map(|f| f.at).collect() };
    if let (Some((head, _)), Some(schema)) = (text.split_once('.'), schema) {
        let mut heads = Names::new(head);
        for (at, entry) in outline.iter().enumerate().filter(|(_, e)| e.kind == ObjectKind::Table) {
            let Some(table) = schema.tables.get(&entry.name) else { continue };
            if heads.score(&entry.name.name).is_none() {
                continue;
            }
            found.extend(table.columns.iter().filter_map(|column| {
                let score = names.score(&format!("{}.{}", entry.name.name, column.name))?;
                Some(Found { at, part: Some(column.name.clone()), score })
            }));
        }
    }
    if let (false, Some(schema)) = (text.contains('.') || text.is_empty(), schema) {
        found.extend(columns_named(text, outline, schema, &mut names));
    }
    let length = |f: &Found| outline.get(f.at).map_or(0, |e| e.name.name.len());
    let better = |a: &Found, b: &Found| {
        b.score.cmp(&a.score).then_with(|| length(a).cmp(&length(b))).then(a.at.cmp(&b.at)).then(a.part.cmp(&b.part))
    };
    if found.len() > KEPT {
        // Of tens of thousands only the best are put in order.
        found.select_nth_unstable_by(KEPT, better);
        found.truncate(KEPT);
    }
    found.sort_by(better);
    found
}

/// Columns with the text in their names: no fuzzy search, since there are many more of them than of objects.
fn columns_named(text: &str, outline: &[OutlineEntry], schema: &Schema, names: &mut Names) -> Vec<Found> {
    let wanted = text.as_bytes();
    let tables = outline.iter().enumerate().filter(|(_, entry)| entry.kind == ObjectKind::Table);
    let columns = tables.filter_map(|(at, entry)| Some((at, &schema.tables.get(&entry.name)?.columns)));
    let all = columns.flat_map(|(at, columns)| columns.iter().map(move |column| (at, column)));
    let named = |name: &str| name.as_bytes().windows(wanted.len()).any(|part| part.eq_ignore_ascii_case(wanted));
    all.filter(|(_, column)| named(&column.name))
        .filter_map(|(at, column)| {
            // A column comes after an object that fits as well.
            let score = names.score(&column.name)?.saturating_sub(1);
            Some(Found { at, part: Some(column.name.clone()), score })
        })
        .take(KEPT)
        .collect()
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
        let found = find("ord", &outline, None, &mut Matching::default());
        assert_eq!(found.first().map(|f| f.at), Some(1));
        assert_eq!(found.len(), 3);
        assert_eq!(find("zzz", &outline, None, &mut Matching::default()), []);
    }

    #[test]
    fn a_column_is_found_by_its_own_name() {
        let mut schema = Schema::empty(crate::schema::EngineKind::Sqlite);
        let name = QName::new("main", "sales");
        let mut table = crate::schema::Table::new(name.clone());
        table.columns.push(crate::schema::Column::new("total_amount", "integer"));
        schema.tables.insert(name.clone(), table.into());
        let outline = [OutlineEntry { kind: ObjectKind::Table, name, rows: None, bytes: None }];
        let found = find("Amount", &outline, Some(&schema), &mut Matching::default());
        assert_eq!(found.first().and_then(|f| f.part.as_deref()), None, "capitals mean themselves");
        let found = find("amount", &outline, Some(&schema), &mut Matching::default());
        assert_eq!(found.first().and_then(|f| f.part.as_deref()), Some("total_amount"));
    }

    #[test]
    fn typing_on_finds_what_the_whole_text_finds() {
        let outline: Vec<OutlineEntry> = ["order_items", "orders", "customers", "Orders_old", "reorder"]
            .iter()
            .map(|n| OutlineEntry { kind: ObjectKind::Table, name: QName::new("main", *n), rows: None, bytes: None })
            .collect();
        let mut matching = Matching::default();
        for text in ["o", "or", "ord", "ordi", "or", "orO", "!or", "!ord", "o r", "o rd"] {
            let fresh = find(text, &outline, None, &mut Matching::default());
            assert_eq!(find(text, &outline, None, &mut matching), fresh, "{text}");
        }
    }
}
