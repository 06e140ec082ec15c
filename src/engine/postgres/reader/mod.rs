//! PostgreSQL's SQL: a script into statements, each with what it does to the schema.
//!
//! [`split`] finds the statements, [`grammar`] asks squawk's parser whether each is right (no other module sees that
//! parser), and the words of those that are right are read into typed changes.

mod calls;
mod class;
pub(in crate::engine::postgres) mod cursor;
mod grammar;
mod lower;
mod lower_alter;
mod lower_drop;
mod lower_routine;
pub(in crate::engine::postgres) mod lower_table;
mod lower_types;
pub(in crate::engine::postgres) mod parse;
mod parse_alter;
mod parse_table;
mod relations;
pub(in crate::engine::postgres) mod rows;
mod split;
pub(in crate::engine::postgres) mod tokens;
pub(in crate::engine::postgres) mod tree;
pub(in crate::engine::postgres) mod types;
mod variables;
pub(in crate::engine::postgres) mod world;

use crate::schema::Schema;
use crate::sql::{Places, Reading, Script, Skipped, Statement, SyntaxProblem};
use split::Piece;
use world::World;

/// A stretch of a script.
pub(super) enum Part {
    Statement(std::ops::Range<usize>),
    /// A command of psql's, or rows for COPY.
    Client(std::ops::Range<usize>),
}

/// Takes a script apart without reading it.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let part = |piece| match piece {
        Piece::Statement { span, .. } => Part::Statement(span),
        Piece::Skipped { span, .. } => Part::Client(span),
    };
    split::split(text).into_iter().map(part).collect()
}

/// The bytes of a script's comments.
pub(super) fn comments(text: &str) -> Vec<std::ops::Range<usize>> {
    split::comments(text)
}

/// A script without the marks of psql's variables; `None` where it has none.
pub(super) fn without_variables(text: &str) -> Option<String> {
    variables::without(text)
}

/// The kind of a statement: `CREATE INDEX`, `GRANT`.
pub(super) fn class_of(text: &str) -> String {
    class::class(text)
}

/// Reads a script. Deep nesting needs a deep stack, so the work is done on a thread that has one.
pub(super) fn read(text: &str, schema: &Schema) -> Script {
    let pieces = split::split(text);
    let deep = pieces.iter().any(|p| matches!(p, Piece::Statement { depth, chain, .. } if *depth > 20 || *chain > 100));
    if !deep {
        return read_pieces(text, pieces, schema, false);
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(grammar::STACK_BYTES);
        let script = builder.spawn_scoped(scope, || read_pieces(text, pieces, schema, true));
        script.ok().and_then(|thread| thread.join().ok()).unwrap_or_default()
    })
}

/// The statements that the grammar is asked about: what is never closed or too deep has a reason of its own.
fn for_grammar<'t>(text: &'t str, piece: &Piece) -> Option<&'t str> {
    match piece {
        Piece::Statement { span, unclosed: None, depth, chain }
            if *depth <= grammar::DEEPEST && *chain <= grammar::LONGEST_CHAIN =>
        {
            text.get(span.clone())
        }
        _ => None,
    }
}

fn read_pieces(text: &str, pieces: Vec<Piece>, schema: &Schema, deep: bool) -> Script {
    let asked: Vec<&str> = pieces.iter().filter_map(|piece| for_grammar(text, piece)).collect();
    let mut errors = grammar::errors(&asked, deep).into_iter();
    let mut world = World::new(schema);
    let mut script = Script::default();
    let mut places = Places::new(text);
    for piece in pieces {
        let errors = for_grammar(text, &piece).and_then(|_| errors.next()).unwrap_or_default();
        match piece {
            Piece::Skipped { span, why } => {
                let (line, column) = places.of(span.start);
                let text = text.get(span.clone()).unwrap_or_default().to_owned();
                script.skipped.push(Skipped { span, line, column, text, why });
            }
            Piece::Statement { span, unclosed, depth, chain } => {
                let (line, column) = places.of(span.start);
                let own = text.get(span.clone()).unwrap_or_default();
                if let Some(why) = transaction_control(own) {
                    script.skipped.push(Skipped { span, line, column, text: own.to_owned(), why });
                    continue;
                }
                let problems = if let Some(byte) = unclosed {
                    let (line, column) = places.clone().of(byte);
                    vec![SyntaxProblem { message: open_end(text, byte).to_owned(), line, column }]
                } else if depth > grammar::DEEPEST || chain > grammar::LONGEST_CHAIN {
                    vec![SyntaxProblem { message: "nested too deeply to be read".to_owned(), line, column }]
                } else {
                    grammar::problems(errors, span.start, &places)
                };
                let class = class::class(own);
                let reading = if problems.is_empty() { world.statement(own, &class) } else { Reading::default() };
                script.statements.push(Statement {
                    span,
                    line,
                    column,
                    text: own.to_owned(),
                    class,
                    problems,
                    reading,
                });
            }
        }
    }
    script.after = Some(Box::new(world.schema.into_owned()));
    script
}

/// What the text is in the middle of at its end.
fn open_end(text: &str, from: usize) -> &'static str {
    match text.get(from..).unwrap_or_default().chars().next() {
        Some('"') => "this quoted name is never closed",
        Some('/') => "this comment is never closed",
        _ => "this string is never closed",
    }
}

/// Why a statement that begins, ends or marks a transaction is left out.
fn transaction_control(text: &str) -> Option<String> {
    let mut cursor = cursor::Cursor::leading(text, 2);
    let word = cursor.take_any(&[
        "begin",
        "start transaction",
        "commit",
        "rollback",
        "abort",
        "end",
        "savepoint",
        "release",
        "prepare transaction",
    ])?;
    let word = word.to_ascii_uppercase();
    Some(format!("{word}: each step has a transaction of its own"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Change, ConstraintKind, EngineKind, QName};
    use proptest::prelude::*;

    fn empty() -> Schema {
        Schema::empty(EngineKind::Postgres)
    }

    fn after(text: &str) -> Schema {
        let mut schema = empty();
        for statement in read(text, &empty()).statements {
            assert!(statement.parsed(), "{statement:?}");
            for change in &statement.reading.changes {
                schema.apply(change).unwrap();
            }
        }
        schema
    }

    #[test]
    fn tables_get_the_names_that_the_server_gives() {
        let schema = after(
            "create table p (id bigserial primary key, code text unique, check (code <> ''), check (id > 0 and code is \
             not null));\ncreate table t (a int references p, b varchar(3) not null check (b > ''), unique (a, b));\n\
             create index on t (lower(b), a); create index on t (a); create index on t (a);",
        );
        let table = &schema.tables[&QName::new("public", "t")];
        let names: Vec<_> = table.constraints.keys().map(String::as_str).collect();
        assert_eq!(names, ["t_a_b_key", "t_a_fkey", "t_b_check"]);
        let names: Vec<_> = table.indexes.keys().map(String::as_str).collect();
        assert_eq!(names, ["t_a_idx", "t_a_idx1", "t_lower_a_idx"]);
        let parent = &schema.tables[&QName::new("public", "p")];
        let names: Vec<_> = parent.constraints.keys().map(String::as_str).collect();
        assert_eq!(names, ["p_check", "p_code_check", "p_code_key", "p_pkey"]);
        let ConstraintKind::ForeignKey(key) = &table.constraints.get("t_a_fkey").unwrap().kind else { unreachable!() };
        assert_eq!(key.referenced_columns, ["id"]);
        let sequence = &schema.sequences[&QName::new("public", "p_id_seq")];
        assert_eq!(sequence.owned_by, Some((parent.name.clone(), "id".into())));
    }

    #[test]
    fn a_statement_sees_what_the_ones_before_it_made() {
        let text = "create schema app; set search_path to app; create table t (a int); alter table t add b text; \
            create table if not exists t (x int); drop table if exists u; alter table t add column if not exists b int";
        let script = read(text, &empty());
        let changes: Vec<usize> = script.statements.iter().map(|s| s.reading.changes.len()).collect();
        assert_eq!(changes, [1, 0, 1, 1, 0, 0, 0]);
        assert!(after(text).tables[&QName::new("app", "t")].column("b").is_some());
    }

    #[test]
    fn a_cascade_takes_what_depends_on_it() {
        let schema = after("create table p (id int primary key); create table t (a int references p)");
        let script = read("drop table p cascade", &schema);
        let reading = &script.statements[0].reading;
        assert!(matches!(&reading.changes[..], [Change::DropConstraint { .. }, Change::DropTable { .. }]));
        assert_eq!(reading.destroys, ["p"]);
    }

    #[test]
    fn what_does_not_read_is_named_with_its_place_and_the_rest_is_read() {
        let script = read("select 1;\nalter table t frob;\ndrop table t;", &empty());
        let [_, wrong, right] = &script.statements[..] else { unreachable!("{script:?}") };
        assert_eq!((wrong.class.as_str(), wrong.problems[0].line), ("ALTER TABLE", 2));
        assert!(right.parsed() && !right.reading.changes.is_empty());
    }

    #[test]
    fn deep_nesting_is_refused_and_long_chains_are_survived() {
        let deep = format!("select {}1{}", "(".repeat(20_000), ")".repeat(20_000));
        assert!(!read(&deep, &empty()).statements[0].parsed());
        let nested = format!("select {}1{}", "(".repeat(450), ")".repeat(450));
        assert!(read(&nested, &empty()).statements[0].parsed());
        let chain = format!("select 1{}", " + 1".repeat(4_000));
        assert!(read(&chain, &empty()).statements[0].parsed());
        assert!(!read(&format!("select {}1", "- ".repeat(30_000)), &empty()).statements[0].parsed());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_failing(
            text in "(?s)(create|table|alter|drop|index|on|t|a|int|\\(|\\)|,|;|'|\"|\\$\\$|add|column|default|[^a-z]| ){0,50}",
        ) {
            for statement in read(&text, &empty()).statements {
                prop_assert_eq!(&text[statement.span.clone()], statement.text);
            }
        }
    }
}
