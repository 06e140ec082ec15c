//! The types of columns, and checks on them.

use super::Spots;
use crate::engine::postgres::judge::volatile::is_volatile;
use crate::schema::{Change, Column, Constraint, ConstraintKind, QName, Schema, Table, TypeKind};

pub(super) fn of_changes(spots: &mut Spots<'_>) {
    for change in &spots.statement.reading.changes {
        match change {
            Change::CreateTable { table } => {
                for column in &table.columns {
                    of_column(spots, &table.name, column, is_key(table, &column.name));
                }
                for constraint in table.constraints.values() {
                    volatile_check(spots, &table.name, constraint);
                }
            }
            Change::AddColumn { table, column } => of_column(spots, table, column, false),
            Change::AddConstraint { table, constraint } => volatile_check(spots, table, constraint),
            Change::AlterColumnType { table, column, data_type, using, .. } => {
                type_change(spots, table, column, data_type, using.as_deref());
            }
            Change::CreateType { definition } if matches!(definition.kind, TypeKind::Enum { .. }) => {
                spots.tell("enum-type", format!("the values of {} can never be removed", definition.name.short()));
            }
            _ => {}
        }
    }
    if spots.statement.reading.changes.iter().any(|c| matches!(c, Change::CreateSequence { .. }))
        && spots.statement.class != "CREATE SEQUENCE"
    {
        spots.tell("serial-type", "the column's numbers come from a sequence and a plain default");
    }
}

fn is_key(table: &Table, column: &str) -> bool {
    table
        .constraints
        .values()
        .any(|c| matches!(&c.kind, ConstraintKind::PrimaryKey { columns } if columns.iter().any(|k| k == column)))
}

fn of_column(spots: &mut Spots<'_>, table: &QName, column: &Column, is_key: bool) {
    let kind = column.data_type.as_str();
    let name = format!("{}.{}", table.short(), column.name);
    if kind.starts_with("character varying(") {
        spots.tell("length-limit", format!("{name} is {kind}"));
    } else if kind.starts_with("character(") || kind == "bpchar" {
        spots.tell("padded-text", format!("{name} is {kind}"));
    } else if kind.starts_with("timestamp") && kind.ends_with("without time zone") {
        spots.tell("time-without-zone", format!("{name} is {kind}"));
    } else if kind == "json" {
        spots.tell("json-type", format!("{name} is json"));
    } else if kind == "money" || (matches!(kind, "real" | "double precision") && is_money(&column.name)) {
        spots.tell("money-type", format!("{name} is {kind}"));
    } else if is_key && matches!(kind, "integer" | "smallint") {
        spots.tell("key-may-run-out", format!("{name} is {kind}"));
    }
}

fn is_money(name: &str) -> bool {
    let words = ["price", "amount", "cost", "balance", "salary", "fee", "total"];
    name.split('_').any(|part| words.contains(&part))
}

/// Functions that give another answer at another time, although they are stable within a statement.
const TIMES: [&str; 7] = [
    "now(",
    "current_date",
    "current_timestamp",
    "current_time",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
];

fn volatile_check(spots: &mut Spots<'_>, table: &QName, constraint: &Constraint) {
    let ConstraintKind::Check { expression, .. } = &constraint.kind else { return };
    let lower = expression.to_ascii_lowercase();
    if TIMES.iter().any(|time| lower.contains(time)) || is_volatile(expression, spots.context.schema) {
        spots.tell(
            "volatile-check",
            format!("{} of {} may not hold later for rows that passed it", constraint.name, table.short()),
        );
    }
}

fn type_change(spots: &mut Spots<'_>, table: &QName, column: &str, new: &str, using: Option<&str>) {
    let Some(old) = spots.table(table).and_then(|t| t.column(column)).map(|c| c.data_type.clone()) else { return };
    if old == new {
        return;
    }
    let name = format!("{}.{column}", table.short());
    if using.is_none() && narrows(&old, new, spots.context.schema) {
        spots.tell_of("type-narrowing", table, format!("some {old} of {name} may not fit {new}, or lose something"));
    } else if base(&old) != base(new) {
        spots.tell_of("type-change-breaks-code", table, format!("{name} is {new} now, it was {old}"));
    }
}

fn base(data_type: &str) -> String {
    let (before, rest) = data_type.split_once('(').unwrap_or((data_type, ""));
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    format!("{before}{after}")
}

fn modifiers(data_type: &str) -> Vec<u32> {
    let inside = data_type.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    inside.split(',').filter_map(|part| part.trim().parse().ok()).collect()
}

/// Whether some value of the old type does not fit the new one by a plain cast.
pub(in crate::engine::postgres) fn narrows(old: &str, new: &str, schema: &Schema) -> bool {
    let numbers = ["smallint", "integer", "bigint", "numeric"];
    let rank = |name: &str| numbers.iter().position(|n| *n == name);
    let (from, to) = (base(old), base(new));
    let (was, is) = (modifiers(old), modifiers(new));
    if let (Some(a), Some(b)) = (rank(&from), rank(&to)) {
        // numeric(p, s) holds p - s digits before the point.
        let whole = |m: &[u32]| m.first().map(|p| p.saturating_sub(m.get(1).copied().unwrap_or(0)));
        let scale = |m: &[u32]| m.get(1).copied().unwrap_or(0);
        if a < 3 || b < 3 {
            let digits = [5, 10, 19];
            return match (digits.get(a), digits.get(b)) {
                (Some(_), Some(_)) => b < a,
                (Some(held), None) => whole(&is).is_some_and(|whole| whole < *held),
                _ => true,
            };
        }
        return match (whole(&was), whole(&is)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(a), Some(b)) => b < a || scale(&is) < scale(&was),
        };
    }
    let texts = ["text", "character varying", "character", "bpchar"];
    if texts.contains(&from.as_str()) && texts.contains(&to.as_str()) {
        return match (was.first(), is.first()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(a), Some(b)) => b < a,
        };
    }
    let times = from.starts_with("timestamp") && (to == "date" || to.starts_with("time "));
    let floats = from == "double precision" && to == "real";
    // Text into anything else is read value by value; an enum or a domain may refuse some.
    let parsed = texts.contains(&from.as_str()) && !texts.contains(&to.as_str()) && to != "json" && to != "bytea";
    let own = to.parse::<QName>().is_ok_and(|name| schema.types.contains_key(&name)) && from != to;
    times || floats || parsed || own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::EngineKind;

    #[test]
    fn a_type_is_narrower_when_some_value_does_not_fit() {
        let schema = Schema::empty(EngineKind::Postgres);
        for (old, new, want) in [
            ("integer", "bigint", false),
            ("bigint", "integer", true),
            ("numeric(10,2)", "numeric(12,2)", false),
            ("numeric(10,2)", "numeric(10,4)", true),
            ("integer", "numeric(12,2)", false),
            ("integer", "numeric(8,2)", true),
            ("character varying(20)", "text", false),
            ("text", "character varying(20)", true),
            ("character varying(20)", "character varying(10)", true),
            ("character varying(20)", "character varying(40)", false),
            ("timestamp with time zone", "date", true),
            ("date", "timestamp with time zone", false),
            ("text", "integer", true),
            ("integer", "text", false),
        ] {
            assert_eq!(narrows(old, new, &schema), want, "{old} to {new}");
        }
    }
}
