//! A backfill: batches along the key, each in its own transaction with the cursor that the next one starts from.

use super::cursor::Cursor;
use super::drive::{Broken, Run, write_all};
use super::ledger::Entry;
use super::transact::{Aborted, Attempts, commit, going_on};
use super::{Event, StepState, pace};
use crate::engine::{BatchResult, Session};
use crate::plan::{Backfill, Step};
use crate::{Error, ErrorCode, Result};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks whether a paused backfill may go on.
const PAUSED: Duration = Duration::from_millis(50);

/// How one batch is to be done.
struct Batch<'a> {
    opening: Vec<String>,
    backfill: &'a Backfill,
    cursor: &'a Cursor,
    rows: u64,
    run: &'a super::ledger::Ledger,
    at: usize,
}

impl Run {
    pub(super) async fn fill(&mut self, at: usize, step: &Step) -> Result<(), Broken> {
        let Some(backfill) = &step.backfill else {
            return Err(Broken::new(Error::internal(format!("step {} has nothing to fill", step.id)), 0));
        };
        let mut cursor = self
            .cursors
            .get(&step.id)
            .map(|kept| Cursor::read(kept))
            .transpose()
            .map_err(|why| Broken::new(why, 0))?
            .unwrap_or_default();
        let total = self.rows.get(&backfill.table.to_string()).copied();
        let mut rows = backfill.batch_rows.max(1);
        let mut attempts = Attempts::new();
        loop {
            self.while_paused(step, &cursor, total, rows).await.map_err(|why| stopped(why, attempts.made, &cursor))?;
            attempts.made += 1;
            let begun = Instant::now();
            match self.batch(at, step, backfill, &cursor, rows, attempts.made).await {
                Ok((next, end)) => {
                    cursor = next;
                    if end {
                        break;
                    }
                    attempts = Attempts::new();
                }
                Err(error) if error.code == ErrorCode::ConnectionLost => {
                    cursor = self.resume_at(at, error, &attempts, cursor).await?;
                    continue;
                }
                Err(error) => {
                    self.roll_back().await;
                    let tried = self.batch_again(step, &attempts, error).await;
                    tried.map_err(|broken| Broken { left: Some(cursor.told()), ..broken })?;
                    rows = pace::batch_rows(rows, Duration::from_millis(1), Duration::from_millis(2));
                    continue;
                }
            }
            let took = begun.elapsed();
            rows = pace::batch_rows(rows, self.options.batch_target, took);
            self.control.mention(progress(step, &cursor, total, rows, self.control.paused));
            self.control.pause(pace::breath(took)).await;
        }
        self.control.mention(progress(step, &cursor, total, rows, false));
        self.record(at, step, StepState::Done, 1, None).await.map_err(|why| Broken::new(why, 1))
    }

    /// Waits here while the user wants it; a halt is an error.
    async fn while_paused(&mut self, step: &Step, cursor: &Cursor, total: Option<u64>, rows: u64) -> Result<()> {
        let mut told = false;
        loop {
            if let Some(halt) = self.control.halt() {
                return Err(halt.error());
            }
            if !self.control.paused {
                return Ok(());
            }
            if !told {
                self.control.tell(progress(step, cursor, total, rows, true)).await;
                told = true;
            }
            self.control.pause(PAUSED).await;
        }
    }

    /// One batch: where the next one starts, and whether the end was reached.
    async fn batch(
        &mut self,
        at: usize,
        step: &Step,
        backfill: &Backfill,
        cursor: &Cursor,
        rows: u64,
        attempt: u32,
    ) -> Result<(Cursor, bool)> {
        let begin = self.executor.begin(pace::lock_wait(&self.options, attempt));
        let opening = step.session.iter().chain(&begin).chain(&step.session).cloned().collect();
        let halted = self.control.halted.clone();
        let batch = Batch { opening, backfill, cursor, rows, run: &self.ledger, at };
        let work = batch.run(self.executor.as_mut(), &halted);
        self.control.guard(async { work.await.map_err(|aborted| aborted.error) }).await
    }

    /// After a lost connection: where the journal says that the backfill is.
    async fn resume_at(&mut self, at: usize, lost: Error, attempts: &Attempts, was: Cursor) -> Result<Cursor, Broken> {
        if attempts.made > 3 {
            return Err(stopped(lost, attempts.made, &was));
        }
        self.reconnect().await.map_err(|_| Broken { unknown: true, ..stopped(lost, attempts.made, &was) })?;
        self.control.note("The connection was lost and is back; the backfill goes on where its journal is.").await;
        let steps = super::reader::steps(self.journal.as_mut(), &self.ledger.run).await;
        let kept =
            steps.ok().and_then(|steps| steps.into_iter().nth(usize::try_from(self.ledger.place(at)).ok()?)?.cursor);
        match kept {
            Some(kept) => Cursor::read(&kept).map_err(|why| stopped(why, attempts.made, &was)),
            None => Ok(Cursor::default()),
        }
    }
}

impl Batch<'_> {
    async fn run(self, session: &mut dyn Session, halted: &CancellationToken) -> Result<(Cursor, bool), Aborted> {
        for statement in &self.opening {
            going_on(halted)?;
            session.execute(statement).await?;
        }
        let done = session.backfill_batch(self.backfill, self.cursor.after.as_deref(), self.rows).await?;
        let (next, end) = self.after(done);
        write_all(&[self.mark(&next)?], session).await?;
        commit(session, halted).await?;
        Ok((next, end))
    }

    fn after(&self, done: BatchResult) -> (Cursor, bool) {
        let end = done.last.is_none();
        let next = Cursor {
            after: done.last.or_else(|| self.cursor.after.clone()),
            walked: self.cursor.walked + done.walked,
            changed: self.cursor.changed + done.changed,
        };
        (next, end)
    }

    fn mark(&self, next: &Cursor) -> Result<Entry> {
        Ok(self.run.cursor(self.at, &next.write()?))
    }
}

fn stopped(error: Error, attempts: u32, cursor: &Cursor) -> Broken {
    Broken { left: Some(cursor.told()), ..Broken::new(error, attempts) }
}

fn progress(step: &Step, cursor: &Cursor, total: Option<u64>, batch_rows: u64, paused: bool) -> Event {
    Event::Progress {
        step: step.id.clone(),
        walked: cursor.walked,
        // An estimate that has been overtaken is no total.
        total: total.filter(|total| *total >= cursor.walked),
        changed: cursor.changed,
        batch_rows,
        paused,
    }
}
