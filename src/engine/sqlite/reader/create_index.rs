//! A CREATE INDEX statement taken apart.

use super::lex::{Cursor, bare_names, list};
use crate::schema::{Index, IndexKey, IndexTarget, Table};

pub(in crate::engine::sqlite) struct CreateIndex {
    pub table: String,
    pub index: Index,
    pub if_not_exists: bool,
}

pub(in crate::engine::sqlite) fn parse(text: &str) -> Option<CreateIndex> {
    let mut c = Cursor::new(text);
    if !c.take(&["CREATE"]) {
        return None;
    }
    let unique = c.take(&["UNIQUE"]);
    if !c.take(&["INDEX"]) {
        return None;
    }
    let if_not_exists = c.take(&["IF", "NOT", "EXISTS"]);
    let (_, name) = c.qualified()?;
    if !c.take(&["ON"]) {
        return None;
    }
    let table = c.name()?;
    let keys = c.group()?;
    let mut index = Index::on_columns(name, &[]);
    index.unique = unique;
    for span in list(text, keys) {
        index.keys.push(key(text.get(span)?));
    }
    if c.take(&["WHERE"]) {
        let predicate = c.slice(c.start()..text.len());
        index.predicate = Some(predicate.trim_end_matches(';').trim().to_owned());
    } else if !c.done() && !c.at_words(&[";"]) {
        return None;
    }
    Some(CreateIndex { table, index, if_not_exists })
}

/// Spells the index's columns as its table does, and writes them in expressions without needless quotes.
pub(in crate::engine::sqlite) fn settle(index: &mut Index, table: &Table) {
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    index.predicate = index.predicate.as_ref().map(|p| bare_names(p, &names));
    for key in &mut index.keys {
        match &mut key.on {
            IndexTarget::Column(name) => {
                if let Some(right) = names.iter().find(|n| n.eq_ignore_ascii_case(name)) {
                    name.clone_from(right);
                }
            }
            IndexTarget::Expression(expression) => *expression = bare_names(expression, &names),
        }
    }
}

fn key(text: &str) -> IndexKey {
    let mut c = Cursor::new(text);
    let mut end = text.len();
    let mut collation = None;
    let mut descending = false;
    // The order and the collation stand at the end; the last COLLATE outside parentheses belongs to the key.
    let start = c.clone();
    let name = c.name();
    let simple = name.is_some() && (c.done() || c.at_words(&["COLLATE"]) || order_is_next(&c));
    if !simple {
        c = start;
        while !c.done() && !c.at_words(&["COLLATE"]) && !order_is_next(&c) {
            if c.group().is_none() {
                c.advance();
            }
        }
    }
    if !c.done() {
        end = c.start();
    }
    if c.take(&["COLLATE"]) {
        collation = c.name();
    }
    if c.take(&["DESC"]) {
        descending = true;
    }
    let expression = text.get(..end).unwrap_or(text).trim().to_owned();
    let on = match name {
        Some(name) if simple => IndexTarget::Column(name),
        _ => IndexTarget::Expression(expression),
    };
    IndexKey { on, descending, nulls_first: None, collation, opclass: None }
}

fn order_is_next(c: &Cursor<'_>) -> bool {
    c.at_words(&["ASC"]) || c.at_words(&["DESC"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_columns_or_expressions_with_their_order() {
        let read = parse(
            "CREATE UNIQUE INDEX \"i x\" ON t (lower(a) COLLATE nocase DESC, b, [c d] ASC, a || 'desc') WHERE b > 0",
        )
        .unwrap();
        assert_eq!((read.table.as_str(), read.index.name.as_str(), read.index.unique), ("t", "i x", true));
        let keys: Vec<_> = read.index.keys.iter().map(|k| (k.on.clone(), k.descending)).collect();
        assert_eq!(keys[0], (IndexTarget::Expression("lower(a)".into()), true));
        assert_eq!(read.index.keys[0].collation.as_deref(), Some("nocase"));
        assert_eq!(keys[1], (IndexTarget::Column("b".into()), false));
        assert_eq!(keys[2], (IndexTarget::Column("c d".into()), false));
        assert_eq!(keys[3], (IndexTarget::Expression("a || 'desc'".into()), false));
        assert_eq!(read.index.predicate.as_deref(), Some("b > 0"));
    }
}
