//! The plan as one plain `.sql` file, which the engine's own client can run too.
//!
//! Structure is in comment lines that begin with `-- lockstep:`; the SQL is the file's only other content, and the
//! rollbacks are in it as comments:
//!
//! ```sql
//! -- lockstep: plan {"version":1,"engine":"postgres","title":"…"}
//!
//! -- lockstep: step {"id":"1","title":"Add column region to sales", …}
//! BEGIN;
//! -- lockstep: sql {"lines":1}
//! ALTER TABLE public.sales ADD COLUMN region text;
//! -- lockstep: rollback {"kind":"exact"}
//! -- lockstep: back {"lines":1}
//! -- ALTER TABLE public.sales DROP COLUMN region;
//! COMMIT;
//! ```
//!
//! Reading gives the same plan back. SQL that was edited in the file is taken as it stands now; what was known of the
//! step before the edit (locks, risks, changes) is then left out, to be judged again.

use super::{Patterns, Plan, Rollback, Step, StepKind};
use crate::error::Location;
use crate::{Error, ErrorCode, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const MARK: &str = "-- lockstep: ";

/// Writes a plan.
pub fn write(plan: &Plan, patterns: &dyn Patterns) -> String {
    let mut head = json!(plan);
    if let Some(head) = head.as_object_mut() {
        head.remove("steps");
    }
    let mut out = format!("{MARK}plan {head}\n");
    for step in &plan.steps {
        out.push('\n');
        write_step(&mut out, step, patterns);
    }
    out
}

fn write_step(out: &mut String, step: &Step, patterns: &dyn Patterns) {
    let mut head = json!(step);
    if let Some(head) = head.as_object_mut() {
        for kept_below in ["sql", "rollback", "session"] {
            head.remove(kept_below);
        }
        head.insert("hash".into(), hash(step).into());
    }
    let _ = writeln!(out, "{MARK}step {head}");
    for sql in &step.session {
        write_sql(out, "session", sql);
    }
    let transaction = step.transactional && !step.sql.is_empty() && step.kind != StepKind::Wait;
    if transaction {
        let _ = writeln!(out, "{};", patterns.begin());
    }
    for sql in &step.sql {
        write_sql(out, "sql", sql);
    }
    let mut back = json!(step.rollback);
    if let Some(back) = back.as_object_mut() {
        back.remove("sql");
    }
    let _ = writeln!(out, "{MARK}rollback {back}");
    for sql in &step.rollback.sql {
        let _ = writeln!(out, "{MARK}back {}", json!({ "lines": sql.split('\n').count() }));
        for line in sql.split('\n') {
            let _ = writeln!(out, "-- {line}");
        }
    }
    if transaction {
        out.push_str("COMMIT;\n");
    }
}

fn write_sql(out: &mut String, word: &str, sql: &str) {
    let _ = writeln!(out, "{MARK}{word} {}", json!({ "lines": sql.split('\n').count() }));
    // A closing semicolon would be lost in a comment at the end, and doubled after one of the text's own.
    let last = sql.rsplit('\n').next().unwrap_or_default();
    let apart = last.contains("--") || last.trim_end().ends_with(';') || last.trim().is_empty();
    let _ = writeln!(out, "{sql}{}", if apart { "\n;" } else { ";" });
}

/// A hash of what a step runs, to know whether it was edited.
fn hash(step: &Step) -> String {
    let mut hash = Sha256::new();
    for sql in step.session.iter().chain(&step.sql) {
        hash.update(sql.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a plan file.
///
/// # Errors
/// `Syntax` with the line, when it is no plan file or its structure is damaged; `Unsupported` for a newer format.
pub fn read(text: &str) -> Result<Plan> {
    let mut reader = Reader { lines: text.split('\n').collect(), at: 0 };
    let plan = reader.plan()?;
    if plan.version != 1 {
        return Err(Error::new(ErrorCode::Unsupported, format!("the plan file has the format {}", plan.version))
            .hint("This version of Lockstep reads format 1; use a newer one."));
    }
    Ok(plan)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

/// `-- lockstep: step {…}` taken apart.
struct Mark<'a> {
    word: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn plan(&mut self) -> Result<Plan> {
        let first = self.next_mark();
        let Some(Mark { word: "plan", rest }) = first else {
            return Err(self
                .wrong("this is not a plan file: it does not begin with a line \"-- lockstep: plan\"")
                .hint("Make one with lockstep plan … -o PLAN.sql; a plain SQL file is planned with --sql."));
        };
        let mut head = self.object(rest)?;
        head.insert("steps".into(), Value::Array(Vec::new()));
        let mut plan: Plan = self.typed(Value::Object(head))?;
        while let Some(mark) = self.next_mark() {
            match mark.word {
                "step" => plan.steps.push(self.step(mark.rest)?),
                other => return Err(self.wrong(format!("a line \"-- lockstep: {other}\" does not belong here"))),
            }
        }
        Ok(plan)
    }

    fn step(&mut self, head: &str) -> Result<Step> {
        let mut head = self.object(head)?;
        let written = head.remove("hash").and_then(|h| h.as_str().map(str::to_owned));
        head.insert("sql".into(), json!([]));
        head.insert("rollback".into(), json!(Rollback::none("the file does not say how")));
        let mut step: Step = self.typed(Value::Object(head))?;
        loop {
            let here = self.at;
            let Some(mark) = self.next_mark() else { break };
            match mark.word {
                "sql" => {
                    let sql = self.sql(mark.rest)?;
                    step.sql.push(sql);
                }
                "session" => {
                    let sql = self.sql(mark.rest)?;
                    step.session.push(sql);
                }
                "rollback" => {
                    let mut back = self.object(mark.rest)?;
                    back.insert("sql".into(), json!([]));
                    step.rollback = self.typed(Value::Object(back))?;
                }
                "back" => {
                    let sql = self.back(mark.rest)?;
                    step.rollback.sql.push(sql);
                }
                _ => {
                    self.at = here;
                    break;
                }
            }
        }
        if written.is_some_and(|written| written != hash(&step)) {
            forget(&mut step);
        }
        Ok(step)
    }

    /// Moves behind the next marked line. What stands between marks (BEGIN, COMMIT, blank lines, people's comments)
    /// says nothing about the plan.
    fn next_mark(&mut self) -> Option<Mark<'a>> {
        while let Some(line) = self.lines.get(self.at).copied() {
            self.at += 1;
            if let Some(mark) = line.strip_prefix(MARK) {
                let (word, rest) = mark.trim_end().split_once(' ').unwrap_or((mark.trim_end(), ""));
                return Some(Mark { word, rest });
            }
        }
        None
    }

    /// A statement: as many lines as the mark says, if that is still so, else all up to the next mark.
    fn sql(&mut self, rest: &str) -> Result<String> {
        let count = self.count(rest)?;
        let said = self.lines.get(self.at..self.at + count).map(|lines| lines.join("\n"));
        let behind = self.lines.get(self.at + count).copied().unwrap_or_default();
        if let Some(said) = said {
            if behind == ";" {
                self.at += count + 1;
                return Ok(said);
            }
            if let Some(sql) = said.strip_suffix(';')
                && (behind.starts_with(MARK) || behind.trim().is_empty() || behind == "COMMIT;")
            {
                self.at += count;
                return Ok(sql.to_owned());
            }
        }
        let mut taken = Vec::new();
        while let Some(line) = self.lines.get(self.at).copied().filter(|line| !line.starts_with(MARK)) {
            taken.push(line);
            self.at += 1;
        }
        let text = taken.join("\n");
        let text = text.trim();
        Ok(text.strip_suffix(';').unwrap_or(text).trim_end().to_owned())
    }

    /// A statement that stands in comments.
    fn back(&mut self, rest: &str) -> Result<String> {
        let count = self.count(rest)?;
        let mut taken = Vec::new();
        for _ in 0..count {
            let line = self.lines.get(self.at).and_then(|line| line.strip_prefix("--"));
            let line = line.ok_or_else(|| self.wrong("a rollback's lines are comments, and this one is not"))?;
            taken.push(line.strip_prefix(' ').unwrap_or(line));
            self.at += 1;
        }
        Ok(taken.join("\n"))
    }

    fn count(&self, rest: &str) -> Result<usize> {
        let lines = self.object(rest)?.get("lines").and_then(Value::as_u64);
        let count = lines.and_then(|lines| usize::try_from(lines).ok()).filter(|count| *count <= self.lines.len());
        count.ok_or_else(|| self.wrong("this line should say how many lines of SQL follow"))
    }

    fn object(&self, text: &str) -> Result<Map<String, Value>> {
        serde_json::from_str(text).map_err(|why| self.wrong(format!("the JSON in this line cannot be read: {why}")))
    }

    fn typed<T: serde::de::DeserializeOwned>(&self, value: Value) -> Result<T> {
        serde_json::from_value(value).map_err(|why| self.wrong(format!("this line lacks something: {why}")))
    }

    fn wrong(&self, why: impl Into<String>) -> Error {
        let location = Location { file: None, line: self.at.max(1), column: 1 };
        Error::new(ErrorCode::Syntax, why).at(location)
    }
}

/// Takes back what was known of a step before its SQL was edited.
fn forget(step: &mut Step) {
    step.locks.clear();
    step.rewrites.clear();
    step.scans.clear();
    step.risks.clear();
    step.changes.clear();
    step.estimate_ms = None;
    step.backfill = None;
    step.verbatim = true;
    let note = "the step's SQL was edited in the plan file; this rollback is as the file has it";
    step.rollback.note = Some(note.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::engine::sqlite::Sqlite;
    use crate::plan::{Backfill, Evidence, Lock, LockMode, Phase, RollbackKind};
    use crate::schema::{EngineKind, QName};
    use proptest::prelude::*;

    fn written(plan: &Plan) -> String {
        write(plan, Sqlite.dialect().as_ref())
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan {
            version: 1,
            engine: EngineKind::Sqlite,
            title: "a title -- with\nlines".into(),
            base: Some("sha256:1".into()),
            target: None,
            steps,
            notes: vec!["read me".into()],
        }
    }

    fn step(sql: Vec<String>, back: Vec<String>) -> Step {
        let mut step = Step::ddl("Do it", Phase::Expand, sql);
        step.id = "1".into();
        step.locks = vec![Lock { relation: "t".into(), mode: LockMode::Share, evidence: Evidence::Predicted }];
        step.rollback = Rollback::lossy(back, "some");
        step
    }

    #[test]
    fn the_file_is_plain_sql_with_the_rollback_in_comments() {
        let mut outside = step(vec!["VACUUM".into()], Vec::new());
        outside.transactional = false;
        let text = written(&plan(vec![step(vec!["DROP TABLE t".into()], vec!["CREATE TABLE t (a)".into()]), outside]));
        let sql: Vec<&str> = text.lines().filter(|line| !line.starts_with("--") && !line.is_empty()).collect();
        assert_eq!(sql, ["BEGIN IMMEDIATE;", "DROP TABLE t;", "COMMIT;", "VACUUM;"]);
        assert!(text.contains("\n-- CREATE TABLE t (a)\n"));
    }

    #[test]
    fn an_edited_statement_is_taken_as_it_stands_and_what_was_known_is_dropped() {
        let text = written(&plan(vec![step(vec!["ALTER TABLE t\nADD a int".into()], Vec::new())]));
        let edited = text.replace("ADD a int;", "ADD a text,\n  ADD b int;");
        let read = read(&edited).unwrap();
        assert_eq!(read.steps[0].sql, ["ALTER TABLE t\nADD a text,\n  ADD b int"]);
        assert!(read.steps[0].locks.is_empty() && read.steps[0].verbatim);
    }

    #[test]
    fn a_file_that_is_no_plan_says_so_with_its_line() {
        let error = read("select 1;").unwrap_err();
        assert_eq!(error.code, ErrorCode::Syntax);
        assert!(error.hint.is_some());
        let damaged = written(&plan(vec![step(vec!["x".into()], Vec::new())])).replace("{\"lines\":1}", "{");
        assert_eq!(read(&damaged).unwrap_err().location.unwrap().line, 5);
    }

    proptest! {
        #[test]
        fn any_plan_reads_back(
            sql in prop::collection::vec("(?s)[a-z;\\-' \n$\r\t]{1,40}|-- lockstep: sql \\{\\}|.{1,30}", 0..4),
            back in prop::collection::vec("(?s).{0,30}", 0..3),
            session in prop::collection::vec("SET [a-z]{1,9}", 0..2),
            transactional: bool,
        ) {
            let mut first = step(sql, back);
            first.session = session;
            first.transactional = transactional;
            first.backfill = Some(Backfill {
                table: QName::new("main", "t"), key: vec!["id".into()], set: vec![("a".into(), "1".into())],
                only_where: None, batch_rows: 9,
            });
            first.rollback.kind = RollbackKind::Restores;
            let plan = plan(vec![first, step(vec!["COMMENT".into()], vec![])]);
            prop_assert_eq!(read(&written(&plan)).unwrap(), plan);
        }
    }
}
