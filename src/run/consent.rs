//! Consent: to one step, exactly as it was shown, with what was typed for it.

use crate::plan::Step;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Consent to one step, exactly as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// [`Step::id`].
    pub step: String,
    /// [`consent_hash`](Consent::hash_of) of what was shown; the executor refuses another.
    pub hash: String,
    /// What was typed, for steps that want it.
    pub typed: Option<String>,
}

impl Consent {
    /// Consent to `step` as it stands, with nothing typed.
    pub fn to(step: &Step) -> Self {
        Self { step: step.id.clone(), hash: Self::hash_of(step), typed: None }
    }

    /// The same with what was typed.
    #[must_use]
    pub fn typed(mut self, text: impl Into<String>) -> Self {
        self.typed = Some(text.into());
        self
    }

    /// `sha256:…` over everything that the step would run, and over the way back from it.
    pub fn hash_of(step: &Step) -> String {
        let shown = json!([
            step.id,
            step.kind,
            step.sql,
            step.transactional,
            step.session,
            step.backfill,
            step.check,
            step.note,
            step.rollback,
            step.typed_consent(),
        ]);
        let digest = Sha256::digest(shown.to_string().as_bytes());
        format!("sha256:{}", crate::schema::hex(&digest))
    }

    /// Why this is no consent to `step`, if it is none; a sentence for the one who gave it.
    pub(super) fn objection(&self, step: &Step) -> Option<String> {
        if self.step != step.id {
            return Some(format!("The consent was to step {}, but step {} is next.", self.step, step.id));
        }
        if self.hash != Self::hash_of(step) {
            return Some(format!("Step {} is not the one that was shown. Look at it again.", step.id));
        }
        let wanted = step.typed_consent()?;
        match self.typed.as_deref().map(str::trim) {
            Some(typed) if typed == wanted => None,
            Some("") | None => Some(format!("Step {} runs only when {wanted} is typed.", step.id)),
            Some(_) => Some(format!("What was typed is not {wanted}. Nothing was run.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Consent;
    use crate::plan::{Phase, Step};

    fn step() -> Step {
        Step { id: "1".into(), ..Step::ddl("drop it", Phase::Contract, vec!["DROP TABLE t".into()]) }
    }

    #[test]
    fn consent_holds_for_the_step_as_shown_only() {
        let shown = step();
        let consent = Consent::to(&shown);
        assert_eq!(consent.objection(&shown), None);
        let edited = Step { sql: vec!["DROP TABLE u".into()], ..step() };
        assert!(consent.objection(&edited).is_some());
        let mut other_way_back = step();
        other_way_back.rollback.sql.push("CREATE TABLE t ()".into());
        assert!(consent.objection(&other_way_back).is_some());
        assert!(consent.objection(&Step { id: "2".into(), ..step() }).is_some());
    }

    #[test]
    fn a_destructive_step_wants_the_name_typed() {
        let step = Step { destroys: vec!["public.t".into()], ..step() };
        assert!(Consent::to(&step).objection(&step).is_some());
        assert!(Consent::to(&step).typed("public.u").objection(&step).is_some());
        assert_eq!(Consent::to(&step).typed("public.t ").objection(&step), None);
    }

    #[test]
    fn judgements_may_change_without_voiding_consent() {
        let mut judged = step();
        judged.scans.push("public.t".into());
        assert_eq!(Consent::hash_of(&judged), Consent::hash_of(&step()));
    }
}
