//! Work that has something to remove when it ends: it is brought to its end even when nobody waits for it any more.

use crate::{Error, Result};
use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How many such works are under way in this process.
static UNDER_WAY: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Counts a work for as long as it is there.
struct Mark;

impl Mark {
    fn new() -> Self {
        UNDER_WAY.send_modify(|count| *count += 1);
        Self
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        UNDER_WAY.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Runs `work` in a task of its own. When the caller gives up waiting, the token is cancelled, and the work is to
/// remove what it has made and end.
pub(super) async fn to_the_end<T, W, F>(work: W) -> Result<T>
where
    T: Send + 'static,
    W: FnOnce(CancellationToken) -> F,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let given_up = CancellationToken::new();
    let waiting = given_up.clone().drop_guard();
    let mark = Mark::new();
    let work = work(given_up);
    let task = tokio::spawn(async move {
        let result = work.await;
        drop(mark);
        result
    });
    let result = task.await;
    waiting.disarm();
    result.map_err(|_| Error::internal("reading the schema of the SQL broke off"))?
}

/// Runs `work`, which removes something, in a task of its own; outside of a runtime it is left to the next start.
pub(super) fn afterwards<F>(work: F)
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let mark = Mark::new();
    runtime.spawn(async move {
        if let Err(why) = work.await {
            tracing::debug!("what was made could not be removed: {why}");
        }
        drop(mark);
    });
}

/// Waits until everything that was given up has removed what it had made, for some seconds at most.
pub async fn settled() {
    let mut count = UNDER_WAY.subscribe();
    // What is not done in time is swept at the next start.
    let _ = tokio::time::timeout(Duration::from_secs(10), count.wait_for(|count| *count == 0)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn what_is_given_up_tidies_before_the_process_ends() {
        let tidied = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&tidied);
        let work = to_the_end(|given_up| async move {
            given_up.cancelled().await;
            told.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err());
        settled().await;
        assert!(tidied.load(Ordering::SeqCst));
    }
}
