//! `CREATE INDEX`.

use super::Spots;
use crate::engine::postgres::reader::tree::CreateIndex;
use crate::schema::QName;

pub(super) fn create(spots: &mut Spots<'_>, tree: &CreateIndex) {
    let table = spots.relation(&tree.table);
    let short = table.short();
    let partitioned = spots.is_partitioned(&table);
    if tree.concurrently && partitioned && !tree.only {
        spots.tell(
            "concurrent-build-on-partitioned",
            format!("{short} is partitioned, so no index can be built on it concurrently"),
        );
    }
    if !tree.concurrently
        && partitioned
        && !tree.only
        && let Some(partition) = largest(spots, &table)
    {
        let message = format!(
            "writers of {short} wait until the index is built on {} and every other partition",
            partition.short()
        );
        spots.tell_of("index-on-partitioned-table", &partition, message);
    }
    if tree.concurrently {
        corrupting_release(spots);
    }
    if tree.concurrently && tree.if_not_exists {
        hidden_by_if_not_exists(spots, tree, &table);
    }
    if tree.name.is_none() {
        spots.tell("constraint-not-named", format!("the server makes up the name of the index on {short}"));
    }
    if !tree.if_not_exists {
        spots.tell("not-repeatable", "it fails when the index is there already");
    }
}

/// The partition whose size says most about the whole.
fn largest(spots: &Spots<'_>, table: &QName) -> Option<QName> {
    let children = spots.context.schema.tables.children(table);
    children.max_by_key(|t| t.stats.bytes.unwrap_or(u64::MAX)).map(|t| t.name.clone())
}

fn hidden_by_if_not_exists(spots: &mut Spots<'_>, tree: &CreateIndex, table: &QName) {
    let Some(name) = &tree.name else { return };
    let invalid = spots.table(table).and_then(|t| t.indexes.get(name)).is_some_and(|index| !index.valid);
    if invalid {
        let message = format!("the index {name} is there but not valid, and stays so");
        spots.tell_of("invalid-index-hidden", table, message);
    } else {
        let message = format!("an invalid {name} that a failed build left would be taken for the index");
        spots.tell_of("invalid-index-hidden", table, message);
    }
}

/// 14.0 to 14.3 (release notes of 14.4).
pub(super) fn corrupting_release(spots: &mut Spots<'_>) {
    let version = spots.context.schema.server_version.split_whitespace().find(|part| part.starts_with("14."));
    let minor = version.and_then(|v| v.split('.').nth(1)).and_then(|m| m.parse::<u32>().ok());
    if spots.version == 14 && minor.is_some_and(|minor| minor < 4) {
        let message = format!("this server is {}", spots.context.schema.server_version);
        spots.tell("concurrent-build-may-corrupt", message);
    }
}
