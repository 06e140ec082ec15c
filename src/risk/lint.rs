//! A script, judged statement by statement, for a person who wrote it.

use super::Judge;
use super::assess::Moment;
use crate::plan::{Lock, Risk};
use crate::schema::Schema;
use crate::sql::Script;
use serde::Serialize;

/// What is found about one statement of a script, in the words of the contract's "Lint, as JSON".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Exactly as written.
    pub sql: String,
    /// The kind in words: `CREATE INDEX`.
    pub class: String,
    /// `down` for the way back of a migration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<&'static str>,
    pub parsed: bool,
    /// Whether its locks, rewrites and scans are known.
    pub understood: bool,
    /// Whether it can run inside a transaction.
    pub transactional: bool,
    pub locks: Vec<Lock>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
    /// Gravest first. Printed by whoever knows their places too.
    #[serde(skip)]
    pub risks: Vec<Risk>,
    /// Where and why it does not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<crate::sql::SyntaxProblem>,
}

/// Judges each statement of `text`, with what the statements before it have made. `connected` says that `schema` was
/// read from a database.
pub fn lint(text: &str, schema: &Schema, judge: &dyn Judge, connected: bool) -> Vec<Finding> {
    lint_script(&judge.read(text, schema), schema, judge, connected)
}

/// As [`lint`], for a script that was read already.
pub fn lint_script(script: &Script, schema: &Schema, judge: &dyn Judge, connected: bool) -> Vec<Finding> {
    let mut end = schema.clone();
    for change in script.statements.iter().flat_map(|s| &s.reading.changes) {
        // What does not fit the schema is still judged below, as far as it goes.
        let _ = end.apply(change);
    }
    let mut moment = Moment { schema: schema.clone(), made: Vec::new(), end, connected, judge };
    let mut out = Vec::with_capacity(script.statements.len());
    for statement in &script.statements {
        let reading = &statement.reading;
        let found = moment.assess(statement, !reading.outside_transaction);
        let mut risks = found.risks;
        risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
        out.push(Finding {
            line: statement.line,
            column: statement.column,
            sql: statement.text.clone(),
            class: statement.class.clone(),
            side: None,
            parsed: statement.parsed(),
            understood: statement.parsed() && (found.judgement.known || reading.read_only),
            transactional: !reading.outside_transaction,
            locks: found.judgement.locks,
            rewrites: found.judgement.rewrites,
            scans: found.judgement.scans,
            risks,
            problems: statement.problems.clone(),
        });
        moment.pass(&reading.changes);
    }
    out
}
