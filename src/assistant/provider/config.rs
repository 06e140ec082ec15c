//! Which model is asked, and where.

use crate::{Error, Result};
use serde::Deserialize;
use std::time::Duration;

/// The wire format that an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// Anthropic's Messages API.
    Anthropic,
    /// OpenAI's chat completions, as many servers speak them.
    #[serde(rename = "openai")]
    OpenAi,
}

/// A model provider. The key itself is never here: only the name of the environment variable that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    pub kind: ProviderKind,
    /// Without the path of the call: `https://api.anthropic.com`, `http://localhost:11434/v1`. The provider's own
    /// when not said.
    #[serde(default)]
    pub base_url: Option<String>,
    pub model: String,
    /// Name of the environment variable with the key; `ANTHROPIC_API_KEY` or `OPENAI_API_KEY` when not said.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The longest answer, in tokens.
    #[serde(default = "default_max_tokens")]
    pub max_tokens: u32,
    /// For the whole answer, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// Whether comments of the schema are sent as well.
    #[serde(default)]
    pub send_comments: bool,
    /// Whether literal values in defaults and checks are sent as well.
    #[serde(default)]
    pub send_literals: bool,
}

fn default_max_tokens() -> u32 {
    4_096
}

fn default_timeout() -> u64 {
    120
}

impl ProviderConfig {
    /// A provider with everything else as it is when nothing is said.
    pub fn new(kind: ProviderKind, model: impl Into<String>) -> Self {
        Self {
            kind,
            base_url: None,
            model: model.into(),
            key_env: None,
            max_tokens: default_max_tokens(),
            timeout: default_timeout(),
            send_comments: false,
            send_literals: false,
        }
    }

    /// What `--model` means: `anthropic:NAME`, `openai:NAME`, or a NAME at the provider that is configured.
    ///
    /// # Errors
    /// `Usage` when no provider is named and none is configured.
    pub fn named(text: &str, configured: Option<&Self>) -> Result<Self> {
        let kinds = [("anthropic:", ProviderKind::Anthropic), ("openai:", ProviderKind::OpenAi)];
        for (prefix, kind) in kinds {
            let Some(model) = text.strip_prefix(prefix).filter(|model| !model.is_empty()) else { continue };
            return Ok(match configured.filter(|c| c.kind == kind) {
                Some(configured) => Self { model: model.to_owned(), ..configured.clone() },
                None => Self::new(kind, model),
            });
        }
        match configured {
            Some(configured) if !text.is_empty() => Ok(Self { model: text.to_owned(), ..configured.clone() }),
            _ => Err(Error::usage(format!("{text:?} does not say whose model it is"))
                .hint("Write anthropic:MODEL or openai:MODEL, or configure a provider in the section [model].")),
        }
    }

    /// The endpoint without a closing slash.
    pub fn base(&self) -> String {
        let own = match self.kind {
            ProviderKind::Anthropic => "https://api.anthropic.com",
            ProviderKind::OpenAi => "https://api.openai.com/v1",
        };
        self.base_url.as_deref().unwrap_or(own).trim_end_matches('/').to_owned()
    }

    /// The environment variable that holds the key.
    pub fn key_variable(&self) -> &str {
        let own = match self.kind {
            ProviderKind::Anthropic => "ANTHROPIC_API_KEY",
            ProviderKind::OpenAi => "OPENAI_API_KEY",
        };
        self.key_env.as_deref().unwrap_or(own)
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_with_its_provider_or_belongs_to_the_configured_one() {
        let local = ProviderConfig {
            base_url: Some("http://localhost:11434/v1/".into()),
            ..ProviderConfig::new(ProviderKind::OpenAi, "small")
        };
        let named = |text, configured| ProviderConfig::named(text, configured);
        assert_eq!(named("large", Some(&local)).unwrap().base(), "http://localhost:11434/v1");
        assert_eq!(named("openai:large", Some(&local)).unwrap().model, "large");
        let other = named("anthropic:some-model", Some(&local)).unwrap();
        assert_eq!((other.kind, other.base().as_str()), (ProviderKind::Anthropic, "https://api.anthropic.com"));
        assert!(named("large", None).is_err() && named("openai:", None).is_err());
    }
}
