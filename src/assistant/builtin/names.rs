//! Names as people write them, matched with those of the schema.

use crate::schema::{QName, Schema};

/// How closely a written name fits one of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    /// But for upper and lower case.
    Case,
    /// But for case, separators, and singular or plural.
    Form,
}

/// A name's words in lower case and in the singular: `OrderItems`, `order item` and `order_items` are the same.
pub(super) fn form(name: &str) -> String {
    let words = words(name);
    words.iter().map(|word| singular(word)).collect::<Vec<_>>().join("_")
}

/// The words a name is made of, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && after_lower);
        if boundary && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// English plurals, as far as names of tables need them.
pub(super) fn singular(word: &str) -> String {
    match word {
        "people" => return "person".into(),
        "children" => return "child".into(),
        "men" => return "man".into(),
        "women" => return "woman".into(),
        "indices" | "indexes" => return "index".into(),
        "statuses" => return "status".into(),
        "series" | "news" | "data" => return word.into(),
        _ => {}
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

fn fit(written: &str, name: &str) -> Option<Fit> {
    if written == name {
        Some(Fit::Exact)
    } else if written.to_lowercase() == name.to_lowercase() {
        Some(Fit::Case)
    } else if form(written) == form(name) && !form(name).is_empty() {
        Some(Fit::Form)
    } else {
        None
    }
}

/// All that fit `written` as well as the best one does.
pub(super) fn matching<'a, T>(written: &str, all: impl Iterator<Item = (&'a str, T)>) -> Vec<T> {
    let mut best = Fit::Form;
    let mut found = Vec::new();
    for (name, item) in all {
        let Some(fit) = fit(written, name) else { continue };
        if fit < best {
            best = fit;
            found.clear();
        }
        if fit == best {
            found.push(item);
        }
    }
    found
}

/// `schema.name` apart, where there is a dot.
pub(super) fn qualified(written: &str) -> (Option<&str>, &str) {
    match written.split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, written),
    }
}

/// Relations of a map that `written` may mean. Of several of one name in different schemas, the one of `usual` is
/// meant when no schema is said.
pub(super) fn relations<'a>(written: &str, names: impl Iterator<Item = &'a QName>, usual: &str) -> Vec<QName> {
    let (schema, bare) = qualified(written);
    let in_schema = names.filter(|n| schema.is_none_or(|s| n.schema.eq_ignore_ascii_case(s)));
    let found = matching(bare, in_schema.map(|n| (n.name.as_str(), n.clone())));
    if schema.is_none() && found.len() > 1 {
        let ours: Vec<QName> = found.iter().filter(|n| n.schema == usual).cloned().collect();
        if ours.len() == 1 {
            return ours;
        }
    }
    found
}

/// Tables that `written` may mean.
pub(super) fn tables(written: &str, schema: &Schema, usual: &str) -> Vec<QName> {
    relations(written, schema.tables.keys(), usual)
}

/// The names most like `written`, at most five, best first.
pub(super) fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = form(written);
    let mut scored: Vec<(usize, &str)> =
        names.filter_map(|name| distance(&wanted, &form(name)).map(|score| (score, name))).collect();
    scored.sort_unstable();
    scored.dedup();
    scored.into_iter().take(5).map(|(_, name)| name.to_owned()).collect()
}

/// How unlike two forms are; `None` when they have nothing to do with each other. Sharing a word counts as near.
fn distance(a: &str, b: &str) -> Option<usize> {
    let edits = edit_distance(a, b);
    let longest = a.chars().count().max(b.chars().count());
    let shared = a.split('_').filter(|w| w.len() > 2 && b.split('_').any(|other| other == *w)).count();
    let contains = a.len() > 2 && b.len() > 2 && (a.contains(b) || b.contains(a));
    if shared > 0 || contains {
        return Some(edits / (1 + shared + usize::from(contains)));
    }
    (edits * 2 <= longest).then_some(edits)
}

/// Insertions, removals, replacements and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, c) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, &d) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best = (cell(&row, j) + usize::from(c != d)).min(cell(&row, j + 1) + 1).min(cell(&next, j) + 1);
            let swapped = j > 0 && previous == Some(d) && b.get(j - 1) == Some(&c);
            if swapped {
                best = best.min(cell(&before, j - 1).saturating_add(1));
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(c);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_have_one_form() {
        for name in ["OrderItems", "order_items", "order items", "order-item", "orderItem"] {
            assert_eq!(form(name), "order_item", "{name}");
        }
        assert_eq!(form("categories"), form("category"));
        assert_eq!(form("addresses"), form("address"));
        assert_eq!(form("boxes"), form("box"));
        assert_eq!(form("statuses"), form("status"));
    }

    #[test]
    fn the_exact_name_wins() {
        let all = ["user", "users", "Users"];
        assert_eq!(matching("users", all.iter().map(|n| (*n, *n))), ["users"]);
        assert_eq!(matching("USER", all.iter().map(|n| (*n, *n))), ["user"]);
    }

    #[test]
    fn near_names_come_first() {
        let names = ["customers", "orders", "order_items", "customer_notes"];
        assert_eq!(nearest("custmer", names.iter().copied())[0], "customers");
        assert_eq!(nearest("ordres", names.iter().copied())[0], "orders");
        assert!(nearest("zebra", names.iter().copied()).is_empty());
    }

    proptest! {
        #[test]
        fn distance_to_itself_is_nothing(a in "[a-z_]{0,12}", b in "[a-z_]{0,12}") {
            prop_assert_eq!(edit_distance(&a, &a), 0);
            prop_assert_eq!(edit_distance(&a, &b), edit_distance(&b, &a));
        }
    }
}
