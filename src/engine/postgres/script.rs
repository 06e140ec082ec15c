//! A whole schema, or one object of it, as SQL.

use super::render::{self, constraint, index, object, table, trigger, view};
use crate::schema::{
    Change, Constraint, ConstraintKind, Dependency, ObjectKind, ObjectRef, Other, QName, Schema, Table, TypeKind, View,
};
use std::collections::{BTreeMap, BTreeSet};

/// Everything in an order that an empty database can run: what is named comes before what names it. Function bodies
/// are not checked, because they may name each other and anything else.
pub(super) fn script(schema: &Schema) -> String {
    let mut out = vec!["SET check_function_bodies = off".to_owned()];
    // Schemas of extensions and `public` are there already in most databases.
    out.extend(schema.namespaces.keys().map(|name| format!("CREATE SCHEMA IF NOT EXISTS {}", render::ident(name))));
    for (name, namespace) in &schema.namespaces {
        let named = ObjectRef::new(ObjectKind::Schema, QName::new("", name));
        out.extend(namespace.comment.as_ref().and_then(|text| object::comment(&named, false, Some(text))));
    }
    out.extend(schema.extensions.values().flat_map(object::create_extension));
    out.extend(others(schema, true));
    types_and_tables(schema, &mut out);
    out.extend(schema.tables.values().filter(|t| t.partition_by.is_some()).flat_map(|t| incomplete(t, schema)));
    for t in schema.tables.values() {
        out.extend(foreign_keys(t).flat_map(|c| constraint::add(&t.name, c, false)));
    }
    out.extend(schema.tables.values().flat_map(|t| triggers(t)));
    out.extend(others(schema, false));
    let mut bare = Schema { owners: BTreeMap::new().into(), rights: BTreeMap::new().into(), ..schema.clone() };
    let owners = schema.owners.values().map(|o| Change::SetOwner { object: o.object.clone(), owner: Some(o.clone()) });
    let rights =
        schema.rights.values().map(|r| Change::SetRights { on: r.on.clone(), rights: Some(Box::new(r.clone())) });
    for change in owners.chain(rights) {
        out.extend(render::render(&change, &bare));
        // Names what the schema has: it fits.
        let _ = bare.apply(&change);
    }
    out.into_iter().map(|statement| format!("{};\n", statement.trim_end())).collect::<Vec<_>>().join("\n")
}

/// Kinds without a model that tables and views may rest on; the rest rest on tables and views.
fn comes_early(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Language
            | ObjectKind::Collation
            | ObjectKind::AccessMethod
            | ObjectKind::ForeignDataWrapper
            | ObjectKind::ForeignServer
            | ObjectKind::TextSearch
    )
}

fn others(schema: &Schema, early: bool) -> Vec<String> {
    let wanted = schema.others.iter().filter(|o| comes_early(o.id.kind) == early);
    wanted.flat_map(Other::statements).map(|s| s.trim_end().trim_end_matches(';').to_owned()).collect()
}

fn foreign_keys(table: &Table) -> impl Iterator<Item = &Constraint> {
    table.constraints.values().filter(|c| matches!(c.kind, ConstraintKind::ForeignKey(_)))
}

/// Indexes of a partitioned table that are not on all its partitions, with the parts that there are.
fn incomplete(table: &Table, schema: &Schema) -> Vec<String> {
    let mut out = Vec::new();
    for found in table.indexes.values().filter(|i| !i.valid) {
        let name = table.name.sibling(&found.name);
        out.extend(index::direct(&table.name, found, true));
        out.extend(schema.parts_of(&table.name, &name).iter().map(|(child, part)| index::attach(child, part, &name)));
    }
    out
}

fn triggers(table: &Table) -> Vec<String> {
    table.triggers.values().flat_map(|t| trigger::create(&table.name, t)).collect()
}

/// Types, sequences, functions, tables and views need one another in every direction, so each is made after what
/// it names; a circle is cut where it is met.
fn types_and_tables(schema: &Schema, out: &mut Vec<String>) {
    let mut told: BTreeMap<&QName, Vec<&Dependency>> = BTreeMap::new();
    schema.dependencies.iter().for_each(|d| told.entry(&d.from.name).or_default().push(d));
    let mut walk = Walk { schema, told, seen: BTreeSet::new(), out };
    for name in schema.types.keys() {
        walk.visit(&ObjectRef::new(ObjectKind::Type, name.clone()));
    }
    for name in schema.sequences.keys() {
        walk.visit(&ObjectRef::new(ObjectKind::Sequence, name.clone()));
    }
    for name in schema.tables.keys() {
        walk.visit(&ObjectRef::new(ObjectKind::Table, name.clone()));
    }
    for name in schema.routines.keys() {
        walk.visit(&ObjectRef::new(ObjectKind::Routine, name.clone()));
    }
    for (name, v) in &schema.views {
        walk.visit(&ObjectRef::new(view_kind(v), name.clone()));
    }
    for sequence in schema.sequences.values().filter(|s| s.owned_by.is_some()) {
        walk.out.push(object::owned_by(sequence));
    }
}

fn view_kind(v: &View) -> ObjectKind {
    if v.materialized { ObjectKind::MaterializedView } else { ObjectKind::View }
}

struct Walk<'a> {
    schema: &'a Schema,
    /// What the catalog says, by the dependant's name.
    told: BTreeMap<&'a QName, Vec<&'a Dependency>>,
    seen: BTreeSet<ObjectRef>,
    out: &'a mut Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, object: &ObjectRef) {
        let Some(whole) = whole(object) else { return };
        if !self.seen.insert(whole.clone()) {
            return;
        }
        let mut needs = self.needs(&whole);
        needs.sort();
        for need in &needs {
            self.visit(need);
        }
        let statements = self.statements(&whole);
        self.out.extend(statements);
    }

    /// What the catalog says it needs, and what its own text names.
    fn needs(&self, object: &ObjectRef) -> Vec<ObjectRef> {
        let ours = |from: &ObjectRef| whole(from).as_ref() == Some(object) && !comes_later(from, self.schema);
        let told = self.told.get(&object.name).into_iter().flatten().filter(|d| ours(&d.from));
        let mut out: Vec<ObjectRef> = told.map(|d| d.on.clone()).collect();
        match object.kind {
            ObjectKind::Table => {
                if let Some(t) = self.schema.tables.get(&object.name) {
                    out.extend(self.named_by_table(t));
                }
            }
            ObjectKind::Type => out.extend(self.named_by_type(&object.name)),
            ObjectKind::Routine => {
                let signature = self.schema.routines.get(&object.name).map(|r| head(&r.definition));
                out.extend(signature.into_iter().flat_map(|text| self.types_in(text)));
            }
            _ => {}
        }
        out
    }

    fn named_by_table(&self, t: &Table) -> Vec<ObjectRef> {
        let parents = t.inherits.iter().chain(t.partition_of.as_ref().map(|p| &p.parent));
        let mut out: Vec<ObjectRef> = parents.map(|p| ObjectRef::new(ObjectKind::Table, p.clone())).collect();
        for c in &t.columns {
            out.extend(self.types_in(&c.data_type));
            let texts = c.default.iter().chain(c.generated.as_ref().map(|g| &g.expression));
            out.extend(texts.flat_map(|text| self.calls_in(text)));
        }
        for c in t.constraints.values() {
            if let ConstraintKind::Check { expression, .. } = &c.kind {
                out.extend(self.calls_in(expression));
            }
        }
        for i in t.indexes.values() {
            let keys = i.keys.iter().filter_map(|k| match &k.on {
                crate::schema::IndexTarget::Expression(text) => Some(text),
                crate::schema::IndexTarget::Column(_) => None,
            });
            out.extend(keys.chain(&i.predicate).flat_map(|text| self.calls_in(text)));
        }
        out
    }

    fn named_by_type(&self, name: &QName) -> Vec<ObjectRef> {
        match self.schema.types.get(name).map(|t| &t.kind) {
            Some(TypeKind::Composite { attributes }) => {
                attributes.iter().flat_map(|a| self.types_in(&a.data_type)).collect()
            }
            Some(TypeKind::Domain { base, checks, .. }) => {
                let called = checks.values().flat_map(|check| self.calls_in(&check.expression));
                self.types_in(base).into_iter().chain(called).collect()
            }
            Some(TypeKind::Other { definition }) => self.types_in(definition),
            _ => Vec::new(),
        }
    }

    /// The user's types, and tables and views used as types, that a text names with their schema.
    fn types_in(&self, text: &str) -> Vec<ObjectRef> {
        let types = self.schema.types.keys().map(|n| (ObjectKind::Type, n));
        let tables = self.schema.tables.keys().map(|n| (ObjectKind::Table, n));
        if !text.contains('.') {
            return Vec::new();
        }
        types
            .chain(tables)
            .filter(|(_, name)| names(text, name))
            .map(|(kind, name)| ObjectRef::new(kind, name.clone()))
            .collect()
    }

    /// Functions that an expression calls, with its types.
    fn calls_in(&self, text: &str) -> Vec<ObjectRef> {
        let mut out = self.types_in(text);
        if text.contains('(') {
            let called = self.schema.routines.values().filter(|r| names(text, &r.name));
            out.extend(called.map(|r| ObjectRef::new(ObjectKind::Routine, r.key())));
        }
        out
    }

    fn statements(&self, object: &ObjectRef) -> Vec<String> {
        let (schema, name) = (self.schema, &object.name);
        match object.kind {
            ObjectKind::Type => schema.types.get(name).map(object::create_type),
            ObjectKind::Sequence => schema.sequences.get(name).map(object::create_sequence),
            ObjectKind::Routine => schema.routines.get(name).map(object::create_routine),
            ObjectKind::View | ObjectKind::MaterializedView => schema.views.get(name).map(view::create),
            ObjectKind::Table => schema.tables.get(name).map(|t| {
                // Triggers may call functions that need other tables: they come last.
                let bare = Table { triggers: BTreeMap::new(), ..Table::clone(t) };
                table::create(&bare, schema, table::ForeignKeys::Later)
            }),
            _ => None,
        }
        .unwrap_or_default()
    }
}

/// The object that is made as a whole: a column's is its table.
fn whole(object: &ObjectRef) -> Option<ObjectRef> {
    use ObjectKind::{
        Column, Constraint, Default, Index, MaterializedView, Routine, Sequence, Table, Trigger, Type, View,
    };
    let kind = match object.kind {
        Column | Constraint | Default | Index | Trigger => Table,
        Table | View | MaterializedView | Type | Routine | Sequence => object.kind,
        _ => return None,
    };
    Some(ObjectRef::new(kind, object.name.clone()))
}

/// Parts of a table that are made after all tables.
fn comes_later(part: &ObjectRef, schema: &Schema) -> bool {
    let named = part.part.as_ref().and_then(|name| schema.tables.get(&part.name)?.constraints.get(name));
    let is_key = named.is_some_and(|c| matches!(c.kind, ConstraintKind::ForeignKey(_)));
    part.kind == ObjectKind::Trigger || part.kind == ObjectKind::Constraint && is_key
}

/// A function's definition up to its body: arguments and result.
fn head(definition: &str) -> &str {
    definition.split("\nAS ").next().unwrap_or(definition)
}

/// Whether `text` has the qualified name as a whole word.
fn names(text: &str, name: &QName) -> bool {
    let written = render::relation(name);
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '$';
    text.match_indices(&written).any(|(at, found)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
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
        ObjectKind::Table => table::create(schema.tables.get(name)?, schema, table::ForeignKeys::Inline),
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
