//! Steps one after the other on the shadow, and their rollbacks from the last to the first.

use super::Progress;
use super::compare::disagreements;
use super::queries::Watched;
use super::report::{Measured, State, StepRehearsal};
use crate::Result;
use crate::engine::{Observed, Shadow, Trial};
use crate::plan::{self, Plan, Rollback, RollbackKind, Step, StepKind};
use std::borrow::Cow;

/// A plan under trial.
pub(super) struct Tried<'a> {
    pub shadow: &'a mut dyn Shadow,
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    pub steps: Vec<StepRehearsal>,
    /// Ways back that are known since their steps have run.
    derived: Vec<Option<Rollback>>,
    /// How many steps were carried out.
    pub done: usize,
    /// What the application runs.
    pub queries: Option<Watched>,
    /// Why not everything could be taken back.
    pub stuck: Option<String>,
}

impl<'a> Tried<'a> {
    pub fn new(shadow: &'a mut dyn Shadow, tell: &'a (dyn Fn(Progress) + Send + Sync)) -> Self {
        Self { shadow, tell, steps: Vec::new(), derived: Vec::new(), done: 0, queries: None, stuck: None }
    }

    pub async fn forward(&mut self, plan: &Plan) -> Result<()> {
        let of = plan.steps.len();
        let mut failed = false;
        for (at, step) in plan.steps.iter().enumerate() {
            if failed {
                self.steps.push(StepRehearsal::not_reached(step));
                self.derived.push(None);
                continue;
            }
            (self.tell)(Progress::Step { at, of, title: step.title.clone() });
            let (tried, rollback) = self.step(step).await?;
            failed = tried.state == State::Failed;
            if !failed {
                self.done += 1;
            }
            self.steps.push(tried);
            self.derived.push(rollback);
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(StepRehearsal, Option<Rollback>)> {
        let mut tried = StepRehearsal::passed(step);
        if step.kind == StepKind::Wait {
            return Ok((tried, None));
        }
        let before = if step.derives_rollback { Some(self.shadow.inspect().await?) } else { None };
        let sql: &[String] = if step.kind == StepKind::Check { &[] } else { &step.sql };
        let trial = Trial {
            session: &step.session,
            sql,
            transactional: step.transactional,
            backfill: step.backfill.as_ref(),
            check: step.check.as_ref(),
            expected: &step.locks,
        };
        match self.shadow.attempt(&trial).await {
            Ok(observed) => {
                tried.measured = Some(Measured::of(&observed));
                tried.disagreements = disagreements(step, &observed);
                tried.statements = observed.statements;
            }
            Err(why) => {
                tried.state = State::Failed;
                tried.error = Some(why);
                return Ok((tried, None));
            }
        }
        let Some(before) = before else { return Ok((tried, None)) };
        let after = self.shadow.inspect().await?;
        let dialect = self.shadow.dialect();
        let known = plan::with_derived_rollback(step, &before, &after, dialect.as_ref())
            .unwrap_or_else(|why| plan::without_rollback(step, &why));
        Ok((tried, Some(known.rollback)))
    }

    /// Takes back what was done. It ends where a step has no way back.
    pub async fn back(&mut self, plan: &Plan) -> Result<()> {
        let of = self.done;
        for (at, step) in plan.steps.iter().enumerate().take(self.done).rev() {
            let derived = self.derived.get_mut(at).and_then(Option::take);
            let rollback: Cow<'_, Rollback> = derived.map_or(Cow::Borrowed(&step.rollback), Cow::Owned);
            if rollback.sql.is_empty() {
                let needs_one = rollback.kind == RollbackKind::None && step.kind == StepKind::Ddl;
                if needs_one {
                    let why = rollback.note.clone().unwrap_or_default();
                    self.stuck = Some(format!("step {} has no way back: {why}", step.id));
                    break;
                }
                continue;
            }
            (self.tell)(Progress::Back { at, of, title: step.title.clone() });
            let trial = Trial {
                session: &rollback.session,
                sql: &rollback.sql,
                transactional: rollback.transactional,
                backfill: None,
                check: None,
                expected: &step.locks,
            };
            let outcome = self.shadow.attempt(&trial).await;
            let failed =
                outcome.as_ref().err().map(|why| format!("the rollback of step {} fails: {}", step.id, why.message));
            if let Some(tried) = self.steps.get_mut(at) {
                tried.rollback = Some(measured(outcome));
            }
            if failed.is_some() {
                self.stuck = failed;
                break;
            }
            if let Some(queries) = &mut self.queries {
                queries.taken_back(self.shadow, &step.id).await?;
            }
        }
        Ok(())
    }
}

fn measured(outcome: Result<Observed>) -> Measured {
    match outcome {
        Ok(observed) => Measured::of(&observed),
        Err(why) => Measured { error: Some(why), ..Measured::default() },
    }
}
