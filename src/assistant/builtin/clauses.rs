//! A request as the clauses that each ask for one thing.

use super::tokens::Token;

/// Verbs that begin a clause after "and" or a comma.
pub(super) const VERBS: &[&str] = &[
    "add",
    "create",
    "drop",
    "remove",
    "delete",
    "rename",
    "change",
    "make",
    "set",
    "index",
    "link",
    "split",
    "merge",
    "combine",
    "fill",
    "backfill",
    "move",
    "convert",
    "require",
    "ensure",
    "enforce",
    "give",
    "introduce",
    "update",
    "alter",
    "modify",
    "turn",
    "comment",
    "document",
    "describe",
    "mark",
    "connect",
    "allow",
    "call",
    "store",
    "put",
    "get",
    "reindex",
    "replace",
    "let",
    "build",
    "populate",
    "copy",
    "enable",
    "disable",
    "restrict",
    "limit",
    "forbid",
    "eliminate",
    "extend",
    "concatenate",
    "relate",
    "increase",
    "widen",
];
/// Verbs of a clause that begins with what it is about: `price must be positive`.
const MODALS: &[&str] =
    &["must", "should", "cannot", "belongs", "belong", "references", "needs", "need", "gets", "shall", "may"];
/// Begins of courteous requests, without meaning.
const COURTESIES: &[&[&str]] = &[
    &["can", "you"],
    &["could", "you"],
    &["would", "you"],
    &["will", "you"],
    &["i", "want", "you", "to"],
    &["i", "want", "to"],
    &["i", "would", "like", "to"],
    &["id", "like", "to"],
    &["we", "want", "to"],
    &["we", "need", "to"],
    &["i", "need", "to"],
    &["we", "should"],
    &["lets"],
    &["let", "us"],
    &["let", "s"],
    &["hey"],
    &["hi"],
    &["hello"],
    &["ok"],
    &["okay"],
    &["now"],
    &["then"],
    &["also"],
    &["next"],
    &["finally"],
    &["first"],
    &["afterwards"],
    &["so"],
    &["just"],
    &["kindly"],
    &["go", "ahead", "and"],
    &["and"],
    &["after", "that"],
    &["we", "must"],
    &["you", "should"],
    &["i", "would", "like", "you", "to"],
    &["let"],
    &["help", "me"],
    &["we", "want"],
    &["we", "need"],
    &["i", "need"],
    &["i", "want"],
    &["there", "should", "be"],
];
/// Courtesies that stand for a wish to have something new.
const WISHES: &[&[&str]] =
    &[&["we", "want"], &["we", "need"], &["i", "need"], &["i", "want"], &["there", "should", "be"]];

/// The clauses of a request, courtesies and connecting words left out.
pub(super) fn clauses(tokens: &[Token]) -> Vec<Vec<Token>> {
    let mut out: Vec<Vec<Token>> = vec![Vec::new()];
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.split_at(at).1;
        depth = (depth + usize::from(token.is("("))).saturating_sub(usize::from(token.is(")")));
        let so_far = out.last().map_or(&[][..], Vec::as_slice);
        let hard = token.is_any(&[".", ";", "!", "?"]) && depth == 0 || token.is("then") && !so_far.is_empty();
        let soft = token.is_any(&[",", "and", "&", "plus", "but", "while"]) && depth == 0 && ends_here(so_far, rest);
        if hard || soft {
            out.push(Vec::new());
        } else if let Some(clause) = out.last_mut() {
            clause.push(token.clone());
        }
    }
    out.into_iter().map(|clause| without_courtesies(&clause)).filter(|clause| !clause.is_empty()).collect()
}

/// Whether a comma or "and" (the first of `rest`) ends the clause `so_far`.
fn ends_here(so_far: &[Token], rest: &[Token]) -> bool {
    let next = skip_joints(rest);
    let Some(first) = next.first() else { return true };
    if first.is_any(&["fill", "backfill", "set", "use"]) && fills_the_rest(next) {
        return false;
    }
    if first.is_any(VERBS) {
        // "created_at, updated_at and index": a verb with nothing after it is a name; so is "on delete, …".
        let alone = next.get(1).is_none_or(|t| t.is_any(&[",", "and", ")"]));
        // "set" and the like may be what goes on in "references x on delete set null"; an "index" may be a modifier.
        return !alone || first.is("index") && next.len() == 1 && !so_far.is_empty();
    }
    let index_next = first.is("index") || first.is("unique") && next.get(1).is_some_and(|t| t.is("index"));
    if index_next {
        return true;
    }
    if first.is("it") && next.get(1).is_some_and(|t| t.is_any(&["is", "has", "must", "should", "cannot", "needs"])) {
        return true;
    }
    // "a and b must …" is one subject; the columns of a new table may say what they reference.
    let is_complete =
        so_far.iter().any(|t| t.is_any(MODALS) || t.is_any(VERBS)) && !so_far.iter().any(|t| t.is("table"));
    let in_where = !is_complete || so_far.iter().any(|t| t.is_any(&["where", "when", "if", "check"]));
    let soon = next.iter().take(5).take_while(|t| !t.is_any(&[",", "and", "("]));
    let subject_first = !first.is_any(MODALS) && !first.is_any(&["which", "that", "not", "never"]);
    !in_where && subject_first && soon.skip(1).any(|t| t.is_any(MODALS)) && !about_existing(next)
}

/// `existing rows should get 'x'` goes on with the column before it.
fn about_existing(next: &[Token]) -> bool {
    next.first().is_some_and(|t| t.is_any(&["existing", "old", "values"]))
}

/// `fill existing rows with ''` says what the requirement before it means for the rows that are there.
fn fills_the_rest(next: &[Token]) -> bool {
    next.get(1).is_some_and(|t| t.is_any(&["existing", "old", "missing", "empty", "null", "nulls", "gaps"]))
}

fn skip_joints(rest: &[Token]) -> &[Token] {
    let joints = rest
        .iter()
        .take_while(|t| t.is_any(&[",", "and", "&", "then", "also", "plus", "but", "while", "finally"]))
        .count();
    rest.split_at(joints).1
}

/// The clause without courtesies; a wish ("we need an index on …") becomes "add".
fn without_courtesies(clause: &[Token]) -> Vec<Token> {
    let mut rest = clause;
    let mut wish = false;
    loop {
        let found = COURTESIES.iter().filter_map(|c| super::conditions::after(rest, c).map(|after| (c, after)));
        let Some((courtesy, after)) = found.min_by_key(|(_, after)| after.len()) else { break };
        wish |= WISHES.contains(courtesy);
        rest = after;
    }
    while let Some(before) = without_last(rest) {
        rest = before;
    }
    let begins = rest.first().is_some_and(|t| t.is_any(VERBS) && !t.is("index"));
    let mut out = Vec::with_capacity(rest.len() + 1);
    if wish && !begins && !rest.is_empty() {
        out.extend(super::tokens::tokens("add"));
    }
    out.extend(rest.iter().cloned());
    out
}

/// The clause without the word or two at its end that only round it off.
fn without_last(clause: &[Token]) -> Option<&[Token]> {
    let endings: &[&[&str]] = &[
        &[","],
        &["and"],
        &["too"],
        &["thanks"],
        &["now"],
        &["also"],
        &["instead"],
        &["anymore"],
        &["any", "more"],
        &["any", "longer"],
        &["for", "me"],
        &["for", "us"],
        &["if", "possible"],
    ];
    endings.iter().find_map(|ending| {
        let (before, last) = clause.split_at(clause.len().checked_sub(ending.len())?);
        // "default now" is a value.
        let is_value =
            ending == &["now"] && before.last().is_some_and(|t| t.is_any(&["default", "to", "of", "=", "as"]));
        let matches = !is_value && last.iter().zip(*ending).all(|(token, word)| token.is(word));
        matches.then_some(before)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{text_of, tokens};
    use super::*;

    fn split(text: &str) -> Vec<String> {
        clauses(&tokens(text)).iter().map(|c| text_of(c)).collect()
    }

    #[test]
    fn a_verb_after_and_begins_a_clause() {
        assert_eq!(
            split("Add a region to sales, required, default 'EU', and index it"),
            ["Add region to sales, required, default 'EU'", "index it"]
        );
        assert_eq!(split("drop a and b from t. Then rename c to d"), ["drop a and b from t", "rename c to d"]);
    }

    #[test]
    fn a_new_subject_begins_a_clause() {
        assert_eq!(
            split("email must be unique and price must be positive"),
            ["email must be unique", "price must be positive"]
        );
        assert_eq!(split("rating must be between 0 and 5"), ["rating must be between 0 and 5"]);
    }

    #[test]
    fn courtesies_say_nothing() {
        assert_eq!(split("Could you please drop notes from orders?"), ["drop notes from orders"]);
        assert_eq!(split("we need an index on orders.total"), ["add index on orders.total"]);
    }
}
