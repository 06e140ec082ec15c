//! `lockstep demo`.

use super::args::{Demo, Screen};
use super::{Status, inspect, output, workbench};
use crate::Result;
use crate::config::{Config, Recent};
use crate::demo::{Load, Shop};
use crate::schema::EngineKind;
use crate::tui::{self, Preparing};
use tokio::sync::{mpsc, oneshot};

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

/// The screen is up at once; the shop is made meanwhile. The target is not remembered: it goes with the program.
async fn on(kind: EngineKind, screen: &Screen, config: &Config) -> Result<Status> {
    let options = tui::Options { demo: true, ..workbench::options(screen, config, &Recent::open())? };
    loop {
        let (sender, news) = mpsc::channel(8);
        let (leave, left) = oneshot::channel::<()>();
        let shop = tokio::spawn(keep_shop(kind, sender, left));
        let end = tui::open_while_preparing(options.clone(), news).await;
        drop(leave);
        // The shop is gone when its task has ended; one that panicked has dropped it too.
        let _ = shop.await;
        if end?.next == tui::Next::Quit {
            return Ok(Status::Yes);
        }
    }
}

/// Makes the shop and keeps it, with its load, until the workbench is left; also in the midst of making it.
async fn keep_shop(kind: EngineKind, news: mpsc::Sender<Preparing>, mut left: oneshot::Receiver<()>) {
    let note = |text: &str| {
        // News that finds no room is overtaken by the next.
        let _ = news.try_send(Preparing::Note(text.to_owned()));
    };
    let making = async {
        let shop = Shop::open(kind, note).await?;
        let load = Load::start(shop.database()).await?;
        Ok((shop, load))
    };
    let made = tokio::select! {
        made = making => made,
        _ = &mut left => return,
    };
    let ready = made.as_ref().map(|(shop, _)| shop.target().clone()).map_err(Clone::clone);
    // Nobody hears it when the workbench has just ended.
    let _ = news.send(Preparing::Ready(ready)).await;
    let _ = left.await;
    drop(made);
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
