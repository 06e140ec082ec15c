//! Which object a statement makes and which names it mentions, found by words alone: good enough to say what may have
//! to come first, in any dialect.

use std::collections::BTreeSet;

/// Words between CREATE and the kind of object.
const BEFORE_KIND: &[&str] = &[
    "or",
    "replace",
    "global",
    "local",
    "temp",
    "temporary",
    "unlogged",
    "recursive",
    "materialized",
    "unique",
    "trusted",
    "procedural",
    "default",
    "constraint",
    "foreign",
    "event",
    "text",
    "search",
    "operator",
    "access",
    "data",
    "virtual",
];

/// Kinds of objects: after one of these comes the name.
const KINDS: &[&str] = &[
    "table",
    "view",
    "index",
    "sequence",
    "function",
    "procedure",
    "aggregate",
    "trigger",
    "type",
    "domain",
    "schema",
    "extension",
    "server",
    "publication",
    "subscription",
    "statistics",
    "rule",
    "policy",
    "collation",
    "conversion",
    "language",
    "configuration",
    "dictionary",
    "parser",
    "template",
    "wrapper",
    "class",
    "family",
    "method",
    "role",
];

/// A name in a text, with whether a dot follows it.
struct Word {
    text: String,
    dotted: bool,
}

/// The names in a text, in lower case, those in quotes and in strings too.
fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        let inside = |c: char| c == '_' || c == '$' || c.is_alphanumeric();
        let end = if first == '"' {
            let rest = text.get(start + 1..).unwrap_or_default();
            rest.find('"').map_or(text.len(), |length| start + 1 + length)
        } else if first == '_' || first.is_alphabetic() {
            let rest = text.get(start..).unwrap_or_default();
            rest.find(|c| !inside(c)).map_or(text.len(), |length| start + length)
        } else {
            continue;
        };
        while characters.next_if(|(at, _)| *at < end || first == '"' && *at == end).is_some() {}
        let name = text.get(start..end).unwrap_or_default().trim_start_matches('"').to_lowercase();
        let after = text.get(end..).unwrap_or_default().trim_start_matches('"');
        found.push(Word { text: name, dotted: after.starts_with('.') });
    }
    found
}

/// The name (without its schema) of what a CREATE statement makes.
pub fn makes(text: &str) -> Option<String> {
    let head = text.get(..text.char_indices().nth(400).map_or(text.len(), |(at, _)| at)).unwrap_or_default();
    let mut words = words(head).into_iter();
    if words.next()?.text != "create" {
        return None;
    }
    let kind = words.find(|word| !BEFORE_KIND.contains(&word.text.as_str()))?;
    if !KINDS.contains(&kind.text.as_str()) {
        return None;
    }
    let mut name = words.find(|word| !matches!(word.text.as_str(), "concurrently" | "if" | "not" | "exists"))?;
    while name.dotted {
        name = words.next()?;
    }
    Some(name.text)
}

/// Every name that a text mentions.
pub fn mentions(text: &str) -> BTreeSet<String> {
    words(text).into_iter().map(|word| word.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_makes_is_found_behind_its_kind() {
        for (text, name) in [
            ("create table shop.\"My Orders\" (a int)", Some("my orders")),
            ("CREATE OR REPLACE FUNCTION f(a int)", Some("f")),
            ("create unique index concurrently if not exists i on t (a)", Some("i")),
            ("create table data (server int)", Some("data")),
            ("create text search configuration c (parser = p)", Some("c")),
            ("create temp view v as select 1", Some("v")),
            ("create cast (a as b) without function", None),
            ("alter table t add a int", None),
            ("create", None),
            ("create table \"open", Some("open")),
        ] {
            assert_eq!(makes(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn names_in_quotes_and_strings_are_mentioned() {
        let found = mentions("select nextval('shop.\"T\"'::regclass), é.b from a$1");
        for name in ["shop", "t", "é", "b", "a$1"] {
            assert!(found.contains(name), "{name}: {found:?}");
        }
    }
}
