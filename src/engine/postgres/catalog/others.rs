//! Objects that are known by the statements which make, change and remove them. The server writes the statements, so
//! its quoting holds; each subject has a file of its own.

use super::super::render::faithful;
use super::super::wire::{Cells, literal, rows};
use super::build::{Build, Catalog};
use super::{
    aggregates, casts, collations, operators, policies, publications, statistics, table_settings, text_search,
};
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName, Setting};
use sqlx::postgres::{PgConnection, PgRow};

/// One kind's query. Its columns, in order: number; schema; name (of the table for its parts); part; the statement
/// that makes it; what of it cannot change while it stays, or an empty text when that is the statement itself; what it
/// is called after `DROP` and `COMMENT ON`; the statement that removes it where that is not `DROP`; its settings, each
/// in [`SETTING`] texts; its comment.
pub(super) struct Kind {
    pub(super) kind: ObjectKind,
    pub(super) catalog: Option<Catalog>,
    pub(super) sql: String,
}

/// How many texts tell one setting: its name; the statement that sets it; the one that changes it, or nothing; the
/// one that takes it away; `inline` when the statement that makes the object says it, or nothing.
const SETTING: usize = 5;

/// No settings but the comment.
pub(super) const NO_SETTINGS: &str = "ARRAY[]::text[]";

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let kinds = [
        table_settings::kinds(),
        policies::kinds(),
        statistics::kinds(),
        aggregates::kinds(),
        publications::kinds(build),
        collations::kinds(build),
        operators::kinds(),
        casts::kinds(),
        text_search::kinds(),
    ];
    for kind in kinds.into_iter().flatten() {
        for row in &rows(connection, &kind.sql).await? {
            let (oid, object) = other(row, kind.kind)?;
            if let Some(catalog) = kind.catalog {
                build.name(catalog, oid, object.id.clone());
            }
            build.schema.others.push(object);
        }
    }
    Ok(())
}

fn other(row: &PgRow, kind: ObjectKind) -> Result<(i64, Other)> {
    let mut cells = Cells::new(row);
    let oid: i64 = cells.take()?;
    let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
    let part: Option<String> = cells.take()?;
    let create: String = cells.take()?;
    let fixed: String = cells.take()?;
    let called: String = cells.take()?;
    let drop: Option<String> = cells.take()?;
    let told: Vec<Option<String>> = cells.take()?;
    let comment: Option<String> = cells.take()?;
    let create = faithful(create.trim_end().trim_end_matches(';'));
    let drop = drop.unwrap_or_else(|| format!("DROP {called}"));
    let mut object = Other::new(ObjectRef { kind, name, part }, vec![create], drop);
    object.fixed = fixed;
    for texts in told.chunks(SETTING) {
        if let Some((name, setting)) = setting(texts) {
            object = object.with(name, setting);
        }
    }
    Ok((oid, commented(object, &called, comment.as_deref())))
}

fn setting(texts: &[Option<String>]) -> Option<(String, Setting)> {
    let mut texts = texts.iter().cloned();
    let (name, set) = (texts.next()??, texts.next()??);
    let change = texts.next()?.filter(|change| !change.is_empty());
    let unset = texts.next()??;
    let inline = texts.next()?.is_some_and(|word| word == "inline");
    Some((name, Setting { set, change, unset, inline, ..Setting::default() }))
}

/// The object with its comment as a setting; `called` is what it is called after `COMMENT ON`.
pub(super) fn commented(object: Other, called: &str, comment: Option<&str>) -> Other {
    match comment {
        Some(text) => {
            let on = |text: &str| format!("COMMENT ON {called} IS {text}");
            object.with("comment", Setting::overwriting(on(&literal(text)), on("NULL")))
        }
        None => object,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_told_in_five_texts() {
        let texts = |texts: [Option<&str>; SETTING]| texts.map(|t| t.map(str::to_owned));
        let told = texts([Some("state"), Some("DISABLE"), Some(""), Some("ENABLE"), None]);
        let (name, read) = setting(&told).unwrap();
        assert_eq!((name.as_str(), read), ("state", Setting::replaced("DISABLE", "ENABLE")));
        assert!(setting(&texts([Some("x"), Some("y"), None, Some("z"), Some("inline")])).unwrap().1.inline);
        assert_eq!(setting(&texts([Some("x"), None, None, Some("z"), None])), None);
    }
}
