//! Stopping what a session does, from a connection beside it.

use super::connect::Line;
use super::wire::{Cells, rows};
use crate::engine::Canceller;
use crate::{Error, ErrorCode, Result};
use std::sync::Arc;

/// Cancels one backend.
pub(super) struct PostgresCanceller {
    pub(super) control: Arc<Line>,
    pub(super) backend: i32,
}

#[async_trait::async_trait]
impl Canceller for PostgresCanceller {
    async fn cancel(&self) -> Result<()> {
        signal(&self.control, i64::from(self.backend), false).await
    }
}

/// Cancels what a backend runs, or ends the backend.
///
/// # Errors
/// `NotFound` when there is no such backend any more; `Permission` when it is not ours to signal.
pub(super) async fn signal(control: &Line, backend: i64, terminate: bool) -> Result<()> {
    let function = if terminate { "pg_terminate_backend" } else { "pg_cancel_backend" };
    let mut line = control.lease().await?;
    let answer = rows(line.connection(), &format!("SELECT pg_catalog.{function}({backend}::int4)")).await;
    line.done();
    let delivered = match answer?.first() {
        Some(row) => Cells::new(row).take::<bool>()?,
        None => false,
    };
    if delivered {
        return Ok(());
    }
    Err(Error::new(ErrorCode::NotFound, format!("there is no session {backend} on the server any more"))
        .hint("It has ended by itself."))
}
