//! Rights that were given or taken (`relacl` and its kin, `pg_default_acl`), one object for each that they are on and
//! each role that has them. What an object has by itself (`acldefault`, `pg_init_privs`) is not told.

use super::super::scope::{NAMESPACE, own};
use super::super::wire::{Cells, quoted, rows};
use super::build::Build;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Other, QName};
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// What rights are on: the object, the words before GRANT, and what comes after ON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct On {
    kind: ObjectKind,
    name: QName,
    word: String,
    before: String,
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    privilege: String,
    column: Option<String>,
    grantable: bool,
}

/// The rights of one role: as they are, and as they would be by themselves.
#[derive(Debug, Default)]
struct Rights {
    now: BTreeSet<Right>,
    usual: BTreeSet<Right>,
}

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let mut found: BTreeMap<(On, Option<String>), Rights> = BTreeMap::new();
    for row in &rows(connection, &query()).await? {
        let (on, role, right, is_now, by_owner) = right(row)?;
        if !by_owner {
            // Who gave it cannot be said again without being that role.
            build.schema.unmodelled.push(ObjectRef::part(
                ObjectKind::Privileges,
                on.name.clone(),
                format!("{} on {} by another than its owner", right.privilege, on.word),
            ));
        }
        let rights = found.entry((on, role)).or_default();
        if is_now {
            rights.now.insert(right)
        } else {
            rights.usual.insert(right)
        };
    }
    build
        .schema
        .others
        .extend(found.iter().filter(|(_, r)| r.now != r.usual).map(|((on, role), r)| other(on, role.as_deref(), r)));
    Ok(())
}

fn right(row: &PgRow) -> Result<(On, Option<String>, Right, bool, bool)> {
    let mut cells = Cells::new(row);
    let word: String = cells.take()?;
    let name = QName::new(cells.take::<String>()?, cells.take::<String>()?);
    let before: String = cells.take()?;
    let target: String = cells.take()?;
    let is_now: bool = cells.take()?;
    let role: Option<String> = cells.take()?;
    let privilege: String = cells.take()?;
    let grantable: bool = cells.take()?;
    let column: Option<String> = cells.take()?;
    let by_owner: bool = cells.take()?;
    let kind = if before.is_empty() { ObjectKind::Privileges } else { ObjectKind::DefaultPrivileges };
    let on = On { kind, name, word, before, target };
    Ok((on, role, Right { privilege, column, grantable }, is_now, by_owner))
}

fn other(on: &On, role: Option<&str>, rights: &Rights) -> Other {
    let to = role.map_or_else(|| "PUBLIC".to_owned(), quoted);
    let On { before, target, .. } = on;
    let take_all = format!("{before}REVOKE ALL ON {target} FROM {to}");
    let mut create = vec![take_all.clone()];
    create.extend(grants(on, &to, &rights.now));
    let drop = match grants(on, &to, &rights.usual).pop() {
        // Rights that a role has by itself are all that it can have on such an object.
        Some(_) if role.is_some() => format!("{before}GRANT ALL ON {target} TO {to}"),
        Some(grant) => grant,
        None => take_all,
    };
    let part = format!("{} to {}", on.word, role.unwrap_or("PUBLIC"));
    Other::new(ObjectRef::part(on.kind, on.name.clone(), part), create, drop)
}

/// One statement for what may be passed on, and one for what may not.
fn grants(on: &On, to: &str, rights: &BTreeSet<Right>) -> Vec<String> {
    let list = |grantable: bool| {
        let each = rights.iter().filter(|r| r.grantable == grantable);
        each.map(|r| match &r.column {
            Some(column) => format!("{} ({})", r.privilege, quoted(column)),
            None => r.privilege.clone(),
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    [(false, ""), (true, " WITH GRANT OPTION")]
        .into_iter()
        .map(|(grantable, suffix)| (list(grantable), suffix))
        .filter(|(list, _)| !list.is_empty())
        .map(|(list, suffix)| format!("{}GRANT {list} ON {} TO {to}{suffix}", on.before, on.target))
        .collect()
}

/// One kind of object as `word, schema, name, before, target, acl, usual, owner`.
fn objects(kind: &Kind) -> String {
    let Kind { word, catalog, prefix, letter, target, name, .. } = kind;
    let (join, schema, condition) = if kind.in_schema {
        (format!("JOIN pg_namespace n ON n.oid = o.{prefix}namespace"), "n.nspname::text", NAMESPACE)
    } else if *catalog == "pg_namespace" {
        (
            String::new(),
            "''",
            "o.nspname NOT IN ('pg_catalog', 'information_schema', 'lockstep') AND o.nspname !~ '^pg_'",
        )
    } else {
        (String::new(), "''", "true")
    };
    format!(
        "SELECT {word}, {schema}, {name}, '', {target}, o.{prefix}acl, \
         coalesce((SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = '{catalog}'::regclass AND i.objoid = o.oid \
             AND i.objsubid = 0), acldefault({letter}, o.{prefix}owner)), o.{prefix}owner \
         FROM {catalog} o {join} WHERE o.{prefix}acl IS NOT NULL AND {condition} AND {}{}",
        own(catalog, "o.oid"),
        kind.also
    )
}

struct Kind {
    word: &'static str,
    catalog: &'static str,
    prefix: &'static str,
    letter: &'static str,
    target: &'static str,
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
        target: "format('%s %I.%I', CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, o.relname)",
        name: "o.relname::text",
        in_schema: true,
        also: " AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
    },
    Kind {
        word: "'function'",
        catalog: "pg_proc",
        prefix: "pro",
        letter: "'f'",
        target: "format('ROUTINE %I.%I(%s)', n.nspname, o.proname, pg_get_function_identity_arguments(o.oid))",
        name: "o.proname::text || '(' || oidvectortypes(o.proargtypes) || ')'",
        in_schema: true,
        also: "",
    },
    Kind {
        word: "'type'",
        catalog: "pg_type",
        prefix: "typ",
        letter: "'T'",
        target: "format('TYPE %I.%I', n.nspname, o.typname)",
        name: "o.typname::text",
        in_schema: true,
        also: "",
    },
    Kind {
        word: "'schema'",
        catalog: "pg_namespace",
        prefix: "nsp",
        letter: "'n'",
        target: "format('SCHEMA %I', o.nspname)",
        name: "o.nspname::text",
        in_schema: false,
        also: "",
    },
    Kind {
        word: "'language'",
        catalog: "pg_language",
        prefix: "lan",
        letter: "'l'",
        target: "format('LANGUAGE %I', o.lanname)",
        name: "o.lanname::text",
        in_schema: false,
        also: "",
    },
    Kind {
        word: "'foreign-data wrapper'",
        catalog: "pg_foreign_data_wrapper",
        prefix: "fdw",
        letter: "'F'",
        target: "format('FOREIGN DATA WRAPPER %I', o.fdwname)",
        name: "o.fdwname::text",
        in_schema: false,
        also: "",
    },
    Kind {
        word: "'foreign server'",
        catalog: "pg_foreign_server",
        prefix: "srv",
        letter: "'S'",
        target: "format('FOREIGN SERVER %I', o.srvname)",
        name: "o.srvname::text",
        in_schema: false,
        also: "",
    },
];

/// Global ones change what a role's objects have by themselves; those of a schema only add to it.
const DEFAULTS: &str = "SELECT CASE o.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' \
         WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END, \
     coalesce(n.nspname::text, ''), pg_get_userbyid(o.defaclrole)::text, \
     format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s ', pg_get_userbyid(o.defaclrole), \
         coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '')), \
     CASE o.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' \
         WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END, o.defaclacl, \
     CASE WHEN o.defaclnamespace = 0 THEN \
         acldefault(CASE o.defaclobjtype WHEN 'S' THEN 's' ELSE o.defaclobjtype END::\"char\", o.defaclrole) END, \
     o.defaclrole FROM pg_default_acl o LEFT JOIN pg_namespace n ON n.oid = o.defaclnamespace";

fn query() -> String {
    let objects: Vec<String> = KINDS.iter().map(objects).collect();
    format!(
        "SELECT o.word, o.schema, o.name, o.before, o.target, e.now, \
         CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END, x.privilege_type::text, x.is_grantable, \
         NULL::text, x.grantor = o.owner OR NOT e.now \
         FROM ({} UNION ALL {DEFAULTS}) o (word, schema, name, before, target, acl, usual, owner) \
         CROSS JOIN LATERAL (VALUES (true, o.acl), (false, o.usual)) e (now, acl) \
         CROSS JOIN LATERAL aclexplode(e.acl) x \
         UNION ALL SELECT 'table', n.nspname::text, c.relname::text, '', format('TABLE %I.%I', n.nspname, c.relname), true, \
         CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END, x.privilege_type::text, x.is_grantable, \
         a.attname::text, x.grantor = c.relowner \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL aclexplode(a.attacl) x \
         WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {NAMESPACE} AND {}",
        objects.join(" UNION ALL "),
        own("pg_class", "c.oid")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on() -> On {
        On {
            kind: ObjectKind::Privileges,
            name: QName::new("public", "t"),
            word: "table".into(),
            before: String::new(),
            target: "TABLE public.t".into(),
        }
    }

    fn right(privilege: &str, column: Option<&str>, grantable: bool) -> Right {
        Right { privilege: privilege.into(), column: column.map(str::to_owned), grantable }
    }

    #[test]
    fn what_was_given_is_taken_again() {
        let now = [right("SELECT", Some("a"), false), right("INSERT", None, true)].into();
        let made = other(&on(), Some("reader"), &Rights { now, usual: BTreeSet::new() });
        assert_eq!(
            made.create,
            [
                r#"REVOKE ALL ON TABLE public.t FROM "reader""#,
                r#"GRANT SELECT ("a") ON TABLE public.t TO "reader""#,
                r#"GRANT INSERT ON TABLE public.t TO "reader" WITH GRANT OPTION"#,
            ]
        );
        assert_eq!(made.drop, r#"REVOKE ALL ON TABLE public.t FROM "reader""#);
    }

    #[test]
    fn what_was_taken_is_given_again() {
        let usual = [right("EXECUTE", None, false)].into();
        let made = other(&on(), None, &Rights { now: BTreeSet::new(), usual });
        assert_eq!(made.create, ["REVOKE ALL ON TABLE public.t FROM PUBLIC"]);
        assert_eq!(made.drop, "GRANT EXECUTE ON TABLE public.t TO PUBLIC");
    }
}
