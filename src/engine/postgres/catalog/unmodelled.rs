//! What is there and has no model: named, so that nothing is missing without a word.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, QName};
use sqlx::postgres::PgConnection;

/// The first number that a database's own objects have (`FirstNormalObjectId`).
const FIRST_OWN: u32 = 16_384;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    for row in &rows(connection, &query()).await? {
        let mut cells = Cells::new(row);
        let word: String = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        if let Some(kind) = kind_of(&word) {
            build.schema.unmodelled.push(ObjectRef::new(kind, name));
        }
    }
    Ok(())
}

/// Objects that are in a schema, by catalog, prefix of its columns, and the expression of their name.
fn in_schema(word: &str, catalog: &str, prefix: &str, name: &str, also: &str) -> String {
    format!(
        "SELECT '{word}', n.nspname::text, {name} FROM {catalog} o JOIN pg_namespace n ON n.oid = o.{prefix}namespace \
         WHERE {NAMESPACE} AND {}{also}",
        own(catalog, "o.oid")
    )
}

/// Objects that are in no schema.
fn of_database(word: &str, catalog: &str, name: &str) -> String {
    format!(
        "SELECT '{word}', '', {name} FROM {catalog} o WHERE o.oid >= {FIRST_OWN} AND {} AND NOT EXISTS (SELECT 1 FROM pg_depend made \
         WHERE made.classid = '{catalog}'::regclass AND made.objid = o.oid AND made.deptype = 'i')",
        own(catalog, "o.oid")
    )
}

fn query() -> String {
    [
        in_schema(
            "operator",
            "pg_operator",
            "opr",
            "format('%s(%s,%s)', o.oprname, format_type(o.oprleft, NULL), format_type(o.oprright, NULL))",
            "",
        ),
        in_schema("operator", "pg_opclass", "opc", "'class ' || o.opcname", ""),
        in_schema("text search", "pg_ts_config", "cfg", "'configuration ' || o.cfgname", ""),
        in_schema("text search", "pg_ts_dict", "dict", "'dictionary ' || o.dictname", ""),
        in_schema("text search", "pg_ts_parser", "prs", "'parser ' || o.prsname", ""),
        in_schema("text search", "pg_ts_template", "tmpl", "'template ' || o.tmplname", ""),
        in_schema("conversion", "pg_conversion", "con", "o.conname::text", ""),
        in_schema("foreign table", "pg_class", "rel", "o.relname::text", " AND o.relkind = 'f'"),
        in_schema("type", "pg_type", "typ", "o.typname::text", " AND o.typtype = 'b' AND o.typelem = 0"),
        of_database("foreign server", "pg_foreign_server", "o.srvname::text"),
        of_database("foreign-data wrapper", "pg_foreign_data_wrapper", "o.fdwname::text"),
        of_database("language", "pg_language", "o.lanname::text"),
        of_database("access method", "pg_am", "o.amname::text"),
        of_database(
            "cast",
            "pg_cast",
            "format('%s as %s', format_type(o.castsource, NULL), format_type(o.casttarget, NULL))",
        ),
        of_database("transform", "pg_transform", "format_type(o.trftype, NULL)"),
        "SELECT 'subscription', '', s.subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
         WHERE d.datname = current_database()"
            .to_owned(),
    ]
    .join(" UNION ALL ")
}

fn kind_of(word: &str) -> Option<ObjectKind> {
    use ObjectKind::{
        AccessMethod, Cast, Conversion, ForeignDataWrapper, ForeignServer, ForeignTable, Language, Operator,
        Subscription, TextSearch, Transform, Type,
    };
    Some(match word {
        "operator" => Operator,
        "text search" => TextSearch,
        "conversion" => Conversion,
        "foreign table" => ForeignTable,
        "type" => Type,
        "foreign server" => ForeignServer,
        "foreign-data wrapper" => ForeignDataWrapper,
        "language" => Language,
        "access method" => AccessMethod,
        "cast" => Cast,
        "transform" => Transform,
        "subscription" => Subscription,
        _ => return None,
    })
}
