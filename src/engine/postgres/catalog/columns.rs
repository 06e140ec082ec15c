//! Columns of tables and views (`pg_attribute`, `pg_attrdef`, an identity's `pg_sequence`).

use super::super::render::foreign;
use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, each_row, rows};
use super::build::{Build, Catalog};
use super::text::{bare, options};
use super::types::COLLATION;
use crate::Result;
use crate::schema::{Column, Generated, Identity, ObjectKind, ObjectRef, Options};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashMap;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let identities = identities(connection).await?;
    let sql = format!(
        "SELECT a.attrelid::int8, a.attnum, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         d.oid::int8, pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, {}, \
         a.attcollation::int8, CASE WHEN a.attcollation <> t.typcollation THEN {COLLATION} END, \
         CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, {}, \
         CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END, a.attoptions, de.description, \
         NOT (a.attislocal OR c.relispartition), a.attfdwoptions \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace \
         LEFT JOIN pg_description de ON de.classoid = 'pg_class'::regclass AND de.objoid = a.attrelid \
             AND de.objsubid = a.attnum \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {NAMESPACE} \
         ORDER BY a.attrelid, a.attnum",
        // Since 17 a partition has its parent's identity.
        build.since(17, "CASE WHEN c.relispartition THEN '' ELSE a.attidentity::text END", "a.attidentity::text"),
        build.since(14, "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END", "NULL::text"),
    );
    each_row(connection, &sql, |row| column(row, &identities, build)).await
}

fn column(row: &PgRow, identities: &HashMap<(i64, i16), Options>, build: &mut Build) -> Result<()> {
    let mut cells = Cells::new(row);
    let (relation, number): (i64, i16) = (cells.take()?, cells.take()?);
    let mut column = Column::new(cells.take::<String>()?, cells.take::<String>()?);
    column.nullable = !cells.take::<bool>()?;
    let expression_oid: Option<i64> = cells.take()?;
    let expression: Option<String> = cells.take()?;
    let generated: String = cells.take()?;
    let identity: String = cells.take()?;
    build.collations.insert((relation, number), cells.take()?);
    column.collation = cells.take()?;
    let storage: Option<String> = cells.take()?;
    let compression: Option<String> = cells.take()?;
    let statistics: Option<String> = cells.take()?;
    column.options = options(cells.take()?, "");
    column.comment = cells.take()?;
    column.inherited = cells.take()?;
    column.options.extend(options(cells.take()?, foreign::WRAPPER));
    build.columns.insert((relation, number), column.name.clone());
    if let Some(view) = build.views.get_mut(&relation) {
        view.columns.push((column.name, column.data_type));
        return Ok(());
    }
    let Some(table) = build.tables.get_mut(&relation) else { return Ok(()) };
    let mut option = |name: &str, value: Option<String>| value.map(|v| column.options.insert(name.to_owned(), v));
    option("storage", storage.as_deref().and_then(storage_word).map(str::to_owned));
    option("compression", compression);
    option("statistics", statistics);
    match (generated.as_str(), expression) {
        ("", default) => column.default = default,
        (kind, Some(text)) => {
            column.generated = Some(Generated { expression: bare(&text).to_owned(), stored: kind == "s" });
        }
        (_, None) => {}
    }
    if !identity.is_empty() {
        let options = identities.get(&(relation, number)).cloned().unwrap_or_default();
        column.identity = Some(Identity { always: identity == "a", options });
    }
    let object = ObjectRef::part(ObjectKind::Column, table.name.clone(), &column.name);
    let is_generated = column.generated.is_some();
    table.columns.push(column);
    if let Some(oid) = expression_oid.filter(|_| is_generated) {
        build.name(Catalog::Default, oid, object);
    }
    Ok(())
}

fn storage_word(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "p" => "PLAIN",
        "e" => "EXTERNAL",
        "m" => "MAIN",
        "x" => "EXTENDED",
        _ => return None,
    })
}

/// The options of identities' sequences that are not what their type has by itself.
async fn identities(connection: &mut PgConnection) -> Result<HashMap<(i64, i16), Options>> {
    let sql = "SELECT d.refobjid::int8, d.refobjsubid::int2, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, \
               s.seqcache, s.seqcycle, format_type(s.seqtypid, NULL) \
               FROM pg_sequence s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid \
               AND d.deptype = 'i' AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0";
    let mut out = HashMap::new();
    for row in &rows(connection, sql).await? {
        let mut cells = Cells::new(row);
        let key: (i64, i16) = (cells.take()?, cells.take()?);
        let figures: [i64; 5] = [cells.take()?, cells.take()?, cells.take()?, cells.take()?, cells.take()?];
        let cycle: bool = cells.take()?;
        let data_type: String = cells.take()?;
        out.insert(key, identity_options(figures, cycle, &data_type));
    }
    Ok(out)
}

fn identity_options([start, increment, min, max, cache]: [i64; 5], cycle: bool, data_type: &str) -> Options {
    let (lowest, highest) = match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let (usual_min, usual_max) = if increment < 0 { (lowest, -1) } else { (1, highest) };
    let usual_start = if increment < 0 { max } else { min };
    let figures = [
        ("start", start, usual_start),
        ("increment", increment, 1),
        ("min", min, usual_min),
        ("max", max, usual_max),
        ("cache", cache, 1),
    ];
    let mut out: Options = figures
        .iter()
        .filter(|(_, is, usual)| is != usual)
        .map(|(name, is, _)| ((*name).to_owned(), is.to_string()))
        .collect();
    if cycle {
        out.insert("cycle".to_owned(), "true".to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_says_only_what_is_not_usual() {
        assert_eq!(identity_options([1, 1, 1, i64::MAX, 1], false, "bigint"), Options::new());
        assert_eq!(identity_options([1, 1, 1, 2_147_483_647, 1], false, "integer"), Options::new());
        let own = identity_options([100, 5, 1, i64::MAX, 1], true, "bigint");
        assert_eq!(own.keys().map(String::as_str).collect::<Vec<_>>(), ["start", "increment", "cycle"]);
    }
}
