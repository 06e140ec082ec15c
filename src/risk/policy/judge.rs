//! A statement held against the policy.
