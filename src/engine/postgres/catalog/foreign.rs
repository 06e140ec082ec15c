//! Foreign-data wrappers, foreign servers and user mappings. Foreign tables are among the tables.

use super::super::render::{ident, literal};
use super::super::scope::own;
use super::super::wire::{Cells, rows};
use super::build::{Build, Catalog};
use super::others::commented;
use super::secrets::{digest, is_secret, is_secret_of_mapping};
use super::text::options;
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Options, Other, QName, Setting};
use sqlx::postgres::PgConnection;

pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    wrappers(connection, build).await?;
    servers(connection, build).await?;
    mappings(connection, build).await
}

/// What is said of an object's options: the settings, and the clause for the statement that makes it.
struct Said {
    settings: Vec<(String, Setting)>,
    clause: String,
}

/// `target` is the object as `ALTER` names it.
fn said(target: &str, given: &Options, secret: fn(&str) -> bool) -> Said {
    let alter = |what: &str| format!("ALTER {target} OPTIONS ({what})");
    let one = |name: &String, value: &String| {
        let quoted = ident(name);
        let unset = alter(&format!("DROP {quoted}"));
        if secret(name) {
            return Setting {
                unset,
                by_hand: Some(format!(
                    "Give {target} its option {name} by hand; the value is secret and not known here: {}",
                    alter(&format!("ADD {quoted} '…'"))
                )),
                digest: Some(digest(value)),
                ..Setting::default()
            };
        }
        let value = literal(value);
        Setting {
            set: alter(&format!("ADD {quoted} {value}")),
            change: Some(alter(&format!("SET {quoted} {value}"))),
            unset,
            inline: true,
            ..Setting::default()
        }
    };
    let settings = given.iter().map(|(name, value)| (format!("option {name}"), one(name, value))).collect();
    let open = given.iter().filter(|(name, _)| !secret(name));
    let list: Vec<String> = open.map(|(name, value)| format!("{} {}", ident(name), literal(value))).collect();
    let clause = if list.is_empty() { String::new() } else { format!(" OPTIONS ({})", list.join(", ")) };
    Said { settings, clause }
}

/// The secret options of a table, which the table itself does not have: each an object that only people can make.
pub(super) fn secret_options(build: &mut Build, table: &QName, given: &mut Options) {
    let target = format!("FOREIGN TABLE {}.{}", ident(&table.schema), ident(&table.name));
    for (name, setting) in said(&target, given, is_secret).settings.into_iter().filter(|(_, s)| s.by_hand.is_some()) {
        let id = ObjectRef::part(ObjectKind::TableSetting, table.clone(), &name);
        build.schema.others.push(Other::new(id, Vec::new(), setting.unset.clone()).with(name, setting));
    }
    given.retain(|name, _| !is_secret(name));
}

fn whole(kind: ObjectKind, name: &str, create: String, fixed: String, called: &str) -> Other {
    let id = ObjectRef::new(kind, QName::new("", name));
    let mut object = Other::new(id, vec![create], format!("DROP {called}"));
    object.fixed = fixed;
    object
}

async fn wrappers(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT o.oid::int8, o.fdwname::text, CASE WHEN o.fdwhandler <> 0 THEN o.fdwhandler::regproc::text END, \
         CASE WHEN o.fdwvalidator <> 0 THEN o.fdwvalidator::regproc::text END, o.fdwoptions, \
         obj_description(o.oid, 'pg_foreign_data_wrapper') FROM pg_foreign_data_wrapper o WHERE o.oid >= 16384 AND {}",
        own("pg_foreign_data_wrapper", "o.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name: String = cells.take()?;
        let (handler, validator): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
        let given = options(cells.take()?, "");
        let comment: Option<String> = cells.take()?;
        let called = format!("FOREIGN DATA WRAPPER {}", ident(&name));
        let said = said(&called, &given, is_secret);
        let mut create = format!("CREATE {called}");
        let mut settings = said.settings;
        for (word, function) in [("HANDLER", handler), ("VALIDATOR", validator)] {
            let Some(function) = function else { continue };
            create.push_str(&format!(" {word} {function}"));
            let setting =
                Setting::overwriting(format!("ALTER {called} {word} {function}"), format!("ALTER {called} NO {word}"));
            settings.push((word.to_lowercase(), setting.within_create()));
        }
        create.push_str(&said.clause);
        let mut object = whole(ObjectKind::ForeignDataWrapper, &name, create, called.clone(), &called);
        object.settings.extend(settings);
        build.name(Catalog::DataWrapper, oid, object.id.clone());
        build.schema.others.push(commented(object, &called, comment.as_deref()));
    }
    Ok(())
}

async fn servers(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT o.oid::int8, o.srvname::text, o.srvtype, o.srvversion, w.fdwname::text, o.srvoptions, \
         obj_description(o.oid, 'pg_foreign_server') \
         FROM pg_foreign_server o JOIN pg_foreign_data_wrapper w ON w.oid = o.srvfdw WHERE o.oid >= 16384 AND {}",
        own("pg_foreign_server", "o.oid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let name: String = cells.take()?;
        let (kind, version): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
        let wrapper: String = cells.take()?;
        let given = options(cells.take()?, "");
        let comment: Option<String> = cells.take()?;
        let called = format!("SERVER {}", ident(&name));
        let said = said(&called, &given, is_secret);
        let kind = kind.map(|kind| format!(" TYPE {}", literal(&kind))).unwrap_or_default();
        let of = format!(" FOREIGN DATA WRAPPER {}", ident(&wrapper));
        let versioned = version.as_ref().map(|v| format!(" VERSION {}", literal(v))).unwrap_or_default();
        let create = format!("CREATE {called}{kind}{versioned}{of}{}", said.clause);
        let mut object = whole(ObjectKind::ForeignServer, &name, create, format!("{called}{kind}{of}"), &called);
        object.settings.extend(said.settings);
        if !versioned.is_empty() {
            let setting =
                Setting::overwriting(format!("ALTER {called}{versioned}"), format!("ALTER {called} VERSION NULL"));
            object = object.with("version", setting.within_create());
        }
        build.name(Catalog::ForeignServer, oid, object.id.clone());
        build.schema.others.push(commented(object, &called, comment.as_deref()));
    }
    Ok(())
}

/// The options of a mapping are shown to its user and to superusers alone; to others the mapping is only named.
async fn mappings(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let sql = format!(
        "SELECT m.umid::int8, m.srvname::text, CASE WHEN m.umuser <> 0 THEN m.usename::text END, m.umoptions, \
         m.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) \
         FROM pg_user_mappings m WHERE {}",
        own("pg_foreign_server", "m.srvid")
    );
    for row in &rows(connection, &sql).await? {
        let mut cells = Cells::new(row);
        let oid: i64 = cells.take()?;
        let server: String = cells.take()?;
        let role: Option<String> = cells.take()?;
        let given = options(cells.take()?, "");
        let hidden: bool = cells.take()?;
        let called =
            format!("USER MAPPING FOR {} SERVER {}", role.as_deref().map_or("PUBLIC".into(), ident), ident(&server));
        let who = role.unwrap_or_else(|| "PUBLIC".into());
        let id = ObjectRef::part(ObjectKind::UserMapping, QName::new("", server), who);
        let said = said(&called, &given, is_secret_of_mapping);
        let create = format!("CREATE {called}{}", said.clause);
        let mut object = Other::new(id.clone(), vec![create], format!("DROP {called}"));
        object.fixed.clone_from(&called);
        object.settings.extend(said.settings);
        if hidden {
            build.schema.unmodelled.push(ObjectRef {
                part: id.part.as_ref().map(|who| format!("{who} (its options, which are hidden from this role)")),
                ..id.clone()
            });
        }
        build.name(Catalog::UserMapping, oid, id);
        build.schema.others.push(object);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_no_statement_and_no_note() {
        let given = Options::from([("host".into(), "a'b".into()), ("password".into(), "hunter2".into())]);
        let said = said("SERVER s", &given, is_secret);
        assert_eq!(said.clause, " OPTIONS (host 'a''b')");
        let told = serde_json::to_string(&said.settings).unwrap();
        assert!(!told.contains("hunter2"), "{told}");
        let secret = &said.settings[1].1;
        assert!(secret.set.is_empty() && secret.by_hand.as_deref().unwrap().contains("ADD password '…'"));
        assert_eq!(secret.unset, "ALTER SERVER s OPTIONS (DROP password)");
    }
}
