//! Differences of tables: columns, constraints, indexes, triggers, options.

use super::compare::{Pair, comment, pairs};
use super::inherit::{Inherited, parents_first};
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Index, ObjectKind, ObjectRef, QName, Schema, Table, Trigger,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Parents come before their partitions and children, which get by themselves what the parent gets.
pub(super) fn compare_tables(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    let gone = before.tables.keys().filter(|name| !after.tables.contains_key(name));
    out.extend(gone.map(|name| Change::DropTable { name: name.clone() }));
    let new = after.tables.iter().filter(|(name, _)| !before.tables.contains_key(name));
    out.extend(new.map(|(_, table)| Change::CreateTable { table: Box::new(Table::clone(table)) }));
    let mut inherited = Inherited::default();
    for name in parents_first(before) {
        let (Some(b), Some(a)) = (before.tables.get(name), after.tables.get(name)) else { continue };
        let evolved = inherited.evolved(b, a);
        let start = out.len();
        compare_table(evolved.as_ref().unwrap_or(b), a, out);
        inherited.note(name, b, out.get(start..).unwrap_or_default());
    }
}

/// One table that is on both sides.
fn compare_table(before: &Table, after: &Table, out: &mut Vec<Change>) {
    let name = &after.name;
    if before.partition_by != after.partition_by {
        // No engine can change the partition key of a table that is there.
        out.push(Change::DropTable { name: name.clone() });
        out.push(Change::CreateTable { table: Box::new(after.clone()) });
        return;
    }
    if before.partition_of != after.partition_of {
        out.push(Change::SetPartition { table: name.clone(), partition: after.partition_of.clone() });
    }
    if before.inherits != after.inherits {
        out.push(Change::SetInherits { table: name.clone(), inherits: after.inherits.clone() });
    }
    if let Some((set, reset)) = before.options.change_to(&after.options) {
        out.push(Change::SetTableOptions { name: name.clone(), set, reset });
    }
    if before.unlogged != after.unlogged {
        out.push(Change::SetUnlogged { table: name.clone(), unlogged: after.unlogged });
    }
    if before.row_security != after.row_security {
        out.push(Change::SetRowSecurity { table: name.clone(), security: after.row_security });
    }
    compare_columns(before, after, out);
    compare_constraints(name, &before.constraints, &after.constraints, out);
    compare_indexes(name, &before.indexes, &after.indexes, out);
    compare_triggers(name, &before.triggers, &after.triggers, out);
    let object = ObjectRef::new(ObjectKind::Table, name.clone());
    comment(object, before.comment.as_ref(), after.comment.as_ref(), out);
}

fn compare_columns(before: &Table, after: &Table, out: &mut Vec<Change>) {
    let old: HashMap<&str, &Column> = before.columns.iter().map(|c| (c.name.as_str(), c)).collect();
    let kept: HashSet<&str> = after.columns.iter().map(|c| c.name.as_str()).collect();
    for column in before.columns.iter().filter(|c| !kept.contains(c.name.as_str())) {
        out.push(Change::DropColumn { table: after.name.clone(), column: column.name.clone() });
    }
    for column in &after.columns {
        match old.get(column.name.as_str()) {
            Some(old) => compare_column(&after.name, old, column, out),
            None => out.push(Change::AddColumn { table: after.name.clone(), column: column.clone() }),
        }
    }
}

fn compare_column(table: &QName, before: &Column, after: &Column, out: &mut Vec<Change>) {
    let (t, column) = (|| table.clone(), || after.name.clone());
    let retyped = before.data_type != after.data_type || before.collation != after.collation;
    let set_default = |default: Option<String>| Change::SetDefault { table: t(), column: column(), default };
    if before.identity != after.identity && after.identity.is_none() {
        out.push(Change::SetIdentity { table: t(), column: column(), identity: None });
    }
    let mut default = before.default.as_ref();
    let is_call = default.is_some_and(|text| text.contains('('));
    if retyped && default.is_some() && (is_call || before.default != after.default) {
        // The old default might not fit the new type, or be cast to it for good.
        out.push(set_default(None));
        default = None;
    }
    if retyped {
        out.push(Change::AlterColumnType {
            table: t(),
            column: column(),
            data_type: after.data_type.clone(),
            collation: after.collation.clone(),
            using: None,
        });
    }
    if before.generated != after.generated {
        out.push(Change::SetGenerated { table: t(), column: column(), generated: after.generated.clone() });
    }
    if default != after.default.as_ref() {
        out.push(set_default(after.default.clone()));
    }
    match (before.nullable, after.nullable) {
        (true, false) => out.push(Change::SetNotNull { table: t(), column: column(), fill: None }),
        (false, true) => out.push(Change::DropNotNull { table: t(), column: column() }),
        _ => {}
    }
    if before.identity != after.identity && after.identity.is_some() {
        out.push(Change::SetIdentity { table: t(), column: column(), identity: after.identity.clone() });
    }
    if let Some((set, reset)) = before.options.change_to(&after.options) {
        out.push(Change::SetColumnOptions { table: t(), column: column(), set, reset });
    }
    let object = ObjectRef::part(ObjectKind::Column, table.clone(), &after.name);
    comment(object, before.comment.as_ref(), after.comment.as_ref(), out);
}

/// The constraint without what does not make it another one.
pub(super) fn bare(constraint: &Constraint) -> Constraint {
    Constraint { name: String::new(), comment: None, ..constraint.clone() }
}

fn compare_constraints(
    table: &QName,
    before: &BTreeMap<String, Constraint>,
    after: &BTreeMap<String, Constraint>,
    out: &mut Vec<Change>,
) {
    let renamed = same_under_another_name(before, after, |c| serde_json::to_string(&bare(c)).ok());
    for (from, to) in &renamed {
        let rename = Change::RenameConstraint { table: table.clone(), from: (*from).clone(), to: (*to).clone() };
        out.push(rename);
        let object = ObjectRef::part(ObjectKind::Constraint, table.clone(), *to);
        let text = |map: &'_ BTreeMap<String, Constraint>, name: &str| map.get(name).and_then(|c| c.comment.clone());
        comment(object, text(before, from).as_ref(), text(after, to).as_ref(), out);
    }
    let new_names: HashSet<&String> = renamed.values().copied().collect();
    for (name, pair) in pairs(before, after) {
        let drop = || Change::DropConstraint { table: table.clone(), name: name.clone() };
        let add = |c: &Constraint| Change::AddConstraint { table: table.clone(), constraint: c.clone() };
        match pair {
            Pair::Gone(_) if renamed.contains_key(name) => {}
            Pair::New(_) if new_names.contains(name) => {}
            Pair::Gone(_) => out.push(drop()),
            Pair::New(a) => out.push(add(a)),
            Pair::Both(b, a) => {
                if bare(b) != bare(a) {
                    if bare(&Constraint { validated: true, ..b.clone() }) != bare(a) {
                        out.extend([drop(), add(a)]);
                        continue;
                    }
                    out.push(Change::ValidateConstraint { table: table.clone(), name: name.clone() });
                }
                let object = ObjectRef::part(ObjectKind::Constraint, table.clone(), name);
                comment(object, b.comment.as_ref(), a.comment.as_ref(), out);
            }
        }
    }
}

/// Old name and new name of what went and came with the same definition, where no other has that definition too.
fn same_under_another_name<'a, V>(
    before: &'a BTreeMap<String, V>,
    after: &'a BTreeMap<String, V>,
    definition: impl Fn(&V) -> Option<String>,
) -> BTreeMap<&'a String, &'a String> {
    let mut came: HashMap<String, Vec<&String>> = HashMap::new();
    for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        if let Some(text) = definition(value) {
            came.entry(text).or_default().push(name);
        }
    }
    if came.is_empty() {
        return BTreeMap::new();
    }
    let gone = before.iter().filter(|(name, _)| !after.contains_key(*name));
    gone.filter_map(|(name, value)| Some((name, came.get_mut(&definition(value)?)?.pop()?))).collect()
}

/// The index without what does not make it another one.
pub(super) fn bare_index(index: &Index) -> Index {
    Index { name: String::new(), comment: None, ..index.clone() }
}

pub(super) fn compare_indexes(
    table: &QName,
    before: &BTreeMap<String, Index>,
    after: &BTreeMap<String, Index>,
    out: &mut Vec<Change>,
) {
    let renamed = same_under_another_name(before, after, |i| serde_json::to_string(&bare_index(i)).ok());
    let index_ref = |name: &str| ObjectRef::new(ObjectKind::Index, table.sibling(name));
    for (from, to) in &renamed {
        out.push(Change::RenameIndex { table: table.clone(), from: (*from).clone(), to: (*to).clone() });
        let text = |map: &'_ BTreeMap<String, Index>, name: &str| map.get(name).and_then(|i| i.comment.clone());
        comment(index_ref(to), text(before, from).as_ref(), text(after, to).as_ref(), out);
    }
    let new_names: HashSet<&String> = renamed.values().copied().collect();
    for (name, pair) in pairs(before, after) {
        let drop = || Change::DropIndex { table: table.clone(), name: name.clone() };
        let create = |i: &Index| Change::CreateIndex { table: table.clone(), index: i.clone() };
        match pair {
            Pair::Gone(_) if renamed.contains_key(name) => {}
            Pair::New(_) if new_names.contains(name) => {}
            Pair::Gone(_) => out.push(drop()),
            Pair::New(a) => out.push(create(a)),
            Pair::Both(b, a) if bare_index(b) != bare_index(a) => out.extend([drop(), create(a)]),
            Pair::Both(b, a) => comment(index_ref(name), b.comment.as_ref(), a.comment.as_ref(), out),
        }
    }
}

pub(super) fn compare_triggers(
    table: &QName,
    before: &BTreeMap<String, Trigger>,
    after: &BTreeMap<String, Trigger>,
    out: &mut Vec<Change>,
) {
    for (name, pair) in pairs(before, after) {
        let drop = || Change::DropTrigger { table: table.clone(), name: name.clone() };
        let create = |t: &Trigger| Change::CreateTrigger { table: table.clone(), trigger: t.clone() };
        match pair {
            Pair::Gone(_) => out.push(drop()),
            Pair::New(a) => out.push(create(a)),
            Pair::Both(b, a) if (&b.definition, &b.state) != (&a.definition, &a.state) => {
                out.extend([drop(), create(a)]);
            }
            Pair::Both(b, a) => {
                let object = ObjectRef::part(ObjectKind::Trigger, table.clone(), name);
                comment(object, b.comment.as_ref(), a.comment.as_ref(), out);
            }
        }
    }
}

/// Whether the constraint is one that a foreign key may point at.
pub(super) fn key_columns(constraint: &Constraint) -> Option<&[String]> {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => Some(columns),
        _ => None,
    }
}
