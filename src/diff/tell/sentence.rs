//! One change in a sentence.

use super::words::{a, capital, column, expression, list, of, row};
use crate::schema::{
    Action, Change, Column, Constraint, ConstraintKind, ForeignKey, ObjectKind, ObjectRef, Other, QName,
};
use crate::sql::one_line;
use std::collections::BTreeSet;

/// `row type of shop.orders`.
fn setting(object: &ObjectRef) -> String {
    let what = object.part.as_deref().unwrap_or_default();
    one_line(&format!("{what} of {}", object.name.short()))
}

/// One change in a sentence that somebody who is no DBA understands.
pub fn sentence(change: &Change) -> String {
    match change {
        Change::CreateSchema { name } => format!("There is a new schema {}.", one_line(name)),
        Change::DropSchema { name } => format!("The schema {} is gone.", one_line(name)),
        Change::CreateExtension { extension } => format!("The extension {} is there now.", one_line(&extension.name)),
        Change::DropExtension { name } => format!("The extension {} is gone.", one_line(name)),
        Change::AlterExtension { extension } => {
            format!("The extension {} is now at version {}.", one_line(&extension.name), one_line(&extension.version))
        }
        Change::CreateTable { table } => {
            let names: Vec<&String> = table.columns.iter().map(|c| &c.name).collect();
            format!("There is a new table {}, with {}.", of(&table.name), list(&names))
        }
        Change::DropTable { name } => format!("The table {} is gone, with everything in it.", of(name)),
        Change::RenameTable { from, to } => format!("The table {} is now called {}.", of(from), one_line(to)),
        Change::SetTableSchema { name, schema } => format!("The table {} is now in {}.", of(name), one_line(schema)),
        Change::SetTableOptions { name, .. } => format!("The table {} is stored with other settings.", of(name)),
        Change::SetPartition { table, partition } => match partition {
            Some(p) => format!("The table {} is now a part of {}.", of(table), of(&p.parent)),
            None => format!("The table {} stands on its own now.", of(table)),
        },
        Change::SetInherits { table, .. } => format!("The table {} belongs to other parents now.", of(table)),
        Change::SetRowSecurity { table, security } if security.enabled => {
            format!("Who may see which rows of {} is now decided row by row.", of(table))
        }
        Change::SetRowSecurity { table, .. } => {
            format!("Everybody who may read {} now sees all of its rows.", of(table))
        }
        Change::SetUnlogged { table, unlogged: true } => {
            format!("What is in {} no longer survives a crash of the server.", of(table))
        }
        Change::SetUnlogged { table, .. } => format!("What is in {} now survives a crash of the server.", of(table)),
        Change::AddConstraint { table, constraint } => add_constraint(table, constraint),
        Change::DropConstraint { table, name } => format!("The rule {} on {} is gone.", one_line(name), of(table)),
        Change::RenameConstraint { table, from, to } => {
            format!("The rule {} on {} is now called {}.", one_line(from), of(table), one_line(to))
        }
        Change::ValidateConstraint { table, name } => {
            format!("The rule {} now holds for every row of {}, old ones too.", one_line(name), of(table))
        }
        Change::CreateIndex { table, index } => {
            let keys: Vec<String> = index.keys.iter().map(key).collect();
            if index.unique {
                return format!("No two rows of {} may have the same {}.", of(table), list(&keys));
            }
            format!("Looking things up in {} by {} is faster now.", of(table), list(&keys))
        }
        Change::DropIndex { table, name } => {
            format!("Looking things up in {} has lost the help of {}.", of(table), one_line(name))
        }
        Change::RenameIndex { table, from, to } => {
            format!("The index {} on {} is now called {}.", one_line(from), of(table), one_line(to))
        }
        Change::CreateTrigger { table, trigger } => {
            format!("{} now acts when rows of {} change.", capital(&one_line(&trigger.name)), of(table))
        }
        Change::DropTrigger { table, name } => {
            format!("{} no longer acts when rows of {} change.", capital(&one_line(name)), of(table))
        }
        Change::SetComment { object, comment } => set_comment(object, comment.as_ref()),
        Change::SetOwner { object, owner: Some(owner) } => {
            let called = owner.called.clone().unwrap_or_else(|| object.to_string());
            format!("The {} belongs to {} now.", one_line(&called), one_line(&owner.owner))
        }
        Change::SetOwner { object, owner: None } => {
            format!("The {} belongs to its usual owner again.", one_line(&object.to_string()))
        }
        Change::SetRights { on, rights } => super::rights::told(on, None, rights.as_deref()),
        Change::CreateOther { object } if object.id.kind == ObjectKind::TableSetting => {
            format!("The {} is set.", setting(&object.id))
        }
        Change::DropOther { object } if object.id.kind == ObjectKind::TableSetting => {
            format!("The {} is the usual one again.", setting(&object.id))
        }
        Change::CreateOther { object } => format!("There is a new {}.", one_line(&object.id.to_string())),
        Change::DropOther { object } => format!("The {} is gone.", one_line(&object.id.to_string())),
        Change::AlterOther { from, to } => alter_other(from, to),
        other => of_column(other).unwrap_or_else(|| of_rest(other)),
    }
}

fn key(key: &crate::schema::IndexKey) -> String {
    match &key.on {
        crate::schema::IndexTarget::Column(name) => name.clone(),
        crate::schema::IndexTarget::Expression(text) => expression(text),
    }
}

/// Which settings change, by name: their values may be long, or secret.
fn alter_other(from: &Other, to: &Other) -> String {
    let names: BTreeSet<&String> = from.settings.keys().chain(to.settings.keys()).collect();
    let changed: Vec<String> = names
        .into_iter()
        .filter(|name| from.settings.get(*name) != to.settings.get(*name))
        .map(|name| one_line(name))
        .collect();
    format!("The {} has another {}.", one_line(&to.id.to_string()), list(&changed))
}

fn set_comment(object: &ObjectRef, comment: Option<&String>) -> String {
    let object = one_line(&object.to_string());
    match comment {
        Some(text) if !text.is_empty() => format!("The {object} is now described as: {}", expression(text)),
        _ => format!("The {object} has no description any more."),
    }
}

fn add_constraint(table: &QName, constraint: &Constraint) -> String {
    let all = if constraint.validated { "" } else { " (checked for new rows only)" };
    let no_two = |columns: &[String]| format!("No two {} may have the same {}{all}.", rows(table), list(columns));
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns } => {
            format!("Every {} is known by its {}.", row(table), list(columns))
        }
        ConstraintKind::Unique { columns, .. } => no_two(columns),
        ConstraintKind::ForeignKey(key) => foreign_key(table, key, all),
        ConstraintKind::Check { expression: text, .. } => {
            format!("For every {} this must hold{all}: {}.", row(table), expression(text))
        }
        ConstraintKind::NotNull { column: name, .. } => must_have(table, name),
        ConstraintKind::Other { definition } => {
            format!("For {} this must hold{all}: {}.", of(table), expression(definition))
        }
    }
}

fn rows(table: &QName) -> String {
    format!("rows of {}", of(table))
}

fn must_have(table: &QName, name: &str) -> String {
    format!("{} can no longer be without {}.", capital(&of(table)), a(&column(name)))
}

fn foreign_key(table: &QName, key: &ForeignKey, all: &str) -> String {
    let then = match key.on_delete {
        Action::NoAction | Action::Restrict => String::new(),
        Action::Cascade => format!("; it goes when its {} goes", row(&key.references)),
        Action::SetNull | Action::SetDefault => format!("; it loses it when that {} goes", row(&key.references)),
    };
    let (one, columns) = (capital(&row(table)), list(&key.columns));
    format!("{}'s {columns} must be that of {}{all}{then}.", one, a(&row(&key.references)))
}

/// Sentences about one column.
fn of_column(change: &Change) -> Option<String> {
    Some(match change {
        Change::AddColumn { table, column } => add_column(table, column),
        Change::DropColumn { table, column: name } => {
            format!("{} no longer have {}; the values are gone.", capital(&of(table)), a(&column(name)))
        }
        Change::RenameColumn { table, from, to } => {
            format!("The {} of {} is now called {}.", column(from), of(table), column(to))
        }
        Change::AlterColumnType { table, column: name, data_type, .. } => {
            format!("The {} of {} is now stored as {}.", column(name), of(table), one_line(data_type))
        }
        Change::SetDefault { table, column: name, default: Some(value) } => {
            let (one, name, value) = (row(table), column(name), expression(value));
            format!("The {name} of a new {one} is {value} unless said otherwise.")
        }
        Change::SetDefault { table, column: name, .. } => {
            format!("The {} of a new {} must be said; nothing is assumed.", column(name), row(table))
        }
        Change::SetNotNull { table, column: name, .. } => must_have(table, name),
        Change::DropNotNull { table, column: name } => {
            format!("{} may now be without {}.", capital(&of(table)), a(&column(name)))
        }
        Change::SetIdentity { table, column: name, identity } => match identity {
            Some(_) => format!("The {} of a new {} is now a number given by itself.", column(name), row(table)),
            None => format!("The {} of a new {} is no longer given by itself.", column(name), row(table)),
        },
        Change::SetGenerated { table, column: name, generated } => match generated {
            Some(g) => {
                format!("The {} of {} is now worked out as {}.", column(name), of(table), expression(&g.expression))
            }
            None => format!("The {} of {} is no longer worked out; it keeps its values.", column(name), of(table)),
        },
        Change::SetColumnOptions { table, column: name, .. } => {
            format!("The {} of {} is stored with other settings.", column(name), of(table))
        }
        Change::Backfill { table, column: name, value, .. } => {
            format!("The {} of {} that are there becomes {}.", column(name), of(table), expression(value))
        }
        Change::Reshape { table, from, into } => {
            let into: Vec<&String> = into.iter().map(|t| &t.column.name).collect();
            format!("In {}, {} takes the place of {}.", of(table), list(&into), list(from))
        }
        _ => return None,
    })
}

fn add_column(table: &QName, new: &Column) -> String {
    let (one, name) = (row(table), a(&column(&new.name)));
    if let Some(generated) = &new.generated {
        return format!("Every {one} now has {name}, worked out as {}.", expression(&generated.expression));
    }
    match (&new.default, new.nullable) {
        _ if new.identity.is_some() => format!("Every {one} now has {name}, a number given by itself."),
        (Some(value), _) => format!("Every {one} now has {name}; it is {} unless said otherwise.", expression(value)),
        (None, false) => format!("Every {one} must now have {name}."),
        (None, true) => format!("Every {one} can now have {name}."),
    }
}

/// Sentences about what is no table.
fn of_rest(change: &Change) -> String {
    match change {
        Change::CreateView { view } => format!("There is a new view {}.", of(&view.name)),
        Change::ReplaceView { view } => format!("The view {} shows something else now.", of(&view.name)),
        Change::DropView { name, .. } => format!("The view {} is gone.", of(name)),
        Change::RenameView { from, to, .. } => format!("The view {} is now called {}.", of(from), one_line(to)),
        Change::CreateSequence { sequence } => format!("There is a new counter {}.", of(&sequence.name)),
        Change::AlterSequence { sequence } => format!("The counter {} counts differently.", of(&sequence.name)),
        Change::DropSequence { name } => format!("The counter {} is gone.", of(name)),
        Change::RenameSequence { from, to } => format!("The counter {} is now called {}.", of(from), one_line(to)),
        Change::CreateType { definition } => format!("There is a new type {}.", of(&definition.name)),
        Change::DropType { name } => format!("The type {} is gone.", of(name)),
        Change::RenameType { from, to } => format!("The type {} is now called {}.", of(from), one_line(to)),
        Change::AddEnumValue { name, value, .. } => format!("{} can now be '{}'.", capital(&of(name)), one_line(value)),
        Change::RenameEnumValue { name, from, to } => {
            format!("What was '{}' in {} is now '{}'.", one_line(from), of(name), one_line(to))
        }
        Change::AlterType { definition } => format!("The type {} is different now.", of(&definition.name)),
        Change::CreateRoutine { routine } => format!("There is a new function {}.", of(&routine.name)),
        Change::ReplaceRoutine { routine } => format!("The function {} works differently.", of(&routine.name)),
        Change::DropRoutine { key, .. } => format!("The function {} is gone.", one_line(&key.name)),
        _ => "Something else changes.".to_owned(),
    }
}
