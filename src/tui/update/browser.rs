//! What the browser's keys do.

use super::super::action::Tab;
use super::super::state::{Details, Node, Search, State, Tongue, object_ref};
use crate::schema::ObjectRef;

/// Opens a branch, or shows an object's details; in a search, goes to what was found.
pub fn open(state: &mut State) {
    if let Some(search) = state.browser.search.take() {
        if let Some(found) = search.found.get(search.selected) {
            state.browser.reveal(found.at, state.schema.as_deref());
            show_selected(state);
        }
        return;
    }
    let Some(row) = state.browser.row().cloned() else { return };
    match row.node {
        Node::Object(_) | Node::Leaf(..) => {
            if !state.browser.is_open(&row.node) {
                state.browser.open(state.schema.as_deref());
            }
            show_selected(state);
        }
        node if state.browser.is_open(&node) => state.browser.close(state.schema.as_deref()),
        _ => state.browser.open(state.schema.as_deref()),
    }
}

/// Shows the details of the selected object, without leaving the browser.
fn show_selected(state: &mut State) {
    let Some(entry) = state.browser.selected_object() else { return };
    state.details = Some(details(state, object_ref(entry)));
    state.tab = Tab::Details;
}

/// An object's details, as far as the schema is there.
pub fn details(state: &State, object: ObjectRef) -> Details {
    let definition = match (&state.dialect, &state.schema) {
        (Some(Tongue(dialect)), Some(schema)) => dialect.definition(&object, schema),
        _ => None,
    };
    Details { object, definition, scroll: 0 }
}

pub fn search(state: &mut State) {
    state.browser.search = Some(Search::default());
    state.browser.find(state.schema.as_deref());
}

/// Brings the open details up to date with a schema that was just read.
pub fn refresh_details(state: &mut State) {
    if let Some(old) = state.details.take() {
        let mut new = details(state, old.object);
        new.scroll = old.scroll;
        state.details = Some(new);
    }
}
