//! Partitions made and attached.

use super::Spots;
use crate::engine::postgres::reader::tree::CreateTable;
use crate::schema::{Change, ConstraintKind, QName, Table};

/// What there is to say of `ATTACH PARTITION`.
pub(super) fn attach(spots: &mut Spots<'_>, parent: &QName, partition: &QName) {
    if spots.scans(partition) {
        let message = format!("every row of {} is read to see that it belongs there", partition.short());
        spots.tell_of("attach-partition-scan", partition, message);
    }
    default_partition(spots, parent);
}

/// The default partition is searched for rows that belong elsewhere now.
fn default_partition(spots: &mut Spots<'_>, parent: &QName) {
    let children = spots.context.schema.tables.children(parent);
    let default = children.into_iter().find(|t| {
        t.partition_of.as_ref().is_some_and(|p| p.parent == *parent && p.bound.eq_ignore_ascii_case("default"))
    });
    let Some(default) = default.map(|t| t.name.clone()).filter(|name| spots.scans(name)) else { return };
    let message = format!("every row of the default partition {} is read for the new bound", default.short());
    spots.tell_of("default-partition-scan", &default, message);
}

pub(super) fn create_table(spots: &mut Spots<'_>, tree: &CreateTable) {
    if let Some((parent, _)) = &tree.partition_of {
        let parent = spots.relation(parent);
        if !spots.is_new(&parent) {
            let message = format!("everybody who uses {} waits while its partition is made", parent.short());
            spots.tell_of("partition-ddl-locks-parent", &parent, message);
        }
        default_partition(spots, &parent);
    }
    for change in &spots.statement.reading.changes {
        if let Change::CreateTable { table } = change {
            keys_cover_partition_key(spots, table);
        }
    }
    if tree.name.schema.is_none() && !tree.temporary {
        spots.tell("schema-not-named", format!("{} is made in the first schema of the search path", tree.name.name));
    }
    if !tree.if_not_exists && !tree.temporary {
        spots.tell("not-repeatable", format!("it fails when {} is there already", tree.name.name));
    }
}

/// A unique key of a partitioned table has to have all columns of the partition key (manual, "Limitations").
fn keys_cover_partition_key(spots: &mut Spots<'_>, table: &Table) {
    let Some(by) = table.partition_by.as_deref() else { return };
    let Some(inside) = by.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map(|(inside, _)| inside) else {
        return;
    };
    let columns: Vec<&str> = inside.split(',').map(|part| part.trim().trim_matches('"')).collect();
    for constraint in table.constraints.values() {
        let (ConstraintKind::PrimaryKey { columns: key } | ConstraintKind::Unique { columns: key, .. }) =
            &constraint.kind
        else {
            continue;
        };
        let missing: Vec<&str> = columns.iter().filter(|c| !key.iter().any(|k| k == *c)).copied().collect();
        if let [first, ..] = missing.as_slice()
            && table.column(first).is_some()
        {
            let message = format!(
                "{} of {} has to include {first}, by which it is partitioned",
                constraint.name,
                table.name.short()
            );
            spots.tell("partition-key-not-in-key", message);
        }
    }
}
