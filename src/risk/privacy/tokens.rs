//! Names taken apart into words.

/// The words of a name in small letters: `customerEMail_2` is `customer`, `e`, `mail`; digits part words and are dropped.
pub(super) fn tokens(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphabetic() {
            // `userName`, and the last capital of `HTTPServer`.
            let begins = c.is_uppercase() && before.is_alphabetic();
            let inside_capitals = before.is_uppercase() && chars.peek().is_none_or(|next| !next.is_lowercase());
            if begins && !inside_capitals {
                take(&mut word, &mut out);
            }
            word.extend(c.to_lowercase());
        } else {
            take(&mut word, &mut out);
        }
        before = c;
    }
    take(&mut word, &mut out);
    out
}

fn take(word: &mut String, out: &mut Vec<String>) {
    if !word.is_empty() {
        out.push(std::mem::take(word));
    }
}

/// Whether a word is another one, or its plural.
pub(super) fn is_word(token: &str, word: &str) -> bool {
    token == word
        || token.strip_suffix("es").is_some_and(|stem| stem == word)
        || token.strip_suffix('s').is_some_and(|stem| stem == word)
        || token.strip_suffix("ies").is_some_and(|stem| word.strip_suffix('y') == Some(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_signs_digits_and_capitals() {
        assert_eq!(tokens("first_name"), ["first", "name"]);
        assert_eq!(tokens("homeAddress2"), ["home", "address"]);
        assert_eq!(tokens("userIPAddress"), ["user", "ip", "address"]);
        assert_eq!(tokens("DESCRIPTION"), ["description"]);
        assert_eq!(tokens("größe_cm"), ["größe", "cm"]);
    }

    #[test]
    fn plurals_are_the_same_word() {
        assert!(is_word("users", "user") && is_word("allergies", "allergy") && is_word("addresses", "address"));
        assert!(!is_word("userspace", "user"));
    }
}
