//! Indexes: create, drop, rename.

use super::super::conditions::after;
use super::super::draft::{Draft, Flow, Stop};
use super::super::emit::IndexExtras;
use super::super::names;
use super::super::pattern::Captures;
use super::super::refs::items;
use super::super::tokens::{Kind, Token, text_of};
use super::super::values::{Want, in_brackets};
use super::{Rule, rule};
use crate::schema::{Change, IndexKey, IndexTarget, QName};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            create,
            &[
                "{add} [<how*>] index [called <name>|named <name>] (on|to|for|over|in) [table] <table> (by|on|over|for|using) [{column}] <keys>",
                "{add} [<how*>] index [called <name>|named <name>] (on|for|over|to|in) [{column}] <keys>",
                "[<how*>] index [called <name>|named <name>] (on|for|over) [table] <table> (by|on|over) [{column}] <keys>",
                "[<how*>] index [called <name>|named <name>] (on|for|over) [{column}] <keys>",
                "index [table] <table> (by|on|over) [{column}] <keys>",
                "index [{column}] <keys>",
                "(make|ensure) <keys> [is|are|be] indexed",
                "<keys> (should|must|needs) [be|to be] indexed",
                "<keys> (need|needs|should have|must have) [an|a] index",
                "we forgot [an] index on <keys>",
                "{add} [<how*>] index <name> on [table] <table> ( <keys> ) [<more*>]",
            ],
        ),
        rule(
            drop_index,
            &[
                "{drop} index <index>",
                "{drop} index (on|of|for|from) <cols>",
                "{drop} <index> [index] [<why*>]",
                "<index> (duplicates|is unused|is not used|is redundant|is obsolete) [<why*>] , {drop} it",
            ],
        ),
        rule(rename_index, &["rename [index] <index> (to|as) <new>"]),
    ]
}

/// What is said of an index after its keys, taken off them.
struct Keys<'t> {
    list: &'t [Token],
    predicate: &'t [Token],
    include: &'t [Token],
}

fn split_keys(tokens: &[Token]) -> Keys<'_> {
    let at = |tokens: &[Token], words: &[&str]| tokens.iter().position(|t| t.is_any(words));
    let (list, predicate) = match at(tokens, &["where", "when", "if"]) {
        Some(at) => (tokens.split_at(at).0, tokens.split_at(at + 1).1),
        None => (tokens, &[][..]),
    };
    let (list, include) = match at(list, &["including", "include", "covering"]) {
        Some(at) => (list.split_at(at).0, list.split_at(at + 1).1),
        None => (list, &[][..]),
    };
    let trailing = ["and", ",", "with", "only"];
    let end = list.iter().rev().take_while(|t| t.is_any(&trailing)).count();
    Keys { list: list.split_at(list.len() - end).0, predicate, include }
}

fn create(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let mut extras = IndexExtras::default();
    read_how(said.get("how"), &mut extras)?;
    if !said.get("name").is_empty() {
        extras.name = Some(Draft::new_name(said.get("name"))?);
    }
    let split = split_keys(said.get("keys"));
    let list = without_manner(split.list, &mut extras);
    let (table, keys, named_by) = if said.has("table") {
        let table = draft.table_ref(said.get("table"))?;
        let (keys, names) = keys_of(draft, &table, &list)?;
        (table, keys, names)
    } else {
        keys_anywhere(draft, &list)?
    };
    if !split.predicate.is_empty() {
        extras.predicate = Some(draft.condition(&table, named_by.first().map(String::as_str), split.predicate)?);
    }
    if !split.include.is_empty() {
        let columns = draft.columns_of(&table, split.include)?;
        extras.include = columns.into_iter().map(|c| c.column).collect();
    }
    let names: Vec<&str> = named_by.iter().map(String::as_str).collect();
    draft.add_index(&table, keys, &names, extras)?;
    draft.focus.columns = named_by;
    Ok(())
}

/// `unique`, `gin`, `partial`, `composite` and the like before the word index.
fn read_how(how: &[Token], extras: &mut IndexExtras) -> Flow<()> {
    for word in how {
        if word.is("unique") {
            extras.unique = true;
        } else if word.is_any(&["gin", "gist", "brin", "hash", "btree", "spgist"]) {
            extras.method = Some(word.lower.clone());
        } else if !word.is_any(&[
            "partial",
            "composite",
            "new",
            "covering",
            "multicolumn",
            "functional",
            "missing",
            "concurrent",
            "compound",
            "-",
            "b",
            "tree",
            "combined",
            "and",
            "single",
            "column",
            "another",
        ]) {
            return Err(Stop::No);
        }
    }
    Ok(())
}

/// Takes out how the index is to be made: that is the plan's business, except for its method.
fn without_manner(tokens: &[Token], extras: &mut IndexExtras) -> Vec<Token> {
    let mut rest = tokens;
    let mut out = Vec::new();
    let manners: &[&[&str]] = &[
        &["concurrently"],
        &["without", "locking", "table"],
        &["without", "locking"],
        &["without", "blocking", "writes"],
        &["together"],
        &["without", "downtime"],
        &["as", "well"],
        &["without", "locking", "it"],
    ];
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = manners.iter().find_map(|m| after(rest, m)) {
            rest = after;
        } else if let Some([method, after @ ..]) = after(rest, &["using"])
            && method.is_any(&["gin", "gist", "brin", "hash", "btree", "spgist"])
        {
            extras.method = Some(method.lower.clone());
            rest = after;
        } else {
            out.push(first.clone());
            rest = tail;
        }
    }
    out
}

type Found = (QName, Vec<IndexKey>, Vec<String>);

/// Keys with or without their table: `orders.customer_id`, `email of users`, `lower(email) on users`, `it`.
fn keys_anywhere(draft: &mut Draft<'_>, list: &[Token]) -> Flow<Found> {
    // `orders (customer_id, status)`
    if let Some(open) = list.iter().position(|t| t.is("(")).filter(|at| *at > 0) {
        let (table, bracket) = list.split_at(open);
        if in_brackets(bracket) == bracket.len()
            && let Ok(table) = draft.strictly(|d| d.table_ref(table))
        {
            let inner = bracket.get(1..bracket.len().saturating_sub(1)).unwrap_or_default();
            let (keys, names) = keys_of(draft, &table, inner)?;
            return Ok((table, keys, names));
        }
    }
    for (at, _) in list.iter().enumerate().rev().filter(|(_, t)| t.is_any(&["on", "of", "in", "from"])) {
        let (keys, table) = list.split_at(at);
        let Some((_, table)) = table.split_first() else { continue };
        if let Ok(table) = draft.strictly(|d| d.table_ref(table)) {
            let (keys, names) = keys_of(draft, &table, keys)?;
            return Ok((table, keys, names));
        }
    }
    for length in 1..list.len() {
        let (table, keys) = list.split_at(length);
        if let Ok(table) = draft.strictly(|d| d.table_ref(table))
            && let Ok((keys, names)) = draft.strictly(|d| keys_of(d, &table, keys))
        {
            return Ok((table, keys, names));
        }
    }
    let columns: Vec<(Vec<Token>, bool)> = items(list).into_iter().map(direction).collect();
    let plain: Vec<Token> = columns.iter().flat_map(|(tokens, _)| tokens.iter().cloned().chain(comma())).collect();
    if let Some(focus) = draft.focus.table.clone()
        && let Ok((keys, names)) = draft.strictly(|d| keys_of(d, &focus, list))
    {
        return Ok((focus, keys, names));
    }
    let found = draft.column_refs(&plain)?;
    let Some(first) = found.first() else { return Err(Stop::No) };
    let table = first.table.clone();
    if found.iter().any(|c| c.table != table) {
        return Err(Stop::Cannot("an index is on columns of one table".into()));
    }
    let keys = found.iter().enumerate().map(|(at, c)| IndexKey {
        descending: columns.get(at).is_some_and(|(_, descending)| *descending),
        ..IndexKey::column(&c.column)
    });
    Ok((table, keys.collect(), found.iter().map(|c| c.column.clone()).collect()))
}

fn comma() -> Option<Token> {
    super::super::tokens::tokens(",").into_iter().next()
}

/// A key without the words that give its order.
fn direction(tokens: &[Token]) -> (Vec<Token>, bool) {
    let words = ["descending", "desc", "ascending", "asc", "newest", "latest", "first", "order"];
    let descending = tokens.iter().any(|t| t.is_any(&["descending", "desc", "newest", "latest"]));
    (tokens.iter().filter(|t| !t.is_any(&words)).cloned().collect(), descending)
}

/// The keys of an index on `table`, and the columns that name it.
fn keys_of(draft: &mut Draft<'_>, table: &QName, list: &[Token]) -> Flow<(Vec<IndexKey>, Vec<String>)> {
    let list = match list {
        [open, inner @ .., close] if open.is("(") && close.is(")") && in_brackets(list) == list.len() => inner,
        all => all,
    };
    let mut keys = Vec::new();
    let mut names = Vec::new();
    for item in separate(list) {
        let (tokens, descending) = direction(item);
        if tokens.iter().any(|t| t.is("(")) {
            let want = Want { table: Some(table), data_type: None };
            let expression = draft.expression(&tokens, want)?;
            names.extend(tokens.first().map(|t| t.lower.clone()));
            keys.push(IndexKey { on: IndexTarget::Expression(expression), descending, ..IndexKey::column("") });
        } else {
            for column in draft.columns_of(table, &tokens)? {
                keys.push(IndexKey { descending, ..IndexKey::column(&column.column) });
                names.push(column.column);
            }
        }
    }
    if keys.is_empty() { Err(Stop::No) } else { Ok((keys, names)) }
}

/// Splits at commas and "and" that are in no bracket.
fn separate(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    tokens
        .split(|t| {
            depth += i32::from(t.is("(")) - i32::from(t.is(")"));
            depth == 0 && t.is_any(&[",", "and", "&", "then"])
        })
        .filter(|item| !item.is_empty())
        .collect()
}

/// An index by its name.
fn index_ref(draft: &Draft<'_>, tokens: &[Token]) -> Option<(QName, String)> {
    let words: Vec<&Token> = tokens.iter().filter(|t| !t.is("index")).collect();
    let [only] = words.as_slice() else { return None };
    if only.is("it") {
        return Some((draft.focus.table.clone()?, draft.focus.index.clone()?));
    }
    let (_, bare) = names::qualified(&only.text);
    let all = draft
        .schema
        .tables
        .values()
        .flat_map(|t| t.indexes.keys().map(move |i| (i.as_str(), (t.name.clone(), i.clone()))));
    let found = names::matching(bare, all);
    <[_; 1]>::try_from(found).ok().map(|[one]| one)
}

fn drop_index(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    if said.has("cols") {
        return drop_index_on(draft, said.get("cols"));
    }
    let tokens = said.get("index");
    if let Some((table, name)) = index_ref(draft, tokens) {
        draft.look_at(&table, &[]);
        draft.push(Change::DropIndex { table, name });
        return Ok(());
    }
    let [only] = tokens else { return Err(Stop::No) };
    if only.kind == Kind::Symbol || draft.strict {
        return Err(Stop::No);
    }
    let all: Vec<&str> = draft.schema.tables.values().flat_map(|t| t.indexes.keys().map(String::as_str)).collect();
    let choices = names::nearest(&only.text, all.iter().copied());
    if choices.is_empty() || !only.text.contains("idx") && !only.text.contains("index") {
        return Err(Stop::No);
    }
    let answer = draft.ask(
        format!("index:{}", only.text),
        format!("There is no index {}. Which one do you mean?", only.text),
        choices,
    )?;
    let answer_tokens = super::super::tokens::tokens(&answer);
    let (table, name) =
        index_ref(draft, &answer_tokens).ok_or_else(|| Stop::Cannot(format!("there is no index {answer}")))?;
    draft.push(Change::DropIndex { table, name });
    Ok(())
}

fn drop_index_on(draft: &mut Draft<'_>, tokens: &[Token]) -> Flow<()> {
    let columns = draft.column_refs(tokens)?;
    let Some(first) = columns.first() else { return Err(Stop::No) };
    let names: Vec<&str> = columns.iter().map(|c| c.column.as_str()).collect();
    let table = draft.table(&first.table)?;
    let on_exactly = |keys: &[IndexKey]| {
        keys.len() == names.len()
            && keys.iter().zip(&names).all(|(k, n)| matches!(&k.on, IndexTarget::Column(c) if c == n))
    };
    let found: Vec<String> = table.indexes.values().filter(|i| on_exactly(&i.keys)).map(|i| i.name.clone()).collect();
    let name = match found.as_slice() {
        [] => return Err(Stop::Cannot(format!("{} has no index on {}", first.table.short(), text_of(tokens)))),
        [one] => one.clone(),
        _ => draft.ask(format!("index-on:{}", names.join(",")), "Which of these indexes?", found)?,
    };
    let table = first.table.clone();
    draft.push(Change::DropIndex { table, name });
    Ok(())
}

fn rename_index(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let (table, from) = index_ref(draft, said.get("index")).ok_or(Stop::No)?;
    let to = Draft::new_name(said.get("new"))?;
    draft.push(Change::RenameIndex { table, from, to });
    Ok(())
}
