//! Indexes that no constraint made (`pg_index`), of tables and materialised views.

use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, each_row, rows};
use super::build::Build;
use super::constraints::numbers;
use super::text::{bare, options};
use super::types::COLLATION;
use crate::Result;
use crate::schema::{Index, IndexKey, IndexTarget, KeptText, QName};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashMap;

/// `indoption`'s bits (`pg_index.h`).
const DESCENDING: i16 = 1;
const NULLS_FIRST: i16 = 2;

/// Names of operator classes that are not their type's default, and of collations.
struct Words {
    classes: HashMap<i64, String>,
    /// Those that are the default, which are named only for the sake of their parameters.
    defaults: HashMap<i64, String>,
    collations: HashMap<i64, String>,
}

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let words = words(connection).await?;
    let sql = format!(
        "SELECT i.indrelid::int8, c.relname::text, am.amname::text, array_to_string(i.indkey::int2[], ','), \
         i.indnkeyatts, array_to_string(i.indoption::int2[], ','), array_to_string(i.indclass::oid[], ','), \
         array_to_string(i.indcollation::oid[], ','), i.indisunique, {}, i.indisvalid AND i.indisready, \
         pg_get_expr(i.indpred, i.indrelid), c.reloptions, obj_description(c.oid, 'pg_class'), \
         CASE WHEN i.indexprs IS NOT NULL THEN \
             ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnkeyatts) k \
                   WHERE i.indkey[k - 1] = 0 ORDER BY k) END, \
         ARRAY(SELECT a.attnum || ' ' || (SELECT string_agg(quote_ident(o.option_name) || '=' \
                   || quote_literal(o.option_value), ', ') FROM pg_options_to_table(a.attoptions) o) \
               FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attoptions IS NOT NULL), \
         CASE WHEN c.relispartition THEN {} END \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class r ON r.oid = i.indrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am am ON am.oid = c.relam \
         WHERE {NAMESPACE} AND r.relkind IN ('r', 'p', 'm') \
         AND i.indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE contype IN ('p', 'u', 'x'))",
        build.since(15, "i.indnullsnotdistinct", "false"),
        attached_to("c.oid"),
    );
    each_row(connection, &sql, |row| {
        let (relation, index) = index(row, build, &words)?;
        if let Some(table) = build.tables.get_mut(&relation) {
            table.indexes.insert(index.name.clone(), index);
        } else if let Some(view) = build.views.get_mut(&relation) {
            view.indexes.insert(index.name.clone(), index);
        }
        Ok(())
    })
    .await
}

/// Schema and name of the index that the one with the number `oid` is a part of.
pub(super) fn attached_to(oid: &str) -> String {
    format!(
        "(SELECT ARRAY[pn.nspname::text, pi.relname::text] FROM pg_inherits h JOIN pg_class pi ON pi.oid = h.inhparent \
         JOIN pg_namespace pn ON pn.oid = pi.relnamespace WHERE h.inhrelid = {oid})"
    )
}

pub(super) fn attached(found: Option<Vec<String>>) -> Option<QName> {
    let [schema, name] = <[String; 2]>::try_from(found?).ok()?;
    Some(QName::new(schema, name))
}

async fn words(connection: &mut PgConnection) -> Result<Words> {
    let classes = "SELECT o.oid::int8, CASE WHEN n.nspname = 'pg_catalog' THEN o.opcname::text \
                   ELSE format('%I.%I', n.nspname, o.opcname) END \
                   FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE";
    let collations = format!(
        "SELECT co.oid::int8, {COLLATION} FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         WHERE co.oid IN (SELECT unnest(indcollation::oid[]) FROM pg_index) AND co.collname <> 'default'"
    );
    Ok(Words {
        classes: named(connection, &format!("{classes} NOT o.opcdefault")).await?,
        defaults: named(connection, &format!("{classes} o.opcdefault")).await?,
        collations: named(connection, &collations).await?,
    })
}

async fn named(connection: &mut PgConnection, sql: &str) -> Result<HashMap<i64, String>> {
    let answer = rows(connection, sql).await?;
    answer
        .iter()
        .map(|row| {
            let mut cells = Cells::new(row);
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

fn oids(listed: &str) -> Vec<i64> {
    listed.split(',').filter_map(|n| n.parse().ok()).collect()
}

fn index(row: &PgRow, build: &Build, words: &Words) -> Result<(i64, Index)> {
    let mut cells = Cells::new(row);
    let relation: i64 = cells.take()?;
    let name: String = cells.take()?;
    let method: String = cells.take()?;
    let columns = numbers(cells.take()?);
    let key_count = usize::try_from(cells.take::<i16>()?).unwrap_or_default();
    let orders = numbers(cells.take()?);
    let classes = oids(&cells.take::<String>()?);
    let collations = oids(&cells.take::<String>()?);
    let unique: bool = cells.take()?;
    let nulls_not_distinct: bool = cells.take()?;
    let valid: bool = cells.take()?;
    let predicate: Option<String> = cells.take()?;
    let options = options(cells.take()?, "");
    let comment: Option<String> = cells.take()?;
    let mut expressions = cells.take::<Option<Vec<String>>>()?.unwrap_or_default().into_iter();
    let parameters: Vec<String> = cells.take()?;
    let attached_to = attached(cells.take()?);
    let mut keys = Vec::with_capacity(key_count);
    let parts = columns.iter().take(key_count).zip(orders).zip(classes).zip(collations);
    for (at, (((column, order), class), collation)) in parts.enumerate() {
        let (on, usual_collation) = match build.column(relation, *column) {
            Some(name) => {
                (IndexTarget::Column(name), build.collations.get(&(relation, *column)).copied().unwrap_or_default())
            }
            None => (IndexTarget::Expression(bare(&expressions.next().unwrap_or_default()).to_owned()), 0),
        };
        keys.push(IndexKey {
            on,
            descending: order & DESCENDING != 0,
            nulls_first: nulls_first(order),
            collation: (collation != usual_collation).then(|| words.collations.get(&collation).cloned()).flatten(),
            opclass: opclass((words.classes.get(&class), words.defaults.get(&class)), &parameters, at + 1),
        });
    }
    let include: Vec<i16> = columns.into_iter().skip(key_count).collect();
    let include = build.column_names(relation, &include);
    let predicate = predicate.map(|p| bare(&p).to_owned());
    let index = Index {
        name,
        method,
        keys,
        include,
        unique,
        nulls_not_distinct,
        predicate,
        options,
        valid,
        attached_to,
        comment,
        sql: KeptText::default(),
    };
    Ok((relation, index))
}

/// Where nulls go, when it is not where the order puts them by itself.
fn nulls_first(order: i16) -> Option<bool> {
    let (descending, first) = (order & DESCENDING != 0, order & NULLS_FIRST != 0);
    (descending != first).then_some(first)
}

/// The operator class when it is not the default, with the parameters of key `number` where it has some.
fn opclass(
    (class, default): (Option<&String>, Option<&String>),
    parameters: &[String],
    number: usize,
) -> Option<String> {
    let own = parameters.iter().find_map(|p| p.strip_prefix(&format!("{number} ")));
    match own {
        Some(own) => class.or(default).map(|class| format!("{class} ({own})")),
        None => class.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_told_only_out_of_their_usual_place() {
        assert_eq!(nulls_first(0), None);
        assert_eq!(nulls_first(DESCENDING | NULLS_FIRST), None);
        assert_eq!(nulls_first(DESCENDING), Some(false));
        assert_eq!(nulls_first(NULLS_FIRST), Some(true));
    }

    #[test]
    fn parameters_stand_with_their_own_key() {
        let class = "public.gist_trgm_ops".to_owned();
        let parameters = ["2 siglen='32'".to_owned()];
        assert_eq!(opclass((Some(&class), None), &parameters, 2).unwrap(), "public.gist_trgm_ops (siglen='32')");
        assert_eq!(opclass((Some(&class), None), &parameters, 1).unwrap(), class);
        assert_eq!(opclass((None, Some(&class)), &parameters, 1), None);
        assert_eq!(opclass((None, Some(&class)), &parameters, 2).unwrap(), "public.gist_trgm_ops (siglen='32')");
    }
}
