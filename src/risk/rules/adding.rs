//! Rules for what is added to a table that is in use.

use super::{Case, risk};
use crate::plan::{LockMode, Risk};
use crate::schema::{Change, Column, Constraint, ConstraintKind, ForeignKey, IndexTarget, QName, Table};

pub(super) fn find(case: &Case<'_>, change: &Change, out: &mut Vec<Risk>) {
    let found = match change {
        Change::CreateIndex { table, index } => create_index(case, table, &index.name),
        Change::AddConstraint { table, constraint } => {
            fk_without_index(case, table, constraint, out);
            add_constraint(case, table, constraint)
        }
        Change::SetNotNull { table, column, .. } if case.scans(table) => {
            let message = format!("every row of {} is read to see that {column} has a value", table.short());
            case.on_table("set-not-null-scan", table, message)
        }
        Change::AddColumn { table, column } => add_column(case, table, column),
        Change::AlterColumnType { table, column, data_type, .. } => type_change(case, table, column, data_type),
        Change::AddEnumValue { name, value, .. } => Some(risk(
            "enum-value-cannot-be-removed",
            format!("the value '{value}' cannot be removed from {} later", name.short()),
        )),
        _ => None,
    };
    out.extend(found);
}

fn create_index(case: &Case<'_>, table: &QName, index: &str) -> Option<Risk> {
    let holds_writers = case.lock(table).is_none_or(LockMode::blocks_writes);
    // On a partitioned table there is no concurrent way.
    let partitioned = case.table(table).is_some_and(|t| t.partition_by.is_some());
    if !case.online_ways || case.statement.reading.outside_transaction || !holds_writers || partitioned {
        return None;
    }
    let message = format!("nobody can write to {} while the index {index} is built", table.short());
    case.on_table("index-not-concurrent", table, message)
}

fn add_constraint(case: &Case<'_>, table: &QName, constraint: &Constraint) -> Option<Risk> {
    let (name, short) = (&constraint.name, table.short());
    match &constraint.kind {
        ConstraintKind::Unique { .. } if case.builds_index(table) => case.on_table(
            "unique-constraint-builds-index",
            table,
            format!("nobody can use {short} while the index for {name} is built"),
        ),
        ConstraintKind::Other { .. } if case.builds_index(table) => case.on_table(
            "exclusion-constraint-builds-index",
            table,
            format!("nobody can use {short} while the index for {name} is built"),
        ),
        ConstraintKind::PrimaryKey { .. } if case.scans(table) && !case.builds_index(table) => case.on_table(
            "primary-key-on-nullable-scan",
            table,
            format!("nobody can use {short} while it is searched for NULLs in its primary key"),
        ),
        ConstraintKind::PrimaryKey { .. } if case.builds_index(table) => case.on_table(
            "primary-key-builds-index",
            table,
            format!("nobody can use {short} while the index for its primary key is built"),
        ),
        ConstraintKind::ForeignKey(_) | ConstraintKind::Check { .. }
            if constraint.validated && constraint.enforced && case.online_ways && case.scans(table) =>
        {
            let message = format!("every row of {short} is checked for {name} while writers wait");
            case.on_table("constraint-not-valid-missing", table, message)
        }
        _ => None,
    }
}

fn add_column(case: &Case<'_>, table: &QName, column: &Column) -> Option<Risk> {
    let filled = column.default.is_some() || column.identity.is_some() || column.generated.is_some();
    if !column.nullable && !filled {
        let message = format!("rows of {} that are there have no value for {}", table.short(), column.name);
        return case.on_table("required-column-without-default", table, message);
    }
    if case.rewrites(table) {
        let message = format!("{} is written anew to give every row its {}", table.short(), column.name);
        return case.on_table("volatile-default-rewrite", table, message);
    }
    None
}

fn type_change(case: &Case<'_>, table: &QName, column: &str, data_type: &str) -> Option<Risk> {
    let name = format!("{}.{column}", table.short());
    if case.rewrites(table) {
        let message = format!("making {name} {data_type} writes the whole table anew");
        return case.on_table("type-change-rewrite", table, message);
    }
    let what = match (case.scans(table), case.builds_index(table)) {
        (false, false) => return None,
        (true, false) => "reads every row to check what depends on it",
        (false, true) => "builds the indexes on it anew",
        (true, true) => "reads every row and builds the indexes on it anew",
    };
    case.on_table("type-change-rechecks", table, format!("making {name} {data_type} {what}"))
}

/// Whether some index or key of the table begins with the columns, in any order.
fn is_indexed(table: &Table, columns: &[String]) -> bool {
    let begins = |keys: Vec<&String>| {
        keys.len() >= columns.len() && keys.iter().take(columns.len()).all(|key| columns.contains(key))
    };
    let by_index = table.indexes.values().filter(|i| i.predicate.is_none()).any(|index| {
        begins(
            index
                .keys
                .iter()
                .map_while(|k| match &k.on {
                    IndexTarget::Column(column) => Some(column),
                    IndexTarget::Expression(_) => None,
                })
                .collect(),
        )
    });
    by_index
        || table.constraints.values().any(|c| match &c.kind {
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => {
                begins(columns.iter().collect())
            }
            _ => false,
        })
}

fn fk_without_index(case: &Case<'_>, table: &QName, constraint: &Constraint, out: &mut Vec<Risk>) {
    let ConstraintKind::ForeignKey(ForeignKey { columns, references, .. }) = &constraint.kind else { return };
    let indexed = |t: Option<&Table>| t.is_some_and(|t| is_indexed(t, columns));
    if indexed(case.table(table)) || indexed(case.end.tables.get(table).map(|t| &**t)) {
        return;
    }
    let message = format!(
        "no index begins with {} of {}, so deletes from {} read all of it",
        columns.join(", "),
        table.short(),
        references.short()
    );
    out.extend(case.on_table("fk-without-index", table, message));
}
