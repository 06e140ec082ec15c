//! One batch of a backfill: the next keys after the last one, and the rows that have them.

use super::errors::from_sqlx;
use super::render::{ident, relation};
use super::session::query;
use crate::Result;
use crate::engine::{BatchResult, Value};
use crate::plan::Backfill;
use sqlx::sqlite::SqliteConnection;

pub(super) async fn batch(
    connection: &mut SqliteConnection,
    backfill: &Backfill,
    cursor: Option<&[Value]>,
    rows: u64,
) -> Result<BatchResult> {
    let keys: Vec<String> = backfill.key.iter().map(|name| ident(name)).collect();
    let list = keys.join(", ");
    let table = relation(&backfill.table);
    let after = cursor.map(|values| format!(" WHERE {} > {}", tuple(&keys), places(1, values.len())));
    let select = format!("SELECT {list} FROM {table}{} ORDER BY {list} LIMIT {rows}", after.unwrap_or_default());
    let found = query(connection, &select, cursor.unwrap_or_default()).await?;
    let Some(last) = found.last().cloned() else {
        return Ok(BatchResult { walked: 0, changed: 0, last: None });
    };
    let walked = found.len() as u64;
    let mut parameters = last.clone();
    let mut conditions = vec![format!("{} <= {}", tuple(&keys), places(1, keys.len()))];
    if let Some(values) = cursor {
        conditions.push(format!("{} > {}", tuple(&keys), places(keys.len() + 1, values.len())));
        parameters.extend(values.iter().cloned());
    }
    conditions.extend(backfill.only_where.as_ref().map(|w| format!("({w})")));
    let set: Vec<String> = backfill.set.iter().map(|(column, value)| format!("{} = {value}", ident(column))).collect();
    let update = format!("UPDATE {table} SET {} WHERE {}", set.join(", "), conditions.join(" AND "));
    query(connection, &update, &parameters).await?;
    let changed: i64 =
        sqlx::query_scalar("SELECT changes()").fetch_one(&mut *connection).await.map_err(|e| from_sqlx(&e))?;
    Ok(BatchResult { walked, changed: changed.unsigned_abs(), last: (walked == rows).then_some(last) })
}

fn tuple(keys: &[String]) -> String {
    match keys {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}

fn places(from: usize, count: usize) -> String {
    let list: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    tuple(&list)
}
