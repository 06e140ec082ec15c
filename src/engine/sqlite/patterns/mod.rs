//! The safe ways of SQLite.

use crate::plan::{PlanOptions, Step};
use crate::schema::{Change, Schema};
use crate::{Error, ErrorCode, Result};

pub(super) fn table_change(_change: &Change, _schema: &Schema) -> Vec<String> {
    Vec::new()
}

pub(super) fn steps(_changes: &[Change], _before: &Schema, _options: &PlanOptions) -> Result<Vec<Step>> {
    Err(Error::new(ErrorCode::Unsupported, "plans for SQLite are not made yet"))
}
