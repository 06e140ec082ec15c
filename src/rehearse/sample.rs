//! Some rows of each table, and what they refer to, copied into the shadow. They are read like any other reader would,
//! table by table, so that no lock is held for longer than one short read.

use crate::Result;
use crate::engine::{Database, Row, Session, SessionRole, Shadow, Value};
use crate::plan::Plan;
use crate::schema::{Change, Constraint, ConstraintKind, QName, Schema, Table};
use crate::sql::Syntax;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often rows that are referred to are looked for: chains of references are followed so far.
const ROUNDS: usize = 16;
/// Keys in one query.
const KEYS: usize = 500;

/// A table's columns that name a row of another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    table: QName,
    columns: Vec<String>,
    of: QName,
    keys: Vec<String>,
}

/// Copies at most `rows` rows of each table, and the rows that those refer to by the foreign keys of the schema and of
/// the plan. Tells how many.
pub(super) async fn copy(
    database: &Arc<dyn Database>,
    shadow: &mut dyn Shadow,
    schema: &Schema,
    plan: &Plan,
    rows: u64,
) -> Result<u64> {
    let dialect = database.dialect();
    let mut session = database.session(SessionRole::Reader).await?;
    let mut copied = 0;
    for table in schema.tables.values().filter(|table| has_rows(table)) {
        let sql = format!("{} LIMIT {rows}", select(table, dialect.as_ref()));
        copied += hand_over(session.as_mut(), shadow, table, &sql).await?;
    }
    let references = references(schema, plan);
    for _ in 0..ROUNDS {
        let mut more = 0;
        for reference in &references {
            more += fetch(session.as_mut(), shadow, schema, reference, dialect.as_ref()).await?;
        }
        copied += more;
        if more == 0 {
            break;
        }
    }
    Ok(copied)
}

/// Whether it has rows of its own that can be copied.
fn has_rows(table: &Table) -> bool {
    table.partition_by.is_none() && table.foreign.is_none()
}

fn columns(table: &Table) -> Vec<String> {
    table.columns.iter().filter(|c| c.generated.is_none()).map(|c| c.name.clone()).collect()
}

fn list(names: &[String], syntax: &dyn Syntax) -> String {
    names.iter().map(|name| syntax.ident(name)).collect::<Vec<_>>().join(", ")
}

fn select(table: &Table, syntax: &dyn Syntax) -> String {
    format!("SELECT {} FROM {}", list(&columns(table), syntax), syntax.relation(&table.name))
}

async fn hand_over(session: &mut dyn Session, shadow: &mut dyn Shadow, table: &Table, sql: &str) -> Result<u64> {
    let names = columns(table);
    if names.is_empty() {
        return Ok(0);
    }
    let rows = session.query(sql, &[]).await?;
    if rows.is_empty() { Ok(0) } else { shadow.receive(&table.name, &names, &rows).await }
}

/// The rows that a table's sample refers to and that the shadow does not have.
async fn fetch(
    session: &mut dyn Session,
    shadow: &mut dyn Shadow,
    schema: &Schema,
    reference: &Reference,
    syntax: &dyn Syntax,
) -> Result<u64> {
    let missing = shadow.query(&missing(reference, syntax)).await?;
    let mut copied = 0;
    for keys in missing.chunks(KEYS) {
        let condition = among(&reference.keys, keys, syntax);
        // Rows of a partitioned table are in its partitions.
        for table in leaves(schema, &reference.of) {
            let sql = format!("{} WHERE {condition}", select(table, syntax));
            copied += hand_over(session, shadow, table, &sql).await?;
        }
    }
    Ok(copied)
}

fn leaves<'s>(schema: &'s Schema, name: &QName) -> Vec<&'s Table> {
    let mut open = vec![name.clone()];
    let mut found = Vec::new();
    while let Some(name) = open.pop() {
        let Some(table) = schema.tables.get(&name) else { continue };
        if has_rows(table) {
            found.push(&**table);
        }
        open.extend(schema.tables.children(&name).filter(|t| t.partition_of.is_some()).map(|t| t.name.clone()));
    }
    found
}

fn missing(reference: &Reference, syntax: &dyn Syntax) -> String {
    let of = |alias: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{alias}.{}", syntax.ident(name))).collect()
    };
    let (own, theirs) = (of("c", &reference.columns), of("p", &reference.keys));
    let given: Vec<String> = own.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let same: Vec<String> = own.iter().zip(&theirs).map(|(a, b)| format!("{a} = {b}")).collect();
    format!(
        "SELECT DISTINCT {} FROM {} c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} p WHERE {})",
        own.join(", "),
        syntax.relation(&reference.table),
        given.join(" AND "),
        syntax.relation(&reference.of),
        same.join(" AND ")
    )
}

fn among(names: &[String], keys: &[Row], syntax: &dyn Syntax) -> String {
    let literal = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => syntax.literal(&number.to_string()),
        Value::Text(text) => syntax.literal(text),
    };
    let rows: Vec<String> =
        keys.iter().map(|row| format!("({})", row.iter().map(literal).collect::<Vec<_>>().join(", "))).collect();
    let names: Vec<String> = names.iter().map(|name| syntax.ident(name)).collect();
    match names.as_slice() {
        [only] => format!("{only} IN ({})", rows.join(", ")),
        _ => format!("({}) IN ({})", names.join(", "), rows.join(", ")),
    }
}

/// The foreign keys that are there, and those that the plan makes.
fn references(schema: &Schema, plan: &Plan) -> Vec<Reference> {
    let own = schema.tables.values().flat_map(|t| t.constraints.values().map(move |c| (t.name.clone(), c)));
    let made = plan.steps.iter().flat_map(|step| &step.changes).flat_map(|change| match change {
        Change::AddConstraint { table, constraint } => vec![(table.clone(), constraint)],
        Change::CreateTable { table } => table.constraints.values().map(|c| (table.name.clone(), c)).collect(),
        _ => Vec::new(),
    });
    let there = |name: &QName, columns: &[String]| {
        schema.tables.get(name).is_some_and(|table| columns.iter().all(|column| table.column(column).is_some()))
    };
    let reference = |(table, constraint): (QName, &Constraint)| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some(Reference {
            table,
            columns: key.columns.clone(),
            of: key.references.clone(),
            keys: keys_of(schema, &key.references, &key.referenced_columns),
        }),
        _ => None,
    };
    let all = own.chain(made).filter_map(reference);
    // What a step has yet to make has no rows to refer from or to.
    let mut found: BTreeMap<String, Reference> = BTreeMap::new();
    for reference in all.filter(|r| there(&r.table, &r.columns) && there(&r.of, &r.keys)) {
        found.entry(format!("{reference:?}")).or_insert(reference);
    }
    found.into_values().collect()
}

/// The columns that are referred to; the primary key's where none are named.
fn keys_of(schema: &Schema, of: &QName, named: &[String]) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut constraints = schema.tables.get(of).map(|table| &table.constraints).into_iter().flatten();
    let key = constraints.find_map(|(_, constraint)| match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => Some(columns.clone()),
        _ => None,
    });
    key.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::postgres::PostgresDialect;

    #[test]
    fn missing_rows_are_asked_for_by_their_keys() {
        let syntax = PostgresDialect::newest();
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let reference = Reference {
            table: QName::new("public", "sales"),
            columns: names(&["a", "Order"]),
            of: QName::new("public", "orders"),
            keys: names(&["x", "y"]),
        };
        assert_eq!(
            missing(&reference, &syntax),
            "SELECT DISTINCT c.a, c.\"Order\" FROM public.sales c WHERE c.a IS NOT NULL AND c.\"Order\" IS NOT NULL AND NOT \
             EXISTS (SELECT 1 FROM public.orders p WHERE c.a = p.x AND c.\"Order\" = p.y)"
        );
        let rows = vec![vec![Value::Int(1), Value::Text("it's".into())]];
        assert_eq!(among(&reference.keys, &rows, &syntax), "(x, y) IN ((1, 'it''s'))");
        assert_eq!(among(&names(&["x"]), &[vec![Value::Int(7)]], &syntax), "x IN ((7))");
    }
}
