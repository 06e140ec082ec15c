//! A step that cannot run in a transaction: journalled before and after, and cleaned up after when it breaks off.

use super::Event;
use super::drive::{Broken, Run};
use super::transact::{Attempts, going_on, worth_another};
use super::{StepState, pace};
use crate::plan::Step;
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};

impl Run {
    pub(super) async fn alone(&mut self, at: usize, step: &Step) -> Result<(), Broken> {
        let mut attempts = Attempts::new();
        let mut done = 0;
        loop {
            attempts.made += 1;
            let Err(error) = self.statements(step, &mut done, attempts.made).await else { break };
            if error.code == ErrorCode::ConnectionLost {
                return Err(self.lost_alone(error, attempts.made).await);
            }
            let left = self.clean_up(step).await;
            if let Err(left) = &left {
                let error = self.told(error);
                return Err(Broken { left: Some(left.clone()), ..Broken::new(error, attempts.made) });
            }
            let partly = (done > 0).then(|| format!("{done} of its {} statements took effect.", step.sql.len()));
            let left = left.ok().flatten().or(partly);
            // With a halt or another error than a lock's this gives up.
            self.again_or_give_up(step, &attempts, error).await.map_err(|broken| Broken { left, ..broken })?;
        }
        self.record(at, step, StepState::Done, attempts.made, None).await.map_err(|why| Broken {
            left: Some("The step took effect, but the journal does not say so yet.".to_owned()),
            unknown: true,
            ..Broken::new(why, attempts.made)
        })
    }

    /// The statements from the `done`th on, each by itself.
    async fn statements(&mut self, step: &Step, done: &mut usize, attempt: u32) -> Result<()> {
        let wait = pace::lock_wait(&self.options, attempt);
        let guards = self.executor.alone(wait);
        let halted = self.control.halted.clone();
        let session = self.executor.as_mut();
        let work = async {
            for setting in guards.iter().chain(&step.session) {
                session.execute(setting).await?;
            }
            for statement in step.sql.iter().skip(*done) {
                going_on(&halted)?;
                session.execute(statement).await?;
                *done += 1;
            }
            Ok(())
        };
        self.control.guard(work).await
    }

    /// Removes what a broken step has left behind. Ok: nothing is left (with what was removed); else what is left.
    async fn clean_up(&mut self, step: &Step) -> Result<Option<String>, String> {
        let found = match self.executor.leftovers(step).await {
            Ok(found) => found,
            Err(why) => return Err(format!("What it left behind could not be looked at: {why}")),
        };
        let mut removed = Vec::new();
        for statement in &found {
            let shown = one_line(statement);
            match self.executor.execute(statement).await {
                Ok(_) => removed.push(shown),
                Err(why) => return Err(format!("What it left behind is still there ({why}). To remove it: {shown}")),
            }
        }
        if removed.is_empty() {
            return Ok(None);
        }
        Ok(Some(format!("What it left behind was removed: {}", removed.join("; "))))
    }

    /// The server may or may not have finished: nothing in a journal can tell.
    async fn lost_alone(&mut self, lost: Error, attempts: u32) -> Broken {
        let _ = self.reconnect().await;
        let error = Error { message: format!("{}; whether the step took effect is unknown", lost.message), ..lost }
            .hint("`lockstep status` looks at the database and says what is left of it.");
        Broken { unknown: true, ..Broken::new(error, attempts) }
    }
}

impl Run {
    /// An attempt of a batch failed: tells and pauses if another may succeed.
    pub(super) async fn batch_again(&mut self, step: &Step, attempts: &Attempts, error: Error) -> Result<(), Broken> {
        if worth_another(&error) {
            self.control.mention(Event::Note { text: format!("A batch is tried again: {}", error.message) });
        }
        self.again_or_give_up(step, attempts, error).await
    }
}
