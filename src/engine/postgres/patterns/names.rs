//! Names that a plan makes up, within PostgreSQL's 63 bytes.

use crate::schema::QName;

const LIMIT: usize = 63;

/// `base` cut so that it fits with `suffix` behind it.
pub(super) fn with_suffix(base: &str, suffix: &str) -> String {
    let mut end = base.len().min(LIMIT.saturating_sub(suffix.len()));
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", base.get(..end).unwrap_or_default())
}

/// `first_second_label`, the longer of the two cut until it fits (PostgreSQL's `makeObjectName`).
pub(super) fn joined(first: &str, second: &str, label: &str) -> String {
    let room = LIMIT.saturating_sub(label.len() + 2);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let cut = |text: &str, mut end: usize| {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default().to_owned()
    };
    format!("{}_{}_{label}", cut(first, a), cut(second, b))
}

/// A name that `taken` does not know: `base` with the suffix, numbered where that is taken.
pub(super) fn free(base: &str, suffix: &str, taken: impl Fn(&str) -> bool) -> String {
    let first = with_suffix(base, suffix);
    if !taken(&first) {
        return first;
    }
    let numbered = (2_u32..).map(|n| with_suffix(base, &format!("{suffix}{n}")));
    numbered.into_iter().find(|name| !taken(name)).unwrap_or(first)
}

/// The schema that Lockstep keeps its own things in; reading a schema leaves it out.
pub(super) const OWN_SCHEMA: &str = "lockstep";

/// A relation or function of our own about a table or column: `lockstep.keep_public_sales_region`.
pub(super) fn own(what: &str, table: &QName, column: &str) -> QName {
    let plain = [what, &table.schema, &table.name, column]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join("_");
    QName::new(OWN_SCHEMA, shortened(&plain))
}

/// Long names keep apart by a checksum of what is cut off.
fn shortened(name: &str) -> String {
    if name.len() <= LIMIT {
        return name.to_owned();
    }
    let sum = name.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    with_suffix(name, &format!("_{sum:08x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stay_apart_and_within_the_limit() {
        let table = QName::new("public", "t".repeat(60));
        let (a, b) = (own("keep", &table, "a"), own("keep", &table, "b"));
        assert_ne!(a, b);
        assert!(a.name.len() <= LIMIT && b.name.len() <= LIMIT);
        assert_eq!(with_suffix(&"é".repeat(40), "_new").len(), 62);
        assert_eq!(free("a", "_new", |n| n == "a_new"), "a_new2");
    }
}
