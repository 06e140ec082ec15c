//! What nobody may see: passwords in the options of foreign objects and in connection strings. Only a short digest of
//! a secret is kept, so that two of them can be told apart.

use crate::schema::hex;
use sha2::{Digest, Sha256};

/// Options of a user mapping that say nothing secret. Every other may, as each wrapper has its own.
const OPEN_TO_ALL: &[&str] =
    &["gssdelegation", "krbsrvname", "password_required", "sslmode", "use_scram_passthrough", "user", "username"];

/// What the name of an option with a secret has in it.
const SECRET_WORDS: &[&str] = &["pass", "pwd", "secret", "token", "credential", "private", "apikey", "access_key"];

/// Whether an option of a wrapper, a server or a foreign table may hold a secret, by its name.
pub(super) fn is_secret(option: &str) -> bool {
    let name = option.to_lowercase();
    let a_key = name == "key" || name.ends_with("_key") && !name.ends_with("primary_key");
    a_key || name != "password_required" && SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether an option of a user mapping may hold a secret.
pub(super) fn is_secret_of_mapping(option: &str) -> bool {
    !OPEN_TO_ALL.contains(&option)
}

/// Three hexadecimal digits: too few to find the secret by trying words, enough to see that it has changed.
pub(super) fn digest(secret: &str) -> String {
    let mut digits = hex(&Sha256::digest(format!("lockstep {secret}").as_bytes()));
    digits.truncate(3);
    digits
}

/// A connection string without its secrets, and whether it had some.
pub(super) fn without_secrets(connection: &str) -> (String, bool) {
    match connection.split_once("://") {
        Some((scheme, rest)) => of_url(scheme, rest),
        None => of_words(connection),
    }
}

fn of_url(scheme: &str, rest: &str) -> (String, bool) {
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (who, place) = place.rsplit_once('@').map_or((None, place), |(who, place)| (Some(who), place));
    let user = who.map(|who| who.split(':').next().unwrap_or_default());
    let told = |pair: &&str| !is_secret(pair.split('=').next().unwrap_or_default());
    let open = query.map(|query| query.split('&').filter(told).collect::<Vec<_>>().join("&"));
    let secret = who != user || open.as_deref() != query;
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let query = open.filter(|open| !open.is_empty()).map(|open| format!("?{open}")).unwrap_or_default();
    (format!("{scheme}://{user}{place}{query}"), secret)
}

/// `host=x password='a b'`: values may be in quotes, and a backslash takes the next character as it is.
fn of_words(connection: &str) -> (String, bool) {
    let (mut open, mut secret) = (Vec::new(), false);
    let mut rest = connection.trim_start();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            // It cannot be read, so nothing of it is told.
            return (open.join(" "), true);
        };
        let after = after.trim_start();
        let (value, next) = after.split_at_checked(value_length(after)).unwrap_or((after, ""));
        if is_secret(name.trim()) {
            secret = true;
        } else {
            open.push(format!("{}={value}", name.trim()));
        }
        rest = next.trim_start();
    }
    (open.join(" "), secret)
}

fn value_length(text: &str) -> usize {
    let quoted = text.starts_with('\'');
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(usize::from(quoted)) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' if quoted => return at + 1,
            c if !quoted && c.is_whitespace() => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_may_hold_secrets_are_known_by_their_names() {
        for name in ["password", "sslpassword", "api_key", "PassCode", "client_secret", "auth_token", "key"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["host", "dbname", "key_column", "password_required", "keepalives", "fetch_size"] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_of_mapping("anything") && !is_secret_of_mapping("user"));
    }

    #[test]
    fn a_connection_string_loses_its_secrets_alone() {
        let open = |text: &str| without_secrets(text);
        assert_eq!(open("host=a dbname='b c'"), ("host=a dbname='b c'".into(), false));
        assert_eq!(open("host=a password = 'b \\' c' port=1"), ("host=a port=1".into(), true));
        assert_eq!(open("password=x"), (String::new(), true));
        assert_eq!(open("host=a gibberish"), ("host=a".into(), true));
        assert_eq!(open("postgres://u:p@h:1/d?sslmode=on"), ("postgres://u@h:1/d?sslmode=on".into(), true));
        assert_eq!(open("postgres://u@h/d?password=x&a=b"), ("postgres://u@h/d?a=b".into(), true));
        assert_eq!(open("postgres://h/d"), ("postgres://h/d".into(), false));
    }

    #[test]
    fn secrets_are_told_apart_by_a_digest_that_keeps_them() {
        assert_eq!(digest("a").len(), 3);
        assert_ne!(digest("a"), digest("b"));
    }
}
