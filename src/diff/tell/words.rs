//! Names as people say them.

use crate::schema::QName;
use crate::sql::one_line;

/// A relation's name in a sentence.
pub(super) fn of(name: &QName) -> String {
    one_line(&name.short())
}

/// What one row of a table is: `order_items` holds an `order item`.
pub(super) fn row(table: &QName) -> String {
    let name = one_line(&table.name).replace('_', " ");
    let end = |suffix: &str| name.strip_suffix(suffix);
    if let Some(stem) = end("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for suffix in ["ses", "xes", "ches", "shes", "zes"] {
        if let Some(stem) = end("es").filter(|_| name.ends_with(suffix) && !name.ends_with("ases")) {
            return stem.to_owned();
        }
    }
    match end("s") {
        Some(stem) if stem.len() > 1 && !["s", "u", "i"].iter().any(|c| stem.ends_with(c)) => stem.to_owned(),
        _ => format!("row of {name}"),
    }
}

/// A column's name in a sentence.
pub(super) fn column(name: &str) -> String {
    one_line(name).replace('_', " ")
}

/// With `a` or `an`.
pub(super) fn a(noun: &str) -> String {
    let vowel = noun.chars().next().is_some_and(|c| "aeiouAEIOU".contains(c));
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// The first letter in capitals.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => column(one.as_ref()),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|i| column(i.as_ref())).collect();
            format!("{} and {}", first.join(", "), column(last.as_ref()))
        }
    }
}

/// An SQL expression in a sentence: short and on one line.
pub(super) fn expression(text: &str) -> String {
    let line = one_line(text);
    let line = line.split_once("::").filter(|(value, _)| value.ends_with('\'')).map_or(line.as_str(), |(v, _)| v);
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_of_a_table_is_said_in_the_singular() {
        let one = |name: &str| row(&QName::new("public", name));
        assert_eq!(one("sales"), "sale");
        assert_eq!(one("order_items"), "order item");
        assert_eq!(one("categories"), "category");
        assert_eq!(one("boxes"), "box");
        assert_eq!(one("status"), "row of status");
        assert_eq!(one("inventory"), "row of inventory");
        assert_eq!((a("order"), a("region")), ("an order".to_owned(), "a region".to_owned()));
    }
}
