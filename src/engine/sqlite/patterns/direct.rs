//! What ALTER TABLE does by itself, and when (sqlite.org/lang_altertable.html).

use super::evolve::mentions_in_expression;
use crate::engine::sqlite::reader::lex;
use crate::engine::sqlite::render::{
    column_definition, constraint_definition, ident, is_literal, references, relation,
};
use crate::schema::{Change, Column, Constraint, ConstraintKind, QName, Schema};

/// The one statement that does the first of `changes` with those right behind it that belong to it; how many it does
/// comes with it. `None` when the table must be rebuilt.
pub(super) fn alter(changes: &[Change], schema: &Schema) -> Option<(String, usize)> {
    match changes.first()? {
        Change::AddColumn { table, column } => add_column(table, column, changes),
        Change::DropColumn { table, column } => drop_column(schema, table, column).map(|sql| (sql, 1)),
        _ => None,
    }
}

fn add_column(table: &QName, column: &Column, changes: &[Change]) -> Option<(String, usize)> {
    if column.identity.is_some() || column.generated.as_ref().is_some_and(|g| g.stored) {
        return None;
    }
    let default = column.default.as_deref().map(str::trim).filter(|d| !d.eq_ignore_ascii_case("null"));
    let constant = default.is_none_or(|d| is_literal(d) && !d.to_uppercase().starts_with("CURRENT_"));
    if !constant || (!column.nullable && default.is_none() && column.generated.is_none()) {
        return None;
    }
    let mut sql = format!("ALTER TABLE {} ADD COLUMN {}", relation(table), column_definition(column, None));
    let mut done = 1;
    for change in changes.iter().skip(1) {
        let Change::AddConstraint { table: of, constraint } = change else { break };
        if of != table {
            break;
        }
        // A constraint on the new column alone stands beside it; any other needs a rebuild.
        let beside = beside_column(column, constraint, default.is_some())?;
        sql.push(' ');
        sql.push_str(&beside);
        done += 1;
    }
    Some((sql, done))
}

fn beside_column(column: &Column, constraint: &Constraint, has_default: bool) -> Option<String> {
    let name = if constraint.named { format!("CONSTRAINT {} ", ident(&constraint.name)) } else { String::new() };
    match &constraint.kind {
        // With foreign keys enforced a new reference must be NULL in the rows that are there.
        ConstraintKind::ForeignKey(key) if key.columns == [column.name.clone()] && !has_default && column.nullable => {
            Some(format!("{name}{}", references(key, constraint.deferrable)))
        }
        ConstraintKind::Check { expression, .. } if lex::mentions(expression, &column.name) => {
            Some(constraint_definition(constraint))
        }
        _ => None,
    }
}

/// DROP COLUMN refuses a column that anything else names.
fn drop_column(schema: &Schema, name: &QName, column: &str) -> Option<String> {
    let table = schema.tables.get(name)?;
    let named_by_constraint = table.constraints.values().any(|c| match &c.kind {
        ConstraintKind::Check { expression, .. } => lex::mentions(expression, column),
        kind => kind.columns().iter().any(|c| c == column),
    });
    let named_by_index = table.indexes.values().any(|i| i.names_column(column) || mentions_in_expression(i, column));
    let named_by_column =
        table.columns.iter().any(|c| c.generated.as_ref().is_some_and(|g| lex::mentions(&g.expression, column)));
    let texts =
        schema.views.values().flat_map(|v| std::iter::once(&v.query).chain(v.triggers.values().map(|t| &t.definition)));
    let triggers = schema.tables.values().flat_map(|t| t.triggers.values().map(|t| &t.definition));
    let named_by_text =
        texts.chain(triggers).any(|text| lex::mentions(text, column) && lex::mentions(text, &name.name));
    let free = !named_by_constraint && !named_by_index && !named_by_column && !named_by_text;
    let others = table.columns.iter().filter(|c| c.generated.is_none()).count() > 1;
    (free && others).then(|| format!("ALTER TABLE {} DROP COLUMN {}", relation(name), ident(column)))
}
