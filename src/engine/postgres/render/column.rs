//! Columns: in CREATE TABLE, and altered.

use super::faithful::faithful;
use super::foreign;
use super::names::{collation, ident, literal, relation};
use crate::schema::{Column, Generated, Identity, Options, QName, Schema};

/// `name type [COLLATE …] [GENERATED …] [DEFAULT …] [NOT NULL]`.
pub(in crate::engine::postgres) fn definition(column: &Column) -> String {
    let mut sql = format!("{} {}", ident(&column.name), column.data_type);
    if let Some(name) = &column.collation {
        sql.push_str(&format!(" COLLATE {}", collation(name)));
    }
    if let Some(generated) = &column.generated {
        sql.push_str(&generated_as(generated));
    }
    if let Some(identity) = &column.identity {
        sql.push_str(&format!(" {}", identity_as(identity)));
    }
    if let Some(default) = &column.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if !column.nullable {
        sql.push_str(" NOT NULL");
    }
    sql
}

fn generated_as(generated: &Generated) -> String {
    let kind = if generated.stored { "STORED" } else { "VIRTUAL" };
    format!(" GENERATED ALWAYS AS ({}) {kind}", faithful(&generated.expression))
}

/// `GENERATED … AS IDENTITY` with its sequence's options.
fn identity_as(identity: &Identity) -> String {
    let options: Vec<String> = identity.options.iter().filter_map(|(key, value)| sequence_option(key, value)).collect();
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
    format!("GENERATED {} AS IDENTITY{options}", when(identity))
}

fn when(identity: &Identity) -> &'static str {
    if identity.always { "ALWAYS" } else { "BY DEFAULT" }
}

/// One option of an identity's sequence, by the catalog's word for it (`pg_sequences`) or the statement's.
fn sequence_option(key: &str, value: &str) -> Option<String> {
    let key = key.to_ascii_lowercase().replace('_', " ");
    let first = key.split_whitespace().next().unwrap_or_default();
    Some(match first {
        "start" => format!("START WITH {value}"),
        "increment" => format!("INCREMENT BY {value}"),
        "min" | "minvalue" => format!("MINVALUE {value}"),
        "max" | "maxvalue" => format!("MAXVALUE {value}"),
        "cache" => format!("CACHE {value}"),
        "cycle" => {
            if value == "true" {
                "CYCLE".into()
            } else {
                "NO CYCLE".into()
            }
        }
        "sequence" | "name" => format!("SEQUENCE NAME {value}"),
        _ => return None,
    })
}

fn alter(table: &QName, column: &str, action: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {} {action}", relation(table), ident(column))
}

pub(in crate::engine::postgres) fn set_default(table: &QName, column: &str, default: Option<&str>) -> String {
    match default {
        Some(value) => alter(table, column, &format!("SET DEFAULT {value}")),
        None => alter(table, column, "DROP DEFAULT"),
    }
}

pub(in crate::engine::postgres) fn set_not_null(table: &QName, column: &str) -> String {
    alter(table, column, "SET NOT NULL")
}

pub(in crate::engine::postgres) fn drop_not_null(table: &QName, column: &str) -> String {
    alter(table, column, "DROP NOT NULL")
}

/// A change of type in place. The default is taken off and put back where the new type may not cast it.
pub(super) fn alter_type(
    table: &QName,
    column: &str,
    data_type: &str,
    new_collation: Option<&str>,
    using: Option<&str>,
    schema: &Schema,
) -> Vec<String> {
    let mut action = format!("TYPE {data_type}");
    if let Some(name) = new_collation {
        action.push_str(&format!(" COLLATE {}", collation(name)));
    }
    let found = schema.tables.get(table);
    let from = found.and_then(|t| t.column(column)).map(|c| c.data_type.as_str());
    // Text is read as another type only where that is asked for (manual, "CREATE CAST": no assignment from text).
    let read = format!("{}::{data_type}", ident(column));
    let using = using.or_else(|| (from.is_some_and(is_text) && !is_text(data_type)).then_some(read.as_str()));
    // The rows of a foreign table are not converted here: the server takes no expression for that.
    let using = using.filter(|_| found.is_none_or(|t| t.foreign.is_none()));
    if let Some(expression) = using {
        action.push_str(&format!(" USING {expression}"));
    }
    let default = found.and_then(|t| t.column(column)).and_then(|c| c.default.as_deref());
    match (using, default) {
        // A USING clause says nothing of the default, which has to follow a cast of its own.
        (Some(_), Some(default)) => vec![
            format!(
                "ALTER TABLE {} ALTER COLUMN {name} DROP DEFAULT, ALTER COLUMN {name} {action}",
                relation(table),
                name = ident(column)
            ),
            set_default(table, column, Some(&recast(default, data_type))),
        ],
        _ => vec![alter(table, column, &action)],
    }
}

fn is_text(data_type: &str) -> bool {
    let name = data_type.split('(').next().unwrap_or_default().trim();
    matches!(name, "text" | "character varying" | "character" | "bpchar" | "name" | "public.citext")
}

/// A literal's default with its cast left off, so that the new type reads it; any other expression with a cast.
pub(in crate::engine::postgres) fn recast(default: &str, data_type: &str) -> String {
    match default.rsplit_once("::") {
        Some((text, _)) if text.starts_with('\'') && text.ends_with('\'') => format!("{text}::{data_type}"),
        _ if default.starts_with('\'') || default.parse::<f64>().is_ok() => default.to_owned(),
        _ => format!("({default})::{data_type}"),
    }
}

pub(super) fn set_identity(table: &QName, column: &str, identity: Option<&Identity>, schema: &Schema) -> Vec<String> {
    let found = schema.tables.get(table).and_then(|t| t.column(column));
    let had = found.and_then(|c| c.identity.as_ref());
    match (identity, had) {
        (None, _) => vec![alter(table, column, "DROP IDENTITY")],
        (Some(identity), None) => vec![alter(table, column, &format!("ADD {}", identity_as(identity)))],
        (Some(identity), Some(had)) => {
            let data_type = found.map_or("bigint", |c| c.data_type.as_str());
            alter_identity(table, column, (had, identity), data_type)
        }
    }
}

fn alter_identity(table: &QName, column: &str, (old, new): (&Identity, &Identity), data_type: &str) -> Vec<String> {
    let mut out = Vec::new();
    if old.options == new.options {
        return vec![alter(table, column, &format!("SET GENERATED {}", when(new)))];
    }
    let (was, now) = (Counting::of(&old.options, data_type), Counting::of(&new.options, data_type));
    if now.min > was.min || now.max < was.max {
        // The position may be out of the new bounds, which the server refuses: wide bounds first, then a move.
        let (low, high) = (was.min.min(now.min), was.max.max(now.max));
        out.push(alter(table, column, &format!("SET MINVALUE {low} SET MAXVALUE {high}")));
        let sequence = format!("pg_get_serial_sequence({}, {})::regclass", literal(&relation(table)), literal(column));
        out.push(format!(
            "SELECT setval({sequence}, least(greatest(coalesce(pg_sequence_last_value({sequence}), {}), {}), {}), \
             pg_sequence_last_value({sequence}) BETWEEN {} AND {} IS TRUE)",
            now.start, now.min, now.max, now.min, now.max
        ));
    }
    let set = [
        format!("INCREMENT BY {}", now.increment),
        format!("MINVALUE {}", now.min),
        format!("MAXVALUE {}", now.max),
        format!("START WITH {}", now.start),
        format!("CACHE {}", now.cache),
        (if now.cycle { "CYCLE" } else { "NO CYCLE" }).to_owned(),
    ];
    out.push(alter(table, column, &format!("SET GENERATED {} SET {}", when(new), set.join(" SET "))));
    out
}

/// All settings of an identity's sequence, with those that its type has by itself (manual, CREATE SEQUENCE).
struct Counting {
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
}

impl Counting {
    fn of(options: &Options, data_type: &str) -> Self {
        let figure = |names: [&str; 2]| names.iter().find_map(|name| options.get(name)?.parse::<i64>().ok());
        let (lowest, highest) = match data_type {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let increment = figure(["increment", "increment_by"]).unwrap_or(1);
        let (low, high) = if increment < 0 { (lowest, -1) } else { (1, highest) };
        let (min, max) = (figure(["min", "minvalue"]).unwrap_or(low), figure(["max", "maxvalue"]).unwrap_or(high));
        Self {
            start: figure(["start", "start_with"]).unwrap_or(if increment < 0 { max } else { min }),
            increment,
            min,
            max,
            cache: figure(["cache", "cache"]).unwrap_or(1),
            cycle: options.get("cycle").is_some_and(|c| c == "true"),
        }
    }
}

/// SET EXPRESSION came with PostgreSQL 17; before, the column has to be made again.
pub(super) fn set_generated(
    table: &QName,
    column: &str,
    generated: Option<&Generated>,
    schema: &Schema,
) -> Vec<String> {
    let Some(generated) = generated else { return vec![alter(table, column, "DROP EXPRESSION")] };
    let now = schema.tables.get(table).and_then(|t| t.column(column));
    let was_stored = now.and_then(|c| c.generated.as_ref()).map(|g| g.stored);
    let major = super::major_version(schema);
    if was_stored == Some(generated.stored) && major >= 17 {
        return vec![alter(table, column, &format!("SET EXPRESSION AS ({})", generated.expression))];
    }
    let Some(now) = now else { return Vec::new() };
    let again = Column { generated: Some(generated.clone()), default: None, identity: None, ..now.clone() };
    vec![format!("ALTER TABLE {} DROP COLUMN {}, ADD COLUMN {}", relation(table), ident(column), definition(&again))]
}

/// Storage, compression and statistics target have their own words; the rest are attribute options.
pub(in crate::engine::postgres) fn set_options(
    table: &QName,
    column: &str,
    set: &Options,
    reset: &[String],
    before: Option<&Column>,
) -> Vec<String> {
    let data_type = before.map_or("", |c| c.data_type.as_str());
    let mut out = Vec::new();
    let mut attributes = Vec::new();
    for (key, value) in set {
        match key.as_str() {
            "storage" => out.push(alter(table, column, &format!("SET STORAGE {}", value.to_uppercase()))),
            "compression" => out.push(alter(table, column, &format!("SET COMPRESSION {value}"))),
            "statistics" => out.push(alter(table, column, &format!("SET STATISTICS {value}"))),
            key if key.starts_with(foreign::WRAPPER) => {}
            _ => attributes.push(super::table::option(key, value)),
        }
    }
    if !attributes.is_empty() {
        out.push(alter(table, column, &format!("SET ({})", attributes.join(", "))));
    }
    let mut resets = Vec::new();
    for key in reset.iter().filter(|key| !set.contains_key(key)) {
        match key.as_str() {
            "storage" => out.push(alter(table, column, &format!("SET STORAGE {}", usual_storage(data_type)))),
            "compression" => out.push(alter(table, column, "SET COMPRESSION default")),
            "statistics" => out.push(alter(table, column, "SET STATISTICS -1")),
            key if key.starts_with(foreign::WRAPPER) => {}
            _ => resets.push(key.as_str()),
        }
    }
    if !resets.is_empty() {
        out.push(alter(table, column, &format!("RESET ({})", resets.join(", "))));
    }
    let had = before.map(|c| c.options.clone()).unwrap_or_default();
    out.extend(foreign::set_column_options(table, column, &had, set, reset));
    out
}

/// The storage that a type has by itself (`pg_type.typstorage`); SET STORAGE DEFAULT came only with PostgreSQL 16.
fn usual_storage(data_type: &str) -> &'static str {
    let name = data_type.split('(').next().unwrap_or_default();
    match name {
        "numeric" | "inet" | "cidr" => "MAIN",
        "smallint" | "integer" | "bigint" | "real" | "double precision" | "boolean" | "date" | "uuid" | "oid"
        | "interval" | "money" | "point" => "PLAIN",
        name if name.starts_with("time") => "PLAIN",
        _ => "EXTENDED",
    }
}

/// What a new column needs besides its definition: comment and options.
pub(in crate::engine::postgres) fn extras(table: &QName, column: &Column) -> Vec<String> {
    let bare = Column { options: Options::new(), ..column.clone() };
    let mut out = set_options(table, &column.name, &column.options, &[], Some(&bare));
    if let Some(text) = &column.comment {
        out.push(format!("COMMENT ON COLUMN {}.{} IS {}", relation(table), ident(&column.name), literal(text)));
    }
    out
}
