//! Clauses made ready for the grammar: a topic said first, several renames in one, and slips of the keyboard.

use super::clauses::VERBS;
use super::draft::Draft;
use super::tokens::{Kind, Token, tokens};
use crate::schema::QName;

/// Words that are looked for behind a slip, besides the verbs that begin a clause.
const NOUNS: &[&str] = &[
    "column",
    "columns",
    "table",
    "index",
    "unique",
    "required",
    "default",
    "nullable",
    "optional",
    "foreign",
    "references",
    "constraint",
    "primary",
    "mandatory",
];
/// The longest topic, in tokens.
const TOPIC: usize = 4;

/// `customers: drop birth_date` is about customers; the table, and what is asked of it.
pub(super) fn topic<'t>(draft: &mut Draft<'_>, clause: &'t [Token]) -> Option<(QName, &'t [Token])> {
    let at = clause.iter().take(TOPIC).position(|t| t.is(":"))?;
    let (topic, rest) = clause.split_at(at);
    let rest = rest.split_first().map(|(_, rest)| rest).filter(|r| r.first().is_some_and(|t| t.is_any(VERBS)))?;
    let table = draft.strictly(|draft| draft.table_ref(topic)).ok()?;
    Some((table, rest))
}

/// `rename a to b and c to d` as two clauses; any other clause as it is.
pub(super) fn apart(clause: Vec<Token>) -> Vec<Vec<Token>> {
    let Some((verb, rest)) = clause.split_first().filter(|(verb, _)| verb.is("rename")) else { return vec![clause] };
    let parts: Vec<&[Token]> = rest.split(|t| t.is_any(&[",", "and"])).filter(|part| !part.is_empty()).collect();
    let each_renames = parts.iter().all(|part| part.iter().filter(|t| t.is_any(&["to", "into", "as"])).count() == 1);
    if parts.len() < 2 || !each_renames {
        return vec![clause];
    }
    parts.into_iter().map(|part| std::iter::once(verb).chain(part).cloned().collect()).collect()
}

/// The clause with slips of the keyboard mended, and what was read as what; `None` when there are none.
pub(super) fn mended(clause: &[Token]) -> Option<(Vec<Token>, Vec<String>)> {
    let mut notes = Vec::new();
    let mended = clause.iter().enumerate().map(|(at, token)| {
        let known = if at == 0 { [VERBS, NOUNS].concat() } else { NOUNS.to_vec() };
        let plain = token.kind == Kind::Word && token.lower.len() >= 4 && token.lower.chars().all(char::is_alphabetic);
        let meant = known.iter().filter(|w| w.len() >= 4).find(|word| plain && one_slip(&token.lower, word));
        match meant.filter(|_| !known.contains(&token.lower.as_str())) {
            Some(word) => {
                notes.push(format!("\"{}\" was read as \"{word}\".", token.text));
                tokens(word).into_iter().next().unwrap_or_else(|| token.clone())
            }
            None => token.clone(),
        }
    });
    let mended: Vec<Token> = mended.collect();
    (!notes.is_empty()).then_some((mended, notes))
}

/// Whether two words differ by one letter more, less, other, or by two neighbours in the wrong order.
fn one_slip(said: &str, meant: &str) -> bool {
    let (said, meant): (Vec<char>, Vec<char>) = (said.chars().collect(), meant.chars().collect());
    let same = said.iter().zip(&meant).take_while(|(a, b)| a == b).count();
    let (said, meant) = (said.split_at(same).1, meant.split_at(same).1);
    match (said, meant) {
        ([], [_]) | ([_], []) => true,
        ([a, b, said @ ..], [c, d, meant @ ..]) if a == d && b == c && said == meant => true,
        ([_, said @ ..], meant) if said == meant => true,
        (said, [_, meant @ ..]) if said == meant => true,
        ([_, said @ ..], [_, meant @ ..]) => said == meant,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::text_of;
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_no_more() {
        for slip in ["renmae", "rename", "renam", "renamee", "rehame"] {
            assert!(slip == "rename" || one_slip(slip, "rename"), "{slip}");
        }
        assert!(!one_slip("remake", "rename") && !one_slip("name", "rename"));
    }

    #[test]
    fn renames_come_apart_only_where_each_says_its_new_name() {
        let said = |text: &str| apart(tokens(text)).iter().map(|c| text_of(c)).collect::<Vec<_>>();
        assert_eq!(said("rename x to y and c to d"), ["rename x to y", "rename c to d"]);
        assert_eq!(said("rename x and b to c"), ["rename x and b to c"]);
    }

    #[test]
    fn slips_are_mended_and_told() {
        let (mended, notes) = mended(&tokens("drpo colunm body from reviews")).unwrap();
        assert_eq!(text_of(&mended), "drop column body from reviews");
        assert_eq!(notes.len(), 2);
        assert!(super::mended(&tokens("add note to orders")).is_none());
    }
}
