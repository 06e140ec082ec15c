//! What becomes of the values when a column's type changes: kept where a conversion loses some of them, and left to
//! people where there is no conversion.

use super::planner::Planner;
use super::retype::is_free;
use super::{drops, titles};
use crate::Result;
use crate::engine::postgres::render::{ident, literal, relation};
use crate::plan::{Phase, RollbackKind, Step};
use crate::schema::Change;

/// What a conversion rounds or cuts off is kept where rows can be told apart by another key.
pub(super) fn keep_values(planner: &mut Planner<'_>, change: &Change, step: &mut Step) -> Result<()> {
    let Change::AlterColumnType { table, column, data_type, .. } = change else { return Ok(()) };
    let found = planner.table(table)?.column(column);
    let Some(old) = found.filter(|c| c.generated.is_none()).cloned() else { return Ok(()) };
    let key = planner.key(table).filter(|key| !key.contains(column));
    let is_safe = is_free(&old.data_type, data_type) || widens(&old.data_type, data_type);
    if key.is_none() || is_safe || !planner.is_busy(table) {
        return Ok(());
    }
    let (copy, update) = drops::keep_column(planner, table, column, key)?;
    step.rollback.sql.push(update);
    step.rollback.kind = RollbackKind::Restores;
    step.rollback.note = Some(format!(
        "The values kept in {copy} come back; those written since the copy are cast back to {}, and it fails where one \
         does not fit.",
        old.data_type
    ));
    Ok(())
}

/// Whether every value survives the way there and back.
fn widens(from: &str, to: &str) -> bool {
    let rank = |name: &str| ["smallint", "integer", "bigint", "numeric"].iter().position(|known| *known == name);
    to == "text" || matches!((rank(from), rank(to)), (Some(from), Some(to)) if from <= to)
}

/// Whether PostgreSQL has no cast between two of its types (`pg_cast`). Of types that are not listed here it is not
/// said: the server will tell.
pub(super) fn is_impossible(from: &str, to: &str) -> bool {
    let group = |data_type: &str| {
        let name = data_type.split('(').next().unwrap_or_default().trim();
        match name {
            _ if data_type.ends_with(']') => None,
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => Some('n'),
            "date" => Some('d'),
            "uuid" => Some('u'),
            "boolean" => Some('b'),
            name if name.starts_with("timestamp") => Some('d'),
            name if name.starts_with("time") || name == "interval" => Some('t'),
            _ => None,
        }
    };
    let (is_array, is_text) = (|name: &str| name.ends_with(']'), |name: &str| name == "text" || name.contains("char"));
    if is_array(from) != is_array(to) && !is_text(from) && !is_text(to) {
        return true;
    }
    match (group(from), group(to)) {
        (Some('n'), Some('b')) => from != "integer",
        (Some('b'), Some('n')) => to != "integer",
        (Some('d'), Some('t')) => !from.starts_with("timestamp") || to == "interval",
        (Some(from), Some(to)) => from != to,
        _ => false,
    }
}

/// A change to a type that the old values have no conversion to. It is made where there is none to convert; what a
/// value should become is for people to say.
pub(super) fn only_if_empty(planner: &mut Planner<'_>, change: &Change) -> Result<()> {
    let Change::AlterColumnType { table, column, data_type, .. } = change else { return planner.direct(change) };
    let old = planner.table(table)?.column(column).map(|c| c.data_type.clone()).unwrap_or_default();
    let name = ident(column);
    let mut by_text = change.clone();
    if let Change::AlterColumnType { using, .. } = &mut by_text {
        *using = Some(format!("{name}::text::{data_type}"));
    }
    let mut step = planner.step_of(titles::title(change), Phase::Migrate, vec![by_text])?;
    let (cast, by_text) = (format!("USING {name}::{old}"), format!("USING {name}::text::{old}"));
    step.rollback.sql.iter_mut().for_each(|sql| *sql = sql.replace(&cast, &by_text));
    let what = format!("PostgreSQL has no conversion of {}.{column} from {old} to {data_type}", table.short());
    let hint = format!(
        "Say in the plan how each value is converted (USING to_timestamp({name}) for seconds since 1970, for example), or \
         empty the column first."
    );
    let check = format!(
        "DO $lockstep$ BEGIN IF EXISTS (SELECT FROM {} WHERE {name} IS NOT NULL) THEN RAISE EXCEPTION USING MESSAGE = {}, \
         HINT = {}; END IF; END $lockstep$",
        relation(table),
        literal(&what),
        literal(&hint)
    );
    step.sql.insert(0, check);
    step.note = Some(format!(
        "PostgreSQL has no conversion from {old} to {data_type}, and the schema does not tell which one is meant. The step \
         fails, and changes nothing, if a row has a value."
    ));
    planner.push(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_no_unit_of_time() {
        assert!(is_impossible("bigint", "timestamp without time zone"));
        assert!(is_impossible("date", "integer"));
        assert!(is_impossible("bigint", "boolean"));
        assert!(is_impossible("app.mood", "app.mood[]"));
        assert!(is_impossible("integer[]", "integer"));
        for (from, to) in
            [("integer", "boolean"), ("bigint", "text"), ("text", "date"), ("date", "timestamp(3) without time zone")]
        {
            assert!(!is_impossible(from, to), "{from} to {to}");
        }
    }

    #[test]
    fn whole_numbers_survive_in_wider_ones() {
        assert!(widens("smallint", "bigint"));
        assert!(!widens("bigint", "integer"));
        assert!(!widens("numeric(10,4)", "numeric(10,1)"));
    }
}
