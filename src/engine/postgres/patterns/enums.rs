//! Types that become what PostgreSQL has no statement for, such as enums that lose or reorder values: the type is made
//! anew and everything that uses it is moved over, in one transaction.

use super::names;
use super::tables::views_on;
use crate::engine::postgres::render::{again, constraint, ident, index, object, relation, routine, view};
use crate::schema::{
    Column, Constraint, ConstraintKind, Index, IndexTarget, ObjectKind, ObjectRef, QName, Routine, Schema, Table,
    TypeDef, TypeKind,
};

fn is_enum(definition: &TypeDef) -> bool {
    matches!(definition.kind, TypeKind::Enum { .. })
}

/// Whether one definition of a type becomes the other only by making the type anew.
pub(super) fn made_anew(before: &TypeDef, after: &TypeDef) -> bool {
    is_enum(before) && is_enum(after) || before.kind != after.kind && object::alter_type(before, after).is_empty()
}

/// The statements that make the type of `schema` into `after`. They fail, and change nothing, when a row holds a value
/// that does not fit it.
pub(super) fn rebuild(schema: &Schema, after: &TypeDef) -> Vec<String> {
    let old = QName::new(&after.name.schema, names::with_suffix(&after.name.name, "_lockstep_old"));
    let users = Users::of(schema, &after.name);
    let (mut out, mut back) = users.around(schema);
    out.push(format!("ALTER TYPE {} RENAME TO {}", relation(&after.name), ident(&old.name)));
    out.extend(object::create_type(after));
    out.extend(again(&ObjectRef::new(ObjectKind::Type, after.name.clone()), schema));
    for (table, column) in &users.columns {
        let name = ident(&column.name);
        out.push(format!(
            "ALTER TABLE {} ALTER COLUMN {name} TYPE {1} USING {name}::text{2}::{1}",
            relation(&table.name),
            column.data_type,
            if column.data_type.ends_with("[]") { "[]" } else { "" },
        ));
    }
    back.insert(0, format!("DROP TYPE {}", relation(&old)));
    out.extend(back);
    out
}

/// What is made of an enum.
struct Users<'s> {
    name: String,
    columns: Vec<(&'s Table, &'s Column)>,
}

impl<'s> Users<'s> {
    fn of(schema: &'s Schema, name: &QName) -> Self {
        let name = relation(name);
        let array = format!("{name}[]");
        let of_table = |table: &'s Table| {
            // What a column has from a parent goes with the parent's.
            let inherited = |column: &Column| {
                let parents = table.partition_of.iter().map(|p| &p.parent).chain(&table.inherits);
                parents.filter_map(|p| schema.tables.get(p)).any(|p| p.column(&column.name).is_some())
            };
            let uses = |c: &&Column| c.data_type == name || c.data_type == array;
            table.columns.iter().filter(uses).filter(move |c| !inherited(c)).map(move |c| (table, c))
        };
        let columns = schema.tables.values().map(|table| &**table).flat_map(of_table).collect();
        Self { name, columns }
    }

    /// What is taken down before the columns move, and put up again afterwards.
    fn around(&self, schema: &Schema) -> (Vec<String>, Vec<String>) {
        let (mut down, mut up) = (Vec::new(), Vec::new());
        for routine in schema.routines.values().filter(|r| self.is_in_head(r)) {
            up.extend(object::create_routine(routine));
            up.extend(again(&ObjectRef::new(ObjectKind::Routine, routine.key()), schema));
        }
        for (table, column) in &self.columns {
            let alter = format!("ALTER TABLE {} ALTER COLUMN {}", relation(&table.name), ident(&column.name));
            if let Some(default) = &column.default {
                down.push(format!("{alter} DROP DEFAULT"));
                up.push(format!("{alter} SET DEFAULT {default}"));
            }
        }
        for table in schema.tables.values() {
            for check in table.constraints.values().filter(|c| self.is_in_check(c)) {
                down.push(constraint::drop(&table.name, &check.name));
                up.extend(constraint::add(&table.name, check, false));
            }
            for one in table.indexes.values().filter(|i| self.is_in_index(i)) {
                down.push(index::drop(&table.name, &one.name, false));
                up.extend(index::direct(&table.name, one, false));
            }
        }
        self.around_views(schema, &mut down, &mut up);
        for gone in schema.routines.values().filter(|r| self.is_in_head(r)) {
            let word = object::routine_word(gone.procedure);
            down.push(format!("DROP {word} {}", routine(&gone.key())));
        }
        (down, up)
    }

    fn around_views(&self, schema: &Schema, down: &mut Vec<String>, up: &mut Vec<String>) {
        let column =
            |(table, column): &(&Table, &Column)| ObjectRef::part(ObjectKind::Column, table.name.clone(), &column.name);
        let objects: Vec<ObjectRef> = self.columns.iter().map(column).collect();
        let views = views_on(schema, &objects);
        down.extend(views.iter().rev().map(|v| view::drop(&v.name, v.materialized)));
        for one in &views {
            up.extend(view::create(one));
            let hangs_on = schema.others.iter().filter(|o| o.id.part.is_some() && o.id.name == one.name);
            up.extend(hangs_on.flat_map(crate::schema::Other::statements));
            let kind = ObjectKind::of_view(one.materialized);
            up.extend(again(&ObjectRef::new(kind, one.name.clone()), schema));
        }
    }

    /// Whether a routine takes or gives the type; what its body does with it is found by name, when it runs.
    fn is_in_head(&self, routine: &Routine) -> bool {
        let head = routine.definition.split("\nAS ").next().unwrap_or_default();
        routine.arguments.contains(&self.name) || head.contains(&self.name)
    }

    fn is_in_check(&self, constraint: &Constraint) -> bool {
        match &constraint.kind {
            ConstraintKind::Check { expression: text, .. } | ConstraintKind::Other { definition: text } => {
                text.contains(&self.name)
            }
            _ => false,
        }
    }

    fn is_in_index(&self, index: &Index) -> bool {
        let in_key = |on: &IndexTarget| matches!(on, IndexTarget::Expression(text) if text.contains(&self.name));
        index.keys.iter().any(|k| in_key(&k.on)) || index.predicate.as_ref().is_some_and(|p| p.contains(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::EngineKind;

    #[test]
    fn columns_with_defaults_move_to_the_new_type() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        let mut table = Table::new(QName::new("public", "people"));
        let default = Some("'sad'::public.mood".to_owned());
        table.columns.push(Column { default, ..Column::new("now", "public.mood") });
        table.columns.push(Column::new("past", "public.mood[]"));
        schema.tables.insert(table.name.clone(), table.into());
        let kind = TypeKind::Enum { values: vec!["sad".into()] };
        let after = TypeDef { name: QName::new("public", "mood"), kind, comment: None };
        assert_eq!(
            rebuild(&schema, &after),
            [
                "ALTER TABLE public.people ALTER COLUMN now DROP DEFAULT",
                "ALTER TYPE public.mood RENAME TO mood_lockstep_old",
                "CREATE TYPE public.mood AS ENUM ('sad')",
                "ALTER TABLE public.people ALTER COLUMN now TYPE public.mood USING now::text::public.mood",
                "ALTER TABLE public.people ALTER COLUMN past TYPE public.mood[] USING past::text[]::public.mood[]",
                "DROP TYPE public.mood_lockstep_old",
                "ALTER TABLE public.people ALTER COLUMN now SET DEFAULT 'sad'::public.mood",
            ]
        );
    }
}
