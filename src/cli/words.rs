//! Requests in words: to the model where there is one, else to the built-in planner.

use super::source::Loaded;
use super::{args, output};
use crate::assistant::provider::{Provider, ProviderConfig, ProviderEvent};
use crate::assistant::{Answer, Inquiry, Proposal, understand};
use crate::config::Config;
use crate::{Error, Result};
use tokio::sync::mpsc;

/// The model that the command line or the configuration names. One that the configuration names and that cannot be
/// asked is told of in the second place.
///
/// # Errors
/// When the command line names a model that cannot be asked.
pub fn provider(choice: &args::Model, config: &Config) -> Result<(Option<Provider>, Option<Error>)> {
    if choice.builtin {
        return Ok((None, None));
    }
    if let Some(named) = &choice.model {
        let config = ProviderConfig::named(named, config.model.as_ref())?;
        return Provider::from_config(&config).map(|provider| (Some(provider), None));
    }
    Ok(match config.model.as_ref().map(Provider::from_config) {
        None => (None, None),
        Some(Ok(provider)) => (Some(provider), None),
        Some(Err(why)) => (None, Some(why)),
    })
}

/// What a request proposes. What happens on the way is told on standard error.
///
/// # Errors
/// As [`provider`].
pub async fn proposal(
    text: &str,
    answers: &[Answer],
    loaded: &Loaded,
    choice: &args::Model,
    config: &Config,
) -> Result<Proposal> {
    let (provider, missing) = provider(choice, config)?;
    if let Some(why) = missing {
        output::note(&fell_back(&why));
    }
    if let Some(provider) = &provider {
        output::note(&format!("asking {}", provider.name()));
    }
    let inquiry = Inquiry { text, schema: &loaded.schema, syntax: loaded.dialect.as_ref(), answers, history: &[] };
    let (sender, mut events) = mpsc::channel(64);
    let listening = async {
        while let Some(event) = events.recv().await {
            if let ProviderEvent::Retry { attempt, wait_ms, why } = event {
                output::note(&format!("{why}; try {} in {wait_ms} ms", attempt + 1));
            }
        }
    };
    let ((proposal, failed), ()) = tokio::join!(understand(provider.as_ref(), inquiry, sender), listening);
    if let Some(why) = failed {
        output::note(&fell_back(&why));
    }
    Ok(proposal)
}

/// Why the built-in planner answers.
pub fn fell_back(why: &Error) -> String {
    format!("note: {}; the built-in planner answers instead", why.message)
}

/// Answers in the order of the questions.
pub fn answers(choices: &[String]) -> Vec<Answer> {
    choices.iter().map(|choice| Answer { question: String::new(), choice: choice.clone() }).collect()
}
