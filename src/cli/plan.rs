//! `lockstep plan`.

use super::args;
use super::source::{self, Context, Loaded, Source};
use super::{Status, export, output, show, words};
use crate::assistant::Proposal;
use crate::config::Config;
use crate::engine::{self, Database};
use crate::migrations::Layout;
use crate::plan::{Plan, PlanOptions, Style};
use crate::project::Project;
use crate::schema::Schema;
use crate::{Error, ErrorCode, Result, diff, plan, risk, watch};
use std::path::Path;

pub async fn run(args: args::Plan, config: &Config) -> Result<Status> {
    let format = Format::of(&args)?;
    let shadow = args.shadow.as_deref();
    let mut before =
        Source::parse_as(&args.source, config, args.layout)?.load(Context { shadow, ..Context::default() }).await?;
    before.notes.iter().for_each(|note| output::note(note));
    let style = if args.direct { Style::Direct } else { Style::Safe };
    let options = PlanOptions { style, ..PlanOptions::default() };
    let made = if let Some(to) = &args.wish.to {
        Made::Plan(toward(to, &before, &args, &options, config).await?)
    } else if let Some(file) = &args.wish.sql {
        Made::Plan(from_file(file, args.layout, &before, &options)?)
    } else if args.wish.repair {
        Made::Plan(to_repair(&before, &options)?)
    } else {
        let (text, answers) = (args.wish.ask.as_deref().unwrap_or_default(), words::answers(&args.answer));
        let proposal = words::proposal(text, &answers, &before, &args.model, config).await?;
        from_words(proposal, &before, &options)?
    };
    let mut plan = match made {
        Made::Plan(plan) => plan,
        Made::Said(status, text, json) => {
            if format == Format::Json {
                output::print_json(&json)?;
            } else {
                output::print(&text);
            }
            return Ok(status);
        }
    };
    if let Some(database) = &before.database {
        engine::note_use(&mut before.schema, &database.table_use().await?);
    }
    let settings = Project::here()?.settings();
    risk::annotate_by(&mut plan, &before.schema, before.dialect.as_ref(), before.database.is_some(), &settings);
    if let Some(database) = before.database.as_deref().filter(|_| !args.no_probes) {
        probe(&mut plan, &before.schema, database).await;
    }
    if let Some(database) = before.database.as_deref()
        && let Err(why) = watch::foresee(database, &mut plan).await
    {
        output::note(&format!("who holds locks now could not be seen: {}", why.message));
    }
    if let Format::Framework(layout) = format {
        let place = export::Place { output: args.output.as_deref(), version_from: args.version_from.as_deref() };
        export::write(&plan, layout, before.dialect.as_ref(), &place)?;
        return Ok(Status::Yes);
    }
    if let Some(path) = &args.output {
        let text = plan::file::write(&plan, before.dialect.as_ref());
        std::fs::write(path, text)
            .map_err(|why| Error::new(ErrorCode::File, format!("{} cannot be written: {why}", path.display())))?;
        output::note(&format!("{} steps written to {}", plan.steps.len(), path.display()));
    }
    match format {
        Format::Nothing | Format::Framework(_) => {}
        Format::Json => output::print_json(&plan)?,
        Format::Sql => output::print_sql(&plan::file::write(&plan, before.dialect.as_ref())),
        Format::Text => output::print(&show::plan(&plan)),
    }
    Ok(Status::Yes)
}

/// Asks the rows whether the steps can succeed.
async fn probe(plan: &mut Plan, schema: &Schema, database: &dyn Database) {
    let questions = risk::questions_of(plan, schema, database.dialect().as_ref());
    let asked: Vec<&risk::Question> = questions.iter().map(|(_, question)| question).collect();
    let answers = engine::probe(database, schema, &asked, engine::BUDGET).await;
    for ((at, question), answer) in questions.iter().zip(&answers) {
        if let Some(step) = plan.steps.get_mut(*at) {
            risk::settle(&mut step.risks, question, answer);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Nothing,
    Text,
    Json,
    Sql,
    /// The files of a migration framework.
    Framework(Layout),
}

impl Format {
    fn of(args: &args::Plan) -> Result<Self> {
        match args.format.as_deref() {
            None if args.output.is_some() => Ok(Self::Nothing),
            None | Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some("sql") => Ok(Self::Sql),
            Some(other) => Layout::parse(other).map(Self::Framework).map_err(|why| {
                let layouts = why.hint.unwrap_or_default();
                Error::usage(format!("a plan cannot be written as {other:?}"))
                    .hint(format!("The formats are text, json and sql, and those of migration frameworks. {layouts}"))
            }),
        }
    }
}

enum Made {
    Plan(Plan),
    /// Not a plan: what to say, in words and as JSON.
    Said(Status, String, serde_json::Value),
}

async fn toward(to: &str, before: &Loaded, args: &args::Plan, options: &PlanOptions, config: &Config) -> Result<Plan> {
    let context = Context { beside: Some(before), shadow: args.shadow.as_deref(), engine: None };
    let after = Source::parse_as(to, config, args.layout)?.load(context).await?;
    if after.schema.engine != before.schema.engine {
        return Err(Error::usage(format!(
            "a {} schema cannot become a {} one",
            before.schema.engine, after.schema.engine
        )));
    }
    after.notes.iter().for_each(|note| output::note(note));
    let renames = source::renames(&args.rename, &before.schema, before.dialect.default_schema())?;
    let changes = diff::compare(&before.schema, &after.schema, &renames);
    let title = format!("Change the schema to that of {}", show::source_name(to));
    let patterns = before.dialect.as_ref();
    let mut plan = plan::toward(&title, &changes, &before.schema, &after.schema, patterns, options)?;
    plan.notes.extend(after.notes);
    let suspects = diff::suspected_renames(&before.schema, &after.schema, &renames);
    for suspect in &suspects {
        output::note(&suspect.advice());
    }
    plan.notes.extend(suspects.iter().map(diff::Suspect::advice));
    plan.notes.extend(diff::column_orders(&before.schema, &after.schema).iter().map(diff::ColumnOrder::sentence));
    plan.notes.extend(diff::leftovers(&before.schema, "this database"));
    let new = |note: &String| !plan.notes.contains(note);
    let of_target: Vec<String> = diff::leftovers(&after.schema, "the target").into_iter().filter(new).collect();
    plan.notes.extend(of_target);
    Ok(plan)
}

fn to_repair(before: &Loaded, options: &PlanOptions) -> Result<Plan> {
    let (schema, patterns) = (&before.schema, before.dialect.as_ref());
    let mut plan = plan::from_changes(diff::REPAIR, &diff::repair(schema), schema, patterns, options)?;
    plan.notes.extend(diff::leftovers(schema, "this database"));
    if plan.notes.is_empty() {
        plan.notes.push("No index is broken and no constraint is unchecked: there is nothing to repair.".into());
    }
    Ok(plan)
}

fn from_file(path: &Path, layout: Option<Layout>, before: &Loaded, options: &PlanOptions) -> Result<Plan> {
    let text = source::read_file_or_stdin(path)?;
    let text = source::folder::way_up(path, text, layout, before.schema.engine)?;
    let title = path.file_name().map_or_else(|| "SQL".into(), |name| name.to_string_lossy().into_owned());
    Ok(plan::from_sql(&title, &text, &before.schema, before.dialect.as_ref(), options))
}

fn from_words(proposal: Proposal, before: &Loaded, options: &PlanOptions) -> Result<Made> {
    let patterns = before.dialect.as_ref();
    match proposal {
        Proposal::Changes { title, changes, notes } => {
            let mut plan = plan::from_changes(&title, &changes, &before.schema, patterns, options)?;
            plan.notes.extend(notes);
            Ok(Made::Plan(plan))
        }
        Proposal::Sql { title, sql, notes } => {
            let mut plan = plan::from_sql(&title, &sql, &before.schema, patterns, options);
            plan.notes.extend(notes);
            Ok(Made::Plan(plan))
        }
        other => said(other),
    }
}

/// What the assistant said instead of a change.
fn said(proposal: Proposal) -> Result<Made> {
    match proposal {
        Proposal::Question(question) => {
            Ok(Made::Said(Status::No, show::question(&question), serde_json::json!({ "question": question })))
        }
        Proposal::Reply(reply) => {
            let text = reply.answer.clone();
            Ok(Made::Said(Status::Yes, text, serde_json::json!(reply)))
        }
        Proposal::NotUnderstood { what, nearest } => Err(show::not_understood(&what, &nearest)),
        Proposal::Changes { .. } | Proposal::Sql { .. } => Err(Error::internal("a proposal was not planned")),
    }
}
