//! Sequences, types, routines, extensions and comments.

use super::faithful::faithful;
use super::names::{collation, ident, literal, part_of, relation, routine};
use crate::engine::postgres::scope::COMMENT_ON_PUBLIC;
use crate::schema::{
    Attribute, DomainCheck, Extension, ObjectKind, ObjectRef, Place, QName, Routine, Sequence, TypeDef, TypeKind,
};
use std::collections::BTreeMap;

/// `CREATE SEQUENCE`; the owner is said apart, because it may not be there yet.
pub(in crate::engine::postgres) fn create_sequence(sequence: &Sequence) -> Vec<String> {
    let mut out =
        vec![format!("CREATE SEQUENCE {} AS {} {}", relation(&sequence.name), sequence.data_type, settings(sequence))];
    if let Some(text) = &sequence.comment {
        out.push(format!("COMMENT ON SEQUENCE {} IS {}", relation(&sequence.name), literal(text)));
    }
    out
}

fn settings(s: &Sequence) -> String {
    format!(
        "INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {} {}",
        s.increment,
        s.min,
        s.max,
        s.start,
        s.cache,
        if s.cycle { "CYCLE" } else { "NO CYCLE" }
    )
}

/// `ALTER SEQUENCE … OWNED BY`.
pub(in crate::engine::postgres) fn owned_by(sequence: &Sequence) -> String {
    let owner = match &sequence.owned_by {
        Some((table, column)) => format!("{}.{}", relation(table), ident(column)),
        None => "NONE".to_owned(),
    };
    format!("ALTER SEQUENCE {} OWNED BY {owner}", relation(&sequence.name))
}

pub(super) fn alter_sequence(sequence: &Sequence, before: Option<&Sequence>) -> Vec<String> {
    let name = relation(&sequence.name);
    let mut out = Vec::new();
    if let Some(b) = before.filter(|b| sequence.min > b.min || sequence.max < b.max) {
        // The position may be out of the new bounds, which the server refuses: wide bounds first, then a move.
        let (low, high) = (b.min.min(sequence.min), b.max.max(sequence.max));
        out.push(format!("ALTER SEQUENCE {name} AS bigint MINVALUE {low} MAXVALUE {high}"));
        let within = format!("least(greatest(last_value, {}), {})", sequence.min, sequence.max);
        out.push(format!(
            "SELECT setval({}, {within}, is_called AND last_value = {within}) FROM {name}",
            literal(&name)
        ));
    }
    out.push(format!("ALTER SEQUENCE {name} AS {} {}", sequence.data_type, settings(sequence)));
    if before.is_none_or(|b| b.owned_by != sequence.owned_by) {
        out.push(owned_by(sequence));
    }
    out
}

pub(in crate::engine::postgres) fn create_type(definition: &TypeDef) -> Vec<String> {
    let name = relation(&definition.name);
    let mut out = match &definition.kind {
        TypeKind::Enum { values } => {
            let values: Vec<String> = values.iter().map(|v| literal(v)).collect();
            vec![format!("CREATE TYPE {name} AS ENUM ({})", values.join(", "))]
        }
        TypeKind::Composite { attributes } => {
            let defined: Vec<String> = attributes.iter().map(attribute).collect();
            let mut out = vec![format!("CREATE TYPE {name} AS ({})", defined.join(", "))];
            out.extend(attributes.iter().filter(|a| a.comment.is_some()).map(|a| comment_on_attribute(&name, a)));
            out
        }
        TypeKind::Domain { .. } => create_domain(&name, &definition.kind),
        TypeKind::Other { definition } => vec![format!("CREATE TYPE {name} {definition}").trim_end().to_owned()],
    };
    if let Some(text) = &definition.comment {
        out.push(format!("COMMENT ON {} {name} IS {}", type_word(definition), literal(text)));
    }
    out
}

fn attribute(attribute: &Attribute) -> String {
    let collated = attribute.collation.as_ref().map(|c| format!(" COLLATE {}", collation(c))).unwrap_or_default();
    format!("{} {}{collated}", ident(&attribute.name), attribute.data_type)
}

fn comment_on_attribute(of: &str, attribute: &Attribute) -> String {
    let text = attribute.comment.as_deref().map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON COLUMN {of}.{} IS {text}", ident(&attribute.name))
}

/// CREATE DOMAIN takes every check as valid, so one that is not is added afterwards.
fn create_domain(name: &str, kind: &TypeKind) -> Vec<String> {
    let TypeKind::Domain { base, not_null, default, collation: collated, checks, not_null_name } = kind else {
        return Vec::new();
    };
    let mut sql = format!("CREATE DOMAIN {name} AS {base}");
    if let Some(c) = collated {
        sql.push_str(&format!(" COLLATE {}", collation(c)));
    }
    if let Some(default) = default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(constraint) = not_null_name {
        sql.push_str(&format!(" CONSTRAINT {}", ident(constraint)));
    }
    if *not_null {
        sql.push_str(" NOT NULL");
    }
    for (check, DomainCheck { expression, .. }) in checks.iter().filter(|(_, c)| c.validated) {
        sql.push_str(&format!(" CONSTRAINT {} CHECK ({})", ident(check), faithful(expression)));
    }
    let mut out = vec![sql];
    for (constraint, check) in checks {
        if !check.validated {
            out.push(add_check(name, constraint, check));
        }
        if check.comment.is_some() {
            out.push(comment_on_check(name, constraint, check));
        }
    }
    out
}

fn add_check(domain: &str, name: &str, check: &DomainCheck) -> String {
    let not_valid = if check.validated { "" } else { " NOT VALID" };
    let expression = faithful(&check.expression);
    format!("ALTER DOMAIN {domain} ADD CONSTRAINT {} CHECK ({expression}){not_valid}", ident(name))
}

fn comment_on_check(domain: &str, name: &str, check: &DomainCheck) -> String {
    let text = check.comment.as_deref().map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON CONSTRAINT {} ON DOMAIN {domain} IS {text}", ident(name))
}

fn type_word(definition: &TypeDef) -> &'static str {
    if matches!(definition.kind, TypeKind::Domain { .. }) { "DOMAIN" } else { "TYPE" }
}

pub(in crate::engine::postgres) fn drop_type(name: &QName, definition: Option<&TypeDef>) -> String {
    format!("DROP {} {}", definition.map_or("TYPE", type_word), relation(name))
}

pub(super) fn rename_type(from: &QName, to: &str, definition: Option<&TypeDef>) -> String {
    format!("ALTER {} {} RENAME TO {}", definition.map_or("TYPE", type_word), relation(from), ident(to))
}

pub(in crate::engine::postgres) fn add_enum_value(name: &QName, value: &str, place: &Place) -> String {
    let place = match place {
        Place::Last => String::new(),
        Place::Before(other) => format!(" BEFORE {}", literal(other)),
        Place::After(other) => format!(" AFTER {}", literal(other)),
    };
    format!("ALTER TYPE {} ADD VALUE {}{place}", relation(name), literal(value))
}

/// From one definition of a type to another, where PostgreSQL has a way; empty where it has none.
pub(in crate::engine::postgres) fn alter_type(before: &TypeDef, after: &TypeDef) -> Vec<String> {
    let name = relation(&after.name);
    match (&before.kind, &after.kind) {
        (TypeKind::Domain { .. }, TypeKind::Domain { .. }) => alter_domain(&name, &before.kind, &after.kind),
        (TypeKind::Composite { attributes: old }, TypeKind::Composite { attributes: new }) => {
            alter_composite(&name, old, new)
        }
        _ => Vec::new(),
    }
}

fn alter_composite(name: &str, before: &[Attribute], after: &[Attribute]) -> Vec<String> {
    let mut out = Vec::new();
    for gone in before.iter().filter(|b| !after.iter().any(|a| a.name == b.name)) {
        out.push(format!("ALTER TYPE {name} DROP ATTRIBUTE {}", ident(&gone.name)));
    }
    for new in after {
        let old = before.iter().find(|b| b.name == new.name);
        match old {
            None => out.push(format!("ALTER TYPE {name} ADD ATTRIBUTE {}", attribute(new))),
            Some(old) if (&old.data_type, &old.collation) != (&new.data_type, &new.collation) => {
                let collated = new.collation.as_ref().map(|c| format!(" COLLATE {}", collation(c)));
                out.push(format!(
                    "ALTER TYPE {name} ALTER ATTRIBUTE {} TYPE {}{}",
                    ident(&new.name),
                    new.data_type,
                    collated.unwrap_or_default()
                ));
            }
            Some(_) => {}
        }
        if old.and_then(|o| o.comment.as_ref()) != new.comment.as_ref() {
            out.push(comment_on_attribute(name, new));
        }
    }
    out
}

/// Empty where PostgreSQL has no way: a domain's base and collation stay what they are.
fn alter_domain(name: &str, before: &TypeKind, after: &TypeKind) -> Vec<String> {
    let (
        TypeKind::Domain {
            base: old_base,
            not_null: old_null,
            default: old_default,
            collation: old_collation,
            checks: old_checks,
            not_null_name: old_name,
        },
        TypeKind::Domain { base, not_null, default, collation, checks, not_null_name },
    ) = (before, after)
    else {
        return Vec::new();
    };
    if (old_base, old_collation) != (base, collation) {
        return Vec::new();
    }
    let mut out = Vec::new();
    if old_default != default {
        out.push(match default {
            Some(value) => format!("ALTER DOMAIN {name} SET DEFAULT {value}"),
            None => format!("ALTER DOMAIN {name} DROP DEFAULT"),
        });
    }
    if *old_null && (!not_null || old_name != not_null_name) {
        out.push(format!("ALTER DOMAIN {name} DROP NOT NULL"));
    }
    if *not_null && (!old_null || old_name != not_null_name) {
        out.push(match not_null_name {
            Some(constraint) => format!("ALTER DOMAIN {name} ADD CONSTRAINT {} NOT NULL", ident(constraint)),
            None => format!("ALTER DOMAIN {name} SET NOT NULL"),
        });
    }
    out.extend(alter_checks(name, old_checks, checks));
    out
}

/// A check under another name is renamed, one that has become valid is validated, any other difference makes it anew.
fn alter_checks(
    domain: &str,
    before: &BTreeMap<String, DomainCheck>,
    after: &BTreeMap<String, DomainCheck>,
) -> Vec<String> {
    let mut out = Vec::new();
    let mut now = before.clone();
    for (name, check) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let same = |(other, old): &(&String, &DomainCheck)| {
            !after.contains_key(*other) && (&old.expression, old.validated) == (&check.expression, check.validated)
        };
        let Some(from) = now.iter().find(same).map(|(from, _)| from.clone()) else { continue };
        out.push(format!("ALTER DOMAIN {domain} RENAME CONSTRAINT {} TO {}", ident(&from), ident(name)));
        if let Some(renamed) = now.remove(&from) {
            now.insert(name.clone(), renamed);
        }
    }
    let stays =
        |old: &DomainCheck, new: &DomainCheck| old.expression == new.expression && old.validated <= new.validated;
    for (name, old) in &now {
        if after.get(name).is_none_or(|new| !stays(old, new)) {
            out.push(format!("ALTER DOMAIN {domain} DROP CONSTRAINT {}", ident(name)));
        }
    }
    for (name, new) in after {
        let old = now.get(name).filter(|old| stays(old, new));
        match old {
            None => out.push(add_check(domain, name, new)),
            Some(old) if !old.validated && new.validated => {
                out.push(format!("ALTER DOMAIN {domain} VALIDATE CONSTRAINT {}", ident(name)));
            }
            Some(_) => {}
        }
        if old.and_then(|o| o.comment.as_ref()) != new.comment.as_ref() {
            out.push(comment_on_check(domain, name, new));
        }
    }
    out
}

pub(in crate::engine::postgres) fn create_routine(r: &Routine) -> Vec<String> {
    let mut out = vec![r.definition.trim_end().trim_end_matches(';').to_owned()];
    if let Some(text) = &r.comment {
        out.push(format!("COMMENT ON {} {} IS {}", routine_word(r.procedure), routine(&r.key()), literal(text)));
    }
    out
}

pub(in crate::engine::postgres) fn routine_word(procedure: bool) -> &'static str {
    if procedure { "PROCEDURE" } else { "FUNCTION" }
}

pub(in crate::engine::postgres) fn create_extension(extension: &Extension) -> Vec<String> {
    let mut sql = format!("CREATE EXTENSION IF NOT EXISTS {}", ident(&extension.name));
    if !extension.schema.is_empty() {
        sql.push_str(&format!(" SCHEMA {}", ident(&extension.schema)));
    }
    if !extension.version.is_empty() {
        sql.push_str(&format!(" VERSION {}", literal(&extension.version)));
    }
    let mut out = vec![sql];
    if let Some(text) = &extension.comment {
        out.push(format!("COMMENT ON EXTENSION {} IS {}", ident(&extension.name), literal(text)));
    }
    out
}

pub(in crate::engine::postgres) fn alter_extension(was: Option<&Extension>, now: &Extension) -> Vec<String> {
    let name = ident(&now.name);
    let moved = was.is_none_or(|was| was.schema != now.schema) && !now.schema.is_empty();
    let updated = was.is_none_or(|was| was.version != now.version);
    let set_schema = moved.then(|| format!("ALTER EXTENSION {name} SET SCHEMA {}", ident(&now.schema)));
    let update = match now.version.as_str() {
        "" => format!("ALTER EXTENSION {name} UPDATE"),
        version => format!("ALTER EXTENSION {name} UPDATE TO {}", literal(version)),
    };
    updated.then_some(update).into_iter().chain(set_schema).collect()
}

/// `COMMENT ON …`; `None` for kinds whose comment has no statement here.
pub(in crate::engine::postgres) fn comment(object: &ObjectRef, domain: bool, text: Option<&str>) -> Option<String> {
    let (whole, part) = part_of(object);
    let target = match object.kind {
        ObjectKind::Schema => format!("SCHEMA {}", ident(&object.name.name)),
        ObjectKind::Extension => format!("EXTENSION {}", ident(&object.name.name)),
        ObjectKind::Table => format!("TABLE {whole}"),
        ObjectKind::ForeignTable => format!("FOREIGN TABLE {whole}"),
        ObjectKind::View => format!("VIEW {whole}"),
        ObjectKind::MaterializedView => format!("MATERIALIZED VIEW {whole}"),
        ObjectKind::Sequence => format!("SEQUENCE {whole}"),
        ObjectKind::Type => format!("{} {whole}", if domain { "DOMAIN" } else { "TYPE" }),
        ObjectKind::Routine => format!("ROUTINE {}", routine(&object.name)),
        ObjectKind::Column => format!("COLUMN {whole}.{part}"),
        ObjectKind::Constraint => format!("CONSTRAINT {part} ON {whole}"),
        ObjectKind::Trigger => format!("TRIGGER {part} ON {whole}"),
        ObjectKind::Policy => format!("POLICY {part} ON {whole}"),
        ObjectKind::Rule => format!("RULE {part} ON {whole}"),
        ObjectKind::Index => match &object.part {
            Some(index) => format!("INDEX {}", relation(&object.name.sibling(index))),
            None => format!("INDEX {whole}"),
        },
        _ => return None,
    };
    let born_with = (object.kind == ObjectKind::Schema && object.name.name == "public").then_some(COMMENT_ON_PUBLIC);
    let text = text.or(born_with).filter(|text| !text.is_empty());
    Some(format!("COMMENT ON {target} IS {}", text.map_or_else(|| "NULL".to_owned(), literal)))
}
