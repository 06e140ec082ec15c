//! Chat completions as OpenAI and many compatible servers speak them.

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
        .map(|t| {
            json!({"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}})
        })
        .collect();
    let system = json!({"role": "system", "content": prompt.system});
    let turns = prompt.turns.iter().map(|t| json!({"role": t.role, "content": t.text}));
    json!({
        "model": config.model,
        "max_tokens": config.max_tokens,
        "stream": true,
        "stream_options": {"include_usage": true},
        "tools": tools,
        "messages": std::iter::once(system).chain(turns).collect::<Vec<_>>(),
    })
}

/// Reads the chunks of one answer. Compatible servers leave out indexes and ids, or send arguments in one piece.
#[derive(Default)]
pub(super) struct Reader {
    heard: Heard,
    calls: BTreeMap<u64, (String, String)>,
    finish: Option<String>,
    done: bool,
}

impl Listener for Reader {
    fn hear(&mut self, data: &str) -> Result<Vec<ProviderEvent>> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(Vec::new());
        }
        let Ok(chunk) = serde_json::from_str::<Value>(data) else { return Ok(Vec::new()) };
        if let Some(error) = chunk.get("error").filter(|e| !e.is_null()) {
            return Err(super::stream::said_error(Some(error)));
        }
        let mut events = Vec::new();
        if let Some(choice) = chunk.pointer("/choices/0") {
            if let Some(text) = choice.pointer("/delta/content").and_then(Value::as_str).filter(|t| !t.is_empty()) {
                let piece = crate::sql::visible(text);
                self.heard.text.push_str(&piece);
                events.push(ProviderEvent::Text(piece));
            }
            let calls = choice.pointer("/delta/tool_calls").and_then(Value::as_array);
            calls.into_iter().flatten().for_each(|call| self.call(call));
            if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
                self.finish = Some(finish.to_owned());
            }
        }
        if let Some(usage) = chunk.get("usage").filter(|u| !u.is_null()) {
            let figure = |key: &str| usage.get(key).and_then(Value::as_u64).unwrap_or_default();
            self.heard.input_tokens = figure("prompt_tokens");
            self.heard.output_tokens = figure("completion_tokens");
            events.push(ProviderEvent::Usage { input: self.heard.input_tokens, output: self.heard.output_tokens });
        }
        Ok(events)
    }

    fn done(&self) -> bool {
        self.done
    }

    fn finish(mut self: Box<Self>) -> Result<Heard> {
        let Some(finish) = self.finish else {
            return Err(Error::new(ErrorCode::Provider, "the model's answer broke off before its end"));
        };
        if matches!(finish.as_str(), "tool_calls" | "stop" | "function_call") {
            for (name, arguments) in self.calls.into_values() {
                let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
                if let Ok(input) = serde_json::from_str(&arguments) {
                    self.heard.calls.push(ToolCall { name, input });
                }
            }
        } else {
            self.heard.cut = Some(finish);
        }
        Ok(self.heard)
    }
}

impl Reader {
    fn call(&mut self, call: &Value) {
        let name = call.pointer("/function/name").and_then(Value::as_str).filter(|n| !n.is_empty());
        let last = self.calls.keys().next_back().copied();
        // Without an index, a name begins a new call and anything else goes on with the last.
        let index = call.get("index").and_then(Value::as_u64).unwrap_or_else(|| match (name, last) {
            (Some(_), Some(last)) => last + 1,
            (_, last) => last.unwrap_or_default(),
        });
        let entry = self.calls.entry(index).or_default();
        if let Some(name) = name.filter(|_| entry.0.is_empty()) {
            name.clone_into(&mut entry.0);
        }
        match call.pointer("/function/arguments") {
            Some(Value::String(piece)) => entry.1.push_str(piece),
            Some(whole @ Value::Object(_)) => entry.1 = whole.to_string(),
            _ => {}
        }
    }
}
