//! The parts of a statement that changes rows.

use super::cursor::{Cursor, Name};

/// What a statement does to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) enum Verb {
    Insert,
    Update,
    Delete,
    /// MERGE and COPY: only the table is told.
    Other,
}

/// INSERT, UPDATE or DELETE, taken apart. Texts are as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine::postgres) struct RowStatement<'a> {
    pub verb: Verb,
    /// The common table expressions, with WITH.
    pub with: Option<&'a str>,
    pub only: bool,
    pub target: Name,
    pub alias: Option<String>,
    /// The columns that an UPDATE sets; empty when they cannot be told.
    pub sets: Vec<String>,
    /// After FROM or USING.
    pub sources: Option<&'a str>,
    /// After WHERE.
    pub condition: Option<&'a str>,
    /// What an INSERT does with rows that are there already: `nothing` or `update`.
    pub conflict: Option<&'static str>,
    /// The statement without RETURNING and what follows.
    pub body: &'a str,
}

/// `None` for what is no such statement, and for forms that are not known here.
pub(in crate::engine::postgres) fn parse(text: &str) -> Option<RowStatement<'_>> {
    let mut cursor = Cursor::new(text);
    let start = cursor.position();
    let with =
        if cursor.sees("with") { Some(section(&mut cursor, &["insert", "update", "delete", "merge"])) } else { None };
    let verb = match cursor.take_any(&["insert into", "update", "delete from", "merge into", "copy"])? {
        "insert into" => Verb::Insert,
        "update" => Verb::Update,
        "delete from" => Verb::Delete,
        _ => Verb::Other,
    };
    let only = cursor.take("only");
    let target = cursor.name()?;
    cursor.take_sign('*');
    let mut found = RowStatement {
        verb,
        with,
        only,
        target,
        alias: None,
        sets: Vec::new(),
        sources: None,
        condition: None,
        conflict: None,
        body: text,
    };
    if verb == Verb::Other {
        return Some(found);
    }
    let clause = ["set", "using", "where", "returning", "values", "select", "with", "default", "overriding", "table"];
    if cursor.take("as") || !(cursor.at_end() || clause.iter().any(|word| cursor.sees(word))) {
        found.alias = cursor.ident();
    }
    if verb == Verb::Insert {
        insert(&mut cursor, &mut found);
    } else {
        change(&mut cursor, &mut found)?;
    }
    found.body = cursor.since(start);
    Some(found)
}

fn insert(cursor: &mut Cursor<'_>, found: &mut RowStatement<'_>) {
    section(cursor, &["on conflict", "returning"]);
    if cursor.take("on conflict") {
        section(cursor, &["do nothing", "do update"]);
        found.conflict = Some(if cursor.sees("do update") { "update" } else { "nothing" });
        section(cursor, &["returning"]);
    }
}

fn change<'a>(cursor: &mut Cursor<'a>, found: &mut RowStatement<'a>) -> Option<()> {
    if found.verb == Verb::Update {
        cursor.take("set").then_some(())?;
        found.sets = sets(&mut Cursor::new(section(cursor, &["from", "where", "returning"]))).unwrap_or_default();
    }
    if cursor.take_any(&["from", "using"]).is_some() {
        found.sources = Some(section(cursor, &["where", "returning"]));
    }
    if cursor.take("where") {
        found.condition = Some(section(cursor, &["returning"]));
    }
    // WHERE CURRENT OF names a cursor of a session, which nothing else can read.
    found.condition.is_none_or(|text| !Cursor::new(text).sees("current of")).then_some(())
}

/// The columns of `a = 1, (b, c) = (2, 3), d[1] = 4, e.part = 5`.
fn sets(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    loop {
        if cursor.sees_sign('(') {
            columns.extend(cursor.name_list()?);
        } else {
            columns.push(cursor.ident()?);
        }
        while !cursor.at_end() && !cursor.sees_sign(',') {
            pass(cursor);
        }
        if !cursor.take_sign(',') {
            return Some(columns);
        }
    }
}

/// The text up to one of `stops` outside of all parentheses.
fn section<'a>(cursor: &mut Cursor<'a>, stops: &[&str]) -> &'a str {
    let start = cursor.position();
    while !cursor.at_end() && !stops.iter().any(|words| cursor.sees(words)) {
        if !cursor.take("distinct from") {
            pass(cursor);
        }
    }
    cursor.since(start)
}

fn pass(cursor: &mut Cursor<'_>) {
    if cursor.parenthesised().is_none() {
        cursor.step();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_has_its_columns_sources_and_condition() {
        let text = "with x as (select 1 from y where true) update only app.t as u set a = (select b from c), \
            (d, e) = (1, 2), f[1] = case when u.g is distinct from 3 then 1 end from x join z on true where u.a = 1 \
            returning u.a";
        let found = parse(text).unwrap();
        assert_eq!(found.sets, ["a", "d", "e", "f"]);
        assert_eq!(found.alias.as_deref(), Some("u"));
        assert_eq!(found.with, Some("with x as (select 1 from y where true)"));
        assert_eq!((found.sources, found.condition), (Some("x join z on true"), Some("u.a = 1")));
        assert!(found.only && found.body.ends_with("where u.a = 1"));
    }

    #[test]
    fn deletes_and_inserts_are_taken_apart() {
        let delete = parse("delete from t using u where t.a = u.a").unwrap();
        assert_eq!((delete.sources, delete.condition), (Some("u"), Some("t.a = u.a")));
        let insert =
            parse("insert into t (a) select a from u on conflict (a) do update set b = 1 returning a").unwrap();
        assert_eq!((insert.conflict, insert.alias), (Some("update"), None));
        assert!(insert.body.ends_with("set b = 1"));
        assert_eq!(parse("insert into t default values").unwrap().alias, None);
        assert_eq!(parse("delete from t where current of c"), None);
        assert_eq!(parse("create table t ()"), None);
    }
}
