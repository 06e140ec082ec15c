//! `lockstep [URL]`: the workbench on a database.

use super::args::{Screen, Workbench};
use super::source::Source;
use super::{Status, demo, words};
use crate::config::{Config, Recent, environment_target};
use crate::engine::ConnectOptions;
use crate::{Error, Result, tui};
use std::sync::Arc;

pub async fn open(args: Workbench, config: &Config) -> Result<Status> {
    let recent = Recent::open();
    let mut connect = ConnectOptions { read_only: args.read_only, ..ConnectOptions::default() };
    let mut target = match &args.url {
        Some(url) => match Source::parse(url, config)? {
            Source::Database(target, options) => {
                connect.read_only |= options.read_only;
                Some(target)
            }
            _ => {
                return Err(Error::usage(format!("{url} is not a database"))
                    .hint("The workbench opens on a database; a SQL file is opened with --sql FILE."));
            }
        },
        None => environment_target()?.or_else(|| recent.targets().into_iter().next()),
    };
    if let Some(target) = &mut target {
        target.production |= args.production;
    }
    let mut options = options(&args.screen, config, &recent)?;
    options.sql_file = args.sql;
    let end = tui::open(tui::Options { target, connect, ..options }).await?;
    if let Some(shown) = &end.connected {
        recent.remember(shown);
    }
    match end.next {
        tui::Next::Quit => Ok(Status::Yes),
        tui::Next::Demo => demo::open(&args.screen, config).await,
    }
}

/// What every opening of the workbench has in common.
///
/// # Errors
/// When the command line names a model that cannot be asked.
pub fn options(screen: &Screen, config: &Config, recent: &Recent) -> Result<tui::Options> {
    let (provider, missing) = words::provider(&screen.model, config)?;
    Ok(tui::Options {
        provider: provider.map(Arc::new),
        remarks: missing.iter().map(words::fell_back).collect(),
        theme: screen.theme.clone().or_else(|| config.theme.clone()),
        ascii: if screen.ascii { Some(true) } else { config.ascii },
        recent: recent.targets(),
        named: config.targets(),
        ..tui::Options::default()
    })
}
