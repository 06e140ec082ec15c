//! `ALTER TABLE` and the like, with all their actions.

use super::cursor::Cursor;
use super::parse_table::{collation, column, constraint, is_table_constraint, options, sequence_options};
use super::tree::{Action, Alter};
use super::types::read_type;
use crate::schema::{Deferrable, Identity, Options};

/// After `ALTER`.
pub(super) fn alter(cursor: &mut Cursor<'_>) -> Option<Alter> {
    let kind = cursor.take_any(&["table", "index", "materialized view", "view", "foreign table", "sequence"])?;
    let kind: &'static str = match kind {
        "table" => "table",
        "index" => "index",
        "view" => "view",
        "materialized view" => "materialized view",
        "sequence" => "sequence",
        _ => "foreign table",
    };
    if cursor.sees("all in tablespace") {
        return None;
    }
    let if_exists = cursor.take("if exists");
    let only = cursor.take("only");
    let name = cursor.name()?;
    cursor.take_sign('*');
    let mut actions = vec![action(cursor, kind)];
    while cursor.take_sign(',') {
        actions.push(action(cursor, kind));
    }
    cursor.at_end().then_some(Alter { kind, name, if_exists, only, actions })
}

fn action(cursor: &mut Cursor<'_>, kind: &str) -> Action {
    let start = cursor.position();
    if let Some(found) = known_action(cursor, kind) {
        return found;
    }
    cursor.go_to(start);
    cursor.until(&[]);
    Action::Other
}

fn known_action(cursor: &mut Cursor<'_>, kind: &str) -> Option<Action> {
    let word = cursor.take_any(&[
        "add",
        "drop",
        "alter",
        "rename",
        "set",
        "reset",
        "validate constraint",
        "enable",
        "disable",
        "force",
        "no",
        "cluster on",
        "inherit",
        "attach partition",
        "detach partition",
    ])?;
    match word {
        "add" => add(cursor),
        "drop" => drop_action(cursor),
        "alter" => alter_part(cursor),
        "rename" => rename(cursor),
        "set" => set(cursor),
        "reset" => {
            let (_, reset) = options(cursor.parenthesised()?);
            Some(Action::Options { set: Options::new(), reset })
        }
        "validate constraint" => Some(Action::Validate { name: cursor.ident()? }),
        "enable" | "disable" => toggle(cursor, word == "enable"),
        "force" => {
            let security = Action::RowSecurity { enabled: None, forced: Some(true) };
            cursor.take("row level security").then_some(security)
        }
        "no" if cursor.take("force row level security") => {
            Some(Action::RowSecurity { enabled: None, forced: Some(false) })
        }
        "no" if cursor.take("inherit") => Some(Action::Inherit { parent: cursor.name()?, join: false }),
        "cluster on" => cursor.ident().map(|_| Action::Cluster),
        "inherit" => Some(Action::Inherit { parent: cursor.name()?, join: true }),
        "attach partition" => {
            let partition = cursor.name()?;
            if kind == "index" {
                return Some(Action::AttachIndex { index: partition });
            }
            Some(Action::Attach { partition, bound: cursor.rest().to_owned() })
        }
        "detach partition" => {
            let partition = cursor.name()?;
            let concurrently = cursor.take_any(&["concurrently", "finalize"]).is_some();
            Some(Action::Detach { partition, concurrently })
        }
        _ => None,
    }
}

fn add(cursor: &mut Cursor<'_>) -> Option<Action> {
    if is_table_constraint(cursor) {
        return Some(Action::AddConstraint(constraint(cursor, None)?));
    }
    cursor.take("column");
    let if_not_exists = cursor.take("if not exists");
    Some(Action::AddColumn { column: Box::new(column(cursor)?), if_not_exists })
}

fn drop_action(cursor: &mut Cursor<'_>) -> Option<Action> {
    let is_constraint = cursor.take("constraint");
    if !is_constraint {
        cursor.take("column");
    }
    let if_exists = cursor.take("if exists");
    let name = cursor.ident()?;
    let cascade = cursor.take("cascade");
    cursor.take("restrict");
    Some(if is_constraint {
        Action::DropConstraint { name, if_exists, cascade }
    } else {
        Action::DropColumn { column: name, if_exists, cascade }
    })
}

/// `ALTER COLUMN …` and `ALTER CONSTRAINT …`.
fn alter_part(cursor: &mut Cursor<'_>) -> Option<Action> {
    if cursor.take("constraint") {
        return alter_constraint(cursor);
    }
    cursor.take("column");
    let column = cursor.ident()?;
    if let Some(word) = cursor.take_any(&["set data type", "type"]) {
        debug_assert!(!word.is_empty());
        let data_type = read_type(cursor)?;
        let collation = if cursor.take("collate") { Some(collation(cursor)?) } else { None };
        let using = cursor.take("using").then(|| cursor.until(&[]).to_owned());
        return Some(Action::SetType { column, data_type, collation, using });
    }
    if cursor.take("add generated") {
        let always = cursor.take_any(&["always", "by default"])? == "always";
        cursor.take("as identity").then_some(())?;
        let options = cursor.parenthesised().map(sequence_options).unwrap_or_default();
        return Some(Action::AddIdentity { column, identity: Identity { always, options } });
    }
    if cursor.take("drop") {
        let what = cursor.take_any(&["default", "not null", "expression", "identity"])?;
        let if_exists = cursor.take("if exists");
        return Some(match what {
            "default" => Action::SetDefault { column, default: None },
            "not null" => Action::DropNotNull { column },
            "expression" => Action::DropExpression { column, if_exists },
            _ => Action::DropIdentity { column, if_exists },
        });
    }
    if cursor.take("reset") {
        let (_, reset) = options(cursor.parenthesised()?);
        return Some(Action::ColumnOptions { column, set: Options::new(), reset });
    }
    if cursor.take("restart") {
        cursor.until(&[]);
        return Some(Action::ChangeIdentity { column });
    }
    cursor.take("set").then(|| set_column(cursor, column)).flatten()
}

fn set_column(cursor: &mut Cursor<'_>, column: String) -> Option<Action> {
    if cursor.sees_sign('(') {
        let (set, _) = options(cursor.parenthesised()?);
        return Some(Action::ColumnOptions { column, set, reset: Vec::new() });
    }
    let word = cursor.take_any(&["default", "not null", "expression as", "statistics", "storage", "compression"]);
    match word {
        Some("default") => Some(Action::SetDefault { column, default: Some(cursor.until(&[]).to_owned()) }),
        Some("not null") => Some(Action::SetNotNull { column }),
        Some("expression as") => Some(Action::SetExpression { column, expression: cursor.parenthesised()?.to_owned() }),
        Some("statistics") => Some(Action::SetStatistics { column, value: cursor.until(&[]).to_owned() }),
        Some("storage") => Some(Action::SetStorage { column, value: cursor.until(&[]).to_ascii_lowercase() }),
        Some("compression") => Some(Action::SetCompression { column, value: cursor.until(&[]).to_ascii_lowercase() }),
        _ => {
            cursor.until(&[]);
            Some(Action::ChangeIdentity { column })
        }
    }
}

fn alter_constraint(cursor: &mut Cursor<'_>) -> Option<Action> {
    let name = cursor.ident()?;
    let (mut enforced, mut deferrable) = (None, None);
    while let Some(word) = cursor.take_any(&[
        "not deferrable",
        "deferrable",
        "initially deferred",
        "initially immediate",
        "not enforced",
        "enforced",
    ]) {
        match word {
            "not deferrable" => deferrable = Some(Deferrable::No),
            "deferrable" => deferrable = Some(Deferrable::InitiallyImmediate),
            "initially deferred" => deferrable = Some(Deferrable::InitiallyDeferred),
            "initially immediate" if deferrable.is_none() => deferrable = Some(Deferrable::No),
            "not enforced" => enforced = Some(false),
            "enforced" => enforced = Some(true),
            _ => {}
        }
    }
    (enforced.is_some() || deferrable.is_some()).then_some(Action::AlterConstraint { name, enforced, deferrable })
}

fn rename(cursor: &mut Cursor<'_>) -> Option<Action> {
    if cursor.take("to") {
        return Some(Action::RenameTo { name: cursor.ident()? });
    }
    let is_constraint = cursor.take("constraint");
    if !is_constraint {
        cursor.take("column");
    }
    let from = cursor.ident()?;
    let to = if cursor.take("to") { cursor.ident()? } else { return None };
    Some(if is_constraint { Action::RenameConstraint { from, to } } else { Action::RenameColumn { from, to } })
}

fn set(cursor: &mut Cursor<'_>) -> Option<Action> {
    if cursor.sees_sign('(') {
        let (set, _) = options(cursor.parenthesised()?);
        return Some(Action::Options { set, reset: Vec::new() });
    }
    match cursor.take_any(&["schema", "logged", "unlogged", "tablespace", "access method", "without cluster"])? {
        "schema" => Some(Action::SetSchema { schema: cursor.ident()? }),
        "logged" => Some(Action::SetLogged { logged: true }),
        "unlogged" => Some(Action::SetLogged { logged: false }),
        "tablespace" => {
            cursor.ident()?;
            cursor.take("nowait");
            Some(Action::SetTablespace)
        }
        "access method" => Some(Action::SetAccessMethod { method: cursor.ident()? }),
        _ => Some(Action::Cluster),
    }
}

fn toggle(cursor: &mut Cursor<'_>, on: bool) -> Option<Action> {
    if cursor.take("row level security") {
        return Some(Action::RowSecurity { enabled: Some(on), forced: None });
    }
    let state = match (on, cursor.take_any(&["always", "replica"])) {
        (false, _) => "disabled",
        (true, Some("always")) => "always",
        (true, Some(_)) => "replica",
        (true, None) => "enabled",
    };
    let trigger = cursor.take("trigger").then(|| cursor.ident()).flatten()?;
    Some(Action::TriggerState { trigger, state })
}
