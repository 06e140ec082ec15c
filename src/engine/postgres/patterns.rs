//! The safe ways of PostgreSQL.

use super::PostgresDialect;
use crate::plan::{PlanOptions, Step};
use crate::schema::{Change, Schema};

pub(super) fn steps(
    _dialect: &PostgresDialect,
    _changes: &[Change],
    _before: &Schema,
    _options: &PlanOptions,
) -> crate::Result<Vec<Step>> {
    Ok(Vec::new())
}
