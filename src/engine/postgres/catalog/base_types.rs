//! Types that the user's functions make: base types, and ranges with a canonical form. Such a type and its functions
//! need each other, so they are made together, the type first as a shell, and go together.

use super::super::render::{ident, literal};
use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use super::others::commented;
use super::types::range;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName, Setting};
use sqlx::postgres::PgConnection;
use std::collections::HashMap;

/// To be read before the routines, which leave out those that belong to a type here.
pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let mut functions = functions(connection).await?;
    let sql = format!("{} UNION ALL {}", base(build), canonical_ranges(build));
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
        let definition: String = cells.take()?;
        let comment: Option<String> = cells.take()?;
        let called = format!("TYPE {}.{}", ident(&name.schema), ident(&name.name));
        let id = ObjectRef::new(ObjectKind::Type, name);
        let members = functions.remove(&oid).unwrap_or_default();
        let mut create = vec![format!("CREATE {called}")];
        create.extend(members.iter().map(|function| function.definition.clone()));
        create.push(format!("CREATE {called} {definition}"));
        let mut object = Other::new(id.clone(), create, format!("DROP {called} CASCADE"));
        for function in members {
            build.name(Catalog::Routine, function.oid, id.clone());
            if let Some(text) = function.comment {
                let on = |text: &str| format!("COMMENT ON FUNCTION {} IS {text}", function.called);
                let setting = Setting::overwriting(on(&literal(&text)), on("NULL"));
                object = object.with(format!("comment on {}", function.called), setting);
            }
        }
        build.name(Catalog::Type, oid, id);
        build.schema.others.push(commented(object, &called, comment.as_deref()));
    }
    Ok(())
}

/// A function that a type is made of, and that takes or gives the type.
struct Member {
    oid: i64,
    called: String,
    definition: String,
    comment: Option<String>,
}

async fn functions(connection: &mut PgConnection) -> Result<HashMap<i64, Vec<Member>>> {
    let sql = format!(
        "SELECT t.oid::int8, p.oid::int8, p.oid::regprocedure::text, pg_get_functiondef(p.oid), \
         obj_description(p.oid, 'pg_proc') \
         FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         JOIN pg_proc p ON p.oid IN (SELECT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_type'::regclass \
             AND d.objid = t.oid AND d.refclassid = 'pg_proc'::regclass) \
         WHERE (t.typtype = 'b' OR t.typtype = 'r') AND (p.prorettype = t.oid OR t.oid = ANY (p.proargtypes)) \
         AND {NAMESPACE} AND {} ORDER BY p.proname, p.oid",
        own("pg_type", "t.oid")
    );
    let mut out: HashMap<i64, Vec<Member>> = HashMap::new();
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let of: i64 = cells.take()?;
        let member = Member {
            oid: cells.take()?,
            called: cells.take()?,
            definition: cells.take::<String>()?.trim_end().to_owned(),
            comment: cells.take()?,
        };
        out.entry(of).or_default().push(member);
    }
    Ok(out)
}

fn base(build: &Build) -> String {
    let function = |word: &str, column: &str| format!("CASE WHEN t.{column} <> 0 THEN '{word} = ' || t.{column} END");
    let parts = [
        function("INPUT", "typinput"),
        function("OUTPUT", "typoutput"),
        function("RECEIVE", "typreceive"),
        function("SEND", "typsend"),
        function("TYPMOD_IN", "typmodin"),
        function("TYPMOD_OUT", "typmodout"),
        function("ANALYZE", "typanalyze"),
        build.since(14, "CASE WHEN t.typsubscript <> 0 THEN 'SUBSCRIPT = ' || t.typsubscript END", "NULL").to_owned(),
        "'INTERNALLENGTH = ' || CASE WHEN t.typlen > 0 THEN t.typlen::text ELSE 'VARIABLE' END".to_owned(),
        "CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END".to_owned(),
        "'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' \
         ELSE 'double' END"
            .to_owned(),
        "'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' \
         ELSE 'extended' END"
            .to_owned(),
        "CASE WHEN t.typcategory <> 'U' THEN 'CATEGORY = ' || quote_literal(t.typcategory::text) END".to_owned(),
        "CASE WHEN t.typispreferred THEN 'PREFERRED = true' END".to_owned(),
        "'DEFAULT = ' || quote_literal(t.typdefault)".to_owned(),
        "CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END".to_owned(),
        "CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || quote_literal(t.typdelim::text) END".to_owned(),
        "CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END".to_owned(),
    ];
    format!(
        "SELECT t.oid::int8, n.nspname::text, t.typname::text, '(' || concat_ws(', ', {}) || ')', \
         obj_description(t.oid, 'pg_type') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace \
         WHERE t.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = t.oid) AND {NAMESPACE} AND {}",
        parts.join(", "),
        own("pg_type", "t.oid")
    )
}

fn canonical_ranges(build: &Build) -> String {
    format!("SELECT t.oid::int8, n.nspname::text, t.typname::text, {} AND r.rngcanonical <> 0", range(build))
}
