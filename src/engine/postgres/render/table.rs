//! CREATE TABLE with everything that goes with it.

use super::names::{ident, literal, relation};
use super::{column, constraint, index, trigger};
use crate::schema::{Constraint, ConstraintKind, Options, PartitionOf, QName, RowSecurity, Schema, Table};

/// What of a table is made by the first statement, and what is left for later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum ForeignKeys {
    Inline,
    /// Made by somebody else, when every table is there.
    Later,
}

/// All statements that make `table`.
pub(in crate::engine::postgres) fn create(table: &Table, schema: &Schema, keys: ForeignKeys) -> Vec<String> {
    let mut out = vec![create_alone(table, schema, keys)];
    let name = &table.name;
    for c in table.constraints.values() {
        if is_inline(c, keys) {
            out.extend(constraint::comment(name, c));
        } else if keys == ForeignKeys::Inline || !matches!(c.kind, ConstraintKind::ForeignKey(_)) {
            out.extend(constraint::add(name, c));
        }
    }
    for i in table.indexes.values() {
        out.extend(index::direct(name, i));
    }
    out.extend(overrides(table, schema));
    for c in &table.columns {
        out.extend(column::extras(name, c));
    }
    out.extend(comment(table));
    for t in table.triggers.values() {
        out.extend(trigger::create(name, t));
    }
    out.extend(row_security(name, RowSecurity::default(), table.row_security));
    out
}

pub(in crate::engine::postgres) fn comment(table: &Table) -> Option<String> {
    let text = table.comment.as_ref()?;
    Some(format!("COMMENT ON TABLE {} IS {}", relation(&table.name), literal(text)))
}

/// CREATE TABLE takes every constraint as valid, so one that is not has to be added.
fn is_inline(constraint: &Constraint, keys: ForeignKeys) -> bool {
    let valid = constraint.validated || !constraint.enforced;
    valid && (keys == ForeignKeys::Inline || !matches!(constraint.kind, ConstraintKind::ForeignKey(_)))
}

fn create_alone(table: &Table, schema: &Schema, keys: ForeignKeys) -> String {
    let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
    let mut sql = format!("CREATE {unlogged}TABLE {}", relation(&table.name));
    if let Some(partition) = &table.partition_of {
        sql.push_str(&format!(" PARTITION OF {}", relation(&partition.parent)));
        let parent = schema.tables.get(&partition.parent).map(|t| &**t);
        let elements = partition_elements(table, parent, keys);
        if !elements.is_empty() {
            sql.push_str(&format!(" ({}\n)", lines(&elements)));
        }
        sql.push_str(&format!(" {}", partition.bound));
    } else {
        let own = table.columns.iter().filter(|c| !c.inherited);
        let mut elements: Vec<String> = own.map(column::definition).collect();
        elements.extend(inline_constraints(table, None, keys));
        if elements.is_empty() { sql.push_str(" ()") } else { sql.push_str(&format!(" ({}\n)", lines(&elements))) }
    }
    if !table.inherits.is_empty() {
        let parents: Vec<String> = table.inherits.iter().map(relation).collect();
        sql.push_str(&format!(" INHERITS ({})", parents.join(", ")));
    }
    if let Some(key) = &table.partition_by {
        sql.push_str(&format!(" PARTITION BY {key}"));
    }
    sql.push_str(&with_options(&table.options));
    sql
}

/// What a child has otherwise than the tables that it inherits from, in columns that it does not declare.
fn overrides(table: &Table, schema: &Schema) -> Vec<String> {
    let mut out = Vec::new();
    for c in table.columns.iter().filter(|c| c.inherited) {
        let Some(above) = table.inherits.iter().find_map(|p| schema.tables.get(p)?.column(&c.name)) else { continue };
        if above.default != c.default && c.generated.is_none() {
            let action = match &c.default {
                Some(default) => format!("SET DEFAULT {default}"),
                None => "DROP DEFAULT".to_owned(),
            };
            out.push(format!("ALTER TABLE ONLY {} ALTER COLUMN {} {action}", relation(&table.name), ident(&c.name)));
        }
        if above.nullable && !c.nullable {
            out.push(column::set_not_null(&table.name, &c.name));
        }
        // A child takes these two over when it is made.
        let taken = ["storage", "compression"].into_iter().filter(|key| above.options.contains_key(key));
        let reset: Vec<String> = taken.filter(|key| !c.options.contains_key(key)).map(str::to_owned).collect();
        out.extend(column::set_options(&table.name, &c.name, &Options::new(), &reset, &c.data_type));
    }
    out
}

fn lines(elements: &[String]) -> String {
    format!("\n    {}", elements.join(",\n    "))
}

fn inline_constraints(table: &Table, parent: Option<&Table>, keys: ForeignKeys) -> Vec<String> {
    let inherited = |c: &Constraint| parent.is_some_and(|p| p.constraints.values().any(|other| other.kind == c.kind));
    table.constraints.values().filter(|c| is_inline(c, keys) && !inherited(c)).map(constraint::definition).collect()
}

/// A partition has its parent's columns and constraints; only where it differs is there something to say.
fn partition_elements(table: &Table, parent: Option<&Table>, keys: ForeignKeys) -> Vec<String> {
    let mut elements = Vec::new();
    for c in &table.columns {
        let above = parent.and_then(|p| p.column(&c.name));
        let mut said = String::new();
        if let Some(default) = &c.default
            && above.is_none_or(|a| a.default.as_ref() != Some(default))
        {
            said.push_str(&format!(" DEFAULT {default}"));
        }
        if !c.nullable && above.is_none_or(|a| a.nullable) {
            said.push_str(" NOT NULL");
        }
        if !said.is_empty() {
            elements.push(format!("{} WITH OPTIONS{said}", ident(&c.name)));
        }
    }
    elements.extend(inline_constraints(table, parent, keys));
    elements
}

/// ` WITH (…)`, or nothing.
pub(super) fn with_options(options: &Options) -> String {
    if options.is_empty() { String::new() } else { format!(" WITH ({})", option_list(options)) }
}

fn option_list(options: &Options) -> String {
    options.iter().map(|(key, value)| option(key, value)).collect::<Vec<_>>().join(", ")
}

/// `key=value`, the value in quotes where it is more than a word or a number.
pub(super) fn option(key: &str, value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    if plain { format!("{key} = {value}") } else { format!("{key} = {}", literal(value)) }
}

/// `object` is the kind and the name: `TABLE public.sales`.
pub(in crate::engine::postgres) fn set_options(object: &str, set: &Options, reset: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    if !set.is_empty() {
        out.push(format!("ALTER {object} SET ({})", option_list(set)));
    }
    let reset: Vec<&str> = reset.iter().filter(|key| !set.contains_key(*key)).map(String::as_str).collect();
    if !reset.is_empty() {
        out.push(format!("ALTER {object} RESET ({})", reset.join(", ")));
    }
    out
}

/// From one parent, or none, to another.
pub(super) fn set_partition(table: &QName, from: Option<&PartitionOf>, to: Option<&PartitionOf>) -> Vec<String> {
    let detach = from.map(|f| format!("ALTER TABLE {} DETACH PARTITION {}", relation(&f.parent), relation(table)));
    let attach =
        to.map(|t| format!("ALTER TABLE {} ATTACH PARTITION {} {}", relation(&t.parent), relation(table), t.bound));
    detach.into_iter().chain(attach).collect()
}

pub(super) fn set_inherits(table: &QName, from: &[QName], to: &[QName]) -> Vec<String> {
    let alter = |what: &str, parent: &QName| format!("ALTER TABLE {} {what} {}", relation(table), relation(parent));
    let gone = from.iter().filter(|p| !to.contains(p)).map(|p| alter("NO INHERIT", p));
    let come = to.iter().filter(|p| !from.contains(p)).map(|p| alter("INHERIT", p));
    gone.chain(come).collect()
}

/// From one setting of row security to another.
pub(in crate::engine::postgres) fn row_security(table: &QName, from: RowSecurity, to: RowSecurity) -> Vec<String> {
    let alter = |what: &str| format!("ALTER TABLE {} {what} ROW LEVEL SECURITY", relation(table));
    let mut out = Vec::new();
    if from.enabled != to.enabled {
        out.push(alter(if to.enabled { "ENABLE" } else { "DISABLE" }));
    }
    if from.forced != to.forced {
        out.push(alter(if to.forced { "FORCE" } else { "NO FORCE" }));
    }
    out
}
