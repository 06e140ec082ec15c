//! The command line as it is written.

mod lint;

pub use lint::{Lint, LintFormat, Output};

use crate::migrations::Layout;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A terminal workbench for changing the schema of a live database.
#[derive(Debug, Parser)]
#[command(
    name = "lockstep",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Without a command the workbench opens: on URL, else on the connection that the environment names (DATABASE_URL, PG*),
else on a screen to choose one.

Examples:
  lockstep demo
  lockstep postgres://app@localhost/shop
  lockstep plan sqlite:shop.db --ask 'add a region to sales, required, default EU'
"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub workbench: Workbench,
}

/// How the workbench opens.
#[derive(Debug, Args)]
pub struct Workbench {
    /// The database: postgres://user@host/database, or sqlite:file, or a name from the configuration.
    pub url: Option<String>,

    /// Open the plan of this SQL migration file.
    #[arg(long, value_name = "FILE")]
    pub sql: Option<PathBuf>,

    #[command(flatten)]
    pub screen: Screen,

    /// Make every session read-only, on the server too.
    #[arg(long)]
    pub read_only: bool,

    /// Mark the connection as production.
    #[arg(long)]
    pub production: bool,
}

#[derive(Debug, Args)]
pub struct Screen {
    /// A theme's name, or auto.
    #[arg(long)]
    pub theme: Option<String>,

    /// Draw with ASCII characters only.
    #[arg(long)]
    pub ascii: bool,

    #[command(flatten)]
    pub model: Model,
}

/// Who understands requests in words.
#[derive(Debug, Default, Args)]
pub struct Model {
    /// Ask this model: anthropic:NAME, openai:NAME, or NAME at the configured provider. Without it, the model of the
    /// configuration is asked, and without that the built-in planner, which also steps in when the model fails.
    /// The key is read from the environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, or what key_env names.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,

    /// Use the built-in planner, whatever the configuration says. It needs no key and no network.
    #[arg(long, conflicts_with = "model")]
    pub builtin: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the workbench on a sample shop database under a running application load.
    Demo(Demo),
    /// Print a database's schema.
    Inspect(Inspect),
    /// Print what differs between two schemas.
    Diff(Diff),
    /// Plan a change: from words, from SQL, or toward a wanted schema.
    Plan(Plan),
    /// Judge the statements of SQL files.
    Lint(Lint),
    /// Try a plan and its rollbacks on a shadow database, and tell what they really lock and rewrite.
    Rehearse(Rehearse),
    /// Run a plan, each step confirmed.
    Apply(Apply),
    /// Take a run back.
    Rollback(Rollback),
    /// Show the runs that the database remembers, and what is unfinished.
    Status(Status),
    /// Print live gauges, one reading a line.
    Watch(Watch),
    /// Answer a question about a schema.
    Ask(Ask),
    /// Say what a rule of the risk analysis means.
    Explain(Explain),
}

fn layout(name: &str) -> Result<Layout, String> {
    Layout::parse(name).map_err(|why| why.hint.unwrap_or(why.message))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DemoEngine {
    Sqlite,
    Postgres,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep demo --engine postgres")]
pub struct Demo {
    /// Which engine the sample runs on. PostgreSQL is a private server started from binaries on this machine.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: DemoEngine,

    #[command(flatten)]
    pub screen: Screen,

    /// Print the sample database's URL and keep it running until interrupted, without opening the workbench.
    #[arg(long)]
    pub no_screen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    Text,
    Json,
    Sql,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep inspect sqlite:shop.db -f json > snapshot.json")]
pub struct Inspect {
    /// A database URL, a .sql file or a folder of them, or a snapshot made by inspect -f json.
    pub source: String,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: SchemaFormat,
    /// Server whose scratch databases may be used to load SQL exactly.
    #[arg(long, value_name = "URL")]
    pub shadow: Option<String>,
    /// The engine of SQL text, where no database says it.
    #[arg(long, value_enum)]
    pub engine: Option<DemoEngine>,
    /// The layout of migrations, where it cannot be told: sqlx, golang-migrate, dbmate, goose, flyway, liquibase, diesel,
    /// prisma, django, rails or alembic.
    #[arg(long, value_name = "LAYOUT", value_parser = layout)]
    pub layout: Option<Layout>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
    Sql,
    Markdown,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep diff postgres://localhost/shop wanted.sql --exit-code")]
pub struct Diff {
    pub before: String,
    pub after: String,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: DiffFormat,
    /// End with status 1 when anything differs.
    #[arg(long)]
    pub exit_code: bool,
    /// Server whose scratch databases may be used to load SQL exactly.
    #[arg(long, value_name = "URL")]
    pub shadow: Option<String>,
    /// That an object was renamed: old=new, where old is table, schema.table, table.column, or any other name. May be repeated.
    #[arg(long, value_name = "OLD=NEW")]
    pub rename: Vec<String>,
    /// The engine of SQL text, where neither side is a database.
    #[arg(long, value_enum)]
    pub engine: Option<DemoEngine>,
    /// The layout of folders of migrations, where it cannot be told: sqlx, golang-migrate, dbmate, goose, flyway, liquibase, diesel,
    /// prisma, django, rails or alembic.
    #[arg(long, value_name = "LAYOUT", value_parser = layout)]
    pub layout: Option<Layout>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lockstep plan sqlite:shop.db --ask \"add a region to sales, required, default 'EU', and index it\" -o plan.sql
  lockstep plan postgres://localhost/shop --sql migration.sql -f json
  lockstep plan postgres://localhost/shop --to wanted.sql
  lockstep plan postgres://localhost/shop --to wanted.sql -f goose -o migrations")]
pub struct Plan {
    /// The schema to start from.
    pub source: String,
    #[command(flatten)]
    pub wish: Wish,
    /// Write the plan file here; with a framework's format, its files into this folder. Nothing there is overwritten.
    #[arg(short, long, value_name = "PLAN.sql|FOLDER")]
    pub output: Option<PathBuf>,
    /// text, json or sql, or a migration framework: sqlx, golang-migrate, dbmate, goose, flyway, liquibase, diesel,
    /// prisma, django, rails or alembic. Without -f, and with -o, nothing is printed.
    #[arg(short, long)]
    pub format: Option<String>,
    /// Do not ask the database's rows whether steps can succeed. They are asked read-only, briefly, and without waiting
    /// for locks; only numbers are told.
    #[arg(long)]
    pub no_probes: bool,
    /// Change directly, without the patterns that keep an application running.
    #[arg(long)]
    pub direct: bool,
    /// Server whose scratch databases may be used to load SQL exactly.
    #[arg(long, value_name = "URL")]
    pub shadow: Option<String>,
    /// The answer to a question that --ask was answered with. May be repeated, in the order of the questions.
    #[arg(long, value_name = "CHOICE", requires = "ask")]
    pub answer: Vec<String>,
    #[command(flatten)]
    pub model: Model,
    /// That an object was renamed: old=new (with --to). May be repeated.
    #[arg(long, value_name = "OLD=NEW", requires = "to")]
    pub rename: Vec<String>,
    /// The layout of migrations, where it cannot be told: sqlx, golang-migrate, dbmate, goose, flyway, liquibase, diesel,
    /// prisma, django, rails or alembic.
    #[arg(long, value_name = "LAYOUT", value_parser = layout)]
    pub layout: Option<Layout>,
    /// The version of the first migration that is written. Without it, versions go on from the folder's last one.
    #[arg(long, value_name = "VERSION")]
    pub version_from: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Wish {
    /// The wanted schema: a database URL, SQL, or a snapshot.
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<String>,
    /// What is wanted, in words.
    #[arg(long, value_name = "TEXT")]
    pub ask: Option<String>,
    /// A SQL migration file; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub sql: Option<PathBuf>,
    /// Make good what an earlier failure has left: indexes that are not valid, constraints that were never checked.
    #[arg(long)]
    pub repair: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Confirm {
    /// Ask on the terminal before each step.
    Each,
    /// Consent to every step beforehand, destructive ones included.
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  lockstep rehearse plan.sql --db postgres://app@localhost/shop --sample 1000

Nothing is changed in the database; its catalog is read. The shadow is a scratch database on the same server, on the
server of --shadow, or, where none can be made, on a private server started from binaries on this machine. It is
removed at the end; one that a killed rehearsal has left is removed by the next.")]
pub struct Rehearse {
    /// A plan file that lockstep plan -o wrote.
    pub plan: PathBuf,
    /// The database that the plan is for.
    #[arg(long, value_name = "URL")]
    pub db: String,
    /// Make the shadow on this server.
    #[arg(long, value_name = "URL")]
    pub shadow: Option<String>,
    /// Copy at most so many rows of each table, so that failures that depend on data show.
    #[arg(long, value_name = "ROWS")]
    pub sample: Option<u64>,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lockstep apply plan.sql --db sqlite:shop.db --confirm each
  lockstep apply --resume 20260131-101500-abcd --db postgres://localhost/shop")]
pub struct Apply {
    /// A plan file.
    #[arg(required_unless_present = "resume")]
    pub plan: Option<PathBuf>,
    /// Go on with what this run has not done; a backfill goes on where it stopped. `lockstep status` lists the runs.
    #[arg(long, value_name = "RUN", conflicts_with = "plan")]
    pub resume: Option<String>,
    #[arg(long, value_name = "URL")]
    pub db: String,
    #[arg(long, value_enum)]
    pub confirm: Option<Confirm>,
    /// Who has approved the plan, where the project's policy wants that. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub approved_by: Vec<String>,
    /// Run outside of the policy's hours all the same, for this reason, which is journalled.
    #[arg(long, value_name = "REASON")]
    pub override_policy: Option<String>,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep rollback --db sqlite:shop.db --confirm all")]
pub struct Rollback {
    /// The run to take back; without it the last one.
    pub run: Option<String>,
    #[arg(long, value_name = "URL")]
    pub db: String,
    /// Take back down to this step, and with it.
    #[arg(long, value_name = "STEP")]
    pub to: Option<String>,
    #[arg(long, value_enum)]
    pub confirm: Option<Confirm>,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep status --db postgres://localhost/shop -f json")]
pub struct Status {
    #[arg(long, value_name = "URL")]
    pub db: String,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep watch --db postgres://localhost/shop -f json --interval 250 --count 20")]
pub struct Watch {
    #[arg(long, value_name = "URL")]
    pub db: String,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
    /// Milliseconds between readings.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..))]
    pub interval: u64,
    /// Stop after this many readings.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// A table for the latency probe: schema.table.
    #[arg(long, value_name = "TABLE")]
    pub probe: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lockstep ask --db sqlite:shop.db 'what references orders?'")]
pub struct Ask {
    /// A database URL or any other schema source.
    #[arg(long, value_name = "SOURCE")]
    pub db: String,
    /// The question.
    pub text: String,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
    /// The answer to a question that came back. May be repeated.
    #[arg(long, value_name = "CHOICE")]
    pub answer: Vec<String>,
    #[command(flatten)]
    pub model: Model,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lockstep explain\n  lockstep explain set-not-null-scan\n  lockstep explain --all -f json"
)]
pub struct Explain {
    /// A rule's id; without it all rules are listed, group by group.
    #[arg(conflicts_with = "all")]
    pub rule: Option<String>,
    /// Explain every rule in full.
    #[arg(long)]
    pub all: bool,
    #[arg(short, long, value_enum, default_value = "text")]
    pub format: PlainFormat,
}
