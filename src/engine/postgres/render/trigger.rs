//! Triggers.

use super::names::{ident, literal, relation};
use crate::schema::{QName, Trigger};

/// The trigger as the server keeps it, its state and its comment.
pub(in crate::engine::postgres) fn create(table: &QName, trigger: &Trigger) -> Vec<String> {
    let name = ident(&trigger.name);
    let mut out = vec![trigger.definition.trim_end_matches(';').to_owned()];
    let state = match trigger.state.as_deref() {
        Some("always") => Some("ENABLE ALWAYS"),
        Some("replica") => Some("ENABLE REPLICA"),
        Some("disabled") => Some("DISABLE"),
        _ => None,
    };
    if let Some(state) = state {
        out.push(format!("ALTER TABLE {} {state} TRIGGER {name}", relation(table)));
    }
    if let Some(text) = &trigger.comment {
        out.push(format!("COMMENT ON TRIGGER {name} ON {} IS {}", relation(table), literal(text)));
    }
    out
}

pub(in crate::engine::postgres) fn drop(table: &QName, name: &str) -> String {
    format!("DROP TRIGGER {} ON {}", ident(name), relation(table))
}
