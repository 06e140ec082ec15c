//! The organisation's policy, held against what is about to run.

use super::RunOptions;
use super::ledger::is_back;
use crate::plan::{Plan, Severity, Step, StepKind};
use crate::risk::policy::Policy;
use crate::{Error, ErrorCode, Result};
use jiff::Timestamp;

/// What the one who starts a run has to show for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mandate {
    pub policy: Policy,
    /// Who has approved the plan.
    pub approved_by: Vec<String>,
    /// Why windows and peak hours do not count this time; it is journalled.
    pub overridden: Option<String>,
}

/// Refuses a plan with a step that may not run, before anything has.
///
/// # Errors
/// `Refused`, with the step and what the policy has against it.
pub(super) fn allows(plan: &Plan, options: &RunOptions, now: Timestamp) -> Result<()> {
    plan.steps.iter().try_for_each(|step| match lasting(step, options).or_else(|| passing(step, options, now)) {
        Some(why) => Err(refused(step, &why)),
        None => Ok(()),
    })
}

/// What the hour has against a step that is about to run.
pub(super) fn refused_now(step: &Step, options: &RunOptions, now: Timestamp) -> Option<Error> {
    passing(step, options, now).map(|why| refused(step, &why))
}

/// What is written into the journal with the plan.
pub(super) fn notes(options: &RunOptions) -> Vec<String> {
    let mandate = &options.mandate;
    let mut notes = Vec::new();
    if !mandate.approved_by.is_empty() {
        notes.push(format!("Approved by {}.", mandate.approved_by.join(", ")));
    }
    if let Some(reason) = &mandate.overridden {
        notes.push(format!("{} has overridden the policy's hours: {reason}", options.operator));
    }
    notes
}

fn refused(step: &Step, why: &str) -> Error {
    Error::new(ErrorCode::Refused, format!("step {} may not run: {why}", step.id)).hint(
        "Run it when the policy lets it, have it approved (--approved-by NAME), or override the hours with a reason \
         (--override-policy REASON), which is journalled.",
    )
}

/// Taking back is what has to be possible at any hour.
fn counts(step: &Step, options: &RunOptions) -> bool {
    !is_back(options) && matches!(step.kind, StepKind::Ddl | StepKind::Backfill)
}

/// What will be against the step at any hour.
fn lasting(step: &Step, options: &RunOptions) -> Option<String> {
    if !counts(step, options) {
        return None;
    }
    let forbidden = step.risks.iter().find(|risk| risk.rule == "policy-forbidden");
    let severity = step.severity().unwrap_or(Severity::Info);
    let Mandate { policy, approved_by, .. } = &options.mandate;
    let approval = || policy.lacks_approval(severity, approved_by, &options.operator);
    forbidden.map(|risk| risk.message.clone()).or_else(approval)
}

/// What the hour has against the step.
fn passing(step: &Step, options: &RunOptions, now: Timestamp) -> Option<String> {
    if !counts(step, options) || options.mandate.overridden.is_some() {
        return None;
    }
    let policy = &options.mandate.policy;
    let blocks = step.locks.iter().any(|lock| lock.mode.blocks_writes());
    policy.closed(now).or_else(|| if blocks { policy.peak_at(now) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Evidence, Lock, LockMode, Phase, Risk};
    use crate::run::Direction;

    fn step() -> Step {
        let mut step = Step::ddl("add it", Phase::Expand, vec!["ALTER TABLE t ADD a int".into()]);
        step.id = "1".into();
        step.locks = vec![Lock::predicted("public.t", LockMode::AccessExclusive)];
        step
    }

    fn options(policy: &str) -> RunOptions {
        let mandate = Mandate { policy: toml::from_str(policy).unwrap(), ..Mandate::default() };
        RunOptions { operator: "ana".into(), mandate, ..RunOptions::default() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_hour_counts_unless_it_is_overridden_or_the_run_goes_back() {
        let mut options = options("[[peak]]\nfrom = '08:00'\nto = '19:00'");
        let (noon, night) = (at("2026-01-12T12:00:00Z"), at("2026-01-12T22:00:00Z"));
        assert_eq!(refused_now(&step(), &options, noon).map(|e| e.code), Some(ErrorCode::Refused));
        assert!(refused_now(&step(), &options, night).is_none());
        let quiet = Step { locks: Vec::new(), ..step() };
        assert!(refused_now(&quiet, &options, noon).is_none());
        options.mandate.overridden = Some("incident 12".into());
        assert!(refused_now(&step(), &options, noon).is_none());
        assert!(notes(&options)[0].contains("incident 12"));
        options.mandate.overridden = None;
        options.direction = Direction::Back;
        assert!(refused_now(&step(), &options, noon).is_none());
    }

    #[test]
    fn grave_steps_need_their_approval_and_forbidden_ones_never_run() {
        let mut options = options("[[approvals]]\nseverity = 'high'");
        let mut grave = step();
        let risk = Risk {
            rule: "drop-table".into(),
            severity: Severity::High,
            message: "gone".into(),
            suggestion: None,
            evidence: Evidence::Predicted,
        };
        grave.risks.push(risk.clone());
        assert!(lasting(&step(), &options).is_none());
        assert!(lasting(&grave, &options).is_some());
        options.mandate.approved_by = vec!["ana".into()];
        assert!(lasting(&grave, &options).is_some(), "nobody approves what they run themselves");
        options.mandate.approved_by = vec!["ben".into()];
        assert!(lasting(&grave, &options).is_none());
        grave.risks.push(Risk { rule: "policy-forbidden".into(), ..risk });
        assert!(lasting(&grave, &options).is_some());
    }
}
