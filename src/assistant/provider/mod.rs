//! Models that turn words into proposals.
//!
//! A model is told the structure of the part of the schema that was asked about, and answers with a tool call that
//! becomes a [`Proposal`]. It has no way to run anything, and its proposal is planned and judged like any other.

mod anthropic;
mod config;
mod context;
mod events;
mod openai;
mod operations;
mod preview;
mod prompt;
mod stream;

#[cfg(test)]
mod tests;

pub use config::{ProviderConfig, ProviderKind};
pub use events::ProviderEvent;
pub use prompt::Turn;

use super::{Proposal, Question, Reply};
use crate::schema::Schema;
use crate::sql::{Syntax, one_line, visible};
use crate::{Error, ErrorCode, Result};
use context::Telling;
use events::{Heard, ToolCall};
use operations::{Operation, Reader};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;

/// A model that can be asked.
pub struct Provider {
    config: ProviderConfig,
    /// Never shown.
    key: Option<String>,
    client: reqwest::Client,
    /// Marks the schema off from the instructions; new for every provider.
    boundary: String,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Provider {
    /// Makes a provider with the key from the environment variable that the configuration names. A server on this
    /// machine may do without a key.
    ///
    /// # Errors
    /// `Config` when the variable is not set or the client cannot be made.
    pub fn from_config(config: &ProviderConfig) -> Result<Self> {
        let variable = config.key_variable();
        let key = std::env::var(variable).ok().filter(|key| !key.trim().is_empty());
        if key.is_none() && !is_local(&config.base()) {
            return Err(Error::new(
                ErrorCode::Config,
                format!("the environment variable {} is not set", one_line(variable)),
            )
            .hint("Set it to the provider's key, or name another with key_env. The built-in planner needs no key."));
        }
        Self::with_key(config, key)
    }

    /// As [`Self::from_config`], with the key given.
    ///
    /// # Errors
    /// `Config` when the client cannot be made.
    pub fn with_key(config: &ProviderConfig, key: Option<String>) -> Result<Self> {
        // Another part of the program may have installed the same one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            // A redirect would take the key to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(config.timeout())
            .build()
            .map_err(|_| Error::new(ErrorCode::Config, "no client for the model's provider can be made"))?;
        let boundary = format!("{:016x}", fastrand::u64(..));
        Ok(Self { config: config.clone(), key, client, boundary })
    }

    /// The model's name, and the host that it is asked at.
    pub fn name(&self) -> String {
        let base = self.config.base();
        let host = url::Url::parse(&base).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        format!("{} at {}", one_line(&self.config.model), one_line(&host))
    }

    /// [`Self::preview`], laid out to be read: every text as it stands, everything else as JSON.
    pub fn preview_text(&self, request: &str, schema: &Schema, history: &[Turn]) -> String {
        preview::lay_out(&self.body(request, schema, history))
    }

    /// Exactly what would be sent for a request, but for the key and other headers.
    pub fn preview(&self, request: &str, schema: &Schema, history: &[Turn]) -> String {
        serde_json::to_string(&self.body(request, schema, history)).unwrap_or_default()
    }

    /// Asks the model. What is heard meanwhile goes to `events`; dropping the future cancels the call.
    ///
    /// # Errors
    /// `Provider` when the provider fails, its answer is cut or does not fit the schema.
    pub async fn propose(
        &self,
        request: &str,
        schema: &Schema,
        syntax: &dyn Syntax,
        history: &[Turn],
        events: mpsc::Sender<ProviderEvent>,
    ) -> Result<Proposal> {
        let call = self.call(self.body(request, schema, history).to_string());
        let kind = self.config.kind;
        let listener = move || -> Box<dyn stream::Listener> {
            match kind {
                ProviderKind::Anthropic => Box::<anthropic::Reader>::default(),
                ProviderKind::OpenAi => Box::<openai::Reader>::default(),
            }
        };
        let heard = stream::listen(&call, listener, &events).await?;
        proposal(&heard, schema, syntax)
    }

    fn body(&self, request: &str, schema: &Schema, history: &[Turn]) -> serde_json::Value {
        let telling = Telling { comments: self.config.send_comments, literals: self.config.send_literals };
        let prompt = prompt::prompt(request, schema, telling, history, &self.boundary);
        match self.config.kind {
            ProviderKind::Anthropic => anthropic::body(&self.config, &prompt),
            ProviderKind::OpenAi => openai::body(&self.config, &prompt),
        }
    }

    fn call(&self, body: String) -> reqwest::RequestBuilder {
        let base = self.config.base();
        let key = self.key.clone().unwrap_or_default();
        let call = match self.config.kind {
            ProviderKind::Anthropic => self
                .client
                .post(format!("{base}/v1/messages"))
                .header("x-api-key", key)
                .header("anthropic-version", "2023-06-01"),
            ProviderKind::OpenAi if key.is_empty() => self.client.post(format!("{base}/chat/completions")),
            ProviderKind::OpenAi => self.client.post(format!("{base}/chat/completions")).bearer_auth(key),
        };
        call.header("content-type", "application/json").body(body)
    }
}

fn is_local(base: &str) -> bool {
    let host = url::Url::parse(base).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
    matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    title: String,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Sql {
    #[serde(default)]
    title: String,
    sql: String,
}

#[derive(Deserialize)]
struct Asked {
    question: String,
    #[serde(default)]
    choices: Vec<String>,
}

#[derive(Deserialize)]
struct Said {
    answer: String,
}

/// What a whole answer proposes. Text without a tool call is a reply, whatever it says.
fn proposal(heard: &Heard, schema: &Schema, syntax: &dyn Syntax) -> Result<Proposal> {
    if let Some(why) = &heard.cut {
        return Err(stream::failed(format!("the model stopped before it was done ({})", one_line(why))));
    }
    match heard.calls.as_slice() {
        [] if heard.text.trim().is_empty() => Err(stream::failed("the model answered with nothing that can be used")),
        [] => Ok(Proposal::Reply(Reply { answer: heard.text.trim().to_owned(), sources: Vec::new() })),
        [call] => called(call, schema, syntax),
        _ => Err(stream::failed("the model made several tool calls where one was wanted")),
    }
}

fn called(call: &ToolCall, schema: &Schema, syntax: &dyn Syntax) -> Result<Proposal> {
    let from_model = || vec!["Proposed by a model: read each step before you confirm it.".to_owned()];
    Ok(match call.name.as_str() {
        "propose_changes" => {
            let input: Changes = read(call)?;
            let changes = Reader::new(schema, syntax).read(&input.operations)?;
            Proposal::Changes { title: one_line(&input.title), changes, notes: from_model() }
        }
        "propose_sql" => {
            let input: Sql = read(call)?;
            Proposal::Sql { title: one_line(&input.title), sql: input.sql, notes: from_model() }
        }
        "ask_user" => {
            let input: Asked = read(call)?;
            let choices = input.choices.iter().map(|c| one_line(c)).collect();
            Proposal::Question(Question { id: "model".into(), text: visible(&input.question), choices })
        }
        "reply" => {
            let input: Said = read(call)?;
            Proposal::Reply(Reply { answer: visible(&input.answer), sources: Vec::new() })
        }
        other => return Err(stream::failed(format!("the model called {}, which is no tool here", one_line(other)))),
    })
}

fn read<T: serde::de::DeserializeOwned>(call: &ToolCall) -> Result<T> {
    serde_json::from_value(call.input.clone()).map_err(|why| {
        stream::failed(format!("the model's {} cannot be read: {}", call.name, one_line(&why.to_string())))
    })
}
