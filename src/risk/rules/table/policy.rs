//! Rules of the organisation, from the `[policy]` table of its configuration.

use super::Group::Policy;
use super::{Rule, rule};
use crate::plan::Severity::{High, Low, Medium};

pub(super) static RULES: &[Rule] = &[
    rule(
        Policy,
        "policy-naming",
        Low,
        "Name against the policy",
        "The organisation has decided what names of this kind look like.",
        "Name it as the policy says; policy.naming has the patterns.",
    )
    .fact(),
    rule(
        Policy,
        "policy-required-column",
        Medium,
        "Column that the policy requires is missing",
        "The organisation has decided which columns each table has.",
        "Add the column; policy.required_columns has them, with the tables that they are for.",
    )
    .fact(),
    rule(
        Policy,
        "policy-forbidden",
        High,
        "Operation that the policy forbids",
        "The organisation has decided that this is not done by a migration.",
        "Find another way, or ask those who own the policy; policy.forbid lists what is forbidden.",
    )
    .fact(),
    rule(
        Policy,
        "policy-window",
        High,
        "Outside of the change windows",
        "The organisation has decided when the schema may change.",
        "Run it in a window (policy.windows), or override it with a reason, which is journalled.",
    )
    .fact(),
    rule(
        Policy,
        "policy-peak",
        High,
        "In peak hours",
        "The organisation has decided when statements that keep others waiting are not run.",
        "Run it outside of the peak hours (policy.peak), or override it with a reason, which is journalled.",
    )
    .fact(),
    rule(
        Policy,
        "policy-approval",
        Medium,
        "Has to be approved",
        "The organisation has decided that somebody else looks at changes of this severity.",
        "Have it approved, and give the name with apply --approved-by.",
    )
    .fact(),
    rule(
        Policy,
        "policy-table-limit",
        Medium,
        "Table beyond the policy's limits",
        "The organisation has decided how many columns and indexes a table may have, and how large one may be for a \
         change that rewrites or locks it.",
        "Split the table, drop what is not used, or use the online way; policy.limits has the figures.",
    )
    .fact(),
];
