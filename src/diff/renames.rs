//! Renames: carried out where they are known, suspected where there is evidence.

use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema, Table};
use std::collections::{BTreeMap, HashMap, HashSet};

/// That an object of the first schema is an object of the second under another name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rename {
    pub from: ObjectRef,
    pub to: String,
}

impl Rename {
    /// The change that makes the rename; `None` for kinds that cannot be renamed. `schema` has the object.
    fn change(&self, schema: &Schema) -> Option<Change> {
        let (name, to) = (self.from.name.clone(), self.to.clone());
        let part = || self.from.part.clone();
        Some(match self.from.kind {
            ObjectKind::Table => Change::RenameTable { from: name, to },
            ObjectKind::View | ObjectKind::MaterializedView => {
                let materialized = schema.views.get(&name)?.materialized;
                Change::RenameView { from: name, to, materialized }
            }
            ObjectKind::Sequence => Change::RenameSequence { from: name, to },
            ObjectKind::Type => Change::RenameType { from: name, to },
            ObjectKind::Column => Change::RenameColumn { table: name, from: part()?, to },
            ObjectKind::Constraint => Change::RenameConstraint { table: name, from: part()?, to },
            ObjectKind::Index => {
                if let Some(from) = part() {
                    Change::RenameIndex { table: name, from, to }
                } else {
                    let table = schema.tables.with_index(&name)?.name.clone();
                    Change::RenameIndex { table, from: name.name, to }
                }
            }
            _ => return None,
        })
    }
}

/// Carries out the renames on a copy of `before`; without any there is no copy. A rename that does not fit is left
/// out, so that the object is compared under its old name.
///
/// Parts of a table may be named by the table's name before or after the table's own rename.
pub(super) fn apply_renames(before: &Schema, renames: &[Rename]) -> (Option<Schema>, Vec<Change>) {
    if renames.is_empty() {
        return (None, Vec::new());
    }
    let mut schema = before.clone();
    let mut out = Vec::new();
    let (parts, wholes): (Vec<&Rename>, Vec<&Rename>) = renames.iter().partition(|r| r.from.part.is_some());
    let moved: BTreeMap<&QName, QName> = wholes
        .iter()
        .filter(|r| r.from.kind == ObjectKind::Table)
        .map(|r| (&r.from.name, r.from.name.sibling(&r.to)))
        .collect();
    let parts = parts.into_iter().map(|r| {
        let name = moved.get(&r.from.name).unwrap_or(&r.from.name).clone();
        Rename { from: ObjectRef { name, ..r.from.clone() }, to: r.to.clone() }
    });
    for rename in wholes.into_iter().cloned().chain(parts) {
        if let Some(change) = rename.change(&schema)
            && schema.apply(&change).is_ok()
        {
            out.push(change);
        }
    }
    (Some(schema), out)
}

/// What a table is apart from its name.
fn shape(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("{:?}", (&c.name, &c.data_type))).collect();
    columns.join("\n")
}

/// Takes the only one of each shape on both sides; two of the same shape are no evidence for either.
fn only_pairs<'a, T: ?Sized>(
    gone: impl Iterator<Item = (String, &'a T)>,
    came: impl Iterator<Item = (String, &'a T)>,
) -> Vec<(&'a T, &'a T)> {
    fn group<'a, T: ?Sized>(items: impl Iterator<Item = (String, &'a T)>) -> BTreeMap<String, Vec<&'a T>> {
        let mut map: BTreeMap<String, Vec<&'a T>> = BTreeMap::new();
        for (shape, item) in items {
            map.entry(shape).or_default().push(item);
        }
        map
    }
    let came = group(came);
    let pair = |(shape, gone): (String, Vec<&'a T>)| match (gone.as_slice(), came.get(&shape)?.as_slice()) {
        ([from], [to]) => Some((*from, *to)),
        _ => None,
    };
    group(gone).into_iter().filter_map(pair).collect()
}

/// Renames that the two schemas give evidence for: a table that is gone and one that came with the same columns, a
/// column that is gone and one that came in its place with its type. For asking about, never for doing unasked:
/// what looks like a rename may be one thing dropped and another made.
pub fn suspected_renames(before: &Schema, after: &Schema) -> Vec<Rename> {
    let gone = before.tables.values().filter(|t| !after.tables.contains_key(&t.name));
    let came = after.tables.values().filter(|t| !before.tables.contains_key(&t.name));
    let keyed = |t: &Table| format!("{:?}{}", t.name.schema, shape(t));
    let tables = only_pairs(gone.map(|t| (keyed(t), t)), came.map(|t| (keyed(t), t)));
    let mut out: Vec<Rename> = tables
        .iter()
        .map(|(from, to)| Rename {
            from: ObjectRef::new(ObjectKind::Table, from.name.clone()),
            to: to.name.name.clone(),
        })
        .collect();
    for table in before.tables.values() {
        if let Some(other) = after.tables.get(&table.name) {
            out.extend(suspected_columns(table, other));
        }
    }
    out
}

fn suspected_columns(before: &Table, after: &Table) -> Vec<Rename> {
    // Only columns between the same neighbours count as being in the same place.
    let neighbours = |table: &Table, other: &Table| -> HashMap<String, String> {
        let kept: HashSet<&str> = other.columns.iter().map(|c| c.name.as_str()).collect();
        let mut previous = String::new();
        let mut out = HashMap::new();
        for column in &table.columns {
            if kept.contains(column.name.as_str()) {
                previous.clone_from(&column.name);
            } else {
                out.insert(column.name.clone(), format!("{:?}", (&previous, &column.data_type)));
            }
        }
        out
    };
    let (gone, came) = (neighbours(before, after), neighbours(after, before));
    let found = only_pairs(
        gone.iter().map(|(name, place)| (place.clone(), name.as_str())),
        came.iter().map(|(name, place)| (place.clone(), name.as_str())),
    );
    let rename = |(from, to): (&str, &str)| Rename {
        from: ObjectRef::part(ObjectKind::Column, before.name.clone(), from),
        to: to.to_owned(),
    };
    found.into_iter().map(rename).collect()
}
