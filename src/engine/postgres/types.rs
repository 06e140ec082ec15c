//! The types that people mean.

use crate::schema::Schema;

pub(super) fn data_type(_words: &str, _schema: &Schema) -> Option<String> {
    None
}
