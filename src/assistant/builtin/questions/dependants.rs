//! What references, uses or depends on something, and what dropping it would take along.

use super::super::draft::{Draft, Flow, Stop};
use super::super::grammar::view_ref;
use super::super::pattern::Captures;
use super::super::refs::ColumnRef;
use super::super::tokens::{Token, tokens};
use super::{Ask, Found, question};
use crate::schema::{Constraint, ConstraintKind, IndexTarget, ObjectKind, ObjectRef, QName, Table};

pub(super) fn questions() -> Vec<Ask> {
    vec![
        question(
            referencing,
            &[
                "(what|who|which|which tables|what tables) (references|reference|refers to|refer to|points to|point to|points at|link to|links to) <table>",
                "(what|which) foreign keys (reference|references|point to|refer to|point at) <table>",
                "(show|list) (foreign keys|references) to <table>",
                "where is [table] <table> referenced",
            ],
        ),
        question(
            referenced,
            &[
                "(what|which tables|what tables) (does|do) [table] <table> (reference|refer to|point to|link to|depend on)",
                "(what|which|list|show) foreign keys (does|do|of|in|on|from) [table] <table> [have]",
            ],
        ),
        question(
            dropping,
            &[
                "what (would|will|could|might) (happen|break|be affected|be broken|go wrong|stop working) if (i|we|you|someone) (drop|dropped|remove|removed|delete|deleted|dropping) [table|view] [{column}] <what>",
                "what (happens|breaks|is affected) if (i|we|you) (drop|remove|delete|dropped|removed) [table|view] [{column}] <what>",
                "(can|could|may) (i|we) [safely] (drop|remove|delete) [table|view] [{column}] <what>",
                "is it safe to (drop|remove|delete) [table|view] [{column}] <what>",
                "what (would|will) (dropping|removing|deleting) [table|view] [{column}] <what> (do|break|affect)",
                "what (depends|relies) on [table|view] [{column}] <what>",
                "(who|what) (uses|needs) [table|view] [{column}] <what>",
                "where is [table|view] [{column}] <what> used",
                "(show|list|find) (dependants|dependents|dependencies|usages) (of|for) [table|view] [{column}] <what>",
                "(which|what) (views|functions|triggers|views and functions|objects|tables) (use|uses|depend on|need|mention) [table] [{column}] <what>",
            ],
        ),
    ]
}

fn foreign_keys(table: &Table) -> impl Iterator<Item = (&Constraint, &crate::schema::ForeignKey)> {
    table.constraints.values().filter_map(|c| match &c.kind {
        ConstraintKind::ForeignKey(fk) => Some((c, fk)),
        _ => None,
    })
}

fn tell_key(table: &QName, constraint: &Constraint, found: &mut Found) {
    if let ConstraintKind::ForeignKey(fk) = &constraint.kind {
        let deletes = match fk.on_delete.sql() {
            "NO ACTION" => String::new(),
            action => format!(", on delete {}", action.to_lowercase()),
        };
        let line = format!(
            "- {}({}) references {}({}){deletes}: {}",
            table.short(),
            fk.columns.join(", "),
            fk.references.short(),
            fk.referenced_columns.join(", "),
            constraint.name
        );
        found.add(line, ObjectRef::part(ObjectKind::Constraint, table.clone(), &constraint.name));
    }
}

fn referencing(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let name = draft.table_ref(said.get("table"))?;
    let mut found = Found::default();
    for (table, constraint) in draft.schema.references_to(&name) {
        tell_key(&table.name, constraint, &mut found);
    }
    let count = found.lines.len();
    let head = match count {
        0 => format!("No foreign key references {}.", name.short()),
        1 => format!("One foreign key references {}:", name.short()),
        _ => format!("{count} foreign keys reference {}:", name.short()),
    };
    found.lines.insert(0, head);
    found.source(ObjectRef::new(ObjectKind::Table, name));
    Ok(found)
}

fn referenced(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    let name = draft.table_ref(said.get("table"))?;
    let mut found = Found::default();
    for (constraint, _) in foreign_keys(draft.table(&name)?) {
        tell_key(&name, constraint, &mut found);
    }
    let head = if found.lines.is_empty() {
        format!("{} references no other table.", name.short())
    } else {
        format!("{} has these foreign keys:", name.short())
    };
    found.lines.insert(0, head);
    found.source(ObjectRef::new(ObjectKind::Table, name));
    Ok(found)
}

/// Whether `text`, some SQL, has `name` as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    tokens(text)
        .iter()
        .any(|t| t.text.eq_ignore_ascii_case(name) || t.lower.split('.').any(|part| part == name.to_lowercase()))
}

fn dropping(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<Found> {
    tell_dropping(draft, said.get("what"))
}

/// What uses the table, view or columns that the words mean.
pub(super) fn tell_dropping(draft: &mut Draft<'_>, what: &[Token]) -> Flow<Found> {
    if let Ok(table) = draft.strictly(|d| d.table_ref(what)) {
        return Ok(of_table(draft, &table));
    }
    if let Ok((view, _)) = view_ref(draft, what) {
        return Ok(of_view(draft, &view));
    }
    // "where is email used?": every column of that name.
    let named = every_column(draft, what);
    let columns = if named.is_empty() {
        match draft.column_refs(what) {
            Err(Stop::No) if !draft.strict => return Err(draft.table_ref(what).map_or_else(|s| s, |_| Stop::No)),
            columns => columns?,
        }
    } else {
        named
    };
    let mut found = Found::default();
    for column in columns {
        let of = of_column(draft, &column.table, &column.column)?;
        found.lines.extend(of.lines);
        of.sources.into_iter().for_each(|s| found.source(s));
    }
    Ok(found)
}

/// All columns with the very name that one word is.
fn every_column(draft: &Draft<'_>, words: &[Token]) -> Vec<ColumnRef> {
    let [only] = words else { return Vec::new() };
    let all = draft.schema.tables.values().flat_map(|t| t.columns.iter().map(move |c| (t, c)));
    all.filter(|(_, c)| c.name == only.text)
        .map(|(t, c)| ColumnRef { table: t.name.clone(), column: c.name.clone() })
        .collect()
}

/// Everything with a text of its own that names all of `names`, and what the catalog says depends on `object`.
fn texts(draft: &Draft<'_>, object: &ObjectRef, names: &[&str], found: &mut Found) {
    let mut add = |kind: &str, who: String, source: ObjectRef| {
        if !found.sources.contains(&source) {
            found.add(format!("- {kind} {who} uses it"), source);
        }
    };
    for dependant in draft.schema.dependants(object) {
        add(dependant.kind.word(), plain(dependant), dependant.clone());
    }
    let all = |text: &str| names.iter().all(|name| mentions(text, name));
    for view in draft.schema.views.values().filter(|v| v.name != object.name && all(&v.query)) {
        let kind = ObjectKind::of_view(view.materialized);
        add(kind.word(), view.name.short(), ObjectRef::new(kind, view.name.clone()));
    }
    for routine in draft.schema.routines.values().filter(|r| all(&r.definition)) {
        add("function", routine.key().short(), ObjectRef::new(ObjectKind::Routine, routine.key()));
    }
    for table in draft.schema.tables.values() {
        for trigger in table.triggers.values() {
            let of_table = table.name == object.name;
            let wanted: Vec<&&str> = names.iter().filter(|n| !(of_table && **n == table.name.name)).collect();
            if !wanted.is_empty() && wanted.iter().all(|n| mentions(&trigger.definition, n)) {
                let source = ObjectRef::part(ObjectKind::Trigger, table.name.clone(), &trigger.name);
                add("trigger", format!("{} on {}", trigger.name, table.name.short()), source);
            }
        }
    }
}

fn plain(object: &ObjectRef) -> String {
    object.part.as_ref().map_or(object.name.short(), |part| format!("{part} on {}", object.name.short()))
}

fn of_table(draft: &Draft<'_>, name: &QName) -> Found {
    let object = ObjectRef::new(ObjectKind::Table, name.clone());
    let mut found = Found::default();
    for (table, constraint) in draft.schema.references_to(name).filter(|(t, _)| t.name != *name) {
        tell_key(&table.name, constraint, &mut found);
    }
    texts(draft, &object, &[&name.name], &mut found);
    let Some(table) = draft.schema.tables.get(name) else { return found };
    let rows = table.stats.rows.map_or(String::new(), |rows| format!(" with about {rows} rows"));
    let head = if found.lines.is_empty() {
        format!("Nothing else depends on the table {}{rows}.", name.short())
    } else {
        format!("These depend on the table {}{rows}:", name.short())
    };
    found.lines.insert(0, head);
    found.lines.push(format!(
        "Dropping it would take its rows, {} indexes, {} constraints and {} triggers along.",
        table.indexes.len(),
        table.constraints.len(),
        table.triggers.len()
    ));
    found.source(object);
    found
}

fn of_view(draft: &Draft<'_>, name: &QName) -> Found {
    let object = ObjectRef::new(ObjectKind::View, name.clone());
    let mut found = Found::default();
    texts(draft, &object, &[&name.name], &mut found);
    let head = if found.lines.is_empty() {
        format!("Nothing else depends on the view {}.", name.short())
    } else {
        format!("These depend on the view {}:", name.short())
    };
    found.lines.insert(0, head);
    found.source(object);
    found
}

fn of_column(draft: &Draft<'_>, name: &QName, column: &str) -> Flow<Found> {
    let table = draft.table(name)?;
    let object = ObjectRef::part(ObjectKind::Column, name.clone(), column);
    let mut found = Found::default();
    for index in table.indexes.values() {
        let keys = index.keys.iter().any(|k| match &k.on {
            IndexTarget::Column(c) => c == column,
            IndexTarget::Expression(e) => mentions(e, column),
        });
        if keys || index.names_column(column) || index.predicate.as_ref().is_some_and(|p| mentions(p, column)) {
            let source = ObjectRef::part(ObjectKind::Index, name.clone(), &index.name);
            found.add(format!("- index {} would go with it", index.name), source);
        }
    }
    for constraint in table.constraints.values() {
        let about = match &constraint.kind {
            ConstraintKind::Check { expression, .. } | ConstraintKind::Other { definition: expression } => {
                mentions(expression, column)
            }
            kind => kind.columns().iter().any(|c| c == column),
        };
        if about {
            let source = ObjectRef::part(ObjectKind::Constraint, name.clone(), &constraint.name);
            found.add(format!("- constraint {} would go with it", constraint.name), source);
        }
    }
    for (other, constraint) in draft.schema.references_to(name) {
        let named = matches!(&constraint.kind, ConstraintKind::ForeignKey(fk) if fk.referenced_columns.iter().any(|c| c == column));
        if named {
            tell_key(&other.name, constraint, &mut found);
        }
    }
    let generated =
        table.columns.iter().filter(|c| c.generated.as_ref().is_some_and(|g| mentions(&g.expression, column)));
    for other in generated {
        let source = ObjectRef::part(ObjectKind::Column, name.clone(), &other.name);
        found.add(format!("- column {} is computed from it", other.name), source);
    }
    texts(draft, &object, &[&name.name, column], &mut found);
    let full = format!("{}.{column}", name.short());
    let head = if found.lines.is_empty() {
        format!("Nothing in the schema depends on {full}. Dropping it would lose its values; code outside may use it.")
    } else {
        format!("These use {full}; dropping it would lose its values and:")
    };
    found.lines.insert(0, head);
    found.source(object);
    Ok(found)
}
