//! `lockstep ask`: questions about a schema.

use super::args::{Ask, PlainFormat};
use super::source::{Context, Source};
use super::{Status, output, show, words};
use crate::assistant::Proposal;
use crate::config::Config;
use crate::{Error, Result};

pub async fn run(args: Ask, config: &Config) -> Result<Status> {
    let loaded = Source::parse(&args.db, config)?.load(Context::default()).await?;
    let answers = words::answers(&args.answer);
    let json = args.format == PlainFormat::Json;
    match words::proposal(&args.text, &answers, &loaded, &args.model, config).await? {
        Proposal::Reply(reply) if json => output::print_json(&reply)?,
        Proposal::Reply(reply) => output::print(&crate::sql::visible(&reply.answer)),
        Proposal::Question(question) => {
            if json {
                output::print_json(&serde_json::json!({ "question": question }))?;
            } else {
                output::print(&show::question(&question));
            }
            return Ok(Status::No);
        }
        Proposal::NotUnderstood { what, nearest } => return Err(show::not_understood(&what, &nearest)),
        Proposal::Changes { .. } | Proposal::Sql { .. } => {
            return Err(Error::usage("this is a change, not a question")
                .hint("lockstep plan SOURCE --ask TEXT makes a plan of it."));
        }
    }
    Ok(Status::Yes)
}
