//! What would be sent, laid out for people: nothing is left out, and texts stand as they are.

use crate::sql::visible;
use serde_json::Value;

/// The body of a call, a heading for each of its parts.
pub(super) fn lay_out(body: &Value) -> String {
    let mut out = String::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => part(&mut out, key, text),
            Value::Array(items) => {
                for item in items {
                    part(&mut out, key, &element(item));
                }
            }
            other => part(&mut out, key, &other.to_string()),
        }
    }
    visible(&out)
}

fn part(out: &mut String, key: &str, text: &str) {
    let gap = if text.contains('\n') { '\n' } else { ' ' };
    out.push_str(&format!("{key}:{gap}{}\n", text.trim_end()));
}

/// A message as who says what; anything else as JSON.
fn element(item: &Value) -> String {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    match (text("role"), text("content"), item.as_object().map(serde_json::Map::len)) {
        (Some(role), Some(content), Some(2)) => format!("({role}) {content}"),
        _ => item.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::lay_out;
    use serde_json::json;

    #[test]
    fn nothing_is_left_out_and_texts_stand_as_they_are() {
        let body = json!({
            "model": "m", "max_tokens": 5, "system": "one\ntwo \"quoted\"",
            "tools": [{"name": "reply"}],
            "messages": [{"role": "user", "content": "add a \u{1b}[31mregion"}],
        });
        let text = lay_out(&body);
        for part in ["model: m", "max_tokens: 5", "one\ntwo \"quoted\"", r#"{"name":"reply"}"#, "(user) add a "] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
