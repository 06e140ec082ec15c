//! Renames that were said: `--rename old=new`.

use crate::diff::Rename;
use crate::schema::{ObjectKind, ObjectRef, QName, Schema};
use crate::{Error, Result};

/// Reads `old=new` options against the schema before. `old` is a table, view, sequence, type or index, with its schema
/// where that is not the usual one, or a column or constraint after its table; parts may be in double quotes.
///
/// # Errors
/// `Usage` for an option that cannot be read or names nothing.
pub fn renames(options: &[String], before: &Schema, default_schema: &str) -> Result<Vec<Rename>> {
    options.iter().map(|option| rename(option, before, default_schema)).collect()
}

fn rename(option: &str, before: &Schema, default_schema: &str) -> Result<Rename> {
    let wrong = |why: String| {
        Error::usage(why).hint(
            "Write --rename old_table=new_table or --rename table.old=new; views, sequences, types, indexes and \
             constraints are named in the same way.",
        )
    };
    let (old, new) = split_at_sign(option).ok_or_else(|| wrong(format!("{option:?} has no = in it")))?;
    let (Some(old_parts), Some(new_parts)) = (parts(old), parts(new)) else {
        return Err(wrong(format!("{option:?} has a quote or a name that does not end")));
    };
    let found = match old_parts.as_slice() {
        [name] => whole(before, QName::new(default_schema, name)),
        [first, second] => {
            whole(before, QName::new(first, second)).or_else(|| part(before, QName::new(default_schema, first), second))
        }
        [schema, name, of_it] => part(before, QName::new(schema, name), of_it),
        _ => None,
    };
    let from = found.ok_or_else(|| wrong(format!("there is nothing called {old} to rename")))?;
    let to = new_parts.last().cloned().unwrap_or_default();
    Ok(Rename { from, to })
}

fn whole(schema: &Schema, name: QName) -> Option<ObjectRef> {
    let kind = if schema.tables.contains_key(&name) {
        ObjectKind::Table
    } else if let Some(view) = schema.views.get(&name) {
        ObjectKind::of_view(view.materialized)
    } else if schema.sequences.contains_key(&name) {
        ObjectKind::Sequence
    } else if schema.types.contains_key(&name) {
        ObjectKind::Type
    } else if schema.tables.with_index(&name).is_some_and(|t| t.indexes.contains_key(&name.name)) {
        ObjectKind::Index
    } else {
        return None;
    };
    Some(ObjectRef::new(kind, name))
}

fn part(schema: &Schema, table: QName, part: &str) -> Option<ObjectRef> {
    let of = schema.tables.get(&table)?;
    let kind = if of.column(part).is_some() {
        ObjectKind::Column
    } else if of.constraints.contains_key(part) {
        ObjectKind::Constraint
    } else if of.indexes.contains_key(part) {
        ObjectKind::Index
    } else {
        return None;
    };
    Some(ObjectRef::part(kind, table, part))
}

/// At the first `=` that is not in quotes.
fn split_at_sign(option: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = option.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '=' && !quoted
    });
    let (at, _) = at?;
    Some((option.get(..at)?, option.get(at + 1..)?))
}

/// The parts of a dotted name; `None` when one is empty or a quote is left open.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => out.last_mut()?.extend(chars.next()),
            '"' => quoted = !quoted,
            '.' if !quoted => out.push(String::new()),
            c => out.last_mut()?.push(c),
        }
    }
    (!quoted && out.iter().all(|part| !part.is_empty())).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, Constraint, ConstraintKind, EngineKind, Index, Table, TypeDef, TypeKind};

    fn schema() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for name in [QName::new("public", "orders"), QName::new("app", "Order = x.y")] {
            let mut table = Table::new(name.clone());
            table.columns = vec![Column::new("total", "numeric"), Column::new("a.b", "text")];
            let check = ConstraintKind::Check { expression: "total > 0".into(), no_inherit: false };
            table.constraints.insert("positive".into(), Constraint::new("positive", check));
            table.indexes.insert("orders_i".into(), Index::on_columns("orders_i", &["total"]));
            schema.tables.insert(name, table.into());
        }
        let mood = QName::new("public", "mood");
        let kind = TypeKind::Enum { values: vec!["a".into()] };
        schema.types.insert(mood.clone(), TypeDef { name: mood, kind, comment: None });
        schema
    }

    fn read(option: &str) -> Result<(ObjectKind, String)> {
        let found = rename(option, &schema(), "public")?;
        Ok((found.from.kind, format!("{}{}>{}", found.from.name, found.from.part.unwrap_or_default(), found.to)))
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        let said = |option: &str| read(option).unwrap();
        assert_eq!(said("orders=sales"), (ObjectKind::Table, "public.orders>sales".into()));
        assert_eq!(said("public.orders=app.sales"), (ObjectKind::Table, "public.orders>sales".into()));
        assert_eq!(said("orders.total=sum"), (ObjectKind::Column, "public.orderstotal>sum".into()));
        assert_eq!(said("orders.positive=above"), (ObjectKind::Constraint, "public.orderspositive>above".into()));
        assert_eq!(said("orders_i=i"), (ObjectKind::Index, "public.orders_i>i".into()));
        assert_eq!(said("mood=state"), (ObjectKind::Type, "public.mood>state".into()));
        assert_eq!(said(r#"app."Order = x.y"."a.b"="c=d""#).1, r#"app."Order = x.y"a.b>c=d"#);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for option in ["orders", "visits=sales", "orders.size=x", "a.b.c.d=x", "\"orders=sales", "orders=", "=x"] {
            assert!(read(option).is_err(), "{option}");
        }
    }
}
