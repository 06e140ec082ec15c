//! VACUUM, REINDEX, CLUSTER, REFRESH.

use super::{Spots, indexes};
use crate::schema::{IndexTarget, QName};

pub(super) fn reindex(spots: &mut Spots<'_>) {
    let mut cursor = spots.cursor();
    let concurrently = cursor.has("concurrently");
    cursor.take("reindex");
    cursor.parenthesised();
    if cursor.take_any(&["schema", "database", "system"]).is_some() {
        spots.tell("maintenance-of-whole-database", "REINDEX goes through every index there is");
    }
    if concurrently {
        indexes::corrupting_release(spots);
        return;
    }
    let builds: Vec<String> = spots.judgement.index_builds.clone();
    let tables: Vec<QName> = builds.iter().filter_map(|name| name.parse().ok()).collect();
    if tables.is_empty() {
        spots.tell("reindex-not-concurrent", "nobody can write to the table while its index is built anew");
    }
    for table in tables.iter().take(3) {
        let message = format!("nobody can write to {} while its index is built anew", table.short());
        spots.tell_of("reindex-not-concurrent", table, message);
    }
}

pub(super) fn whole_database(spots: &mut Spots<'_>) {
    let class = &spots.statement.class;
    if spots.statement.reading.relations.is_empty() && class != "ANALYZE" {
        let cursor = spots.cursor();
        // A table that is not known is named all the same.
        let names_something = matches!(last_word(&cursor), Some(word) if !KEYWORDS.contains(&word.as_str()));
        if !names_something {
            spots.tell("maintenance-of-whole-database", format!("{class} goes through every table there is"));
        }
    }
}

const KEYWORDS: [&str; 9] = ["vacuum", "cluster", "full", "freeze", "verbose", "analyze", "analyse", "true", "on"];

/// The statement's last word, outside of parentheses.
fn last_word(cursor: &crate::engine::postgres::reader::cursor::Cursor<'_>) -> Option<String> {
    let mut cursor = cursor.clone();
    let mut last = None;
    while !cursor.at_end() {
        if cursor.parenthesised().is_some() {
            continue;
        }
        match cursor.ident() {
            Some(word) => last = Some(word),
            None => cursor.step(),
        }
    }
    last
}

pub(super) fn refresh(spots: &mut Spots<'_>) {
    let concurrently = spots.cursor().has("concurrently");
    let Some(name) = spots.statement.reading.relations.first().cloned() else { return };
    let Some(view) = spots.context.schema.views.get(&name) else {
        if !concurrently {
            spots.tell("refresh-not-concurrent", format!("nobody can read {} until it is refreshed", name.short()));
        }
        return;
    };
    let fits = |index: &crate::schema::Index| {
        let plain = index.keys.iter().all(|key| matches!(key.on, IndexTarget::Column(_)));
        index.unique && index.predicate.is_none() && plain && index.valid
    };
    let has_key = view.indexes.values().any(fits);
    if concurrently && !has_key {
        spots.tell("refresh-concurrently-needs-unique-index", format!("{} has no such index", name.short()));
    } else if concurrently && !view.populated {
        spots.tell(
            "refresh-concurrently-needs-unique-index",
            format!("{} has not been filled yet, so that it can only be refreshed plainly", name.short()),
        );
    } else if !concurrently && view.populated && !spots.is_new(&name) {
        spots.tell("refresh-not-concurrent", format!("nobody can read {} until it is refreshed", name.short()));
    }
}
