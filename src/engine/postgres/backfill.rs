//! One batch of a backfill as one statement: walk the key, update what still needs it, say how far it got.

use super::portable::do_block;
use super::wire::{literal, quoted};
use crate::engine::{BatchResult, Row, Value};
use crate::plan::Backfill;
use crate::{Error, Result};

/// The statement for the batch after `cursor`. Its one row has the keys walked, the rows changed, and the last key.
///
/// The key's columns have names of their own in the batch, so that the backfill's expressions see the table's alone.
pub(super) fn batch(backfill: &Backfill, cursor: Option<&[Value]>, rows: u64) -> Result<String> {
    if backfill.key.is_empty() {
        return Err(Error::usage(format!("the backfill of {} has no key to walk", backfill.table))
            .hint("Name the columns of the table's primary key or of a unique index without nulls."));
    }
    let place = cursor.map(|cursor| cursor.iter().map(written).collect::<Vec<_>>());
    Ok(statement(backfill, place.as_deref(), rows, ""))
}

/// The batch after the key's values `place`, given as SQL; `into` is where PL/pgSQL is to keep the row.
fn statement(backfill: &Backfill, place: Option<&[String]>, rows: u64, into: &str) -> String {
    let table = format!("{}.{}", quoted(&backfill.table.schema), quoted(&backfill.table.name));
    let bare = quoted(&backfill.table.name);
    let key: Vec<String> = backfill.key.iter().map(|c| quoted(c)).collect();
    let own: Vec<String> = (1..=key.len()).map(|n| format!("lockstep_key_{n}")).collect();
    let listed = key.join(", ");
    let after = place.map(|place| format!(" WHERE ({listed}) > ({})", place.join(", "))).unwrap_or_default();
    let matched: Vec<String> =
        key.iter().zip(&own).map(|(column, own)| format!("{bare}.{column} = lockstep_batch.{own}")).collect();
    let sets: Vec<String> =
        backfill.set.iter().map(|(column, value)| format!("{} = {value}", quoted(column))).collect();
    let needed = backfill.only_where.as_ref().map(|w| format!(" AND ({w})")).unwrap_or_default();
    let backwards: Vec<String> = own.iter().map(|c| format!("{c} DESC")).collect();
    let names = own.join(", ");
    format!(
        "WITH lockstep_batch ({names}) AS MATERIALIZED \
         (SELECT {listed} FROM {table}{after} ORDER BY {listed} LIMIT {rows}), \
         lockstep_changed AS (UPDATE {table} SET {} FROM lockstep_batch WHERE {}{needed} RETURNING 1), \
         lockstep_last AS (SELECT {names} FROM lockstep_batch ORDER BY {} LIMIT 1) \
         SELECT (SELECT pg_catalog.count(*) FROM lockstep_batch), \
         (SELECT pg_catalog.count(*) FROM lockstep_changed), lockstep_last.*{into} \
         FROM (SELECT 1) AS lockstep_one LEFT JOIN lockstep_last ON true",
        sets.join(", "),
        matched.join(" AND "),
        backwards.join(", "),
    )
}

/// The whole backfill as one statement that commits after each batch; `None` without a key to walk.
pub(super) fn block(backfill: &Backfill) -> Option<String> {
    if backfill.key.is_empty() {
        return None;
    }
    let rows = backfill.batch_rows.max(1);
    let table = format!("{}.{}", quoted(&backfill.table.schema), quoted(&backfill.table.name));
    let places: Vec<String> = (1..=backfill.key.len()).map(|n| format!("lockstep_at_{n}")).collect();
    let declared: Vec<String> = places
        .iter()
        .zip(&backfill.key)
        .map(|(place, column)| format!("  {place} {table}.{}%TYPE;\n", quoted(column)))
        .collect();
    let declared = declared.concat();
    let into = format!(" INTO lockstep_walked, lockstep_changed_rows, {}", places.join(", "));
    let first = statement(backfill, None, rows, &into);
    let next = statement(backfill, Some(&places), rows, &into);
    Some(do_block(&format!(
        "#variable_conflict use_column\nDECLARE\n  lockstep_walked bigint;\n  lockstep_changed_rows bigint;\n{declared}\
         BEGIN\n  {first};\n  COMMIT;\n  WHILE lockstep_walked = {rows} LOOP\n    {next};\n    COMMIT;\n  END LOOP;\nEND"
    )))
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        // Quoted, a value takes the type of the column that it is compared with.
        Value::Int(number) => format!("'{number}'"),
        Value::Real(number) => format!("'{number}'"),
        Value::Text(text) => literal(text),
    }
}

/// Reads the statement's row. A batch that was not full reached the end.
pub(super) fn result(row: Row, rows: u64) -> Result<BatchResult> {
    let mut cells = row.into_iter();
    let mut count = || match cells.next() {
        Some(Value::Int(n)) => Ok(u64::try_from(n).unwrap_or_default()),
        _ => Err(Error::internal("a batch of the backfill did not say what it did")),
    };
    let (walked, changed) = (count()?, count()?);
    let last = (walked >= rows && walked > 0).then(|| cells.collect());
    Ok(BatchResult { walked, changed, last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::QName;

    fn example() -> Backfill {
        Backfill {
            table: QName::new("public", "sales"),
            key: vec!["shop".into(), "id".into()],
            set: vec![("region".into(), "'EU'".into())],
            only_where: Some("region IS NULL".into()),
            batch_rows: 10,
        }
    }

    #[test]
    fn a_batch_goes_on_after_the_whole_key() {
        let cursor = [Value::Text("a'b".into()), Value::Int(7)];
        let sql = batch(&example(), Some(&cursor), 10).unwrap();
        assert!(sql.contains("(\"shop\", \"id\") > ('a''b', '7')"), "{sql}");
        assert!(sql.contains("AND (region IS NULL)"), "{sql}");
    }

    #[test]
    fn a_batch_that_is_not_full_is_the_last() {
        let row = vec![Value::Int(3), Value::Int(2), Value::Int(9)];
        assert_eq!(result(row.clone(), 3).unwrap().last, Some(vec![Value::Int(9)]));
        assert_eq!(result(row, 10).unwrap(), BatchResult { walked: 3, changed: 2, last: None });
    }

    #[test]
    fn a_backfill_without_a_key_is_refused() {
        assert!(batch(&Backfill { key: vec![], ..example() }, None, 10).is_err());
    }
}
