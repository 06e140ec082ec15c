//! Plans and comparisons, made off the screen's thread.

use super::super::effect::Ground;
use super::super::state::{Built, Difference, Source as Origin};
use crate::config::Config;
use crate::diff::Suspect;
use crate::engine::Database;
use crate::plan::{self, Plan, PlanOptions, Style};
use crate::project::Project;
use crate::schema::{Change, EngineKind, Schema};
use crate::source::{self, Source};
use crate::sql::SqlFile;
use crate::{Error, Result, diff, risk, watch};
use std::path::Path;
use std::sync::Arc;

/// Lines of a definition shown around a change.
const CONTEXT: usize = 3;

/// A plan from where it comes from, judged, with what it changes.
pub async fn build(source: Origin, style: Style, ground: Ground, database: Result<Arc<dyn Database>>) -> Result<Built> {
    let wanted = match &source {
        Origin::Wanted { text, .. } => Some(database.clone()?.schema_of(&[SqlFile::unnamed(text)]).await?.schema),
        _ => None,
    };
    let built = tokio::task::spawn_blocking(move || build_now(source, style, &ground, wanted.as_ref()));
    let mut built = built.await.map_err(|_| Error::internal("making the plan broke off"))??;
    if let Ok(database) = &database {
        // A plan without this forecast is still a plan.
        let _ = watch::foresee(database.as_ref(), &mut built.plan).await;
    }
    Ok(built)
}

fn build_now(source: Origin, style: Style, ground: &Ground, wanted: Option<&Schema>) -> Result<Built> {
    let options = PlanOptions { style, ..PlanOptions::default() };
    let (schema, dialect) = (&*ground.schema, &*ground.dialect);
    let mut plan = match (&source, wanted) {
        (Origin::Changes { title, changes, notes }, _) => {
            let mut plan = plan::from_changes(title, changes, schema, dialect, &options)?;
            plan.notes.extend(notes.iter().cloned());
            plan
        }
        (Origin::Sql { title, text }, _) => {
            let up = source::folder::way_up(Path::new(title), text.clone(), None, schema.engine)?;
            plan::from_sql(title, &up, schema, dialect, &options)
        }
        (Origin::Wanted { title, renames, .. }, Some(wanted)) => {
            let changes = diff::compare(schema, wanted, renames);
            plan::toward(&format!("As in {title}"), &changes, schema, wanted, dialect, &options)?
        }
        (Origin::Repair, _) => {
            let mut plan = plan::from_changes(diff::REPAIR, &diff::repair(schema), schema, dialect, &options)?;
            plan.notes.extend(diff::leftovers(schema, "this database"));
            plan
        }
        (Origin::Wanted { .. } | Origin::File, _) => return Err(Error::internal("there is nothing to plan from")),
    };
    if plan.base.is_none() {
        plan.starts_from(schema);
    }
    let suspects = suspects(&source, schema, wanted);
    plan.notes.extend(suspects.iter().map(Suspect::sentence));
    if let (Origin::Wanted { .. }, Some(wanted)) = (&source, wanted) {
        plan.notes.extend(diff::column_orders(schema, wanted).iter().map(diff::ColumnOrder::sentence));
        plan.notes.extend(diff::leftovers(schema, "this database"));
    }
    Ok(Built { suspects, ..judge(plan, source, style, ground) })
}

/// The renames that may have been meant and that nobody has answered for.
fn suspects(source: &Origin, schema: &Schema, wanted: Option<&Schema>) -> Vec<Suspect> {
    let (Origin::Wanted { renames, others, .. }, Some(wanted)) = (source, wanted) else { return Vec::new() };
    let mut suspects = diff::suspected_renames(schema, wanted, renames);
    suspects.retain(|suspect| !others.contains(&suspect.rename));
    suspects
}

/// Judges a plan and says what it changes.
pub fn judge(mut plan: Plan, source: Origin, style: Style, ground: &Ground) -> Built {
    // A file that makes no sense is told when the plan is to run, which it then may not.
    let settings = Project::here().map(|project| project.settings()).unwrap_or_default();
    risk::annotate_by(&mut plan, &ground.schema, &*ground.dialect, true, &settings);
    let differences = differences_of(&plan, ground);
    Built { plan, source, style, differences, made_for: Arc::clone(&ground.schema), suspects: Vec::new() }
}

fn differences_of(plan: &Plan, ground: &Ground) -> Vec<Difference> {
    let changes: Vec<Change> = plan.steps.iter().flat_map(|s| s.changes.iter().cloned()).collect();
    let mut after = (*ground.schema).clone();
    for change in &changes {
        // What does not fit is a risk of its step already; the difference shows the rest.
        let _ = after.apply(change);
    }
    differences(&ground.schema, &after, &changes, ground)
}

fn differences(before: &Schema, after: &Schema, changes: &[Change], ground: &Ground) -> Vec<Difference> {
    diff::entries(before, after, changes, &*ground.dialect)
        .into_iter()
        .map(|entry| {
            let text = |side: &Option<String>| crate::sql::visible(side.as_deref().unwrap_or_default());
            let lines = diff::text_diff(&text(&entry.before), &text(&entry.after), CONTEXT);
            Difference { entry, lines }
        })
        .collect()
}

/// What differs between the database and the schema that some SQL makes.
pub async fn compare(sql: &str, ground: Ground, database: Result<Arc<dyn Database>>) -> Result<Vec<Difference>> {
    let wanted = database?.schema_of(&[SqlFile::unnamed(sql)]).await?.schema;
    tokio::task::spawn_blocking(move || {
        let changes = diff::compare(&ground.schema, &wanted, &[]);
        differences(&ground.schema, &wanted, &changes, &ground)
    })
    .await
    .map_err(|_| Error::internal("the comparison broke off"))
}

/// How one schema differs from another: each is an SQL file, a snapshot, a database's URL or a connection's name.
pub async fn compare_two(before: &str, after: &str, engine: Option<EngineKind>) -> Result<Vec<Difference>> {
    let config = Config::load()?;
    let (before, after) = (Source::parse(before, &config)?, Source::parse(after, &config)?);
    let (before, after) = source::load_both(before, after, None, engine).await?;
    tokio::task::spawn_blocking(move || {
        let ground = Ground { schema: Arc::new(before.schema), dialect: before.dialect };
        let changes = diff::compare(&ground.schema, &after.schema, &[]);
        differences(&ground.schema, &after.schema, &changes, &ground)
    })
    .await
    .map_err(|_| Error::internal("the comparison broke off"))
}

/// A plan with one step's SQL as the user wrote it, read and judged in its place.
pub fn rewrite(step: &str, sql: &str, plan: Plan, source: Origin, style: Style, ground: &Ground) -> Result<Built> {
    let mut editor = plan::PlanEditor::new(plan, (*ground.schema).clone());
    editor.replace_sql(step, sql, &*ground.dialect)?;
    Ok(judge(editor.into_plan(), source, style, ground))
}

/// A plan with the safe way for what one step changes in the place of that step.
pub fn safer(step: &str, plan: Plan, source: Origin, style: Style, ground: &Ground) -> Result<Built> {
    let mut editor = plan::PlanEditor::new(plan, (*ground.schema).clone());
    editor.make_safer(step, &*ground.dialect)?;
    Ok(judge(editor.into_plan(), source, style, ground))
}
