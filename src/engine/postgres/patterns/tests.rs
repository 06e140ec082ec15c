//! The SQL of each pattern.
