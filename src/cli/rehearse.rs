//! `lockstep rehearse`.

use super::args::{PlainFormat, Rehearse};
use super::{Status, output, show, source};
use crate::config::{Config, Paces};
use crate::plan::{self, Plan, Step};
use crate::rehearse::{self, Measured, Options, Progress, Rehearsal, State, StepRehearsal};
use crate::sql::one_line;
use crate::{Error, Result, risk, watch};
use serde::Serialize;
use std::fmt::Write as _;

/// The plan as it was rehearsed.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    rehearsal: &'a Rehearsal,
    steps: Vec<StepReport<'a>>,
}

#[derive(Serialize)]
struct StepReport<'a> {
    #[serde(flatten)]
    step: &'a Step,
    rehearsal: Option<&'a StepRehearsal>,
}

pub async fn run(args: Rehearse, config: &Config) -> Result<Status> {
    let text = source::read_file(&args.plan)?;
    let database = source::connect(&args.db, config).await?;
    let dialect = database.dialect();
    let mut plan = plan::file::read(&text, dialect.as_ref()).map_err(|why| why.in_file(&args.plan))?;
    if plan.engine != dialect.kind() {
        return Err(Error::usage(format!("the plan is for {}, the database is {}", plan.engine, dialect.kind())));
    }
    risk::annotate(&mut plan, &database.inspect().await?, dialect.as_ref(), true);
    let on = match &args.shadow {
        Some(url) => Some(source::connect(url, config).await?),
        None => None,
    };
    let options = Options { on, sample: args.sample };
    let rehearsal = rehearse::rehearse(&database, &plan, &options, &|progress| output::note(&said(&progress))).await?;
    if let Some(pace) = rehearsal.pace {
        Paces::open().keep(&database.info().shown, pace);
    }
    rehearsal.mark(&mut plan);
    watch::foresee(database.as_ref(), &mut plan).await?;
    match args.format {
        PlainFormat::Json => {
            let steps = plan.steps.iter().map(|step| StepReport { step, rehearsal: rehearsal.step(&step.id) });
            output::print_json(&Report { rehearsal: &rehearsal, steps: steps.collect() })?;
        }
        PlainFormat::Text => output::print(&text_of(&plan, &rehearsal)),
    }
    Ok(if rehearsal.passed { Status::Yes } else { Status::No })
}

fn said(progress: &Progress) -> String {
    match progress {
        Progress::Copying => "copying the schema to a shadow …".to_owned(),
        Progress::Sampling => "copying a sample of rows …".to_owned(),
        Progress::Preparing { statements } => format!("preparing {statements} statements of the application …"),
        Progress::Step { at, of, title } => format!("step {} of {of}: {}", at + 1, one_line(title)),
        Progress::Back { at, of, title } => format!("back, step {} of {of}: {}", at + 1, one_line(title)),
        Progress::Comparing => "comparing schemas …".to_owned(),
    }
}

fn text_of(plan: &Plan, rehearsal: &Rehearsal) -> String {
    let mut out = String::new();
    let rows = rehearsal.sampled_rows.map_or_else(|| "without rows".to_owned(), |rows| format!("with {rows} rows"));
    let _ = writeln!(out, "Rehearsed on {}, {rows}.", one_line(&rehearsal.place));
    for note in &rehearsal.notes {
        let _ = writeln!(out, "note: {}", one_line(note));
    }
    for step in &plan.steps {
        out.push('\n');
        out.push_str(&show::step(step));
        if let Some(tried) = rehearsal.step(&step.id) {
            out.push_str(&outcome(tried));
        }
    }
    out.push('\n');
    out.push_str(&endings(rehearsal));
    out
}

fn outcome(tried: &StepRehearsal) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "     {label:<9} {}", one_line(text));
    };
    match (&tried.state, &tried.measured) {
        (State::Passed, Some(measured)) => line("rehearsed", &format!("passed in {:.0} ms", measured.took_ms)),
        (State::Passed, None) => line("rehearsed", "nothing to run"),
        (State::NotReached, _) => line("rehearsed", "not reached"),
        (State::Failed, _) => {
            line("rehearsed", &format!("FAILED: {}", tried.error.as_ref().map_or("", |why| why.message.as_str())));
            if let Some(hint) = tried.error.as_ref().and_then(|why| why.hint.as_deref()) {
                line("", hint);
            }
        }
    }
    for said in tried.measured.iter().flat_map(|m| &m.said) {
        line("server", said);
    }
    for difference in &tried.disagreements {
        line(if difference.worse { "WORSE" } else { "differs" }, &difference.to_string());
    }
    match &tried.rollback {
        Some(Measured { error: Some(why), .. }) => line("way back", &format!("FAILED: {}", why.message)),
        Some(measured) => {
            line("way back", &format!("passed in {:.0} ms", measured.took_ms));
            for lock in measured.locks.iter().flatten() {
                line("", &format!("{} on {}", lock.mode, lock.relation));
            }
        }
        None => {}
    }
    out
}

fn endings(rehearsal: &Rehearsal) -> String {
    let mut out = String::new();
    if let Some(forward) = rehearsal.forward.as_ref().filter(|f| !f.exact) {
        let _ = writeln!(out, "The steps led elsewhere: {}", forward.differences.join(" "));
    }
    match (&rehearsal.back, &rehearsal.stuck) {
        (Some(back), _) if back.exact => out.push_str("The rollbacks led back to exactly the first schema.\n"),
        (Some(back), _) => {
            let _ = writeln!(out, "The rollbacks did not lead back: {}", back.differences.join(" "));
        }
        (None, Some(why)) => {
            let _ = writeln!(out, "Not everything was taken back: {}.", one_line(why).trim_end_matches('.'));
        }
        (None, None) => {}
    }
    if let Some(queries) = &rehearsal.queries {
        let _ = writeln!(
            out,
            "Of {} statements of the application {} fail afterwards, and {} find no index any more{}.",
            queries.tried,
            queries.broken.len(),
            queries.slower.len(),
            if queries.untried > 0 { format!(" ({} could not be tried)", queries.untried) } else { String::new() }
        );
    }
    out.push_str(if rehearsal.passed { "Passed.\n" } else { "Failed.\n" });
    out
}
