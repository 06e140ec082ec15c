//! A file as the plan that it was written from.

use super::{Head, MARK, Mark, StepHead, closing, hash, opening, terminator};
use crate::error::Location;
use crate::plan::{Patterns, Plan, Rollback, Step, StepKind};
use crate::schema::{EngineKind, Schema};
use crate::sql::Statement;
use crate::{Error, ErrorCode};

/// Whether a text was written as a plan file.
pub fn is_plan(text: &str) -> bool {
    let is_head = |line: &str| line.strip_prefix(MARK).is_some_and(|head| head.starts_with("{\"plan\""));
    text.lines().take(20).any(is_head)
}

/// Reads a plan file. A step whose SQL was edited has what stands in the file, is marked as the writer's own and
/// has lost what was known of the SQL before: it is to be judged again.
///
/// # Errors
/// `Syntax` with the line, when the file is no plan, a structure line was damaged, or SQL stands outside of the
/// steps.
pub fn read(text: &str, patterns: &dyn Patterns) -> crate::Result<Plan> {
    // A file that went through a version control system that rewrites line ends is still the same plan.
    let unix = text.lines().next().is_some_and(|_| text.contains("\r\n") && !text.replace("\r\n", "").contains('\n'));
    let normal = if unix { text.replace("\r\n", "\n") } else { text.to_owned() };
    Reader { text: &normal, at: 0, patterns }.plan()
}

struct Reader<'a> {
    text: &'a str,
    /// Byte of the next line.
    at: usize,
    patterns: &'a dyn Patterns,
}

impl<'a> Reader<'a> {
    fn plan(mut self) -> crate::Result<Plan> {
        let marked = self.text.lines().any(|line| line.starts_with(MARK));
        let first = if marked { self.next_mark()? } else { None };
        let Some(Mark::Plan(head)) = first else {
            return Err(self
                .error("this is not a plan file")
                .hint("Plan files are written by `lockstep plan -o`; for other SQL use `lockstep plan --sql`."));
        };
        if head.version != 1 {
            return Err(self.error(&format!("the plan file has version {}, and only 1 is known", head.version)));
        }
        let mut steps = Vec::new();
        let mut notes = head.notes.clone();
        while let Some(mark) = self.next_mark()? {
            match mark {
                Mark::Step(step) => steps.push(self.step(*step, head.engine, &mut notes)?),
                Mark::Plan(_) => return Err(self.error("a second plan begins here")),
                Mark::End(_) => return Err(self.error("a step ends here that did not begin")),
            }
        }
        Ok(finish(head, steps, notes))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn line(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let (line, taken) = match rest.find('\n') {
            Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
            None => (rest, rest.len()),
        };
        self.at += taken;
        Some(line)
    }

    /// The next structure line; what stands before it must be blank or a comment.
    fn next_mark(&mut self) -> crate::Result<Option<Mark>> {
        loop {
            let start = self.at;
            let Some(line) = self.line() else { return Ok(None) };
            if let Some(json) = line.strip_prefix(MARK) {
                return serde_json::from_str(json.trim_end()).map(Some).map_err(|why| {
                    self.at = start;
                    self.error(&format!("a line of the plan's structure cannot be read: {why}"))
                        .hint("Leave the lines that begin with `-- lockstep:` as they were written.")
                });
            }
            if !line.trim().is_empty() && !line.trim_start().starts_with("--") {
                self.at = start;
                return Err(self
                    .error("this SQL is not part of any step")
                    .hint("Put it between the two `-- lockstep:` lines of a step."));
            }
        }
    }

    fn step(&mut self, head: StepHead, engine: EngineKind, notes: &mut Vec<String>) -> crate::Result<Step> {
        let end = serde_json::to_string(&Mark::End(head.step.id.clone())).unwrap_or_default();
        let end = format!("{MARK}{end}\n");
        if let Some(sql) = self.untouched(&head, &end) {
            return Ok(Step { sql, ..head.step });
        }
        let rest = self.rest();
        let found = if rest.starts_with(&end) { Some(0) } else { rest.find(&format!("\n{end}")).map(|at| at + 1) };
        let Some(length) = found else {
            return Err(self
                .error(&format!("the end of step {} is missing", head.step.id))
                .hint("Each step's SQL ends with a line `-- lockstep: {\"end\":…}`."));
        };
        let body = rest.get(..length).unwrap_or_default();
        self.at += length + end.len();
        notes.push(format!("Step {} was edited in the file.", head.step.id));
        Ok(edited(head.step, body, engine, self.patterns))
    }

    /// The statements, when nobody has changed a byte of them.
    fn untouched(&mut self, head: &StepHead, end: &str) -> Option<Vec<String>> {
        let step = Step { sql: vec![String::new(); head.sql_bytes.len()], ..head.step.clone() };
        let rest = self.rest();
        let opening = opening(&step, self.patterns.begin());
        let mut at = rest.starts_with(&opening).then_some(opening.len())?;
        let mut sql = Vec::new();
        for length in &head.sql_bytes {
            let statement = rest.get(at..at.checked_add(*length)?)?;
            at += length;
            at += rest.get(at..)?.starts_with(terminator(statement)).then_some(terminator(statement).len())?;
            sql.push(statement.to_owned());
        }
        at += rest.get(at..)?.starts_with(closing(&step)).then_some(closing(&step).len())?;
        if hash(rest.get(..at)?) != head.hash || !rest.get(at..)?.starts_with(end) {
            return None;
        }
        self.at += at + end.len();
        Some(sql)
    }

    fn error(&self, message: &str) -> Error {
        let (line, column) = crate::sql::line_column(self.text, self.at);
        Error::new(ErrorCode::Syntax, message).at(Location { file: None, line, column })
    }
}

/// A step whose SQL a person has changed.
fn edited(step: Step, body: &str, engine: EngineKind, patterns: &dyn Patterns) -> Step {
    let script = patterns.read(body, &Schema::empty(engine));
    let settings = |s: &&Statement| !step.session.contains(&s.text);
    let statements: Vec<&Statement> = script.statements.iter().filter(settings).collect();
    let mut out = Step::ddl(step.title, step.phase, statements.iter().map(|s| s.text.clone()).collect());
    out.id = step.id;
    out.kind = if step.kind == StepKind::Check { StepKind::Check } else { StepKind::Ddl };
    out.check = step.check;
    out.session = step.session;
    out.note = step.note;
    out.transactional = !statements.iter().any(|s| s.reading.outside_transaction);
    out.parsed = statements.iter().all(|s| s.parsed());
    out.destroys = statements.iter().flat_map(|s| s.reading.destroys.clone()).collect();
    out.changes = statements.iter().flat_map(|s| s.reading.changes.clone()).collect();
    out.verbatim = true;
    out.rollback = Rollback::none("the step was edited in the file, so its way back is no longer known");
    out
}

fn finish(head: Head, steps: Vec<Step>, mut notes: Vec<String>) -> Plan {
    let changed = notes.len() > head.notes.len() || steps.len() != head.steps;
    if steps.len() != head.steps {
        notes.push(format!("{} steps were written to the file, and {} are in it.", head.steps, steps.len()));
    }
    Plan {
        version: head.version,
        engine: head.engine,
        title: head.title,
        base: head.base,
        base_parts: head.base_parts,
        target: if changed { None } else { head.target },
        steps,
        notes,
    }
}
