//! What a step is called.

use crate::plan::Phase;
use crate::schema::{Change, Constraint, ConstraintKind};

/// Adding expands, dropping contracts, everything else migrates.
pub(super) fn phase(changes: &[Change]) -> Phase {
    let adds = |c: &Change| {
        matches!(
            c,
            Change::AddColumn { .. }
                | Change::CreateTable { .. }
                | Change::CreateIndex { .. }
                | Change::CreateView { .. }
                | Change::CreateTrigger { .. }
        )
    };
    let drops = |c: &Change| {
        matches!(
            c,
            Change::DropColumn { .. }
                | Change::DropTable { .. }
                | Change::DropIndex { .. }
                | Change::DropView { .. }
                | Change::DropTrigger { .. }
                | Change::DropConstraint { .. }
        )
    };
    if changes.iter().all(adds) {
        Phase::Expand
    } else if changes.iter().all(drops) {
        Phase::Contract
    } else {
        Phase::Migrate
    }
}

pub(super) fn title(change: &Change) -> String {
    let table = change.table().map(crate::schema::QName::short).unwrap_or_default();
    match change {
        Change::CreateTable { .. } => format!("Create table {table}"),
        Change::DropTable { .. } => format!("Drop table {table}, keeping its rows"),
        Change::RenameTable { to, .. } => format!("Rename table {table} to {to}"),
        Change::SetTableOptions { .. } => format!("Change the options of {table}"),
        Change::AddColumn { column, .. } => format!("Add column {} to {table}", column.name),
        Change::DropColumn { column, .. } => format!("Drop column {column} from {table}, keeping its values"),
        Change::RenameColumn { from, to, .. } => format!("Rename column {table}.{from} to {to}"),
        Change::AlterColumnType { column, data_type, .. } => format!("Change {table}.{column} to {data_type}"),
        Change::SetDefault { column, default: Some(default), .. } => {
            format!("Set the default of {table}.{column} to {default}")
        }
        Change::SetDefault { column, .. } => format!("Drop the default of {table}.{column}"),
        Change::SetNotNull { column, .. } => format!("Make {table}.{column} required"),
        Change::DropNotNull { column, .. } => format!("Make {table}.{column} optional"),
        Change::SetIdentity { column, .. } => format!("Change how {table}.{column} counts"),
        Change::SetGenerated { column, .. } => format!("Change how {table}.{column} is generated"),
        Change::Backfill { column, .. } => format!("Fill {table}.{column}"),
        Change::Reshape { from, into, .. } => {
            let to: Vec<&str> = into.iter().map(|t| t.column.name.as_str()).collect();
            format!("Turn {} of {table} into {}", from.join(", "), to.join(", "))
        }
        Change::AddConstraint { constraint, .. } => format!("Add {} to {table}", constraint_words(constraint)),
        Change::DropConstraint { name, .. } => format!("Drop constraint {name} of {table}"),
        Change::RenameConstraint { from, to, .. } => format!("Rename constraint {from} of {table} to {to}"),
        Change::CreateIndex { index, .. } => format!("Create index {} on {table}", index.name),
        Change::DropIndex { name, .. } => format!("Drop index {name} of {table}"),
        Change::RenameIndex { from, to, .. } => format!("Rename index {from} to {to}"),
        Change::CreateView { view } => format!("Create view {}", view.name.short()),
        Change::ReplaceView { view } => format!("Replace view {}", view.name.short()),
        Change::DropView { name, .. } => format!("Drop view {}", name.short()),
        Change::RenameView { from, to, .. } => format!("Rename view {} to {to}", from.short()),
        Change::CreateTrigger { trigger, .. } => format!("Create trigger {} on {table}", trigger.name),
        Change::DropTrigger { name, .. } => format!("Drop trigger {name} of {table}"),
        _ => "Change the schema".to_owned(),
    }
}

fn constraint_words(constraint: &Constraint) -> String {
    let columns = constraint.kind.columns().join(", ");
    match &constraint.kind {
        ConstraintKind::PrimaryKey { .. } => format!("the primary key ({columns})"),
        ConstraintKind::Unique { .. } => format!("a unique constraint on ({columns})"),
        ConstraintKind::ForeignKey(key) => format!("a foreign key ({columns}) to {}", key.references.short()),
        ConstraintKind::Check { expression, .. } => format!("the check ({expression})"),
        ConstraintKind::NotNull { .. } | ConstraintKind::Other { .. } => format!("constraint {}", constraint.name),
    }
}
