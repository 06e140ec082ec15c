//! A script, judged statement by statement, for a person who wrote it.

use super::assess::{Moment, merge_names, merge_risks};
use super::flow::{Flow, Transactions};
use super::privacy::Lexicon;
use super::probe::{Asker, Question};
use super::{Judge, Judgement, Settings};
use crate::plan::{Lock, Risk};
use crate::schema::{Change, QName, Schema};
use crate::sql::{Script, Statement};
use serde::Serialize;
use std::collections::{BTreeSet, HashSet};

/// What is found about one statement of a script, in the words of the contract's "Lint, as JSON".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// The relations that it names or changes.
    #[serde(skip)]
    pub tables: Vec<String>,
    /// Gravest first. Printed by whoever knows their places too.
    #[serde(skip)]
    pub risks: Vec<Risk>,
    /// What the rows have to be asked to know whether it can succeed.
    #[serde(skip)]
    pub questions: Vec<Question>,
    /// Where and why it does not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<crate::sql::SyntaxProblem>,
}

/// What a script is judged by, besides its statements.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// Whether the schema was read from a database.
    pub connected: bool,
    pub transactions: Transactions,
    pub settings: &'a Settings,
}

/// Judges each statement of `text`, with what the statements before it have made. `connected` says that `schema` was
/// read from a database.
pub fn lint(text: &str, schema: &Schema, judge: &dyn Judge, connected: bool) -> Vec<Finding> {
    lint_script(&judge.read(text, schema), schema, judge, connected)
}

/// As [`lint`], for a script that was read on this schema already.
pub fn lint_script(script: &Script, schema: &Schema, judge: &dyn Judge, connected: bool) -> Vec<Finding> {
    let settings = &Settings::default();
    lint_by(script, schema, judge, &Conditions { connected, transactions: Transactions::ByText, settings })
}

/// As [`lint_script`], by the way that the script is run and by what was decided about judging.
pub fn lint_by(script: &Script, schema: &Schema, judge: &dyn Judge, conditions: &Conditions<'_>) -> Vec<Finding> {
    let end = script.after.as_deref().cloned().unwrap_or_else(|| after(script, schema));
    let Conditions { connected, transactions, settings } = *conditions;
    let guarded_rows = with_policies(script.statements.iter());
    let lexicon = &Lexicon::new(&settings.privacy);
    let (schema, made) = (schema.clone(), HashSet::new());
    let start = schema.clone();
    let mut moment = Moment { schema, made, start, end, connected, judge, settings, lexicon, guarded_rows };
    let mut flow = Flow::new(transactions);
    let live = moment.schema.clone();
    let mut asker = Asker::new(&live, judge);
    let mut pieces = script.skipped.iter().peekable();
    let mut out: Vec<Finding> = Vec::with_capacity(script.statements.len());
    for statement in &script.statements {
        while let Some(piece) = pieces.next_if(|piece| piece.span.start < statement.span.start) {
            let more = flow.word(judge.transaction(&piece.text));
            add(out.last_mut(), more);
        }
        let reading = &statement.reading;
        let found = moment.assess(statement, !reading.outside_transaction);
        let mut risks = found.risks;
        merge_risks(&mut risks, flow.pass(statement, &found.judgement, &moment));
        let questions = asker.of_statement(statement, &moment.schema);
        merge_risks(&mut risks, moment.open(&questions));
        let understood = statement.parsed() && (found.judgement.known || reading.read_only);
        let Judgement { locks, rewrites, scans, index_builds, assumed, .. } = found.judgement;
        risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
        out.push(Finding {
            line: statement.line,
            column: statement.column,
            sql: statement.text.clone(),
            class: statement.class.clone(),
            side: None,
            parsed: statement.parsed(),
            understood,
            transactional: !reading.outside_transaction,
            locks,
            rewrites,
            scans: reads_whole(scans, index_builds),
            tables: tables(statement),
            risks,
            questions,
            problems: statement.problems.clone(),
        });
        moment.pass(&reading.changes);
        moment.pass(&assumed);
    }
    for piece in pieces {
        let more = flow.word(judge.transaction(&piece.text));
        add(out.last_mut(), more);
    }
    add(out.last_mut(), flow.end());
    out
}

fn after(script: &Script, schema: &Schema) -> Schema {
    let mut end = schema.clone();
    for change in script.statements.iter().flat_map(|s| &s.reading.changes) {
        // What does not fit the schema is still judged below, as far as it goes.
        let _ = end.apply(change);
    }
    end
}

/// Tables that are read from end to end, to build an index or otherwise.
pub(super) fn reads_whole(mut scans: Vec<String>, index_builds: Vec<String>) -> Vec<String> {
    merge_names(&mut scans, index_builds);
    scans.sort();
    scans
}

/// What a transaction's beginning or end gives is told at the statement before it.
fn add(finding: Option<&mut Finding>, risks: Vec<Risk>) {
    if let Some(finding) = finding.filter(|_| !risks.is_empty()) {
        merge_risks(&mut finding.risks, risks);
        finding.risks.sort_by_key(|risk| std::cmp::Reverse(risk.severity));
    }
}

/// Tables that get a policy.
pub(super) fn with_policies<'a>(statements: impl Iterator<Item = &'a Statement>) -> HashSet<QName> {
    let make = statements.filter(|statement| statement.class == "CREATE POLICY");
    make.flat_map(|statement| statement.reading.relations.iter().cloned()).collect()
}

fn tables(statement: &Statement) -> Vec<String> {
    let changed = statement.reading.changes.iter().filter_map(Change::table);
    let all: BTreeSet<String> = statement.reading.relations.iter().chain(changed).map(ToString::to_string).collect();
    all.into_iter().collect()
}
