//! A step in one transaction: looked at first, queued for briefly, tried again, and journalled in the same commit.

use super::drive::{Broken, Run};
use super::ledger::Entry;
use super::{Event, StepState, pace};
use crate::engine::{Blocker, Session};
use crate::plan::Step;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two looks at who is in the way.
const LOOK: Duration = Duration::from_millis(100);
/// Between two events that say so, when nothing is new.
const REMIND: Duration = Duration::from_secs(1);

/// A transaction that did not end in a commit that we know of.
pub(super) struct Aborted {
    pub error: Error,
    /// It broke when the commit was under way: it may have taken effect.
    pub committing: bool,
}

impl From<Error> for Aborted {
    fn from(error: Error) -> Self {
        Self { error, committing: false }
    }
}

/// Whether another attempt may succeed.
pub(super) fn worth_another(error: &Error) -> bool {
    matches!(error.code, ErrorCode::LockTimeout | ErrorCode::Deadlock)
}

/// The attempts at one piece of work.
pub(super) struct Attempts {
    pub made: u32,
    since: Instant,
}

impl Attempts {
    pub fn new() -> Self {
        Self { made: 0, since: Instant::now() }
    }

    pub fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Run {
    pub(super) async fn transact(&mut self, at: usize, step: &Step) -> Result<(), Broken> {
        let mut attempts = Attempts::new();
        loop {
            self.outwait(step, &attempts).await.map_err(|why| Broken::new(why, attempts.made))?;
            attempts.made += 1;
            let opening = self.opening(step, pace::lock_wait(&self.options, attempts.made));
            let marks = self.ledger.ended(at, step, StepState::Done, attempts.made, None);
            let halted = self.control.halted.clone();
            let work = transaction(self.executor.as_mut(), &opening, step, &marks, &halted);
            let mut committing = false;
            let result = self.control.guard(async {
                work.await.map_err(|aborted| {
                    committing = aborted.committing;
                    aborted.error
                })
            });
            let Err(error) = result.await else { return Ok(()) };
            if error.code == ErrorCode::ConnectionLost {
                return self.decide(at, error, attempts.made, committing).await;
            }
            self.roll_back().await;
            self.again_or_give_up(step, &attempts, error).await?;
        }
    }

    /// Settings go before the transaction and, since some are for a transaction alone and others are disregarded in
    /// one, into it as well.
    fn opening(&self, step: &Step, lock_wait: Duration) -> Vec<String> {
        let begin = self.executor.begin(lock_wait);
        step.session.iter().chain(&begin).chain(&step.session).cloned().collect()
    }

    /// Pauses before another attempt, or tells why there is none.
    pub(super) async fn again_or_give_up(
        &mut self,
        step: &Step,
        attempts: &Attempts,
        error: Error,
    ) -> Result<(), Broken> {
        let made = attempts.made;
        if self.control.halt().is_some() || !worth_another(&error) {
            return Err(Broken::new(self.told(error), made));
        }
        if made >= self.options.max_attempts || attempts.waited() >= self.options.max_wait {
            return Err(Broken::new(gave_up(&error, attempts), made));
        }
        let pause = pace::pause(made, fastrand::f64());
        let event = Event::Retrying { step: step.id.clone(), attempt: made, pause, why: error.message };
        self.control.tell(event).await;
        self.control.pause(pause).await;
        Ok(())
    }

    /// Ends the transaction. Its failure means that there is none, as after an interrupted one on SQLite.
    pub(super) async fn roll_back(&mut self) {
        if let Err(why) = self.executor.execute("ROLLBACK").await {
            tracing::debug!("nothing to roll back: {why}");
        }
    }

    /// Waits outside the lock queue until nobody has held a conflicting lock for long: who queues makes everybody
    /// else queue behind.
    pub(super) async fn outwait(&mut self, step: &Step, attempts: &Attempts) -> Result<()> {
        let patience = self.options.patience;
        let mut told: Option<(Vec<i64>, Instant)> = None;
        loop {
            if let Some(halt) = self.control.halt() {
                return Err(halt.error());
            }
            // What cannot be seen cannot be waited for: the short queueing that follows is the guard then.
            let gate = {
                let database = std::sync::Arc::clone(&self.database);
                let seen = self.control.guard(async { database.gate(step).await }).await;
                let Ok(gate) = seen else { return self.control.halt().map_or(Ok(()), |halt| Err(halt.error())) };
                gate
            };
            let us = self.executor.backend();
            let slow: Vec<Blocker> = gate
                .holders
                .into_iter()
                .filter(|holder| Some(holder.backend) != us)
                .filter(|holder| holder.transaction_ms.is_some_and(|ms| ms > patience.as_secs_f64() * 1_000.0))
                .collect();
            if slow.is_empty() {
                return Ok(());
            }
            let waited = attempts.waited();
            if waited >= self.options.max_wait {
                return Err(still_held(&slow, waited));
            }
            self.control.may_signal(&slow);
            let who: Vec<i64> = slow.iter().map(|holder| holder.backend).collect();
            if told.as_ref().is_none_or(|(last, at)| *last != who || at.elapsed() >= REMIND) {
                self.control.tell(Event::Waiting { step: step.id.clone(), holders: slow, waited }).await;
                told = Some((who, Instant::now()));
            }
            self.control.pause(LOOK).await;
        }
    }

    /// The connection was lost: did the transaction commit? The journal's row in it knows.
    async fn decide(&mut self, at: usize, lost: Error, attempts: u32, committing: bool) -> Result<(), Broken> {
        let decided = match self.reconnect().await {
            Ok(()) => self.journalled_as_done(at).await,
            Err(why) => Err(why),
        };
        match decided {
            Ok(true) => {
                self.control
                    .note("The connection was lost during the commit; the journal shows that the step is done.")
                    .await;
                Ok(())
            }
            Ok(false) => Err(Broken::new(
                Error { message: format!("{}; the step did not take effect", lost.message), ..lost },
                attempts,
            )),
            Err(why) => {
                let mut message = format!("{}, and no new one could be made: {}", lost.message, why.message);
                if committing {
                    message.push_str("; it is unknown whether the step took effect");
                }
                let error = Error { message, ..lost }
                    .hint("When the server is back, `lockstep status` looks at the journal and says what happened.");
                Err(Broken { unknown: true, ..Broken::new(error, attempts) })
            }
        }
    }
}

/// The step and its entries in the journal, all or nothing.
async fn transaction(
    session: &mut dyn Session,
    opening: &[String],
    step: &Step,
    marks: &[Entry],
    halted: &CancellationToken,
) -> Result<(), Aborted> {
    for statement in opening.iter().chain(&step.sql) {
        going_on(halted)?;
        session.execute(statement).await?;
    }
    if let Some(check) = &step.check {
        going_on(halted)?;
        if !session.query(&check.query, &[]).await?.is_empty() {
            return Err(Error::new(ErrorCode::Refused, check.message.clone()).into());
        }
    }
    for mark in marks {
        mark.write(session).await?;
    }
    commit(session, halted).await
}

pub(super) async fn commit(session: &mut dyn Session, halted: &CancellationToken) -> Result<(), Aborted> {
    going_on(halted)?;
    session.execute("COMMIT").await.map(drop).map_err(|error| Aborted { error, committing: true })
}

/// Stops between two statements, where a cancel request would find nothing to cancel.
pub(super) fn going_on(halted: &CancellationToken) -> Result<()> {
    if halted.is_cancelled() { Err(Error::new(ErrorCode::Cancelled, "the step was cancelled")) } else { Ok(()) }
}

fn gave_up(error: &Error, attempts: &Attempts) -> Error {
    let times = if attempts.made == 1 { "once".to_owned() } else { format!("{} times", attempts.made) };
    Error {
        message: format!("gave up after trying {times} in {} s: {}", attempts.waited().as_secs(), error.message),
        ..error.clone()
    }
    .hint(
        "Nothing of the step was kept. Find out who holds the locks, and run the rest of the plan when it is quieter.",
    )
}

fn still_held(holders: &[Blocker], waited: Duration) -> Error {
    let who: Vec<String> = holders
        .iter()
        .map(|holder| {
            let name = holder.application.as_deref().or(holder.user.as_deref()).map(one_line).unwrap_or_default();
            format!("{} {name}", holder.backend).trim_end().to_owned()
        })
        .collect();
    Error::new(
        ErrorCode::LockTimeout,
        format!("conflicting locks are still held after {} s, by session {}", waited.as_secs(), who.join(", ")),
    )
    .hint("Nothing was run. Wait for these sessions, or cancel them, and run the rest of the plan then.")
}
