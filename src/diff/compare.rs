//! Two schemas in, typed changes out.

use crate::schema::{Change, ObjectRef, Schema};

/// That an object of the first schema is an object of the second under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub from: ObjectRef,
    pub to: String,
}

/// The changes that make `before` into `after`, unordered. Renames are made only where `renames` says so.
pub fn compare(_before: &Schema, _after: &Schema, _renames: &[Rename]) -> Vec<Change> {
    Vec::new()
}
