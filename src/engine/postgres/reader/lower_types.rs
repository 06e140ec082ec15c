//! Types, domains and sequences as changes.

use super::cursor::{Cursor, Name};
use super::lower_table::sequence;
use super::parse_table::{collation, constraint};
use super::tree::Body;
use super::types::read_type;
use super::world::{World, numbered, object_name};
use crate::schema::{Attribute, Change, DomainCheck, Place, QName, Sequence, TypeDef, TypeKind};
use std::collections::BTreeMap;

impl World<'_> {
    /// After `CREATE TYPE`.
    pub(super) fn create_type(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let name = cursor.name()?;
        let name = self.made(&name);
        let start = cursor.position();
        let kind = if cursor.take("as enum") {
            let mut values = Vec::new();
            cursor.take_sign('(');
            while let Some(value) = cursor.string() {
                values.push(value);
                cursor.take_sign(',');
            }
            TypeKind::Enum { values }
        } else if cursor.take("as") && cursor.sees_sign('(') {
            let mut inside = Cursor::new(cursor.parenthesised()?);
            let mut attributes = Vec::new();
            while let Some(attribute) = inside.ident() {
                let data_type = read_type(&mut inside)?;
                attributes.push(Attribute::new(attribute, self.data_type(&data_type)));
                self.reading.complete &= inside.until(&[]).is_empty();
                inside.take_sign(',');
            }
            TypeKind::Composite { attributes }
        } else {
            cursor.go_to(start);
            TypeKind::Other { definition: cursor.rest().to_owned() }
        };
        self.change(Change::CreateType { definition: TypeDef { name, kind, comment: None } });
        Some(())
    }

    /// After `CREATE DOMAIN`.
    pub(super) fn create_domain(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let name = cursor.name()?;
        let name = self.made(&name);
        cursor.take("as");
        let data_type = read_type(cursor)?;
        let (mut not_null, mut default, mut own_collation, mut checks) = (false, None, None, BTreeMap::new());
        while !cursor.at_end() {
            if cursor.take("collate") {
                own_collation = Some(collation(cursor)?);
            } else if cursor.take("default") {
                default = Some(cursor.until(&["constraint", "not null", "null", "check", "collate"]).to_owned());
            } else if cursor.take("not null") {
                not_null = true;
            } else if cursor.take("null") {
            } else {
                let found = constraint(cursor, Some("value"))?;
                let Body::Check { expression, .. } = found.body else { return None };
                let free = || free_check(&name, &checks);
                let check = found.name.unwrap_or_else(free);
                checks.insert(check, DomainCheck::new(expression));
            }
        }
        let base = self.data_type(&data_type);
        let kind = TypeKind::Domain { base, not_null, default, collation: own_collation, checks, not_null_name: None };
        self.change(Change::CreateType { definition: TypeDef { name, kind, comment: None } });
        Some(())
    }

    /// After `ALTER TYPE`.
    pub(super) fn alter_type(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let name = self.type_named(cursor)?;
        if cursor.take("add value") {
            let if_not_exists = cursor.take("if not exists");
            let value = cursor.string()?;
            let place = match cursor.take_any(&["before", "after"]) {
                Some("before") => Place::Before(cursor.string()?),
                Some(_) => Place::After(cursor.string()?),
                None => Place::Last,
            };
            let values = self.schema.types.get(&name).map(|t| &t.kind);
            let has = matches!(values, Some(TypeKind::Enum { values }) if values.contains(&value));
            if !(if_not_exists && has) {
                self.change(Change::AddEnumValue { name, value, place });
            }
            return Some(());
        }
        if cursor.take("rename value") {
            let from = cursor.string()?;
            cursor.take("to").then_some(())?;
            let to = cursor.string()?;
            self.change(Change::RenameEnumValue { name, from, to });
            return Some(());
        }
        if cursor.take("rename to") {
            let to = cursor.ident()?;
            self.change(Change::RenameType { from: name, to });
            return Some(());
        }
        self.alter_attributes(cursor, &name)
    }

    fn type_named(&self, cursor: &mut Cursor<'_>) -> Option<QName> {
        cursor.name().map(|name: Name| self.user_type(&name))
    }

    fn alter_attributes(&mut self, cursor: &mut Cursor<'_>, name: &QName) -> Option<()> {
        let mut definition = self.schema.types.get(name)?.clone();
        let TypeKind::Composite { attributes } = &mut definition.kind else { return None };
        loop {
            if cursor.take("add attribute") {
                let attribute = cursor.ident()?;
                let data_type = read_type(cursor)?;
                attributes.push(Attribute::new(attribute, self.data_type(&data_type)));
            } else if cursor.take("drop attribute") {
                cursor.take("if exists");
                let attribute = cursor.ident()?;
                attributes.retain(|a| a.name != attribute);
            } else if cursor.take("rename attribute") {
                let from = cursor.ident()?;
                cursor.take("to").then_some(())?;
                let to = cursor.ident()?;
                attributes.iter_mut().filter(|a| a.name == from).for_each(|a| a.name.clone_from(&to));
            } else if cursor.take("alter attribute") {
                let attribute = cursor.ident()?;
                cursor.take_any(&["set data type", "type"])?;
                let data_type = read_type(cursor)?;
                let data_type = self.data_type(&data_type);
                let same = attributes.iter_mut().filter(|a| a.name == attribute);
                same.for_each(|a| a.data_type.clone_from(&data_type));
            } else {
                return None;
            }
            if !cursor.take_sign(',') {
                break;
            }
        }
        self.reading.complete &= cursor.at_end();
        self.change(Change::AlterType { definition });
        Some(())
    }

    /// After `ALTER DOMAIN`.
    pub(super) fn alter_domain(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let name = self.type_named(cursor)?;
        if cursor.take("rename to") {
            let to = cursor.ident()?;
            self.change(Change::RenameType { from: name, to });
            return Some(());
        }
        let mut definition = self.schema.types.get(&name)?.clone();
        let TypeKind::Domain { not_null, default, checks, .. } = &mut definition.kind else { return None };
        match cursor.take_any(&[
            "set default",
            "drop default",
            "set not null",
            "drop not null",
            "add",
            "drop constraint",
            "rename constraint",
            "validate constraint",
        ])? {
            "set default" => *default = Some(cursor.rest().to_owned()),
            "drop default" => *default = None,
            "set not null" => *not_null = true,
            "drop not null" => *not_null = false,
            "add" => {
                let found = constraint(cursor, Some("value"))?;
                let validated = !found.not_valid;
                let Body::Check { expression, .. } = found.body else { return None };
                let check = found.name.unwrap_or_else(|| free_check(&name, checks));
                checks.insert(check, DomainCheck { validated, ..DomainCheck::new(expression) });
            }
            "drop constraint" => {
                cursor.take("if exists");
                checks.remove(&cursor.ident()?);
            }
            "validate constraint" => checks.get_mut(&cursor.ident()?)?.validated = true,
            _ => {
                let from = cursor.ident()?;
                cursor.take("to").then_some(())?;
                let check = checks.remove(&from)?;
                checks.insert(cursor.ident()?, check);
            }
        }
        self.change(Change::AlterType { definition });
        Some(())
    }

    /// After `CREATE SEQUENCE`.
    pub(super) fn create_sequence(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let if_not_exists = cursor.take("if not exists");
        let name = cursor.name()?;
        let name = self.made(&name);
        if if_not_exists && self.relation_exists(&name) {
            return Some(());
        }
        let mut made = sequence(name, "bigint");
        self.sequence_options(cursor, &mut made, true)?;
        self.change(Change::CreateSequence { sequence: made });
        Some(())
    }

    /// After `ALTER SEQUENCE`, for all but renames and moves.
    pub(super) fn alter_sequence(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let if_exists = cursor.take("if exists");
        let name = cursor.name()?;
        let name = self.relation(&name);
        let Some(mut altered) = self.schema.sequences.get(&name).cloned() else {
            self.reading.complete &= if_exists;
            return Some(());
        };
        if cursor.take("rename to") {
            let to = cursor.ident()?;
            self.change(Change::RenameSequence { from: name, to });
            return Some(());
        }
        self.sequence_options(cursor, &mut altered, false)?;
        self.change(Change::AlterSequence { sequence: altered });
        Some(())
    }

    fn sequence_options(&mut self, cursor: &mut Cursor<'_>, made: &mut Sequence, new: bool) -> Option<()> {
        let (mut start, mut min, mut max) = (None, None, None);
        while !cursor.at_end() {
            let word = cursor.take_any(&[
                "as",
                "start with",
                "start",
                "increment by",
                "increment",
                "minvalue",
                "maxvalue",
                "no minvalue",
                "no maxvalue",
                "cache",
                "no cycle",
                "cycle",
                "owned by none",
                "owned by",
                "restart with",
                "restart",
            ])?;
            match word {
                "as" => {
                    let data_type = read_type(cursor)?.words;
                    let typed = sequence(made.name.clone(), &data_type);
                    (made.data_type, made.max) = (data_type, typed.max);
                }
                "start with" | "start" => start = Some(cursor.integer()?),
                "increment by" | "increment" => made.increment = cursor.integer()?,
                "minvalue" => min = Some(cursor.integer()?),
                "maxvalue" => max = Some(cursor.integer()?),
                "cache" => made.cache = cursor.integer()?,
                "cycle" => made.cycle = true,
                "no cycle" => made.cycle = false,
                "owned by none" => made.owned_by = None,
                "owned by" => {
                    let mut parts = cursor.dotted()?;
                    let column = parts.pop()?;
                    let table = Name { name: parts.pop()?, schema: parts.pop() };
                    made.owned_by = Some((self.relation(&table), column));
                }
                // Where it goes on is data, not schema.
                "restart with" | "restart" => {
                    cursor.integer();
                    self.reading.complete = false;
                }
                _ => {}
            }
        }
        if new && made.increment < 0 {
            (made.min, made.max) = (-made.max - 1, -1);
        }
        made.min = min.unwrap_or(made.min);
        made.max = max.unwrap_or(made.max);
        let first = if made.increment < 0 { made.max } else { made.min };
        made.start = start.unwrap_or(if new { first } else { made.start });
        Some(())
    }
}

fn free_check(name: &QName, checks: &BTreeMap<String, DomainCheck>) -> String {
    numbered("check", |label| object_name(&name.name, "", label), |n| checks.contains_key(n))
}
