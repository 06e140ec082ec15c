//! Conditions in words as SQL: `must be positive`, `country is DE and deleted_at is null`, `between 0 and 100`.

use super::draft::{Draft, Flow, Stop};
use super::tokens::{Kind, Token};
use super::values::{Want, in_brackets};
use crate::schema::QName;

/// Words that carry no meaning of their own before a predicate.
const COPULAS: &[&str] = &[
    "must", "should", "shall", "has", "have", "needs", "need", "is", "are", "be", "to", "always", "can", "may", "only",
    "was", "ought", "stay", "remain", "being", "value", "values", "contain", "hold", "allow", "allowed", "strictly",
];
const NEGATIONS: &[&str] = &["not", "never", "cannot", "isnt", "isn't", "mustnt", "shouldnt", "without", "no", "arent"];

/// Comparisons, longest wording first.
const COMPARISONS: &[(&[&str], &str)] = &[
    (&["greater", "than", "or", "equal", "to"], ">="),
    (&["less", "than", "or", "equal", "to"], "<="),
    (&["no", "less", "than"], ">="),
    (&["no", "more", "than"], "<="),
    (&["greater", "than"], ">"),
    (&["larger", "than"], ">"),
    (&["bigger", "than"], ">"),
    (&["higher", "than"], ">"),
    (&["later", "than"], ">"),
    (&["more", "than"], ">"),
    (&["less", "than"], "<"),
    (&["lower", "than"], "<"),
    (&["smaller", "than"], "<"),
    (&["earlier", "than"], "<"),
    (&["fewer", "than"], "<"),
    (&["different", "from"], "<>"),
    (&["at", "least"], ">="),
    (&["at", "most"], "<="),
    (&["up", "to"], "<="),
    (&["equal", "to"], "="),
    (&["equals"], "="),
    (&["exceed"], ">"),
    (&["above"], ">"),
    (&["over"], ">"),
    (&["after"], ">"),
    (&["below"], "<"),
    (&["under"], "<"),
    (&["before"], "<"),
    (&["minimum"], ">="),
    (&["maximum"], "<="),
    (&["max"], "<="),
    (&["min"], ">="),
    (&[">="], ">="),
    (&["<="], "<="),
    (&["<>"], "<>"),
    (&[">"], ">"),
    (&["<"], "<"),
    (&["="], "="),
];

fn negated(operator: &str) -> &'static str {
    match operator {
        ">" => "<=",
        ">=" => "<",
        "<" => ">=",
        "<=" => ">",
        "=" => "<>",
        _ => "=",
    }
}

/// What follows when `tokens` begin with `words`.
pub(super) fn after<'t>(tokens: &'t [Token], words: &[&str]) -> Option<&'t [Token]> {
    let fits = tokens.len() >= words.len() && tokens.iter().zip(words).all(|(t, w)| t.is(w));
    fits.then(|| tokens.split_at(words.len()).1)
}

/// Splits off leading tokens that are among `words`.
fn skip<'t>(tokens: &'t [Token], words: &[&str]) -> &'t [Token] {
    let count = tokens.iter().take_while(|t| t.is_any(words)).count();
    tokens.split_at(count).1
}

impl Draft<'_> {
    /// All of `tokens` as a condition over `table`'s columns; a predicate without a subject is about `column`.
    pub fn condition(&self, table: &QName, column: Option<&str>, tokens: &[Token]) -> Flow<String> {
        let tokens = match tokens {
            [open, inner @ .., close] if open.is("(") && close.is(")") && in_brackets(tokens) == tokens.len() => inner,
            all => all,
        };
        let mut subject = column.map(str::to_owned);
        let mut out = String::new();
        for (joint, part) in conjuncts(tokens) {
            if !joint.is_empty() {
                out.push_str(&format!(" {joint} "));
            }
            let (found, predicate) = self.subject(table, part)?;
            if let Some(found) = found {
                subject = Some(found);
            }
            let subject = subject.as_deref().ok_or(Stop::No)?;
            out.push_str(&self.predicate(table, subject, predicate)?);
        }
        if out.is_empty() { Err(Stop::No) } else { Ok(out) }
    }

    /// The column at the start of a condition, and what is said of it.
    fn subject<'t>(&self, table: &QName, tokens: &'t [Token]) -> Flow<(Option<String>, &'t [Token])> {
        for length in (1..=tokens.len().min(4)).rev() {
            let (name, rest) = tokens.split_at(length);
            if name.iter().all(Token::is_name) {
                let written = name.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("_");
                let bare = written.rsplit('.').next().unwrap_or(&written);
                if let Some(column) = self.column_named(table, bare)? {
                    return Ok((Some(column), rest));
                }
            }
        }
        Ok((None, skip(tokens, &["it", "which", "that", "value"])))
    }

    fn predicate(&self, table: &QName, column: &str, tokens: &[Token]) -> Flow<String> {
        let data_type = self.type_of(table, column);
        let want = Want { table: Some(table), data_type: data_type.as_deref() };
        let sql = self.syntax.ident(column);
        let tokens = skip(tokens, COPULAS);
        let (no, tokens) = match tokens.split_first() {
            Some((first, rest))
                if first.is_any(NEGATIONS)
                    && after(tokens, &["no", "less"]).is_none()
                    && after(tokens, &["no", "more"]).is_none()
                    && after(tokens, &["no", "longer"]).is_none() =>
            {
                (true, skip(rest, COPULAS))
            }
            _ => (false, tokens),
        };
        if tokens.is_empty() {
            // "where active", "where not active"
            let boolean = data_type.as_deref().is_some_and(|t| t.to_lowercase().contains("bool"));
            return if boolean { Ok(if no { format!("NOT {sql}") } else { sql }) } else { Err(Stop::No) };
        }
        if let Some(found) = self.by_word(&sql, no, tokens, want) {
            return Ok(found);
        }
        if let Some(found) = self.range(&sql, no, tokens, want)? {
            return Ok(found);
        }
        if let Some(found) = text_length(&sql, tokens) {
            return Ok(found);
        }
        for lead in [&["one", "of"][..], &["either"], &["in"], &["among"], &["any", "of"]] {
            if let Some(list) = after(tokens, lead) {
                return self.one_of(&sql, no, list, want);
            }
        }
        for (words, operator) in COMPARISONS {
            if let Some(value) = after(tokens, words) {
                let operator = if no { negated(operator) } else { operator };
                let value = self.value(value, want)?;
                return Ok(format!("{sql} {operator} {value}"));
            }
        }
        if let Some(found) = self.by_pattern(&sql, no, tokens) {
            return Ok(found);
        }
        // "status is a or b"; a lone value is equality.
        if tokens.iter().any(|t| t.is_any(&["or", ","])) {
            return self.one_of(&sql, no, tokens, want);
        }
        let value = self.value(tokens, want)?;
        Ok(match (value.as_str(), no) {
            ("NULL", false) => format!("{sql} IS NULL"),
            ("NULL", true) => format!("{sql} IS NOT NULL"),
            (_, false) => format!("{sql} = {value}"),
            (_, true) => format!("{sql} <> {value}"),
        })
    }

    /// Predicates that are a word: positive, empty, missing, set.
    fn by_word(&self, sql: &str, no: bool, tokens: &[Token], want: Want<'_>) -> Option<String> {
        let said: Vec<&str> = tokens.iter().filter(|t| t.kind == Kind::Word).map(|t| t.lower.as_str()).collect();
        if said.len() != tokens.len() {
            return None;
        }
        let text = want.data_type.is_some() && self.is_text(want.data_type);
        let empty = if text { format!("{sql} = {}", self.syntax.literal("")) } else { format!("{sql} IS NULL") };
        let full = if text { format!("{sql} <> {}", self.syntax.literal("")) } else { format!("{sql} IS NOT NULL") };
        Some(match (said.as_slice(), no) {
            (["positive" | "strictly_positive"], false) | (["zero", "or", "negative" | "less"], true) => {
                format!("{sql} > 0")
            }
            (["negative"], true)
            | (
                ["nonnegative" | "non_negative"]
                | ["zero", "or", "more" | "greater" | "positive"]
                | ["positive", "or", "zero"],
                false,
            ) => format!("{sql} >= 0"),
            (["negative"], false) => format!("{sql} < 0"),
            (["positive"], true) => format!("{sql} <= 0"),
            (["zero"], true) => format!("{sql} <> 0"),
            (["null" | "missing" | "unset" | "unknown" | "absent"], false) => format!("{sql} IS NULL"),
            (["null" | "missing" | "unset" | "unknown" | "absent"], true) => format!("{sql} IS NOT NULL"),
            (["present" | "set" | "given" | "known" | "filled"], false) => format!("{sql} IS NOT NULL"),
            (["present" | "set" | "given" | "known" | "filled"], true) => format!("{sql} IS NULL"),
            (["empty" | "blank"] | ["empty", "string"] | ["an", "empty", "string"], true) => full,
            (["empty" | "blank"] | ["empty", "string"], false) => empty,
            (["lowercase" | "lower"], false) => format!("{sql} = lower({sql})"),
            (["uppercase" | "upper"], false) => format!("{sql} = upper({sql})"),
            _ => return None,
        })
    }

    /// `between 0 and 100`, `from 1 to 5`, `in the range 1 to 5`.
    fn range(&self, sql: &str, no: bool, tokens: &[Token], want: Want<'_>) -> Flow<Option<String>> {
        let rest = after(tokens, &["between"])
            .or_else(|| after(tokens, &["from"]))
            .or_else(|| after(tokens, &["in", "range"]).map(|t| skip(t, &["of", "from", "between"])));
        let Some(rest) = rest else { return Ok(None) };
        let Some(middle) = rest.iter().position(|t| t.is_any(&["and", "to", "-"])) else { return Ok(None) };
        let (low, high) = rest.split_at(middle);
        let high = high.split_first().map_or(&[][..], |(_, high)| high);
        let high = match high {
            [value @ .., last] if last.is("inclusive") => value,
            value => value,
        };
        let between = if no { "NOT BETWEEN" } else { "BETWEEN" };
        Ok(Some(format!("{sql} {between} {} AND {}", self.value(low, want)?, self.value(high, want)?)))
    }

    fn one_of(&self, sql: &str, no: bool, list: &[Token], want: Want<'_>) -> Flow<String> {
        let list = match list {
            [colon, rest @ ..] if colon.is(":") => rest,
            all => all,
        };
        let list = match list {
            [open, inner @ .., close] if open.is("(") && close.is(")") => inner,
            all => all,
        };
        // The list's items are values, never columns.
        let want = Want { table: None, ..want };
        let values: Vec<String> =
            super::refs::items(list).into_iter().map(|item| self.value(item, want)).collect::<Flow<_>>()?;
        match values.as_slice() {
            [] => Err(Stop::No),
            [one] => Ok(format!("{sql} {} {one}", if no { "<>" } else { "=" })),
            all => Ok(format!("{sql} {} ({})", if no { "NOT IN" } else { "IN" }, all.join(", "))),
        }
    }

    /// `like 'x%'`, `starts with 'x'`, `contains 'x'`.
    fn by_pattern(&self, sql: &str, no: bool, tokens: &[Token]) -> Option<String> {
        let not = if no { "NOT " } else { "" };
        let (before, rest, behind) = after(tokens, &["like"])
            .map(|rest| ("", rest, ""))
            .or_else(|| after(tokens, &["start", "with"]).map(|rest| ("", rest, "%")))
            .or_else(|| after(tokens, &["starts", "with"]).map(|rest| ("", rest, "%")))
            .or_else(|| after(tokens, &["ends", "with"]).map(|rest| ("%", rest, "")))
            .or_else(|| after(tokens, &["end", "with"]).map(|rest| ("%", rest, "")))
            .or_else(|| after(tokens, &["contains"]).map(|rest| ("%", rest, "%")))?;
        let [value] = rest else { return None };
        let pattern = format!("{before}{}{behind}", value.text);
        Some(format!("{sql} {not}LIKE {}", self.syntax.literal(&pattern)))
    }
}

/// The parts of a condition with the word that joins each to the one before it. The "and" of "between … and …" and
/// the "or" of a list of values join nothing.
fn conjuncts(tokens: &[Token]) -> Vec<(&'static str, &[Token])> {
    let mut parts = Vec::new();
    let mut joint = "";
    let mut start = 0;
    let mut in_range = false;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_any(&["between", "range"]) {
            in_range = true;
        } else if token.is("and") && in_range {
            in_range = false;
        } else if token.is_any(&["and", "or"]) && begins_condition(tokens.split_at(at + 1).1) {
            parts.push((joint, tokens.get(start..at).unwrap_or_default()));
            joint = if token.is("and") { "AND" } else { "OR" };
            start = at + 1;
        }
    }
    parts.push((joint, tokens.get(start..).unwrap_or_default()));
    parts
}

/// Whether a verb or an operator comes soon, so that this is a condition and not one more value of a list.
fn begins_condition(tokens: &[Token]) -> bool {
    let near = tokens.iter().take_while(|t| !t.is_any(&["and", "or", ","])).take(4);
    let first_negates = tokens.first().is_some_and(|t| t.is_any(NEGATIONS));
    let signs = ["=", "<", ">", "<=", ">=", "<>", "is", "are", "must", "should", "between", "in", "like", "not"];
    let lone_comparison = tokens.first().is_some_and(|t| t.is_any(&["less", "more", "greater", "at"]))
        && !tokens.get(1).is_some_and(|t| t.is("equal"));
    let mut near = near;
    first_negates || lone_comparison || near.any(|t| t.is_any(&signs))
}

/// `at most 255 characters`, `longer than 3 characters`, `a length limit of 4096`.
fn text_length(sql: &str, tokens: &[Token]) -> Option<String> {
    let number = tokens.iter().find(|t| t.kind == Kind::Number)?;
    let said = |word: &str| tokens.iter().any(|t| t.is(word));
    let about_length = ["characters", "chars", "character", "letters", "long", "longer", "shorter", "length"];
    if !about_length.iter().any(|word| said(word)) {
        return None;
    }
    // "must hold longer values than 15 characters" and "may be longer" ask for room, not for a check.
    let compares = tokens.windows(2).any(|w| matches!(w, [a, b] if a.is_any(&["longer", "shorter"]) && b.is("than")));
    if (said("longer") || said("shorter")) && (!compares || said("can") || said("may")) {
        return None;
    }
    let operator = if said("longer") && said("no")
        || said("most")
        || said("up")
        || said("limit")
        || said("maximum")
        || said("max")
        || said("or") && (said("less") || said("fewer"))
    {
        "<="
    } else if said("least") || said("minimum") || said("min") || said("or") && said("more") {
        ">="
    } else if said("longer") || said("more") {
        ">"
    } else if said("shorter") || said("less") || said("fewer") {
        "<"
    } else {
        "="
    };
    Some(format!("length({sql}) {operator} {}", number.text))
}
