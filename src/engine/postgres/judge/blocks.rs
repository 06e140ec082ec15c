//! `DO` blocks in PL/pgSQL: the statements in them, taken as if every branch were run. What is put together while the
//! block runs (`EXECUTE`) cannot be known.

use super::work::Work;
use crate::engine::postgres::reader::cursor::Cursor;
use crate::engine::postgres::reader::{Part, parts, read};
use crate::risk::Context;
use crate::schema::Change;

/// False when something in the block is not understood.
pub(super) fn judge(work: &mut Work<'_>, text: &str) -> bool {
    let Some(body) = body(text) else { return false };
    let Some(statements) = statements(&body) else { return false };
    let context = work.context;
    let mut schema = context.schema.clone();
    let mut made = context.made_here.clone();
    for sql in statements {
        for statement in read(&sql, &schema).statements {
            let moment = Context { schema: &schema, made_here: &made, ..*context };
            let found = super::judge(work.server, &statement, &moment);
            if !found.known && !statement.reading.read_only {
                return false;
            }
            work.include(found, &made);
            // `SELECT … INTO` fills a variable here, where it makes a table elsewhere.
            if matches!(statement.class.as_str(), "SELECT" | "SELECT INTO") {
                continue;
            }
            for change in statement.reading.changes {
                if schema.apply(&change).is_ok() {
                    made.extend(made_by(&change));
                    work.assume(change);
                }
            }
        }
    }
    true
}

fn made_by(change: &Change) -> Option<crate::schema::QName> {
    match change {
        Change::CreateTable { table } => Some(table.name.clone()),
        Change::CreateView { view } => Some(view.name.clone()),
        Change::CreateSequence { sequence } => Some(sequence.name.clone()),
        _ => None,
    }
}

/// The code between the quotes, where it is PL/pgSQL's.
fn body(text: &str) -> Option<String> {
    let mut cursor = Cursor::new(text);
    let mut body = None;
    cursor.take("do").then_some(())?;
    while !cursor.at_end() {
        if cursor.take("language") {
            let language = cursor.ident().or_else(|| cursor.string())?;
            if language != "plpgsql" {
                return None;
            }
        } else {
            body = Some(cursor.string()?);
        }
    }
    body
}

/// The SQL statements of a block, without what is about its flow and its variables; `None` when a piece is neither.
fn statements(body: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let mut declaring = false;
    for part in parts(body) {
        let Part::Statement(span) = part else { return None };
        let piece = body.get(span)?;
        let mut cursor = Cursor::new(piece);
        loop {
            if cursor.at_end() {
                break;
            }
            if cursor.take("declare") {
                declaring = true;
            }
            if cursor.take("begin") {
                declaring = false;
                continue;
            }
            if declaring || is_flow(&cursor) {
                break;
            }
            if let Some(rest) = past_head(&mut cursor) {
                rest.then_some(())?;
                continue;
            }
            if cursor.take("perform") {
                out.push(format!("select {}", cursor.rest()));
                break;
            }
            if STATEMENTS.iter().any(|verb| cursor.sees(verb)) {
                out.push(cursor.rest().to_owned());
            } else if !assigns(&mut cursor) {
                return None;
            }
            break;
        }
    }
    Some(out)
}

/// Verbs of SQL that stand for themselves in a block.
const STATEMENTS: [&str; 15] = [
    "alter", "analyze", "comment", "create", "delete", "drop", "grant", "insert", "lock", "merge", "refresh", "revoke",
    "select", "truncate", "update",
];

/// What runs nothing by itself.
fn is_flow(cursor: &Cursor<'_>) -> bool {
    ["end", "raise", "return", "null", "exit", "continue", "assert", "get", "close"]
        .iter()
        .any(|word| cursor.sees(word))
}

/// Goes past the head of a branch or a loop; `Some(false)` when what it says is put together as it runs.
fn past_head(cursor: &mut Cursor<'_>) -> Option<bool> {
    if cursor.take_any(&["else", "loop", "exception"]).is_some() {
        return Some(true);
    }
    let end = match cursor.take_any(&["if", "elsif", "elseif", "when", "while", "foreach", "for"])? {
        "if" | "elsif" | "elseif" | "when" => "then",
        _ => "loop",
    };
    while !cursor.at_end() && !cursor.take(end) {
        if cursor.sees("execute") {
            return Some(false);
        }
        if cursor.parenthesised().is_none() {
            cursor.step();
        }
    }
    Some(true)
}

/// `variable := value`.
fn assigns(cursor: &mut Cursor<'_>) -> bool {
    cursor.dotted().is_some() && (cursor.sees_sign(':') || cursor.sees_sign('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_taken_apart_into_its_statements() {
        let block = "declare n int := 1; m text; begin
            if not exists (select 1 from a where b = 'then') then alter table t add x int; elsif n > 1 then n := 2; end if;
            for r in select * from q loop update t set x = 1 where id = r.id; end loop;
            perform f(1);
            raise notice 'drop table t';
        exception when others then null; end";
        assert_eq!(
            statements(block).unwrap(),
            ["alter table t add x int", "update t set x = 1 where id = r.id", "select f(1)"]
        );
    }

    #[test]
    fn what_is_put_together_at_run_time_is_not_known() {
        assert_eq!(statements("begin execute 'drop table ' || x; end"), None);
        assert_eq!(statements("begin for r in execute q loop null; end loop; end"), None);
        assert_eq!(body("do language plpython3u $$ x $$"), None);
        assert_eq!(body("do $$ begin null; end $$ language plpgsql").unwrap().trim(), "begin null; end");
    }
}
