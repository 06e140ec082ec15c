//! The commands for scripts and CI, and the program's entry.
//!
//! Each command asks the same rooms as the workbench does. Results go to standard output and nothing else does;
//! progress and messages go to standard error.

mod apply;
mod args;
mod ask;
mod demo;
mod diff;
mod explain;
mod export;
mod inspect;
mod lint;
mod output;
mod plan;
mod rehearse;
mod rollback;
mod show;
mod status;
mod watch;
mod words;
mod workbench;

use crate::config::Config;
use crate::source;
use crate::{Error, ErrorCode, Result};
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// What a command has to say to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done; nothing found; passed.
    Yes,
    /// Findings, differences, a step that failed.
    No,
    /// It could not be asked: usage, unreadable input, no connection.
    CouldNot,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Yes => 0,
            Status::No => 1,
            Status::CouldNot => 2,
        })
    }
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(why) => return usage(&why).into(),
    };
    let json = wants_json(&arguments);
    start_log();
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|why| Error::internal(format!("the runtime did not start: {why}")))
        .and_then(|runtime| {
            let result = runtime.block_on(run(arguments));
            runtime.block_on(crate::engine::settled());
            // A blocking task that is under way must not keep the program from ending.
            runtime.shutdown_timeout(std::time::Duration::from_millis(200));
            result
        });
    match result {
        Ok(status) => status.into(),
        Err(error) => {
            output::print_error(&error, json);
            status_of(error.code).into()
        }
    }
}

async fn run(arguments: Cli) -> Result<Status> {
    let config = Config::load()?;
    match arguments.command {
        None => workbench::open(arguments.workbench, &config).await,
        Some(Command::Demo(args)) => demo::run(args, &config).await,
        Some(Command::Inspect(args)) => interruptible(inspect::run(args, &config)).await,
        Some(Command::Diff(args)) => interruptible(diff::run(args, &config)).await,
        Some(Command::Plan(args)) => interruptible(plan::run(args, &config)).await,
        Some(Command::Lint(args)) => lint::run(args, &config).await,
        Some(Command::Rehearse(args)) => interruptible(rehearse::run(args, &config)).await,
        Some(Command::Apply(args)) => apply::run(args, &config).await,
        Some(Command::Rollback(args)) => rollback::run(args, &config).await,
        Some(Command::Status(args)) => status::run(args, &config).await,
        Some(Command::Watch(args)) => watch::run(args, &config).await,
        Some(Command::Ask(args)) => ask::run(args, &config).await,
        Some(Command::Explain(args)) => explain::run(&args),
    }
}

/// Runs a command that a signal may end at any moment, so that what it has made on a server is removed.
async fn interruptible(command: impl Future<Output = Result<Status>>) -> Result<Status> {
    use tokio::signal::unix::{SignalKind, signal};
    let on = |kind| signal(kind).map_err(|why| Error::internal(format!("signals cannot be waited for: {why}")));
    let (mut interrupt, mut terminate) = (on(SignalKind::interrupt())?, on(SignalKind::terminate())?);
    let mut hangup = on(SignalKind::hangup())?;
    tokio::select! {
        result = command => result,
        _ = interrupt.recv() => Err(interrupted()),
        _ = terminate.recv() => Err(interrupted()),
        _ = hangup.recv() => Err(interrupted()),
    }
}

fn interrupted() -> Error {
    Error::new(ErrorCode::Cancelled, "interrupted; nothing was changed").hint("Call the command again.")
}

/// Whether errors are to be printed as JSON too.
fn wants_json(arguments: &Cli) -> bool {
    use args::{DiffFormat, LintFormat, PlainFormat, SchemaFormat};
    match &arguments.command {
        Some(Command::Inspect(a)) => a.format == SchemaFormat::Json,
        Some(Command::Diff(a)) => a.format == DiffFormat::Json,
        Some(Command::Plan(a)) => a.format.as_deref() == Some("json"),
        Some(Command::Lint(a)) => a.format == LintFormat::Json,
        Some(Command::Rehearse(a)) => a.format == PlainFormat::Json,
        Some(Command::Apply(a)) => a.format == PlainFormat::Json,
        Some(Command::Rollback(a)) => a.format == PlainFormat::Json,
        Some(Command::Status(a)) => a.format == PlainFormat::Json,
        Some(Command::Watch(a)) => a.format == PlainFormat::Json,
        Some(Command::Ask(a)) => a.format == PlainFormat::Json,
        Some(Command::Explain(a)) => a.format == PlainFormat::Json,
        None | Some(Command::Demo(_)) => false,
    }
}

/// Help and version are an answer; anything else that clap says is a usage error.
fn usage(why: &clap::Error) -> Status {
    if !why.use_stderr() {
        output::print(&why.to_string());
        return Status::Yes;
    }
    let words: Vec<String> = std::env::args().collect();
    let json = words.windows(2).any(|pair| matches!(pair, [f, j] if (f == "-f" || f == "--format") && j == "json"))
        || words.iter().any(|w| w == "-fjson" || w == "--format=json");
    let text = why.to_string();
    if json {
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        output::print_error(&Error::usage(message).hint("See lockstep COMMAND --help."), true);
    } else {
        eprint!("{text}");
    }
    Status::CouldNot
}

fn status_of(code: ErrorCode) -> Status {
    match code {
        ErrorCode::BaseChanged
        | ErrorCode::NotUnderstood
        | ErrorCode::Refused
        | ErrorCode::Statement
        | ErrorCode::LockTimeout
        | ErrorCode::Deadlock
        | ErrorCode::Cancelled => Status::No,
        _ => Status::CouldNot,
    }
}

/// `LOCKSTEP_LOG=debug LOCKSTEP_LOG_FILE=path` writes a log; there is none otherwise, and never on the screen.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let (Ok(filter), Some(path)) = (std::env::var("LOCKSTEP_LOG"), std::env::var_os("LOCKSTEP_LOG_FILE")) else {
        return;
    };
    let Ok(file) = std::fs::OpenOptions::new().create(true).append(true).open(path) else { return };
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(false).with_writer(file).finish();
    // Fails only when a log is already set, which is then used.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
