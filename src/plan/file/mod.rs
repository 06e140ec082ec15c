//! The plan file: one plain `.sql` that the engine's own client can run as well.
//!
//! Structure is in comment lines that begin with `-- lockstep: ` and go on as JSON: one for the plan, one before each
//! step and one after it. The SQL between them is the file's only other content, byte for byte; a hash in the step's
//! line tells whether somebody has edited it since.

mod read;
mod write;

pub use read::{is_plan, read};
pub use write::write;

use crate::plan::Step;
use crate::schema::Parts;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What structure lines begin with.
const MARK: &str = "-- lockstep: ";

/// A structure line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mark {
    Plan(Head),
    Step(Box<StepHead>),
    /// The end of the step of this id.
    End(String),
}

/// The plan without its steps.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    engine: crate::schema::EngineKind,
    title: String,
    base: Option<String>,
    #[serde(default, skip_serializing_if = "Parts::is_empty")]
    base_parts: Parts,
    target: Option<String>,
    /// How many steps were written, to see when some were taken out.
    steps: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// A step, its SQL being what follows.
#[derive(Debug, Serialize, Deserialize)]
struct StepHead {
    /// With no SQL in it.
    #[serde(flatten)]
    step: Step,
    /// Bytes of each statement.
    sql_bytes: Vec<usize>,
    /// Of the whole text between this line and the end line.
    hash: String,
}

/// The statements of a step as they stand in the file, in a transaction where the step has one.
fn body(step: &Step, begin: &str) -> String {
    let mut out = opening(step, begin);
    for sql in &step.sql {
        out.push_str(sql);
        out.push_str(terminator(sql));
    }
    out.push_str(closing(step));
    out
}

fn in_transaction(step: &Step) -> bool {
    step.transactional && !step.sql.is_empty()
}

fn opening(step: &Step, begin: &str) -> String {
    let mut out = String::new();
    if step.sql.is_empty() {
        return out;
    }
    if in_transaction(step) {
        out.push_str(begin);
        out.push_str(";\n");
    }
    for setting in &step.session {
        out.push_str(setting);
        out.push_str(terminator(setting));
    }
    out
}

fn closing(step: &Step) -> &'static str {
    if in_transaction(step) { "COMMIT;\n" } else { "" }
}

/// A comment in the statement's last line would swallow a semicolon on that line.
fn terminator(sql: &str) -> &'static str {
    if sql.lines().last().is_some_and(|line| line.contains("--")) { "\n;\n" } else { ";\n" }
}

fn hash(text: &str) -> String {
    let mut hex = crate::schema::hex(&Sha256::digest(text.as_bytes()));
    hex.truncate(16);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fake::{Fake, schema};
    use crate::plan::{Phase, Plan, PlanOptions, Rollback, StepKind, from_sql};
    use crate::schema::EngineKind;
    use proptest::prelude::*;

    fn plan(steps: Vec<Step>) -> Plan {
        Plan {
            version: 1,
            engine: EngineKind::Postgres,
            title: "A plan\nof two lines".to_owned(),
            base: Some("sha256:0".to_owned()),
            base_parts: Parts::new(),
            target: None,
            steps,
            notes: vec!["note".to_owned()],
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        let piece = prop_oneof![
            Just("select 1".to_owned()),
            Just("do $$ begin; -- lockstep: {\"end\":\"1\"}\nend $$".to_owned()),
            Just("a;\n;b -- c".to_owned()),
            Just("COMMIT;\n".to_owned()),
            Just("-- lockstep: {\"end\":\"1\"}\n".to_owned()),
            "[a-z;'\n\r\t -]{0,20}",
            "\\PC{0,10}",
        ];
        let sql = prop::collection::vec(prop::collection::vec(piece, 1..4).prop_map(|p| p.concat()), 0..4);
        (sql, any::<bool>(), prop::collection::vec("SET [a-z ]{1,8}(-- x)?", 0..2), "\\PC{0,12}").prop_map(
            |(sql, transactional, session, title)| {
                let mut step = Step::ddl(title, Phase::Migrate, sql);
                step.id = "1".to_owned();
                step.transactional = transactional;
                step.session = session;
                step.rollback = Rollback::lossy(vec!["x\r; DROP TABLE t".to_owned()], "a\nb");
                step
            },
        )
    }

    proptest! {
        #[test]
        fn any_plan_reads_back_as_it_was_written(steps in prop::collection::vec(step(), 0..4)) {
            let plan = plan(steps);
            let text = write(&plan, &Fake);
            prop_assert!(is_plan(&text));
            prop_assert_eq!(read(&text, &Fake).unwrap(), plan);
        }

        #[test]
        fn outside_of_steps_there_are_only_comments_in_every_clients_eyes(steps in prop::collection::vec(step(), 1..3)) {
            let empty = steps.into_iter().map(|s| Step { sql: Vec::new(), ..s }).collect();
            let text = write(&plan(empty), &Fake);
            // psql ends a comment at a carriage return as well.
            prop_assert!(text.split(['\n', '\r']).all(|line| line.is_empty() || line.starts_with("--")));
        }
    }

    fn two_steps() -> Plan {
        let before = schema(&[("orders", &["region"])]);
        from_sql("t", "ADD orders a; ADD orders b", &before, &Fake, &PlanOptions::default())
    }

    #[test]
    fn an_edited_step_has_the_edited_sql_and_nothing_else_that_was_known() {
        let plan = two_steps();
        let text = write(&plan, &Fake).replace("ADD orders b;", "ADD orders c;\nUPDATE orders;");
        let back = read(&text, &Fake).unwrap();
        assert_eq!(back.steps[0], plan.steps[0]);
        assert_eq!(back.steps[1].sql, ["ADD orders c", "UPDATE orders"]);
        assert_eq!(back.steps[1].kind, StepKind::Ddl);
        assert!(back.steps[1].verbatim && back.steps[1].rollback.sql.is_empty());
        assert_eq!(back.target, None);
        assert!(back.notes.iter().any(|n| n.contains("edited")), "{:?}", back.notes);
    }

    #[test]
    fn carriage_returns_of_a_checkout_do_no_harm() {
        let plan = two_steps();
        let text = write(&plan, &Fake).replace('\n', "\r\n");
        assert_eq!(read(&text, &Fake).unwrap(), plan);
    }

    #[test]
    fn what_is_no_plan_or_damaged_is_refused_with_its_line() {
        let text = write(&two_steps(), &Fake);
        assert_eq!(read("select 1;", &Fake).unwrap_err().location.unwrap().line, 1);
        let outside = format!("{text}\nDROP TABLE x;\n");
        assert!(read(&outside, &Fake).unwrap_err().message.contains("not part of any step"));
        let no_end = text.replace("-- lockstep: {\"end\":\"2\"}\n", "");
        assert!(read(&no_end, &Fake).unwrap_err().message.contains("end of step 2"));
    }
}
