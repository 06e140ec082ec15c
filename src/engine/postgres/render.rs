//! Changes as PostgreSQL's SQL, the direct way.

use crate::schema::{Change, QName, Schema};

pub(super) fn ident(name: &str) -> String {
    name.to_owned()
}

pub(super) fn relation(name: &QName) -> String {
    name.to_string()
}

pub(super) fn literal(text: &str) -> String {
    text.to_owned()
}

pub(super) fn render(_change: &Change, _schema: &Schema) -> Vec<String> {
    Vec::new()
}
