//! `lockstep apply`, and the conversation with a run that `rollback` has too.

use super::args::{Apply, Confirm, PlainFormat};
use super::{Status, output, show, source};
use crate::config::Config;
use crate::engine::{Database, Gate, Verdict};
use crate::plan::{self, Plan, Step, StepKind};
use crate::project::Project;
use crate::run::{self, Command, Consent, Event, Journal, Mandate, Outcome, RunOptions};
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result, risk};
use serde::Serialize;
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use tokio::sync::mpsc;

pub async fn run(args: Apply, config: &Config) -> Result<Status> {
    let Some(path) = &args.plan else { return resume(&args, config).await };
    let text = source::read_file(path)?;
    let database = source::connect(&args.db, config).await?;
    let dialect = database.dialect();
    let mut plan = plan::file::read(&text, dialect.as_ref()).map_err(|why| why.in_file(path))?;
    if plan.engine != dialect.kind() {
        return Err(Error::usage(format!("the plan is for {}, the database is {}", plan.engine, dialect.kind())));
    }
    let project = Project::here()?;
    risk::annotate_by(&mut plan, &database.inspect().await?, dialect.as_ref(), true, &project.settings());
    let options = RunOptions { operator: operator(), mandate: mandate(project, &args), ..RunOptions::default() };
    converse(database, plan, options, args.confirm, args.format).await
}

/// Goes on with what a run has not done.
async fn resume(args: &Apply, config: &Config) -> Result<Status> {
    let database = source::connect(&args.db, config).await?;
    let run = Journal::run(&database, args.resume.as_deref().unwrap_or_default()).await?;
    let of_run = Some(run.id.clone());
    let mut plan = run::way_on(&database, run).await?;
    let project = Project::here()?;
    risk::annotate_by(&mut plan, &database.inspect().await?, database.dialect().as_ref(), true, &project.settings());
    let mandate = mandate(project, args);
    let options = RunOptions { operator: operator(), of_run, mandate, ..RunOptions::default() };
    converse(database, plan, options, args.confirm, args.format).await
}

/// The project's policy, with what the one who runs it has to show.
fn mandate(project: Project, args: &Apply) -> Mandate {
    let (approved_by, overridden) = (args.approved_by.clone(), args.override_policy.clone());
    Mandate { policy: project.policy, approved_by, overridden }
}

/// Who is at the keyboard, for the journal.
pub fn operator() -> String {
    let named = ["LOCKSTEP_OPERATOR", "USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("user id {}", rustix::process::getuid().as_raw()))
}

/// What a run came to, for scripts.
#[derive(Debug, Serialize)]
struct Report {
    run: String,
    outcome: &'static str,
    steps: Vec<StepReport>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct StepReport {
    id: String,
    title: String,
    state: &'static str,
    took_ms: Option<u128>,
    attempts: u32,
    error: Option<Error>,
    left: Option<String>,
}

/// Runs a plan, answering each step by what `confirm` says.
pub async fn converse(
    database: Arc<dyn Database>,
    plan: Plan,
    options: RunOptions,
    confirm: Option<Confirm>,
    format: PlainFormat,
) -> Result<Status> {
    let confirm = match confirm {
        Some(confirm) => confirm,
        None if std::io::stdin().is_terminal() => Confirm::Each,
        None => {
            return Err(Error::new(
                ErrorCode::Refused,
                "nothing was run: there is no terminal to confirm the steps on",
            )
            .hint("Pass --confirm all to consent to every step beforehand."));
        }
    };
    let steps = plan.steps.iter().map(StepReport::of).collect();
    let handle = run::start(database, plan, options).await?;
    let mut talk = Conversation {
        commands: handle.commands,
        confirm,
        report: Report { run: String::new(), outcome: "failed", steps, notes: Vec::new() },
        stopping: false,
    };
    let mut events = handle.events;
    let outcome = loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Ended { run, outcome }) => {
                    talk.report.run = run;
                    break outcome;
                }
                Some(event) => talk.hear(event).await?,
                None => return Err(Error::internal("the run ended without saying how")
                    .hint("lockstep status --db URL tells what the journal knows.")),
            },
            _ = tokio::signal::ctrl_c() => talk.stop().await,
        }
    };
    talk.report.outcome = match outcome {
        Outcome::Done => "done",
        Outcome::Stopped => "stopped",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "cancelled",
    };
    match format {
        PlainFormat::Json => output::print_json(&talk.report)?,
        PlainFormat::Text => output::print(&talk.report.text()),
    }
    Ok(if outcome == Outcome::Done { Status::Yes } else { Status::No })
}

struct Conversation {
    commands: mpsc::Sender<Command>,
    confirm: Confirm,
    report: Report,
    stopping: bool,
}

impl Conversation {
    async fn say(&self, command: Command) {
        // The run may have ended in the meantime; its last event tells.
        let _ = self.commands.send(command).await;
    }

    /// The first Ctrl-C cancels what runs, on the server too, and ends the run.
    async fn stop(&mut self) {
        if !self.stopping {
            output::note("cancelling …");
            self.stopping = true;
        }
        self.say(Command::Cancel).await;
        self.say(Command::Stop).await;
    }

    async fn hear(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Started { run, .. } => output::note(&format!("run {run}")),
            Event::Asks { step, gate } => {
                let answer = self.answer(&step, &gate)?;
                self.say(answer).await;
            }
            Event::StepStarted { step } => note(&step, "running"),
            Event::Waiting { step, holders, waited } => {
                let who: Vec<String> = holders.iter().map(|h| h.backend.to_string()).collect();
                let text = format!("waiting {} ms for session {}", waited.as_millis(), who.join(", "));
                note(&step, &text);
            }
            Event::Retrying { step, attempt, pause, why } => {
                if let Some(entry) = self.entry(&step) {
                    entry.attempts = attempt;
                }
                note(&step, &format!("attempt {attempt}: {}; again in {} ms", one_line(&why), pause.as_millis()));
            }
            Event::Progress { step, walked, total, changed, .. } => {
                let of = total.map_or_else(String::new, |t| format!(" of about {t}"));
                note(&step, &format!("{walked}{of} rows walked, {changed} changed"));
            }
            Event::Cancelling { step } => note(&step, "cancelling on the server"),
            Event::StepDone { step, took } => {
                if let Some(entry) = self.entry(&step) {
                    entry.state = "done";
                    entry.took_ms = Some(took.as_millis());
                }
                note(&step, &format!("done in {} ms", took.as_millis()));
            }
            Event::StepSkipped { step } => {
                if let Some(entry) = self.entry(&step) {
                    entry.state = "skipped";
                }
            }
            Event::StepFailed { step, error, left } => {
                note(&step, &format!("failed: {}", one_line(&error.message)));
                if let Some(entry) = self.entry(&step) {
                    entry.state = "failed";
                    entry.error = Some(error);
                    entry.left = left;
                }
            }
            Event::Note { text } => {
                output::note(&text);
                self.report.notes.push(text);
            }
            Event::Ended { .. } => {}
        }
        Ok(())
    }

    fn entry(&mut self, step: &str) -> Option<&mut StepReport> {
        self.report.steps.iter_mut().find(|s| s.id == step)
    }

    fn answer(&self, step: &Step, gate: &Gate) -> Result<Command> {
        let consent = |typed: Option<String>| {
            Command::Confirm(Consent { step: step.id.clone(), hash: Consent::hash_of(step), typed })
        };
        if self.stopping {
            return Ok(Command::Stop);
        }
        if self.confirm == Confirm::All {
            return Ok(consent(step.typed_consent().map(str::to_owned)));
        }
        eprint!("\n{}", show::step(step));
        eprint!("{}", gate_text(gate));
        let wanted = step.typed_consent().unwrap_or(if step.kind == StepKind::Wait { "done" } else { "run" });
        loop {
            eprintln!("Type {wanted:?} to go on, \"skip\" to leave the step out, \"stop\" to end here:");
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let read =
                read.map_err(|why| Error::new(ErrorCode::File, format!("the terminal cannot be read: {why}")))?;
            match line.trim() {
                _ if read == 0 => return Ok(Command::Stop),
                "stop" => return Ok(Command::Stop),
                "skip" => return Ok(Command::Skip(step.id.clone())),
                typed if typed == wanted => return Ok(consent(step.typed_consent().map(str::to_owned))),
                _ => {}
            }
        }
    }
}

fn gate_text(gate: &Gate) -> String {
    let verdict = match gate.verdict {
        Verdict::Go => "go",
        Verdict::Caution => "go with caution",
        Verdict::NoGo => "NO-GO",
        Verdict::Unknown => "unknown",
    };
    let reasons: Vec<String> = gate.reasons.iter().map(|r| format!("     {}\n", one_line(r))).collect();
    format!("     now       {verdict}\n{}", reasons.concat())
}

impl StepReport {
    fn of(step: &Step) -> Self {
        Self {
            id: step.id.clone(),
            title: step.title.clone(),
            state: "not_run",
            took_ms: None,
            attempts: 1,
            error: None,
            left: None,
        }
    }
}

impl Report {
    fn text(&self) -> String {
        let mut out = format!("run {}: {}\n", self.run, self.outcome);
        for step in &self.steps {
            let took = step.took_ms.map_or_else(String::new, |ms| format!(" in {ms} ms"));
            out.push_str(&format!("  {:>3}. {} {}{took}\n", step.id, step.state, one_line(&step.title)));
            if let Some(error) = &step.error {
                out.push_str(&format!("       {}\n", one_line(&error.message)));
                for hint in error.hint.iter().chain(&step.left) {
                    out.push_str(&format!("       {}\n", one_line(hint)));
                }
            }
        }
        out
    }
}

fn note(step: &str, text: &str) {
    output::note(&format!("step {step}: {text}"));
}
