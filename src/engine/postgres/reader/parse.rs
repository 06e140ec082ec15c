//! From a statement's words to its [`Tree`], for the statements that have one.

use super::cursor::Cursor;
use super::parse_alter::alter;
use super::parse_table::{collation, create_table, options};
use super::tokens::Kind;
use super::tree::{CreateIndex, Drop, Dropped, Tree};
use crate::schema::{IndexKey, IndexTarget};

/// `None` for statements of other kinds, and for forms that are not known here.
pub(in crate::engine::postgres) fn parse(text: &str) -> Option<Tree> {
    let mut cursor = Cursor::new(text);
    let verb = cursor.take_any(&["create", "alter", "drop"])?;
    match verb {
        "alter" => alter(&mut cursor).map(Tree::Alter),
        "drop" => drop_objects(&mut cursor).map(Tree::Drop),
        _ if cursor.sees("index") || cursor.sees("unique") => create_index(&mut cursor).map(Tree::CreateIndex),
        _ => create_table(&mut cursor).map(Tree::CreateTable),
    }
}

/// After `CREATE`.
fn create_index(cursor: &mut Cursor<'_>) -> Option<CreateIndex> {
    let mut index = CreateIndex { unique: cursor.take("unique"), ..CreateIndex::default() };
    if !cursor.take("index") {
        return None;
    }
    index.concurrently = cursor.take("concurrently");
    index.if_not_exists = cursor.take("if not exists");
    if !cursor.sees("on") {
        index.name = Some(cursor.name()?.name);
    }
    if !cursor.take("on") {
        return None;
    }
    index.only = cursor.take("only");
    index.table = cursor.name()?;
    if cursor.take("using") {
        index.method = Some(cursor.ident()?);
    }
    index.keys = keys(cursor.parenthesised()?)?;
    while !cursor.at_end() {
        if cursor.take("include") {
            index.include = cursor.name_list()?;
        } else if cursor.take("nulls not distinct") {
            index.nulls_not_distinct = true;
        } else if cursor.take("nulls distinct") {
        } else if cursor.take("with") {
            index.options = options(cursor.parenthesised()?).0;
        } else if cursor.take("tablespace") {
            cursor.ident()?;
            index.tablespace = true;
        } else if cursor.take("where") {
            index.predicate = Some(bare(cursor.rest()).to_owned());
        } else {
            return None;
        }
    }
    Some(index)
}

/// Without parentheses around the whole.
pub(in crate::engine::postgres) fn bare(expression: &str) -> &str {
    let mut cursor = Cursor::new(expression);
    match cursor.parenthesised() {
        Some(inside) if cursor.at_end() => inside,
        _ => expression,
    }
}

fn keys(inside: &str) -> Option<Vec<IndexKey>> {
    let mut cursor = Cursor::new(inside);
    let mut keys = Vec::new();
    while !cursor.at_end() {
        keys.push(key(&mut cursor)?);
        cursor.take_sign(',');
    }
    Some(keys)
}

fn key(cursor: &mut Cursor<'_>) -> Option<IndexKey> {
    let start = cursor.position();
    let on = if cursor.sees_sign('(') {
        IndexTarget::Expression(cursor.parenthesised()?.to_owned())
    } else {
        let mut names = cursor.dotted()?;
        if cursor.sees_sign('(') {
            cursor.parenthesised()?;
            IndexTarget::Expression(cursor.since(start).to_owned())
        } else if names.len() == 1 {
            IndexTarget::Column(names.pop()?)
        } else {
            return None;
        }
    };
    let mut key = IndexKey { on, descending: false, nulls_first: None, collation: None, opclass: None };
    if cursor.take("collate") {
        key.collation = Some(collation(cursor)?);
    }
    if matches!(cursor.kind(), Some(Kind::Word | Kind::Quoted))
        && !cursor.sees("asc")
        && !cursor.sees("desc")
        && !cursor.sees("nulls")
    {
        let start = cursor.position();
        cursor.dotted()?;
        cursor.parenthesised();
        key.opclass = Some(cursor.since(start).to_owned());
    }
    key.descending = cursor.take_any(&["asc", "desc"]) == Some("desc");
    if let Some(nulls) = cursor.take_any(&["nulls first", "nulls last"]) {
        let first = nulls == "nulls first";
        key.nulls_first = (first != key.descending).then_some(first);
    }
    Some(key)
}

const DROPPED: &[&str] = &[
    "table",
    "index",
    "view",
    "materialized view",
    "sequence",
    "foreign table",
    "type",
    "domain",
    "schema",
    "extension",
    "function",
    "procedure",
    "routine",
    "aggregate",
    "trigger",
    "policy",
    "rule",
];

/// After `DROP`.
fn drop_objects(cursor: &mut Cursor<'_>) -> Option<Drop> {
    let kind = DROPPED.iter().copied().find(|kind| cursor.take(kind))?;
    let concurrently = cursor.take("concurrently");
    let if_exists = cursor.take("if exists");
    let mut items = Vec::new();
    loop {
        let name = cursor.name()?;
        let arguments = cursor.parenthesised().map(str::to_owned);
        let on = if cursor.take("on") { Some(cursor.name()?) } else { None };
        items.push(Dropped { name, on, arguments });
        if !cursor.take_sign(',') {
            break;
        }
    }
    let cascade = cursor.take("cascade");
    Some(Drop { kind, concurrently, if_exists, cascade, items })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::postgres::reader::tree::{Action, Body};

    #[test]
    fn an_alter_table_has_all_its_actions() {
        let text = "alter table if exists only app.t add column a varchar(3) not null default 'x' check (a <> ''), \
            alter b type bigint using b::bigint, drop column if exists c cascade, add constraint k foreign key (d) \
            references u (e) on delete set null not valid, enable row level security, owner to x";
        let Some(Tree::Alter(alter)) = parse(text) else { unreachable!("{text}") };
        assert!(alter.only && alter.if_exists);
        assert_eq!(alter.actions.len(), 6);
        let Action::AddColumn { column, .. } = &alter.actions[0] else { unreachable!() };
        assert_eq!(column.default.as_deref(), Some("'x'"));
        assert!(column.not_null && matches!(column.constraints[0].body, Body::Check { .. }));
        let Action::AddConstraint(key) = &alter.actions[3] else { unreachable!() };
        assert!(key.not_valid);
        assert_eq!(alter.actions[5], Action::Other);
    }

    #[test]
    fn index_keys_keep_order_class_and_expression() {
        let text = "create unique index i on t using gin (lower(a) desc, b text_pattern_ops nulls first, (c || d)) \
            include (e) where (f is null)";
        let Some(Tree::CreateIndex(index)) = parse(text) else { unreachable!() };
        assert_eq!(index.keys[0].on, IndexTarget::Expression("lower(a)".into()));
        assert!(index.keys[0].descending);
        assert_eq!(index.keys[1].opclass.as_deref(), Some("text_pattern_ops"));
        assert_eq!(index.keys[1].nulls_first, Some(true));
        assert_eq!(index.keys[2].on, IndexTarget::Expression("c || d".into()));
        assert_eq!(index.predicate.as_deref(), Some("f is null"));
    }
}
