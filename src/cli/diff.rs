//! `lockstep diff`.

use super::args::{Diff, DiffFormat};
use super::source::{self, Source};
use super::{Status, inspect, output, show};
use crate::config::Config;
use crate::{Error, Result, diff, plan};

pub async fn run(args: Diff, config: &Config) -> Result<Status> {
    let parse = |text: &str| Source::parse_as(text, config, args.layout);
    let (before, after) = (parse(&args.before)?, parse(&args.after)?);
    let (before, after) =
        source::load_both(before, after, args.shadow.as_deref(), args.engine.map(inspect::kind)).await?;
    before.notes.iter().chain(&after.notes).for_each(|note| output::note(note));
    let dialect = &before.dialect;
    let renames = source::renames(&args.rename, &before.schema, dialect.default_schema())?;
    let changes = diff::compare(&before.schema, &after.schema, &renames);
    let suspects = diff::suspected_renames(&before.schema, &after.schema, &renames);
    for suspect in &suspects {
        output::note(&suspect.advice());
    }
    let entries = diff::entries(&before.schema, &after.schema, &changes, dialect.as_ref());
    let orders = diff::column_orders(&before.schema, &after.schema);
    if args.format != DiffFormat::Json {
        for order in &orders {
            output::note(&order.sentence());
        }
    }
    match args.format {
        DiffFormat::Json => output::print_json(&serde_json::json!({
            "equal": changes.is_empty(), "entries": entries, "changes": changes, "suspected_renames": suspects,
            "column_order": orders,
        }))?,
        DiffFormat::Sql => {
            let mut schema = before.schema.clone();
            let mut sql = String::new();
            for change in plan::order(&changes, &before.schema, Some(&after.schema))? {
                for statement in dialect.render(&change, &schema) {
                    sql.push_str(&statement);
                    sql.push_str(";\n");
                }
                schema.apply(&change).map_err(|why| Error::internal(format!("the difference does not fit: {why}")))?;
            }
            output::print_sql(&sql);
        }
        DiffFormat::Markdown => output::print(&show::entries_markdown(&entries)),
        DiffFormat::Text => output::print(&show::entries(&entries)),
    }
    Ok(if args.exit_code && !changes.is_empty() { Status::No } else { Status::Yes })
}
