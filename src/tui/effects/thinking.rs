//! Requests in words, given to the model or the built-in planner.

use super::super::effect::Ground;
use super::super::message::Message;
use super::Runner;
use crate::assistant::provider::{Provider, Turn};
use crate::assistant::{Answer, Inquiry, interpret, understand};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What is asked.
pub struct Request {
    pub text: String,
    pub answers: Vec<Answer>,
    pub ground: Ground,
}

impl Runner {
    /// Thinks about a request; what was thought about before is dropped, and its call cancelled.
    pub(super) fn think(&mut self, id: u64, request: Request, model: Option<Vec<Turn>>) {
        self.forget();
        match (&self.provider, model) {
            (Some(provider), Some(history)) => {
                let (provider, messages) = (Arc::clone(provider), self.messages.clone());
                self.thinking = Some(tokio::spawn(ask(id, request, history, provider, messages)));
            }
            _ => self.blocking(move || {
                let Request { text, answers, ground } = request;
                Message::Interpreted(id, interpret(&text, &ground.schema, &*ground.dialect, &answers))
            }),
        }
    }

    pub(super) fn forget(&mut self) {
        if let Some(thinking) = self.thinking.take() {
            thinking.abort();
        }
    }

    pub(super) fn preview(&self, text: String, ground: Ground, history: Vec<Turn>) {
        let Some(provider) = self.provider.clone() else { return };
        self.blocking(move || Message::Previewed(provider.preview_text(&text, &ground.schema, &history)));
    }
}

/// Asks the model; passes on what it says meanwhile.
async fn ask(id: u64, request: Request, history: Vec<Turn>, provider: Arc<Provider>, messages: mpsc::Sender<Message>) {
    let Request { text, answers, ground } = request;
    let inquiry =
        Inquiry { text: &text, schema: &ground.schema, syntax: &*ground.dialect, answers: &answers, history: &history };
    let (sender, mut events) = mpsc::channel(64);
    let listening = async {
        while let Some(event) = events.recv().await {
            // Nobody listens when the workbench has ended.
            let _ = messages.send(Message::Heard(id, event)).await;
        }
    };
    let ((proposal, failed), ()) = tokio::join!(understand(Some(&provider), inquiry, sender), listening);
    if let Some(why) = failed {
        let _ = messages.send(Message::FellBack(id, why)).await;
    }
    let _ = messages.send(Message::Interpreted(id, proposal)).await;
}
