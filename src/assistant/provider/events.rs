//! What is heard while a model answers.

/// One thing heard. The text is a delta, made fit for a screen.
#[derive(Clone, Debug, PartialEq)]
pub enum ProviderEvent {
    Text(String),
    /// Tokens so far: sent and received.
    Usage {
        input: u64,
        output: u64,
    },
    /// The provider refused for now; the call is made again after `wait_ms`.
    Retry {
        attempt: u32,
        wait_ms: u64,
        why: String,
    },
}

/// A tool call that was received whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ToolCall {
    pub name: String,
    pub input: serde_json::Value,
}

/// A model's whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub text: String,
    pub calls: Vec<ToolCall>,
    /// Why the model stopped was neither the end of its turn nor a tool call: the answer is cut.
    pub cut: Option<String>,
    pub input_tokens: u64,
    pub output_tokens: u64,
}
