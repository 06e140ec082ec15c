//! Two schemas in, typed changes out.

use super::closure::rebuild_dependants;
use super::renames::{Rename, apply_renames};
use super::rights::compare_rights;
use super::tables::compare_tables;
use super::types::compare_type;
use crate::schema::{Change, Extension, Named, ObjectKind, ObjectRef, QName, Routine, Schema, Sequence, View};
use std::collections::{BTreeMap, HashSet};

/// What stands on one side, or on both, under one key.
pub(super) enum Pair<'a, V> {
    Gone(&'a V),
    New(&'a V),
    Both(&'a V, &'a V),
}

/// Every key of either map once: first those of `before`, then the new ones, each in the map's order.
pub(super) fn pairs<'a, K: Ord + 'a, V: 'a, M>(
    before: &'a M,
    after: &'a M,
) -> impl Iterator<Item = (&'a K, Pair<'a, V>)>
where
    M: Keyed<K, V>,
{
    let old = before.each().map(|(key, b)| (key, after.at(key).map_or(Pair::Gone(b), |a| Pair::Both(b, a))));
    let new = after.each().filter(|(key, _)| before.at(key).is_none()).map(|(key, a)| (key, Pair::New(a)));
    old.chain(new)
}

/// A map in the order of its keys.
pub(super) trait Keyed<K, V> {
    fn each<'a>(&'a self) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: 'a,
        V: 'a;
    fn at(&self, key: &K) -> Option<&V>;
}

impl<K: Ord, V> Keyed<K, V> for BTreeMap<K, V> {
    fn each<'a>(&'a self) -> impl Iterator<Item = (&'a K, &'a V)>
    where
        K: 'a,
        V: 'a,
    {
        self.iter()
    }

    fn at(&self, key: &K) -> Option<&V> {
        self.get(key)
    }
}

impl<V> Keyed<String, V> for Named<V> {
    fn each<'a>(&'a self) -> impl Iterator<Item = (&'a String, &'a V)>
    where
        V: 'a,
    {
        self.iter()
    }

    fn at(&self, key: &String) -> Option<&V> {
        self.get(key)
    }
}

/// The changes that make `before` into `after`, unordered but for renames, which come first: every other change
/// uses the names after them. Renames are made only where `renames` says so, and for constraints and indexes whose
/// definition is the same under another name.
///
/// Work grows with the size of the two schemas, not with its square.
pub fn compare(before: &Schema, after: &Schema, renames: &[Rename]) -> Vec<Change> {
    let (renamed, mut out) = apply_renames(before, renames);
    let before = renamed.as_ref().unwrap_or(before);
    let asked = out.len();
    compare_namespaces(before, after, &mut out);
    compare_extensions(before, after, &mut out);
    for (name, pair) in pairs(&before.types, &after.types) {
        compare_type(name, &pair, &mut out);
    }
    compare_sequences(before, after, &mut out);
    compare_tables(before, after, &mut out);
    for (name, pair) in pairs(&before.views, &after.views) {
        compare_view(name, &pair, &mut out);
    }
    for (key, pair) in pairs(&before.routines, &after.routines) {
        compare_routine(key, &pair, &mut out);
    }
    compare_others(before, after, &mut out);
    rebuild_dependants(before, after, &mut out);
    // What is renamed is there from the start, and all other changes use its new name.
    let renamed: Vec<Change> = out.extract_if(.., |c| is_part_rename(c)).collect();
    out.splice(asked..asked, renamed);
    compare_rights(before, after, &mut out);
    out
}

fn is_part_rename(change: &Change) -> bool {
    matches!(change, Change::RenameIndex { .. } | Change::RenameConstraint { .. })
}

pub(super) fn comment(object: ObjectRef, before: Option<&String>, after: Option<&String>, out: &mut Vec<Change>) {
    if before != after {
        out.push(Change::SetComment { object, comment: after.cloned() });
    }
}

fn compare_namespaces(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    for (name, pair) in pairs(&before.namespaces, &after.namespaces) {
        let object = ObjectRef::new(ObjectKind::Schema, QName::new("", name));
        match pair {
            Pair::Gone(_) => out.push(Change::DropSchema { name: name.clone() }),
            Pair::New(a) => {
                out.push(Change::CreateSchema { name: name.clone() });
                comment(object, None, a.comment.as_ref(), out);
            }
            Pair::Both(b, a) => comment(object, b.comment.as_ref(), a.comment.as_ref(), out),
        }
    }
}

fn compare_extensions(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    for (name, pair) in pairs(&before.extensions, &after.extensions) {
        match pair {
            Pair::Gone(_) => out.push(Change::DropExtension { name: name.clone() }),
            Pair::New(a) => out.push(Change::CreateExtension { extension: a.clone() }),
            Pair::Both(b, a) => {
                // SQL that says no version leaves it to the server.
                let version = if a.version.is_empty() { &b.version } else { &a.version };
                if (&b.version, &b.schema) != (version, &a.schema) {
                    let mut extension = Extension { version: version.clone(), ..a.clone() };
                    extension.comment.clone_from(&b.comment);
                    out.push(Change::AlterExtension { extension });
                }
                let object = ObjectRef::new(ObjectKind::Extension, QName::new("", name));
                comment(object, b.comment.as_ref(), a.comment.as_ref(), out);
            }
        }
    }
}

/// Whether dropping its owner takes the sequence with it.
fn goes_with_owner(sequence: &Sequence, before: &Schema, after: &Schema) -> bool {
    let Some((table, column)) = &sequence.owned_by else { return false };
    let there = before.tables.get(table).is_some_and(|t| t.column(column).is_some());
    there && after.tables.get(table).is_none_or(|t| t.column(column).is_none())
}

fn compare_sequences(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    for (name, pair) in pairs(&before.sequences, &after.sequences) {
        match pair {
            Pair::Gone(b) if goes_with_owner(b, before, after) => {}
            Pair::Gone(_) => out.push(Change::DropSequence { name: name.clone() }),
            Pair::New(a) => create_sequence(a, before, out),
            Pair::Both(b, a) => {
                if goes_with_owner(b, before, after) {
                    // It must be let go before its owner is dropped, or it would go too.
                    out.push(Change::AlterSequence { sequence: Sequence { owned_by: None, ..b.clone() } });
                }
                let altered = Sequence { comment: b.comment.clone(), ..a.clone() };
                if altered != *b {
                    out.push(Change::AlterSequence { sequence: altered });
                }
                let object = ObjectRef::new(ObjectKind::Sequence, name.clone());
                comment(object, b.comment.as_ref(), a.comment.as_ref(), out);
            }
        }
    }
}

/// A sequence whose owner is not there yet is made free, and given to the owner when that is there: the owner's
/// default needs the sequence first.
fn create_sequence(sequence: &Sequence, before: &Schema, out: &mut Vec<Change>) {
    let ready = sequence
        .owned_by
        .as_ref()
        .is_none_or(|(table, column)| before.tables.get(table).is_some_and(|t| t.column(column).is_some()));
    if ready {
        out.push(Change::CreateSequence { sequence: sequence.clone() });
        return;
    }
    out.push(Change::CreateSequence { sequence: Sequence { owned_by: None, ..sequence.clone() } });
    out.push(Change::AlterSequence { sequence: sequence.clone() });
}

/// Whether a view can be replaced in place: the columns that it has stay the first of those that it will have.
fn replaceable(before: &View, after: &View) -> bool {
    !before.materialized && !after.materialized && after.columns.starts_with(&before.columns)
}

fn compare_view(name: &QName, pair: &Pair<'_, View>, out: &mut Vec<Change>) {
    let (b, a) = match pair {
        Pair::Gone(b) => return out.push(Change::DropView { name: name.clone(), materialized: b.materialized }),
        Pair::New(a) => return out.push(Change::CreateView { view: Box::new((*a).clone()) }),
        Pair::Both(b, a) => (*b, *a),
    };
    let same = b.query == a.query && b.options == a.options && b.materialized == a.materialized;
    if !same && !replaceable(b, a) {
        out.push(Change::DropView { name: name.clone(), materialized: b.materialized });
        out.push(Change::CreateView { view: Box::new(View { populated: b.populated, ..a.clone() }) });
        return;
    }
    if !same {
        // Only the view itself; its triggers and comment are changes of their own.
        let view = View { triggers: b.triggers.clone(), comment: b.comment.clone(), ..a.clone() };
        out.push(Change::ReplaceView { view: Box::new(view) });
    }
    super::tables::compare_indexes(name, &b.indexes, &a.indexes, &HashSet::new(), out);
    super::tables::compare_triggers(name, &b.triggers, &a.triggers, out);
    let kind = ObjectKind::of_view(a.materialized);
    comment(ObjectRef::new(kind, name.clone()), b.comment.as_ref(), a.comment.as_ref(), out);
}

/// The head of a routine's definition: its name, arguments and result, which CREATE OR REPLACE cannot change.
fn head(routine: &Routine) -> impl Iterator<Item = &str> {
    routine.definition.lines().take(2).map(str::trim)
}

fn compare_routine(key: &QName, pair: &Pair<'_, Routine>, out: &mut Vec<Change>) {
    match pair {
        Pair::Gone(b) => out.push(Change::DropRoutine { key: key.clone(), procedure: b.procedure }),
        Pair::New(a) => out.push(Change::CreateRoutine { routine: Box::new((*a).clone()) }),
        Pair::Both(b, a) => {
            if b.definition != a.definition {
                if b.procedure == a.procedure && head(b).eq(head(a)) {
                    let routine = Routine { comment: b.comment.clone(), ..(*a).clone() };
                    out.push(Change::ReplaceRoutine { routine: Box::new(routine) });
                } else {
                    out.push(Change::DropRoutine { key: key.clone(), procedure: b.procedure });
                    out.push(Change::CreateRoutine { routine: Box::new((*a).clone()) });
                    return;
                }
            }
            let object = ObjectRef::new(ObjectKind::Routine, key.clone());
            comment(object, b.comment.as_ref(), a.comment.as_ref(), out);
        }
    }
}

fn compare_others(before: &Schema, after: &Schema, out: &mut Vec<Change>) {
    let by_id = |schema: &'_ Schema| -> BTreeMap<ObjectRef, crate::schema::Other> {
        schema.others.iter().map(|o| (o.id.clone(), o.clone())).collect()
    };
    let (old, new) = (by_id(before), by_id(after));
    for (_, pair) in pairs(&old, &new) {
        let (gone, made) = match pair {
            Pair::Gone(b) => (Some(b), None),
            Pair::New(a) => (None, Some(a)),
            Pair::Both(b, a) if b.can_become(a) => {
                if b.settings != a.settings {
                    out.push(Change::AlterOther { from: Box::new(b.clone()), to: Box::new(a.clone()) });
                }
                (None, None)
            }
            Pair::Both(b, a) => (Some(b), Some(a)),
        };
        if let Some(object) = gone {
            out.push(Change::DropOther { object: Box::new(object.clone()) });
        }
        if let Some(object) = made {
            out.push(Change::CreateOther { object: Box::new(object.clone()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::order;
    use crate::schema::{Column, Constraint, ConstraintKind, EngineKind, ForeignKey, Index, Table, TypeDef, TypeKind};
    use proptest::prelude::*;

    fn name(text: &str) -> QName {
        QName::new("public", text)
    }

    fn column() -> impl Strategy<Value = Column> {
        ("[a-d]", prop_oneof!["text", "bigint"], any::<bool>(), prop::option::of("[0-9]")).prop_map(
            |(name, data_type, nullable, default)| Column { nullable, default, ..Column::new(name, data_type) },
        )
    }

    fn table() -> impl Strategy<Value = Table> {
        let columns = prop::collection::vec(column(), 1..4);
        (columns, prop::option::of("[t-w]"), any::<bool>(), prop::option::of("[a-c]{1,2}"), 0..3_usize).prop_map(
            |(columns, target, unlogged, comment, indexes)| {
                let mut table = Table::new(name("x"));
                for column in columns {
                    if table.column(&column.name).is_none() {
                        table.columns.push(column);
                    }
                }
                let first = table.columns[0].name.clone();
                for index in table.columns.iter().take(indexes).map(|c| format!("i_{}", c.name)) {
                    table.indexes.insert(index.clone(), Index::on_columns(index, &[&first]));
                }
                if let Some(target) = target {
                    let key = ForeignKey {
                        columns: vec![first],
                        references: name(&target),
                        referenced_columns: Vec::new(),
                        on_update: crate::schema::Action::NoAction,
                        on_delete: crate::schema::Action::Cascade,
                        match_full: false,
                    };
                    let constraint = Constraint::new("fk", ConstraintKind::ForeignKey(key));
                    table.constraints.insert("fk".into(), constraint);
                }
                Table { comment, unlogged, ..table }
            },
        )
    }

    fn schema() -> impl Strategy<Value = Schema> {
        let tables = prop::collection::btree_map("[t-w]", table(), 0..4);
        let values = prop::collection::btree_set("[p-s]", 0..4);
        let view = prop::option::of("[t-w]");
        (tables, values, view).prop_map(|(tables, values, view)| {
            let mut schema = Schema::empty(EngineKind::Postgres);
            for (key, mut table) in tables {
                table.name = name(&key);
                schema.tables.insert(table.name.clone(), table.into());
            }
            let kind = TypeKind::Enum { values: values.into_iter().collect() };
            schema.types.insert(name("e"), TypeDef { name: name("e"), kind, comment: None });
            if let Some(on) = view {
                let view = View {
                    columns: vec![(on.clone(), "text".into())],
                    ..View::new(name("z"), format!("select * from {on}"))
                };
                schema.views.insert(view.name.clone(), view);
            }
            schema
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(schema in schema()) {
            prop_assert_eq!(compare(&schema, &schema, &[]), []);
        }

        #[test]
        fn the_changes_in_order_make_one_schema_into_the_other(before in schema(), after in schema()) {
            let changes = compare(&before, &after, &[]);
            let ordered = order(&changes, &before, Some(&after)).unwrap();
            let mut now = before.clone();
            for change in &ordered {
                now.apply(change).map_err(|why| TestCaseError::fail(format!("{why}: {ordered:#?}")))?;
            }
            prop_assert_eq!(now.fingerprint(), after.fingerprint());
        }

        #[test]
        fn what_is_done_can_be_taken_back(before in schema(), after in schema()) {
            let mut now = before.clone();
            let mut back = Vec::new();
            for change in order(&compare(&before, &after, &[]), &before, Some(&after)).unwrap() {
                let inverse = crate::plan::inverse(&change, &now);
                if inverse.kind != crate::plan::RollbackKind::Exact {
                    break;
                }
                now.apply(&change).unwrap();
                back.push(inverse.changes);
            }
            for change in back.iter().rev().flatten() {
                now.apply(change).map_err(|why| TestCaseError::fail(format!("{why}: {change:?}")))?;
            }
            prop_assert_eq!(now.fingerprint(), before.fingerprint());
        }
    }

    #[test]
    fn an_index_with_the_same_definition_is_renamed() {
        let mut before = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(name("t"));
        table.columns.push(Column::new("a", "text"));
        table.indexes.insert("one".into(), Index::on_columns("one", &["a"]));
        before.tables.insert(name("t"), table.clone().into());
        let mut after = before.clone();
        table.indexes = [("two".to_owned(), Index::on_columns("two", &["a"]))].into_iter().collect();
        after.tables.insert(name("t"), table.into());
        let rename = Change::RenameIndex { table: name("t"), from: "one".into(), to: "two".into() };
        assert_eq!(compare(&before, &after, &[]), [rename]);
    }

    #[test]
    fn renames_are_suspected_by_evidence_and_made_only_when_told() {
        let mut before = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(name("t"));
        table.columns = vec![Column::new("id", "bigint"), Column::new("old", "text")];
        before.tables.insert(name("t"), table.clone().into());
        let mut after = before.clone();
        table.columns[1].name = "new".into();
        after.tables.insert(name("t"), table.into());
        let suspected = crate::diff::suspected_renames(&before, &after, &[]);
        let suspected: Vec<Rename> = suspected.into_iter().map(|suspect| suspect.rename).collect();
        assert_eq!(suspected.len(), 1);
        assert_eq!(compare(&before, &after, &[]).len(), 2, "a drop and an addition, unless told");
        let told = compare(&before, &after, &suspected);
        assert_eq!(told, [Change::RenameColumn { table: name("t"), from: "old".into(), to: "new".into() }]);
    }
}
