//! The workbench: one state, messages that change it, a view that only reads it.
//!
//! ```text
//! terminal ─┐                                  ┌─► effects ─► tasks ─┐
//! tasks  ───┴─► message ─► update(state, now) ─┤                     └─► messages
//!                                              └─► view(state)
//! ```
//!
//! `update` is the only one to change the state and does nothing else; the view only reads it; whatever waits for
//! a database, a file or a computation is an effect that runs in a task of its own.

mod action;
mod app;
mod effect;
mod effects;
mod headless;
mod keys;
mod message;
mod options;
mod state;
mod symbols;
mod terminal;
mod theme;
mod update;
mod view;

#[cfg(test)]
mod fixture;

pub use headless::Headless;
pub use options::{End, Next, Options, Preparing};

use tokio::sync::mpsc::Receiver;

/// Opens the workbench and comes back when the user leaves it.
///
/// # Errors
/// `Usage` where there is no terminal that can show a full screen; `Config` for a theme that cannot be read.
pub async fn open(options: Options) -> crate::Result<End> {
    app::run(options, None).await
}

/// Opens the workbench on a database that is still being made: the screen is up at once and follows the news.
///
/// # Errors
/// As [`open`]. A database that could not be made is told on the screen.
pub async fn open_while_preparing(options: Options, news: Receiver<Preparing>) -> crate::Result<End> {
    app::run(options, Some(news)).await
}
