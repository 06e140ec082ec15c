//! The small shapes in which the catalogs keep things.

use crate::schema::Options;

/// `name=value` pairs, as `reloptions` and `attoptions` hold them.
pub(super) fn options(pairs: Option<Vec<String>>, prefix: &str) -> Options {
    let pairs = pairs.unwrap_or_default();
    let split = |pair: &String| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (format!("{prefix}{name}"), value.to_owned())
    };
    pairs.iter().map(split).collect()
}

/// An expression without parentheses around the whole of it: `((a) > 0)` is `(a) > 0`, and `(a) + (b)` stays.
pub(super) fn bare(expression: &str) -> &str {
    let mut text = expression.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        if !closes_at_end(inner) {
            break;
        }
        text = inner.trim();
    }
    text
}

/// Whether the parentheses of `inner` balance without using one from outside. Quoted text is passed over.
fn closes_at_end(inner: &str) -> bool {
    let mut depth = 0_i64;
    let mut quote: Option<char> = None;
    let mut escapes = false;
    let mut before = ' ';
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('\''), '\\') if escapes => {
                chars.next();
            }
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => {
                quote = Some(c);
                escapes = c == '\'' && matches!(before, 'E' | 'e');
            }
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            _ => {}
        }
        before = c;
    }
    depth == 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_parentheses_around_the_whole_go() {
        assert_eq!(bare("((price > 0))"), "price > 0");
        assert_eq!(bare("((a) + (b))"), "(a) + (b)");
        assert_eq!(bare("(a) + (b)"), "(a) + (b)");
        assert_eq!(bare("((a = ')'::text) OR (b = 1))"), "(a = ')'::text) OR (b = 1)");
        assert_eq!(bare("((a = E'\\')'::text) OR b)"), "(a = E'\\')'::text) OR b");
        assert_eq!(bare("(\"(\" > 0)"), "\"(\" > 0");
    }

    #[test]
    fn options_keep_what_follows_the_first_equals_sign() {
        let read = options(Some(vec!["fillfactor=70".into(), "x=a=b".into()]), "toast.");
        assert_eq!(read.get("toast.fillfactor").map(String::as_str), Some("70"));
        assert_eq!(read.get("toast.x").map(String::as_str), Some("a=b"));
    }

    proptest! {
        #[test]
        fn wrapping_is_undone(inner in "[a-z]{1,3}( [+>] \\([a-z]{1,3}\\)){0,3}") {
            let wrapped = format!("(({inner}))");
            prop_assert_eq!(bare(&wrapped), bare(&inner));
        }
    }
}
