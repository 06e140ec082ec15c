//! What a step is called: one plain sentence without a full stop.

use crate::plan::Phase;
use crate::schema::{Change, ObjectKind, ObjectRef};
use crate::sql::one_line;

/// The change in words, in the imperative.
pub(super) fn title(change: &Change) -> String {
    match change {
        Change::CreateTable { table } => {
            let foreign = if table.foreign.is_some() { "foreign " } else { "" };
            format!("Create {foreign}table {}", table.name.short())
        }
        Change::DropTable { name } => format!("Drop table {}", name.short()),
        Change::RenameTable { from, to } => format!("Rename table {} to {to}", from.short()),
        Change::SetTableSchema { name, schema } => format!("Move table {} to schema {schema}", name.short()),
        Change::SetTableOptions { name, .. } => format!("Change storage options of {}", name.short()),
        Change::SetRowSecurity { table, security } => {
            format!("Switch row security of {} {}", table.short(), if security.enabled { "on" } else { "off" })
        }
        Change::SetUnlogged { table, unlogged } => {
            format!("Make table {} {}", table.short(), if *unlogged { "unlogged" } else { "logged" })
        }
        Change::AddConstraint { table, constraint } => {
            format!("Add constraint {} to {}", constraint.name, table.short())
        }
        Change::DropConstraint { table, name } => format!("Drop constraint {name} of {}", table.short()),
        Change::RenameConstraint { table, from, to } => {
            format!("Rename constraint {from} of {} to {to}", table.short())
        }
        Change::ValidateConstraint { table, name } => format!("Validate constraint {name} of {}", table.short()),
        Change::CreateIndex { table, index } => format!("Create index {} on {}", index.name, table.short()),
        Change::DropIndex { table, name } => format!("Drop index {name} of {}", table.short()),
        Change::AttachIndex { name, parent, .. } => format!("Attach index {name} to {}", parent.short()),
        Change::RenameIndex { table, from, to } => format!("Rename index {from} of {} to {to}", table.short()),
        Change::CreateTrigger { table, trigger } => format!("Create trigger {} on {}", trigger.name, table.short()),
        Change::DropTrigger { table, name } => format!("Drop trigger {name} of {}", table.short()),
        other => of_column(other).unwrap_or_else(|| of_object(other)),
    }
}

fn of_column(change: &Change) -> Option<String> {
    Some(match change {
        Change::AddColumn { table, column } => format!("Add column {} to {}", column.name, table.short()),
        Change::DropColumn { table, column } => format!("Drop column {column} of {}", table.short()),
        Change::RenameColumn { table, from, to } => format!("Rename column {from} of {} to {to}", table.short()),
        Change::AlterColumnType { table, column, data_type, .. } => {
            format!("Change the type of {}.{column} to {data_type}", table.short())
        }
        Change::SetDefault { table, column, default: Some(value) } => {
            format!("Set the default of {}.{column} to {}", table.short(), one_line(value))
        }
        Change::SetDefault { table, column, default: None } => {
            format!("Drop the default of {}.{column}", table.short())
        }
        Change::SetNotNull { table, column, .. } => format!("Make {}.{column} required", table.short()),
        Change::DropNotNull { table, column } => format!("Make {}.{column} optional", table.short()),
        Change::SetIdentity { table, column, identity } => match identity {
            Some(_) => format!("Number {}.{column} by an identity sequence", table.short()),
            None => format!("Stop numbering {}.{column} by itself", table.short()),
        },
        Change::SetGenerated { table, column, generated } => match generated {
            Some(_) => format!("Compute {}.{column} from other columns", table.short()),
            None => format!("Stop computing {}.{column}", table.short()),
        },
        Change::SetColumnOptions { table, column, .. } => {
            format!("Change storage options of {}.{column}", table.short())
        }
        Change::Backfill { table, column, .. } => format!("Fill {}.{column}", table.short()),
        Change::Reshape { table, from, into } => {
            let into: Vec<&str> = into.iter().map(|t| t.column.name.as_str()).collect();
            format!("Turn {} of {} into {}", from.join(", "), table.short(), into.join(", "))
        }
        _ => return None,
    })
}

/// `row type of shop.orders`.
fn setting(object: &ObjectRef) -> String {
    format!("{} of {}", object.part.as_deref().unwrap_or_default(), object.name.short())
}

fn of_object(change: &Change) -> String {
    match change {
        Change::CreateSchema { name } => format!("Create schema {name}"),
        Change::DropSchema { name } => format!("Drop schema {name}"),
        Change::CreateExtension { extension } => format!("Install extension {}", extension.name),
        Change::DropExtension { name } => format!("Drop extension {name}"),
        Change::AlterExtension { extension } => {
            format!("Bring extension {} to version {}", extension.name, extension.version)
        }
        Change::CreateView { view } => format!("Create {} {}", view_word(view.materialized), view.name.short()),
        Change::ReplaceView { view } => format!("Replace {} {}", view_word(view.materialized), view.name.short()),
        Change::DropView { name, materialized } => format!("Drop {} {}", view_word(*materialized), name.short()),
        Change::RenameView { from, to, materialized } => {
            format!("Rename {} {} to {to}", view_word(*materialized), from.short())
        }
        Change::CreateSequence { sequence } => format!("Create sequence {}", sequence.name.short()),
        Change::AlterSequence { sequence } => format!("Change sequence {}", sequence.name.short()),
        Change::DropSequence { name } => format!("Drop sequence {}", name.short()),
        Change::RenameSequence { from, to } => format!("Rename sequence {} to {to}", from.short()),
        Change::CreateType { definition } => format!("Create type {}", definition.name.short()),
        Change::AlterType { definition } => format!("Change type {}", definition.name.short()),
        Change::DropType { name } => format!("Drop type {}", name.short()),
        Change::RenameType { from, to } => format!("Rename type {} to {to}", from.short()),
        Change::AddEnumValue { name, value, .. } => format!("Add value {value} to type {}", name.short()),
        Change::RenameEnumValue { name, from, to } => format!("Rename value {from} of type {} to {to}", name.short()),
        Change::CreateRoutine { routine } => format!("Create function {}", routine.key().short()),
        Change::ReplaceRoutine { routine } => format!("Replace function {}", routine.key().short()),
        Change::DropRoutine { key, .. } => format!("Drop function {}", key.short()),
        Change::SetComment { object, comment } => match comment {
            Some(_) => format!("Comment on {}", named(object)),
            None => format!("Remove the comment on {}", named(object)),
        },
        Change::SetOwner { object, owner: Some(owner) } => {
            format!("Make {} the owner of {}", one_line(&owner.owner), called(object, owner.called.as_deref()))
        }
        Change::SetOwner { object, owner: None } => format!("Give {} back to its usual owner", called(object, None)),
        Change::SetRights { on: object, .. } => format!("Set who may use {}", on(object)),
        Change::CreateOther { object } if object.id.kind == ObjectKind::TableSetting => {
            format!("Set the {}", setting(&object.id))
        }
        Change::DropOther { object } if object.id.kind == ObjectKind::TableSetting => {
            format!("Reset the {}", setting(&object.id))
        }
        Change::CreateOther { object } => format!("Create {}", named(&object.id)),
        Change::DropOther { object } => format!("Drop {}", named(&object.id)),
        Change::AlterOther { to, .. } => format!("Change {}", named(&to.id)),
        _ => "Change the schema".to_owned(),
    }
}

fn view_word(materialized: bool) -> &'static str {
    if materialized { "materialized view" } else { "view" }
}

/// What rights are on: an object, or those that a role will make.
pub(super) fn on(object: &ObjectRef) -> String {
    if object.kind != ObjectKind::DefaultPrivileges {
        return named(object);
    }
    let what = one_line(object.part.as_deref().unwrap_or_default());
    let schema = &object.name.schema;
    let place = if schema.is_empty() { String::new() } else { format!(" in {}", one_line(schema)) };
    format!("new {what} of {}{place}", one_line(&object.name.name))
}

fn called(object: &ObjectRef, called: Option<&str>) -> String {
    called.map_or_else(|| named(object), one_line)
}

pub(super) fn named(object: &ObjectRef) -> String {
    one_line(&object.to_string())
}

/// What adds is expand, what fills is migrate, what takes away is contract.
pub(super) fn phase(change: &Change) -> Phase {
    match change {
        Change::DropSchema { .. }
        | Change::DropExtension { .. }
        | Change::DropTable { .. }
        | Change::DropColumn { .. }
        | Change::DropConstraint { .. }
        | Change::DropIndex { .. }
        | Change::DropView { .. }
        | Change::DropSequence { .. }
        | Change::DropType { .. }
        | Change::DropRoutine { .. }
        | Change::DropTrigger { .. }
        | Change::DropOther { .. } => Phase::Contract,
        Change::Backfill { .. }
        | Change::Reshape { .. }
        | Change::AlterColumnType { .. }
        | Change::ValidateConstraint { .. } => Phase::Migrate,
        _ => Phase::Expand,
    }
}
