//! Views and materialised views.

use super::faithful::faithful;
use super::names::{literal, relation};
use super::table::with_options;
use super::{index, trigger};
use crate::schema::{QName, View};

fn word(materialized: bool) -> &'static str {
    if materialized { "MATERIALIZED VIEW" } else { "VIEW" }
}

/// The view with its indexes, triggers and comment.
pub(in crate::engine::postgres) fn create(view: &View) -> Vec<String> {
    let mut out = vec![create_alone(view, "CREATE")];
    for i in view.indexes.values() {
        out.extend(index::direct(&view.name, i, false));
    }
    out.extend(after(view));
    out
}

fn after(view: &View) -> Vec<String> {
    let mut out: Vec<String> = view.triggers.values().flat_map(|t| trigger::create(&view.name, t)).collect();
    if let Some(text) = &view.comment {
        out.push(format!("COMMENT ON {} {} IS {}", word(view.materialized), relation(&view.name), literal(text)));
    }
    out
}

fn create_alone(view: &View, verb: &str) -> String {
    let query = faithful(view.query.trim().trim_end_matches(';'));
    let options = with_options(&view.options);
    let empty = if view.materialized && !view.populated { "\nWITH NO DATA" } else { "" };
    format!("{verb} {} {}{options} AS\n{query}{empty}", word(view.materialized), relation(&view.name))
}

/// Whether CREATE OR REPLACE does: the old columns come first, with their names and types, and none is lost.
pub(in crate::engine::postgres) fn replaceable(old: &View, new: &View) -> bool {
    !old.materialized
        && !new.materialized
        && !new.columns.is_empty()
        && new.columns.len() >= old.columns.len()
        && old.columns.iter().zip(&new.columns).all(|(a, b)| a == b)
}

/// In place where that can be, else by dropping it.
pub(super) fn replace(old: Option<&View>, new: &View) -> Vec<String> {
    match old {
        // Columns that are not known are taken to be fit: the server refuses what is not.
        Some(old) if replaceable(old, new) || (new.columns.is_empty() && !new.materialized && !old.materialized) => {
            let mut out = vec![create_alone(new, "CREATE OR REPLACE")];
            for (name, old_trigger) in &old.triggers {
                if new.triggers.get(name) != Some(old_trigger) {
                    out.push(trigger::drop(&new.name, name));
                }
            }
            for (name, new_trigger) in &new.triggers {
                if old.triggers.get(name) != Some(new_trigger) {
                    out.extend(trigger::create(&new.name, new_trigger));
                }
            }
            if old.comment != new.comment {
                let text = new.comment.as_deref().map_or_else(|| "NULL".to_owned(), literal);
                out.push(format!("COMMENT ON VIEW {} IS {text}", relation(&new.name)));
            }
            out
        }
        Some(old) => {
            let mut out = vec![drop(&old.name, old.materialized)];
            out.extend(create(new));
            out
        }
        None => create(new),
    }
}

pub(in crate::engine::postgres) fn drop(name: &QName, materialized: bool) -> String {
    format!("DROP {} {}", word(materialized), relation(name))
}
