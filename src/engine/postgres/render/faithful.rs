//! Expressions that PostgreSQL would read back as others than those it wrote down.

const MARK: &str = "(ARRAY[";
const ELEMENT: &str = "::character varying";
const CAST: &str = "])::text[]";

/// `status IN ('a', 'b')` on a `varchar` is stored as a cast of the whole array, and printed as
/// `(ARRAY['a'::character varying, …])::text[]`; read again, the cast would move to each element. One more cast, which
/// does nothing, keeps it where it is.
pub(in crate::engine::postgres) fn faithful(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some((before, from)) = rest.split_once(MARK) {
        out.push_str(before);
        match from.split_once(CAST) {
            Some((inside, after)) if all_varying(inside) => {
                out.push_str("((ARRAY[");
                out.push_str(inside);
                out.push_str("])::character varying[])::text[]");
                rest = after;
            }
            _ => {
                out.push_str(MARK);
                rest = from;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a list is of literals cast to `character varying` and nothing else.
fn all_varying(list: &str) -> bool {
    let mut rest = list.trim_start();
    loop {
        let Some(after) = after_literal(rest).and_then(|after| after.strip_prefix(ELEMENT)) else { return false };
        match after.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return after.is_empty(),
        }
    }
}

/// What follows a quoted literal at the start of `text`.
fn after_literal(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (_, after) = rest.split_once('\'')?;
        match after.strip_prefix('\'') {
            Some(inside) => rest = inside,
            None => return Some(after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cast_of_a_whole_list_stays_on_the_list() {
        assert_eq!(
            faithful("(s)::text = ANY ((ARRAY['a'::character varying, 'it''s, b'::character varying])::text[])"),
            "(s)::text = ANY (((ARRAY['a'::character varying, 'it''s, b'::character varying])::character varying[])::text[])"
        );
    }

    #[test]
    fn other_expressions_stay_as_they_are() {
        for text in
            ["s = ANY (ARRAY['a'::text])", "(ARRAY[a, b])::text[]", "'(ARRAY['", "(ARRAY['a'::character varying"]
        {
            assert_eq!(faithful(text), text);
        }
    }
}
