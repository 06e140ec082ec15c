//! Sending a request and listening to its stream, with the retries that the providers' own clients make.

use super::events::{Heard, ProviderEvent};
use crate::sql::one_line;
use crate::{Error, ErrorCode, Result};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;

/// Reads the data of one wire format's events.
pub(super) trait Listener: Send {
    /// # Errors
    /// When the stream says that the provider failed.
    fn hear(&mut self, data: &str) -> Result<Vec<ProviderEvent>>;

    fn done(&self) -> bool;

    /// # Errors
    /// When the answer was not received whole.
    fn finish(self: Box<Self>) -> Result<Heard>;
}

/// How often a call is made again.
const RETRIES: u32 = 2;
const HINT: &str = "The built-in planner still works: turn the model off, or ask again later.";

/// A failure of the provider, in words.
pub(super) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::Provider, message).hint(HINT)
}

/// An error object of a provider: `{"type", "message"}`.
pub(super) fn said_error(error: Option<&Value>) -> Error {
    let text = |key: &str| error.and_then(|e| e.get(key)).and_then(Value::as_str).unwrap_or_default();
    let (kind, message) = (text("type"), text("message"));
    let said = if message.is_empty() { kind } else { message };
    failed(format!("the model's provider says: {}", one_line(&said.chars().take(300).collect::<String>())))
}

/// Sends and listens. Calls are made again only while nothing was delivered.
pub(super) async fn listen(
    request: &reqwest::RequestBuilder,
    listener: impl Fn() -> Box<dyn Listener>,
    events: &mpsc::Sender<ProviderEvent>,
) -> Result<Heard> {
    let mut attempt = 0;
    loop {
        let Some(copy) = request.try_clone() else {
            return Err(Error::internal("the request to the model cannot be copied"));
        };
        let (wait, why) = match copy.send().await {
            Ok(response) if response.status().is_success() => return hear_all(response, listener(), events).await,
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let body = response.text().await.unwrap_or_default();
                let error = refused(status, &body);
                if attempt >= RETRIES || !may_retry(status, &headers, &body) {
                    return Err(error);
                }
                (asked_wait(&headers).unwrap_or_else(|| backoff(attempt)), error.message)
            }
            Err(why) => {
                let error = unreachable(&why);
                if attempt >= RETRIES || why.is_timeout() {
                    return Err(error);
                }
                (backoff(attempt), error.message)
            }
        };
        attempt += 1;
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        // Nobody listening is no reason to stop: the answer is still wanted.
        let _ = events.send(ProviderEvent::Retry { attempt, wait_ms, why }).await;
        tokio::time::sleep(wait).await;
    }
}

async fn hear_all(
    response: reqwest::Response,
    mut listener: Box<dyn Listener>,
    events: &mpsc::Sender<ProviderEvent>,
) -> Result<Heard> {
    let mut stream = response.bytes_stream().eventsource();
    while let Some(event) = stream.next().await {
        let event =
            event.map_err(|why| failed(format!("the model's answer broke off: {}", one_line(&why.to_string()))))?;
        for event in listener.hear(&event.data)? {
            let _ = events.send(event).await;
        }
        if listener.done() {
            break;
        }
    }
    listener.finish().map_err(|e| if e.hint.is_none() { e.hint(HINT) } else { e })
}

/// Why the provider refused, from its status and body.
fn refused(status: StatusCode, body: &str) -> Error {
    let said = serde_json::from_str::<Value>(body).ok();
    let message = said
        .as_ref()
        .and_then(|v| v.pointer("/error/message").or_else(|| v.get("message")))
        .and_then(Value::as_str)
        .map(|m| one_line(&m.chars().take(300).collect::<String>()))
        .unwrap_or_default();
    let colon = if message.is_empty() { "" } else { ": " };
    let error = failed(format!("the model's provider answered {status}{colon}{message}"));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => error.hint(
            "Check the key in the environment variable that the configuration names. The built-in planner still works.",
        ),
        StatusCode::NOT_FOUND => error
            .hint("Check the model's name and the base URL in the configuration. The built-in planner still works."),
        _ => error,
    }
}

fn unreachable(why: &reqwest::Error) -> Error {
    let reason = if why.is_timeout() {
        "did not answer in time"
    } else if why.is_connect() {
        "cannot be reached"
    } else {
        "could not be asked"
    };
    failed(format!("the model's provider {reason}"))
}

/// The rule of the providers' own clients: a header decides, else the status; a spent limit is not tried again.
fn may_retry(status: StatusCode, headers: &HeaderMap, body: &str) -> bool {
    match headers.get("x-should-retry").and_then(|v| v.to_str().ok()) {
        Some("true") => return true,
        Some("false") => return false,
        _ => {}
    }
    if body.contains("enforced_spend_limit_reached") && asked_wait(headers).is_none() {
        return false;
    }
    matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error()
}

/// The wait that the provider asks for, when it is between 0 and 60 seconds.
fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let figure = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = figure("retry-after-ms").map(|ms| ms / 1000.0).or_else(|| figure("retry-after"))?;
    (seconds > 0.0 && seconds <= 60.0).then(|| Duration::from_secs_f64(seconds))
}

/// Half a second, doubled each time up to eight, less up to a quarter.
fn backoff(attempt: u32) -> Duration {
    let seconds = (0.5 * f64::from(1_u32 << attempt.min(5))).min(8.0);
    Duration::from_secs_f64(seconds * (1.0 - 0.25 * fastrand::f64()))
}
