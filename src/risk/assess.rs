//! One statement after another, judged against the schema of its moment.

use super::probe::Question;
use super::rules::{self, Case};
use super::{Context, Judge, Judgement, Settings, policy, privacy};
use crate::plan::{Lock, Risk};
use crate::schema::{Change, QName, Schema};
use crate::sql::Statement;
use std::collections::HashSet;

/// The schema as it evolves, and what was made on the way.
pub(super) struct Moment<'a> {
    pub schema: Schema,
    pub made: HashSet<QName>,
    /// The schema before the first statement: what is not in it is new, and missed by nobody.
    pub start: Schema,
    /// The schema when all is done.
    pub end: Schema,
    pub connected: bool,
    pub judge: &'a dyn Judge,
    pub settings: &'a Settings,
    pub lexicon: &'a privacy::Lexicon,
    /// Tables that get a policy somewhere in the script.
    pub guarded_rows: HashSet<QName>,
}

/// What is found about one statement.
#[derive(Debug, Default)]
pub(super) struct Assessment {
    pub judgement: Judgement,
    pub risks: Vec<Risk>,
}

impl Moment<'_> {
    pub(super) fn context(&self, in_transaction: bool) -> Context<'_> {
        Context { schema: &self.schema, connected: self.connected, made_here: &self.made, in_transaction }
    }

    /// Judges a statement. The schema stays as it is.
    pub(super) fn assess(&self, statement: &Statement, in_transaction: bool) -> Assessment {
        let context = self.context(in_transaction);
        let mut judgement =
            if statement.parsed() { self.judge.judge(statement, &context) } else { Judgement::default() };
        let old = |relation: &String| relation.parse().is_ok_and(|name: QName| !self.made.contains(&name));
        judgement.locks.retain(|lock| old(&lock.relation));
        judgement.rewrites.retain(old);
        judgement.scans.retain(old);
        let case = Case {
            statement,
            judgement: &judgement,
            context: &context,
            start: &self.start,
            end: &self.end,
            guarded_rows: &self.guarded_rows,
            online_ways: self.judge.has_online_ways(),
            granted: self.judge.granted(statement, &self.schema),
            settings: self.settings,
        };
        let spots = if statement.parsed() { self.judge.spot(statement, &context, &judgement) } else { Vec::new() };
        let mut risks = rules::find(&case, spots);
        merge_risks(&mut risks, judgement.risks.clone());
        if statement.parsed() {
            privacy::find(&case, self.lexicon, &mut risks);
        }
        policy::judge(&case, &mut risks);
        Assessment { judgement, risks }
    }

    /// What is to be said of questions that nobody has asked the rows yet.
    pub(super) fn open(&self, questions: &[Question]) -> Vec<Risk> {
        let context = self.context(false);
        let stage = rules::Stage { context: &context };
        let open = |question: &Question| {
            let open = question.open();
            stage.on_table(&open.rule, &question.table, open.message)
        };
        questions.iter().filter(|question| question.is_told()).filter_map(open).collect()
    }

    /// Carries changes out on the schema; those that do not fit are left out.
    pub(super) fn pass(&mut self, changes: &[Change]) {
        for change in changes {
            // A plan or script that does not fit is refused elsewhere; here the rest is still judged.
            if self.schema.apply(change).is_err() {
                continue;
            }
            match change {
                Change::CreateTable { table } => self.make(&table.name),
                Change::CreateView { view } => self.make(&view.name),
                Change::CreateSequence { sequence } => self.make(&sequence.name),
                Change::RenameTable { from, to } => self.rename(from, &from.sibling(to)),
                Change::SetTableSchema { name, schema } => self.rename(name, &QName::new(schema, &name.name)),
                _ => {}
            }
        }
    }

    fn make(&mut self, name: &QName) {
        self.made.insert(name.clone());
    }

    fn rename(&mut self, from: &QName, to: &QName) {
        if self.made.remove(from) {
            self.made.insert(to.clone());
        }
    }
}

/// Adds findings that are not there yet.
pub(super) fn merge_risks(risks: &mut Vec<Risk>, more: Vec<Risk>) {
    for risk in more {
        if !risks.iter().any(|r| r.rule == risk.rule && r.message == risk.message) {
            risks.push(risk);
        }
    }
}

/// Adds locks, the strongest of each relation.
pub(super) fn merge_locks(locks: &mut Vec<Lock>, more: Vec<Lock>) {
    for lock in more {
        match locks.iter_mut().find(|l| l.relation == lock.relation) {
            Some(known) => known.mode = known.mode.max(lock.mode),
            None => locks.push(lock),
        }
    }
}

/// Adds names that are not there yet.
pub(super) fn merge_names(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}
