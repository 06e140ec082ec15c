//! Sequences, types, routines, extensions and comments.

use super::faithful::faithful;
use super::names::{collation, ident, literal, part_of, relation, routine};
use crate::schema::{Extension, ObjectKind, ObjectRef, Place, QName, Routine, Sequence, TypeDef, TypeKind};

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
    let mut out = vec![match &definition.kind {
        TypeKind::Enum { values } => {
            format!("CREATE TYPE {name} AS ENUM ({})", values.iter().map(|v| literal(v)).collect::<Vec<_>>().join(", "))
        }
        TypeKind::Composite { attributes } => {
            let attributes: Vec<String> = attributes.iter().map(|(n, t)| format!("{} {t}", ident(n))).collect();
            format!("CREATE TYPE {name} AS ({})", attributes.join(", "))
        }
        TypeKind::Domain { .. } => create_domain(&name, &definition.kind),
        TypeKind::Other { definition } => format!("CREATE TYPE {name} {definition}"),
    }];
    if let Some(text) = &definition.comment {
        out.push(format!("COMMENT ON {} {name} IS {}", type_word(definition), literal(text)));
    }
    out
}

fn create_domain(name: &str, kind: &TypeKind) -> String {
    let TypeKind::Domain { base, not_null, default, collation: collated, checks } = kind else { return String::new() };
    let mut sql = format!("CREATE DOMAIN {name} AS {base}");
    if let Some(c) = collated {
        sql.push_str(&format!(" COLLATE {}", collation(c)));
    }
    if let Some(default) = default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if *not_null {
        sql.push_str(" NOT NULL");
    }
    for (check, expression) in checks {
        sql.push_str(&format!(" CONSTRAINT {} CHECK ({})", ident(check), faithful(expression)));
    }
    sql
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
            let mut out = Vec::new();
            for (attribute, _) in old.iter().filter(|(n, _)| !new.iter().any(|(m, _)| m == n)) {
                out.push(format!("ALTER TYPE {name} DROP ATTRIBUTE {}", ident(attribute)));
            }
            for (attribute, data_type) in new {
                match old.iter().find(|(n, _)| n == attribute) {
                    None => out.push(format!("ALTER TYPE {name} ADD ATTRIBUTE {} {data_type}", ident(attribute))),
                    Some((_, was)) if was != data_type => {
                        out.push(format!("ALTER TYPE {name} ALTER ATTRIBUTE {} TYPE {data_type}", ident(attribute)));
                    }
                    Some(_) => {}
                }
            }
            out
        }
        _ => Vec::new(),
    }
}

fn alter_domain(name: &str, before: &TypeKind, after: &TypeKind) -> Vec<String> {
    let (
        TypeKind::Domain { base: old_base, not_null: old_null, default: old_default, checks: old_checks, .. },
        TypeKind::Domain { base, not_null, default, checks, .. },
    ) = (before, after)
    else {
        return Vec::new();
    };
    if old_base != base {
        return Vec::new();
    }
    let mut out = Vec::new();
    if old_default != default {
        out.push(match default {
            Some(value) => format!("ALTER DOMAIN {name} SET DEFAULT {value}"),
            None => format!("ALTER DOMAIN {name} DROP DEFAULT"),
        });
    }
    if old_null != not_null {
        out.push(format!("ALTER DOMAIN {name} {} NOT NULL", if *not_null { "SET" } else { "DROP" }));
    }
    for (check, expression) in old_checks {
        if checks.get(check) != Some(expression) {
            out.push(format!("ALTER DOMAIN {name} DROP CONSTRAINT {}", ident(check)));
        }
    }
    for (check, expression) in checks {
        if old_checks.get(check) != Some(expression) {
            out.push(format!("ALTER DOMAIN {name} ADD CONSTRAINT {} CHECK ({})", ident(check), faithful(expression)));
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
        sql.push_str(&format!(" WITH SCHEMA {}", ident(&extension.schema)));
    }
    let mut out = vec![sql];
    if let Some(text) = &extension.comment {
        out.push(format!("COMMENT ON EXTENSION {} IS {}", ident(&extension.name), literal(text)));
    }
    out
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
    Some(format!("COMMENT ON {target} IS {}", text.map_or_else(|| "NULL".to_owned(), literal)))
}
