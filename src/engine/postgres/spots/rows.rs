//! Statements about rows.

use super::Spots;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::reader::rows::{Verb, parse};

pub(super) fn of_statement(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    if compares_with_null(&cursor) {
        spots.tell("null-comparison", "a comparison with NULL finds no row");
    }
    let Some(statement) = parse(&spots.statement.text) else { return };
    match statement.verb {
        Verb::Update | Verb::Delete if statement.condition.is_some_and(is_tautology) => {
            let table = spots.relation(&statement.target);
            let deletes = statement.verb == Verb::Delete;
            let rule = if deletes { "delete-without-where" } else { "update-without-where" };
            spots.tell_of(rule, &table, format!("the condition is true for every row of {}", table.short()));
        }
        Verb::Insert if !names_columns(&spots.statement.text) => {
            let table = spots.relation(&statement.target);
            spots.tell(
                "insert-without-columns",
                format!("the values go to the columns of {} in their order", table.short()),
            );
        }
        _ => {}
    }
}

/// `true`, `1 = 1`, `x = x`.
fn is_tautology(condition: &str) -> bool {
    let mut cursor = Cursor::new(crate::engine::postgres::reader::parse::bare(condition));
    if cursor.take("true") {
        return cursor.at_end();
    }
    let left = cursor.raw(0).to_owned();
    let one = cursor.raw(1) == "=" && cursor.raw(2) == left;
    one && cursor.raw(3).is_empty()
}

/// `= NULL` and `<> NULL` in a condition; an UPDATE's SET is no comparison.
fn compares_with_null(cursor: &Cursor<'_>) -> bool {
    let mut cursor = cursor.clone();
    let mut in_condition = false;
    while !cursor.at_end() {
        if cursor.sees("where") || cursor.sees("and") || cursor.sees("or") || cursor.sees("having") {
            in_condition = true;
        } else if cursor.sees("set") {
            in_condition = false;
        }
        let compares = cursor.raw(0) == "=" || cursor.raw(0) == ">";
        if in_condition && compares && cursor.raw(1).eq_ignore_ascii_case("null") {
            return true;
        }
        cursor.step();
    }
    false
}

fn names_columns(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    while !cursor.at_end() && !cursor.take("insert into") {
        cursor.step();
    }
    cursor.name();
    if cursor.take("as") {
        cursor.ident();
    }
    cursor.sees_sign('(') || cursor.sees("default")
}

/// `SELECT *` at the top.
pub(super) fn selects_star(cursor: &Cursor<'_>) -> bool {
    let mut cursor = cursor.clone();
    while !cursor.at_end() {
        if cursor.take("select") {
            return cursor.sees_sign('*');
        }
        cursor.step();
    }
    false
}

pub(super) fn truncate(spots: &mut Spots<'_>) {
    if !spots.cursor().has("cascade") {
        return;
    }
    let named = &spots.statement.reading.relations;
    let locked = spots.judgement.locks.iter().filter_map(|lock| lock.relation.parse().ok());
    let along: Vec<String> = locked.filter(|name| !named.contains(name)).map(|name| name.short()).collect();
    if !along.is_empty() {
        spots.tell(
            "truncate-cascade",
            format!("{} {} emptied too", along.join(", "), if along.len() == 1 { "is" } else { "are" }),
        );
    } else if !spots.context.connected && !named.iter().all(|name| spots.is_new(name)) {
        spots.tell("truncate-cascade", "every table with a foreign key to it is emptied too");
    }
}

pub(super) fn copy(spots: &mut Spots<'_>) {
    let cursor = spots.cursor();
    if cursor.has("from program") || cursor.has("to program") {
        spots.tell("copy-from-program", "the server runs a shell command");
    }
}
