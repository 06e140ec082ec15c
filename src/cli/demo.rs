//! `lockstep demo`.

use super::args::{Demo, Screen};
use super::{Status, inspect, output, workbench};
use crate::Result;
use crate::config::Config;
use crate::demo::{Load, Shop};
use crate::schema::EngineKind;

pub async fn run(args: Demo, config: &Config) -> Result<Status> {
    let kind = inspect::kind(args.engine);
    if args.no_screen {
        return serve(kind).await;
    }
    on(kind, &args.screen, config).await
}

/// The demo as the workbench offers it.
pub async fn open(screen: &Screen, config: &Config) -> Result<Status> {
    on(EngineKind::Sqlite, screen, config).await
}

async fn on(kind: EngineKind, screen: &Screen, config: &Config) -> Result<Status> {
    let shop = Shop::open(kind, output::note).await?;
    let _load = Load::start(shop.database()).await?;
    workbench::on(shop.target().clone(), screen, config).await
}

/// Keeps the sample database there for other programs, until interrupted.
async fn serve(kind: EngineKind) -> Result<Status> {
    let shop = Shop::open(kind, output::note).await?;
    let _load = Load::start(shop.database()).await?;
    output::print(shop.target().url.expose());
    output::note("the sample shop is up; Ctrl-C ends it");
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(|why| crate::Error::internal(format!("signals cannot be heard: {why}")))?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(Status::Yes)
}
