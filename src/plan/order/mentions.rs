//! Words of SQL text that name what is made or removed: a guess, for texts of which no server says what they need.

use super::key::Key;
use super::needs::{Tie, Touch};
use std::collections::{HashMap, HashSet};

/// The changes that make or remove a name.
pub(super) type ByKey<'a> = HashMap<&'a Key, Vec<usize>>;

/// The changes that the texts of `touch` speak of, and how firmly that ties.
pub(super) struct Mentions<'a> {
    made: HashMap<String, Vec<(&'a Key, usize)>>,
    gone: HashMap<String, Vec<(&'a Key, usize)>>,
}

impl<'a> Mentions<'a> {
    pub(super) fn new(makers: &ByKey<'a>, removers: &ByKey<'a>) -> Self {
        Self { made: by_word(makers), gone: by_word(removers) }
    }

    /// Changes that make what the texts name or, for a change that takes away, that remove it.
    pub(super) fn of(&self, touch: &Touch) -> Vec<usize> {
        let names = if touch.takes_away { &self.gone } else { &self.made };
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for word in touch.text.iter().flat_map(|text| words(text)).filter(|word| seen.insert(*word)) {
            for (key, node) in names.get(&word.to_lowercase()).into_iter().flatten() {
                if is_meant(touch, key) {
                    out.push(*node);
                }
            }
        }
        out
    }
}

/// How firmly a text's words tie.
pub(super) fn tie(touch: &Touch) -> Tie {
    let is_routine = |keys: &[Key]| matches!(keys, [Key::Routine(_)]);
    if is_routine(&touch.makes) || is_routine(&touch.removes) { Tie::Body } else { Tie::Word }
}

/// The keys and their changes by the word that SQL has for them.
fn by_word<'a>(map: &ByKey<'a>) -> HashMap<String, Vec<(&'a Key, usize)>> {
    let mut words: HashMap<String, Vec<(&Key, usize)>> = HashMap::new();
    for (key, nodes) in map {
        if let Some(word) = key.word() {
            words.entry(word.to_lowercase()).or_default().extend(nodes.iter().map(|node| (*key, *node)));
        }
    }
    words
}

/// Whether a text that has the word of `key` in it means it, and not the thing of the same name that it is about:
/// an overloaded function or a twin in another schema, which would have to be named with it.
fn is_meant(touch: &Touch, key: &Key) -> bool {
    let Some((schema, name)) = key.qualified() else { return true };
    let own = if touch.takes_away { &touch.removes } else { &touch.makes };
    let mut twins = own.iter().filter_map(Key::qualified).filter(|(_, own)| *own == name).peekable();
    if twins.peek().is_none() {
        return true;
    }
    let dotted = [format!("{schema}.{name}"), format!("\"{schema}\".{name}"), format!("{schema}.\"{name}\"")];
    twins.all(|(own, _)| own != schema) && touch.text.iter().any(|text| dotted.iter().any(|d| text.contains(d)))
}

/// The words of a SQL text: runs of letters, digits, `_` and `$`, whatever stands between; and the pieces of those with
/// a `$`, which may be the quotes of a body and no part of a name.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
    let with_pieces =
        whole.flat_map(|word| std::iter::once(word).chain(word.split('$').filter(|p| p.len() < word.len())));
    with_pieces.filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_bodys_quotes_are_no_part_of_its_last_word() {
        let found: Vec<&str> = words("AS $f$SELECT a$b FROM tickets$f$").collect();
        assert!(["SELECT", "a$b", "FROM", "tickets"].iter().all(|word| found.contains(word)), "{found:?}");
    }
}
