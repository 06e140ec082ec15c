//! What a person or an organisation has decided about judging.

use super::policy::Policy;
use super::privacy;
use super::rules::{Group, Rule};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What decides, besides statements and schema, what is found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub privacy: privacy::Settings,
    pub policy: Policy,
    /// Groups whose rules are looked at although they are off by default ([`Rule::usual`]).
    pub groups: BTreeSet<Group>,
    /// The same for single rules, by id.
    pub rules: BTreeSet<String>,
    /// When the statements are to run, for change windows and peak hours; without it those are not judged.
    pub at: Option<Timestamp>,
}

impl Settings {
    /// Whether findings of the rule are wanted.
    pub fn wants(&self, rule: &Rule) -> bool {
        rule.usual || self.groups.contains(&rule.group) || self.rules.contains(rule.id)
    }
}
