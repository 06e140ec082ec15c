//! A whole schema, or one object of it, as SQL.

use crate::schema::{ObjectRef, Schema};

pub(super) fn script(_schema: &Schema) -> String {
    String::new()
}

pub(super) fn definition(_object: &ObjectRef, _schema: &Schema) -> Option<String> {
    None
}
