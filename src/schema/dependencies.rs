//! Keeping what is known of dependencies in step with changes. The list is shared by the schema's copies, so it is
//! touched only where something in it changes.

use super::{Change, ObjectKind, ObjectRef, QName, Schema};

impl Schema {
    /// Lets go of what `dependants` stood on.
    pub(super) fn forget(&mut self, dependants: impl Fn(&ObjectRef) -> bool) {
        if self.dependencies.iter().any(|d| dependants(&d.from)) {
            self.dependencies.retain(|d| !dependants(&d.from));
        }
    }

    /// Follows an object and its parts to a new name.
    pub(super) fn rename_in_dependencies(&mut self, from: &QName, to: &QName) {
        self.in_dependencies(|end| end.name == *from, |end| end.name = to.clone());
    }

    /// Follows a part of a table to a new name.
    pub(super) fn rename_part_in_dependencies(&mut self, kinds: &[ObjectKind], table: &QName, from: &str, to: &str) {
        self.in_dependencies(
            |end| end.name == *table && end.part.as_deref() == Some(from) && kinds.contains(&end.kind),
            |end| end.part = Some(to.to_owned()),
        );
    }

    /// Follows the renames that a table carries out alone.
    pub(super) fn follow_rename(&mut self, change: &Change) {
        match change {
            Change::RenameConstraint { table, from, to } => {
                self.rename_part_in_dependencies(&[ObjectKind::Constraint], table, from, to);
            }
            Change::RenameIndex { table, from, to } => {
                self.rename_part_in_dependencies(&[ObjectKind::Index, ObjectKind::Constraint], table, from, to);
            }
            _ => {}
        }
    }

    fn in_dependencies(&mut self, meant: impl Fn(&ObjectRef) -> bool, change: impl Fn(&mut ObjectRef)) {
        if !self.dependencies.iter().any(|d| meant(&d.from) || meant(&d.on)) {
            return;
        }
        for dependency in self.dependencies.iter_mut() {
            for end in [&mut dependency.from, &mut dependency.on] {
                if meant(end) {
                    change(end);
                }
            }
        }
    }
}
