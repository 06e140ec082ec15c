//! A rehearsal beside the screen.

use super::super::message::Message;
use super::Runner;
use crate::config::Paces;
use crate::plan::Plan;
use crate::rehearse::{self, Options};

impl Runner {
    pub(super) fn rehearse(&mut self, id: u64, plan: Plan) {
        self.forget_rehearsal();
        let (database, messages) = (self.database(), self.messages.clone());
        let task = tokio::spawn(async move {
            let result = match database {
                Ok(database) => {
                    // Progress that the screen is too busy for is not worth waiting for.
                    let tell = |news| drop(messages.try_send(Message::Rehearsing(id, news)));
                    let tried = rehearse::rehearse(&database, &plan, &Options::default(), &tell).await;
                    if let Some(pace) = tried.as_ref().ok().and_then(|rehearsal| rehearsal.pace) {
                        Paces::open().keep(&database.info().shown, pace);
                    }
                    tried
                }
                Err(why) => Err(why),
            };
            // Nobody listens when the workbench has ended.
            let _ = messages.send(Message::Rehearsed(id, Box::new(result))).await;
        });
        self.rehearsal = Some(task);
    }

    /// Gives it up. What it has made is removed when its task has ended.
    pub(super) fn forget_rehearsal(&mut self) {
        if let Some(task) = self.rehearsal.take() {
            task.abort();
        }
    }
}
