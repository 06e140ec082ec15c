//! `lockstep status`.

use super::args::{PlainFormat, Status as Args};
use super::{Status, output, source};
use crate::Result;
use crate::config::Config;
use crate::history;

pub async fn run(args: Args, config: &Config) -> Result<Status> {
    let database = source::connect(&args.db, config).await?;
    let status = history::status(&database).await?;
    match args.format {
        PlainFormat::Json => output::print_json(&status)?,
        PlainFormat::Text => output::print(&status.to_string()),
    }
    Ok(Status::Yes)
}
