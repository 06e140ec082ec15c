//! `DROP`.

use super::Spots;
use crate::engine::postgres::reader::tree::{Drop, Dropped};
use crate::schema::{Change, QName};

pub(super) fn objects(spots: &mut Spots<'_>, tree: &Drop) {
    for item in &tree.items {
        of_item(spots, tree, item);
    }
    if tree.cascade {
        cascade(spots, tree);
    }
    if !tree.if_exists {
        spots.tell("not-repeatable", "it fails when the object is gone already");
    }
}

fn of_item(spots: &mut Spots<'_>, tree: &Drop, item: &Dropped) {
    match tree.kind {
        "index" => index(spots, tree, item),
        "table" => {
            let table = spots.relation(&item.name);
            let parent = spots.table(&table).and_then(|t| t.partition_of.as_ref()).map(|p| p.parent.clone());
            if let Some(parent) = parent.filter(|parent| !spots.is_new(parent)) {
                let message = format!("everybody who uses {} waits while {} is dropped", parent.short(), table.short());
                spots.tell_of("partition-ddl-locks-parent", &parent, message);
            }
        }
        "trigger" | "policy" | "rule" => {
            let Some(on) = &item.on else { return };
            let table = spots.relation(on);
            match tree.kind {
                "trigger" => {
                    let message = format!("everybody who uses {} waits until the transaction ends", table.short());
                    spots.tell_of("trigger-ddl-locks-table", &table, message);
                }
                "policy" => {
                    let message = format!("the policy {} of {} is gone", item.name.name, table.short());
                    spots.tell("policy-changed", message);
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn index(spots: &mut Spots<'_>, tree: &Drop, item: &Dropped) {
    let owner = |spots: &Spots<'_>| {
        let schema = item.name.schema.clone().unwrap_or_else(|| "public".to_owned());
        spots.context.schema.tables.with_index(&QName::new(schema, &item.name.name)).map(|t| t.name.clone())
    };
    let Some(table) = owner(spots) else { return };
    let of_constraint = spots.table(&table).is_some_and(|t| t.constraints.contains_key(&item.name.name));
    if of_constraint {
        let message = format!("{} belongs to a constraint of {}", item.name.name, table.short());
        spots.tell("drop-index-of-constraint", message);
    } else if tree.concurrently && spots.is_partitioned(&table) {
        let message = format!("{} is partitioned, so its index cannot be dropped concurrently", table.short());
        spots.tell("concurrent-build-on-partitioned", message);
    }
}

/// What goes along, as far as it is known.
fn cascade(spots: &mut Spots<'_>, tree: &Drop) {
    let named: Vec<&str> = tree.items.iter().map(|item| item.name.name.as_str()).collect();
    let takes = |change: &Change| match change {
        Change::DropTable { name } => {
            (!named.contains(&name.name.as_str())).then(|| format!("the table {}", name.short()))
        }
        Change::DropView { name, .. } => {
            (!named.contains(&name.name.as_str())).then(|| format!("the view {}", name.short()))
        }
        Change::DropConstraint { table, name } => Some(format!("the constraint {name} of {}", table.short())),
        Change::DropColumn { table, column } => Some(format!("the column {}.{column}", table.short())),
        Change::DropTrigger { table, name } => Some(format!("the trigger {name} of {}", table.short())),
        Change::DropRoutine { key, .. } => {
            (!named.iter().any(|n| key.name.starts_with(n))).then(|| format!("the function {}", key.short()))
        }
        _ => None,
    };
    let along: Vec<String> = spots.statement.reading.changes.iter().filter_map(takes).collect();
    let message = if along.is_empty() {
        if spots.context.connected && spots.context.schema.tracked {
            return;
        }
        "whatever depends on it goes too".to_owned()
    } else {
        format!("{} {} too", along.join(", "), if along.len() == 1 { "goes" } else { "go" })
    };
    spots.tell("drop-cascade", message);
}
