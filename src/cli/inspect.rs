//! `lockstep inspect`.

use super::args::{DemoEngine, Inspect, SchemaFormat};
use super::source::{Context, Source};
use super::{Status, output, show};
use crate::config::Config;
use crate::schema::EngineKind;
use crate::{Result, diff};

pub async fn run(args: Inspect, config: &Config) -> Result<Status> {
    let source = Source::parse_as(&args.source, config, args.layout)?;
    let context = Context { shadow: args.shadow.as_deref(), engine: args.engine.map(kind), ..Context::default() };
    let loaded = source.load(context).await?;
    loaded.notes.iter().for_each(|note| output::note(note));
    match args.format {
        SchemaFormat::Json => output::print_json(&loaded.schema)?,
        SchemaFormat::Sql => output::print_sql(&loaded.dialect.script(&loaded.schema)),
        SchemaFormat::Text => {
            for left in diff::leftovers(&loaded.schema, "this database") {
                output::note(&left);
            }
            output::print(&show::schema(&loaded.schema));
        }
    }
    Ok(Status::Yes)
}

pub fn kind(engine: DemoEngine) -> EngineKind {
    match engine {
        DemoEngine::Sqlite => EngineKind::Sqlite,
        DemoEngine::Postgres => EngineKind::Postgres,
    }
}
