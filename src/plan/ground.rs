//! How much is known for certain of the schema in the middle of a script.

use crate::sql::Statement;

/// How far the model may be trusted to be the schema of the moment, in the middle of a script.
#[derive(Debug, Default)]
pub(super) struct Ground {
    /// There may be things that the model has not: `CREATE TABLE … AS` has made them.
    more: bool,
    /// What the model has may be other than it says: a block or a call has had its hands on it.
    pub shaken: bool,
}

impl Ground {
    pub fn after(&mut self, statement: &Statement) {
        let reading = &statement.reading;
        let harmless = statement.parsed() && (reading.complete || reading.rows_only || reading.read_only);
        let changes_things = statement.class.starts_with("ALTER ") || statement.class.starts_with("DROP ");
        self.more |= !harmless;
        self.shaken |= !harmless && (!statement.parsed() || reading.hidden || changes_things);
    }

    /// Whether a statement may do something else here than it was read to do.
    pub fn is_doubtful_for(&self, statement: &Statement) -> bool {
        let reading = &statement.reading;
        if reading.rows_only || reading.read_only || !reading.complete {
            return false;
        }
        let words: Vec<String> = statement.text.split_whitespace().map(str::to_uppercase).collect();
        let asks = words.windows(2).any(|w| matches!(w, [a, b] if a == "IF" && (b == "EXISTS" || b == "NOT")));
        self.shaken || (self.more && asks && reading.changes.is_empty())
    }
}
