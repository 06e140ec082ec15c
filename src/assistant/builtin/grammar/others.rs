//! Enum types, views and comments.

use super::super::draft::{Draft, Flow, Stop};
use super::super::names;
use super::super::pattern::Captures;
use super::super::refs::items;
use super::super::tokens::{Kind, Token};
use super::{Rule, rule};
use crate::schema::{Change, ObjectKind, ObjectRef, Place, QName, TypeDef, TypeKind};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            add_enum_values,
            &[
                "{add} [new] (value|values|label|option|state|status) <values> (to|in) [enum|type|enum type] <type> (before|after) <place>",
                "{add} [new] (value|values|label|option|state|status) <values> (before|after) <place> (to|in) [enum|type|enum type] <type>",
                "{add} [new] (value|values|label|option|state|status) <values> (to|in) [enum|type|enum type] <type>",
                "{add} <values> (to|in) [enum|type|enum type] <type> (before|after) <place>",
                "{add} <values> (before|after) <place> (to|in) [enum|type|enum type] <type>",
                "{add} <values> (to|in) [enum|type|enum type] <type>",
                "(allow|let) <type> [to] be <values> [too|also|as well]",
                "[enum|type] <type> (needs|should have|should get|gets) [new] (value|values|option) <values>",
                "(extend|enlarge) [enum|type] <type> (with|by) [value|values] <values>",
            ],
        ),
        rule(
            rename_enum_value,
            &[
                "rename [value] <from> (to|as) <to> (in|of|on) [enum|type] <type>",
                "rename value <from> (in|of) [enum|type] <type> (to|as) <to>",
            ],
        ),
        rule(
            create_enum,
            &[
                "{add} [new] (enum|enum type|type) [called|named] <name> (with|of|as|having) [values] [:] <values>",
                "{add} [new] (enum|enum type|type) [called|named] <name> : <values>",
                "{add} [new] (enum|enum type|type) [called|named] <name> ( <values> )",
            ],
        ),
        rule(drop_type, &["{drop} (type|enum|enum type) <type>"]),
        rule(rename_type, &["rename (type|enum|enum type) <type> (to|as) <new>"]),
        rule(drop_view, &["{drop} [materialized] view <view>", "{drop} <view> view", "{drop} <view>"]),
        rule(rename_view, &["rename [materialized] view <view> (to|as) <new>", "rename <view> (to|as) <new>"]),
        rule(
            comment,
            &[
                "(comment|document|describe|annotate) <what> (as|with|:|saying|that) <text>",
                "(comment|document|describe) <what> <text>",
                "(add|set|put) comment <text> (on|to|for) <what>",
                "(add|set|put) comment (on|to|for|of) <what> [:|to|saying|that says|as|that] <text>",
                "comment on <what> [is|:|as] <text>",
                "{drop} comment (on|of|from) <what>",
            ],
        ),
    ]
}

/// An enum by its own name, or as the type of a column.
fn enum_ref(draft: &mut Draft<'_>, tokens: &[Token]) -> Flow<QName> {
    let words: Vec<&Token> = tokens.iter().filter(|t| !t.is_any(&["enum", "type"])).collect();
    if words.is_empty() || words.len() > 5 || !words.iter().all(|t| t.is_name()) {
        return Err(Stop::No);
    }
    let written = words.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("_");
    let usual = draft.syntax.default_schema();
    let enums = draft.schema.types.values().filter(|t| matches!(t.kind, TypeKind::Enum { .. })).map(|t| &t.name);
    let found = names::relations(&written, enums, usual);
    if let [one] = found.as_slice() {
        return Ok(one.clone());
    }
    let columns = draft.strictly(|d| d.column_refs(tokens))?;
    let [column] = columns.as_slice() else { return Err(Stop::No) };
    let data_type = draft.type_of(&column.table, &column.column).ok_or(Stop::No)?;
    let named = |t: &&TypeDef| t.name.name == data_type || t.name.to_string() == data_type;
    let found = draft.schema.types.values().find(named).filter(|t| matches!(t.kind, TypeKind::Enum { .. }));
    found.map(|t| t.name.clone()).ok_or(Stop::No)
}

fn label(token: &Token) -> Flow<String> {
    if token.kind == Kind::Symbol { Err(Stop::No) } else { Ok(token.text.clone()) }
}

fn labels(tokens: &[Token]) -> Flow<Vec<String>> {
    let noise = ["value", "values", "label", "labels", "new", "option", "options"];
    let tokens = match tokens {
        [open, inner @ .., close] if open.is("(") && close.is(")") => inner,
        all => all,
    };
    let found: Vec<String> = items(tokens)
        .into_iter()
        .map(|item| {
            let words: Vec<&Token> = item.iter().filter(|t| !t.is_any(&noise)).collect();
            match words.as_slice() {
                [one] => label(one),
                _ => Err(Stop::No),
            }
        })
        .collect::<Flow<_>>()?;
    if found.is_empty() { Err(Stop::No) } else { Ok(found) }
}

fn add_enum_values(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let name = enum_ref(draft, said.get("type"))?;
    let existing = match draft.schema.types.get(&name).map(|t| &t.kind) {
        Some(TypeKind::Enum { values }) => values.clone(),
        _ => return Err(Stop::No),
    };
    let mut place = Place::Last;
    if said.has("place") {
        let [other] = <[String; 1]>::try_from(labels(said.get("place"))?).map_err(|_| Stop::No)?;
        if !existing.contains(&other) {
            return Err(Stop::Cannot(format!("{} has no value {other}; it has {}", name.short(), existing.join(", "))));
        }
        place = if said.says("before") { Place::Before(other) } else { Place::After(other) };
    }
    for value in labels(said.get("values"))? {
        if existing.contains(&value) {
            return Err(Stop::Cannot(format!("{} already has the value {value}", name.short())));
        }
        draft.push(Change::AddEnumValue { name: name.clone(), value: value.clone(), place: place.clone() });
        if matches!(place, Place::After(_)) {
            place = Place::After(value);
        }
    }
    Ok(())
}

fn rename_enum_value(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let name = enum_ref(draft, said.get("type"))?;
    let ([from], [to]) = (said.get("from"), said.get("to")) else { return Err(Stop::No) };
    let (from, to) = (label(from)?, label(to)?);
    match draft.schema.types.get(&name).map(|t| &t.kind) {
        Some(TypeKind::Enum { values }) if values.contains(&from) => {}
        _ => return Err(Stop::No),
    }
    draft.push(Change::RenameEnumValue { name, from, to });
    Ok(())
}

fn create_enum(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let name = QName::new(draft.syntax.default_schema(), Draft::new_name(said.get("name"))?);
    if draft.schema.types.contains_key(&name) {
        return Err(Stop::Cannot(format!("there is already a type {}", name.short())));
    }
    let kind = TypeKind::Enum { values: labels(said.get("values"))? };
    draft.push(Change::CreateType { definition: TypeDef { name, kind, comment: None } });
    Ok(())
}

fn type_ref(draft: &Draft<'_>, tokens: &[Token]) -> Flow<QName> {
    let [only] = tokens else { return Err(Stop::No) };
    let found = names::relations(&only.text, draft.schema.types.keys(), draft.syntax.default_schema());
    <[_; 1]>::try_from(found).map(|[one]| one).map_err(|_| Stop::No)
}

fn drop_type(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let name = type_ref(draft, said.get("type"))?;
    draft.push(Change::DropType { name });
    Ok(())
}

fn rename_type(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let from = type_ref(draft, said.get("type"))?;
    let to = Draft::new_name(said.get("new"))?;
    draft.push(Change::RenameType { from, to });
    Ok(())
}

pub(in super::super) fn view_ref(draft: &Draft<'_>, tokens: &[Token]) -> Flow<(QName, bool)> {
    let words: Vec<&str> = tokens.iter().filter(|t| !t.is("view")).map(|t| t.text.as_str()).collect();
    if words.is_empty() || words.len() > 5 {
        return Err(Stop::No);
    }
    let found = names::relations(&words.join("_"), draft.schema.views.keys(), draft.syntax.default_schema());
    let [name] = <[QName; 1]>::try_from(found).map_err(|_| Stop::No)?;
    let materialized = draft.schema.views.get(&name).is_some_and(|v| v.materialized);
    Ok((name, materialized))
}

fn drop_view(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let (name, materialized) = view_ref(draft, said.get("view"))?;
    draft.push(Change::DropView { name, materialized });
    Ok(())
}

fn rename_view(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let (from, materialized) = view_ref(draft, said.get("view"))?;
    let to = Draft::new_name(said.get("new"))?;
    draft.push(Change::RenameView { from, to, materialized });
    Ok(())
}

fn comment(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let comment = match said.get("text") {
        [] => None,
        [only] if matches!(only.kind, Kind::Text | Kind::Quoted) => Some(only.text.clone()),
        _ => return Err(Stop::No),
    };
    let what = said.get("what");
    let object = if let Ok(table) = draft.strictly(|d| d.table_ref(what)) {
        ObjectRef::new(ObjectKind::Table, table)
    } else if let Ok((name, materialized)) = view_ref(draft, what) {
        ObjectRef::new(ObjectKind::of_view(materialized), name)
    } else {
        let columns = draft.column_refs(what)?;
        let [column] = columns.as_slice() else { return Err(Stop::No) };
        ObjectRef::part(ObjectKind::Column, column.table.clone(), &column.column)
    };
    draft.push(Change::SetComment { object, comment });
    Ok(())
}
