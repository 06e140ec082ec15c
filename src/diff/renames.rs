//! Renames that are known, carried out before anything is compared.

use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema};
use std::collections::BTreeMap;

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
