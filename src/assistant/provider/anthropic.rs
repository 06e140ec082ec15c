//! Anthropic's Messages API: the request, and what its stream says.

use super::config::ProviderConfig;
use super::events::{Heard, ProviderEvent, ToolCall};
use super::prompt::{Prompt, tools};
use super::stream::Listener;
use crate::{Error, ErrorCode, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn body(config: &ProviderConfig, prompt: &Prompt) -> Value {
    let tools: Vec<Value> = tools()
        .into_iter()
        .map(|t| json!({"name": t.name, "description": t.description, "input_schema": t.schema}))
        .collect();
    json!({
        "model": config.model,
        "max_tokens": config.max_tokens,
        "stream": true,
        "system": prompt.system,
        "tools": tools,
        "messages": prompt.turns.iter().map(|t| json!({"role": t.role, "content": t.text})).collect::<Vec<_>>(),
    })
}

/// A block of the answer, while it grows.
enum Block {
    Text,
    Tool { name: String, json: String, closed: bool },
    Other,
}

/// Reads the events of one answer.
#[derive(Default)]
pub(super) struct Reader {
    heard: Heard,
    blocks: BTreeMap<u64, Block>,
    stop: Option<String>,
    done: bool,
}

impl Listener for Reader {
    fn hear(&mut self, data: &str) -> Result<Vec<ProviderEvent>> {
        let Ok(event) = serde_json::from_str::<Value>(data) else { return Ok(Vec::new()) };
        let index = event.get("index").and_then(Value::as_u64).unwrap_or_default();
        match event.get("type").and_then(Value::as_str).unwrap_or_default() {
            "message_start" => return Ok(self.usage(event.pointer("/message/usage"))),
            "content_block_start" => self.open(index, event.get("content_block")),
            "content_block_delta" => return Ok(self.delta(index, event.get("delta"))),
            "content_block_stop" => {
                if let Some(Block::Tool { closed, .. }) = self.blocks.get_mut(&index) {
                    *closed = true;
                }
            }
            "message_delta" => {
                if let Some(stop) = event.pointer("/delta/stop_reason").and_then(Value::as_str) {
                    self.stop = Some(stop.to_owned());
                }
                return Ok(self.usage(event.get("usage")));
            }
            "message_stop" => self.done = true,
            "error" => return Err(super::stream::said_error(event.get("error"))),
            _ => {}
        }
        Ok(Vec::new())
    }

    fn done(&self) -> bool {
        self.done
    }

    fn finish(mut self: Box<Self>) -> Result<Heard> {
        if !self.done {
            return Err(Error::new(ErrorCode::Provider, "the model's answer broke off before its end"));
        }
        let stop = self.stop.unwrap_or_default();
        for block in self.blocks.into_values() {
            // A call counts only when it was closed and the model stopped for it.
            if let Block::Tool { name, json, closed: true } = block
                && stop == "tool_use"
            {
                let json = if json.trim().is_empty() { "{}".to_owned() } else { json };
                if let Ok(input) = serde_json::from_str(&json) {
                    self.heard.calls.push(ToolCall { name, input });
                }
            }
        }
        if !matches!(stop.as_str(), "end_turn" | "tool_use" | "stop_sequence") {
            self.heard.cut = Some(stop);
        }
        Ok(self.heard)
    }
}

impl Reader {
    fn open(&mut self, index: u64, block: Option<&Value>) {
        let text = |key: &str| block.and_then(|b| b.get(key)).and_then(Value::as_str);
        let block = match text("type") {
            Some("text") => Block::Text,
            Some("tool_use") => {
                Block::Tool { name: text("name").unwrap_or_default().to_owned(), json: String::new(), closed: false }
            }
            _ => Block::Other,
        };
        self.blocks.insert(index, block);
    }

    fn delta(&mut self, index: u64, delta: Option<&Value>) -> Vec<ProviderEvent> {
        let text = |key: &str| delta.and_then(|d| d.get(key)).and_then(Value::as_str);
        match (self.blocks.get_mut(&index), text("type")) {
            (Some(Block::Text), Some("text_delta")) => {
                let piece = crate::sql::visible(text("text").unwrap_or_default());
                self.heard.text.push_str(&piece);
                vec![ProviderEvent::Text(piece)]
            }
            (Some(Block::Tool { json, .. }), Some("input_json_delta")) => {
                json.push_str(text("partial_json").unwrap_or_default());
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Figures are totals so far; one that is left out keeps its value.
    fn usage(&mut self, usage: Option<&Value>) -> Vec<ProviderEvent> {
        let figure = |key: &str| usage.and_then(|u| u.get(key)).and_then(Value::as_u64);
        if let Some(input) = figure("input_tokens") {
            self.heard.input_tokens = input;
        }
        if let Some(output) = figure("output_tokens") {
            self.heard.output_tokens = output;
        }
        vec![ProviderEvent::Usage { input: self.heard.input_tokens, output: self.heard.output_tokens }]
    }
}
