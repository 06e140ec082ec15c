//! Indexes.

use super::faithful::faithful;
use super::names::{collation, ident, ident_list, literal, relation};
use super::table::with_options;
use crate::schema::{Index, IndexKey, IndexTarget, QName, Schema};

/// How an index is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::postgres) struct Build {
    /// Without keeping writers out.
    pub concurrently: bool,
    /// On a partitioned table alone, not on its partitions.
    pub only: bool,
}

/// `CREATE INDEX …`.
pub(in crate::engine::postgres) fn create(table: &QName, index: &Index, build: Build) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let concurrently = if build.concurrently { "CONCURRENTLY " } else { "" };
    let only = if build.only { "ONLY " } else { "" };
    let keys: Vec<String> = index.keys.iter().map(key).collect();
    let mut sql = format!(
        "CREATE {unique}INDEX {concurrently}{} ON {only}{} USING {} ({})",
        ident(&index.name),
        relation(table),
        ident(&index.method),
        keys.join(", ")
    );
    if !index.include.is_empty() {
        sql.push_str(&format!(" INCLUDE ({})", ident_list(&index.include)));
    }
    if index.nulls_not_distinct {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    sql.push_str(&with_options(&index.options));
    if let Some(predicate) = &index.predicate {
        sql.push_str(&format!(" WHERE {}", faithful(predicate)));
    }
    sql
}

fn key(key: &IndexKey) -> String {
    let mut sql = match &key.on {
        IndexTarget::Column(name) => ident(name),
        IndexTarget::Expression(expression) => format!("({})", faithful(expression)),
    };
    if let Some(name) = &key.collation {
        sql.push_str(&format!(" COLLATE {}", collation(name)));
    }
    if let Some(class) = &key.opclass {
        sql.push_str(&format!(" {class}"));
    }
    if key.descending {
        sql.push_str(" DESC");
    }
    match key.nulls_first {
        Some(true) => sql.push_str(" NULLS FIRST"),
        Some(false) => sql.push_str(" NULLS LAST"),
        None => {}
    }
    sql
}

/// The index and its comment, built directly; `only` on a table that has partitions, which get their parts apart.
pub(in crate::engine::postgres) fn direct(table: &QName, index: &Index, only: bool) -> Vec<String> {
    let mut out = vec![create(table, index, Build { concurrently: false, only })];
    out.extend(comment(table, index));
    out
}

/// Makes an index of a partition a part of the parent's.
pub(in crate::engine::postgres) fn attach(table: &QName, name: &str, parent: &QName) -> String {
    format!("ALTER INDEX {} ATTACH PARTITION {}", relation(parent), relation(&table.sibling(name)))
}

/// The same for one that has just been made, where its table is a partition by now: to one that is attached later,
/// the index is attached with it.
pub(super) fn attached(table: &QName, name: &str, parent: Option<&QName>, schema: &Schema) -> Option<String> {
    let parent = parent?;
    let of = &schema.tables.get(table)?.partition_of.as_ref()?.parent;
    let is_there = of.schema == parent.schema && schema.tables.get(of)?.part(&parent.name).is_some();
    is_there.then(|| attach(table, name, parent))
}

pub(in crate::engine::postgres) fn comment(table: &QName, index: &Index) -> Option<String> {
    let text = index.comment.as_ref()?;
    Some(format!("COMMENT ON INDEX {} IS {}", relation(&table.sibling(&index.name)), literal(text)))
}

pub(in crate::engine::postgres) fn drop(table: &QName, name: &str, concurrently: bool) -> String {
    format!("DROP INDEX {}{}", if concurrently { "CONCURRENTLY " } else { "" }, relation(&table.sibling(name)))
}

/// A partition's key may be a part of the index, and goes with it only when that is said.
pub(super) fn drop_whole(table: &QName, name: &str, schema: &Schema) -> String {
    let cascade = if has_key_below(table, &table.sibling(name), schema) { " CASCADE" } else { "" };
    format!("{}{cascade}", drop(table, name, false))
}

fn has_key_below(table: &QName, index: &QName, schema: &Schema) -> bool {
    schema.parts_of(table, index).iter().any(|(child, part)| {
        let is_key = schema.tables.get(child).is_some_and(|t| t.constraints.contains_key(part));
        is_key || has_key_below(child, &child.sibling(part), schema)
    })
}

pub(in crate::engine::postgres) fn rename(table: &QName, from: &str, to: &str) -> String {
    format!("ALTER INDEX {} RENAME TO {}", relation(&table.sibling(from)), ident(to))
}
