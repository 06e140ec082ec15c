//! What the server says of its own work at `client_min_messages = debug1`: the lines of `ATRewriteTable`,
//! `validateForeignKeyConstraint` and `index_build` in PostgreSQL's sources, the same from 13 to 18.
//!
//! The driver hands notices to `tracing`; a statement is run under a subscriber of its own that keeps them.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The driver's target for notices.
const TARGET: &str = "sqlx::postgres::notice";

/// One thing that the server says. Tables are named without their schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Rewrites(String),
    Verifies(String),
    /// A foreign key's rows are looked up.
    Validates(String),
    /// An index is built on the table.
    Builds(String),
    /// A scan is left out, since a constraint proves its result.
    Proven,
}

/// Runs `work`, and gives what the server said meanwhile as well.
pub(super) async fn listening<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let result = work.with_subscriber(Listener { heard: Arc::clone(&heard) }).await;
    let lines = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    (result, lines)
}

struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() <= Level::DEBUG
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(message.0);
    }

    // Notices have no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// What a line means; none for lines about something else.
pub(super) fn understand(line: &str) -> Option<Said> {
    let named = |before: &str| {
        let rest = line.strip_prefix(before)?.strip_prefix('"')?;
        // A name may have quotes in it; the last one of the line, or the one before ` serially` and the like, ends it.
        let end = rest.find("\" ").unwrap_or_else(|| rest.rfind('"').unwrap_or(rest.len()));
        rest.get(..end).map(str::to_owned)
    };
    if let Some(table) = named("rewriting table ") {
        return Some(Said::Rewrites(table));
    }
    if let Some(table) = named("verifying table ") {
        return Some(Said::Verifies(table));
    }
    if let Some(constraint) = named("validating foreign key constraint ") {
        return Some(Said::Validates(constraint));
    }
    if line.starts_with("building index ") {
        let table = line.split_once("\" on table \"")?.1;
        return Some(Said::Builds(table.get(..table.rfind('"')?)?.to_owned()));
    }
    let proven = line.ends_with("sufficient to prove that it does not contain nulls")
        || line.ends_with("is implied by existing constraints");
    proven.then_some(Said::Proven)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_lines_are_understood() {
        let cases = [
            ("rewriting table \"t\"", Said::Rewrites("t".into())),
            ("verifying table \"odd \"\" name\"", Said::Verifies("odd \"".into())),
            ("validating foreign key constraint \"fk\"", Said::Validates("fk".into())),
            ("building index \"i\" on table \"t\" serially", Said::Builds("t".into())),
            ("building index \"i\" on table \"t\" with request for 1 parallel workers", Said::Builds("t".into())),
            (
                "existing constraints on column \"t.a\" are sufficient to prove that it does not contain nulls",
                Said::Proven,
            ),
            ("partition constraint for table \"p\" is implied by existing constraints", Said::Proven),
        ];
        for (line, want) in cases {
            assert_eq!(understand(line), Some(want), "{line}");
        }
        assert_eq!(understand("drop auto-cascades to type t"), None);
    }
}
