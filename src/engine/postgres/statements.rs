//! What the application runs, as `pg_stat_statements` has counted it (manual, appendix F), and how a statement reaches
//! its tables.

use super::session::values;
use super::wire::{Cells, quoted, rows, run};
use crate::engine::{Counted, Reach, Statements};
use crate::{Error, Result};
use serde_json::Value;
use sqlx::postgres::PgConnection;

/// The most called statements that change or read rows, their constants left out by the server.
pub(super) async fn counted(connection: &mut PgConnection, at_most: usize) -> Result<Statements> {
    let schema = "SELECT n.nspname::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n \
                  ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";
    let answer = rows(connection, schema).await?;
    let Some(row) = answer.first() else { return Ok(unknown()) };
    let schema: String = Cells::new(row).take()?;
    let sql = format!(
        "SELECT s.query, pg_catalog.sum(s.calls)::int8 \
         FROM {}.pg_stat_statements s WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = \
         pg_catalog.current_database()) AND s.query ~* '^\\s*(select|insert|update|delete|merge|with|values)\\M' \
         AND s.query !~* '\\m(pg_catalog|information_schema|lockstep)\\.' \
         GROUP BY s.query ORDER BY 2 DESC, 1 LIMIT {at_most}",
        quoted(&schema)
    );
    // The extension may be there without the server's library, whose figures then cannot be read.
    let Ok(answer) = rows(connection, &sql).await else { return Ok(unknown()) };
    let counted = answer.iter().map(|row| {
        let mut cells = Cells::new(row);
        let (sql, calls): (String, i64) = (cells.take()?, cells.take()?);
        Ok(Counted { sql, calls: calls.unsigned_abs() })
    });
    Ok(Statements { counted: counted.collect::<Result<_>>()?, note: None })
}

fn unknown() -> Statements {
    let note =
        "what the application runs is not known: the extension pg_stat_statements is not there or does not count";
    Statements { counted: Vec::new(), note: Some(note.to_owned()) }
}

/// How the server would reach the tables of a statement with parameters, if it could always use an index where there is
/// one that fits. Nothing is run.
///
/// # Errors
/// What PREPARE says: the statement does not work here.
pub(super) async fn reach(connection: &mut PgConnection, sql: &str) -> Result<Reach> {
    run(connection, "BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan").await?;
    let found = explained(connection, sql).await;
    run(connection, "ROLLBACK; DEALLOCATE ALL").await?;
    let mut reach = Reach::default();
    walk(&found?, &mut reach);
    Ok(reach)
}

async fn explained(connection: &mut PgConnection, sql: &str) -> Result<Value> {
    run(connection, &format!("PREPARE lockstep_statement AS {sql}")).await?;
    let count = "SELECT pg_catalog.cardinality(parameter_types) FROM pg_catalog.pg_prepared_statements \
                 WHERE name = 'lockstep_statement'";
    let answer = rows(connection, count).await?;
    let row = answer.first().ok_or_else(|| Error::internal("the statement was not prepared"))?;
    let count: i32 = Cells::new(row).take()?;
    let given = vec!["NULL"; usize::try_from(count).unwrap_or_default()].join(", ");
    let given = if given.is_empty() { given } else { format!("({given})") };
    let answer = rows(connection, &format!("EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE lockstep_statement{given}")).await?;
    let row = answer.first().ok_or_else(|| Error::internal("EXPLAIN gave no answer"))?;
    let Some(crate::engine::Value::Text(text)) = values(row)?.into_iter().next() else {
        return Err(Error::internal("EXPLAIN gave no text"));
    };
    serde_json::from_str(&text).map_err(|why| Error::internal(format!("EXPLAIN gave no JSON: {why}")))
}

/// Takes note of each table that a plan's nodes read.
fn walk(node: &Value, reach: &mut Reach) {
    match node {
        Value::Array(nodes) => nodes.iter().for_each(|node| walk(node, reach)),
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            if let (Some(kind), Some(table)) = (text("Node Type"), text("Relation Name")) {
                let schema = text("Schema").unwrap_or_default();
                let name = format!("{schema}.{table}");
                if !matches!(schema, "pg_catalog" | "information_schema") {
                    reach.about.insert(name.clone());
                }
                match kind {
                    "Seq Scan" => drop(reach.whole.insert(name)),
                    "Index Scan" | "Index Only Scan" | "Bitmap Heap Scan" => drop(reach.by_index.insert(name)),
                    _ => {}
                }
            }
            for key in ["Plan", "Plans"] {
                if let Some(below) = fields.get(key) {
                    walk(below, reach);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_tells_which_tables_are_read_whole() {
        let plan = serde_json::json!([{"Plan": {"Node Type": "Hash Join", "Plans": [
            {"Node Type": "Seq Scan", "Relation Name": "a", "Schema": "public"},
            {"Node Type": "Bitmap Heap Scan", "Relation Name": "b", "Schema": "public",
             "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "b_x"}]}]}}]);
        let mut reach = Reach::default();
        walk(&plan, &mut reach);
        assert!(reach.whole.contains("public.a") && reach.by_index.contains("public.b"), "{reach:?}");
    }
}
