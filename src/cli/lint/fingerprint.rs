//! What a finding is known by from one run to the next, wherever in its file the statement has moved.

use super::report::FileReport;
use crate::sql::one_line;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Gives each finding its fingerprint: of the file, the rule and the statement's words. The same finding on the same
/// words for the second time in a file is another one.
pub fn assign(file: &mut FileReport) {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for statement in &mut file.statements {
        let sql = one_line(&statement.finding.sql);
        for found in &mut statement.risks {
            let times = seen.entry((found.risk.rule.clone(), sql.clone())).or_default();
            let again = if *times == 0 { String::new() } else { times.to_string() };
            *times += 1;
            found.fingerprint = of(&[&file.key, &found.risk.rule, &sql, &again]);
        }
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
