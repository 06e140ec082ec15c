//! CREATE TABLE with everything that goes with it.

use super::foreign::{of_server, table_word};
use super::names::{ident, literal, relation};
use super::{column, constraint, index, trigger};
use crate::schema::{Column, Constraint, ConstraintKind, Options, PartitionOf, QName, RowSecurity, Schema, Table};

/// All statements that make `table`.
pub(in crate::engine::postgres) fn create(table: &Table, schema: &Schema) -> Vec<String> {
    let partition = table.partition_of.as_ref().filter(|_| !table.columns.is_empty());
    let parent = partition.and_then(|p| schema.tables.get(&p.parent)).map(|t| &**t);
    let mut out = vec![create_alone(table, parent)];
    let name = &table.name;
    for c in table.constraints.values() {
        if is_inline(c, parent.is_some()) {
            out.extend(constraint::comment(name, c));
        }
    }
    if let (Some(partition), Some(parent)) = (partition, parent) {
        out.extend(checks_of(parent, table));
        for i in table.indexes.values().filter(|i| i.valid && i.attached_to.is_some()) {
            out.extend(index::direct(name, i, false));
        }
        out.extend(set_partition(name, None, Some(partition)));
    }
    for c in table.constraints.values().filter(|c| !is_inline(c, parent.is_some())) {
        out.extend(constraint::add(name, c, false));
    }
    // What a failed build has left is not copied, and what not every partition has is made when they are there.
    for i in table.indexes.values().filter(|i| i.valid && (parent.is_none() || i.attached_to.is_none())) {
        out.extend(index::direct(name, i, false));
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
    Some(format!("COMMENT ON {} {} IS {}", table_word(Some(table)), relation(&table.name), literal(text)))
}

/// CREATE TABLE takes every constraint as valid, so one that is not has to be added. So has a key of a partition that
/// is its own: as long as it is there when the partition is attached, it could be taken for a part of the parent's.
fn is_inline(constraint: &Constraint, is_partition: bool) -> bool {
    let valid = constraint.validated || !constraint.enforced;
    let own_key = is_partition && constraint.kind.has_index() && constraint.attached_to.is_none();
    valid && !own_key
}

/// A partition is made as a table of its own and then attached, which keeps nobody off the parent and lets it have
/// the parts of the parent's indexes under its own names.
fn create_alone(table: &Table, parent: Option<&Table>) -> String {
    let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
    let mut sql = format!("CREATE {unlogged}{} {}", table_word(Some(table)), relation(&table.name));
    let inline = || {
        let constraints = table.constraints.values().filter(|c| is_inline(c, parent.is_some()));
        constraints.map(constraint::definition).collect::<Vec<_>>()
    };
    match &table.partition_of {
        Some(partition) if parent.is_none() => {
            sql.push_str(&format!(" PARTITION OF {}", relation(&partition.parent)));
            let elements = inline();
            if !elements.is_empty() {
                sql.push_str(&format!(" ({}\n)", lines(&elements)));
            }
            sql.push_str(&format!(" {}", partition.bound));
        }
        _ => {
            let own = table.columns.iter().filter(|c| !c.inherited);
            let mut elements: Vec<String> = own.map(|c| column::definition(&without_identity(c, parent))).collect();
            elements.extend(inline());
            if elements.is_empty() { sql.push_str(" ()") } else { sql.push_str(&format!(" ({}\n)", lines(&elements))) }
        }
    }
    if !table.inherits.is_empty() {
        let parents: Vec<String> = table.inherits.iter().map(relation).collect();
        sql.push_str(&format!(" INHERITS ({})", parents.join(", ")));
    }
    if let Some(key) = &table.partition_by {
        sql.push_str(&format!(" PARTITION BY {key}"));
    }
    match &table.foreign {
        Some(foreign) => sql.push_str(&of_server(foreign, &table.options)),
        None => sql.push_str(&with_options(&table.options)),
    }
    sql
}

/// What numbers itself in the parent is numbered by that.
fn without_identity(column: &Column, parent: Option<&Table>) -> Column {
    let above = parent.and_then(|p| p.column(&column.name)).is_some_and(|c| c.identity.is_some());
    Column { identity: column.identity.clone().filter(|_| !above), ..column.clone() }
}

/// The parent's checks, which a table needs to be attached.
fn checks_of(parent: &Table, table: &Table) -> Vec<String> {
    let missing = |c: &&Constraint| {
        matches!(c.kind, ConstraintKind::Check { no_inherit: false, .. }) && !table.constraints.contains_key(&c.name)
    };
    let bare = |c: &Constraint| Constraint { comment: None, ..c.clone() };
    parent.constraints.values().filter(missing).flat_map(|c| constraint::add(&table.name, &bare(c), false)).collect()
}

/// A partition is detached first where a foreign key points at what it is a partition of: its rows are referred to
/// through that.
pub(in crate::engine::postgres) fn drop(name: &QName, schema: &Schema) -> Vec<String> {
    let found = schema.tables.get(name).map(|t| &**t);
    let partition = found.and_then(|t| t.partition_of.as_ref());
    let is_referenced = partition.is_some_and(|p| is_referenced(&p.parent, schema));
    let detach = partition.filter(|_| is_referenced).map(|p| set_partition(name, Some(p), None));
    detach.into_iter().flatten().chain([format!("DROP {} {}", table_word(found), relation(name))]).collect()
}

fn is_referenced(table: &QName, schema: &Schema) -> bool {
    let above = || schema.tables.get(table).and_then(|t| t.partition_of.as_ref());
    schema.references_to(table).next().is_some() || above().is_some_and(|p| is_referenced(&p.parent, schema))
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
        out.extend(column::set_options(&table.name, &c.name, &Options::new(), &reset, Some(c)));
    }
    out
}

fn lines(elements: &[String]) -> String {
    format!("\n    {}", elements.join(",\n    "))
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
    let reset: Vec<&str> = reset.iter().filter(|key| !set.contains_key(key)).map(String::as_str).collect();
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
