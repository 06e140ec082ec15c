//! What a finding is known by from one run to the next, wherever in its file the statement has moved.

use super::report::{FileReport, Found};
use crate::sql::one_line;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Rules that tell of a file once, at whichever statement comes first: they are known by the file alone.
const ONCE: [&str; 2] = ["lock-timeout-missing", "statement-timeout-missing"];

/// Gives each statement's findings their fingerprints: of the file, the rule and the statement's words. The same finding
/// on the same words for the second time in a file is another one.
pub fn assign(file: &mut FileReport) {
    let mut given = Given { key: &file.key, times: BTreeMap::new() };
    for statement in &mut file.statements {
        let sql = one_line(&statement.finding.sql);
        statement.risks.iter_mut().for_each(|found| given.to(found, &sql));
    }
}

/// The same for findings about comments, which are known by what is wrong with them.
pub fn assign_to_comments(file: &mut FileReport) {
    let mut given = Given { key: &file.key, times: BTreeMap::new() };
    for found in &mut file.comments {
        let message = found.risk.message.clone();
        given.to(found, &message);
    }
}

/// What has been given in a file.
struct Given<'a> {
    key: &'a str,
    times: BTreeMap<(String, String), usize>,
}

impl Given<'_> {
    fn to(&mut self, found: &mut Found, words: &str) {
        let words = if ONCE.contains(&found.risk.rule.as_str()) { "" } else { words };
        let times = self.times.entry((found.risk.rule.clone(), words.to_owned())).or_default();
        let again = if *times == 0 { String::new() } else { times.to_string() };
        *times += 1;
        found.fingerprint = of(&[self.key, &found.risk.rule, words, &again]);
    }
}

/// A digest of texts in their order.
pub fn of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut hex = crate::schema::hex(&hash.finalize());
    hex.truncate(32);
    hex
}
