//! Rules about the comments that accept findings. They are looked at where files are judged.

use super::Group::Policy;
use super::{Rule, rule};
use crate::plan::Severity::{Low, Medium};

pub(super) static RULES: &[Rule] = &[
    rule(
        Policy,
        "allow-without-reason",
        Medium,
        "Finding accepted without a reason",
        "Whoever reads the comment later cannot tell whether it still holds, so it does not count.",
        "Say why: -- lockstep: allow RULE reason=\"…\".",
    )
    .fact(),
    rule(
        Policy,
        "allow-expired",
        Medium,
        "Finding accepted until a day that is over",
        "The day was given so that somebody looks at it again; the comment does not count any more.",
        "Look at the finding, then move the day or take the comment out.",
    )
    .fact(),
    rule(
        Policy,
        "allow-unused",
        Low,
        "Comment that accepts nothing",
        "The rule finds nothing there; the comment would hide what it finds tomorrow.",
        "Take the rule out of the comment, or move the comment to the statement that it is for.",
    )
    .fact(),
    rule(
        Policy,
        "allow-not-understood",
        Medium,
        "Comment for Lockstep that is not understood",
        "It was meant to accept a finding and does not count.",
        "Write it as -- lockstep: allow RULE, RULE reason=\"…\" until=2027-01-31; until may be left out.",
    )
    .fact(),
];
