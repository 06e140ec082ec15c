//! Rights that were given or taken (`relacl` and its kin, `attacl`, `pg_default_acl`). What an object has by itself
//! (`acldefault`, `pg_init_privs`) is not told.

use super::super::scope::NAMESPACE;
use super::super::wire::{Cells, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ALL, Grant, Grantee, ObjectKind, ObjectRef, QName, Rights, default_privileges};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// Which of an object's lists a row is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Now,
    Usual,
    /// What objects have to which default privileges of a schema only add.
    AddsTo,
}

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let mut found: BTreeMap<ObjectRef, Rights> = BTreeMap::new();
    for row in &rows(connection, &query()).await? {
        add(row, &mut found)?;
    }
    for rights in found.values_mut() {
        if rights.on.kind == ObjectKind::Schema && rights.on.name.name == "public" {
            rights.usual = usual_of_public(build.version);
        }
        if rights.usual.is_empty() && rights.grants.is_empty() && !rights.columns.is_empty() {
            // Only columns were given away: the table itself has what it has by itself.
            let all = Grant { to: Grantee::Owner, by: None, privileges: all(), grantable: BTreeSet::new() };
            rights.usual = vec![all];
            rights.grants.clone_from(&rights.usual);
        }
        let everything = super::super::render::everything(&rights.on, build.version);
        for list in [&mut rights.grants, &mut rights.usual, &mut rights.adds_to] {
            for grant in list.iter_mut() {
                shorten(grant, everything);
            }
        }
        let of_columns = super::super::render::OF_COLUMNS;
        rights.columns.values_mut().flatten().for_each(|grant| shorten(grant, of_columns));
    }
    build.schema.rights = found.into_iter().filter(|(_, rights)| !rights.is_usual()).collect::<BTreeMap<_, _>>().into();
    Ok(())
}

/// The schema `public` has rights of its own that a schema of that name made anew has not.
fn usual_of_public(version: u32) -> Vec<Grant> {
    let grant = |to, privileges: &[&str]| Grant {
        to,
        by: None,
        privileges: privileges.iter().map(|p| (*p).to_owned()).collect(),
        grantable: BTreeSet::new(),
    };
    let all = if version >= 15 { ["USAGE"].as_slice() } else { &["CREATE", "USAGE"] };
    vec![grant(Grantee::Owner, &["CREATE", "USAGE"]), grant(Grantee::Public, all)]
}

fn all() -> BTreeSet<String> {
    BTreeSet::from([ALL.to_owned()])
}

/// Everything that there is for such an object is said as that, whatever the version has for it.
fn shorten(grant: &mut Grant, everything: &[&str]) {
    let is_all = |set: &BTreeSet<String>| everything.iter().all(|p| set.contains(*p));
    if is_all(&grant.privileges) && (grant.grantable.is_empty() || is_all(&grant.grantable)) {
        if !grant.grantable.is_empty() {
            grant.grantable = all();
        }
        grant.privileges = all();
    }
}

fn add(row: &PgRow, found: &mut BTreeMap<ObjectRef, Rights>) -> Result<()> {
    let mut cells = Cells::new(row);
    let kind: String = cells.take()?;
    let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
    let part: Option<String> = cells.take()?;
    let belongs_to = belongs_to(cells.take()?, cells.take()?, cells.take()?);
    let list = match cells.take::<i32>()? {
        0 => List::Now,
        1 => List::Usual,
        _ => List::AddsTo,
    };
    let by: Option<String> = cells.take()?;
    let to = match (cells.take::<Option<String>>()?, cells.take::<bool>()?) {
        (_, true) => Grantee::Owner,
        (Some(role), _) => Grantee::Role(role),
        (None, _) => Grantee::Public,
    };
    let privilege: Option<String> = cells.take()?;
    let grantable: bool = cells.take()?;
    let column: Option<String> = cells.take()?;
    let on = match (kind.as_str(), part) {
        ("sequence", _) => ObjectRef::new(ObjectKind::Sequence, name),
        ("table", _) => ObjectRef::new(ObjectKind::Table, name),
        ("function", _) => ObjectRef::new(ObjectKind::Routine, name),
        ("type", _) => ObjectRef::new(ObjectKind::Type, name),
        ("schema", _) => ObjectRef::new(ObjectKind::Schema, name),
        ("language", _) => ObjectRef::new(ObjectKind::Language, name),
        ("wrapper", _) => ObjectRef::new(ObjectKind::ForeignDataWrapper, name),
        ("server", _) => ObjectRef::new(ObjectKind::ForeignServer, name),
        (_, part) => default_privileges(&name.schema, &name.name, &part.unwrap_or_default()),
    };
    let rights = found.entry(on.clone()).or_insert_with(|| Rights {
        on,
        grants: Vec::new(),
        columns: BTreeMap::new(),
        usual: Vec::new(),
        adds_to: Vec::new(),
        belongs_to,
    });
    let Some(privilege) = privilege else { return Ok(()) };
    let grants = match (column, list) {
        (Some(column), _) => rights.columns.entry(column).or_default(),
        (None, List::Now) => &mut rights.grants,
        (None, List::Usual) => &mut rights.usual,
        (None, List::AddsTo) => &mut rights.adds_to,
    };
    let new = Grant { to, by, privileges: BTreeSet::new(), grantable: BTreeSet::new() };
    let at = grants.iter().position(|g| g.is_entry_of(&new)).unwrap_or(grants.len());
    if at == grants.len() {
        grants.push(new);
    }
    if let Some(grant) = grants.get_mut(at) {
        if grantable {
            grant.grantable.insert(privilege.clone());
        }
        grant.privileges.insert(privilege);
    }
    Ok(())
}

/// The extension that the object came with, or the column that a sequence numbers by itself.
fn belongs_to(extension: Option<String>, table: Option<String>, column: Option<String>) -> Option<ObjectRef> {
    if let Some(extension) = extension {
        return Some(ObjectRef::new(ObjectKind::Extension, QName::new("", extension)));
    }
    let table: QName = table?.parse().ok()?;
    Some(ObjectRef::part(ObjectKind::Column, table, column?))
}

/// One kind of object that has rights.
struct Kind {
    word: &'static str,
    catalog: &'static str,
    prefix: &'static str,
    /// What `acldefault` calls it.
    letter: &'static str,
    name: &'static str,
    in_schema: bool,
    also: &'static str,
}

const KINDS: [Kind; 7] = [
    Kind {
        word: "CASE o.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END",
        catalog: "pg_class",
        prefix: "rel",
        letter: "CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"",
        name: "o.relname::text",
        in_schema: true,
        also: " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
    },
    Kind {
        word: "'function'",
        catalog: "pg_proc",
        prefix: "pro",
        letter: "'f'",
        name: "o.proname::text || '(' || oidvectortypes(o.proargtypes) || ')'",
        in_schema: true,
        also: "",
    },
    Kind {
        word: "'type'",
        catalog: "pg_type",
        prefix: "typ",
        letter: "'T'",
        name: "o.typname::text",
        in_schema: true,
        also: "",
    },
    Kind {
        word: "'schema'",
        catalog: "pg_namespace",
        prefix: "nsp",
        letter: "'n'",
        name: "o.nspname::text",
        in_schema: false,
        also: " AND o.nspname NOT IN ('lockstep', 'information_schema') AND o.nspname !~ '^pg_(toast|temp_|toast_temp_)'",
    },
    Kind {
        word: "'language'",
        catalog: "pg_language",
        prefix: "lan",
        letter: "'l'",
        name: "o.lanname::text",
        in_schema: false,
        also: "",
    },
    Kind {
        word: "'wrapper'",
        catalog: "pg_foreign_data_wrapper",
        prefix: "fdw",
        letter: "'F'",
        name: "o.fdwname::text",
        in_schema: false,
        also: "",
    },
    Kind {
        word: "'server'",
        catalog: "pg_foreign_server",
        prefix: "srv",
        letter: "'S'",
        name: "o.srvname::text",
        in_schema: false,
        also: "",
    },
];

/// The column that a sequence numbers by itself, and where it is read from.
const NUMBERED: (&str, &str) = (
    "CASE WHEN t.oid IS NOT NULL THEN format('\"%s\".\"%s\"', replace(tn.nspname, '\"', '\"\"'), \
         replace(t.relname, '\"', '\"\"')) END, a.attname::text",
    "LEFT JOIN pg_depend w ON o.relkind = 'S' AND w.classid = 'pg_class'::regclass AND w.objid = o.oid \
         AND w.deptype = 'i' AND w.refclassid = 'pg_class'::regclass AND w.refobjsubid > 0 \
     LEFT JOIN pg_class t ON t.oid = w.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace \
     LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = w.refobjsubid ",
);

/// Schemas whose objects may have rights that were changed: the system's as well, and those of extensions. Nobody
/// changes those of `information_schema`, which `pg_init_privs` does not know (`initdb` makes it after that).
fn rights_namespace() -> String {
    NAMESPACE.replace("'pg_catalog', ", "")
}

/// One kind of object as `kind, schema, name, part, extension, table, column, acl, usual, adds_to, owner`.
fn objects(kind: &Kind) -> String {
    let Kind { word, catalog, prefix, letter, name, also, .. } = kind;
    let (join, schema, condition) = if kind.in_schema {
        let join = format!("JOIN pg_namespace n ON n.oid = o.{prefix}namespace ");
        (join, "n.nspname::text", format!("{} AND ", rights_namespace()))
    } else {
        (String::new(), "''", String::new())
    };
    // The schema `public` is born with rights; made anew it has none, which is a difference.
    let acl = if *catalog == "pg_namespace" {
        "CASE o.nspname WHEN 'public' THEN coalesce(o.nspacl, acldefault('n', o.nspowner)) ELSE o.nspacl END".to_owned()
    } else {
        format!("o.{prefix}acl")
    };
    let (column, numbers) = if *catalog == "pg_class" { NUMBERED } else { ("NULL::text, NULL::text", "") };
    format!(
        "SELECT {word}, {schema}, {name}, NULL::text, x.extname::text, {column}, {acl}, \
             coalesce(i.initprivs, acldefault({letter}, o.{prefix}owner)), NULL::aclitem[], o.{prefix}owner \
         FROM {catalog} o {join}\
         LEFT JOIN pg_init_privs i ON i.classoid = '{catalog}'::regclass AND i.objoid = o.oid AND i.objsubid = 0 \
         LEFT JOIN pg_depend e ON e.classid = '{catalog}'::regclass AND e.objid = o.oid AND e.deptype = 'e' \
         LEFT JOIN pg_extension x ON x.oid = e.refobjid {numbers}\
         WHERE {condition}{acl} IS NOT NULL AND {acl}::text IS DISTINCT FROM i.initprivs::text{also}"
    )
}

/// Global ones change what a role's objects have by themselves; those of a schema only add to it.
const DEFAULTS: &str = "SELECT 'defaults', coalesce(n.nspname::text, ''), pg_get_userbyid(o.defaclrole)::text, \
     CASE o.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' \
         WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END, \
     NULL::text, NULL::text, NULL::text, o.defaclacl, \
     CASE WHEN o.defaclnamespace = 0 THEN k.usual END, CASE WHEN o.defaclnamespace <> 0 THEN k.usual END, o.defaclrole \
     FROM pg_default_acl o LEFT JOIN pg_namespace n ON n.oid = o.defaclnamespace \
     CROSS JOIN LATERAL (SELECT acldefault(CASE o.defaclobjtype WHEN 'S' THEN 's' ELSE o.defaclobjtype END::\"char\", \
         o.defaclrole)) k (usual)";

/// Each right in the order of its list: the object, the list, who gave it to whom, and what. An object that nobody has
/// any right on gives its usual ones all the same.
fn query() -> String {
    let objects: Vec<String> = KINDS.iter().map(objects).collect();
    let namespace = rights_namespace();
    format!(
        "SELECT o.kind, o.schema, o.name, o.part, o.extension, o.of_table, o.of_column, e.list, \
             CASE WHEN x.grantor <> CASE e.list WHEN 0 THEN o.owner ELSE x.grantor END \
                 THEN pg_get_userbyid(x.grantor)::text END, \
             CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END, \
             x.grantee = CASE e.list WHEN 0 THEN o.owner ELSE x.grantor END, x.privilege_type::text, x.is_grantable, \
             NULL::text \
         FROM ({} UNION ALL {DEFAULTS}) o \
             (kind, schema, name, part, extension, of_table, of_column, acl, usual, adds_to, owner) \
         CROSS JOIN LATERAL (VALUES (0, o.acl), (1, o.usual), (2, o.adds_to)) e (list, acl) \
         CROSS JOIN LATERAL aclexplode(e.acl) x \
         UNION ALL \
         SELECT 'table', n.nspname::text, c.relname::text, NULL::text, v.extname::text, NULL::text, NULL::text, 0, \
             CASE WHEN x.grantor <> c.relowner THEN pg_get_userbyid(x.grantor)::text END, \
             CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END, x.grantee = c.relowner, \
             x.privilege_type::text, x.is_grantable, a.attname::text \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_init_privs i ON i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = a.attnum \
         LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 \
             AND d.deptype = 'e' \
         LEFT JOIN pg_extension v ON v.oid = d.refobjid CROSS JOIN LATERAL aclexplode(a.attacl) x \
         WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {namespace} \
             AND a.attacl::text IS DISTINCT FROM i.initprivs::text",
        objects.join(" UNION ALL ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_there_is_has_one_name() {
        let set = |list: &[&str]| list.iter().map(|p| (*p).to_owned()).collect::<BTreeSet<String>>();
        let mut grant =
            Grant { to: Grantee::Public, by: None, privileges: set(&["A", "B"]), grantable: BTreeSet::new() };
        shorten(&mut grant, &["A", "B"]);
        assert_eq!(grant.privileges, all());
        let mut part = Grant { privileges: set(&["A", "B"]), grantable: set(&["A"]), ..grant };
        shorten(&mut part, &["A", "B"]);
        assert_eq!((part.privileges, part.grantable), (set(&["A", "B"]), set(&["A"])));
    }
}
