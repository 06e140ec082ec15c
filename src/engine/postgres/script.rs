//! A whole schema, or one object of it, as SQL.

use super::render::{self, constraint, index, object, table, trigger, view};
use crate::schema::{Change, ObjectKind, ObjectRef, QName, Schema};
use crate::sql::one_line;
use crate::{diff, plan};

/// Everything in an order that an empty database can run: the changes that lead from nothing to the schema, ordered as
/// a plan's are. Function bodies are not checked, because they may name each other and anything else.
pub(super) fn script(schema: &Schema) -> String {
    let mut out = vec!["SET check_function_bodies = off".to_owned()];
    if !schema.namespaces.contains_key("public") {
        // An empty database has it; nothing of anybody's is dropped with it.
        out.push("DROP SCHEMA IF EXISTS public".to_owned());
    }
    let mut now = Schema::empty(schema.engine);
    let changes = diff::compare(&now, schema, &[]);
    // Only a rename among the changes could not be ordered.
    for change in plan::order(&changes, &now, Some(schema)).unwrap_or(changes) {
        match &change {
            // Schemas of extensions and `public` are there already in most databases.
            Change::CreateSchema { name } => out.push(format!("CREATE SCHEMA IF NOT EXISTS {}", render::ident(name))),
            _ => out.extend(render::render(&change, &now)),
        }
        if let Change::CreateOther { object } = &change {
            // For people to do: a secret is not known here.
            out.extend(object.by_hand().iter().map(|text| format!("-- {}", one_line(text))));
        }
        // What does not fit is what follows from an earlier change by itself.
        let _ = now.apply(&change);
    }
    let closed = |statement: &String| {
        let is_comment = statement.starts_with("-- ");
        let bare = statement.trim_end().trim_end_matches(';');
        if is_comment { format!("{statement}\n") } else { format!("{bare};\n") }
    };
    out.iter().map(closed).collect::<Vec<_>>().join("\n")
}

/// One object's own SQL, statements closed by semicolons; `None` when it is not there.
pub(super) fn definition(object: &ObjectRef, schema: &Schema) -> Option<String> {
    let statements = one(object, schema)?;
    (!statements.is_empty())
        .then(|| statements.iter().map(|s| format!("{};", s.trim_end())).collect::<Vec<_>>().join("\n"))
}

fn one(object: &ObjectRef, schema: &Schema) -> Option<Vec<String>> {
    let name = &object.name;
    let part = object.part.as_deref();
    Some(match object.kind {
        ObjectKind::Table => table::create(schema.tables.get(name)?, schema),
        ObjectKind::Column => {
            let column = schema.tables.get(name)?.column(part?)?.clone();
            render::render(&Change::AddColumn { table: name.clone(), column }, schema)
        }
        ObjectKind::Constraint => constraint::add(name, schema.tables.get(name)?.constraints.get(part?)?, false),
        ObjectKind::Trigger => {
            let of_view = || schema.views.get(name).and_then(|v| v.triggers.get(part?));
            let found = schema.tables.get(name).and_then(|t| t.triggers.get(part?)).or_else(of_view)?;
            trigger::create(name, found)
        }
        ObjectKind::Index => index_of(object, schema)?,
        ObjectKind::View | ObjectKind::MaterializedView => view::create(schema.views.get(name)?),
        ObjectKind::Sequence => {
            let sequence = schema.sequences.get(name)?;
            let owner = sequence.owned_by.is_some().then(|| object::owned_by(sequence));
            object::create_sequence(sequence).into_iter().chain(owner).collect()
        }
        ObjectKind::Type => object::create_type(schema.types.get(name)?),
        ObjectKind::Routine => object::create_routine(schema.routines.get(name)?),
        ObjectKind::Extension => object::create_extension(schema.extensions.get(&name.name)?),
        ObjectKind::Schema => {
            schema.namespaces.get(&name.name)?;
            vec![format!("CREATE SCHEMA {}", render::ident(&name.name))]
        }
        _ => schema.others.iter().find(|o| o.id == *object)?.statements(),
    })
}

/// An index by its table and part, or by its own name.
fn index_of(object: &ObjectRef, schema: &Schema) -> Option<Vec<String>> {
    let wanted = object.part.as_deref().unwrap_or(&object.name.name);
    let tables = schema.tables.values().map(|t| (&t.name, &t.indexes));
    let views = schema.views.values().map(|v| (&v.name, &v.indexes));
    let here = |owner: &QName| match object.part {
        Some(_) => *owner == object.name,
        None => owner.schema == object.name.schema,
    };
    let (owner, found) =
        tables.chain(views).filter(|(owner, _)| here(owner)).find_map(|(o, all)| Some((o, all.get(wanted)?)))?;
    let create = index::create(owner, found, index::Build::default());
    Some(std::iter::once(create).chain(index::comment(owner, found)).collect())
}
