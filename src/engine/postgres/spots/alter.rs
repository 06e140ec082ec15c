//! `ALTER TABLE` and its like.

use super::{Spots, others, partitions};
use crate::engine::postgres::reader::tree::{Action, Alter};
use crate::schema::{Options, QName};

/// Locked at once from here on, partitions are worth a word: a few hundred fill the shared lock table's usual share.
const MANY_PARTITIONS: usize = 200;

pub(super) fn alter(spots: &mut Spots<'_>, tree: &Alter) {
    if tree.kind == "sequence" {
        others::sequence(spots);
    }
    let table = spots.relation(&tree.name);
    for action in &tree.actions {
        of_action(spots, tree, &table, action);
    }
    let locked = spots.judgement.locks.iter().filter(|lock| lock.mode.blocks_writes()).count();
    if locked >= MANY_PARTITIONS {
        let message = format!("{locked} relations are locked at once, {} and what is below it", table.short());
        spots.tell("many-partitions-locked", message);
    }
    if tree.actions.contains(&Action::Other) {
        without_tree(spots, &table);
    }
}

fn of_action(spots: &mut Spots<'_>, tree: &Alter, table: &QName, action: &Action) {
    let short = table.short();
    match action {
        Action::SetExpression { column, .. } if spots.rewrites(table) => {
            let message = format!("{short} is written anew to compute {column} for every row");
            spots.tell_of("generated-expression-rewrite", table, message);
        }
        Action::SetLogged { logged } if spots.rewrites(table) => {
            let what = if *logged { "logged" } else { "unlogged" };
            spots.tell_of("set-logged-rewrite", table, format!("{short} is written anew to be {what}"));
        }
        Action::SetTablespace if tree.kind != "index" => {
            spots.tell_of(
                "set-tablespace-copy",
                table,
                format!("the files of {short} are copied while nobody can use it"),
            );
        }
        Action::SetAccessMethod { method } if spots.rewrites(table) => {
            spots.tell_of("access-method-rewrite", table, format!("{short} is written anew for {method}"));
        }
        Action::Attach { partition, .. } => {
            let partition = spots.relation(partition);
            partitions::attach(spots, table, &partition);
        }
        Action::Detach { concurrently: false, partition } if spots.version >= 14 => {
            let partition = spots.relation(partition);
            if !spots.is_new(&partition) {
                let message = format!("everybody who uses {short} waits while {} is detached", partition.short());
                spots.tell_of("detach-partition-not-concurrent", table, message);
            }
        }
        Action::TriggerState { trigger, state } => {
            if *state == "disabled" {
                let which = if matches!(trigger.as_str(), "all" | "user") {
                    format!("{trigger} triggers")
                } else {
                    format!("the trigger {trigger}")
                };
                spots.tell_of("trigger-disabled", table, format!("{which} of {short} fire for nobody"));
            }
            spots.tell_of(
                "trigger-ddl-locks-table",
                table,
                format!("writers of {short} wait until the transaction ends"),
            );
        }
        Action::Options { set, .. } if switches_vacuum_off(set) => {
            spots.tell_of("autovacuum-disabled", table, format!("{short} is no longer vacuumed by itself"));
        }
        Action::SetStorage { column, .. } | Action::SetCompression { column, .. } => {
            let message = format!("values of {short}.{column} that are stored already stay as they are");
            spots.tell_of("storage-only-for-new-rows", table, message);
        }
        Action::AlterConstraint { name, enforced: Some(true), .. } if spots.scans(table) => {
            let message = format!("every row of {short} is checked for {name} while writers wait");
            spots.tell_of("foreign-key-enforced", table, message);
        }
        Action::AlterConstraint { name, enforced: Some(false), .. } => {
            spots.tell("constraint-not-enforced", format!("{name} of {short} is not kept from now on"));
        }
        Action::ChangeIdentity { column } => {
            spots.tell_of("identity-changed", table, format!("{short}.{column} is numbered in another way"));
        }
        Action::Inherit { parent, join } => {
            let parent = spots.relation(parent).short();
            let how = if *join { "joins" } else { "leaves" };
            spots.tell_of(
                "inheritance-changed",
                table,
                format!("{short} {how} {parent}, and so do its rows in queries"),
            );
        }
        Action::SetSchema { schema } if !matches!(tree.kind, "table" | "foreign table") => {
            spots.tell("set-schema", format!("{short} is in the schema {schema} from now on"));
        }
        _ => {}
    }
}

fn switches_vacuum_off(set: &Options) -> bool {
    set.get("autovacuum_enabled").or_else(|| set.get("toast.autovacuum_enabled")).is_some_and(|value| {
        matches!(value.trim_matches('\'').to_ascii_lowercase().as_str(), "false" | "off" | "no" | "0" | "f")
    })
}

/// Actions that have no tree of their own.
fn without_tree(spots: &mut Spots<'_>, table: &QName) {
    let cursor = spots.cursor();
    let short = table.short();
    if cursor.has("replica identity full") {
        spots.tell_of("replica-identity-full", table, format!("each change of {short} logs the whole old row"));
    } else if cursor.has("replica identity nothing") {
        let message = format!("UPDATE and DELETE on {short} fail while it is published");
        spots.tell_of("replica-identity-full", table, message);
    }
    if cursor.has("owner to") {
        let message = format!("{short} belongs to somebody else from now on");
        if !spots.is_new(table) {
            spots.tell("owner-changed", message);
        }
    }
}
