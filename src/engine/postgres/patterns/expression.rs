//! Just enough reading of SQL expressions: which names occur, and whether a value is the same for every row.

/// A piece of an expression: a name, or whatever else, as written.
enum Piece<'a> {
    Word(&'a str),
    Quoted(&'a str),
    Other(&'a str),
}

/// Splits into names and the rest; literals and comments of the catalog's texts are never looked into.
fn pieces<'a>(text: &'a str) -> Vec<Piece<'a>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, make): (usize, fn(&'a str) -> Piece<'a>) = match first {
            '\'' => (quoted_length(rest, '\''), Piece::Other),
            '"' => (quoted_length(rest, '"'), Piece::Quoted),
            c if c.is_alphabetic() || c == '_' => {
                (rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len()), Piece::Word)
            }
            c if c.is_ascii_digit() => {
                (rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len()), Piece::Other)
            }
            c => (c.len_utf8(), Piece::Other),
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push(make(piece));
        rest = after;
    }
    out
}

/// The bytes of a quoted text at the start of `text`; a doubled quote is part of it.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut inside = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = inside.next() {
        if c == quote {
            if inside.peek().is_some_and(|(_, next)| *next == quote) {
                inside.next();
            } else {
                return at + c.len_utf8();
            }
        }
    }
    text.len()
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').replace("\"\"", "\"")
}

fn is_name(piece: &Piece<'_>, name: &str) -> bool {
    match piece {
        Piece::Word(word) => word.to_lowercase() == name,
        Piece::Quoted(word) => unquoted(word) == name,
        Piece::Other(_) => false,
    }
}

/// Whether a column's name occurs.
pub(super) fn mentions(expression: &str, column: &str) -> bool {
    pieces(expression).iter().any(|piece| is_name(piece, column))
}

/// The expression with one column's name replaced by SQL text.
pub(super) fn replace(expression: &str, column: &str, by: &str) -> String {
    pieces(expression)
        .iter()
        .map(|piece| match piece {
            piece if is_name(piece, column) => by,
            Piece::Word(text) | Piece::Quoted(text) | Piece::Other(text) => text,
        })
        .collect()
}

/// Functions of pg_catalog that give one value for a whole statement when their arguments are constant.
const STEADY: &[&str] = &[
    "abs",
    "array",
    "btrim",
    "ceil",
    "coalesce",
    "concat",
    "date_part",
    "date_trunc",
    "floor",
    "greatest",
    "interval",
    "jsonb_build_array",
    "jsonb_build_object",
    "least",
    "length",
    "lower",
    "make_date",
    "make_interval",
    "make_timestamptz",
    "md5",
    "now",
    "nullif",
    "numeric",
    "round",
    "statement_timestamp",
    "timezone",
    "to_char",
    "to_date",
    "to_timestamp",
    "transaction_timestamp",
    "upper",
    "varying",
    "varchar",
    "char",
    "character",
    "bpchar",
    "bit",
    "time",
    "timestamp",
    "decimal",
    "current_setting",
    "pg_catalog",
    "cast",
    "trim",
    "replace",
    "zone",
];

/// Whether a default may differ from row to row, so that adding the column writes every row. A function that is not
/// known here may.
pub(super) fn is_volatile(expression: &str) -> bool {
    let pieces = pieces(expression);
    pieces.iter().enumerate().any(|(at, piece)| {
        let name = match piece {
            Piece::Word(word) => word.to_lowercase(),
            Piece::Quoted(word) => unquoted(word),
            Piece::Other(_) => return false,
        };
        let mut following = pieces.iter().skip(at + 1);
        let next = following.find(|p| !matches!(p, Piece::Other(text) if text.trim().is_empty()));
        matches!(next, Some(Piece::Other("("))) && !STEADY.contains(&name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_outside_of_literals_only() {
        assert!(mentions("lower(email) <> ''", "email"));
        assert!(mentions(r#""Email" is not null"#, "Email"));
        assert!(!mentions("kind = 'email'", "email"));
        assert!(!mentions("emails > 1", "email"));
        assert_eq!(
            replace("amount > 0 or note = 'amount'", "amount", "amount_new"),
            "amount_new > 0 or note = 'amount'"
        );
    }

    #[test]
    fn defaults_are_told_apart() {
        for steady in ["'EU'::text", "0", "now()", "CURRENT_TIMESTAMP", "'1'::numeric(10,2)", "true", "'{}'::jsonb"] {
            assert!(!is_volatile(steady), "{steady}");
        }
        for volatile in
            ["gen_random_uuid()", "nextval('s'::regclass)", "random()", "my.made_up (1)", "clock_timestamp()"]
        {
            assert!(is_volatile(volatile), "{volatile}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_when_nothing_is_replaced(text in "[^\0]{0,40}") {
            prop_assert_eq!(replace(&text, "no such column", "x"), text);
        }
    }
}
