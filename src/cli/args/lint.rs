//! The words of `lockstep lint`.

use super::{DemoEngine, layout};
use crate::migrations::Layout;
use crate::plan::Severity;
use crate::project::Threshold;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    Text,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Info,
    Low,
    Medium,
    High,
    Critical,
    Never,
}

impl From<FailOn> for Threshold {
    fn from(written: FailOn) -> Self {
        match written {
            FailOn::Never => Self::Never,
            FailOn::Info => Self::At(Severity::Info),
            FailOn::Low => Self::At(Severity::Low),
            FailOn::Medium => Self::At(Severity::Medium),
            FailOn::High => Self::At(Severity::High),
            FailOn::Critical => Self::At(Severity::Critical),
        }
    }
}

/// A format and the file that it is written to.
#[derive(Clone, Debug)]
pub struct Output {
    pub format: LintFormat,
    pub path: PathBuf,
}

impl Output {
    fn parse(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').ok_or("it is written as FORMAT=FILE, as in sarif=lint.sarif")?;
        let format = LintFormat::from_str(format, false).map_err(|_| format!("there is no format {format:?}"))?;
        if path.is_empty() {
            return Err("the file is missing: it is written as FORMAT=FILE".to_owned());
        }
        Ok(Self { format, path: path.into() })
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lockstep lint migrations/*.sql --db postgres://localhost/shop --fail-on medium
  lockstep lint migrations --git-diff origin/main -f github --output sarif=lint.sarif --output markdown=lint.md
  lockstep lint --stdin-path migrations/42_orders.sql --pg-version 16 < draft.sql")]
pub struct Lint {
    /// SQL files and folders of them; - reads standard input. Migrations are judged by the way that their framework
    /// runs them, up and down. Without --db, what earlier files of the same folder make is taken for what is there.
    #[arg(required_unless_present_any = ["git_diff", "stdin_path", "show_config"])]
    pub files: Vec<PathBuf>,
    /// The file that standard input stands for: places are told in it, and it is judged in its folder.
    #[arg(long, value_name = "PATH", conflicts_with = "git_diff")]
    pub stdin_path: Option<PathBuf>,
    /// Only files that were changed or added since this branch left REF, by the program git; of the files and folders
    /// that are named, else of the working folder.
    #[arg(long, value_name = "REF")]
    pub git_diff: Option<String>,
    /// The schema that the files are for: with it, only what exists can be locked.
    #[arg(long, value_name = "SOURCE")]
    pub db: Option<String>,
    /// The major version of PostgreSQL that the files are for, 13 to 18. Without it that of the --db, else the newest.
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u32).range(13..=18))]
    pub pg_version: Option<u32>,
    /// Do not ask the rows of the --db whether statements can succeed. They are asked read-only, briefly, and without
    /// waiting for locks; only numbers are told.
    #[arg(long)]
    pub no_probes: bool,
    /// When the files are to run, for the policy's hours: 2026-03-01T22:30:00Z.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: LintFormat,
    /// Write the report to a file too: FORMAT=FILE. May be repeated.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = Output::parse)]
    pub output: Vec<Output>,
    /// End with status 1 at this severity and above; high, unless the project says otherwise.
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,
    /// End with status 1 when a statement is not understood.
    #[arg(long)]
    pub fail_on_unknown: bool,
    /// Leave out the findings that are known in this file, and tell which of them have gone.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found to this file as known; afterwards nothing counts but what is new.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
    /// Write the safe way to the same end as a plan beside each file, FILE.plan, for `rehearse` and `apply`.
    #[arg(long)]
    pub fix: bool,
    /// The project's settings; without it the first lockstep.toml at or above the first file.
    #[arg(long, value_name = "FILE", conflicts_with = "no_project_config")]
    pub project_config: Option<PathBuf>,
    /// Use no project's settings.
    #[arg(long)]
    pub no_project_config: bool,
    /// Print what is in effect, and judge nothing.
    #[arg(long)]
    pub show_config: bool,
    /// The dialect, where no --db says it: postgres, unless the project says otherwise.
    #[arg(long, value_enum)]
    pub engine: Option<DemoEngine>,
    /// The layout of migrations, where it cannot be told: sqlx, golang-migrate, dbmate, goose, flyway, liquibase, diesel,
    /// prisma, django, rails or alembic.
    #[arg(long, value_name = "LAYOUT", value_parser = layout)]
    pub layout: Option<Layout>,
}
