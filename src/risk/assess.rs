//! One statement after another, judged against the schema of its moment.

use super::rules::{self, Case};
use super::{Context, Judge, Judgement};
use crate::plan::{Lock, Risk};
use crate::schema::{Change, QName, Schema};
use crate::sql::Statement;

/// The schema as it evolves, and what was made on the way.
pub(super) struct Moment<'a> {
    pub schema: Schema,
    pub made: Vec<QName>,
    /// The schema when all is done.
    pub end: Schema,
    pub connected: bool,
    pub judge: &'a dyn Judge,
}

/// What is found about one statement.
#[derive(Debug, Default)]
pub(super) struct Assessment {
    pub judgement: Judgement,
    pub risks: Vec<Risk>,
}

impl Moment<'_> {
    /// Judges a statement. The schema stays as it is.
    pub(super) fn assess(&self, statement: &Statement, in_transaction: bool) -> Assessment {
        let context =
            Context { schema: &self.schema, connected: self.connected, made_here: &self.made, in_transaction };
        let mut judgement =
            if statement.parsed() { self.judge.judge(statement, &context) } else { Judgement::default() };
        let old = |relation: &String| !self.made.iter().any(|name| name.to_string() == *relation);
        judgement.locks.retain(|lock| old(&lock.relation));
        judgement.rewrites.retain(old);
        judgement.scans.retain(old);
        let case = Case {
            statement,
            judgement: &judgement,
            context: &context,
            end: &self.end,
            online_ways: self.judge.has_online_ways(),
        };
        let mut risks = rules::find(&case);
        merge_risks(&mut risks, std::mem::take(&mut judgement.risks));
        Assessment { judgement, risks }
    }

    /// Carries changes out on the schema; those that do not fit are left out.
    pub(super) fn pass(&mut self, changes: &[Change]) {
        for change in changes {
            // A plan or script that does not fit is refused elsewhere; here the rest is still judged.
            if self.schema.apply(change).is_err() {
                continue;
            }
            match change {
                Change::CreateTable { table } => self.made.push(table.name.clone()),
                Change::CreateView { view } => self.made.push(view.name.clone()),
                Change::CreateSequence { sequence } => self.made.push(sequence.name.clone()),
                Change::RenameTable { from, to } => self.rename(from, &from.sibling(to)),
                Change::SetTableSchema { name, schema } => self.rename(name, &QName::new(schema, &name.name)),
                _ => {}
            }
        }
    }

    fn rename(&mut self, from: &QName, to: &QName) {
        for made in self.made.iter_mut().filter(|made| *made == from) {
            to.clone_into(made);
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
