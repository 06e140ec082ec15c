//! Functions and procedures.

use super::Spots;

/// Languages whose code the server does not confine (manual, CREATE LANGUAGE).
const UNTRUSTED: [&str; 6] = ["c", "plpythonu", "plpython3u", "plperlu", "pltclu", "plsh"];

pub(super) fn create(spots: &mut Spots<'_>) {
    let mut cursor = spots.cursor();
    let definer = cursor.has("security definer");
    if definer && !sets_search_path(&cursor) {
        spots.tell("security-definer-search-path", "it runs with its owner's rights and the caller's search path");
    }
    while !cursor.at_end() {
        if cursor.take("language") {
            let language = cursor.ident().or_else(|| cursor.string()).unwrap_or_default();
            if UNTRUSTED.contains(&language.as_str()) {
                spots.tell("untrusted-language", format!("its code is in {language}"));
            }
            return;
        }
        cursor.step();
    }
}

/// `SET search_path` among the options; what is in the body is a text, and does not count.
fn sets_search_path(cursor: &crate::engine::postgres::reader::cursor::Cursor<'_>) -> bool {
    cursor.has("set search_path")
}
