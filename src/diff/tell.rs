//! Changes in sentences that somebody who is no DBA understands.

use crate::schema::{Change, ObjectRef, Schema};
use crate::sql::Syntax;
use serde::Serialize;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Added,
    Removed,
    Changed,
    Renamed,
}

/// What it means to a running application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// Nothing that works now stops working.
    Additive,
    /// Something that works now may stop working.
    Breaking,
    /// Data goes.
    Destructive,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub object: ObjectRef,
    pub effect: Effect,
    pub impact: Impact,
    /// "Every sale now has a region, 'EU' unless said otherwise."
    pub sentence: String,
    /// The definition before, as SQL.
    pub before: Option<String>,
    /// The definition after, as SQL.
    pub after: Option<String>,
    pub changes: Vec<Change>,
}

/// What differs, object by object, in the order of the object's kinds and names.
pub fn entries(_before: &Schema, _after: &Schema, _changes: &[Change], _syntax: &dyn Syntax) -> Vec<Entry> {
    Vec::new()
}

/// One change in a sentence.
pub fn sentence(_change: &Change) -> String {
    String::new()
}
