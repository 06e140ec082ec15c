//! Differences of tables: columns, constraints, indexes, triggers, options.

use super::compare::{Pair, comment, pairs};
use super::inherit::{made_anew, parents_first};
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Index, Named, ObjectKind, ObjectRef, QName, Schema, Table, Trigger,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Parents come before their partitions and children, which get by themselves what the parent gets.
pub(super) fn compare_tables(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    // No engine can change the partition key of a table that is there, nor the server of a foreign one.
    let differs = |a: &Table, b: &Table| a.partition_by != b.partition_by || a.foreign != b.foreign;
    let other_key = |name: &QName, b: &Table| after.tables.get(name).is_some_and(|a| differs(a, b));
    let gone = before.tables.iter().filter(|(name, b)| !after.tables.contains_key(name) || other_key(name, b));
    let anew: HashSet<QName> = gone.map(|(name, _)| name.clone()).collect();
    out.extend(before.tables.keys().filter(|n| anew.contains(*n)).map(|name| Change::DropTable { name: name.clone() }));
    for (name, table) in after.tables.iter() {
        if anew.contains(name) || !before.tables.contains_key(name) {
            create(table, out);
        }
    }
    let mut now = before.clone();
    for name in &anew {
        let stays = |t: &Table| after.tables.contains_key(&t.name) && !anew.contains(&t.name);
        if before.tables.children(name).any(|t| stays(t)) {
            free(&mut now, name, out);
        }
    }
    for name in parents_first(before) {
        if let Some(a) = after.tables.get(name).filter(|_| !anew.contains(name)) {
            compare_table(&mut now, after, a, &anew, out);
        }
    }
}

/// The foreign keys of a partitioned table that goes, before its partitions are detached: those would keep copies.
fn free(now: &mut Schema, name: &QName, out: &mut Vec<Change>) {
    let keys = now.tables.get(name).into_iter().flat_map(|t| t.constraints.values());
    let keys = keys.filter(|c| matches!(c.kind, ConstraintKind::ForeignKey(_))).map(|c| c.name.clone());
    for key in keys.collect::<Vec<_>>() {
        let change = Change::DropConstraint { table: name.clone(), name: key };
        let _ = now.apply(&change);
        out.push(change);
    }
}

/// A partitioned table's index that is not on all its partitions yet is made when those are there: what is attached
/// to the table afterwards would get a part of it.
fn create(table: &Table, out: &mut Vec<Change>) {
    let mut table = table.clone();
    let mut later = Vec::new();
    if table.partition_by.is_some() {
        let part = table.indexes.values().filter(|index| !index.valid).cloned();
        later = part.map(|index| Change::CreateIndex { table: table.name.clone(), index }).collect();
    }
    table.indexes.retain(|_, index| index.valid);
    out.push(Change::CreateTable { table: Box::new(table) });
    out.extend(later);
}

/// One table that is on both sides. `now` is the schema before with what the tables above this one have got.
fn compare_table(now: &mut Schema, after: &Schema, wanted: &Table, anew: &HashSet<QName>, out: &mut Vec<Change>) {
    let name = &wanted.name;
    place(now, wanted, anew, out);
    let Some(found) = now.tables.get(name).cloned() else { return };
    let attached = found.partition_of.is_none() && wanted.partition_of.is_some();
    let is = if attached { Cow::Owned(prepared(&found, wanted, after, out)) } else { Cow::Borrowed(&*found) };
    let (is, wanted) = without_failed(is, wanted);
    let (is, wanted) = (is.as_ref(), wanted.as_ref());
    let first = out.len();
    if let Some((set, reset)) = is.options.change_to(&wanted.options) {
        out.push(Change::SetTableOptions { name: name.clone(), set, reset });
    }
    if is.unlogged != wanted.unlogged {
        out.push(Change::SetUnlogged { table: name.clone(), unlogged: wanted.unlogged });
    }
    if is.row_security != wanted.row_security {
        out.push(Change::SetRowSecurity { table: name.clone(), security: wanted.row_security });
    }
    compare_columns(is, wanted, out);
    let anew = made_anew(now, after, name);
    compare_constraints(name, &is.constraints, &wanted.constraints, &anew, out);
    compare_indexes(name, &is.indexes, &wanted.indexes, &anew, out);
    compare_triggers(name, &is.triggers, &wanted.triggers, out);
    let kind = if wanted.foreign.is_some() { ObjectKind::ForeignTable } else { ObjectKind::Table };
    let object = ObjectRef::new(kind, name.clone());
    comment(object, is.comment.as_ref(), wanted.comment.as_ref(), out);
    if now.tables.children(name).next().is_some() {
        let own = out.get(first..).unwrap_or_default().to_vec();
        // A change that does not fit is refused when the plan is laid out.
        for change in &own {
            // What does not fit is told by the comparison itself.
            let _ = now.apply(change);
        }
    }
    if attached {
        out.push(Change::SetPartition { table: name.clone(), partition: wanted.partition_of.clone() });
    }
}

/// An index that a failed build has left is not copied, and one that is there is not taken for it. Of a partitioned
/// table's index, its parts tell whether it is valid.
fn without_failed<'t>(mut is: Cow<'t, Table>, wanted: &'t Table) -> (Cow<'t, Table>, Cow<'t, Table>) {
    let mut wanted = Cow::Borrowed(wanted);
    if wanted.partition_by.is_some() {
        is.to_mut().indexes.iter_mut().for_each(|(_, index)| index.valid = true);
        wanted.to_mut().indexes.iter_mut().for_each(|(_, index)| index.valid = true);
        return (is, wanted);
    }
    let failed: Vec<String> = wanted.indexes.values().filter(|i| !i.valid).map(|i| i.name.clone()).collect();
    for name in failed {
        match is.indexes.get(&name) {
            Some(there) => drop(wanted.to_mut().indexes.insert(name, there.clone())),
            None => drop(wanted.to_mut().indexes.remove(&name)),
        }
    }
    (is, wanted)
}

/// Lets go of parents that the table is no longer to have, and takes on new ones that it inherits from.
fn place(now: &mut Schema, wanted: &Table, anew: &HashSet<QName>, out: &mut Vec<Change>) {
    let Some(is) = now.tables.get(&wanted.name).cloned() else { return };
    let table = || wanted.name.clone();
    let mut changes = Vec::new();
    let stays = is.partition_of == wanted.partition_of;
    if is.partition_of.as_ref().is_some_and(|p| !stays || anew.contains(&p.parent)) {
        changes.push(Change::SetPartition { table: table(), partition: None });
    }
    if is.inherits != wanted.inherits || is.inherits.iter().any(|p| anew.contains(p)) {
        // The order of parents is kept: those that stay are the first, in order.
        let mut left = wanted.inherits.iter().peekable();
        let kept: Vec<QName> =
            is.inherits.iter().filter(|p| !anew.contains(p) && left.next_if_eq(p).is_some()).cloned().collect();
        if kept != is.inherits {
            changes.push(Change::SetInherits { table: table(), inherits: kept.clone() });
        }
        if kept != wanted.inherits {
            changes.push(Change::SetInherits { table: table(), inherits: wanted.inherits.clone() });
        }
    }
    for change in changes {
        let _ = now.apply(&change);
        out.push(change);
    }
}

/// A table that is to be attached, as it is once it has what PostgreSQL asks of it: the parent's checks, which are
/// added here. An index that fits becomes the part of the parent's; keys that the parent has too are left alone.
fn prepared(is: &Table, wanted: &Table, after: &Schema, out: &mut Vec<Change>) -> Table {
    let mut table = is.clone();
    let parent = wanted.partition_of.as_ref().and_then(|p| after.tables.get(&p.parent));
    for (name, constraint) in parent.into_iter().flat_map(|p| &p.constraints) {
        match &constraint.kind {
            ConstraintKind::Check { no_inherit: false, .. }
                if table.constraints.remove(name).is_none_or(|own| own.kind != constraint.kind) =>
            {
                let constraint = Constraint { comment: None, ..constraint.clone() };
                out.push(Change::AddConstraint { table: table.name.clone(), constraint });
            }
            ConstraintKind::ForeignKey(_) => table.constraints.retain(|_, own| own.kind != constraint.kind),
            _ => {}
        }
    }
    for part in wanted.keyed().filter(|part| part.attached_to().is_some()) {
        let fits = |own: &crate::schema::IndexPart<'_>| own.attached_to().is_none() && own.is_like(part);
        let same = table.part(part.name()).filter(fits).or_else(|| table.keyed().find(fits));
        if let Some(name) = same.map(|own| own.name().to_owned()) {
            table.attach(&name, part.attached_to());
        }
    }
    table
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
    before: &Named<Constraint>,
    after: &Named<Constraint>,
    anew: &HashSet<String>,
    out: &mut Vec<Change>,
) {
    let place = |c: &Constraint| c.attached_to.clone();
    let renamed = same_under_another_name(before, after, |c| serde_json::to_string(&bare(c)).ok(), place);
    for (from, to) in &renamed {
        let rename = Change::RenameConstraint { table: table.clone(), from: (*from).clone(), to: (*to).clone() };
        out.push(rename);
        let object = ObjectRef::part(ObjectKind::Constraint, table.clone(), *to);
        let text = |map: &'_ Named<Constraint>, name: &str| map.get(name).and_then(|c| c.comment.clone());
        comment(object, text(before, from).as_ref(), text(after, to).as_ref(), out);
    }
    let new_names: HashSet<&String> = renamed.values().copied().collect();
    for (name, pair) in pairs(before, after) {
        let drop = || Change::DropConstraint { table: table.clone(), name: name.clone() };
        let add = |c: &Constraint| Change::AddConstraint { table: table.clone(), constraint: c.clone() };
        let was_renamed = renamed.contains_key(name);
        match pair {
            Pair::Gone(_) if was_renamed => {}
            Pair::New(_) if new_names.contains(name) => {}
            Pair::Gone(_) => out.push(drop()),
            Pair::New(a) => out.push(add(a)),
            Pair::Both(_, a) if was_renamed => out.push(add(a)),
            Pair::Both(_, a) if anew.contains(name) => out.extend([drop(), add(a)]),
            Pair::Both(b, a) => {
                if let Some(parent) = a.attached_to.as_ref().filter(|_| b.attached_to.is_none())
                    && bare(&Constraint { attached_to: a.attached_to.clone(), ..b.clone() }) == bare(a)
                {
                    out.push(attach(table, name, parent));
                } else if bare(b) != bare(a) {
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

fn attach(table: &QName, name: &str, parent: &QName) -> Change {
    Change::AttachIndex { table: table.clone(), name: name.to_owned(), parent: parent.clone() }
}

/// Old name and new name of what went and came with the same definition, where no other has that definition too. A
/// part of a parent's index keeps its place when its name goes to another.
fn same_under_another_name<'a, V>(
    before: &'a Named<V>,
    after: &'a Named<V>,
    definition: impl Fn(&V) -> Option<String>,
    place: impl Fn(&V) -> Option<QName>,
) -> BTreeMap<&'a String, &'a String> {
    let left = |name: &str, value: &V| {
        after.get(name).is_none_or(|there| place(value).is_some() && place(there) != place(value))
    };
    let mut came: HashMap<String, Vec<&String>> = HashMap::new();
    for (name, value) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        if let Some(text) = definition(value) {
            came.entry(text).or_default().push(name);
        }
    }
    if came.is_empty() {
        return BTreeMap::new();
    }
    let gone = before.iter().filter(|(name, value)| left(name, value));
    gone.filter_map(|(name, value)| Some((name, came.get_mut(&definition(value)?)?.pop()?))).collect()
}

/// The index without what does not make it another one.
pub(super) fn bare_index(index: &Index) -> Index {
    Index { name: String::new(), comment: None, ..index.clone() }
}

pub(super) fn compare_indexes(
    table: &QName,
    before: &Named<Index>,
    after: &Named<Index>,
    anew: &HashSet<String>,
    out: &mut Vec<Change>,
) {
    let place = |i: &Index| i.attached_to.clone();
    let renamed = same_under_another_name(before, after, |i| serde_json::to_string(&bare_index(i)).ok(), place);
    let index_ref = |name: &str| ObjectRef::new(ObjectKind::Index, table.sibling(name));
    for (from, to) in &renamed {
        out.push(Change::RenameIndex { table: table.clone(), from: (*from).clone(), to: (*to).clone() });
        let text = |map: &'_ Named<Index>, name: &str| map.get(name).and_then(|i| i.comment.clone());
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
            Pair::Both(_, a) if renamed.contains_key(name) => out.push(create(a)),
            Pair::Both(_, a) if anew.contains(name) => out.extend([drop(), create(a)]),
            Pair::Both(b, a) => {
                let placed = Index { attached_to: a.attached_to.clone(), ..b.clone() };
                match &a.attached_to {
                    Some(parent) if b.attached_to.is_none() && bare_index(&placed) == bare_index(a) => {
                        out.push(attach(table, name, parent));
                    }
                    _ if bare_index(b) != bare_index(a) => {
                        out.extend([drop(), create(a)]);
                        continue;
                    }
                    _ => {}
                }
                comment(index_ref(name), b.comment.as_ref(), a.comment.as_ref(), out);
            }
        }
    }
}

pub(super) fn compare_triggers(table: &QName, before: &Named<Trigger>, after: &Named<Trigger>, out: &mut Vec<Change>) {
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
