//! Looking things up by their general names.

use super::{Index, ObjectKind, ObjectRef, QName, Schema};

impl Schema {
    /// The comment of an object, when the object is there and has one.
    pub fn comment(&self, object: &ObjectRef) -> Option<&String> {
        let (name, part) = (&object.name, object.part.as_deref().unwrap_or_default());
        let table = || self.tables.get(name);
        match object.kind {
            ObjectKind::Schema => self.namespaces.get(&name.name)?.comment.as_ref(),
            ObjectKind::Extension => self.extensions.get(&name.name)?.comment.as_ref(),
            ObjectKind::Table | ObjectKind::ForeignTable => table()?.comment.as_ref(),
            ObjectKind::Column => table()?.column(part)?.comment.as_ref(),
            ObjectKind::Constraint => table()?.constraints.get(part)?.comment.as_ref(),
            ObjectKind::Trigger => match table() {
                Some(table) => table.triggers.get(part)?.comment.as_ref(),
                None => self.views.get(name)?.triggers.get(part)?.comment.as_ref(),
            },
            ObjectKind::Index => self.index(object)?.1.comment.as_ref(),
            ObjectKind::View | ObjectKind::MaterializedView => self.views.get(name)?.comment.as_ref(),
            ObjectKind::Sequence => self.sequences.get(name)?.comment.as_ref(),
            ObjectKind::Type => self.types.get(name)?.comment.as_ref(),
            ObjectKind::Routine => self.routines.get(name)?.comment.as_ref(),
            _ => None,
        }
    }

    /// An index and the table or view that it is on: by its own name, or as a part of its table.
    pub fn index(&self, object: &ObjectRef) -> Option<(&QName, &Index)> {
        let bare = object.part.as_deref().unwrap_or(&object.name.name);
        let may_hold = |name: &QName| match &object.part {
            Some(_) => *name == object.name,
            None => name.schema == object.name.schema,
        };
        let table = match &object.part {
            Some(_) => self.tables.get(&object.name),
            None => self.tables.with_index(&object.name),
        };
        let of_tables = table.into_iter().map(|t| (&t.name, &t.indexes));
        let of_views = self.views.values().map(|v| (&v.name, &v.indexes));
        let mut all = of_tables.chain(of_views).filter(|(name, _)| may_hold(name));
        all.find_map(|(name, indexes)| Some((name, indexes.get(bare)?)))
    }
}
