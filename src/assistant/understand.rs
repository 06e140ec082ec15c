//! One request, given to whoever is to understand it: a model where there is one, else the built-in planner.

use super::provider::{Provider, ProviderEvent, Turn};
use super::{Answer, Proposal, interpret};
use crate::Error;
use crate::schema::Schema;
use crate::sql::Syntax;
use tokio::sync::mpsc;

/// What is asked, and against what.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    pub text: &'a str,
    pub schema: &'a Schema,
    pub syntax: &'a dyn Syntax,
    /// Answers to questions about this request, in their order.
    pub answers: &'a [Answer],
    /// The talk so far, for a model.
    pub history: &'a [Turn],
}

impl std::fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inquiry").field("text", &self.text).field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// The proposal, and why it is not the model's where one was asked in vain. Dropping the future cancels the call.
pub async fn understand(
    provider: Option<&Provider>,
    inquiry: Inquiry<'_>,
    events: mpsc::Sender<ProviderEvent>,
) -> (Proposal, Option<Error>) {
    let Inquiry { text, schema, syntax, answers, history } = inquiry;
    let Some(provider) = provider else {
        return (interpret(text, schema, syntax, answers), None);
    };
    match provider.propose(&wording(text, answers), schema, syntax, history, events).await {
        Ok(proposal) => (proposal, None),
        Err(why) => (interpret(text, schema, syntax, answers), Some(why)),
    }
}

/// A request as a model is told it: with the answers to what it asked back.
pub fn wording(text: &str, answers: &[Answer]) -> String {
    let mut told = text.to_owned();
    for answer in answers {
        told.push_str("\nMy answer to your question: ");
        told.push_str(&answer.choice);
    }
    told
}
